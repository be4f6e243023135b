"""Importance by size."""

from __future__ import annotations

from dataclasses import dataclass

from prunus import _core
from prunus._check import Floats
from prunus._passes import Data
from prunus.network import Network
from prunus.scoring.base import Criterion


@dataclass(frozen=True)
class Magnitude(Criterion):
    """Absolute value of the weight, ``|w|``.

    What it does
    ------------
    Scores every weight by its absolute value.

    Why
    ---
    The strongest criterion that needs no data, and hard to beat by selection alone.

    Cost
    ----
    One pass over the weights.

    When it fails
    -------------
    When inputs or layers have very different scales: ranked globally it then empties the layer with the small
    weights first. Scale the inputs, or use ``allocation="uniform"``.

    Examples
    --------
    >>> prunus.importance(network, "magnitude")[0].shape == network.layers[0].weight.shape
    True

    References
    ----------
    S. Han, J. Pool, J. Tran, W. Dally, "Learning both weights and connections for efficient neural networks", 2015.
    """

    name = "magnitude"
    unit = "weight"
    needs_data = False

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        return tuple(_core.absolute(layer.weight, threads) for layer in network.layers)
