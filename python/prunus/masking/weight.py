"""Single weights."""

from __future__ import annotations

from prunus._base import Bools
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

    def trained(self, network: Network, masks: Masks) -> list[Bools]:
        return list(masks)
