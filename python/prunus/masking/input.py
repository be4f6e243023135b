"""Whole input features."""

from __future__ import annotations

import numpy as np

from prunus._base import Bools
from prunus.masking.base import Masks, Pattern
from prunus.network import Network


class InputPattern(Pattern):
    """Whole columns of X, with real removal.

    What it does
    ------------
    Removes a feature: the first layer's column that read it. `Network.inputs` says which columns of X are still read, so
    that the network takes the X it took before. Behind a scaler a removed feature is taken for its mean.

    Why
    ---
    What is not read need not be measured, and a model of few features can be explained.

    Cost
    ----
    Nothing.

    When it fails
    -------------
    Where features stand in for one another: each alone looks dispensable. Where many features matter a little.

    Examples
    --------
    >>> pruned = prunus.prune(network, sparsity=0.25, pattern="input")
    >>> pruned.network.n_in, pruned.network.layers[0].n_in
    (64, 48)

    References
    ----------
    I. Guyon, A. Elisseeff, "An introduction to variable and feature selection", 2003.
    """

    name = "input"
    unit = "input"
    shrinks = True

    def prunable(self, network: Network) -> list[int]:
        return [0]

    def trained(self, network: Network, masks: Masks) -> list[Bools]:
        return [mask[None, :] for mask in masks]

    def shrink(self, network: Network, masks: Masks) -> Network:
        kept = masks[0]
        if not kept.any():  # a layer has one column at least; its weights are zero
            kept = np.arange(len(kept)) == 0
        return network.with_inputs(kept)
