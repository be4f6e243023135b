"""From scores to masks: patterns say what is removed together, allocations from which layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from prunus import _check, _core, _threads
from prunus._check import Bools, Floats
from prunus._registry import registry
from prunus.masking.allocations import Allocation, GlobalAllocation, UniformAllocation
from prunus.masking.patterns import NeuronPattern, Pattern, WeightPattern

_PATTERNS: Mapping[str, type[Pattern]] = registry(
    WeightPattern,
    NeuronPattern,
)
_ALLOCATIONS: Mapping[str, type[Allocation]] = registry(
    GlobalAllocation,
    UniformAllocation,
)


def patterns() -> Mapping[str, type[Pattern]]:
    """Return the patterns: name -> class, whose docstring says what it does, why, what it costs and when it fails."""
    return _PATTERNS


def allocations() -> Mapping[str, type[Allocation]]:
    """Return the allocations: name -> class, whose docstring says what it does, why, what it costs and when it fails."""
    return _ALLOCATIONS


def mask(
    scores: Sequence[Any],
    *,
    sparsity: float | None = None,
    threshold: float | None = None,
    pattern: str = "weight",
    allocation: str = "global",
) -> tuple[Bools, ...]:
    """Decide from scores what is kept.

    Parameters
    ----------
    scores : sequence of array_like
        One array for each layer, as `importance` returns them: (n_out, n_in) for pattern "weight", (n_out,) for "neuron".
        Infinite scores are allowed, NaN is not.
    sparsity : float in [0, 1], optional
        Removes exactly ``round(sparsity * n)`` of all n units; of equal scores the later position (later layer, then
        higher flat index) goes first.
    threshold : float, optional
        Removes what scores strictly below it, in every layer; compared in the dtype of the scores, as NumPy does.
        Exactly one of `sparsity` and `threshold` must be given.
    pattern : str, default "weight"
        A name from `patterns()`.
    allocation : str, default "global"
        A name from `allocations()`: from which layers a given sparsity is taken.

    Returns
    -------
    tuple of ndarray of bool
        One for each layer, of the shape of its scores; True is kept. They depend neither on the number of threads nor on
        the CPU.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, shape or value, or a name is unknown; the message lists the valid ones.

    Notes
    -----
    O(n): the cut is found by selection inside a bracket estimated from a sample (R. Floyd, R. Rivest, "Expected time bounds
    for selection", 1975); nothing is sorted.

    Examples
    --------
    >>> prunus.mask([[[0.1, 0.4, 0.2]], [[0.3]]], sparsity=0.5)
    (array([[False,  True, False]]), array([[ True]]))
    """
    target = _check.exactly_one(sparsity=sparsity, threshold=threshold)
    ndim = _check.look_up("pattern", pattern, _PATTERNS).ndim
    share_out = _check.look_up("allocation", allocation, _ALLOCATIONS)
    arrays = _score_arrays(scores, ndim)
    threads = _threads.resolve(None)
    if target == "threshold":
        cut = _check.number("threshold", threshold)
        with np.errstate(over="ignore"):  # beyond the range of float32 it is infinite, and right
            return tuple(_core.mask_threshold(arrays, float(arrays[0].dtype.type(cut)), threads))
    n_remove = round(_check.number("sparsity", sparsity, 0, 1) * sum(score.size for score in arrays))
    return tuple(share_out.remove(arrays, n_remove, threads))


def _score_arrays(scores: Any, ndim: int) -> list[Floats]:
    """Check the scores and bring them to one dtype."""
    if isinstance(scores, np.ndarray) or not isinstance(scores, Sequence) or isinstance(scores, (str, bytes)):
        raise TypeError(f"scores: expected a sequence of arrays, one for each layer, got {_check.describe(scores)}")
    if not scores:
        raise ValueError("scores: expected at least one array, got none")
    arrays = [_check.float_array(f"scores[{i}]", score, ndim=ndim) for i, score in enumerate(scores)]
    dtype = np.result_type(*arrays)
    arrays = [_check.float_array("scores", score, dtype=dtype) for score in arrays]
    for i, score in enumerate(arrays):
        _check.not_empty(f"scores[{i}]", score)
    return arrays


__all__ = ["Allocation", "Pattern", "allocations", "mask", "patterns"]
