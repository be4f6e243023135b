"""What a compensation is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from prunus._base import Bools
from prunus.data import Data
from prunus.network import Layer, Network


class Compensation(ABC):
    """New values for the weights that are left, layer by layer, once the masks are known.

    A subclass is a frozen dataclass; its fields are the compensation's options.

    Examples
    --------
    >>> list(prunus.compensations())
    ['none', 'refit']
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()  # of the data: (), ("X",) or ("X", "y")

    def needs_for(self, network: Network) -> tuple[str, ...]:
        """Return what it needs of the data for this network."""
        return self.needs

    def require(self, network: Network) -> None:  # noqa: B027 - most take any network
        """Raise NotSupportedError for a network that it cannot compensate."""

    @abstractmethod
    def layer(
        self, i: int, dense: Network, sparse: Network, kept: Sequence[Bools], data: Data | None, threads: int
    ) -> Layer:
        """Return the i-th layer of `sparse` with new values where `kept` is True, and zeros elsewhere.

        `dense` is the network before anything went, `sparse` has its zeros, and new values in the layers before; `kept` has
        one mask of its weight's shape for each layer. Both take standardized inputs, as `data` are.
        """

    def apply(self, dense: Network, sparse: Network, kept: Sequence[Bools], data: Data | None, threads: int) -> Network:
        """Go through the layers, the first one first."""
        for i in range(len(sparse.layers)):
            layers = list(sparse.layers)
            layers[i] = self.layer(i, dense, sparse, kept, data, threads)
            sparse = sparse.replace(layers)
        return sparse
