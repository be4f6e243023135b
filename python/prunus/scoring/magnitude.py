"""Importance by size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prunus import _core
from prunus._base import Floats
from prunus.data import Data
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
    needs = ()

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        return tuple(_core.absolute(layer.weight, threads) for layer in network.layers)


@dataclass(frozen=True)
class WeightNorm(Criterion):
    """Euclidean norm of the neuron's weights.

    What it does
    ------------
    Scores every neuron by the size of the row of weights that it reads its inputs with; the bias does not count.

    Why
    ---
    It needs no data, and finds neurons that training has shrunk.

    Cost
    ----
    One pass over the weights.

    When it fails
    -------------
    When the next layer reads a small output with large weights: ``output_contribution`` sees both.

    Examples
    --------
    >>> prunus.importance(network, "weight_norm")[0].shape == (network.layers[0].n_out,)
    True

    References
    ----------
    H. Li, A. Kadav, I. Durdanovic, H. Samet, H. P. Graf, "Pruning filters for efficient convnets", 2017.
    """

    name = "weight_norm"
    unit = "neuron"
    needs = ()

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        return tuple(_norms(layer.weight, 1) for layer in network.layers)


@dataclass(frozen=True)
class InputNorm(Criterion):
    """Euclidean norm of the weights that read the input.

    What it does
    ------------
    Scores every input of a layer by the size of its column of weights. Behind a scaler these are the weights of
    standardized inputs, which can be compared.

    Why
    ---
    It needs no data. In a linear model of standardized features it is the size of the coefficient.

    Cost
    ----
    One pass over the weights.

    When it fails
    -------------
    When inputs of different scales were not standardized: what is measured in small units gets small weights.

    Examples
    --------
    >>> prunus.importance(network, "input_norm")[0].shape == (network.layers[0].n_in,)
    True

    References
    ----------
    A. Verikas, M. Bacauskiene, "Feature selection with neural networks", 2002 (compares it with others).
    """

    name = "input_norm"
    unit = "input"
    needs = ()

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        return tuple(_norms(layer.weight, 0) for layer in network.layers)


def _norms(weight: Floats, axis: int) -> Floats:
    """Euclidean norms, summed in float64, in the weight's dtype."""
    return np.asarray(np.linalg.norm(weight.astype(np.float64), axis=axis).astype(weight.dtype))
