"""What may change of a network, as one vector: the weights that are left, and the biases where these are fitted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prunus._base import Bools, Doubles
from prunus.network import Network

Change = list[tuple[Doubles, Doubles]]  # of each layer's weight and bias


class Parameters:
    """Which they are, and the way from arrays to vectors and back."""

    def __init__(self, network: Network, kept: Sequence[Bools], fits_biases: bool) -> None:
        self.kept = kept
        self.fits_biases = fits_biases
        self._sizes = [
            (int(np.count_nonzero(mask)), layer.n_out if fits_biases else 0)
            for mask, layer in zip(kept, network.layers, strict=True)
        ]
        self.size = sum(map(sum, self._sizes))

    def vector(self, arrays: Sequence[tuple[Doubles, Doubles]]) -> Doubles:
        """Return one vector of what may change in the arrays."""
        parts = []
        for (weight, bias), mask in zip(arrays, self.kept, strict=True):
            parts += [weight[mask], bias] if self.fits_biases else [weight[mask]]
        return np.concatenate(parts)

    def arrays(self, vector: Doubles) -> Change:
        """Return the arrays of a vector, with zeros for what may not change."""
        found, at = [], 0
        for mask, (n_weights, n_biases) in zip(self.kept, self._sizes, strict=True):
            weight, bias = np.zeros(mask.shape), np.zeros(len(mask))
            weight[mask] = vector[at : at + n_weights]
            bias[:n_biases] = vector[at + n_weights : at + n_weights + n_biases]
            found.append((weight, bias))
            at += n_weights + n_biases
        return found

    def moved(self, network: Network, vector: Doubles) -> Network:
        """Return the network, changed by that."""
        return network.replace(
            [
                layer.replace(
                    (layer.weight + weight).astype(layer.weight.dtype), (layer.bias + bias).astype(layer.bias.dtype)
                )
                for layer, (weight, bias) in zip(network.layers, self.arrays(vector), strict=True)
            ]
        )
