"""Backward elimination: the feature that the loss rises least without goes first, by exact downdates of an inverse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prunus import _core
from prunus.solving.gram import EPS, Doubles, mirror
from prunus.solving.paths import HeldMoments
from prunus.solving.systems import DataSystem, GramSystem, Places, System, solve_upper
from prunus.solving.units import Units

# Downdates lose digits: the inverse is computed anew when half of the units have gone, which costs a seventh of the first
# time in all, and when an element of its diagonal has fallen by a million: its relative error may then be a million times
# the first one's.
_FLOOR = 1e-6
_LEAST = 1 / 64  # of the features at least, between two factorizations
_SMALL = 128  # features that need no second one but for that

# A diagonal element of the inverse (of a unit-diagonal matrix) is a variance inflation factor. Rounding the Gram matrix moves
# losses by that times the unit of rounding, relatively.
WORST_INFLATION = 1e10


class IllConditionedError(Exception):
    """The Gram matrix has not the digits to tell the features apart."""


def backward(system: System, units: Units, threads: int) -> Places:
    """Return all units in the order in which they would be added: those that stay, then the last to be removed first.

    Raises numpy.linalg.LinAlgError if features are collinear, IllConditionedError if a Gram matrix is not enough.
    """
    there = np.arange(units.n)
    removed: list[Places] = []
    while not units.stays[there].all():
        places = units.places(there)
        inverse, coef = _inverse(system, places)
        start = np.concatenate([[0], np.cumsum(np.diff(units.start)[there])])
        n = int(np.count_nonzero(~units.stays[there]))
        wanted = n if len(places) <= _SMALL else -(-n // 2)
        least = max(int(_LEAST * len(places)), 1)
        order = _core.eliminate(inverse, coef, start, units.stays[there], wanted, _FLOOR, least, threads)
        if not len(order):
            raise IllConditionedError
        removed.append(there[order])
        there = np.delete(there, order)
    return np.concatenate([there, *(part[::-1] for part in reversed(removed))])


def backward_errors(
    folds: Sequence[tuple[GramSystem, HeldMoments]], units: Units, threads: int
) -> list[Doubles | None]:
    """Return the squared errors of each fold's path on samples that it has not seen, from the smallest size to the largest.

    None where the Gram matrix has not the digits for it. The systems' matrices are overwritten. A fold is one thread's work, so
    that several go on at the same time.
    """
    for system, held in folds:
        held.scale(system.features, system.scale)
    found = _core.eliminate_folds(
        [system.matrix for system, _ in folds],
        [np.ascontiguousarray(system.products) for system, _ in folds],
        [held.xx for _, held in folds],
        [held.xy for _, held in folds],
        [float(held.yy.sum()) for _, held in folds],
        units.start,
        units.stays,
        EPS * max(len(units.columns), 100),
        WORST_INFLATION,
        _FLOOR,
        threads,
    )
    return [None if error is None else error[::-1] for error in found]


def _inverse(system: System, places: Places) -> tuple[Doubles, Doubles]:
    """Return the inverse of these features' Gram matrix, and their coefficients."""
    from scipy.linalg.lapack import dpotri

    root, z = system.root(places)
    if isinstance(system, GramSystem) and not root.diagonal().min() ** 2 > EPS * max(len(root), 100):
        raise np.linalg.LinAlgError("the features are collinear")
    coef = np.ascontiguousarray(solve_upper(root, z).T)
    upper, _ = dpotri(root, lower=0, overwrite_c=1)
    inverse = upper.T  # in our order, the lower triangle
    mirror(inverse, from_lower=True)
    if isinstance(system, GramSystem) and inverse.diagonal().max() > WORST_INFLATION:
        raise IllConditionedError
    return inverse, coef


def collinear_places(system: System, units: Units) -> Places:
    """Return features that are combinations of the others, by a factorization with pivots; those that stay come first."""
    from scipy.linalg import qr
    from scipy.linalg.lapack import dpstrf

    n = system.n
    weight = np.ones(n)
    weight[units.places(np.flatnonzero(units.stays))] = 16.0  # the largest pivot goes first
    if isinstance(system, GramSystem):
        _, pivots, rank, _ = dpstrf(system.matrix * weight * weight[:, None], tol=16 * EPS * max(n, 100), lower=0)
        return np.sort(pivots[rank:].astype(np.int64) - 1)
    assert isinstance(system, DataSystem)
    x = system.columns(np.arange(n)) / system.scale * weight
    R, order = qr(x, mode="r", pivoting=True, check_finite=False)
    rank = int(np.count_nonzero(np.abs(R.diagonal()) > 64 * EPS * max(x.shape)))
    return np.sort(order[rank:].astype(np.int64))
