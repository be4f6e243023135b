"""What may be removed from each layer, and how a number is shared out between bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from prunus import _core
from prunus._base import Bools, Floats


class Removable(NamedTuple):
    """The units of one layer that may be removed."""

    scores: Floats  # of those that may still go, (n,) or of the layer's shape, in order
    shape: tuple[int, ...]  # of all units of the layer
    gone: int  # how many went before
    most: int  # how many more may go at most
    allowed: int  # how many more may go by what must stay and the layer's limit alone

    @property
    def size(self) -> int:
        """How many units the layer has, gone ones included."""
        return int(np.prod(self.shape))


def lowest(removables: Sequence[Removable], counts: Sequence[int], threads: int) -> list[Bools]:
    """Return masks that remove so many of the lowest scores of each layer."""
    return [
        _core.mask_remove([removable.scores], count, threads)[0]
        for removable, count in zip(removables, counts, strict=True)
    ]


def within_bounds(
    removables: Sequence[Removable], n_remove: int, count: Callable[[Sequence[int], int], Sequence[int]]
) -> list[int]:
    """Return how many go from each layer, if `count` ranks some of the layers and says how many of each are among so many.

    A layer that would lose more than it may loses as many as it may, and the others are ranked again without it: with one
    layer less to take from, the cut only rises, so such a layer remains at its bound.
    """
    counts = [removable.most for removable in removables]
    others = list(range(len(removables)))
    while others:
        at_bound = sum(removable.most for i, removable in enumerate(removables) if i not in others)
        found = dict(zip(others, count(others, n_remove - at_bound), strict=True))
        over = [i for i in others if found[i] > removables[i].most]
        if not over:
            return [found.get(i, n) for i, n in enumerate(counts)]
        others = [i for i in others if i not in over]
    return counts


def n_removed(mask: Bools) -> int:
    """Count what a mask removes."""
    return int(mask.size - np.count_nonzero(mask))


def apportion(n: int, weights: Sequence[int], low: Sequence[int], high: Sequence[int]) -> list[int]:
    """Share n out in proportion to the weights, between bounds: each share is the exact one, rounded to the nearest.

    One after the other goes where (2 * share + 1) / weight is lowest, the earlier of equals first (Webster's method; M.
    Balinski, H. Young, "Fair representation", 1982). So with a larger n no share is smaller: a method that gives what is
    left over to the largest remainders does not have that, and masks would not be nested. sum(low) <= n <= sum(high).
    """

    def shares(numerator: int) -> list[int]:  # where all are rounded at the same multiple of their weights
        rounded = ((2 * numerator * w + one) // (2 * one) for w in weights)
        return [min(max(share, a), b) for share, a, b in zip(rounded, low, high, strict=True)]

    one = 1 << 64
    below, above = 0, one * (max(high) + 1)
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (middle, above) if sum(shares(middle)) <= n else (below, middle)
    result = shares(below)
    while sum(result) < n:  # a few, that are as good as equal
        open_layers = [i for i, share in enumerate(result) if share < high[i]]
        result[min(open_layers, key=lambda i: (Fraction(2 * result[i] + 1, weights[i]), i))] += 1
    return result
