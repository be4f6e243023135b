"""The whole of a subset selection: search, validate every size, choose one, polish it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from prunus import _check
from prunus.solving.backward import IllConditionedError
from prunus.solving.gram import Doubles
from prunus.solving.methods import METHODS, polished
from prunus.solving.noise import full_noise
from prunus.solving.paths import ListedPath, Path
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
    min_nonzero: int = 0  # the smallest size to choose


@dataclass(frozen=True)
class Selection:
    """What came of it."""

    path: Path  # as the search found it
    index: int  # of the chosen size
    columns: Places  # of X, the chosen support; exchanges may have made it another than the path's
    coef: Doubles  # (n_out, k)
    intercept: Doubles  # (n_out,)
    is_optimal: bool  # whether no exchange of two features betters it
    method: str
    table: dict[str, Any]  # one entry for each size in each column
    fold_errors: Doubles  # (n_folds, n_sizes), mean squared errors of the search in each fold that tests anything
    x_mean: Doubles
    y_mean: Doubles
    constant: Places  # columns of X
    collinear: Places  # columns of X that the search left out as combinations of others

    def optimality(self, i: int) -> str:
        """Return what is known of the i-th fit: "1-swap" or "path"."""
        is_optimal = self.is_optimal if i == self.index else self.path.is_optimal(i)
        return "1-swap" if is_optimal else "path"

    def support(self, i: int) -> Places:
        """Return the columns of X of the i-th fit, ascending."""
        return self.columns if i == self.index else np.sort(_columns(self.path, self.path.chosen(i)))

    def fit(self, i: int) -> tuple[Places, Doubles, Doubles]:
        """Return columns, coefficients and intercepts of the i-th fit."""
        if i == self.index:
            return self.columns, self.coef, self.intercept
        return _with_intercept(self.path, i, self.x_mean, self.y_mean)

    @property
    def elimination_order(self) -> Places:
        """Columns of X in the order in which they leave the search's path, from its largest support to its smallest."""
        path, units = self.path, self.path.units
        first = np.full(units.n, len(path.sizes))
        for i in reversed(range(len(path.sizes))):
            first[path.chosen(i)] = i
        order = np.argsort(-first, kind="stable")
        leaves = (first[order] > 0) & (first[order] < len(path.sizes))
        return _columns(path, order[leaves])


def _columns(path: Path, units: Places) -> Places:
    return np.asarray(path.system.features[path.units.places(units)])


def _with_intercept(path: Path, i: int, x_mean: Doubles, y_mean: Doubles) -> tuple[Places, Doubles, Doubles]:
    """Return the columns of a fit in order, their coefficients, and the intercepts."""
    places, coef = path.coef(i)
    columns = path.system.features[places]
    order = np.argsort(columns)
    columns, coef = columns[order], np.ascontiguousarray(coef[:, order])
    return columns, coef, y_mean - coef @ x_mean[columns]


def select_subset(data: Regression, folds: Folds, options: Options) -> Selection:
    """Search for the best subsets of every size, and choose one."""
    name = _method(data, options)
    # Where the size is given nothing is validated.
    folds = folds if options.n_nonzero is None and options.select == "cv" else ()
    problem = _problem(data, folds, name, options)
    path, system, errors = _search(problem, name, options)
    noise = _noise(problem, path, options)
    table = {"n_nonzero": path.n_features, "n_groups": path.sizes, **_measures(problem, path, noise)}
    if options.n_nonzero is not None:
        index = _index_of(path, options.n_nonzero)
    else:
        index = _validate(problem, path, errors, table, options)
    best, at = path, index
    if options.method == "auto" and problem.units.are_single:
        best, at = _exchanged(path, index, system, problem.units, name, options.threads), 0
        for column, values in _measures(problem, best, noise).items():
            table[column][index] = values[0]
    columns, coef, intercept = _with_intercept(best, at, problem.x_mean, problem.y_mean)
    is_optimal = best.is_optimal(at)
    path.finish()
    return Selection(
        path=path,
        index=index,
        columns=columns,
        coef=coef,
        intercept=intercept,
        is_optimal=is_optimal,
        method=name,
        table=table,
        fold_errors=errors,
        x_mean=problem.x_mean,
        y_mean=problem.y_mean,
        constant=problem.constant,
        collinear=np.setdiff1d(problem.units.columns, path.system.features),
    )


def _method(data: Regression, options: Options) -> str:
    """Return the method: of "auto", backward where least squares has one answer, else forward.

    All samples decide, not those of a fold, so that a path is the same whatever is validated on it.
    """
    if options.method != "auto":
        return options.method
    n, p = int(np.count_nonzero(data.weight)), data.X.shape[1]
    return "obs" if p < n - data.fit_intercept and p <= MOST_FEATURES else "forward"


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


