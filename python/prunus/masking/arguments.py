"""What the arguments about masks may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prunus._base import Bools, Floats, check
from prunus.masking.base import Pattern
from prunus.masking.selection import Goal


def goal_of(pattern: Pattern, sparsity: Any, threshold: Any) -> Goal:
    """Return the goal that exactly one of the two names, or an empty one for a pattern that takes none."""
    if not pattern.takes_target:
        for name, value in (("sparsity", sparsity), ("threshold", threshold)):
            if value is not None:
                raise check.error(
                    ValueError, name, f"expected None for pattern {pattern}, which says how much goes, got {value!r}"
                )
        return Goal()
    if check.exactly_one(sparsity=sparsity, threshold=threshold) == "sparsity":
        return Goal(sparsity=check.number("sparsity", sparsity, 0, 1))
    return Goal(threshold=check.number("threshold", threshold))


def limits_of(pattern: Pattern, value: Any, n_layers: int) -> tuple[float, ...] | None:
    """Return the largest sparsity of each layer."""
    if value is None:
        return None
    if not pattern.takes_target:
        raise check.error(
            ValueError, "max_layer_sparsity", f"expected None for pattern {pattern}, which says how much goes"
        )
    values = [value] * n_layers if np.ndim(value) == 0 else list(value)
    if len(values) != n_layers:
        raise check.error(
            ValueError, "max_layer_sparsity", f"expected {n_layers}, one for each layer, got {len(values)}"
        )
    return tuple(check.number("max_layer_sparsity", _scalar(limit), 0, 1) for limit in values)


def _scalar(value: Any) -> Any:
    """Return the number in an array without dimensions."""
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def shapes_of(pattern: Pattern, shapes: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return the shapes of the scores and masks of layers with weights of these shapes."""
    return list(shapes) if pattern.unit == "weight" else [shape[pattern.unit == "input" :][:1] for shape in shapes]


def masks_of(name: str, value: Any, shapes: Sequence[tuple[int, ...]], *, default: bool | None = None) -> list[Bools]:
    """Return masks of those shapes; with a default a mask may be None."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise check.error(
            TypeError, name, f"expected a sequence of masks, one for each layer, got {check.describe(value)}"
        )
    if len(value) != len(shapes):
        raise check.error(ValueError, name, f"expected {len(shapes)} masks, one for each layer, got {len(value)}")
    return [
        np.full(shape, default) if mask is None and default is not None else check.bools(f"{name}[{i}]", mask, shape)
        for i, (mask, shape) in enumerate(zip(value, shapes, strict=True))
    ]


def require_there(keep: Sequence[Bools] | None, gone: Sequence[Bools] | None) -> None:
    """Refuse to keep what has gone."""
    for i, (stay, before) in enumerate(zip(keep or (), gone or (), strict=False)):
        if (stay & before).any():
            raise check.error(
                ValueError, f"keep[{i}]", "expected what is still there, got something that was removed before"
            )


def score_arrays(scores: Any, ndim: int) -> list[Floats]:
    """Check the scores and bring them to one dtype."""
    if isinstance(scores, np.ndarray) or not isinstance(scores, Sequence) or isinstance(scores, (str, bytes)):
        raise check.error(
            TypeError, "scores", f"expected a sequence of arrays, one for each layer, got {check.describe(scores)}"
        )
    if not scores:
        raise check.error(ValueError, "scores", "expected at least one array, got none")
    arrays = [check.float_array(f"scores[{i}]", score, ndim=ndim) for i, score in enumerate(scores)]
    dtype = np.result_type(*arrays)
    arrays = [check.float_array("scores", score, dtype=dtype) for score in arrays]
    for i, score in enumerate(arrays):
        check.not_empty(f"scores[{i}]", score)
    return arrays
