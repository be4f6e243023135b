"""How many units of each layer are removed, when the number over all layers is given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np

from prunus import _core
from prunus._base import Bools, Floats
from prunus.masking.removable import Removable, apportion, lowest, n_removed, within_bounds


class Allocation(ABC):
    """Shares a number of removals out over the layers."""

    name: ClassVar[str]
    by_loss: ClassVar[bool] = False  # whether `prune` prices the scores: what the loss rises by in their order

    @staticmethod
    @abstractmethod
    def remove(removables: list[Removable], n_remove: int, threads: int) -> list[Bools]:
        """Return masks of the removables' scores that remove exactly `n_remove` of all together, no more than `most` of each.

        A larger number removes all that a smaller one does.
        """


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
    def remove(removables: list[Removable], n_remove: int, threads: int) -> list[Bools]:
        scores = [removable.scores for removable in removables]
        masks = _core.mask_remove(scores, n_remove, threads)
        bound = [
            (mask, removable.most)
            for mask, removable in zip(masks, removables, strict=True)
            if removable.most < mask.size
        ]
        if all(n_removed(mask) <= most for mask, most in bound):
            return masks
        return lowest(removables, within_bounds(removables, n_remove, _counting(scores, threads)), threads)


class UniformAllocation(Allocation):
    """The same sparsity in every layer.

    What it does
    ------------
    Removes the same fraction of every layer, rounded so that the number over all layers is exact.

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
    def remove(removables: list[Removable], n_remove: int, threads: int) -> list[Bools]:
        gone = [removable.gone for removable in removables]
        high = [removable.gone + removable.most for removable in removables]
        counts = apportion(n_remove + sum(gone), [removable.size for removable in removables], gone, high)
        return lowest(removables, [n - before for n, before in zip(counts, gone, strict=True)], threads)


class ErkAllocation(Allocation):
    """Erdős-Rényi: each layer keeps weights in proportion to its neurons and inputs.

    What it does
    ------------
    Keeps of a layer of n_out times n_in weights a number in proportion to n_out + n_in, or all it has: the larger a layer,
    the sparser. (For layers that are not convolutions ERK, the form with kernels, is the same. Of neurons and inputs it is
    uniform; of blocks it counts the blocks along and down.)

    Why
    ---
    Small layers, which lose most by being pruned, stay nearly dense. It does not compare scores of different layers.

    Cost
    ----
    One selection for each layer, without sorting.

    When it fails
    -------------
    When the shape does not say which layer is redundant, as in a trained model with a wide first layer of which most
    inputs are idle.

    Examples
    --------
    >>> masks = prunus.mask(prunus.importance(network), sparsity=0.9, allocation="erk")

    References
    ----------
    D. Mocanu, E. Mocanu, P. Stone et al., "Scalable training of artificial neural networks with adaptive sparse
    connectivity inspired by network science", 2018; U. Evci, T. Gale, J. Menick, P. Castro, E. Elsen, "Rigging the
    lottery", 2020.
    """

    name = "erk"

    @staticmethod
    def remove(removables: list[Removable], n_remove: int, threads: int) -> list[Bools]:
        there = [removable.size - removable.gone for removable in removables]
        low = [n - removable.most for n, removable in zip(there, removables, strict=True)]
        kept = apportion(sum(there) - n_remove, [sum(removable.shape) for removable in removables], low, there)
        return lowest(removables, [n - k for n, k in zip(there, kept, strict=True)], threads)


