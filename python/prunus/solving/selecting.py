"""The whole of a subset selection: search, validate every size, choose one, polish it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from prunus._base import Doubles, Places, check
from prunus.solving.regression import Regression, compressed
from prunus.solving.searching.backward import IllConditionedError
from prunus.solving.searching.collinear import are_combinations
from prunus.solving.searching.forward import forward_order
from prunus.solving.searching.listed import ListedPath
from prunus.solving.searching.methods import METHODS, polished
from prunus.solving.searching.paths import Path
from prunus.solving.searching.thresholding import complete
from prunus.solving.selection import SubsetSelection, columns_of, fit_of
from prunus.solving.systems import MOST_FEATURES, GramSystem, System
from prunus.solving.units import Units
from prunus.solving.validating.left_out import left_out_errors
from prunus.solving.validating.measures import measures, noise_of_path
from prunus.solving.validating.problem import DataProblem, GramProblem, Problem, Search
from prunus.solving.validating.sizes import best_size, largest_size

Folds = Sequence[tuple[Places, Places]]

SELECTIONS = ("aic", "aicc", "bic", "cp", "cv", "ebic", "gic", "loo")

_MOST_SIZES = 100  # of a path that begins with nothing
# Features for which "auto" exchanges at every size. Every size takes some hundred steps of O(size * features): 0.15 s for
# all sizes of 100 features on one core (Intel Xeon), and as much for every fold.
_FEW = 128


class Options(NamedTuple):
    """What the caller asks for; checked."""

    n_nonzero: int | None  # units; None: choose
    method: str  # a name of METHODS, or auto
    select: str  # one of SELECTIONS
    one_se: bool
    max_nonzero: int | None
    threads: int
    min_nonzero: int = 0  # the smallest size to choose


def select_subset(data: Regression, folds: Folds, options: Options) -> SubsetSelection:
    """Search for the best subsets of every size, and choose one."""
    name = _method(data, options)
    # Where the size is given nothing is validated.
    folds = folds if options.n_nonzero is None and options.select == "cv" else ()
    problem = _problem(data, folds, name, options)
    if options.method == "auto" and name == "swap" and _is_nearly_collinear(problem):
        name = "obs"  # which goes on by QR
    path, system, errors = _search(problem, name, options)
    noise = noise_of_path(problem, path, options.select)
    table = {"n_nonzero": path.n_features, "n_groups": path.sizes, **measures(problem, path, noise)}
    if options.n_nonzero is not None:
        index = _index_of(path, options.n_nonzero)
    else:
        index = _validate(problem, path, errors, table, options)
        _warn_of_the_largest(problem, path, index, max(_largest(problem, name, options), options.min_nonzero + 1))
    exchanged = {}
    if options.method == "auto" and name != "swap" and problem.units.are_single:
        for i, better in _exchanged(path, index, system, problem.units, name, options.threads):
            for column, values in measures(problem, better, noise).items():
                table[column][i] = values[0]
            exchanged[i] = fit_of(better, 0, problem.x_mean, problem.y_mean)
    collinear = _collinear(problem, path, name, options)
    path.finish()
    return SubsetSelection(
        path=path,
        index=index,
        exchanged=exchanged,
        method=name,
        table=table,
        fold_errors=errors,
        x_mean=problem.x_mean,
        y_mean=problem.y_mean,
        constant=problem.constant,
        collinear=collinear,
    )


def _collinear(problem: Problem, path: Path, name: str, options: Options) -> Places:
    """Return the columns that were left out as combinations of others; warn where they are so for the Gram matrix alone."""
    left = np.setdiff1d(np.delete(np.arange(problem.data.X.shape[1]), problem.constant), path.told_apart)
    if len(left):  # smaller models of groups may take what larger ones leave
        used = np.unique(np.concatenate([path.places_of(i) for i in range(len(path.sizes))]))
        left = np.setdiff1d(left, path.system.features[used])
    # Of single features a path that ends early, though not for want of samples, has all that are independent.
    is_whole = path.sizes[-1] < min(_largest(problem, name, options), path.system.rank)
    if problem.units.are_single and is_whole:
        last = columns_of(path, path.chosen(len(path.sizes) - 1))
        beside = np.setdiff1d(path.system.features, last)
        if len(beside) and not are_combinations(problem.data, last, beside):
            check.warn(
                f"columns {beside.tolist()} of X are nearly combinations of others, and left out: method='obs' tells them",
                RuntimeWarning,
            )
        left = np.union1d(left, beside)
    return left


def _method(data: Regression, options: Options) -> str:
    """Return the method: of "auto" exchanges at every size where they are cheap, else backward or forward.

    All samples decide, not those of a fold, so that a path is the same whatever is validated on it. Backward from nearly as
    many features as samples begins with a fit that leaves nothing, in the folds with none.
    """
    if options.method != "auto":
        return options.method
    p = data.X.shape[1]
    if data.groups is None and p <= _FEW:
        return "swap"
    return "obs" if 2 * p <= data.n_samples and p <= MOST_FEATURES else "forward"


def _problem(data: Regression, folds: Folds, name: str, options: Options) -> Problem:
    n, p = data.n_samples, data.X.shape[1]
    if name == "obs" and data.alpha == 0 and data.rank < p:
        wanted = "more samples than" if data.fit_intercept else "at least as many samples as"
        raise check.error(
            ValueError,
            "method",
            f"expected {wanted} features for 'obs' without a ridge penalty, got {n} and {p}; "
            "use method='forward', or alpha",
        )
    needs_gram = name in ("obs", "l1") or data.groups is not None
    if needs_gram and p > MOST_FEATURES:
        why = f"method {name!r}" if data.groups is None else "groups"
        raise check.error(ValueError, "X", f"expected at most {MOST_FEATURES} features for {why}, got {p}")
    by_gram = needs_gram or (p <= MOST_FEATURES and p <= 2 * n) or (name == "swap" and p <= _FEW)
    return (GramProblem if by_gram else DataProblem)(data, folds, options.threads)


def _is_nearly_collinear(problem: Problem) -> bool:
    """Whether columns that the Gram matrix takes for combinations of others are not, by the data."""
    system, units = problem.system, problem.units
    if problem.data.alpha or not isinstance(system, GramSystem) or system.n > problem.data.rank:
        return False
    order = forward_order(system, units, units.n)
    left = np.setdiff1d(np.arange(system.n), order)
    if not len(left) or len(order) >= system.rank:
        return False
    return not are_combinations(problem.data, system.features[order], system.features[left])


def _search(problem: Problem, name: str, options: Options) -> tuple[Path, System, Doubles]:
    """Return the path of all samples, the system that was searched, and the mean squared errors of folds (n_folds, n_sizes)."""
    method, threads = METHODS[name], options.threads
    n_units = _largest(problem, name, options)

    def search(system: System, units: Units, train: Places | None) -> Path:
        path = method.path(system, units, n_units, threads)
        if name == "obs" and isinstance(system, GramSystem):
            left = np.setdiff1d(units.columns, path.told_apart)
            data = problem.data if train is None else problem.data.rows(train)
            if len(left) and not are_combinations(data, path.told_apart, left):
                raise IllConditionedError
        return path

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
        return search(problem.system, problem.units, None), problem.system
    except IllConditionedError:
        check.warn(
            "X is ill-conditioned: its Gram matrix cannot tell the features apart, a slower QR factorization is used",
            RuntimeWarning,
        )
        system = compressed(problem.data, problem.units.columns, problem.threads)
        return search(system, problem.units, None), system


def _largest(problem: Problem, name: str, options: Options) -> int:
    """Return how many units the largest fit has at most. What is asked for changes no smaller fit."""
    units = problem.units
    # obs begins with all, and finds every size below; where exchanges are cheap every size is ranked, too.
    has_all = name == "obs" or (options.method == "auto" and name == "swap")
    if options.n_nonzero is not None and not has_all:
        wanted = options.n_nonzero
    elif options.max_nonzero is not None:
        wanted = options.max_nonzero
    elif options.n_nonzero is not None:
        wanted = units.n
    else:
        wanted = units.n if has_all or units.n <= _FEW else _MOST_SIZES
        if options.select != "cv":
            wanted = min(wanted, largest_size(problem.data.n_samples, units.n))
    return max(min(max(wanted, options.min_nonzero), units.n), units.n_stay)


def _warn_of_the_largest(problem: Problem, path: Path, index: int, limit: int) -> None:
    """Warn where a larger model might have been chosen, had it been searched."""
    there = min(problem.units.n, path.system.rank) if problem.units.are_single else problem.units.n
    if limit <= path.sizes[index] < there:
        check.warn(
            f"the largest model that was searched is chosen, {path.sizes[index]}: raise max_nonzero, or choose by 'cv' "
            "or 'ebic', which count the search",
            RuntimeWarning,
        )


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
        check.warn(
            f"a model of {wanted} was asked for, and has {found}: no more can be told apart on these samples",
            RuntimeWarning,
        )


def _validate(problem: Problem, path: Path, errors: Doubles, table: dict[str, Any], options: Options) -> int:
    # Rounding of sums of products; leave-one-out errors come from residuals.
    floor = path.rounding / problem.weight if options.select == "cv" else 0.0
    spread = None
    if options.select == "cv":
        if not len(errors):
            raise check.error(
                ValueError, "cv", "expected at least one fold with a test sample of positive weight, got none"
            )
        table["cv_mean"] = errors.mean(axis=0)
        table["cv_std"] = errors.std(axis=0, ddof=1) if len(errors) > 1 else np.zeros(errors.shape[1])
        table["cv_std_error"] = table["cv_std"] / np.sqrt(len(errors))
        error, spread = table["cv_mean"], table["cv_std_error"]
    elif options.select == "loo":
        means = problem.x_mean, problem.y_mean
        error = table["loo"] = left_out_errors(problem.data, path, means, problem.threads)
    else:
        error = table[options.select]
    first = _first_of(path, options.min_nonzero)
    spread = spread[first:] if options.one_se and spread is not None else None
    n = problem.data.n_samples
    return first + best_size(error[first:], spread, select=options.select, n_samples=n, floor=floor)


def _exchanged(
    path: Path, index: int, system: System, units: Units, name: str, threads: int
) -> Iterator[tuple[int, Path]]:
    """Yield the best fit of the chosen size that exchanges lead to, and those that it makes the next sizes lag behind.

    All features may come, also those that the search has left out as combinations of others. Where the path's next fit leaves
    more than this one, the feature that explains most beside this one's makes the next fit.
    """
    starts = [columns_of(path, path.chosen(index))]
    if name == "obs":  # else it is the forward path itself
        other = METHODS["forward"].path(system, units, int(path.sizes[index]), threads)
        columns = columns_of(other, other.chosen(len(other.sizes) - 1))
        if len(columns) == len(starts[0]):
            starts.append(columns)
    try:
        support, is_optimal = polished(
            system, units, [np.searchsorted(units.columns, some) for some in starts], threads
        )
    except np.linalg.LinAlgError:  # so nearly collinear that QR alone tells them apart
        return
    better = ListedPath(system, units, [(support, is_optimal)])
    yield index, better
    for i in range(index + 1, len(path.sizes)):
        if path.loss[i] <= better.loss[0]:
            return
        try:
            support = complete(system, support, len(support) + 1, keep=units.stays)
        except np.linalg.LinAlgError:
            return
        better = ListedPath(system, units, [(support, False)])
        yield i, better
