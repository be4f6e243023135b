"""What the loss rises by where a criterion says what goes, and optimal brain surgery how much that costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prunus._base import Doubles, Floats
from prunus.data import Data
from prunus.network import Network
from prunus.scoring.base import Criterion
from prunus.scoring.layer_costs import shared_out, totals_of
from prunus.scoring.second_order import Obs


def pricer(unit: str, block: tuple[int, int]) -> Criterion:
    """Return the criterion whose scores are prices."""
    return Obs().for_units(unit, block)


def priced(
    scores: Sequence[Floats], network: Network, data: Data | None, block: tuple[int, int], unit: str, threads: int
) -> tuple[Floats, ...]:
    """Return for the lowest score of each row the lowest of its costs by ``obs``, for the next the next; of layers likewise."""
    costs = pricer(unit, block).scores(network, data, threads)
    if unit != "weight":
        return tuple(_exchanged(score, cost) for score, cost in zip(scores, costs, strict=True))
    found = []
    for score, cost, layer in zip(scores, costs, network.layers, strict=True):
        there = layer.weight != 0
        whole = (totals_of(np.where(there, part, 0).astype(np.float64), block, threads) for part in (score, cost))
        found.append(shared_out(_exchanged(*whole), there, block, threads))
    return tuple(found)


def _exchanged(score: Floats, cost: Floats) -> Doubles:
    """Return the costs in the order of the scores, row by row."""
    found = np.empty(cost.shape)
    # Of equal scores the later position goes first.
    order = score.shape[-1] - 1 - np.argsort(score[..., ::-1], axis=-1, kind="stable")
    np.put_along_axis(found, order, np.sort(cost, axis=-1), axis=-1)
    return found
