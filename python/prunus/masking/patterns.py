"""What is removed together, and what a network without it looks like."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from prunus import _core, _threads
from prunus._check import Bools
from prunus._functions import ACTIVATIONS
from prunus._layer import Layer
from prunus.network import Network


class Pattern(ABC):
    """The units that pruning removes, and how."""

    name: ClassVar[str]
    unit: ClassVar[str]  # what a criterion must score for it: "weight" or "neuron"
    ndim: ClassVar[int]  # of a layer's scores and masks

    @staticmethod
    @abstractmethod
    def prunable(network: Network) -> list[int]:
        """Return the indices of the layers that have something to remove."""

    @staticmethod
    @abstractmethod
    def apply(network: Network, masks: tuple[Bools, ...]) -> Network:
        """Return the network without what the masks remove; a mask is True where something is kept."""

    @staticmethod
    @abstractmethod
    def kept_weights(network: Network, masks: tuple[Bools, ...]) -> list[int]:
        """Return how many weights of each layer the masks keep."""


class WeightPattern(Pattern):
    """Single weights, wherever they are.

    What it does
    ------------
    Sets the removed weights to zero. Biases stay.

    Why
    ---
    Of all patterns it keeps the most accuracy at a given sparsity.

    Cost
    ----
    The sparse kernels skip every zero; dense libraries skip none.

    When it fails
    -------------
    Where the model must go to a dense library: there remove neurons.

    Examples
    --------
    >>> prunus.prune(network, sparsity=0.9, pattern="weight").masks[0].shape == network.layers[0].weight.shape
    True

    References
    ----------
    S. Han, J. Pool, J. Tran, W. Dally, "Learning both weights and connections for efficient neural networks", 2015.
    """

    name = "weight"
    unit = "weight"
    ndim = 2

    @staticmethod
    def prunable(network: Network) -> list[int]:
        return list(range(len(network.layers)))

    @staticmethod
    def apply(network: Network, masks: tuple[Bools, ...]) -> Network:
        threads = _threads.resolve(None)
        return network.replace(
            [
                layer.replace(_core.apply_mask(layer.weight, mask, threads))
                for layer, mask in zip(network.layers, masks, strict=True)
            ]
        )

    @staticmethod
    def kept_weights(network: Network, masks: tuple[Bools, ...]) -> list[int]:
        return [int(np.count_nonzero(mask)) for mask in masks]


class NeuronPattern(Pattern):
    """Whole neurons of hidden layers, with real removal.

    What it does
    ------------
    Removes the neuron's row of weights, so that its output is the constant activation(bias); adds what that constant
    contributed to the bias of the next layer, and drops the neuron and the column that read it. The result computes
    what the network with those rows set to zero would, with smaller matrices.

    Why
    ---
    Smaller dense matrices are faster everywhere, and in every format.

    Cost
    ----
    One small product for each layer.

    When it fails
    -------------
    At high sparsity: a neuron takes good weights with it. Single weights keep more accuracy.

    Examples
    --------
    >>> prunus.prune(network, X, y, sparsity=0.5, pattern="neuron", allocation="uniform").network.layers[0].n_out
    150

    References
    ----------
    M. Mozer, P. Smolensky, "Skeletonization: a technique for trimming the fat from a network", 1988.
    """

    name = "neuron"
    unit = "neuron"
    ndim = 1

    @staticmethod
    def prunable(network: Network) -> list[int]:
        return list(range(len(network.layers) - 1))

    @staticmethod
    def apply(network: Network, masks: tuple[Bools, ...]) -> Network:
        # First the rows are zero, in every layer; then what has become constant is taken out.
        masked = [
            layer.replace(np.where(kept[:, None], layer.weight, 0))
            for layer, kept in zip(network.layers, masks, strict=True)
        ]
        layers = masked[:1]
        for kept, following in zip(masks, masked[1:], strict=False):
            layers[-1:] = _remove(layers[-1], kept, following)
        return network.replace(layers)

    @staticmethod
    def kept_weights(network: Network, masks: tuple[Bools, ...]) -> list[int]:
        rows = [int(np.count_nonzero(mask)) for mask in masks]
        return [n_out * n_in for n_out, n_in in zip(rows, [network.layers[0].n_in, *rows[:-1]], strict=True)]


def _remove(layer: Layer, kept: Bools, following: Layer) -> list[Layer]:
    """Return the two layers without the neurons of the first that are not kept."""
    z = layer.bias[~kept].astype(np.float64)
    constant = ACTIVATIONS[layer.activation].value(z, layer.negative_slope)
    bias = following.bias + following.weight[:, ~kept].astype(np.float64) @ constant
    if not kept.any():  # a constant layer: nothing of the input is left
        return [following.replace(np.zeros((following.n_out, layer.n_in), layer.weight.dtype), bias)]
    return [layer.replace(layer.weight[kept], layer.bias[kept]), following.replace(following.weight[:, kept], bias)]
