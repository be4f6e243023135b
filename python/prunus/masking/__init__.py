"""From scores to masks: patterns say what is removed together, allocations from which layers. One file each, one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prunus._base import Bools, check, registry, resolve_threads
from prunus.masking.allocations import (
    Allocation,
    ErkAllocation,
    GlobalAllocation,
    LampAllocation,
    LossAllocation,
    NormalizedAllocation,
    UniformAllocation,
)
from prunus.masking.arguments import goal_of, limits_of, masks_of, require_there, score_arrays, shapes_of
from prunus.masking.base import Pattern, full
from prunus.masking.block import BlockPattern
from prunus.masking.input import InputPattern
from prunus.masking.n_of_m import NofMPattern
from prunus.masking.neuron import NeuronPattern
from prunus.masking.removable import n_removed
from prunus.masking.selection import Goal, SelectedMasks, select
from prunus.masking.weight import WeightPattern
from prunus.network import Network

_PATTERNS: Mapping[str, type[Pattern]] = registry(
    WeightPattern,
    NeuronPattern,
    InputPattern,
    NofMPattern,
    BlockPattern,
)
_ALLOCATIONS: Mapping[str, type[Allocation]] = registry(
    GlobalAllocation,
    UniformAllocation,
    ErkAllocation,
    LampAllocation,
    NormalizedAllocation,
    LossAllocation,
)


def patterns() -> Mapping[str, type[Pattern]]:
    """Return the patterns: name -> class, whose docstring says what it does, why, what it costs and when it fails.

    Examples
    --------
    >>> list(prunus.patterns())
    ['weight', 'neuron', 'input', ...]
    """
    return _PATTERNS


def allocations() -> Mapping[str, type[Allocation]]:
    """Return the allocations: name -> class, whose docstring says what it does, why, what it costs and when it fails.

    Examples
    --------
    >>> list(prunus.allocations())
    ['global', 'uniform', ...]
    """
    return _ALLOCATIONS


def pattern_of(pattern: str | Pattern) -> Pattern:
    """Return the pattern that a text names; one that is ready is returned as it is."""
    if isinstance(pattern, Pattern):
        return pattern
    if isinstance(pattern, str):
        for kind in _PATTERNS.values():
            if found := kind.parse(pattern):
                return found
    known = f"{', '.join(sorted(_PATTERNS))} (such as 2:4 and block:4x1)"
    wrong = ValueError if isinstance(pattern, str) else TypeError
    raise check.error(wrong, "pattern", f"expected one of {known}, got {check.describe(pattern)}")


def mask(
    scores: Sequence[Any],
    *,
    sparsity: float | None = None,
    threshold: float | None = None,
    pattern: str | Pattern = "weight",
    allocation: str = "global",
    keep: Sequence[Any] | None = None,
    within: Sequence[Any] | None = None,
    max_layer_sparsity: float | Sequence[float] | None = None,
) -> tuple[Bools, ...]:
    """Decide from scores what is kept.

    Parameters
    ----------
    scores : sequence of array_like
        One array for each layer, as `importance` returns them: (n_out, n_in) for patterns of weights, (n_out,) for "neuron",
        (n_in,) for "input". Infinite scores are allowed, NaN is not.
    sparsity : float in [0, 1], optional
        Removes exactly ``round(sparsity * n)`` of all n units (weights, neurons, inputs or blocks); of equal scores the later
        position (later layer, then higher flat index) goes first. A higher sparsity keeps a subset.
    threshold : float, optional
        Removes what scores strictly below it, in every layer; compared in the dtype of the scores, as NumPy does.
        Exactly one of `sparsity` and `threshold` must be given; neither for n:m, which says itself how much goes.
    pattern : str or Pattern, default "weight"
        A name from `patterns()`, with numbers in the place of letters: "2:4", "block:4x1".
    allocation : str, default "global"
        A name from `allocations()`: from which layers a given sparsity is taken.
    keep : sequence of (array_like of bool or None), optional
        What must stay, one for each layer, of the shape of its scores.
    within : sequence of array_like of bool, optional
        Masks of an earlier round: what they removed stays removed, and counts.
    max_layer_sparsity : float in [0, 1], or one for each layer, optional
        No layer loses a larger fraction of its units.

    Returns
    -------
    tuple of ndarray of bool
        One for each layer, of the shape of its scores; True is kept. They depend neither on the number of threads nor on
        the CPU.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, shape or value, a name is unknown (the message lists the valid ones), or what
        must stay leaves too little to remove.

    Notes
    -----
    O(n): the cut is found by selection inside a bracket estimated from a sample (R. Floyd, R. Rivest, "Expected time bounds
    for selection", 1975); nothing is sorted, but for allocation "lamp".

    Examples
    --------
    >>> prunus.mask([[[0.1, 0.4, 0.2]], [[0.3]]], sparsity=0.5)
    (array([[False,  True, False]]), array([[ True]]))
    """
    kind = pattern_of(pattern)
    goal = goal_of(kind, sparsity, threshold)
    share_out = check.look_up("allocation", allocation, _ALLOCATIONS)
    arrays = score_arrays(scores, kind.ndim)
    shapes = [score.shape for score in arrays]
    goal = goal._replace(limits=limits_of(kind, max_layer_sparsity, len(arrays)))
    gone = None if within is None else [~before for before in masks_of("within", within, shapes)]
    stay = None if keep is None else masks_of("keep", keep, shapes, default=False)
    require_there(stay, gone)
    return select(arrays, kind, share_out, goal, keep=stay, gone=gone, threads=resolve_threads(None)).masks


def apply_masks(network: Network, masks: Sequence[Any], *, pattern: str | Pattern = "weight") -> Network:
    """Return the network without what the masks remove.

    Parameters
    ----------
    network : Network
        It is not changed.
    masks : sequence of array_like of bool
        One for each layer, True is kept: of the shape of its weight; (n_out,) for pattern "neuron", (n_in,) for "input".
    pattern : str or Pattern, default "weight"
        A name from `patterns()`. Neurons and inputs are really removed: the matrices get smaller.

    Returns
    -------
    Network

    Raises
    ------
    TypeError, ValueError
        If a mask is not of bool or not of its layer's shape, or removes what the pattern cannot.

    Examples
    --------
    >>> masks = prunus.mask(prunus.importance(network), sparsity=0.9)
    >>> prunus.apply_masks(network, masks).n_nonzero <= 0.1 * network.n_weights + 1
    True
    """
    if not isinstance(network, Network):
        raise check.error(
            TypeError, "network", f"expected a Network, got {check.describe(network)}; see prunus.as_network"
        )
    kind = pattern_of(pattern)
    checked = masks_of("masks", masks, shapes_of(kind, [layer.weight.shape for layer in network.layers]))
    for i in set(range(len(network.layers))) - set(kind.prunable(network)):
        if not checked[i].all():
            raise check.error(
                ValueError, f"masks[{i}]", f"expected True alone, since {kind} is not pruned in layer {i}"
            )
    return kind.shrink(kind.apply(network, tuple(checked)), tuple(checked))


__all__ = [
    "Allocation",
    "Goal",
    "Pattern",
    "SelectedMasks",
    "allocations",
    "apply_masks",
    "full",
    "goal_of",
    "limits_of",
    "mask",
    "masks_of",
    "n_removed",
    "pattern_of",
    "patterns",
    "require_there",
    "select",
    "shapes_of",
]
