"""What each weight of a layer costs when it goes, one after the other of its neuron, the others refitted."""

from __future__ import annotations

import numpy as np

from prunus import _core
from prunus._base import Bools, Doubles, check
from prunus.data import Data
from prunus.network import Network
from prunus.statistics import EPS, LayerGrams, collect

_MULTIPLICATIONS = 5e9  # of a call of the core: about a second, after which an interrupt is looked at


def layer_costs(network: Network, data: Data, damping: float, threads: int) -> tuple[Doubles, ...]:
    """Return for each layer what the loss has risen by, to second order, when a weight and those before it have gone."""
    has_bias = network.provenance.fit_intercept and any(layer.bias.any() for layer in network.layers)
    grams = LayerGrams(fit_intercept=has_bias)
    collect(network, data, grams)
    curvatures = network.curvatures(data)
    costs: list[Doubles] = []
    for layer, gram, curvature in zip(network.layers, grams.finish(), curvatures, strict=True):
        drawn = damping * float(np.mean(gram.xx.diagonal()))
        varies = ~gram.constant
        scale = np.where(varies, np.sqrt(gram.xx.diagonal() + drawn), 1)
        matrix = gram.xx / scale[:, None] / scale
        np.fill_diagonal(matrix, 1)
        weight = layer.weight.astype(np.float64) * scale
        cost = _costs(matrix, weight, (weight != 0) & varies, threads, len(costs))
        costs.append(cost * (curvature / 2)[:, None])
    return tuple(costs)


def _costs(matrix: Doubles, weight: Doubles, there: Bools, threads: int, i: int) -> Doubles:
    costs = np.zeros(weight.shape)
    least = EPS * max(len(matrix), 100)
    step = max(threads, int(_MULTIPLICATIONS * 4 / max(len(matrix), 1) ** 3))
    for begin in range(0, len(weight), step):
        rows = slice(begin, begin + step)
        costs[rows], is_done = _core.eliminate_rows(matrix, weight[rows], there[rows], least, threads)
        if not is_done.all():
            raise check.error(
                ValueError,
                "X",
                f"expected inputs of layer {i} that are no combinations of others for criterion 'obs' without damping",
            )
    return costs
