"""What a criterion is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from prunus import _check
from prunus._check import Floats
from prunus._passes import Data
from prunus.network import Network


class Criterion(ABC):
    """The importance of weights or neurons: what scores low goes first.

    A subclass is a frozen dataclass; its fields are the criterion's options.
    """

    name: ClassVar[str]
    unit: ClassVar[str]  # what is scored: "weight" gives arrays (n_out, n_in), "neuron" (n_out,)
    needs_data: ClassVar[bool]

    if TYPE_CHECKING:  # which options there are is the subclass's to say

        def __init__(self, **options: Any) -> None: ...

    @abstractmethod
    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        """Return one array for each layer. `data` is None only if the criterion does not need it."""


def make(criterion: str | Criterion, registry: Mapping[str, type[Criterion]], options: Mapping[str, Any]) -> Criterion:
    """Return the criterion of this name with these options; a criterion that is ready is returned as it is."""
    if isinstance(criterion, Criterion):
        if options:
            raise TypeError(f"{', '.join(options)}: expected no options beside a criterion that already has its own")
        return criterion
    kind = _check.look_up("criterion", criterion, registry)
    known: list[str] = [field.name for field in fields(kind)] if is_dataclass(kind) else []
    for option in options:
        if option not in known:
            valid = ", ".join(known) or "none"
            raise TypeError(f"{option}: expected an option of criterion {kind.name!r} ({valid}), got an unknown one")
    return kind(**options)
