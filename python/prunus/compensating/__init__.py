"""New values for what is left: one class and one line for each compensation; refining, of all layers together."""

from __future__ import annotations

from collections.abc import Mapping

from prunus._base import check, registry
from prunus.compensating.base import Compensation, Removal
from prunus.compensating.fast import Fast
from prunus.compensating.none import NoCompensation
from prunus.compensating.obs import Obs
from prunus.compensating.optimum import has_optimum
from prunus.compensating.refining import Refine, refine_of, refined
from prunus.compensating.refit import Refit

_COMPENSATIONS: Mapping[str, type[Compensation]] = registry(
    NoCompensation,
    Refit,
    Obs,
    Fast,
)


def compensations() -> Mapping[str, type[Compensation]]:
    """Return the compensations: name -> class, whose docstring says what it does, why, what it costs and when it fails.

    Examples
    --------
    >>> list(prunus.compensations())
    ['none', 'refit', 'obs', 'fast']
    """
    return _COMPENSATIONS


def compensation_of(compensate: str | Compensation) -> Compensation:
    """Return the compensation of that name; one that is ready is returned as it is."""
    if isinstance(compensate, Compensation):
        return compensate
    return check.look_up("compensate", compensate, _COMPENSATIONS)()


__all__ = [
    "Compensation",
    "Fast",
    "NoCompensation",
    "Obs",
    "Refine",
    "Refit",
    "Removal",
    "compensation_of",
    "compensations",
    "has_optimum",
    "refine_of",
    "refined",
]
