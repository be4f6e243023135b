"""Arguments that sweeps share."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from prunus._base import check
from prunus.pruning.asking import request_of

_NOT_TAKEN = {  # or arguments of their own
    *("model", "X", "y", "sparsity", "threshold", "max_accuracy_drop", "max_bytes", "max_latency_us", "control"),
    *("explain", "latency_batch", "latency_threads", "pattern", "X_val", "y_val"),
}
OPTIONS = [name for name in inspect.signature(request_of).parameters if name not in _NOT_TAKEN]


def checked_options(options: Iterable[str]) -> None:
    """Refuse what is no option of `prune`, or none that a sweep takes."""
    for name in options:
        if name not in OPTIONS:
            raise check.error(TypeError, name, f"expected an option of prune ({', '.join(OPTIONS)}), got another")


def listed(name: str, values: Any) -> list[Any]:
    """Return them as a list of at least one."""
    try:
        found = list(values)
    except TypeError:
        raise check.error(TypeError, name, f"expected a sequence, got {check.describe(values)}") from None
    if not found:
        raise check.error(ValueError, name, "expected at least one, got none")
    return found


def several(name: str, values: Any, low: float, high: float) -> list[float]:
    """Return numbers, at least one."""
    return [check.number(name, value, low, high) for value in listed(name, values)]
