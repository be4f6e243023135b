"""Backward elimination of groups whose columns cannot all be told apart: by the loss of every set of groups."""

from __future__ import annotations

import numpy as np

from prunus._base import Doubles, Places, scipy
from prunus.solving.systems import COLLINEAR, TIE, GramSystem, solve_upper
from prunus.solving.units import Units

_MOST_OPERATIONS = 3e10  # some seconds


def is_cheap(units: Units) -> bool:
    """Whether all sets on the way may be refitted: O(n_groups**2 * n_features**3)."""
    return units.n**2 * len(units.columns) ** 3 / 6 <= _MOST_OPERATIONS


def elimination_of_groups(system: GramSystem, units: Units) -> list[Places]:
    """Return the groups that are left, from those that stay to all: at each step that goes which the loss rises least without.

    The loss of a set is that of least squares on the span of its columns, so that which of them are combinations of others
    does not matter, nor their order. Of groups that the loss rises equally without, but for rounding, that goes which
    explains least alone, and of these the last.
    """
    alone = np.array([_explained(system, units.places([u])) for u in range(units.n)])
    equal = TIE * float(system.total.sum())
    left = np.arange(units.n)
    found = [left]
    for _ in range(units.n - units.n_stay):
        may_go = left[~units.stays[left]]
        explained = np.array([_explained(system, units.places(left[left != u])) for u in may_go])
        ties = may_go[explained >= explained.max() - equal]
        weakest = ties[alone[ties] <= alone[ties].min() + equal]
        left = left[left != weakest[-1]]
        found.append(left)
    return found[::-1]


def _explained(system: GramSystem, places: Places) -> float:
    """Return the part of the outputs' squared length that lies in the span of these columns."""
    if not len(places):
        return 0.0
    square: Doubles = system.matrix[np.ix_(places, places)]
    R, pivots, rank, _ = scipy.dpstrf(square, tol=COLLINEAR, lower=0)
    z = solve_upper(R[:rank, :rank], system.products[:, places[pivots[:rank] - 1]].T, transposed=True)
    return float((z**2).sum())
