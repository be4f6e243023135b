"""What was predicted that each layer, and each removed neuron, costs, beside what it does cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from prunus._base import Bools, check
from prunus.data import Data
from prunus.network import Network
from prunus.pruning.request import Request
from prunus.pruning.rounds import Beginning, Outcome, only_without

_MOST_NEURONS = 256  # that are looked at one by one, those first that are predicted to cost most
# Rises that differ by more than this factor are told, if the larger one is more than that part of the loss.
_APART, _WORTH_TELLING = 2.0, 0.01


def require_prices(request: Request) -> None:
    """Refuse scores that predict no rise of the loss."""
    if not (request.how.criterion.are_prices or request.how.is_priced):
        raise check.error(
            ValueError,
            "explain",
            f"expected criterion obs or allocation loss, which tell rises of the loss, got {request.how.criterion.name!r}",
        )


def explained(
    request: Request, begin: Beginning, outcome: Outcome, threads: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return a row for each layer that lost something, and for neurons one for each of them; and what is to be noted.

    The rise is that of the loss towards what the model put out before; of a linear model with labels towards these. What a
    layer costs is measured with nothing else removed, and the rest compensated, as what is predicted is.
    """
    seen = _target(request)
    before = request.network.unfolded().loss_of(seen)
    rows, notes = [], []
    for i in request.what.layers:
        gone = request.what.units.start[i] & ~outcome.masks[i]
        if not gone.any():
            continue
        if request.what.pattern.unit == "weight" and request.what.pattern.block == (1, 1):
            gone = _first(begin.scores[i], request.what.units.start[i], gone)
        rise = _rise(request, begin, i, gone, seen, before, threads)
        rows.append({"layer": i, "neuron": None, "predicted": float(begin.scores[i][gone].sum()), "actual": rise})
        if _is_apart(rows[-1], before):
            notes.append(_in_words(rows[-1]))
        if request.what.pattern.unit == "neuron":
            rows += [
                {
                    "layer": i,
                    "neuron": int(j),
                    "predicted": float(begin.scores[i][j]),
                    "actual": _rise(request, begin, i, np.arange(len(gone)) == j, seen, before, threads),
                }
                for j in _dearest(begin.scores[i], gone)
            ]
    return rows, notes


def _target(request: Request) -> Data:
    """Return the samples with what the loss is to be told by, as the network that was trained takes them."""
    assert request.on.data is not None
    network = request.network
    seen = network.view(request.on.data, standardized=True, dtype=np.float64)
    if network.is_linear and seen.target is not None:
        return seen
    return network.unfolded().imitated(replace(seen, target=None))


def _rise(request: Request, begin: Beginning, i: int, gone: Bools, seen: Data, before: float, threads: int) -> float:
    """Return what the loss rises by when this goes of the i-th layer alone."""
    masks = tuple(mask & ~gone if k == i else mask for k, mask in enumerate(request.what.units.start))
    network: Network = only_without(request, masks, begin, threads)
    return network.unfolded().loss_of(seen) - before


def _first(score: Any, there: Bools, gone: Bools) -> Bools:
    """Return as many of each row as are gone, those that were to go first; the compensation may have chosen others."""
    order = np.argsort(np.where(there, score, np.inf), axis=1, kind="stable")
    found = np.zeros(gone.shape, np.bool_)
    np.put_along_axis(found, order, np.arange(gone.shape[1]) < gone.sum(axis=1)[:, None], axis=1)
    return found


def _dearest(score: Any, gone: Bools) -> Any:
    there = np.flatnonzero(gone)
    return there[np.argsort(-score[there], kind="stable")[:_MOST_NEURONS]]


def _is_apart(row: dict[str, Any], loss: float) -> bool:
    low, high = sorted((row["predicted"], row["actual"]))
    return bool(high > _APART * low and high > _WORTH_TELLING * loss)


def _in_words(row: dict[str, Any]) -> str:
    return (
        f"layer {row['layer']} alone lets the loss rise by {row['actual']:.2g}, not by {row['predicted']:.2g} as was "
        "predicted to second order: it is far from where it was"
    )
