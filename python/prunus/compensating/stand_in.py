"""The best linear stand-in for what a layer has lost: least squares on what is left of it, towards what it put out before."""

from __future__ import annotations

import numpy as np

from prunus import _core
from prunus._base import Bools, check
from prunus.data import Data
from prunus.network import Layer, Network
from prunus.statistics import EPS, Gram, GramAccumulator


def stand_in(
    i: int, dense: Network, sparse: Network, kept: Bools, data: Data, damping: float, fit_bias: bool, threads: int
) -> Layer:
    """Return the i-th layer of `sparse`, whose sums come nearest to those of `dense`, where `kept` is True and 0 elsewhere.

    The inputs are those that the layers before put out in `sparse`, and the sums those of `dense` on its own. `damping`, of
    the mean square of an input, draws each weight to its value in `dense`. One pass over the data.
    """
    gram, layer = _gram(i, dense, sparse, data, fit_bias), dense.layers[i]
    weight = layer.weight.astype(np.float64)
    drawn = damping * float(np.mean(gram.xx.diagonal()))
    # What never varies tells nothing: its weight keeps its value, and the bias makes up for that.
    varies = ~gram.constant
    scale = np.where(varies, 1 / np.sqrt(np.where(varies, gram.xx.diagonal() + drawn, 1)), 0)
    matrix = scale[:, None] * gram.xx * scale
    np.fill_diagonal(matrix, 1)
    products = (gram.xy + drawn * weight) * scale
    found, is_done = _core.fit_rows(matrix, products, kept & varies, EPS * max(len(matrix), 100), threads)
    if not is_done.all():
        raise check.error(
            ValueError,
            "X",
            f"expected inputs of layer {i} that are no combinations of others for compensation 'refit' without damping, "
            f"got some for {np.count_nonzero(~is_done)} of its {len(is_done)} neurons",
        )
    found = np.where(kept & ~varies, weight, found * scale)
    bias = gram.y_mean - found @ gram.x_mean if fit_bias else sparse.layers[i].bias
    return sparse.layers[i].replace(found.astype(layer.weight.dtype), np.asarray(bias).astype(layer.bias.dtype))


def _gram(i: int, dense: Network, sparse: Network, data: Data, fit_bias: bool) -> Gram:
    """Return the sums of a layer's inputs and of what it summed up before."""
    gathered, layer = GramAccumulator(), dense.layers[i]
    weight = layer.weight.astype(np.float64)
    for now, before in zip(sparse.forwards(data), dense.forwards(data), strict=True):
        gathered.update(now.inputs[i], before.inputs[i] @ weight.T + layer.bias, now.share)
    return gathered.gram(fit_intercept=fit_bias)
