"""SparseMatrix: the engine's kernels for those who want the product alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from prunus import _core
from prunus._base import Floats, check, resolve_threads, scipy
from prunus.data import canonical, operand
from prunus.engine import costs, packed
from prunus.engine.precisions import PRECISIONS, precision_of_csr
from prunus.network import ACTIVATION_NUMBER


class SparseMatrix:
    """A sparse matrix W (n_out, n_in), packed for products with dense X.

    `W @ X` takes X of shape (n_in, n_samples) or (n_in,); `X @ W.T` takes X of shape (n_samples, n_in) or (n_in,). Make one
    with `from_dense` or `from_scipy`. Immutable; float32 or float64. Packed memory is more than that of compressed sparse rows,
    since one sample and many want different formats. As these have it, NaN or infinity in X may or may not pass through a zero
    of W.

    Examples
    --------
    >>> W = prunus.SparseMatrix.from_dense([[1.0, 0.0, -1.0]])
    >>> W @ [3.0, 7.0, 1.0]
    array([2.])
    >>> np.array([[3.0, 7.0, 1.0]]) @ W.T
    array([[2.]])
    """

    # NumPy leaves `array @ matrix` to the matrix.
    __array_ufunc__ = None

    def __init__(self, csr: _core._CsrMatrix) -> None:
        if precision_of_csr(csr) is None:
            raise check.error(
                TypeError,
                "SparseMatrix",
                f"expected to be made by from_dense or from_scipy, got {check.describe(csr)}",
            )
        self._csr = csr
        self._weight = packed.PackedWeight(csr, alone=True)
        self._takes_columns = costs.takes_columns(csr)
        bias = np.zeros(self.shape[0], self.dtype)
        self._executor, _ = packed.executor([(self._weight, bias, ACTIVATION_NUMBER["identity"], 0.0)])

    @classmethod
    def from_dense(cls, w: Any) -> SparseMatrix:
        """Pack the entries of an array that are not zero.

        Parameters
        ----------
        w : array_like of shape (n_out, n_in)
            float32 stays float32; anything else of a real type becomes float64.

        Returns
        -------
        SparseMatrix

        Raises
        ------
        TypeError, ValueError
            If w is not a two-dimensional array of real, finite numbers with at least one row and column.
        """
        w = check.finite("w", check.float_array("w", w, ndim=2))
        check.not_empty("w", w)
        return cls(packed.csr_of(w))

    @classmethod
    def from_scipy(cls, matrix: Any) -> SparseMatrix:
        """Pack a SciPy sparse matrix or array of any format; entries given twice are added up.

        Raises
        ------
        TypeError, ValueError
            If it is not a sparse matrix of real, finite numbers with at least one row and column.
        """
        if not hasattr(matrix, "tocsr"):
            raise check.error(TypeError, "matrix", f"expected a SciPy sparse matrix, got {check.describe(matrix)}")
        csr = canonical("matrix", matrix)
        csr = csr.astype(check.float_array("matrix", csr.data).dtype, copy=True)  # before its zeros go
        csr.eliminate_zeros()
        check.finite("matrix", csr.data)
        if len(csr.shape) != 2 or 0 in csr.shape:
            raise check.error(
                ValueError, "matrix", f"expected at least one row and one column, got the shape {csr.shape}"
            )
        return cls._from_arrays(csr.indptr.astype(np.int64), csr.indices.astype(np.int32), csr.data, csr.shape)

    def to_scipy(self) -> Any:
        """Return a scipy.sparse.csr_array. Needs SciPy."""
        starts, columns, values = self._csr.to_arrays()
        return scipy.csr_array((values, columns, starts), shape=self.shape)

    @property
    def shape(self) -> tuple[int, int]:
        """(n_out, n_in)."""
        return self._weight.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return self._weight.dtype

    @property
    def nnz(self) -> int:
        """How many entries are not zero."""
        return self._weight.nnz

    @property
    def nbytes(self) -> int:
        """Bytes of the packed formats."""
        return self._weight.nbytes

    @property
    def format(self) -> str:
        """The packed formats: for one sample / a few as they come / narrow panels / wide ones."""
        return self._weight.format

    @property
    def T(self) -> Transposed:  # noqa: N802 - NumPy's name
        """The transposed matrix, for `X @ W.T`. Costs nothing."""
        return Transposed(self)

    def __matmul__(self, X: Any) -> Floats:
        """Return W @ X, (n_out, n_samples) or (n_out,). O(nnz * n_samples)."""
        X = self._operand(X, 0)
        if X.ndim == 1:
            return np.asarray(self._times_rows(X[None])[0])
        if X.shape[1] == 1:
            return self._times_rows(X.T).T
        out = np.empty((self.shape[0], X.shape[1]), self.dtype)
        threads = resolve_threads(None)
        if self._takes_columns:
            _core.multiply_csr(self._csr, X, out, threads)
        else:
            self._executor.run_columns(X, out, threads)
        return out

    def _times_rows(self, X: Floats) -> Floats:
        out = np.empty((len(X), self.shape[0]), self.dtype)
        self._executor.run(X, out, resolve_threads(None))
        return out

    def _operand(self, X: Any, axis: int) -> Floats:
        return operand("X", X, self.shape[1], axis, self.dtype)

    def __rmatmul__(self, X: Any) -> Any:
        raise TypeError("X @ W: expected W.T on the right, got W: prunus packs a matrix for W @ X and X @ W.T")

    def __reduce__(self) -> tuple[Any, ...]:
        return SparseMatrix._from_arrays, (*self._csr.to_arrays(), self.shape)

    @classmethod
    def _from_arrays(cls, starts: Any, columns: Any, values: Any, shape: tuple[int, int]) -> SparseMatrix:
        n_rows, n_cols = map(int, shape)
        return cls(PRECISIONS[values.dtype].csr.from_arrays(starts, columns, values, n_rows, n_cols))

    def __repr__(self) -> str:
        return f"SparseMatrix({self.shape[0]}x{self.shape[1]}, {self.nnz} entries, {self.dtype}, {self.format})"


class Transposed:
    """W.T, for `X @ W.T`; `.T` gives W back."""

    __array_ufunc__ = None

    def __init__(self, matrix: SparseMatrix) -> None:
        self._matrix = matrix

    @property
    def shape(self) -> tuple[int, int]:
        """(n_in, n_out)."""
        n_out, n_in = self._matrix.shape
        return n_in, n_out

    @property
    def T(self) -> SparseMatrix:  # noqa: N802
        """The matrix itself."""
        return self._matrix

    def __rmatmul__(self, X: Any) -> Floats:
        """Return X @ W.T, (n_samples, n_out) or (n_out,). O(nnz * n_samples)."""
        X = self._matrix._operand(X, 1)
        out = self._matrix._times_rows(np.atleast_2d(X))
        return np.asarray(out[0]) if X.ndim == 1 else out

    def __matmul__(self, X: Any) -> Any:
        raise TypeError("W.T @ X: expected W on the left, got W.T: prunus packs a matrix for W @ X and X @ W.T")

    def __repr__(self) -> str:
        return f"{self._matrix!r}.T"
