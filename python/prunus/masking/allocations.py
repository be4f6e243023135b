"""How many units of each layer are removed, when the number over all layers is given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from prunus import _core
from prunus._check import Bools, Floats


class Allocation(ABC):
    """Shares a number of removals out over the layers."""

    name: ClassVar[str]

    @staticmethod
    @abstractmethod
    def remove(scores: list[Floats], n_remove: int, threads: int) -> list[Bools]:
        """Return masks that remove exactly `n_remove` units of all layers together."""


class GlobalAllocation(Allocation):
    """One ranking over all layers.

    What it does
    ------------
    Removes the lowest scores wherever they are; a layer of low scores loses more.

    Why
    ---
    It lets the criterion find out where the network is redundant.

    Cost
    ----
    One selection over all scores, without sorting.

    When it fails
    -------------
    When scores of different layers cannot be compared, so that a small layer is emptied.

    Examples
    --------
    >>> masks = prunus.mask(prunus.importance(network), sparsity=0.9, allocation="global")

    References
    ----------
    S. Han, J. Pool, J. Tran, W. Dally, "Learning both weights and connections for efficient neural networks", 2015.
    """

    name = "global"

    @staticmethod
    def remove(scores: list[Floats], n_remove: int, threads: int) -> list[Bools]:
        return _core.mask_remove(scores, n_remove, threads)


class UniformAllocation(Allocation):
    """The same sparsity in every layer.

    What it does
    ------------
    Removes the same fraction of every layer, rounded so that the number over all layers is exact: each layer's share
    rounded down, and what is missing from the layers with the largest remainders.

    Why
    ---
    No layer can be emptied by another, whatever the scale of its scores.

    Cost
    ----
    One selection for each layer, without sorting.

    When it fails
    -------------
    When layers differ in how redundant they are, as they usually do: then global keeps more accuracy.

    Examples
    --------
    >>> masks = prunus.mask(prunus.importance(network), sparsity=0.9, allocation="uniform")

    References
    ----------
    T. Gale, E. Elsen, S. Hooker, "The state of sparsity in deep neural networks", 2019.
    """

    name = "uniform"

    @staticmethod
    def remove(scores: list[Floats], n_remove: int, threads: int) -> list[Bools]:
        sizes = [score.size for score in scores]
        return [
            _core.mask_remove([score], share, threads)[0]
            for score, share in zip(scores, shares(n_remove, sizes), strict=True)
        ]


def shares(n: int, sizes: list[int]) -> list[int]:
    """Share n out in proportion to the sizes: the largest remainders get what is left, the earlier layer first."""
    total = sum(sizes)
    whole = [n * size // total for size in sizes]
    remainders = [n * size % total for size in sizes]
    for i in np.argsort([-r for r in remainders], kind="stable")[: n - sum(whole)]:
        whole[i] += 1
    return whole
