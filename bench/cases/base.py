"""What a case is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from bench.machine import Machine


class Case(ABC):
    """A computation with its data, the right answer, and the physical limit. Must pickle: workers get a copy."""

    kind: ClassVar[str]
    threads: int
    checks_every_round: ClassVar[bool] = False  # else the first and the last

    @classmethod
    @abstractmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:
        """Yield the cases to run; `quick` is for trying out: small, and no figure to quote."""

    @classmethod
    def grid(cls, threads: int) -> Iterator[Case]:
        """Yield all cases there are, for a long run."""
        yield from cls.variants(threads, quick=False)

    @property
    @abstractmethod
    def title(self) -> str:
        """What the table calls it."""

    @abstractmethod
    def data(self, seed: int) -> Any:
        """Return the data of one round; where the seed matters, they are fresh every time."""

    @abstractmethod
    def check(self, data: Any, result: Any) -> None:
        """Raise AssertionError if the result is not right for the data."""

    def facts(self, data: Any, result: Any) -> Mapping[str, float]:  # noqa: ARG002
        """Return what the table tells of a result beside its time, by the names of its columns."""
        return {}

    @abstractmethod
    def limit(self, machine: Machine) -> tuple[str, float]:
        """Return the name of the physical limit, and the least number of microseconds it allows."""
