"""Weights that are left exchanged for others, one for one, as long as the optimum gets better."""

from __future__ import annotations

import numpy as np

from prunus._base import Bools
from prunus.compensating.optimum.blocks import inverse_of
from prunus.compensating.optimum.outputs import Problem
from prunus.network import Layer

# Of each point so many pairs are tried, in the order in which the second derivative puts them; on 6 sets of 455 to 569 samples
# of breast cancer, 5 of 30 features, 20 found what all pairs do. What falls by less than that part of the value is the same.
_TRIALS, _LEAST_FALL = 20, 1e-6
_MULTIPLICATIONS = 2e10  # of all trials: some seconds


def exchanged(problem: Problem, kept: Bools, free: Bools) -> tuple[Bools, Layer]:
    """Return which weights (n_in,) are left, as many as `kept`, and the layer of them at its optimum.

    Those that are `free` may go or come. (J. Zhu et al., "A polynomial algorithm for best-subset selection problem", 2020,
    which exchanges several at once.)
    """
    value, layer = problem.least(kept)
    # Of a trial some ten steps, of those of a point one more.
    left = _MULTIPLICATIONS / (10 * problem.n_samples * max(int(kept.sum()), 1) ** 2 + 1)
    while left > 0:
        pairs = _pairs(problem, layer, kept, free)
        for out, into in pairs:
            left -= 1
            trial = kept.copy()
            trial[out], trial[into] = False, True
            after, moved = problem.least(trial, layer)
            if after < value - _LEAST_FALL * abs(value):
                value, layer, kept = after, moved, trial
                break
            if left <= 0:
                break
        else:
            break
    return kept, layer


def _pairs(problem: Problem, layer: Layer, kept: Bools, free: Bools) -> list[tuple[int, int]]:
    """Return those that promise the most: what goes and what comes.

    With H the second derivative of what is left, w its values and v a column of it by another weight b: when a goes the value
    rises by w_a^2 / (2 H^-1_aa), and with the rest refitted b then gains g^2 / (2 h), of its slope g and curvature h.
    """
    gradient, curvature = problem.slopes(layer)
    inside, outside = np.flatnonzero(kept), np.flatnonzero(free & ~kept)
    goes = free[inside]
    if not goes.any() or len(outside) == 0:
        return []
    at = np.concatenate([inside, np.arange(len(kept), len(curvature))])  # and the bias
    inverse = inverse_of(curvature[np.ix_(at, at)], problem.threads)
    across = curvature[np.ix_(at, outside)]
    moved = inverse @ across
    weight, own = layer.weight[0, inside].astype(np.float64), inverse.diagonal()[: len(inside)]
    u = moved[: len(inside)]
    g = gradient[outside] - u * (weight / own)[:, None]
    h = curvature.diagonal()[outside] - (across * moved).sum(axis=0) + u**2 / own[:, None]
    gain = np.divide(g**2, h, out=np.zeros_like(g), where=h > 0)
    change = np.where(goes[:, None], (weight**2 / own)[:, None] - gain, np.inf)
    first = np.argsort(change, axis=None, kind="stable")[:_TRIALS]
    return [
        (int(inside[i]), int(outside[b]))
        for i, b in zip(*np.unravel_index(first, change.shape), strict=True)
        if change[i, b] < np.inf
    ]
