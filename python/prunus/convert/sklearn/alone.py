"""What fits like an estimator that chose a parameter by cross-validation, or stopped early, but does neither."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Alone = Callable[[Any, Mapping[str, Any]], Any]  # of an unfitted estimator, and what a fit told


def as_it_is(model: Any, _: Mapping[str, Any]) -> Any:
    """Fit with the same class and parameters."""
    return model


def chosen(cls: Any, *parameters: str) -> Alone:
    """Fit with a class that is given the parameters, those that the other had chosen and those that both have."""

    def alone(model: Any, learnt: Mapping[str, Any]) -> Any:
        known = cls().get_params(deep=False)
        shared = {
            name: value
            for name, value in model.get_params(deep=False).items()
            if name in known and not (isinstance(value, str) and value in ("deprecated", "warn"))
        }
        found = {name: _number(learnt.get(f"{name}_")) for name in parameters}
        return cls(**{**shared, **{name: value for name, value in found.items() if value is not None}})

    return alone


def with_time(model: Any, _: Mapping[str, Any]) -> Any:
    """Fit with as many iterations as it takes."""
    return model.set_params(max_iter=max(model.max_iter, 10_000))


def _number(value: Any) -> float | None:
    """Return the one number that was chosen; of one output there is one."""
    numbers = [] if value is None else np.ravel(value).tolist()
    return None if not numbers or numbers[0] is None else float(numbers[0])
