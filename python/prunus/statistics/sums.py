"""Sums of the products of columns, in pieces: those of dense and of sparse X."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus import _core
from prunus._base import Doubles, scipy

_PIECE = 1 << 21  # values of X, of sparse X entries, that are converted and centred at once: 16 MB
_FAR = 1e-4  # of the mean's square: the variance of sparse columns that are centred


def dense_sums(x: Any, y: Doubles, root: Doubles, shift: Doubles) -> Doubles:
    """Return the sums of the products of (x, y, 1) less the shift, times the roots of the weights: the upper triangle."""
    p, m = x.shape[1], y.shape[1]
    sums = np.zeros((p + m + 1, p + m + 1))
    step = rows_of_piece(p)
    buffer = np.empty((min(step, len(y)), p + m + 1))
    for begin in range(0, len(y), step):
        rows = slice(begin, begin + step)
        piece = buffer[: len(y[rows])]
        np.subtract(x[rows], shift[:p], out=piece[:, :p])
        np.subtract(y[rows], shift[p:], out=piece[:, p:-1])
        piece[:, -1] = 1
        piece *= root[rows, None]
        # In place: what is a lower triangle in LAPACK's order is the upper one in ours. All products go through SciPy's BLAS:
        # where NumPy's takes turns with it, the threads of either wait for work on the cores that the other needs, and both
        # take twice as long.
        scipy.dsyrk(1.0, piece.T, beta=1.0, c=sums.T, overwrite_c=1, lower=1)
    return sums


def fold_sums(
    x: Any, y: Doubles, root: Doubles, shift: Doubles, folds: Sequence[npt.NDArray[Any]], threads: int
) -> list[Doubles]:
    """Return the same for the rows of each fold, without a copy of x, which is in C order.

    Not by BLAS: its idle threads turn in a loop for some 20 ms, on the cores that go through the folds next.
    """
    start = np.concatenate([[0], np.cumsum([len(rows) for rows in folds])])
    row = np.concatenate([np.zeros(0, np.int64), *folds]).astype(np.int64)
    return _core.sum_folds(x, np.ascontiguousarray(y), root, shift, row, start.astype(np.int64), threads)


def sparse_sums(x: Any, y: Doubles, root: Doubles, shift: Doubles) -> Doubles:
    """Return the same of sparse X, whose products stay sparse until all are summed."""
    p, m = x.shape[1], y.shape[1]
    sums, products = np.zeros((p + m + 1, p + m + 1)), scipy.csr_array((p, p))
    is_far = bool(shift[:p].any())
    # Rows that begin a piece: of so many entries, or of one row. The first begins with the first row, whatever it holds.
    begins = np.unique(np.searchsorted(x.indptr[:-1], np.arange(0, max(x.nnz, 1), _PIECE)))
    for begin, end in pairwise([*begins.tolist(), len(y)]):
        rows = slice(begin, end)
        scaled = x[rows]
        if is_far:
            scaled = scaled - scipy.csr_array(np.ones((end - begin, 1))) @ scipy.csr_array(shift[None, :p])
        scaled = scaled.multiply(root[rows, None]).tocsr()
        rest = np.column_stack([y[rows] - shift[p:], np.ones(end - begin)]) * root[rows, None]
        with np.errstate(over="ignore", invalid="ignore"):
            products = products + scaled.T @ scaled
            sums[:p, p:] += scaled.T @ rest
            sums[p:, p:] += rest.T @ rest
    sums[:p, :p] = products.toarray()
    return sums


def far_means(x: Any, weights: Doubles) -> Doubles:
    """Return the means of those columns of sparse X that are far from zero beside their deviation, and zero for the others.

    Of a column a hundred deviations from zero at most one entry in 10000 is zero, so that it has no more when it is centred.
    """
    share = weights / max(weights.sum(), np.finfo(np.float64).tiny)
    with np.errstate(over="ignore", invalid="ignore"):
        mean, square = share @ x, share @ x.multiply(x)
        return np.where(square - mean**2 <= _FAR * mean**2, mean, 0.0)


def rows_of_piece(p: int) -> int:
    """Return how many rows of dense X with p columns are looked at together."""
    return max(_PIECE // max(p, 1), 64)
