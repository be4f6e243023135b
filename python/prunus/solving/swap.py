"""Subsets of a given size by exchanging features: descent to a set that no swap improves, and a walk to better ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from prunus.solving._subset import ZERO, Flags, Rows, Subset, Swap
from prunus.solving.systems import Places, System

# By how much of the loss a swap must improve, relative: in the descent and in the certificate; of the walk, whose numbers
# come from up to 25 updates, to be the best so far.
_IMPROVES = 1e-10
_IS_BETTER = 1e-9
_REFRESH = 25

# The walk. A step costs one unit of patience, four where the loss is more than a quarter above the best: in the prototype no
# improvement began there. What came may not leave again for two steps, what left may not return for as many as there are
# features that may leave (F. Glover, "Tabu search", 1989).
_HOT, _HOT_COST, _STAY = 0.25, 4, 2


class Polished(NamedTuple):
    """A set of k features."""

    support: Places  # their places, ascending
    rss: float  # the sum over the outputs, with the ridge penalty
    is_optimal: bool  # whether no swap of two features improves it by 1e-10, relative


def best_of(
    system: System,
    starts: Sequence[npt.ArrayLike],
    *,
    keep: Flags | None = None,
    patience: int = 0,
    threads: int = 1,
) -> Polished:
    """Descend from each start by swaps, walk on from the best end, and certify what is found.

    Parameters
    ----------
    system : System
    starts : sequence of array_like of shape (k,)
        Places of the features to start from, which must be independent. Of equal ends the first start's is taken.
    keep : ndarray of bool of shape (n,), optional
        Features that never leave, of those in the starts.
    patience : int, default 0
        For how many steps a walk through worse sets goes on without a new best; 0 for none.
    threads : int, default 1
        Changes no bit of the result.

    Returns
    -------
    Polished

    Raises
    ------
    numpy.linalg.LinAlgError
        If the features to start from are collinear.

    Notes
    -----
    All k (n - k) swaps are looked at in each step, in O(n_out k n), and the best is taken, which takes O(k n) more; by the
    data, a feature that comes for the first time costs a pass over X. There is no chance in it.
    """
    search = _Search(system, keep, threads)
    best, end = None, None
    for members in dict.fromkeys(tuple(np.sort(np.asarray(start, dtype=np.int64)).tolist()) for start in starts):
        state = Subset(system, members, search.rows)
        found = search.polished(state)
        if best is None or found.rss < best.rss - _IS_BETTER * search.unit(best.rss):
            best, end = found, state
    assert best is not None
    assert end is not None
    walked = search.walk(end, patience)
    if walked is None:
        return best
    try:
        found = search.polished(Subset(system, walked, search.rows))
    except np.linalg.LinAlgError:
        return best
    return found if found.rss < best.rss else best


class _Search:
    """What the steps of a search share."""

    def __init__(self, system: System, keep: Flags | None, threads: int) -> None:
        self.system, self.threads = system, threads
        self.rows = Rows(system)
        self.keep = np.zeros(system.n, dtype=np.bool_) if keep is None else np.asarray(keep, dtype=np.bool_)
        self.total = float(system.total.sum())

    def unit(self, rss: float) -> float:
        """Return what a loss is measured by: itself, but for rounding."""
        return max(rss, ZERO * self.total)

    def best_swap(self, state: Subset) -> Swap | None:
        """Return the best swap, if it improves the set. O(n_out k n)."""
        if state.is_exhausted:
            return None
        barred = np.zeros((2, self.system.n), dtype=np.bool_)
        locked = np.broadcast_to(self.keep[state.members], (2, len(state.members))).copy()
        swap = state.best_swaps(barred, locked, self.threads)[0]
        return swap if swap.member >= 0 and swap.change < -_IMPROVES * self.unit(state.rss) else None

    def polished(self, state: Subset) -> Polished:
        """Descend from a set whose numbers are new."""
        is_optimal = self.descend(state)
        return Polished(state.members.copy(), max(state.rss, 0.0), is_optimal)

    def descend(self, state: Subset) -> bool:
        """Swap until numbers that are computed anew show no swap that improves the set; whether it came to that.

        Of features that are nearly collinear a swap can promise more than it holds. So the loss must fall from one computation
        to the next, else the set before is the last; that also makes this end.
        """
        while True:
            before, rss = state.members.copy(), state.rss
            for _ in range(_REFRESH):
                swap = self.best_swap(state)
                if swap is None:
                    break
                state.exchange(swap)
            if np.array_equal(state.members, before):
                return True
            if not (self._refreshed(state) and state.rss < rss):
                state.members = before
                state.refresh()
                return False

    def _refreshed(self, state: Subset) -> bool:
        """Compute the numbers anew; false if the features are collinear."""
        try:
            state.refresh()
        except np.linalg.LinAlgError:
            return False
        return True

    def walk(self, state: Subset, patience: int) -> Places | None:
        """Take the best swap that is not forbidden, up or down, step after step.

        Returns the members of the best set on the way, None where that was the first.
        """
        n, k = self.system.n, len(state.members)
        n_movable = k - int(np.count_nonzero(self.keep[state.members]))
        if n_movable < 2 or n - k < 2:
            return None  # one swap leads to each set that there is
        stay_out, stay_in = min(n_movable, max(1, (n - k) // 2)), min(_STAY, n_movable // 2)
        best, best_rss = None, state.rss
        until = np.zeros(n, dtype=np.int64)  # the last step in which a feature may not move
        step = spent = 0
        while spent < patience and not state.is_exhausted:
            step += 1
            swap = self._next(state, until >= step, best_rss)
            if swap is None:
                break
            until[state.members[swap.member]], until[swap.feature] = step + stay_out, step + stay_in
            state.exchange(swap)
            if step % _REFRESH == 0 and not self._refreshed(state):
                break
            if state.rss < best_rss - _IS_BETTER * self.unit(best_rss):
                best, best_rss, spent = state.members.copy(), state.rss, 0
            else:
                spent += _HOT_COST if state.rss > (1 + _HOT) * best_rss else 1
        return best

    def _next(self, state: Subset, waits: Flags, best_rss: float) -> Swap | None:
        """Return the best swap of features that need not wait, or one that leads to the best set so far."""
        locked = np.array([self.keep[state.members], waits[state.members]])
        of_all, of_free = state.best_swaps(np.array([np.zeros_like(waits), waits]), locked, self.threads)
        if of_all.member < 0:
            return None
        if state.rss + of_all.change < best_rss - _IS_BETTER * self.unit(best_rss):
            return of_all
        return of_free if of_free.member >= 0 else None
