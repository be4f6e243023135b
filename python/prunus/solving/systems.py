"""The normal equations of least squares, by the Gram matrix or by the data: what searches for subsets work on.

Features are numbered by their place in the system, outputs come first in `products`. All is in units in which every
feature has length one (ridge penalty included), so that tolerances mean the same for each.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from prunus import _core
from prunus._base import Bools, Doubles, Places, check, scipy
from prunus.data import is_sparse
from prunus.statistics import EPS, Gram

# A feature whose part outside of those chosen is no longer than 3e-5 of itself is taken for a combination of them: an inverse
# loses at most nine of its sixteen digits to one feature.
COLLINEAR = 1e-9

# Losses that differ by no more, relatively, are equal: the earlier feature comes, the later one goes (csrc/solve/rows.h).
TIE = 1e-10

MOST_FEATURES = 8000  # of a Gram matrix: 512 MB


class CollinearError(np.linalg.LinAlgError):
    """A feature is a combination of those before it: the one at `at`, of those that were asked for."""

    def __init__(self, at: int) -> None:
        super().__init__("the features are collinear")
        self.at = at


class System(ABC):
    """Features, their products with one another and with the outputs."""

    features: Places  # which column of X each is
    constant: Bools  # (n,), in these samples: nothing is explained by it
    scale: Doubles  # (n,), what a column's coefficient is divided by
    products: Doubles  # (n_out, n), with the outputs
    total: Doubles  # (n_out,), squared length of the outputs
    alpha: float  # ridge penalty
    rounding: float  # what it can change a loss by, of the outputs' squared length
    rank: float  # the most features that can be told apart: with a ridge penalty any number
    _data: ClassVar[tuple[str, ...]]  # what is as large as the data

    @property
    def n(self) -> int:
        """How many features there are."""
        return len(self.features)

    @abstractmethod
    def rows(self, places: npt.ArrayLike) -> Doubles:
        """Return the rows of the Gram matrix, (n_places, n), whose diagonal is one. O(n_places * n), or a pass over X."""

    @abstractmethod
    def root(self, places: npt.ArrayLike) -> tuple[Doubles, Doubles]:
        """Return R, upper triangular, with R'R the Gram matrix of these features, and z with R'z their products.

        R is (k, k), z (k, n_out). Raises CollinearError if they are collinear. O(k**3), or O(n_samples * k**2).
        """

    def measures(self) -> System:
        """Return what tells the features and their units alone, without the matrix or the samples."""
        bare = copy.copy(self)
        for name in self._data:
            setattr(bare, name, None)
        return bare

    @abstractmethod
    def without(self, places: Places) -> System:
        """Return the system that lacks some features."""

    def dependent(self, places: Places) -> Places:
        """Return those of these features that are combinations of earlier ones, or constant without a penalty. O(k**3)."""
        square = self.rows(places)[:, places] if len(places) else np.zeros((0, 0))
        found = self.constant[places] & (self.alpha == 0)
        for t in np.flatnonzero(~found):
            found[t] = not square[t, t] > COLLINEAR
            if not found[t]:
                square -= np.outer(square[t], square[t] / square[t, t])
        return np.asarray(places)[found]

    def coef(self, places: npt.ArrayLike) -> Doubles:
        """Return the least squares coefficients of these features, (n_out, k), in the system's units."""
        R, z = self.root(places)
        return np.ascontiguousarray(solve_upper(R, z).T)


