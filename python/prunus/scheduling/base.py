"""What a schedule is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from prunus._base import check
from prunus.scheduling.settings import FineTune, settings_of


class Schedule(ABC):
    """The sparsity after each round.

    A subclass is a frozen dataclass; its fields are the schedule's options.

    Examples
    --------
    >>> prunus.schedules()["cubic"](rounds=4).sparsities(0.0, 0.64)
    [0.37, 0.56, 0.63, 0.64]
    """

    name: ClassVar[str]
    fine_tune: int | FineTune | None = None

    @abstractmethod
    def sparsities(self, start: float, end: float) -> list[float]:
        """Return the sparsity after each round: rising from `start`, before the first, to exactly `end`."""


def check_rounds(rounds: object, fine_tune: object) -> int:
    """Return the number of rounds; refuse what is none, and what is no training."""
    settings_of(fine_tune)
    return check.integer("rounds", rounds, minimum=1)
