"""What a fit tells beside the weights: into a file, and, believed only after a check, back.

Only numbers, names and lists of them: no path of a cross-validation goes into a file.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from prunus._base import check
from prunus.convert.sklearn import codec
from prunus.convert.sklearn.base import Row


def is_number(value: Any) -> bool:
    """NaN is none, and a bool neither; a loss may be infinite before the first epoch."""
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_)) and value == value


def is_count(value: Any) -> bool:
    """Whether it is a number of things."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(value >= 0)


def is_array(value: Any, kinds: str) -> bool:
    """Whether it has one dimension and a dtype of these kinds."""
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in kinds


def _number(value: Any, _: int) -> bool:
    return value is None or is_number(value)


def _count(value: Any, _: int) -> bool:
    return is_count(value)


def _numbers(value: Any, n_out: int) -> bool:
    """One for all outputs, or one for each; None where the class has one for some of its parameters alone."""
    if isinstance(value, (list, np.ndarray)) and np.ndim(value) == 1:
        return len(value) in (1, n_out) and all(_number(entry, n_out) for entry in value)
    return _number(value, n_out)


def _counts(value: Any, n_out: int) -> bool:
    return _numbers(value, n_out) and all(entry is None or entry >= 0 for entry in np.ravel(value))


def _name(value: Any, _: int) -> bool:
    return isinstance(value, str)


# Of a value and the number of outputs.
_CHECKS: Mapping[str, Callable[[Any, int], bool]] = {
    "C_": _numbers,
    "_no_improvement_count": _count,
    "alpha_": _numbers,
    "best_loss_": _number,
    "best_score_": _numbers,
    "best_validation_score_": _number,
    "dual_gap_": _numbers,
    "l1_ratio_": _numbers,
    "lambda_": _number,
    "loss_": _number,
    "n_iter_": _counts,
    "n_nonzero_coefs_": _count,
    "rank_": _count,
    "scale_": _number,
    "solver_": _name,
    "t_": _number,
}


def described(model: Any, learns: tuple[str, ...]) -> dict[str, Any]:
    """Return what the model has of these attributes, in plain JSON values."""
    return codec.plain({name: getattr(model, name) for name in learns if hasattr(model, name)})


def restore(model: Any, learns: tuple[str, ...], row: Row, n_out: int) -> None:
    """Set what was described. What else a row names is not set; what is no such thing is an error."""
    for name, value in codec.restored(row.get("learnt", {})).items():
        if name not in learns:
            continue
        if not _CHECKS[name](value, n_out):
            raise check.error(
                ValueError, "network", f"expected an origin with a {name} of a {type(model).__name__}, got {value!r}"
            )
        if value is not None or not hasattr(model, name):  # None says nothing of what a fit begins with
            setattr(model, name, value)
