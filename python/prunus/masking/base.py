"""What a pattern is: the units that pruning removes together, and what a network without them looks like."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from prunus import _core
from prunus._base import Bools, Floats, resolve_threads
from prunus.network import Network

Masks = tuple[Bools, ...]


class Pattern(ABC):
    """The units that pruning removes, and how.

    A subclass with parameters, such as that of 2:4, is a frozen dataclass.

    Examples
    --------
    >>> str(prunus.patterns()["n:m"](2, 4))
    '2:4'
    """

    name: ClassVar[str]
    unit: ClassVar[str]  # what a criterion must score for it: "weight", "neuron" or "input"
    takes_target: ClassVar[bool] = True  # False: the pattern itself says how much goes, and has `choose`
    shrinks: ClassVar[bool] = False  # whether matrices get smaller

    @property
    def block(self) -> tuple[int, int]:
        """How many rows and columns of weights go together."""
        return 1, 1

    @classmethod
    def parse(cls, text: str) -> Pattern | None:
        """Return the pattern that the text names, or None."""
        return cls() if text == cls.name else None

    def __str__(self) -> str:
        return self.name

    @property
    def ndim(self) -> int:
        """Of a layer's scores and masks."""
        return 2 if self.unit == "weight" else 1

    def prunable(self, network: Network) -> list[int]:
        """Return the indices of the layers that have something to remove."""
        return list(range(len(network.layers)))

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a layer with scores of that shape can have the pattern."""
        return True

    def check(self, shape: tuple[int, ...]) -> None:  # noqa: B027 - most patterns fit any layer
        """Raise ValueError if the pattern does not fit."""

    def units(self, score: Floats, threads: int) -> Floats:
        """Return one score for each unit of a layer."""
        return score

    def spread(self, kept: Bools, shape: tuple[int, ...], threads: int) -> Bools:
        """Return the mask of a layer, of its scores' shape, from that of its units."""
        return kept

    def choose(self, score: Floats, threads: int) -> Bools:
        """Return the mask of a layer, for a pattern that takes no target."""
        raise NotImplementedError

    @property
    def quota(self) -> tuple[int, int]:
        """How many of how many neighbours of a row stay; (0, 1): none has to."""
        return 0, 1

    @property
    def neighbours(self) -> int:
        """Among how many of a row it may be chosen anew which of them stay, if as many do; 1: among none."""
        return 1

    def chosen_again(self, score: Floats, kept: Bools, there: Bools, stays: Bools | None, threads: int) -> Bools:
        """Return a mask that has as many units in each row of them as `kept`, by other scores, of those that are there.

        What must stay does.
        """
        return kept

    @abstractmethod
    def trained(self, network: Network, masks: Masks) -> list[Bools]:
        """Return which weights of each layer remain before it shrinks, in arrays that broadcast to its weight."""

    def kept(self, network: Network, masks: Masks) -> list[Bools]:
        """Return which weights of each layer remain in the end, likewise."""
        return self.trained(network, masks)

    def apply(self, network: Network, masks: Masks) -> Network:
        """Return the network with zeros for what the masks remove.

        They are set as the network was trained: with standardized inputs, what takes the place of a removed weight is the
        input's mean.
        """
        threads = resolve_threads(None)
        trained = network.unfolded()
        layers = [
            layer.replace(_core.apply_mask(layer.weight, full(mask, layer.weight.shape), threads))
            for layer, mask in zip(trained.layers, self.trained(network, masks), strict=True)
        ]
        return network.refolded(trained.replace(layers))

    def shrink(self, network: Network, masks: Masks) -> Network:
        """Return a network that computes what one with those zeros does, with smaller matrices if the pattern shrinks them."""
        return network


def full(mask: Bools, shape: Sequence[int]) -> Bools:
    """Return the mask, broadcast to a weight's shape."""
    return mask if mask.shape == tuple(shape) else np.ascontiguousarray(np.broadcast_to(mask, shape))
