"""Loss and score of networks on the same data, and how sure a difference of scores is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from prunus import convert
from prunus._base import Doubles, Floats, check
from prunus.data import Data
from prunus.engine import Engine
from prunus.network import OUTPUTS, Network, widest

_GROUPS = 10  # of samples, each left out once for the spread of a score that is no mean over samples


class Scoring(NamedTuple):
    """A score that was asked for."""

    name: str
    of: Callable[[Engine, Any, Any, Doubles | None], float]


class Judged(NamedTuple):
    """What one network is worth on some data."""

    loss: float
    metric: str
    score: float
    parts: Doubles | None  # (n_samples,), whose weighted mean the score is; None: it is no mean
    left_out: Doubles | None  # the score without each group of samples, where the spread was asked for


class Drop(NamedTuple):
    """By how much a score fell, and the standard error of that."""

    value: float
    error: float


def scoring_of(scoring: Any) -> Scoring | None:
    """Return the score; None: accuracy or R²."""
    if scoring is None:
        return None
    if not isinstance(scoring, str) and not callable(scoring):
        raise check.error(TypeError, "scoring", f"expected a name or a callable, got {check.describe(scoring)}")
    return Scoring(*convert.scorer(scoring))


def judged(
    engines: Mapping[str, Engine], data: Data, scoring: Scoring | None, *, spread: bool = False
) -> dict[str, Judged]:
    """Return the (weighted) loss and score of each engine, by its name, in one pass over the data."""
    seen = replace(data, inputs=None, scaling=None)
    outputs: dict[str, list[Floats]] = {name: [] for name in engines}
    widths = [widest(engine.network.layers) for engine in engines.values()]
    for rows in seen.batches(max(widths)):
        x = seen.rows(rows)
        for name, engine in engines.items():
            outputs[name].append(engine(x))
    return {
        name: _judged(engine, np.concatenate(outputs[name]), data, scoring, spread) for name, engine in engines.items()
    }


def _judged(engine: Engine, raw: Floats, data: Data, scoring: Scoring | None, spread: bool) -> Judged:
    assert data.share is not None
    assert data.target is not None
    network = engine.network
    loss = float(OUTPUTS[network.output].loss(raw.astype(np.float64), data.target) @ data.share)
    if scoring is not None:
        everything = np.ones(len(data), np.bool_)
        value = _scored(engine, data, scoring, everything)
        n_groups = min(_GROUPS, len(data)) if spread and len(data) > 1 else 0
        group = np.random.default_rng(0).permutation(len(data)) % max(n_groups, 1)
        left_out = [_scored(engine, data, scoring, group != g) for g in range(n_groups)]
        return Judged(loss, scoring.name, value, None, np.array(left_out))
    metric, parts = parts_of(network, network.labels.decide(raw), data.target, data.share)
    weights = data.share / data.share.max()  # ones where all count the same
    return Judged(loss, metric, float(np.average(parts, weights=weights)), parts, None)


def parts_of(network: Network, predicted: Any, target: Floats, share: Doubles) -> tuple[str, Doubles]:
    """Return the name of the score and each sample's part, whose weighted mean it is: accuracy with classes, else R²."""
    if network.classes is not None:
        return "accuracy", (network.encode(predicted, len(predicted)) == target).all(axis=1).astype(np.float64)
    squares = (target - predicted.reshape(target.shape)) ** 2
    total = share @ (target - share @ target) ** 2
    # Of a constant output it is 1 if that is exact, else 0.
    constant = np.broadcast_to((share @ squares == 0).astype(np.float64), squares.shape)
    return "r2", np.where(total > 0, 1 - squares / np.where(total > 0, total, 1), constant).mean(axis=1)


def drop(before: Judged, after: Judged, share: Doubles) -> Drop:
    """Return how much the score fell, and the standard error of the paired difference.

    Of a mean over samples by the spread of their differences; of another score by the jackknife, ten groups of samples.
    """
    if before.parts is not None and after.parts is not None:
        apart = before.parts - after.parts
        fall = float(apart @ share)
        n = int(np.count_nonzero(share))
        return Drop(fall, float(np.sqrt(share**2 @ (apart - fall) ** 2 * n / max(n - 1, 1))))
    assert before.left_out is not None
    assert after.left_out is not None
    apart = before.left_out - after.left_out
    n = len(apart)
    error = (
        np.sqrt((n - 1) / n * ((apart - apart.mean()) ** 2).sum()) if n else np.nan
    )  # of one sample nothing is known
    return Drop(before.score - after.score, float(error))


def _scored(engine: Engine, data: Data, scoring: Scoring, rows: Any) -> float:
    assert data.share is not None
    assert data.target is not None
    share = data.share[rows]
    weights = None if np.ptp(share) == 0 else share / share.max()
    return scoring.of(engine, data.source[rows], engine.network.labels.decode(data.target[rows]), weights)
