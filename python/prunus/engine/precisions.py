"""The types that networks compute in: one line each, with what of the core computes in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from prunus import _core


class Precision(NamedTuple):
    """Types of weights, activations and sums, and the classes of the core that take them."""

    name: str  # in the names of kernels
    weight: np.dtype[Any]
    activation: np.dtype[Any]
    sum: np.dtype[Any]
    place: int  # in what the core tells for each
    csr: type[_core._CsrMatrix]
    executor: type[_core._Executor]
    sparse_executor: type[_core._SparseExecutor]

    @property
    def lanes(self) -> int:
        """How many activations a vector of the target in use has."""
        return _core.lanes()[self.place]

    @property
    def bytes(self) -> int:
        """Of a weight."""
        return self.weight.itemsize


_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)

# Of the dtype of a network.
PRECISIONS: Mapping[np.dtype[Any], Precision] = {
    _F32: Precision("f32", _F32, _F32, _F32, 0, _core.CsrMatrixF32, _core.ExecutorF32, _core.SparseExecutorF32),
    _F64: Precision("f64", _F64, _F64, _F64, 1, _core.CsrMatrixF64, _core.ExecutorF64, _core.SparseExecutorF64),
}


def precision_of_csr(csr: object) -> Precision | None:
    """Return that of compressed sparse rows of the core; None if it is none."""
    return next((precision for precision in PRECISIONS.values() if isinstance(csr, precision.csr)), None)
