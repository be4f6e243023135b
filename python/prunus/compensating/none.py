"""Nothing."""

from __future__ import annotations

from dataclasses import dataclass

from prunus._base import Bools
from prunus.compensating.base import Compensation, Removal
from prunus.network import Layer, Network


@dataclass(frozen=True)
class NoCompensation(Compensation):
    """Weights that are left keep their values.

    What it does
    ------------
    Nothing.

    Why
    ---
    It needs no data, and training afterwards may find better values than any compensation.

    Cost
    ----
    Nothing.

    When it fails
    -------------
    At high sparsity, without training.

    Examples
    --------
    >>> pruned = prunus.prune(network, sparsity=0.9, compensate="none")

    References
    ----------
    S. Han, J. Pool, J. Tran, W. Dally, "Learning both weights and connections for efficient neural networks", 2015 (which
    compares pruning with and without training afterwards).
    """

    name = "none"

    def layer(self, i: int, sparse: Network, removal: Removal) -> tuple[Layer, Bools]:
        return sparse.layers[i], removal.kept[i]
