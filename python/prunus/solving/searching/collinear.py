"""Features that are combinations of others: which of them a search leaves out, and whether they are so to the last digit."""

from __future__ import annotations

import numpy as np

from prunus._base import Places, scipy
from prunus.solving.regression import Regression
from prunus.solving.searching.forward import forward_order
from prunus.solving.systems import DataSystem, GramSystem, System, solve_upper
from prunus.solving.units import Units
from prunus.statistics import EPS


def collinear_places(system: System, units: Units) -> Places:
    """Return features that are combinations of the others: those that a forward selection does not need.

    What stays comes first, then what explains most beside what has come, and of what is left a factorization with pivots tells
    what is independent all the same. So of features of which any could be left out, what they explain decides and not their
    place.
    """
    stays = units.places(np.flatnonzero(units.stays))
    gone = system.dependent(stays)
    first = np.setdiff1d(stays, gone)
    if units.are_single:
        fewer = units.without(gone)
        order = forward_order(system.without(gone), fewer, fewer.n)
        first = np.union1d(first, np.setdiff1d(np.arange(system.n), gone)[order])
    rest = np.setdiff1d(np.arange(system.n), np.concatenate([first, gone]))
    find = _dependent_by_gram if isinstance(system, GramSystem) else _dependent_by_data
    return np.sort(np.concatenate([gone, rest[find(system, first, rest)]]))


def _dependent_by_gram(system: System, first: Places, rest: Places) -> Places:
    """Return which of the rest are combinations of the first and of others of the rest."""
    if not len(rest):
        return rest
    square, least = system.rows(rest)[:, rest], 16 * EPS * max(system.n, 100)
    if len(first):
        root, _ = system.root(first)
        half = solve_upper(root, system.rows(first)[:, rest], transposed=True)
        square = square - half.T @ half
    if square.diagonal().max() <= least:  # dpstrf takes any first pivot
        return np.arange(len(rest))
    _, pivots, rank, _ = scipy.dpstrf(square, tol=least, lower=0)
    return np.asarray(pivots[rank:].astype(np.int64) - 1)


def _dependent_by_data(system: System, first: Places, rest: Places) -> Places:
    if not len(rest):
        return rest
    assert isinstance(system, DataSystem)
    x = system.columns(rest) / system.scale[rest]
    if len(first):
        Q, _ = scipy.qr(system.columns(first) / system.scale[first], mode="economic", check_finite=False)
        for _ in range(2):  # the second takes out what rounding leaves
            x = x - Q @ (Q.T @ x)
    R, order = scipy.qr(x, mode="r", pivoting=True, check_finite=False)
    rank = int(np.count_nonzero(np.abs(R.diagonal()) > 64 * EPS * max(system.n_samples, system.n)))
    return np.asarray(order[rank:].astype(np.int64))


def are_combinations(data: Regression, inside: Places, outside: Places) -> bool:
    """Whether columns of X are combinations of others to the last digit, by the data; O(n_samples * len(inside)**2).

    The Gram matrix has half of the digits: columns that differ in the eighth are equal to it.
    """
    x_mean, _ = data.means()
    x, rest = data.columns(inside, x_mean), data.columns(outside, x_mean)
    x /= np.linalg.norm(x, axis=0)
    coef = scipy.lstsq(x, rest, check_finite=False, lapack_driver="gelsy")[0]
    size = np.maximum(np.linalg.norm(rest, axis=0), np.abs(coef).sum(axis=0))
    return bool((np.linalg.norm(rest - x @ coef, axis=0) <= 64 * EPS * max(x.shape) * size).all())
