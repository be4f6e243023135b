"""What the loss says of weights and neurons, sample by sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prunus._base import Floats
from prunus.network import Trace
from prunus.statistics.base import Means


class GradientSquares(Means):
    """Mean squares of the gradients of single samples' losses, ``E[g**2]``, of each layer's weights, (n_out, n_in).

    What it does
    ------------
    Squares the gradient of each sample before it adds them up.

    Why
    ---
    It is the diagonal of the empirical Fisher information: near a minimum the gradient of the mean vanishes, and this tells
    what is left.

    Cost
    ----
    A forward and a backward pass, and a product of squares for each layer.

    When it fails
    -------------
    Where the model fits so well that the gradients of all samples are noise.

    Examples
    --------
    >>> fisher = prunus.statistics.GradientSquares()
    >>> prunus.statistics.gather(network, X, y, fisher)
    >>> fisher.finish()[0].shape == network.layers[0].weight.shape
    True

    References
    ----------
    L. Theis, I. Korshunova, A. Tejani, F. Huszár, "Faster gaze prediction with dense networks and Fisher pruning", 2018.
    """

    name = "gradient_squares"
    needs = ("X", "y")

    def sums(self, batch: Trace) -> Sequence[Floats]:
        share = batch.share[:, None]
        found = []
        for delta, x in zip(batch.sum_gradients, batch.inputs, strict=True):
            # delta is share times the sample's own gradient
            square = np.divide(delta**2, share, out=np.zeros_like(delta), where=share > 0)
            found.append(square.T @ x**2)
        return found