class GramSystem(System):
    """By the Gram matrix: O(n**2) memory, whatever the number of samples. Digits are lost with the square of X's condition.

    `features` are the columns to look at, in the order of their places; none may be constant. `alpha` is the ridge penalty.
    """

    _data = ("matrix",)

    def __init__(self, gram: Gram, features: Places, alpha: float = 0.0) -> None:
        self.features, self.alpha = features, alpha
        everything = len(features) == len(gram.xx) and np.array_equal(features, np.arange(len(features)))
        self.matrix = gram.xx if everything else gram.xx[np.ix_(features, features)]
        # Constant among these samples, if not among all: nothing is explained by it, and it hinders nothing.
        self.constant = constant = gram.constant[features]
        self.scale = lengths(self.matrix.diagonal(), alpha, constant)
        # The Gram matrix is ours to change: at 2000 features a copy is 32 MB.
        self.matrix /= self.scale
        self.matrix /= self.scale[:, None]
        self.matrix[constant] = self.matrix[:, constant] = 0.0
        np.fill_diagonal(self.matrix, 1.0)
        self.products = np.ascontiguousarray(np.where(constant, 0.0, gram.xy[:, features] / self.scale))
        self.total = gram.yy
        self.rounding = rounding_of(gram.n_samples)
        self.rank = np.inf if alpha else gram.rank

    def without(self, places: Places) -> GramSystem:  # noqa: D102
        kept = np.delete(np.arange(self.n), places)
        rest = GramSystem.__new__(GramSystem)
        rest.matrix = self.matrix[np.ix_(kept, kept)]
        rest.features, rest.scale, rest.alpha = self.features[kept], self.scale[kept], self.alpha
        rest.constant = self.constant[kept]
        rest.products = np.ascontiguousarray(self.products[:, kept])
        rest.total, rest.rounding, rest.rank = self.total, self.rounding, self.rank
        return rest

    def rows(self, places: npt.ArrayLike) -> Doubles:  # noqa: D102
        return np.asarray(self.matrix[np.asarray(places)])

    def root(self, places: npt.ArrayLike) -> tuple[Doubles, Doubles]:  # noqa: D102
        at = np.asarray(places)
        R, info = scipy.dpotrf(self.matrix[np.ix_(at, at)].T, lower=0, clean=1, overwrite_a=1)
        if info:
            raise CollinearError(info - 1)
        return R, solve_upper(R, self.products[:, at].T, transposed=True)


