"""Whole neurons."""

from __future__ import annotations

import numpy as np

from prunus._base import Bools
from prunus.masking.base import Masks, Pattern
from prunus.network import ACTIVATIONS, Layer, Network


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
    shrinks = True

    def prunable(self, network: Network) -> list[int]:
        return list(range(len(network.layers) - 1))

    def trained(self, network: Network, masks: Masks) -> list[Bools]:
        return [mask[:, None] for mask in masks]

    def kept(self, network: Network, masks: Masks) -> list[Bools]:
        columns = [np.ones(network.layers[0].n_in, np.bool_), *masks[:-1]]
        return [np.logical_and.outer(rows, read) for rows, read in zip(masks, columns, strict=True)]

    def shrink(self, network: Network, masks: Masks) -> Network:
        # In all layers the rows are zero already: what is constant is taken out from the first layer on.
        layers = [network.layers[0]]
        for kept, following in zip(masks, network.layers[1:], strict=False):
            layers[-1:] = _remove(layers[-1], kept, following)
        return network.replace(layers)


def _remove(layer: Layer, kept: Bools, following: Layer) -> list[Layer]:
    """Return the two layers without the neurons of the first that are not kept."""
    if kept.all():
        return [layer, following]
    z = layer.bias[~kept].astype(np.float64)
    constant = ACTIVATIONS[layer.activation].value(z, layer.negative_slope)
    bias = following.bias + following.weight[:, ~kept].astype(np.float64) @ constant
    if not kept.any():  # a constant layer: nothing of the input is left
        return [following.replace(np.zeros((following.n_out, layer.n_in), layer.weight.dtype), bias)]
    return [layer.replace(layer.weight[kept], layer.bias[kept]), following.replace(following.weight[:, kept], bias)]
