"""What may stand before a model: scalers, (x - shift) / scale, which can be folded into the first layer; our selector."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from prunus._base import Bools, NotSupportedError, check
from prunus.convert.sklearn import codec
from prunus.convert.sklearn.base import Arrays, Row, entry_of, feature_names, made
from prunus.convert.sklearn.learnt import is_array, is_count, is_number
from prunus.data import Scaling

_MODEL_ALONE = "prunus.prune takes the whole pipeline, and prunes what comes behind such steps"


class Step(NamedTuple):
    """A class of steps, which shift and scale columns, or select those of their `support_`.

    The attributes to keep are checked when they come back from a file, by what `_is_fitted` knows of their names.
    """

    cls: Any
    fold: Callable[[Any], tuple[Arrays | None, Arrays | None]]  # shift and scale, None where there is nothing to do
    fitted: tuple[str, ...]  # the attributes to keep


STEPS: dict[str, Step] = {
    entry.cls.__name__: entry
    for entry in (
        Step(
            StandardScaler,
            lambda s: (s.mean_ if s.with_mean else None, s.scale_ if s.with_std else None),
            ("mean_", "scale_", "var_", "n_samples_seen_"),
        ),
        Step(
            MinMaxScaler,
            lambda s: (-s.min_ / s.scale_, 1 / s.scale_),
            ("min_", "scale_", "data_min_", "data_max_", "data_range_", "n_samples_seen_"),
        ),
        Step(MaxAbsScaler, lambda s: (None, s.scale_), ("scale_", "max_abs_", "n_samples_seen_")),
        Step(
            RobustScaler,
            lambda s: (s.center_ if s.with_centering else None, s.scale_ if s.with_scaling else None),
            ("center_", "scale_"),
        ),
    )
}


def require(name: str, step: Any) -> None:
    """Refuse a step that is not a fitted scaler or selector, or one that does more."""
    if entry_of(STEPS, step) is None:
        raise check.error(
            NotSupportedError,
            "estimator",
            f"expected {', '.join(STEPS)} before the model, got step {name!r} ({type(step).__name__}); {_MODEL_ALONE}",
        )
    if getattr(step, "clip", False):
        raise check.error(
            NotSupportedError, "estimator", f"clip=True of step {name!r} ({type(step).__name__}); {_MODEL_ALONE}"
        )
    check_is_fitted(step)


def apart(pipeline: Pipeline) -> tuple[Pipeline | None, Pipeline]:
    """Return the steps that no network represents, and those behind them: scalers and selectors, if any, and the model."""
    before = pipeline.steps[:-1]
    is_folded = [is_nothing(step) or (entry_of(STEPS, step) and not getattr(step, "clip", False)) for _, step in before]
    n = len(before) - next((i for i, folded in enumerate(reversed(is_folded)) if not folded), len(before))
    for _, step in before[:n]:
        if not is_nothing(step):
            check_is_fitted(step)
    return (pipeline[:n] if n else None), pipeline[n:]


def is_nothing(step: Any) -> bool:
    """Whether a step of a pipeline does nothing."""
    return step is None or (isinstance(step, str) and step == "passthrough")


class Front(NamedTuple):
    """Several steps, one after the other, as one."""

    inputs: Bools | None  # which columns are selected, None for all where nothing selects
    scaling: Scaling | None  # of those


def _support(step: Any) -> Bools | None:
    return getattr(step, "support_", None)


def width_behind(steps: Sequence[Any], width: int) -> int:
    """Return how many columns come out where `width` go in."""
    supports = [support for step in steps if (support := _support(step)) is not None]
    return int(supports[-1].sum()) if supports else width


def front_of(steps: Sequence[Any], n_in: int) -> Front:
    """Return what the steps do before a model of n_in inputs."""
    if not steps:
        return Front(None, None)
    supports = [support for step in steps if (support := _support(step)) is not None]
    columns = np.arange(len(supports[0]) if supports else n_in)
    width, shift, scale = len(columns), np.zeros(len(columns)), np.ones(len(columns))
    for step in steps:
        name, n = type(step).__name__, len(columns)
        own_shift, own_scale = (_of_width(part, n, name) for part in STEPS[name].fold(step))
        if own_shift is not None:
            shift = shift + scale * own_shift
        if own_scale is not None:
            scale = scale * own_scale
        support = _of_width(_support(step), n, name)
        if support is not None:
            columns, shift, scale = columns[support], shift[support], scale[support]
    _of_width(columns, n_in, "steps")
    inputs = np.isin(np.arange(width), columns) if supports else None
    return Front(inputs, Scaling(shift, scale) if len(supports) < len(steps) else None)


def _of_width(part: Arrays | None, n_in: int, name: str) -> Arrays | None:
    if part is not None and len(part) != n_in:
        raise check.error(
            ValueError,
            "estimator",
            f"expected scalers of {n_in} columns, as many as the model takes, got {name} of {len(part)}",
        )
    return part


def described(name: str, scaler: Any) -> dict[str, Any]:
    """Return what `restored` needs, in plain JSON values."""
    cls = type(scaler).__name__
    return {
        "name": name,
        "class": cls,
        "params": codec.plain(scaler.get_params(deep=False)),
        "fitted": codec.plain({attribute: getattr(scaler, attribute) for attribute in STEPS[cls].fitted}),
        "feature_names": feature_names(scaler),
    }


def restored(row: Row) -> Any:
    """Return the fitted scaler that `described` was given."""
    scaler = made(STEPS[row.get("class", "StandardScaler")].cls, codec.restored(row["params"]))
    _set_fitted(scaler, codec.restored(row["fitted"]) if "fitted" in row else _of_version_0_1(row))
    require(row["name"], scaler)  # parameters may ask for more than is folded
    return scaler


def _set_fitted(scaler: Any, fitted: Mapping[str, Any]) -> None:
    """Set what a fit of that class sets, all for the same columns."""
    names = STEPS[type(scaler).__name__].fitted
    n_columns = {
        np.shape(fitted[name])[0] for name in names if name in _OF_COLUMNS and np.ndim(fitted.get(name, 0)) == 1
    }
    for name in names:
        if name not in fitted:
            continue
        value = fitted[name]
        if len(n_columns) > 1 or not _is_fitted(name, value):
            raise check.error(
                ValueError,
                "network",
                f"expected an origin with a {name} of a {type(scaler).__name__} for as many columns as its other "
                f"attributes, got {value!r}",
            )
        setattr(scaler, name, value)


_FLOATS = ("center_", "data_max_", "data_min_", "data_range_", "max_abs_", "mean_", "min_", "scale_", "var_")
_OF_COLUMNS = (*_FLOATS, "ranking_", "support_")


def _is_fitted(name: str, value: Any) -> bool:
    if name in _FLOATS:
        return value is None or (is_array(value, "f") and bool(np.isfinite(value).all()))
    if name == "support_":
        return is_array(value, "b")
    if name in ("n_features_", "n_groups_"):
        return is_count(value)
    if name == "n_samples_seen_":
        if not is_array(value, "iuf"):  # one number for all columns, or one for each; with weights their sum
            return is_number(value) and value >= 0
        return bool((value >= 0).all())
    if name in ("method_", "optimality_"):
        return isinstance(value, str)
    return is_array(value, "iuU")  # columns, or groups by their labels


def _of_version_0_1(row: Row) -> dict[str, Any]:
    """Its files have StandardScaler alone."""
    arrays = {f"{name}_": None if row[name] is None else np.array(row[name]) for name in ("mean", "scale", "var")}
    return {**arrays, "n_samples_seen_": np.int64(row["n_samples_seen"])}