class DataSystem(System):
    """By the samples themselves: no square matrix of all features, and digits are lost with X's condition only.

    The columns of X are the features. X and y are centred and multiplied by the roots of the weights already, or sparse X
    comes with the means that are to be taken out: then a row of the whole is ``root_weight * (x - mean)``, and it stays
    sparse. `floor` (n,) is what rounding can leave of the squared length of a feature that is constant. `n_samples` is how many
    samples the rows were made of, where not as many as there are rows; `rank` bounds how many features are independent.
    """

    _data = ("x", "y", "mean", "root_weight")

    def __init__(
        self,
        X: Any,
        y: Doubles,
        features: Places,
        alpha: float = 0.0,
        *,
        mean: Doubles | None = None,
        root_weight: Doubles | None = None,
        floor: Doubles | float = 0.0,
        n_samples: int | None = None,
        rank: float = np.inf,
        threads: int = 1,
    ) -> None:
        self.features, self.alpha, self.threads = features, alpha, threads
        self.n_samples = len(y) if n_samples is None else n_samples
        self.rank = np.inf if alpha else rank
        self.x, self.y, self.mean, self.root_weight = X, y, mean, root_weight
        self.rounding = rounding_of(len(y))
        with np.errstate(over="ignore", invalid="ignore"):
            squares, self.total = self.squares(slice(None)), np.einsum("ij,ij->j", y, y)
        if not (np.isfinite(squares).all() and np.isfinite(self.total).all()):
            raise check.error(
                ValueError, "X", "expected finite numbers whose squares can be summed, got NaN, infinity or larger ones"
            )
        # As in the Gram matrix, what is constant explains nothing.
        self.constant = squares <= floor
        self.scale = lengths(squares, alpha, self.constant)
        if self.mean is not None and root_weight is not None:  # what rounding leaves of it is small beside its values
            self.scale = np.where(
                self.constant, np.hypot(self.scale, self.mean * np.linalg.norm(root_weight)), self.scale
            )
        self.products = np.where(self.constant, 0.0, self.times(y) / self.scale)

    def without(self, places: Places) -> DataSystem:  # noqa: D102
        kept = np.delete(np.arange(self.n), places)
        rest = copy.copy(self)
        rest.x = self.x[:, kept] if self.is_sparse else np.ascontiguousarray(self.x[:, kept])
        rest.mean = None if self.mean is None else self.mean[kept]
        rest.features, rest.scale, rest.constant = self.features[kept], self.scale[kept], self.constant[kept]
        rest.products = np.ascontiguousarray(self.products[:, kept])
        return rest

    @property
    def is_sparse(self) -> bool:
        """Whether X is a SciPy sparse matrix."""
        return is_sparse(self.x)

    def times(self, q: Doubles) -> Doubles:
        """Return the products of q (n_samples, k) with all columns, (k, n), in X's own units."""
        if not self.is_sparse:
            # Not by BLAS: its idle threads turn in a loop for milliseconds, on the cores that the next step needs.
            return _core.multiply_columns(self.x, np.ascontiguousarray(q.T), self.threads)
        assert self.root_weight is not None
        assert self.mean is not None
        weighted = q * self.root_weight[:, None]
        return np.ascontiguousarray((self.x.T @ weighted).T) - np.outer(weighted.sum(axis=0), self.mean)

    def columns(self, places: npt.ArrayLike) -> Doubles:
        """Return these columns, (n_samples, k), centred and weighted, dense."""
        at = np.asarray(places)
        if not self.is_sparse:
            return np.asarray(self.x[:, at])
        assert self.root_weight is not None
        assert self.mean is not None
        return np.asarray((self.x[:, at].toarray() - self.mean[at]) * self.root_weight[:, None])

    def rows(self, places: npt.ArrayLike) -> Doubles:  # noqa: D102
        at = np.asarray(places)
        found = self.times(self.columns(at)) / self.scale / self.scale[at, None]
        found[np.arange(len(at)), at] = 1.0
        return np.asarray(found)

    def root(self, places: npt.ArrayLike) -> tuple[Doubles, Doubles]:  # noqa: D102
        at = np.asarray(places)
        x, y = self.columns(at) / self.scale[at], self.y
        if self.alpha:
            x = np.vstack([x, np.diag(np.sqrt(self.alpha) / self.scale[at])])
            y = np.vstack([y, np.zeros((len(at), y.shape[1]))])
        if len(x) < len(at):
            raise CollinearError(len(x))
        Q, R = scipy.qr(x, mode="economic", check_finite=False)
        # Of columns of length one, a factorization by reflections leaves a few units of rounding for each sample at most.
        small = np.flatnonzero(~(np.abs(R.diagonal()) > 4 * EPS * max(self.n_samples, *x.shape)))
        if len(small):
            raise CollinearError(int(small[0]))
        return R, Q.T @ y

    def squares(self, rows: Any) -> Doubles:
        """Return the sum of each column's squares over some samples, (n,), in X's own units."""
        if not self.is_sparse:
            x = self.x[rows]
            return np.asarray(np.einsum("ij,ij->j", x, x))
        assert self.root_weight is not None
        assert self.mean is not None
        x, weight = self.x[rows], self.root_weight[rows] ** 2
        return np.asarray(x.multiply(x).T @ weight - self.mean * (2 * (x.T @ weight) - weight.sum() * self.mean))


def strongest_first(system: System, places: Places) -> Places:
    """Return the places in the order of what they explain alone; of those that explain equally, but for rounding, the first."""
    alone = np.einsum("ij,ij->j", system.products, system.products)[places]
    return places[np.lexsort((places, -in_steps(alone)))]


def in_steps(values: Doubles) -> Doubles:
    """Return values that are not negative in steps of TIE of the largest: those that rounding alone parts are equal."""
    return np.asarray(np.rint(values / max(float(values.max(initial=0.0)) * TIE, np.finfo(np.float64).tiny)))


def lengths(squares: Doubles, alpha: float, constant: Bools) -> Doubles:
    """Return what columns are divided by, of the sums of their squares."""
    return np.asarray(np.sqrt(np.where(constant, 1.0 if alpha == 0 else alpha, squares + alpha)))


def equal_to(system: System) -> float:
    """Return by how much losses of the system may differ, and be equal but for rounding."""
    return system.rounding * float(system.total.sum())


def rounding_of(n_samples: int) -> float:
    """Return what rounding can change y'y less the explained by, of y'y: a sum of n products, and one of at most n parts."""
    return 2 * n_samples * EPS


def solve_upper(R: Doubles, b: Doubles, *, transposed: bool = False) -> Doubles:
    """Return R^-1 b, or R'^-1 b; b is (k, m)."""
    return np.asarray(scipy.dtrsm(1.0, R, b, lower=0, trans_a=int(transposed))) if len(R) else np.zeros(b.shape)
