"""Leave-one-out errors of the fits of a path: by their leverages, and by refits where a fit goes through the sample."""

from __future__ import annotations

import numpy as np

from prunus._base import Doubles, Places
from prunus.solving.regression import VALUES, Regression
from prunus.solving.searching.paths import Path
from prunus.solving.systems import GramSystem
from prunus.statistics import gather_gram


def left_out_errors(data: Regression, path: Path, means: tuple[Doubles, Doubles], threads: int) -> Doubles:
    """Return the mean of each fit's squared errors on every sample, left out of it; the order of the path is kept.

    The errors are summed over the outputs; a sample is left out with its whole weight.
    """
    x_mean, y_mean = means
    total, weight = np.zeros(len(path.sizes)), float(data.weight.sum())
    step = max(VALUES // max(path.system.n, 1), 64)
    for begin in range(0, len(data.y), step):
        some = data.rows(slice(begin, begin + step))
        x, y = some.columns(path.system.features, x_mean), some.outputs(y_mean)
        base = some.weight / weight if data.fit_intercept else np.zeros(len(some.y))
        through = path.goes_through(x, base)
        rest = ~through
        total += path.left_out(x[rest], y[rest], base[rest], threads)
        for row in np.flatnonzero(through) + begin:
            total += _refitted(data, path, int(row))
    return total / weight


def _refitted(data: Regression, path: Path, row: int) -> Doubles:
    """Return the weighted squared errors of all fits on a sample, refitted without it.

    The column that holds the fit to the sample is constant then, or a combination of those before it on the path: it is left
    out. O(n_samples k**2 + n_sizes k**3) for k features in the largest fit.
    """
    fits = [path.places_of(i) for i in range(len(path.sizes))]
    every = np.unique(np.concatenate(fits))
    rest = np.arange(len(data.y)) != row
    if not data.weight[rest].any():
        return np.full(len(fits), np.inf)
    narrow = data.narrowed(path.system.features[every])
    gram = gather_gram(*narrow.rows(rest)[:3]).gram(fit_intercept=data.fit_intercept)
    system = GramSystem(gram, np.arange(len(every)), data.alpha)
    one = narrow.rows([row])
    x, y = one.columns(np.arange(len(every)), gram.x_mean)[0], one.outputs(gram.y_mean)[0]
    return np.array([_error(system, np.searchsorted(every, places), x, y) for places in fits])


def _error(system: GramSystem, places: Places, x: Doubles, y: Doubles) -> float:
    there = places[~np.isin(places, system.dependent(places))]
    left = y - system.coef(there) @ (x[there] / system.scale[there])
    return float(left @ left)
