"""Provenance: what is known of the model that a network was made of."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from prunus._base import check, record


@dataclass(frozen=True)
class Provenance:
    """What others than its converter may ask of a foreign model.

    A linear one was fitted to the least sum over the samples of weight * loss, plus ridge times the squares of the weights of
    each output, where the loss is "squared" or "logistic". "own": to what its library alone can fit. None: unknown.
    """

    library: str | None = None  # None: it came from none
    kind: str = ""  # the name of its class
    feature_names: list[str] | None = None  # of the columns of X that it was fitted with
    fit_intercept: bool = True
    ridge: float | list[float] | None = 0.0  # for all outputs, or one for each; None: unknown
    positive: bool = False  # whether its weights may not fall below zero
    loss: str | None = None
    ridge_per_sample: float = 0.0  # beside `ridge`, for each of the samples
    ridge_of_bias: float = 0.0  # for the squares of the biases, as a part of the ridge
    class_weight: str | list[float] | None = None  # "balanced", "balanced by weight", or one for each class

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def provenance_of(origin: Mapping[str, Any] | None) -> Provenance:
    """Return what an origin says; what is said wrongly is refused."""
    if origin is None:
        return Provenance()
    if "provenance" not in origin:
        return _of_version_0_1(origin)
    return _checked(record(Provenance, "origin.provenance", origin["provenance"]))


def _checked(found: Provenance) -> Provenance:
    """Refuse what no estimator can have been fitted to."""
    for name, valid in (
        ("loss", (None, "squared", "logistic", "own")),
        ("class_weight", (None, "balanced", "balanced by weight")),
    ):
        value = getattr(found, name)
        if not isinstance(value, list) and value not in valid:
            raise check.error(ValueError, f"origin.provenance.{name}", f"expected one of {valid}, got {value!r}")
    for name in ("ridge", "ridge_per_sample", "ridge_of_bias", "class_weight"):
        value = getattr(found, name)
        if not isinstance(value, str):
            for number in value if isinstance(value, list) else () if value is None else (value,):
                check.number(f"origin.provenance.{name}", number, 0, sys.float_info.max)
    return found


def _of_version_0_1(origin: Mapping[str, Any]) -> Provenance:
    """Earlier origins say it among what is kept of a scikit-learn model."""
    if origin.get("library") != "sklearn":
        return Provenance(origin.get("library"))
    model = _mapping(origin, "model")
    steps = origin.get("scalers")
    found = [
        _mapping({"": step}, "").get("feature_names") for step in (*(steps if isinstance(steps, list) else []), model)
    ]
    params, kind = _mapping(model, "params"), str(model.get("class", ""))
    penalties = {"Ridge": params.get("alpha", 1.0), "RidgeCV": _mapping(model, "learnt").get("alpha_")}
    ridge = _plain(penalties.get(kind, 0.0))
    return Provenance(
        "sklearn",
        kind,
        next((names for names in found if isinstance(names, list)), None),
        bool(_plain(params.get("fit_intercept", True))),
        float(ridge) if isinstance(ridge, (int, float)) else None,
        bool(_plain(params.get("positive", False))),
    )


def _mapping(row: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = row.get(key)
    return value if isinstance(value, Mapping) else {}


def _plain(value: Any) -> Any:
    """Return a number of NumPy's as a plain one: it lies there with its dtype."""
    return value.get("array", value) if isinstance(value, Mapping) else value
