"""Importance by the gradient of the loss with respect to the weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prunus import _core
from prunus._base import Floats
from prunus.data import Data
from prunus.network import Network
from prunus.scoring.base import Criterion


@dataclass(frozen=True)
class Gradient(Criterion):
    """Absolute value of the gradient of the mean loss, ``|dL/dw|``.

    What it does
    ------------
    Scores every weight by how much a small change of it would change the loss over the data.

    Why
    ---
    With ``threshold=eps`` it is the rule that removes w where ``||dL/dw|| < eps``.

    Cost
    ----
    One forward and one backward pass over the data.

    When it fails
    -------------
    On a trained model. Near a minimum every gradient is small, whatever the weight is worth, so it keeps far less
    accuracy than magnitude: a 784-40-20-10 network for MNIST fell from 93.97 % to 33.8 % at 90 % sparsity, where
    magnitude kept 90.3 %. Prefer ``magnitude`` or ``saliency``.

    Examples
    --------
    >>> scores = prunus.importance(network, "gradient", X=X, y=y)

    References
    ----------
    M. Mozer, P. Smolensky, "Skeletonization", 1988, for sensitivity of the loss as importance.
    """

    name = "gradient"
    unit = "weight"
    needs = ("X", "y")

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        assert data is not None
        return tuple(_core.absolute(g, threads) for g in network.gradients(data).weights)


@dataclass(frozen=True)
class Saliency(Criterion):
    """Absolute value of weight times gradient, ``|w * dL/dw|``.

    What it does
    ------------
    Scores every weight by the first-order estimate of how much the loss changes if it is set to zero.

    Why
    ---
    Unlike the gradient alone it knows how far the weight has to move. It also works before training (SNIP).

    Cost
    ----
    One forward and one backward pass over the data.

    When it fails
    -------------
    Near a minimum, where the first-order term vanishes and the second-order one decides; there magnitude is better.

    Examples
    --------
    >>> scores = prunus.importance(network, "saliency", X=X, y=y)

    References
    ----------
    N. Lee, T. Ajanthan, P. Torr, "SNIP: single-shot network pruning based on connection sensitivity", 2019.
    """

    name = "saliency"
    unit = "weight"
    needs = ("X", "y")

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        assert data is not None
        gradients = network.gradients(data).weights
        return tuple(
            _core.absolute_product(layer.weight.astype(np.float64), g, threads)
            for layer, g in zip(network.layers, gradients, strict=True)
        )
