"""Schedules: in how many rounds a network is pruned, how sparse it is after each, and whether it is trained in between."""

from __future__ import annotations

from collections.abc import Mapping

from prunus._base import check, registry
from prunus.scheduling.base import Schedule
from prunus.scheduling.cubic import Cubic
from prunus.scheduling.iterative import Iterative
from prunus.scheduling.one_shot import OneShot
from prunus.scheduling.settings import FineTune, settings_of

_SCHEDULES: Mapping[str, type[Schedule]] = registry(
    OneShot,
    Iterative,
    Cubic,
)


def schedules() -> Mapping[str, type[Schedule]]:
    """Return the schedules: name -> class, whose docstring says what it does, why, what it costs and when it fails.

    Examples
    --------
    >>> list(prunus.schedules())
    ['one-shot', 'iterative', ...]
    """
    return _SCHEDULES


def schedule_of(schedule: str | Schedule) -> Schedule:
    """Return the schedule of that name; one that is ready is returned as it is."""
    return schedule if isinstance(schedule, Schedule) else check.look_up("schedule", schedule, _SCHEDULES)()


__all__ = [
    "Cubic",
    "FineTune",
    "Iterative",
    "OneShot",
    "Schedule",
    "schedule_of",
    "schedules",
    "settings_of",
]
