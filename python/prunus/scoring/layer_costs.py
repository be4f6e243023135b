"""What each weight, or block of weights, of a layer costs when it goes after others of its rows, the rest refitted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from prunus import _core
from prunus._base import Bools, Doubles, check
from prunus.data import Data
from prunus.network import Network
from prunus.statistics import LayerGrams, collect

if TYPE_CHECKING:
    from prunus.solving import GramSystem

Block = tuple[int, int]  # rows and columns that go together


def weight_costs(network: Network, data: Data, damping: float, block: Block, threads: int) -> tuple[Doubles, ...]:
    """Return for each weight of each layer what the loss rises by, to second order, when its block goes at its turn.

    Or what it did for a block before, where that is more. The weights of a block share its cost: their sum is the block's.
    """
    found = _layer_costs(network, data, damping, block, threads)
    return tuple(
        costs / _sizes(layer.weight != 0, block, threads)
        for layer, (costs, _) in zip(network.layers, found, strict=True)
    )


def input_costs(network: Network, data: Data, damping: float, threads: int) -> tuple[Doubles, ...]:
    """Return for each input of each layer what the loss rises by when it goes at its turn."""
    whole = max(layer.n_out for layer in network.layers), 1
    return tuple(costs.max(axis=0) for costs, _ in _layer_costs(network, data, damping, whole, threads))


def neuron_costs(network: Network, data: Data, damping: float, threads: int) -> tuple[Doubles, ...]:
    """Return for each neuron what the loss rises by when it goes at its turn: of the last layer, if it went alone."""
    whole = max(layer.n_out for layer in network.layers), 1
    found = list(_layer_costs(network, data, damping, whole, threads))
    return *(costs.max(axis=0) for costs, _ in found[1:]), found[-1][1]


def _layer_costs(
    network: Network, data: Data, damping: float, block: Block, threads: int
) -> Iterator[tuple[Doubles, Doubles]]:
    """Yield the costs of each layer, and what it would cost to remove each of its neurons alone."""
    from prunus import solving  # it takes a quarter of the time to import prunus

    grams = LayerGrams(fit_intercept=network.fits_biases)
    collect(network, data, grams)
    curvatures = network.curvatures(data)
    for i, (layer, gram) in enumerate(zip(network.layers, grams.finish(), strict=True)):
        system = solving.layer_system(gram, damping)
        weight = layer.weight * system.scale * np.sqrt(curvatures[i] / 2)[:, None]
        costs = costs_of_rows(i, system, weight, layer.weight != 0, block, threads)
        yield costs, ((weight @ system.matrix) * weight).sum(axis=1)


def costs_of_rows(
    i: int, system: GramSystem, weight: Doubles, there: Bools, block: Block, threads: int, quota: Block = (0, 1)
) -> Doubles:
    """Return the costs of the weights of the i-th layer's scaled inputs, which are `there`.

    Of a quota, (n, m), n of every m neighbours stay, and have the highest costs of their row.

    Of inputs that never vary they are 0.
    """
    from prunus import solving

    there = there & ~system.constant
    least = solving.least_pivot(system)
    inverse = _core.inverse(system.matrix, least, threads)
    costs, is_done = _core.eliminate_rows(system.matrix, inverse, weight, there, *block, *quota, least, threads)
    if not is_done.all():
        raise check.error(
            ValueError,
            "X",
            f"expected inputs of layer {i} that are no combinations of others for 'obs' without damping",
        )
    return costs


def totals_of(values: Doubles, block: Block, threads: int) -> Doubles:
    """Return the sum of each block."""
    return values if block == (1, 1) else np.asarray(_core.block_sums(values, *block, threads), np.float64)


def shared_out(totals: Doubles, there: Bools, block: Block, threads: int) -> Doubles:
    """Return what each weight that is there has of its block's total, of all the same."""
    return np.where(there, _spread(totals, there, block) / _sizes(there, block, threads), 0)


def _sizes(there: Bools, block: Block, threads: int) -> Doubles:
    """Return how many weights are there in the block of each, at least one."""
    if block == (1, 1):
        return np.ones(there.shape)
    return np.maximum(_spread(totals_of(there.astype(np.float64), block, threads), there, block), 1)


def _spread(totals: Doubles, there: Bools, block: Block) -> Doubles:
    """Return for each weight its block's total."""
    n_out, n_in = there.shape
    return totals.repeat(block[0], axis=0)[:n_out].repeat(block[1], axis=1)[:, :n_in]
