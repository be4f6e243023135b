"""The residual variance of the fit on all features, which Mallows' Cp compares smaller fits with."""

from __future__ import annotations

import numpy as np

from prunus.solving.backward import collinear_places
from prunus.solving.paths import Path, nested
from prunus.solving.problem import GramProblem, Problem, compressed
from prunus.solving.sizes import residual_variance
from prunus.solving.systems import System
from prunus.solving.units import Units


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
    n_out, has = problem.data.y.shape[1], problem.data.fit_intercept
    return residual_variance(float(whole.rss[-1]), float(whole.degrees[-1]), problem.weight, n_out, fit_intercept=has)


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
