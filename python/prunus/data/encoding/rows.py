"""Compressed sparse rows without SciPy, which need not be there."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from prunus._base import Floats, scipy


class Rows(NamedTuple):
    """What an engine reads of a matrix in compressed sparse rows, under SciPy's names."""

    indptr: npt.NDArray[np.int32]
    indices: npt.NDArray[np.int32]
    data: Floats
    shape: tuple[int, int]
    format: str = "csr"

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the numbers."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """Two."""
        return 2

    def tocsr(self) -> Any:
        """Return SciPy's."""
        return scipy.csr_array((self.data, self.indices, self.indptr), shape=self.shape)

    def toarray(self) -> Floats:
        """Return all numbers (n_samples, n_columns)."""
        whole = np.zeros(self.shape, self.data.dtype)
        whole[np.repeat(np.arange(self.shape[0]), np.diff(self.indptr)), self.indices] = self.data
        return whole
