"""Single weights."""

from __future__ import annotations

import numpy as np

from prunus._base import Bools, Floats
from prunus.masking.base import Masks, Pattern
from prunus.network import Network


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

    @property
    def neighbours(self) -> int:
        return 128

    def chosen_again(self, score: Floats, kept: Bools, there: Bools, stays: Bools | None, threads: int) -> Bools:
        def units(mask: Bools) -> Floats:
            return self.units(mask.astype(np.float64), threads)

        score = np.where(units(there) > 0, self.units(score, threads), -np.inf)
        if stays is not None:
            score = np.where(units(stays) > 0, np.inf, score)
        count = np.count_nonzero(units(kept), axis=1)
        # The stable order of the negative: of equal scores the later position goes.
        rank = np.argsort(np.argsort(-score, axis=1, kind="stable"), axis=1)
        return self.spread(rank < count[:, None], kept.shape, threads)

    def trained(self, network: Network, masks: Masks) -> list[Bools]:
        return list(masks)
