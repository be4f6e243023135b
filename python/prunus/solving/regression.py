"""A regression on samples: their means, columns and outputs, and the systems that are made of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from prunus._base import Bools, Doubles, Places, scipy
from prunus.data import is_sparse
from prunus.solving.systems import DataSystem
from prunus.statistics import EPS, noise_of

VALUES = 1 << 20  # of X that are looked at together


class Regression(NamedTuple):
    """Least squares of y on the columns of X. The data have been checked."""

    X: Any  # (n, p): an array, or SciPy's csr_array of float64
    y: Doubles  # (n, n_out)
    weight: Doubles  # (n,), nonnegative
    fit_intercept: bool
    alpha: float  # ridge penalty
    groups: Any  # a label for each column, or None
    keep: Bools | None

    @property
    def n_samples(self) -> int:
        """How many samples have a positive weight."""
        return int(np.count_nonzero(self.weight))

    @property
    def rank(self) -> int:
        """The most features that these samples can tell apart."""
        return max(self.n_samples - int(self.fit_intercept), 0)

    @property
    def share(self) -> float:
        """What makes weights relative: times it, they sum to the number of samples."""
        return self.n_samples / float(self.weight.sum())

    def rows(self, which: Any) -> Regression:
        """Return the regression on some samples."""
        return self._replace(X=self.X[which], y=self.y[which], weight=self.weight[which])

    def narrowed(self, columns: Places) -> Regression:
        """Return the regression on some columns alone."""
        return self._replace(X=self.X[:, columns], groups=None, keep=None)

    def means(self) -> tuple[Doubles, Doubles]:
        """Return the weighted means of X and y, zeros without intercept."""
        if not self.fit_intercept:
            return np.zeros(self.X.shape[1]), np.zeros(self.y.shape[1])
        share = self.weight / self.weight.sum()
        if is_sparse(self.X):
            return np.asarray(share @ self.X), share @ self.y
        step = max(VALUES // max(self.X.shape[1], 1), 1)  # float32 X becomes float64 in pieces
        starts = range(0, len(share), step)
        return sum(share[i : i + step] @ self.X[i : i + step] for i in starts), share @ self.y

    def columns(self, which: Places, x_mean: Doubles) -> Doubles:
        """Return columns of X, less their means and times the roots of the weights: (n, k), dense."""
        everything = np.array_equal(which, np.arange(self.X.shape[1]))
        x = self.X if everything else self.X[:, which]
        x = np.subtract(x.toarray() if is_sparse(x) else x, x_mean[which], dtype=np.float64, order="C")
        if not (self.weight == 1).all():
            x *= np.sqrt(self.weight)[:, None]
        return np.asarray(x)

    def outputs(self, y_mean: Doubles) -> Doubles:
        """Return y, less its means and times the roots of the weights: (n, n_out)."""
        return np.asarray((self.y - y_mean) * np.sqrt(self.weight)[:, None])


def data_system(data: Regression, columns: Places, threads: int, means: tuple[Doubles, Doubles]) -> DataSystem:
    """Return the system of some columns of the samples, about their means."""
    x_mean, y_mean = means
    y, rank = data.outputs(y_mean), data.rank
    with np.errstate(over="ignore"):  # squares that are too large are refused with the sums
        floor = noise_of(data.weight.sum() * x_mean[columns] ** 2, len(y) + 64)
    if is_sparse(data.X):
        mean, root = x_mean[columns], np.sqrt(data.weight)
        x = data.X[:, columns]
        return DataSystem(
            x, y, columns, data.alpha, mean=mean, root_weight=root, floor=floor, rank=rank, threads=threads
        )
    # What is centred before it is squared loses no digits but those of the mean.
    return DataSystem(
        data.columns(columns, x_mean), y, columns, data.alpha, floor=floor * EPS, rank=rank, threads=threads
    )


def compressed(data: Regression, columns: Places, threads: int) -> DataSystem:
    """Return a system of as many rows as there are columns, with the same products: by QR, in pieces of X.

    It has the digits that the Gram matrix loses.
    """
    x_mean, y_mean = data.means()
    k = len(columns)
    R = np.zeros((0, k + data.y.shape[1]))
    step = max(VALUES // max(k, 1), k, 64)
    for begin in range(0, len(data.y), step):
        some = data.rows(slice(begin, begin + step))
        piece = np.hstack([some.columns(columns, x_mean), some.outputs(y_mean)])
        R = scipy.qr(np.vstack([R, piece]), mode="r", check_finite=False)[0][: R.shape[1]]
    x, y = np.ascontiguousarray(R[:, :k]), np.ascontiguousarray(R[:, k:])
    return DataSystem(x, y, columns, data.alpha, n_samples=len(data.y), rank=data.rank, threads=threads)


class HeldRows(NamedTuple):
    """Samples that a fit has not seen, by themselves, about the means of the fit."""

    data: Regression
    x_mean: Doubles
    y_mean: Doubles

    def moments(self, columns: Places) -> tuple[Doubles, Doubles, Doubles]:
        """Return xx, xy and yy of these columns."""
        x, y = self.data.columns(columns, self.x_mean), self.data.outputs(self.y_mean)
        return x.T @ x, y.T @ x, np.einsum("ij,ij->j", y, y)
