"""What is computed: one file for each case, one line each."""

from __future__ import annotations

from collections.abc import Mapping

from bench.cases.base import Case
from bench.cases.mask import MaskCase
from bench.cases.mlp import MlpCase

CASES: Mapping[str, type[Case]] = {
    "mask": MaskCase,
    "mlp": MlpCase,
}

__all__ = ["CASES", "Case"]
