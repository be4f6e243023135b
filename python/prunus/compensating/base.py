"""What a compensation is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from prunus._base import Bools, Doubles
from prunus.compensating.inputs import Inputs
from prunus.data import Data
from prunus.masking import Pattern
from prunus.network import Layer, Network

# Of samples (n, k), targets (n,) and weights (n,), or None for such as count the same: coefficients (k,) and the intercept.
OwnFit = Callable[[Any, Doubles, Doubles | None], tuple[Doubles, float]]


@dataclass(frozen=True)
class Removal:
    """What was removed, and by which data the rest is to make up for it; masks of the weights' shapes, one for each layer."""

    dense: Network  # before; it takes standardized inputs, as `data` are
    kept: Sequence[Bools]
    there: Sequence[Bools]  # before
    pattern: Pattern  # in whose units
    stays: Sequence[Bools] | None  # what must, of the scores' shapes; None: anything may go
    data: Data | None
    threads: int
    own_fit: OwnFit | None = None  # of the library that the model came from, for one output; None: it has none here
    in_order: bool = False  # whether each row lost first what costs least on the inputs that its layer had before
    # What is the same for whatever is removed of `dense`: its sums, and problems of layers whose inputs are as they were.
    shared: dict[Any, Any] = field(default_factory=dict)

    @property
    def inputs(self) -> Inputs:
        """What layers read now, and summed up before."""
        assert self.data is not None
        if "inputs" not in self.shared:
            self.shared["inputs"] = Inputs(self.dense, self.data)
        found: Inputs = self.shared["inputs"]
        return found

    def has_begun(self, i: int) -> bool:
        """Whether the i-th layer or one before it lost anything."""
        return any((kept != there).any() for kept, there in zip(self.kept[: i + 1], self.there, strict=False))


class Compensation(ABC):
    """New values for the weights that are left, layer by layer, once the masks are known.

    A subclass is a frozen dataclass; its fields are the compensation's options.

    Examples
    --------
    >>> list(prunus.compensations())
    ['none', 'refit', 'obs', 'fast']
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()  # of the data: (), ("X",) or ("X", "y")

    def needs_for(self, network: Network) -> tuple[str, ...]:
        """Return what it needs of the data for this network."""
        return self.needs

    def require(self, network: Network) -> None:  # noqa: B027 - most take any network
        """Raise NotSupportedError for a network that it cannot compensate."""

    @abstractmethod
    def layer(self, i: int, sparse: Network, removal: Removal) -> tuple[Layer, Bools]:
        """Return the i-th layer of `sparse` with new values where a weight is left, zeros elsewhere, and where that is.

        `sparse` has zeros for what was removed, and new values in the layers before. What is left is `removal.kept[i]`, or as
        many units of each row that were there before.
        """

    def apply(self, sparse: Network, removal: Removal) -> tuple[Network, list[Bools]]:
        """Go through the layers, the first one first. Return the network, and which weights are left of each layer."""
        kept = []
        for i in range(len(sparse.layers)):
            layers = list(sparse.layers)
            layers[i], left = self.layer(i, sparse, removal)
            kept.append(left)
            sparse = sparse.replace(layers)
        return sparse, kept
