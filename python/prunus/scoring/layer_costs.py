"""What each weight of a layer costs when it goes, one after the other of its neuron, the others refitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prunus import _core
from prunus._base import Doubles, check
from prunus.data import Data
from prunus.network import Network
from prunus.statistics import LayerGrams, collect

if TYPE_CHECKING:
    from prunus.solving import GramSystem

_MULTIPLICATIONS = 2e10  # of a call of the core: about a second, after which an interrupt is looked at


def layer_costs(network: Network, data: Data, damping: float, threads: int) -> tuple[Doubles, ...]:
    """Return for each layer what the loss has risen by, to second order, when a weight and those before it have gone."""
    from prunus import solving  # it takes a quarter of the time to import prunus

    grams = LayerGrams(fit_intercept=network.fits_biases)
    collect(network, data, grams)
    curvatures = network.curvatures(data)
    costs = []
    for i, (layer, gram) in enumerate(zip(network.layers, grams.finish(), strict=True)):
        system = solving.layer_system(gram, damping)
        cost, is_done = _costs(system, layer.weight * system.scale, solving.least_pivot(system), threads)
        if not is_done:
            raise check.error(
                ValueError,
                "X",
                f"expected inputs of layer {i} that are no combinations of others for criterion 'obs' without damping",
            )
        costs.append(cost * (curvatures[i] / 2)[:, None])
    return tuple(costs)


def _costs(system: GramSystem, weight: Doubles, least: float, threads: int) -> tuple[Doubles, bool]:
    """Return the costs of the weights of the scaled inputs, some rows at a time, and whether all could be told."""
    there = (weight != 0) & ~system.constant
    inverse = _core.inverse(system.matrix, least, threads)
    step = max(threads, int(_MULTIPLICATIONS / max(system.n, 1) ** 3))
    costs, is_done = np.zeros(weight.shape), True
    for begin in range(0, len(weight), step):
        rows = slice(begin, begin + step)
        costs[rows], done = _core.eliminate_rows(system.matrix, inverse, weight[rows], there[rows], least, threads)
        is_done &= bool(done.all())
    return costs, is_done
