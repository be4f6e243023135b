"""Estimators that run an engine: who makes them lies above, and registers here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_MAKERS: list[Callable[[Any], Any]] = []


def register_maker(make: Callable[[Any], Any]) -> None:
    """Set what makes an estimator of a Pruned."""
    _MAKERS[:] = [make]


def as_estimator(pruned: Any) -> Any:
    """Return an estimator of a Pruned."""
    (make,) = _MAKERS
    return make(pruned)
