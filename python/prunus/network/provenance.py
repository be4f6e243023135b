"""Provenance: what is known of the model that a network was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from prunus._base import record


@dataclass(frozen=True)
class Provenance:
    """What others than its converter may ask of a foreign model."""

    library: str | None = None  # None: it came from none
    kind: str = ""  # the name of its class
    feature_names: list[str] | None = None  # of the columns of X that it was fitted with
    fit_intercept: bool = True
    ridge: float | None = 0.0  # its penalty, as in scikit-learn's Ridge; None: one for each output, or unknown
    positive: bool = False  # whether its weights may not fall below zero

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def provenance_of(origin: Mapping[str, Any] | None) -> Provenance:
    """Return what an origin says; what is said wrongly is refused."""
    if origin is None:
        return Provenance()
    if "provenance" not in origin:
        return _of_version_0_1(origin)
    return record(Provenance, "origin.provenance", origin["provenance"])


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
