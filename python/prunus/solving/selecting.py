"""The whole of a subset selection: search, validate every size, choose one, polish it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from prunus.solving.backward import IllConditionedError
from prunus.solving.gram import Doubles
from prunus.solving.methods import METHODS, polished
from prunus.solving.paths import Path
from prunus.solving.problem import DataProblem, GramProblem, Problem, Regression, Search, compressed
from prunus.solving.sizes import best_size, information_criteria
from prunus.solving.systems import MOST_FEATURES, Places, System
from prunus.solving.units import Units

Folds = Sequence[tuple[Places, Places]]

SELECTIONS = ("aic", "aicc", "bic", "cp", "cv", "ebic", "gic", "loo")

_MOST_SIZES = 100  # of a path that begins with nothing


class Options(NamedTuple):
    """What the caller asks for; checked."""

    n_nonzero: int | None  # units; None: choose
    method: str  # a name of METHODS, or auto
    select: str  # one of SELECTIONS
    one_se: bool
    max_nonzero: int | None
    threads: int


@dataclass(frozen=True)
class Selection:
    """What came of it."""

    path: Path
    index: int  # of the chosen size
    columns: Places  # of X, the chosen support
    coef: Doubles  # (n_out, k)
    intercept: Doubles  # (n_out,)
    optimality: str  # "1-swap" or "path"
    method: str
    table: dict[str, Any]  # one entry for each size in each column
    x_mean: Doubles
    y_mean: Doubles
    constant: Places  # columns of X
    collinear: Places  # columns of X

    def fit(self, i: int) -> tuple[Places, Doubles, Doubles]:
        """Return columns, coefficients and intercepts of the path's i-th fit."""
        places, coef = self.path.coef(i)
        return with_intercept(self.path.system.features[places], coef, self.x_mean, self.y_mean)

    @property
    def elimination_order(self) -> Places:
        """Columns of X in the order in which they leave the path, from its largest support to its smallest."""
        units = self.path.units
        first = np.full(units.n, len(self.path.sizes))
        for i in reversed(range(len(self.path.sizes))):
            first[self.path.chosen(i)] = i
        order = np.argsort(-first, kind="stable")
        leaves = (first[order] > 0) & (first[order] < len(self.path.sizes))
        return np.asarray(self.path.system.features[units.places(order[leaves])])


def with_intercept(columns: Places, coef: Doubles, x_mean: Doubles, y_mean: Doubles) -> tuple[Places, Doubles, Doubles]:
    """Return columns in order, their coefficients, and the intercepts."""
    order = np.argsort(columns)
    columns, coef = columns[order], np.ascontiguousarray(coef[:, order])
    return columns, coef, y_mean - coef @ x_mean[columns]


def select_subset(data: Regression, folds: Folds, options: Options) -> Selection:
    """Search for the best subsets of every size, and choose one."""
    name, problem, path, held = _searched(data, folds, options)
    table = _table(problem, path)
    if options.n_nonzero is not None:
        index = _index_of(path, options.n_nonzero)
    else:
        index = _validate(problem, path, held, table, options)
    places, coef = path.coef(index)
    is_optimal = name == "swap"
    if options.method == "auto" and path.units.are_single:
        support, is_optimal = _polish(path, index, name, options.threads)
        if not np.array_equal(support, np.sort(path.chosen(index))):
            places, coef = support, path.system.coef(support) / path.system.scale[support]
    path.finish()
    fit = with_intercept(path.system.features[places], coef, problem.x_mean, problem.y_mean)
    return Selection(
        path,
        index,
        *fit,
        "1-swap" if is_optimal else "path",
        name,
        table,
        problem.x_mean,
        problem.y_mean,
        problem.constant,
        np.setdiff1d(problem.units.columns, path.system.features),
    )


def _searched(data: Regression, folds: Folds, options: Options) -> tuple[str, Problem, Path, Doubles]:
    """Return the method, the problem, its path, and the folds' errors.

    "auto" goes backward where least squares has one answer: where every fold can tell as many features apart as all samples
    can. It asks for no number of samples, so that a sample of weight two counts as two samples.
    """
    # Where the size is given nothing is validated.
    folds = folds if options.n_nonzero is None and options.select == "cv" else ()
    n, p = int(np.count_nonzero(data.weight)), data.X.shape[1]
    if options.method == "auto" and p < n - data.fit_intercept and p <= MOST_FEATURES:
        problem = _problem(data, folds, "obs", options)
        path, errors, is_whole = _search(problem, "obs", options)
        if is_whole:
            return "obs", problem, path, errors
    name = "forward" if options.method == "auto" else options.method
    problem = _problem(data, folds, name, options)
    path, errors, _ = _search(problem, name, options)
    return name, problem, path, errors