def _search(problem: Problem, name: str, options: Options) -> tuple[Path, System, Doubles]:
    """Return the path of all samples, the system that was searched, and the mean squared errors of folds (n_folds, n_sizes)."""
    method, threads = METHODS[name], options.threads
    n_units = _largest(problem.units, name, int(np.count_nonzero(problem.data.weight)), options)

    def search(system: System, units: Units) -> Path:
        return method.path(system, units, n_units, threads)

    found = problem.forward(n_units) if name == "forward" else None
    if found is None:
        # The folds first: the path needs LAPACK, whose idle threads would turn in a loop beside them.
        folds = list(problem.validate_backward(search) if name == "obs" else problem.validate(search))
        path, system = _path(problem, search)
    else:
        path, system, folds = found[0], problem.system, found[1]
    errors = []
    for fold, (_, test) in zip(folds, problem.folds, strict=True):
        weight = problem.data.weight[test].sum()
        if weight > 0:
            # Where a fold has fewer features that can be told apart, the largest stands for those beyond.
            at = np.minimum(np.searchsorted(fold.sizes, path.sizes), len(fold.sizes) - 1)
            errors.append(fold.squared[at] / weight)
    return path, system, np.array(errors).reshape(len(errors), len(path.sizes))


def _path(problem: Problem, search: Search) -> tuple[Path, System]:
    try:
        return search(problem.system, problem.units), problem.system
    except IllConditionedError:
        _check.warn(
            "X is ill-conditioned: its Gram matrix cannot tell the features apart, a slower QR factorization is used",
            RuntimeWarning,
        )
        system = compressed(problem.data, problem.units.columns, problem.threads)
        return search(system, problem.units), system


def _largest(units: Units, name: str, n_samples: int, options: Options) -> int:
    """Return how many units the largest fit has at most. What is asked for changes no smaller fit."""
    if name == "obs":  # which begins with all, and finds every size below
        wanted = units.n if options.max_nonzero is None else options.max_nonzero
    elif options.n_nonzero is not None:
        wanted = options.n_nonzero
    elif options.max_nonzero is not None:
        wanted = options.max_nonzero
    else:
        # What looks at the samples of the fit alone prefers the fit that leaves nothing of them.
        wanted = _MOST_SIZES if options.select == "cv" else min(_MOST_SIZES, n_samples // 2)
    return max(min(max(wanted, options.min_nonzero), units.n), units.n_stay)


def _noise(problem: Problem, path: Path, options: Options) -> float | None:
    """Return the residual variance of the fit on all features, where it is at hand or asked for: it may cost a search."""
    is_wanted = options.select == "cp" or path.n_features[-1] == path.system.n
    return full_noise(problem, path) if is_wanted else None


def _measures(problem: Problem, path: Path, noise: float | None) -> dict[str, Any]:
    data, rss, df = problem.data, path.rss, path.degrees
    total = path.system.total.sum()
    criteria = information_criteria(
        rss,
        df,
        problem.weight,  # a sample of weight two counts as two
        data.X.shape[1],
        data.y.shape[1],
        fit_intercept=data.fit_intercept,
        noise=noise,
    )
    r2 = 1 - rss / total if total > 0 else np.zeros(len(rss))
    return {"rss": rss.copy(), "r2": r2, "df": df.copy(), **criteria}


def _index_of(path: Path, n_nonzero: int) -> int:
    """Return the largest fit with no more units."""
    index = max(int(np.searchsorted(path.sizes, n_nonzero, side="right")) - 1, 0)
    _warn_of_fewer(n_nonzero, path.sizes[index])
    return index


def _first_of(path: Path, least: int) -> int:
    """Return the smallest fit with no fewer units, the largest of all where none has as many."""
    index = min(int(np.searchsorted(path.sizes, least)), len(path.sizes) - 1)
    _warn_of_fewer(least, path.sizes[index])
    return index


def _warn_of_fewer(wanted: int, found: int) -> None:
    if found < wanted:
        _check.warn(
            f"a model of {wanted} was asked for, and has {found}: no more can be told apart on these samples",
            RuntimeWarning,
        )


def _validate(problem: Problem, path: Path, errors: Doubles, table: dict[str, Any], options: Options) -> int:
    # Rounding of sums of products; leave-one-out errors come from residuals.
    floor = path.rounding / problem.weight if options.select == "cv" else 0.0
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
    first = _first_of(path, options.min_nonzero)
    spread = spread[first:] if options.one_se and spread is not None else None
    return first + best_size(error[first:], spread, select=options.select, n_samples=problem.weight, floor=floor)


def _exchanged(path: Path, index: int, system: System, units: Units, name: str, threads: int) -> Path:
    """Return the best fit of this size that exchanges lead to, the only one of its path.

    All features may come, also those that the search has left out as combinations of others.
    """
    starts = [_columns(path, path.chosen(index))]
    if name == "obs":  # else it is the forward path itself
        other = METHODS["forward"].path(system, units, int(path.sizes[index]), threads)
        columns = _columns(other, other.chosen(len(other.sizes) - 1))
        if len(columns) == len(starts[0]):
            starts.append(columns)
    places = [np.searchsorted(units.columns, columns) for columns in starts]
    return ListedPath(system, units, [polished(system, units, places, threads)])
