"""Gram matrices of weighted data, gathered in pieces: what least squares needs to know of X and y, in float64."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from prunus import _core
from prunus._base import Doubles as Doubles
from prunus._base import check, scipy
from prunus.data import is_sparse, sample_weights, source_of
from prunus.statistics.sums import dense_sums, far_means, fold_sums, rows_of_piece, sparse_sums

EPS = float(np.finfo(np.float64).eps)


class Gram(NamedTuple):
    """Sums of squares and products of the columns of X and y, each less its mean where the model has an intercept."""

    xx: Doubles  # (n_features, n_features), symmetric
    xy: Doubles  # (n_out, n_features)
    yy: Doubles  # (n_out,)
    x_mean: Doubles  # (n_features,); zeros without intercept
    y_mean: Doubles  # (n_out,); zeros without intercept
    n_samples: int  # of positive weight
    weight: float  # the sum of the weights
    noise: Doubles  # (n_features,), what rounding can have left on the diagonal of xx
    rank: int  # the most features that can be told apart: samples of positive weight, less one for the means

    @property
    def constant(self) -> npt.NDArray[np.bool_]:
        """Whether a column is constant, but for rounding; (n_features,)."""
        return constant_of(self.xx.diagonal(), self.x_mean, self.weight, self.noise)


class Sums(NamedTuple):
    """Sums about another centre: ``sums - less + shift last' + last shift'``, of the products of x and y.

    Of a = (x, y) about the old centre and d the shift, the sum of (a + d)(a + d)' is that of a a', and d s' + s d', s the sum
    of a + d / 2.
    """

    sums: Doubles  # (p + n_out + 1, p + n_out + 1), the upper triangle counts
    less: Doubles | None  # of other samples, taken from them
    shift: Doubles  # (p + n_out,), the old centre less the new one
    last: Doubles  # (p + n_out,), s

    @property
    def diagonal(self) -> Doubles:
        """The sums of squares, (p + n_out,)."""
        squares = self.sums.diagonal()[:-1] + 2 * self.shift * self.last
        return np.asarray(squares if self.less is None else squares - self.less.diagonal()[:-1])


class GramAccumulator:
    """Gathers X'WX, X'Wy and y'Wy in one pass over the data, piece by piece.

    The data need not fit in memory, nor be on one machine: update one accumulator with a piece after the other, and merge
    those of several processes. An accumulator can be pickled.

    Sums are taken about the mean of each piece, and moved to that of the first, so that columns far from zero keep their
    digits; sparse X is not made dense: its means are taken out of the sums at the end, but for columns far from zero, which
    have hardly a zero.

    Examples
    --------
    >>> first = GramAccumulator().update(X[:100], y[:100])
    >>> second = GramAccumulator().update(X[100:], y[100:])
    >>> gram = first.merge(second).gram()
    >>> np.allclose(gram.xx, np.cov(X.T, bias=True) * len(X))
    True
    """

    def __init__(self) -> None:
        self._shift: Doubles = np.zeros(0)  # of x and y; empty before the first update
        # Of the products of (x, y, 1), less the shift; the upper triangle counts.
        self._sums: Doubles = np.zeros((1, 1))
        self._noise: Doubles = np.zeros(0)  # of the diagonal of the sums: units of rounding of all that went through it
        self._n_out = 0
        self.n_samples = 0

    @property
    def n_features(self) -> int:
        """Columns of X; 0 before the first update."""
        return len(self._shift) - self._n_out

    @property
    def weight(self) -> float:
        """The sum of the weights."""
        return float(self._sums[-1, -1])

    def update(self, X: Any, y: Any, sample_weight: Any = None) -> GramAccumulator:
        """Add samples.

        Parameters
        ----------
        X : array_like or SciPy sparse matrix of shape (n_samples, n_features)
            Of any real type; converted to float64 in pieces of 16 MB.
        y : array_like of shape (n_samples,) or (n_samples, n_out)
        sample_weight : array_like of shape (n_samples,), optional
            Nonnegative, as it is: weights of several pieces count beside one another.

        Returns
        -------
        GramAccumulator
            Itself.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong kind or shape, or holds NaN or infinity; nothing has been added then.
        ImportError
            Without SciPy, which the extra ``sklearn`` brings.

        Notes
        -----
        Cost: n_samples * n_features**2 multiplications and additions in BLAS; for sparse X, the sum over its rows of the
        square of their entries, and n_features**2 to store what has come of them.
        """
        x, targets, weights = _checked(X, y, sample_weight)
        if self._n_out:
            if x.shape[1] != self.n_features:
                raise check.error(ValueError, "X", f"expected {self.n_features} columns, as before, got {x.shape[1]}")
            if targets.shape[1] != self._n_out:
                raise check.error(ValueError, "y", f"expected {self._n_out} outputs, as before, got {targets.shape[1]}")
        # What is refused must leave nothing behind, so it is summed apart.
        # About its own centre, as another accumulator would have it: so merging gives the same bits.
        piece = _gathered(x, targets, weights, _shift_of(x, targets, weights))
        if self._n_out:
            return self.merge(piece)
        self.__dict__ = piece.__dict__
        return self

    def merge(self, other: GramAccumulator) -> GramAccumulator:
        """Add what another accumulator has gathered, which is not changed. Returns itself. O(n_features**2)."""
        if not isinstance(other, GramAccumulator):
            raise check.error(TypeError, "other", f"expected a GramAccumulator, got {check.describe(other)}")
        if other._n_out == 0:
            return self
        if self._n_out == 0:
            self.__dict__ = copy.deepcopy(other.__dict__)
            return self
        if (other.n_features, other._n_out) != (self.n_features, self._n_out):
            raise check.error(
                ValueError,
                "other",
                f"expected {self.n_features} features and {self._n_out} outputs, "
                f"got {other.n_features} and {other._n_out}",
            )
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused
            moved, noise = other._moved(self._shift), other._noise_about(self._shift)
        _require_finite(moved)
        self._sums += moved
        self._noise = self._noise + noise
        self.n_samples += other.n_samples
        return self

    def without(self, other: GramAccumulator) -> GramAccumulator:
        """Return a new accumulator that lacks the samples of another, which were added to this one before. O(n_features**2)."""
        rest = copy.copy(self)
        rest._sums = self._sums - other._moved(self._shift)
        rest._noise = self._noise + other._noise_about(self._shift)
        rest.n_samples = self.n_samples - other.n_samples
        return rest

    def gram(self, *, fit_intercept: bool = True) -> Gram:
        """Return the sums about the means, or as they are.

        Parameters
        ----------
        fit_intercept : bool, default True
            Whether the means are taken out.

        Returns
        -------
        Gram

        Raises
        ------
        ValueError
            If nothing has been added, or nothing of positive weight.
        """
        if not self.weight > 0:
            raise check.error(ValueError, "X", "expected at least one sample of positive weight, got none")
        p = self.n_features
        mean = self._shift + self._sums[:-1, -1] / self.weight if fit_intercept else np.zeros(len(self._shift))
        noise = self._noise_about(mean)[:p]
        rank = max(self.n_samples - int(fit_intercept), 0)
        return Gram(*self.moments(mean), mean[:p], mean[p:], self.n_samples, self.weight, noise, rank)

    def moments(self, centre: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        """Return the sums xx, xy and yy about any centre of x and y."""
        about = self.about(centre)
        xx, xy = _core.moments(about.sums, about.shift, about.last, self._n_out)
        return xx, xy, about.diagonal[self.n_features :]

    def about(self, centre: Doubles, less: GramAccumulator | None = None) -> Sums:
        """Return the sums about any centre of x and y, less those of an accumulator about the same centre. O(n_features)."""
        last, shift = self._sums[:, -1], self._shift - centre
        if less is not None:
            last = last - less._sums[:, -1]
        return Sums(self._sums, None if less is None else less._sums, shift, last[:-1] + 0.5 * last[-1] * shift)

    def _noise_about(self, centre: Doubles) -> Doubles:
        return np.asarray(self._noise + 4 * EPS * self.weight * (self._shift - centre) ** 2)

    def _moved(self, centre: Doubles) -> Doubles:
        """Return new sums about another centre."""
        about = self.about(centre)
        sums = self._sums.copy()
        if about.shift.any():
            d, last = np.append(about.shift, 0.0), np.append(about.last, self.weight)
            scipy.dsyr2(1.0, d, last, a=sums.T, overwrite_a=1, lower=1)
        return sums


def gather_folds(
    X: Any, y: Any, sample_weight: Any, folds: Sequence[npt.NDArray[Any]], threads: int
) -> list[GramAccumulator]:
    """Return an accumulator for the rows of each fold, about one centre, in one pass over X."""
    x, targets, weights = _checked(X, y, sample_weight)
    shift = _shift_of(x, targets, weights)
    if is_sparse(x) or not (x.flags.c_contiguous and x.flags.aligned) or x.dtype not in (np.float32, np.float64):
        return [_gathered(x[rows], targets[rows], weights[rows], shift) for rows in folds]
    sums = fold_sums(x, targets, np.sqrt(weights), shift, folds, threads)
    return [_accumulator(own, shift, weights[rows], targets.shape[1]) for own, rows in zip(sums, folds, strict=True)]


def gather_gram(X: Any, y: Any, sample_weight: Any) -> GramAccumulator:
    """Return an accumulator with these samples."""
    return GramAccumulator().update(X, y, sample_weight)


def merged(parts: Sequence[GramAccumulator]) -> GramAccumulator:
    """Return a new accumulator with all that these have gathered."""
    whole = GramAccumulator()
    for part in parts:
        whole.merge(part)
    return whole


def _checked(X: Any, y: Any, sample_weight: Any) -> tuple[Any, Doubles, Doubles]:
    x = source_of("X", X)
    x = x.astype(np.float64, copy=False) if is_sparse(x) else x
    targets = check.real_array("y", y).astype(np.float64)
    targets = targets[:, None] if targets.ndim == 1 else targets
    if targets.ndim != 2 or len(targets) != x.shape[0]:
        raise check.error(
            ValueError, "y", f"expected {x.shape[0]} entries or rows, one for each row of X, got {check.describe(y)}"
        )
    check.finite("y", np.ascontiguousarray(targets))
    if sample_weight is None:
        return x, targets, np.ones(x.shape[0])
    return x, targets, sample_weights(sample_weight, x.shape[0], may_be_zero=True)


def _shift_of(x: Any, y: Doubles, weights: Doubles) -> Doubles:
    """Return a centre near the means, of the first rows that weigh; zero for sparse features but those far from zero."""
    rows = np.flatnonzero(weights)[: rows_of_piece(x.shape[1])]
    share = weights[rows] / max(weights[rows].sum(), np.finfo(np.float64).tiny)
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused with the sums
        of_x = far_means(x, weights) if is_sparse(x) else np.einsum("i,ij->j", share, x[rows], dtype=np.float64)
    return np.concatenate([of_x, np.einsum("i,ij->j", share, y[rows])])


def _gathered(x: Any, y: Doubles, weights: Doubles, shift: Doubles) -> GramAccumulator:
    """Return a new accumulator with these samples, about that centre."""
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused
        sums = (sparse_sums if is_sparse(x) else dense_sums)(x, y, np.sqrt(weights), shift)
    return _accumulator(sums, shift, weights, y.shape[1])


def _accumulator(sums: Doubles, shift: Doubles, weights: Doubles, n_out: int) -> GramAccumulator:
    _require_finite(sums)
    gathered = GramAccumulator()
    gathered._shift, gathered._n_out, gathered.n_samples = shift, n_out, int(np.count_nonzero(weights))
    gathered._sums, gathered._noise = sums, noise_of(sums.diagonal()[:-1], len(weights))
    return gathered


def _require_finite(sums: Doubles) -> None:
    if not np.isfinite(sums[:, -1]).all() or not np.isfinite(sums.diagonal()).all():
        raise check.error(
            ValueError, "X", "expected finite numbers whose squares can be summed, got NaN, infinity or larger ones"
        )


def constant_of(squares: Doubles, mean: Doubles, weight: float, noise: Doubles) -> npt.NDArray[np.bool_]:
    """Return whether columns' sums of squares are no more than rounding leaves, of the mean or of the sum."""
    return np.asarray(squares <= np.maximum(weight * (8 * EPS * np.abs(mean)) ** 2, noise))


def noise_of(squares: Doubles, n_samples: int) -> Doubles:
    """Return what rounding can change sums of n squares by."""
    return n_samples * EPS * squares
