"""Who computes it: one file for each library, imported only where it is installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator

from bench.cases import Case
from bench.contenders.base import Contender
from prunus import _core

MODULES = (
    "ours",
    "numpy_dense",
    "pytorch",
    "onnx_runtime",
    "openvino_dense",
    "scipy_csr",
    "scikit_learn",
    "sparselab_csr",
    "mkl_sparse",
    "deepsparse_engine",
    "abess_l0",
    "skglm_lasso",
)


def contenders(case: Case) -> Iterator[Contender]:
    """Yield those that can run the case, on the target in use; ours first."""
    is_newest = _core.active_target() == _core.supported_targets()[-1]
    for name in MODULES:
        try:
            module = importlib.import_module(f"bench.contenders.{name}")
        except ModuleNotFoundError as error:
            if error.name and error.name.startswith("bench"):
                raise
            continue
        for contender in module.CONTENDERS:
            if contender.kind != case.kind or not contender.takes(case):
                continue
            if contender.ignores_target and not is_newest:
                continue
            if not contender.needs or importlib.util.find_spec(contender.needs):
                yield contender


__all__ = ["Contender", "contenders"]
