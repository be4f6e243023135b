"""Backward elimination: the feature that the loss rises least without goes first, by exact downdates of an inverse."""

from __future__ import annotations

import numpy as np

from prunus import _core
from prunus._base import Doubles, Places, scipy
from prunus.solving.systems import GramSystem, System, equal_to, solve_upper
from prunus.solving.units import Units
from prunus.statistics import EPS

# Downdates lose digits: the inverse is computed anew when half of the units have gone, which costs a seventh of the first
# time in all, and as soon as an element of its diagonal has fallen by a million: its relative error may then be a million times
# the first one's. Each of those costs a factorization of what is left, and only features that others nearly replace have them.
FLOOR = 1e-6
_SMALL = 128  # features that need no second one but for that

# A diagonal element of the inverse (of a unit-diagonal matrix) is a variance inflation factor. Rounding the Gram matrix moves
# losses by that times the unit of rounding, relatively.
WORST_INFLATION = 1e10


class IllConditionedError(Exception):
    """The Gram matrix has not the digits to tell the features apart."""


def backward(system: System, units: Units, threads: int) -> tuple[Places, Doubles]:
    """Return all units in the order in which they would be added: those that stay, then the last to be removed first.

    With it comes how the loss rises with each removal, as the downdates have it, in the same order, of those that go.

    Raises numpy.linalg.LinAlgError if features are collinear, IllConditionedError if a Gram matrix is not enough.
    """
    there = np.arange(units.n)
    removed, rises = np.zeros(0, np.int64), np.zeros(0)
    while not units.stays[there].all():
        places = units.places(there)
        inverse, coef = _inverse(system, places)
        start = np.concatenate([[0], np.cumsum(np.diff(units.start)[there])])
        n = int(np.count_nonzero(~units.stays[there]))
        wanted = n if len(places) <= _SMALL else -(-n // 2)
        order, rise = _core.eliminate(
            inverse, coef, start, units.stays[there], wanted, FLOOR, equal_to(system), threads
        )
        if not len(order):
            raise IllConditionedError
        removed, rises = np.concatenate([removed, there[order]]), np.concatenate([rises, rise])
        there = np.delete(there, order)
    return np.concatenate([there, removed[::-1]]), rises[::-1]


def _inverse(system: System, places: Places) -> tuple[Doubles, Doubles]:
    """Return the inverse of these features' Gram matrix, and their coefficients."""
    root, z = system.root(places)
    if isinstance(system, GramSystem) and not root.diagonal().min() ** 2 > EPS * max(len(root), 100):
        raise np.linalg.LinAlgError("the features are collinear")
    coef = np.ascontiguousarray(solve_upper(root, z).T)
    upper, _ = scipy.dpotri(root, lower=0, overwrite_c=1)
    inverse = upper.T  # in our order, the lower triangle
    _mirror(inverse)
    if isinstance(system, GramSystem) and inverse.diagonal().max() > WORST_INFLATION:
        raise IllConditionedError
    return inverse, coef


def _mirror(square: Doubles) -> None:
    """Make a matrix symmetric by copying its lower triangle to the upper one, in tiles that fit L1."""
    n, tile = len(square), 64
    for i in range(0, n, tile):
        own = square[i : i + tile, i : i + tile]
        own[...] = np.tril(own) + np.tril(own, -1).T
        for j in range(i + tile, n, tile):
            square[i : i + tile, j : j + tile] = square[j : j + tile, i : i + tile].T
