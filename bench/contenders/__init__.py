"""Who computes it: one file for each library, imported only where it is installed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from bench.cases import Case
from bench.contenders.base import Contender

MODULES = ("ours", "numpy_dense", "scipy_csr", "scikit_learn", "pytorch")


def contenders(case: Case) -> Iterator[Contender]:
    """Yield those that can run the case; ours first."""
    for name in MODULES:
        try:
            module = importlib.import_module(f"bench.contenders.{name}")
        except ModuleNotFoundError as error:
            if error.name and error.name.startswith("bench"):
                raise
            continue
        for contender in module.CONTENDERS:
            if contender.kind == case.kind:
                yield contender


__all__ = ["Contender", "contenders"]
