"""The scalers that may stand before a model: each is (x - shift) / scale, so it can be folded into the first layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from prunus._check import NotSupportedError
from prunus._parts import Scaling
from prunus.convert.sklearn import codec
from prunus.convert.sklearn.base import Arrays, Row, entry_of, feature_names, made


class Scaler(NamedTuple):
    """A class of scalers."""

    cls: Any
    fold: Callable[[Any], tuple[Arrays | None, Arrays | None]]  # shift and scale, None where there is nothing to do
    fitted: tuple[str, ...]  # the attributes to keep


SCALERS = {
    entry.cls.__name__: entry
    for entry in (
        Scaler(
            StandardScaler,
            lambda s: (s.mean_ if s.with_mean else None, s.scale_ if s.with_std else None),
            ("mean_", "scale_", "var_", "n_samples_seen_"),
        ),
        Scaler(
            MinMaxScaler,
            lambda s: (-s.min_ / s.scale_, 1 / s.scale_),
            ("min_", "scale_", "data_min_", "data_max_", "data_range_", "n_samples_seen_"),
        ),
        Scaler(MaxAbsScaler, lambda s: (None, s.scale_), ("scale_", "max_abs_", "n_samples_seen_")),
        Scaler(
            RobustScaler,
            lambda s: (s.center_ if s.with_centering else None, s.scale_ if s.with_scaling else None),
            ("center_", "scale_"),
        ),
    )
}


def require(name: str, step: Any) -> None:
    """Refuse a step that is not a fitted scaler, or one that does more than scale."""
    if entry_of(SCALERS, step) is None:
        raise NotSupportedError(
            f"estimator: expected {', '.join(SCALERS)} before the model, got step {name!r} ({type(step).__name__})"
        )
    if getattr(step, "clip", False):
        raise NotSupportedError(f"estimator: clip=True of step {name!r} ({type(step).__name__})")
    check_is_fitted(step)


def scaling_of(scalers: Sequence[Any], n_in: int) -> Scaling | None:
    """Several scalers, one after the other, as one."""
    if not scalers:
        return None
    shift, scale = np.zeros(n_in), np.ones(n_in)
    for scaler in scalers:
        name = type(scaler).__name__
        own_shift, own_scale = (_of_width(part, n_in, name) for part in SCALERS[name].fold(scaler))
        if own_shift is not None:
            shift = shift + scale * own_shift
        if own_scale is not None:
            scale = scale * own_scale
    return Scaling(shift, scale)


def _of_width(part: Arrays | None, n_in: int, name: str) -> Arrays | None:
    if part is not None and len(part) != n_in:
        raise ValueError(
            f"estimator: expected scalers of {n_in} columns, as many as the model takes, got {name} of {len(part)}"
        )
    return part


def described(name: str, scaler: Any) -> dict[str, Any]:
    """Return what `restored` needs, in plain JSON values."""
    cls = type(scaler).__name__
    return {
        "name": name,
        "class": cls,
        "params": codec.plain(scaler.get_params(deep=False)),
        "fitted": codec.plain({attribute: getattr(scaler, attribute) for attribute in SCALERS[cls].fitted}),
        "feature_names": feature_names(scaler),
    }


def restored(row: Row) -> Any:
    """Return the fitted scaler that `described` was given."""
    scaler = made(SCALERS[row.get("class", "StandardScaler")].cls, codec.restored(row["params"]))
    for name, value in (codec.restored(row["fitted"]) if "fitted" in row else _of_version_0_1(row)).items():
        setattr(scaler, name, value)
    return scaler


def _of_version_0_1(row: Row) -> dict[str, Any]:
    """Its files have StandardScaler alone."""
    arrays = {f"{name}_": None if row[name] is None else np.array(row[name]) for name in ("mean", "scale", "var")}
    return {**arrays, "n_samples_seen_": np.int64(row["n_samples_seen"])}
