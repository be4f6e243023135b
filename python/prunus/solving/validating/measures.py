"""What fits of a path are measured by: losses, information criteria, and the noise that these compare them with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from prunus.solving.regression import Regression, compressed
from prunus.solving.searching.collinear import collinear_places
from prunus.solving.searching.paths import Path, nested
from prunus.solving.systems import System
from prunus.solving.units import Units
from prunus.solving.validating.problem import GramProblem, Problem
from prunus.solving.validating.sizes import information_criteria, least_variance, residual_variance


class Noise(NamedTuple):
    """What criteria compare the variance of a fit with."""

    full: float | None  # the residual variance of the fit on all features
    least: float  # the least variance that is believed


def noise_of_path(problem: Problem, path: Path, select: str) -> Noise:
    """Return the first where it is at hand or asked for: it may cost a search."""
    is_wanted = select == "cp" or path.n_features[-1] == path.system.n
    data = problem.data
    least = least_variance(
        path.rss * data.share, path.degrees, data.n_samples, *_shape(data), fit_intercept=data.fit_intercept
    )
    return Noise(full_noise(problem, path) if is_wanted else None, least)


def _shape(data: Regression) -> tuple[int, int]:
    return data.X.shape[1], data.y.shape[1]


def measures(problem: Problem, path: Path, noise: Noise) -> dict[str, Any]:
    """Return loss, explained share, degrees of freedom and every information criterion of the fits of a path."""
    data, rss, df = problem.data, path.rss, path.degrees
    total = path.system.total.sum()
    criteria = information_criteria(
        rss * data.share,
        df,
        data.n_samples,
        *_shape(data),
        fit_intercept=data.fit_intercept,
        noise=noise.full,
        least=noise.least,
    )
    r2 = 1 - rss / total if total > 0 else np.zeros(len(rss))
    return {"rss": rss.copy(), "r2": r2, "df": df.copy(), **criteria}


def full_noise(problem: Problem, path: Path) -> float | None:
    """Return the residual variance of the fit on all features, None where that leaves no degree of freedom.

    Where the path comes to all of them nothing has to be computed; else it takes O(n_features**3) by the Gram matrix, and
    without one, for more than 8000 features or twice as many as samples, it is None.
    """
    if path.n_features[-1] == path.system.n:
        whole = path
    elif isinstance(problem, GramProblem):
        whole = _whole(problem)
    else:
        return None
    data, rss = problem.data, float(whole.rss[-1]) * problem.data.share
    return residual_variance(
        rss, float(whole.degrees[-1]), data.n_samples, data.y.shape[1], fit_intercept=data.fit_intercept
    )


def _whole(problem: Problem) -> Path:
    try:
        return _independent(problem.system, problem.units)
    except np.linalg.LinAlgError:  # rounding hides which are independent
        return _independent(compressed(problem.data, problem.units.columns, problem.threads), problem.units)


def _independent(system: System, units: Units) -> Path:
    """Return a path to all features that are no combinations of others."""
    gone = collinear_places(system, units)
    units = units.without(gone)
    return nested(system.without(gone), units, np.arange(units.n))
