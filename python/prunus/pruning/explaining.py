"""What was predicted that each layer, and each removed neuron, costs, beside what it does cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from prunus._base import Bools, check
from prunus.data import Data
from prunus.network import Network, as_fitted
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
    layer costs is measured with nothing else removed, what a neuron costs at its turn: after those of its layer that cost less.
    Layers and neurons have the numbers that they had in the original.
    """
    judge = _Judge(request, begin, threads)
    structure = request.earlier.structure
    rows, notes = [], []
    for i in request.what.layers:
        gone = request.what.units.start[i] & ~outcome.masks[i]
        if not gone.any():
            continue
        if _may_be_chosen_again(request):
            gone = _first(begin.scores[i], request.what.units.start[i], gone)
        place = structure.places[i]
        predicted = judge.predicted(begin.scores[i][gone])
        rows.append({"layer": place, "neuron": None, "predicted": predicted, "actual": judge.rise(i, gone)})
        if _is_apart(rows[-1], judge.before):
            notes.append(_in_words(rows[-1]))
        if request.what.pattern.unit == "neuron":
            numbers = np.flatnonzero(structure.original("neuron", request.what.units.start)[place])
            there = np.flatnonzero(request.what.units.start[i])
            rows += _neurons(judge, i, place, gone, dict(zip(there.tolist(), numbers.tolist(), strict=True)))
    return rows, notes


def _may_be_chosen_again(request: Request) -> bool:
    """Whether the compensation may have exchanged what the scores had chosen, of each row."""
    pattern = request.what.pattern
    return pattern.unit == "weight" and pattern.block == (1, 1) and pattern.takes_target and request.what.keep is None


def _neurons(judge: _Judge, i: int, place: int, gone: Bools, numbers: dict[int, int]) -> list[dict[str, Any]]:
    """Return a row for each neuron, of the most costly ones, in the order in which they go."""
    order = np.flatnonzero(gone)[np.argsort(judge.scores[i][gone], kind="stable")]
    so_far = np.zeros(len(gone), np.bool_)
    so_far[order[:-_MOST_NEURONS]] = True
    rise = judge.rise(i, so_far) if so_far.any() else 0.0
    rows = []
    for j in order[-_MOST_NEURONS:].tolist():
        so_far[j] = True
        rise, before = judge.rise(i, so_far), rise
        predicted = judge.predicted(judge.scores[i][j])
        rows.append({"layer": place, "neuron": numbers[j], "predicted": predicted, "actual": rise - before})
    return rows


class _Judge:
    """What the loss rises by, and what was predicted, in the same unit."""

    def __init__(self, request: Request, begin: Beginning, threads: int) -> None:
        self._request, self._begin, self._threads = request, begin, threads
        self._seen, self._is_squared = _target(request)
        self.scores, self.before = begin.scores, self._loss(request.network)

    def predicted(self, scores: Any) -> float:
        """Return the sum of scores as a rise of the loss: of squared errors they are summed over the outputs, not averaged."""
        return float(np.sum(scores)) / (self._request.network.n_out if self._is_squared else 1)

    def rise(self, i: int, gone: Bools) -> float:
        """Return what the loss rises by when this goes of the i-th layer alone."""
        masks = tuple(mask & ~gone if k == i else mask for k, mask in enumerate(self._request.what.units.start))
        return self._loss(only_without(self._request, masks, self._begin, self._threads)) - self.before

    def _loss(self, network: Network) -> float:
        trained = network.unfolded()
        return (Network(trained.layers) if self._is_squared else trained).loss_of(self._seen)


def _target(request: Request) -> tuple[Data, bool]:
    """Return the samples with what the loss is to be told by, and whether scores are exact rises of squared errors."""
    assert request.on.data is not None
    network = request.network
    seen = network.view(request.on.data, standardized=True, dtype=np.float64)
    if not network.is_linear or seen.target is None:
        return network.unfolded().imitated(replace(seen, target=None)), False
    is_squared = network.provenance.loss == "squared" or network.is_linear_regression
    is_exact = is_squared and request.what.pattern.unit == "weight" and request.what.pattern.block == (1, 1)
    return (as_fitted(network, seen), True) if is_exact else (seen, False)


def _first(score: Any, there: Bools, gone: Bools) -> Bools:
    """Return as many of each row as are gone, those that were to go first; the compensation may have chosen others."""
    order = np.argsort(np.where(there, score, np.inf), axis=1, kind="stable")
    found = np.zeros(gone.shape, np.bool_)
    np.put_along_axis(found, order, np.arange(gone.shape[1]) < gone.sum(axis=1)[:, None], axis=1)
    return found


def _is_apart(row: dict[str, Any], loss: float) -> bool:
    low, high = sorted((row["predicted"], row["actual"]))
    return bool(high > _APART * low and high > _WORTH_TELLING * loss)


def _in_words(row: dict[str, Any]) -> str:
    return (
        f"layer {row['layer']} alone lets the loss rise by {row['actual']:.2g}, not by {row['predicted']:.2g} as was "
        "predicted to second order: it is far from where it was"
    )
