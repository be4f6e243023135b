"""The best linear stand-in for what a layer has lost: least squares on what is left of it, towards what it put out before."""

from __future__ import annotations

import numpy as np

from prunus import _core
from prunus._base import Bools, check
from prunus.data import Data
from prunus.network import Layer, Network, outputs_of, widest
from prunus.statistics import Gram, GramAccumulator


def stand_in(i: int, dense: Network, sparse: Network, kept: Bools, data: Data, damping: float, threads: int) -> Layer:
    """Return the i-th layer of `sparse`, whose sums come nearest to those of `dense`, where `kept` is True and 0 elsewhere.

    The inputs are those that the layers before put out in `sparse`, and the sums those of `dense` on its own. `damping`, of
    the mean square of an input, draws each weight to its value in `dense`. One pass over the data.
    """
    from prunus import solving  # it takes a quarter of the time to import prunus

    layer, gram = sparse.layers[i], _gram(i, dense, sparse, data)
    weight = dense.layers[i].weight.astype(np.float64)
    system = solving.layer_system(gram, damping)
    products = system.products + system.alpha * weight / system.scale
    found, is_done = _core.fit_rows(
        system.matrix, products, kept & ~system.constant, solving.least_pivot(system), threads
    )
    if not is_done.all():
        raise check.error(
            ValueError,
            "X",
            f"expected inputs of layer {i} that are no combinations of others for compensation 'refit' without damping, "
            f"got some for {np.count_nonzero(~is_done)} of its {len(is_done)} neurons",
        )
    # What never varies tells nothing: its weight keeps its value, and the bias makes up for that.
    found = np.where(kept & system.constant, weight, found / system.scale)
    bias = gram.y_mean - found @ gram.x_mean if dense.fits_biases else layer.bias
    return layer.replace(found.astype(layer.weight.dtype), np.asarray(bias).astype(layer.bias.dtype))


def _gram(i: int, dense: Network, sparse: Network, data: Data) -> Gram:
    """Return the sums of a layer's inputs and of what it summed up before."""
    gathered = GramAccumulator()
    for rows in data.batches(widest(dense.layers)):
        X = data.rows(rows)
        sums, _ = outputs_of(dense.layers[: i + 1], X)
        _, outputs = outputs_of(sparse.layers[:i], X)
        gathered.update(outputs[-1] if outputs else X, sums[-1], data.shares(rows))
    return gathered.gram(fit_intercept=dense.fits_biases)
