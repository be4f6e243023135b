"""Parameters and fitted attributes as plain JSON values, and back with their types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those that a file should hold.

    The others fall back to the default of the class: what JSON has no form for, a RandomState, say, and matrices, which no
    parameter needs after the fit.
    """
    return {name: encoded for name, value in values.items() if _is_json(encoded := _encoded(value))}


def restored(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `plain` was given."""
    return {name: _decoded(value) for name, value in values.items()}


def _encoded(value: Any) -> Any:
    """JSON has one sequence, and its keys are strings; tuples are the plain ones, as they are in the first files."""
    if isinstance(value, (np.generic, np.ndarray)):
        return {"array": value.tolist(), "dtype": value.dtype.str} if value.ndim < 2 else value
    if isinstance(value, dict):  # class_weight
        return {"items": [[_scalar(key), _scalar(entry)] for key, entry in value.items()]}
    if isinstance(value, list):
        return {"list": [_scalar(entry) for entry in value]}
    return [_scalar(entry) for entry in value] if isinstance(value, tuple) else value


def _scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if not isinstance(value, dict):
        return value
    if "items" in value:
        return dict(value["items"])
    if "list" in value:
        return value["list"]
    dtype = np.dtype(value["dtype"])
    if dtype.kind not in "biufUO":
        raise ValueError(f"expected an array of numbers or names, got one of {dtype}")
    # As wide as its strings are, whatever the dtype says of them: its room is made before it is filled.
    return np.array(value["array"], dtype=np.str_ if dtype.kind == "U" else dtype)[()]