def _problem(data: Regression, folds: Folds, name: str, options: Options) -> Problem:
    n, p = int(np.count_nonzero(data.weight)), data.X.shape[1]
    if name == "obs" and data.alpha == 0 and n - data.fit_intercept < p:
        wanted = "more samples than" if data.fit_intercept else "at least as many samples as"
        raise ValueError(
            f"method: expected {wanted} features for 'obs' without a ridge penalty, got {n} and {p}; "
            "use method='forward', or alpha"
        )
    needs_gram = name in ("obs", "l1") or data.groups is not None
    if needs_gram and p > MOST_FEATURES:
        why = f"method {name!r}" if data.groups is None else "groups"
        raise ValueError(f"X: expected at most {MOST_FEATURES} features for {why}, got {p}")
    by_gram = needs_gram or (p <= MOST_FEATURES and p <= 2 * n)
    return (GramProblem if by_gram else DataProblem)(data, folds, options.threads)


def _search(problem: Problem, name: str, options: Options) -> tuple[Path, Doubles, bool]:
    """Return the path of all samples, the mean squared errors (n_folds, n_sizes) of the folds, and if these go as far."""
    method, threads = METHODS[name], options.threads
    n_units = _largest(problem.units, name, int(np.count_nonzero(problem.data.weight)), options)

    def search(system: System, units: Units) -> Path:
        return method.path(system, units, n_units, threads)

    found = problem.forward(n_units) if name == "forward" else None
    if found is None:
        path = _path(problem, search)
        folds = problem.validate_backward(search) if name == "obs" else problem.validate(search)
    else:
        path, folds = found[0], iter(found[1])
    errors, is_whole = [], True
    for fold, (_, test) in zip(folds, problem.folds, strict=True):
        weight = problem.data.weight[test].sum()
        is_whole = is_whole and fold.sizes[-1] >= path.sizes[-1]
        if weight > 0:
            # Where a fold has fewer features that can be told apart, the largest stands for those beyond.
            at = np.minimum(np.searchsorted(fold.sizes, path.sizes), len(fold.sizes) - 1)
            errors.append(fold.squared[at] / weight)
    return path, np.array(errors), is_whole


def _path(problem: Problem, search: Search) -> Path:
    try:
        return search(problem.system, problem.units)
    except IllConditionedError:
        warnings.warn(
            "X is ill-conditioned: its Gram matrix cannot tell the features apart, a slower QR factorization is used",
            RuntimeWarning,
            stacklevel=2,
        )
        return search(compressed(problem.data, problem.units.columns, problem.threads), problem.units)


def _largest(units: Units, name: str, n_samples: int, options: Options) -> int:
    """Return how many units the largest fit has at most. What is asked for changes no smaller fit."""
    if name == "obs":
        return units.n
    wanted = options.n_nonzero if options.n_nonzero is not None else options.max_nonzero
    if wanted is None:
        # What looks at the samples of the fit alone prefers the fit that leaves nothing of them.
        wanted = _MOST_SIZES if options.select == "cv" else min(_MOST_SIZES, n_samples // 2)
    return max(min(wanted, units.n), units.n_stay)


def _table(problem: Problem, path: Path) -> dict[str, Any]:
    rss, df = path.rss, path.degrees
    total = path.system.total.sum()
    # A sample of weight two counts as two.
    criteria = information_criteria(rss, df, problem.weight, problem.data.X.shape[1], problem.data.y.shape[1])
    r2 = 1 - rss / total if total > 0 else np.zeros(len(rss))
    return {"n_nonzero": path.n_features, "n_groups": path.sizes, "rss": rss, "r2": r2, "df": df, **criteria}


def _index_of(path: Path, n_nonzero: int) -> int:
    """Return the largest fit with no more units."""
    return max(int(np.searchsorted(path.sizes, n_nonzero, side="right")) - 1, 0)


def _validate(problem: Problem, path: Path, errors: Doubles, table: dict[str, Any], options: Options) -> int:
    spread = None
    if options.select == "cv":
        if not len(errors):
            raise ValueError("cv: expected at least one fold with a test sample of positive weight, got none")
        table["cv_mean"] = errors.mean(axis=0)
        table["cv_std"] = errors.std(axis=0, ddof=1) if len(errors) > 1 else np.zeros(errors.shape[1])
        table["cv_std_error"] = table["cv_std"] / np.sqrt(len(errors))
        error, spread = table["cv_mean"], table["cv_std_error"]
    elif options.select == "loo":
        error = table["loo"] = problem.left_out(path)
    else:
        error = table[options.select]
    return best_size(error, spread if options.one_se else None)


def _polish(path: Path, index: int, name: str, threads: int) -> tuple[Places, bool]:
    starts = [path.chosen(index)]
    if name == "obs":  # else it is the forward path itself
        other = METHODS["forward"].path(path.system, path.units, len(starts[0]), threads)
        if other.sizes[-1] == len(starts[0]):
            starts.append(other.chosen(len(other.sizes) - 1))
    return polished(path.system, path.units, starts, threads)
