"""Each neuron's least squares problem on its support, alone: nearly what the Gauss-Newton matrix does, and soon solved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prunus import _core
from prunus._base import Doubles
from prunus.compensating.parameters import Parameters
from prunus.data import Data
from prunus.network import Network
from prunus.statistics import Gram, LayerGrams, collect

# A neuron whose sum hardly curves the loss would move far: it counts for at least so much of its layer's mean.
_LEAST_CURVATURE = 1e-3


def grams_of(network: Network, data: Data, layers: Sequence[int]) -> tuple[Gram, ...]:
    """Return the Gram matrices of what some layers read."""
    if not layers:
        return ()
    grams = LayerGrams(network.fits_biases, layers)
    collect(network, data, grams)
    return grams.finish()


class Preconditioner:
    """Solves c[r] G w = g for each row r of each layer: G the Gram matrix of its inputs, c its neuron's mean curvature."""

    def __init__(
        self,
        network: Network,
        parameters: Parameters,
        data: Data,
        of_inputs: tuple[Gram, ...],
        damping: float,
        threads: int,
    ) -> None:
        """`of_inputs`: the first layer's Gram matrix, which no step changes."""
        from prunus import solving  # it takes a quarter of the time to import prunus

        self._grams = of_inputs + grams_of(network, data, range(1, len(network.layers)))
        self._systems = [solving.layer_system(gram, damping) for gram in self._grams]
        self._least = [solving.least_pivot(system) for system in self._systems]
        self._curvatures = [c + _LEAST_CURVATURE * c.mean() for c in network.curvatures(data)]
        self._parameters, self._threads = parameters, threads

    def solve(self, vector: Doubles) -> Doubles:
        """Return w for g."""
        found = []
        for i, (weight, bias) in enumerate(self._parameters.arrays(vector)):
            gram, system, kept = self._grams[i], self._systems[i], self._parameters.kept[i] & ~self._systems[i].constant
            curvature = np.where(self._curvatures[i] > 0, self._curvatures[i], 1)
            # About the means of the inputs weights and bias have nothing to do with one another.
            products = (weight - np.outer(bias, gram.x_mean)) / system.scale / curvature[:, None]
            solved, is_done = _core.fit_rows(system.matrix, products, kept, self._least[i], self._threads)
            solved = np.where(is_done[:, None], solved, products * kept) / system.scale
            found.append((solved, bias / curvature - solved @ gram.x_mean))
        return self._parameters.vector(found)
