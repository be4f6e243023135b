"""What a criterion is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from prunus._base import Floats, check
from prunus.data import Data
from prunus.network import Network


class Criterion(ABC):
    """The importance of weights, neurons or inputs: what scores low goes first.

    A subclass is a frozen dataclass; its fields are the criterion's options.
    """

    name: ClassVar[str]
    unit: str  # what is scored: "weight" gives arrays (n_out, n_in), "neuron" (n_out,), "input" (n_in,)
    needs: ClassVar[tuple[str, ...]]  # of the data: (), ("X",) or ("X", "y")
    compensation: ClassVar[str] = "none"  # what goes with it if nothing else is asked for
    # The same: lamp kept most accuracy with nearly every criterion (docs/which-criterion.md).
    allocation: ClassVar[str] = "lamp"
    are_prices: ClassVar[bool] = False  # whether scores are rises of the loss, which can be compared over all layers

    if TYPE_CHECKING:  # which options there are is the subclass's to say

        def __init__(self, **options: Any) -> None: ...

    def seeded(self, rng: np.random.Generator) -> Criterion:
        """Return the criterion with this generator, if it draws and has no seed of its own."""
        return self

    def for_units(self, unit: str, block: tuple[int, int]) -> Criterion:
        """Return the criterion for such units, of weights so many rows and columns together, if it tells them apart."""
        return self

    def needs_for(self, network: Network) -> tuple[str, ...]:
        """Return what it needs of the data for this network."""
        return self.needs

    def require(self, network: Network) -> None:  # noqa: B027 - most take any network
        """Raise NotSupportedError for a network that it cannot score."""

    @abstractmethod
    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        """Return one array for each layer. `data` has what the criterion needs: samples, labels beside them, or is None."""


def make(criterion: str | Criterion, registry: Mapping[str, type[Criterion]], options: Mapping[str, Any]) -> Criterion:
    """Return the criterion of this name with these options; a criterion that is ready is returned as it is."""
    if isinstance(criterion, Criterion):
        if options:
            raise check.error(
                TypeError, ", ".join(options), "expected no options beside a criterion that already has its own"
            )
        return criterion
    kind = check.look_up("criterion", criterion, registry)
    known: list[str] = [field.name for field in fields(kind)] if is_dataclass(kind) else []
    for option in options:
        if option not in known:
            valid = ", ".join(known) or "none"
            raise check.error(
                TypeError, option, f"expected an option of criterion {kind.name!r} ({valid}), got an unknown one"
            )
    return kind(**options)


def per_layer(name: str, value: Any, network: Network, criterion: str) -> list[Floats]:
    """Return an option that has an array for each layer, of the shape and dtype of its weight."""
    if value is None:
        raise check.error(
            ValueError, name, f"expected an array for each layer, which criterion {criterion!r} needs, got None"
        )
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise check.error(
            TypeError, name, f"expected a sequence of arrays, one for each layer, got {check.describe(value)}"
        )
    if len(value) != len(network.layers):
        raise check.error(
            ValueError, name, f"expected {len(network.layers)} arrays, one for each layer, got {len(value)}"
        )
    arrays = []
    for i, (given, layer) in enumerate(zip(value, network.layers, strict=True)):
        array = check.finite(f"{name}[{i}]", check.float_array(f"{name}[{i}]", given, dtype=network.dtype))
        if array.shape != layer.weight.shape:
            raise check.error(
                ValueError, f"{name}[{i}]", f"expected the shape {layer.weight.shape}, got {check.describe(array)}"
            )
        arrays.append(array)
    return arrays