class LampAllocation(Allocation):
    """One ranking over all layers, by scores divided by what their own layer has left.

    What it does
    ------------
    Ranks all layers together by score² over the sum of the squares of the layer's scores that are no smaller, and so
    finds how many go from each; of a layer its lowest scores go. Scores below zero count as zero.

    Why
    ---
    With the magnitude as score it bounds how much the layer's output changes. It needs neither data nor tuning, and
    empties no layer before the others: the best score of each is divided by itself.

    Cost
    ----
    Two passes over the scores and two selections; a few per cent of the scores are sorted.

    When it fails
    -------------
    With scores of which most are zero or negative.

    Examples
    --------
    >>> masks = prunus.mask(prunus.importance(network), sparsity=0.9, allocation="lamp")

    References
    ----------
    J. Lee, S. Park, S. Mo, S. Ahn, J. Shin, "Layer-adaptive sparsity for the magnitude-based pruning", 2021.
    """

    name = "lamp"

    @staticmethod
    def remove(removables: list[Removable], n_remove: int, threads: int) -> list[Bools]:
        def count(layers: Sequence[int], n: int) -> list[int]:
            return _core.lamp_counts([removables[i].scores for i in layers], n, threads)

        return lowest(removables, within_bounds(removables, n_remove, count), threads)


class NormalizedAllocation(Allocation):
    """One ranking over all layers, by scores divided by their layer's root mean square.

    What it does
    ------------
    Brings the scores of every layer to the same size, and then removes the lowest wherever they are.

    Why
    ---
    Criteria such as wanda or the gradient have another scale in every layer. What is left to compare is how a layer's
    scores are spread.

    Cost
    ----
    One pass over the scores and two selections, without sorting.

    When it fails
    -------------
    When the size of the scores says which layer is redundant: then global keeps more accuracy.

    Examples
    --------
    >>> scores = prunus.importance(network, "wanda", X=X)
    >>> masks = prunus.mask(scores, sparsity=0.9, allocation="normalized")

    References
    ----------
    P. Molchanov, S. Tyree, T. Karras, T. Aila, J. Kautz, "Pruning convolutional neural networks for resource efficient
    inference", 2017.
    """

    name = "normalized"

    @staticmethod
    def remove(removables: list[Removable], n_remove: int, threads: int) -> list[Bools]:
        normalized = [_normalized(removable.scores) for removable in removables]
        # Division may make neighbours equal: which of a layer go is for the scores to say.
        return lowest(removables, within_bounds(removables, n_remove, _counting(normalized, threads)), threads)


def _counting(by: list[Floats], threads: int) -> Callable[[Sequence[int], int], list[int]]:
    """Return what ranks layers by these numbers, all together, and counts how many of each go."""
    return lambda layers, n: [n_removed(mask) for mask in _core.mask_remove([by[i] for i in layers], n, threads)]


def _normalized(score: Floats) -> Floats:
    """Scores over the root mean square of those that are finite."""
    finite = score[np.isfinite(score)].astype(np.float64)
    largest = np.abs(finite).max(initial=0)
    if largest == 0:
        return score.astype(np.float64)
    return np.asarray(score / (largest * np.sqrt(np.mean((finite / largest) ** 2))))


class LossAllocation(GlobalAllocation):
    """One ranking over all layers, of what the loss rises by.

    What it does
    ------------
    The criterion says in which order the weights of a neuron go, or the neurons or inputs of a layer; how many of each, optimal
    brain surgery does: a neuron that loses k weights by its exact path loses so much of the loss, whichever they are. `prune`
    gives the lowest score of each row the lowest of its costs by criterion ``obs``, the next the next, and ranks them over all
    layers. Scores of ``obs`` are such costs already; scores that `prunus.mask` is given must be.

    Why
    ---
    Rises of the loss can be compared, wherever they come from. One elimination serves every sparsity.

    Cost
    ----
    That of criterion ``obs``: n_in**3 / 4 multiplications and additions for each neuron, and a pass over X.

    When it fails
    -------------
    With very many inputs, and where what is left is not compensated: then the loss rises by more than was reckoned with.

    Examples
    --------
    >>> pruned = prunus.prune(network, X, sparsity=0.9, criterion="magnitude", allocation="loss", compensate="obs")

    References
    ----------
    E. Frantar, S. Singh, D. Alistarh, "Optimal brain compression", 2022.
    """

    name = "loss"
    by_loss = True
