"""Column by column, all rows by one factor: for layers too wide for an inverse of each row's own."""

from __future__ import annotations

from dataclasses import dataclass

from prunus._base import Bools
from prunus.compensating.base import Removal
from prunus.compensating.refit import Refit
from prunus.compensating.stand_in import StandIn
from prunus.network import Layer, Network


@dataclass(frozen=True)
class Fast(Refit):
    """Column by column, the weights behind take over what those that go had in common with them: one factor for all rows.

    What it does
    ------------
    Takes one layer after the other, on the inputs that the layers before put out now, and begins with the weights that come
    nearest to what each neuron summed up before anything went. Then it goes through the columns from the first to the last: a
    weight that goes is made up for by those behind it, as well as they can. The masks say how many of 128 neighbours a row
    keeps (of n:m: of m); which, it chooses again when it comes to them. Blocks stay as the criterion chose. Has the options of
    ``refit``; of a linear regression, and for neurons and inputs, it is that.

    Why
    ---
    ``obs`` has an inverse to bring up to date for each row, of which 4096 inputs take seconds. Here all rows share one
    triangular factor: a layer of 4096 x 4096 takes seconds as a whole.

    Cost
    ----
    For each layer a pass over X, n_samples * n_in**2 multiplications and additions for a Gram matrix, 2 / 3 * n_in**3 for its
    factor and 3 / 2 * n_out * n_in**2 for all rows. 24 * n_in**2 bytes and 24 for each weight.

    When it fails
    -------------
    It keeps less accuracy than ``obs``, the more so the higher the sparsity: a weight that went is not made up for by those
    before it. The last columns have hardly any behind them.

    Examples
    --------
    >>> pruned = prunus.prune(network, X, sparsity=0.9, compensate="fast")

    References
    ----------
    E. Frantar, D. Alistarh, "SparseGPT: massive language models can be accurately pruned in one-shot", 2023.
    """

    name = "fast"

    def layer(self, i: int, sparse: Network, removal: Removal) -> tuple[Layer, Bools]:
        there, kept, pattern = removal.there[i], removal.kept[i], removal.pattern
        if sparse.is_linear_regression or pattern.unit != "weight" or (kept == there).all():
            return super().layer(i, sparse, removal)
        neighbours = 1 if removal.stays is not None else pattern.neighbours
        return StandIn.of(i, sparse, removal, self.damping).by_columns(kept, neighbours)
