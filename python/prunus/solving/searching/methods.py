"""The ways to search for subsets, each a function of a system and what may be chosen: one line each in the table."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from prunus._base import Places
from prunus.solving.searching.backward import IllConditionedError, backward
from prunus.solving.searching.collinear import collinear_places
from prunus.solving.searching.forward import forward_order
from prunus.solving.searching.l1 import l1_order
from prunus.solving.searching.listed import ListedPath
from prunus.solving.searching.paths import NestedPath, Path, nested, without_dependent
from prunus.solving.searching.swap import Polished, best_of, best_of_each_size
from prunus.solving.searching.thresholding import complete, hard_threshold
from prunus.solving.searching.whole_groups import elimination_of_groups, is_cheap
from prunus.solving.systems import GramSystem, System, equal_to
from prunus.solving.units import Units

_DRIFT = 1e-3  # of the rise of a loss, relative: the downdates' inverse has six digits left where it has lost ten (backward.py)
_EXHAUSTED = 1e-12  # of the outputs' squared length: what is left is rounding
PATIENCE = 60  # steps of the walk without a better support: see docs/design/solver.md


def obs_path(system: System, units: Units, n_units: int, threads: int) -> Path:
    """Optimal brain surgeon: what the loss rises least without goes first, down to nothing."""
    try:
        return _backward_path(system, units, n_units, threads)
    except np.linalg.LinAlgError:
        pass
    if isinstance(system, GramSystem) and not units.are_single and is_cheap(units):
        found = elimination_of_groups(system, units)[: n_units - units.n_stay + 1]
        return ListedPath(system, units, ((left, False) for left in found))
    try:
        gone = collinear_places(system, units)
        fewer = units.without(gone)
        return _backward_path(system.without(gone), fewer, n_units - (units.n_stay - fewer.n_stay), threads)
    except np.linalg.LinAlgError:
        if isinstance(system, GramSystem):  # rounding hides which they are
            raise IllConditionedError from None
        raise


def _backward_path(system: System, units: Units, n_units: int, threads: int) -> Path:
    order, rise = backward(system, units, threads)
    path = NestedPath(system, units, order, units.n_stay, n_units)
    # The downdates against one factorization of the same order: where they have drifted apart the order is not to be trusted.
    drift = np.abs(rise - path.gains()[units.n_stay :])
    if isinstance(system, GramSystem) and (drift > _DRIFT * rise + _DRIFT**2 * system.total.sum()).any():
        raise IllConditionedError
    return path


def forward_path(system: System, units: Units, n_units: int, threads: int) -> Path:
    """Forward selection: what the loss falls most with comes next."""
    system, units, n_units = _without_dependent(system, units, n_units)
    return nested(system, units, forward_order(system, units, n_units))


def swap_path(system: System, units: Units, n_units: int, threads: int) -> Path:
    """Every size on its own: the best that exchanging features finds from the forward and the backward path."""
    system, units, n_units = _without_dependent(system, units, n_units)
    orders = [forward_order(system, units, n_units)]
    last = min(n_units, len(orders[0]))
    if not isinstance(system, GramSystem):
        sizes = range(units.n_stay, last + 1)
        return ListedPath(system, units, (polished(system, units, [orders[0][:k]], threads) for k in sizes))
    with contextlib.suppress(np.linalg.LinAlgError, IllConditionedError):
        orders += _backward_orders(system, units, threads)
    found = best_of_each_size(system, orders, units.n_stay, last, units.stays, PATIENCE, threads)
    return ListedPath(system, units, ((one.support, one.is_optimal) for one in _falling(system, units, found, threads)))


def _falling(system: System, units: Units, found: Iterator[Polished], threads: int) -> Iterator[Polished]:
    """Yield sets of one size after the other, none with a larger loss than the one before.

    Where the search for a size has stopped short of that, it begins anew from the smaller set and what explains most beside it.
    """
    before = next(found, None)
    while before is not None:
        yield before
        one = next(found, None)
        if one is not None and one.rss > before.rss + equal_to(system):
            start = complete(system, before.support, len(one.support), keep=units.stays)
            one = best_of(system, [start], keep=units.stays, patience=PATIENCE, threads=threads)
        before = one


def _backward_orders(system: GramSystem, units: Units, threads: int) -> Iterator[Places]:
    """Yield the backward path's order, of what is independent; of single features.

    None where the fit on all of them leaves nothing: then rounding chooses what goes.
    """
    try:
        order = backward(system, units, threads)[0]
    except np.linalg.LinAlgError:
        gone = collinear_places(system, units)
        there = np.delete(np.arange(units.n), gone)
        order = there[backward(system.without(gone), units.without(gone), threads)[0]]
    _, z = system.root(order)
    total = system.total.sum()
    if total - (z**2).sum() > _EXHAUSTED * total:
        yield order


def iht_path(system: System, units: Units, n_units: int, threads: int) -> Path:
    """Iterative hard thresholding for every size, and a refit."""
    system, units, n_units = _without_dependent(system, units, n_units)
    sizes = range(units.n_stay, len(forward_order(system, units, n_units)) + 1)
    return ListedPath(system, units, ((support, False) for support in _thresholded(system, units, sizes)))


def _thresholded(system: System, units: Units, sizes: range) -> Iterator[Places]:
    """Yield the supports of iterative hard thresholding; the one before and the best addition where that leaves less."""
    before, explained = np.zeros(0, np.int64), -np.inf
    for k in sizes:
        support = hard_threshold(system, k, keep=units.stays)
        own = _explained(system, support)
        if own < explained - equal_to(system):
            support = complete(system, before, k, keep=units.stays)
            own = _explained(system, support)
        yield support
        before, explained = support, own


def _explained(system: System, support: Places) -> float:
    return float((system.root(support)[1] ** 2).sum())


def l1_path(system: System, units: Units, n_units: int, threads: int) -> Path:
    """The supports of the lasso path, one for every size, and a refit."""
    system, units, n_units = _without_dependent(system, units, n_units)
    n_independent = len(forward_order(system, units, n_units))
    return ListedPath(
        system, units, ((support, False) for support in l1_order(system, n_independent, keep=units.stays))
    )


def polished(system: System, units: Units, starts: list[Places], threads: int) -> tuple[Places, bool]:
    """Return the best support of this size that exchanges find, and whether no exchange of two features betters it."""
    best = best_of(system, starts, keep=units.stays, patience=PATIENCE, threads=threads)
    return best.support, best.is_optimal


def _without_dependent(system: System, units: Units, n_units: int) -> tuple[System, Units, int]:
    """Leave out what stays and is a combination of others that do, which counts as chosen all the same."""
    system, fewer = without_dependent(system, units)
    return system, fewer, n_units - (units.n_stay - fewer.n_stay)


class Method(NamedTuple):
    """A way to search."""

    search: Callable[[System, Units, int, int], Path]
    takes_groups: bool
    takes_outputs: bool  # more than one

    def path(self, system: System, units: Units, n_units: int, threads: int) -> Path:
        """Return a fit for each size up to n_units."""
        return self.search(system, units, n_units, threads).counted(units)


METHODS: Mapping[str, Method] = {
    "obs": Method(obs_path, takes_groups=True, takes_outputs=True),
    "forward": Method(forward_path, takes_groups=True, takes_outputs=True),
    "swap": Method(swap_path, takes_groups=False, takes_outputs=True),
    "iht": Method(iht_path, takes_groups=False, takes_outputs=True),
    "l1": Method(l1_path, takes_groups=False, takes_outputs=False),
}
