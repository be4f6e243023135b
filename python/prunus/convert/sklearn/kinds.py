"""Which estimators there are converters for: one line for each family."""

from __future__ import annotations

from typing import Any

from prunus._base import NotSupportedError, check
from prunus.convert.sklearn import classifiers, linear, perceptrons
from prunus.convert.sklearn.base import Kind, entry_of
from prunus.convert.sklearn.front import STEPS, Step

KINDS: dict[str, Kind] = {
    **linear.KINDS,
    **classifiers.KINDS,
    **perceptrons.KINDS,
}


def register(entry: Kind | Step) -> None:
    """Add what converts a class that lives elsewhere: a model, or what stands before one."""
    table: dict[str, Any] = KINDS if isinstance(entry, Kind) else STEPS
    table[entry.cls.__name__] = entry


def kind_of(estimator: Any) -> Kind:
    """Return how an estimator's class is converted; the error names it, and those there are."""
    kind = entry_of(KINDS, estimator)
    if kind is None:
        raise check.error(
            NotSupportedError,
            "estimator",
            "expected a supported one, alone or as the last step of a Pipeline, "
            f"got {type(estimator).__name__}; supported: {_listed()}; before one of them: {', '.join(STEPS)}",
        )
    return kind


def _listed() -> str:
    """Their names, with those that choose their own parameter by cross-validation as `Ridge(CV)`."""
    names = [name for name in sorted(KINDS) if name.removesuffix("CV") == name or name.removesuffix("CV") not in KINDS]
    return ", ".join(f"{name}(CV)" if f"{name}CV" in KINDS else name for name in names)
