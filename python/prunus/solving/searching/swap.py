"""Subsets of a given size by exchanging features: descent to a set that no swap improves, and a walk to better ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from prunus import _core
from prunus._base import Bools, Places
from prunus.solving.rows import Rows
from prunus.solving.systems import COLLINEAR, CollinearError, GramSystem, System


class Polished(NamedTuple):
    """A set of k features."""

    support: Places  # their places, ascending
    rss: float  # the sum over the outputs, with the ridge penalty
    is_optimal: bool  # whether no swap of two features improves it by 1e-10, relative


def best_of(
    system: System,
    starts: Sequence[npt.ArrayLike],
    *,
    keep: Bools | None = None,
    patience: int = 0,
    threads: int = 1,
) -> Polished:
    """Descend from each start by swaps, walk on from the best end, and certify what is found.

    Parameters
    ----------
    system : System
    starts : sequence of array_like of shape (k,)
        Places of the features to start from; a start that is collinear is passed over. Of equal ends the first start's is
        taken.
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
        If the features to start from are collinear, in every start.

    Notes
    -----
    All k (n - k) swaps are looked at in each step, in O(n_out k n), and the best is taken, which takes O(k n) more; by the
    data, a feature that comes for the first time costs a pass over X. There is no chance in it.
    """
    orders = [np.asarray(start, np.int64) for start in starts]
    if isinstance(system, GramSystem):
        k = len(orders[0])
        found = next(best_of_each_size(system, orders, k, k, keep, patience, threads), None)
    else:
        total, stays, rows = float(system.total.sum()), _stays(system, keep), Rows(system)
        one = _core.exchange(rows.take, system.products, total, orders, stays, COLLINEAR, patience, threads)
        found = one and Polished(*one)
    if found is None:
        raise CollinearError(len(orders[0]) - 1)
    return found


def best_of_each_size(
    system: GramSystem,
    orders: Sequence[Places],
    first: int,
    last: int,
    keep: Bools | None,
    patience: int,
    threads: int,
) -> Iterator[Polished]:
    """Yield the same for every size from `first` to `last`, started from so many features of each order that has them.

    It ends with the first size for which they are collinear in every order. O(n_out k n) a step; several sizes go on
    at the same time.
    """
    total, stays = float(system.total.sum()), _stays(system, keep)
    found = _core.exchange_sizes(
        system.matrix, system.products, total, orders, first, last, stays, COLLINEAR, patience, threads
    )
    for one in found:
        if one is None:
            return
        yield Polished(*one)


def _stays(system: System, keep: Bools | None) -> Bools:
    return np.zeros(system.n, np.bool_) if keep is None else np.ascontiguousarray(keep, np.bool_)
