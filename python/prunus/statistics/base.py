"""What a statistic is: gather batch by batch, merge what others have gathered, finish."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

from prunus._base import Floats, check
from prunus.network import Forward, Trace


class Statistic(ABC):
    """Something that is learnt from data by sums. It can be pickled, and merged with those of other pieces of the data.

    Examples
    --------
    >>> first, second = prunus.statistics.SecondMoments(), prunus.statistics.SecondMoments()
    >>> prunus.statistics.gather(network, X[:100], None, first)
    >>> prunus.statistics.gather(network, X[100:], None, second)
    >>> [part.shape for part in first.merge(second).finish()]
    [(64,), (300,), (20,)]
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ("X",)  # ("X", "y"): batches come as a Trace, with gradients

    @abstractmethod
    def gather(self, batch: Any) -> None:
        """Add a batch, a Forward or a Trace; what a sample counts for is in its `share`, of whatever sum."""

    @abstractmethod
    def _merge(self, other: Any) -> None:
        """Add what another of the same class has gathered, neither of them nothing."""

    @abstractmethod
    def finish(self) -> Any:
        """Return the result. It may be gathered further afterwards."""

    @abstractmethod
    def _begin(self) -> None:
        """Hold nothing. A constructor stores its options and calls this."""

    @property
    @abstractmethod
    def weight(self) -> float:
        """The sum of what the samples counted for."""

    def merge(self, other: Self) -> Self:
        """Add what another has gathered, which is not changed. Returns itself."""
        if type(other) is not type(self):
            raise check.error(TypeError, "other", f"expected a {type(self).__name__}, got {check.describe(other)}")
        if other.weight == 0:
            return self
        if self.weight == 0:
            self.__dict__ = copy.deepcopy(other.__dict__)
        else:
            self._merge(other)
        return self

    def empty(self) -> Self:
        """Return one with the same options that has gathered nothing."""
        other = copy.copy(self)
        other._begin()
        return other

    def _require_weight(self) -> float:
        if self.weight == 0:
            raise check.error(ValueError, "X", "expected at least one sample of positive weight, got none")
        return self.weight


class Means(Statistic):
    """A statistic that is a (weighted) mean over the samples, of one array for each layer."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._sums: list[Floats] = []
        self._weight = 0.0

    @abstractmethod
    def sums(self, batch: Any) -> Sequence[Floats]:
        """Return new arrays, for each layer the sum over the samples of what is averaged, times what each counts for."""

    @property
    def weight(self) -> float:
        return self._weight

    def gather(self, batch: Forward | Trace) -> None:
        self._add(self.sums(batch), float(batch.share.sum()))

    def _merge(self, other: Means) -> None:
        self._add(other._sums, other._weight)

    def _add(self, sums: Sequence[Floats], weight: float) -> None:
        for old, new in zip(self._sums, sums, strict=True) if self._sums else ():
            old += new
        self._sums = self._sums or list(sums)
        self._weight += weight

    def finish(self) -> tuple[Floats, ...]:
        """Return the mean, one array for each layer."""
        weight = self._require_weight()
        return tuple(total / weight for total in self._sums)
