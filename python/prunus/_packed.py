"""A weight in the packed formats that suit it, each made once."""

from __future__ import annotations

from typing import Any

import numpy as np

from prunus import _core, _costs, _threads
from prunus._check import Floats

_KERNELS = {"sell": "sell", "blocks": "blocks", "dense": "blocks", "lookup": "lookup"}


def csr_type(dtype: np.dtype[Any]) -> type[_core._CsrMatrix]:
    """Return the core's compressed sparse rows of that dtype."""
    return _core.CsrMatrixF32 if dtype == np.float32 else _core.CsrMatrixF64


def csr_of(w: Floats) -> _core._CsrMatrix:
    """Return the entries that are not zero."""
    return csr_type(w.dtype).from_dense(w, None, _threads.resolve(None))


class PackedWeight:
    """Compressed sparse rows, packed for one sample, for a vector of samples and for more."""

    def __init__(self, csr: _core._CsrMatrix) -> None:
        threads = _threads.resolve(None)
        self.shape, self.nnz = csr.shape, csr.nnz
        self.dtype: np.dtype[Any] = np.dtype(np.float32 if isinstance(csr, _core.CsrMatrixF32) else np.float64)
        self.choice = _costs.choose(csr, self.dtype)
        self._formats = [getattr(self.choice, regime).format for regime in _costs.REGIMES]
        self._packed = {name: _core.pack(csr, name, self.choice.tile_columns, threads) for name in {*self._formats}}

    @property
    def operands(self) -> tuple[_core._Operand, _core._Operand, _core._Operand]:
        """For the executor."""
        rows, narrow, wide = (self._packed[name] for name in self._formats)
        return rows, narrow, wide

    @property
    def nbytes(self) -> int:
        """Of all formats."""
        return sum(operand.nbytes for operand in self._packed.values())

    @property
    def format(self) -> str:
        """Names of the formats, for one sample / for a vector of samples / for more."""
        return "/".join(self._formats)

    @property
    def kernel(self) -> str:
        """Names of the kernels, likewise."""
        dtype = "f32" if self.dtype == np.float32 else "f64"
        regimes = zip(_costs.REGIMES, self._formats, strict=True)
        return "/".join(f"{'spmv' if r == 'rows' else 'spmm'}_{_KERNELS[name]}_{dtype}" for r, name in regimes)


def executor(layers: list[tuple[PackedWeight, Floats, int, float]]) -> tuple[_core._Executor, int]:
    """Return what runs layers of (weight, bias, number of the activation, negative_slope).

    Beside it, from how many samples on it turns them into panels.
    """
    choices = [weight.choice for weight, *_ in layers]
    dtype = layers[0][0].dtype
    panels_from = _costs.panels_from(choices, _core.lanes()[0 if dtype == np.float32 else 1])
    made = (_core.ExecutorF32 if dtype == np.float32 else _core.ExecutorF64)(
        [(*weight.operands, *rest) for weight, *rest in layers],  # type: ignore[misc]
        panels_from,
        sum(choice.rows.cycles for choice in choices),
        sum(choice.wide.cycles for choice in choices),
    )
    return made, panels_from
