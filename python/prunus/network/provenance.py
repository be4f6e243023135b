"""Provenance: what is known of the model that a network was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from prunus._base import check


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


_TYPES: Mapping[str, tuple[type, ...]] = {
    "library": (str, type(None)),
    "kind": (str,),
    "feature_names": (list, type(None)),
    "fit_intercept": (bool,),
    "ridge": (int, float, type(None)),
    "positive": (bool,),
}


def provenance_of(origin: Mapping[str, Any] | None) -> Provenance:
    """Return what an origin says; what is said wrongly is refused."""
    if origin is None:
        return Provenance()
    if "provenance" not in origin:
        return _of_version_0_1(origin)
    row = origin["provenance"]
    if not isinstance(row, Mapping) or row.keys() != {field.name for field in fields(Provenance)}:
        raise check.error(ValueError, "origin", f"expected a provenance with the keys {', '.join(_TYPES)}, got {row!r}")
    for name, kinds in _TYPES.items():
        if not isinstance(row[name], kinds) or (isinstance(row[name], bool) and bool not in kinds):
            raise check.error(ValueError, "origin", f"expected a provenance with its own {name}, got {row[name]!r}")
    if any(not isinstance(name, str) for name in row["feature_names"] or ()):
        raise check.error(ValueError, "origin", f"expected names of features, got {row['feature_names']!r}")
    return Provenance(**row)


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
