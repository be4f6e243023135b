"""Random regressions: dense X against sparse X against refits by NumPy, every model, error and choice of a path.

``python -m bench.agreement --problems 2000`` draws regressions over shapes, zeros, columns far from zero, splitters, weights,
outputs, groups, ridge penalties, float32, methods and criteria, and counts those in which anything differs. A support may
differ from another by a near-tie alone: both fits must then have the same loss, to a bound that rounding explains.
"""

from __future__ import annotations

import argparse
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import scipy.sparse
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, KFold, LeaveOneOut, ShuffleSplit, TimeSeriesSplit

from bench.refits import Array, Fit, Problem, condition, rank, refit
from prunus.linear_model import PrunedLinearRegression

# Of the outputs' squared length. Sums of n products are off by n units of rounding of it, times what the inverse of a matrix of
# correlations magnifies them by: 70 * 2e-16 * 1e4 for the worst of what is drawn here.
BOUND = 1e-9
_MOST_SETS = 300  # of one loss
_METHODS = ("auto", "obs", "forward", "swap", "iht", "l1")
_SELECTIONS = ("cv", "cv", "cv", "loo", "aic", "aicc", "bic", "ebic", "gic", "cp")


def draw(seed: int) -> Problem:
    """Return the problem of a seed."""
    rng = np.random.default_rng((2026, seed))
    has = dict(zip(["far", "weight", "outputs", "groups", "keep", "alpha", "single"], rng.random(7) < 0.3, strict=True))
    is_wide = rng.random() < 0.15
    n = int(rng.integers(14, 22)) if is_wide else int(rng.integers(24, 70))
    p = int(rng.integers(2 * n + 1, 3 * n)) if is_wide else int(rng.integers(2, 10))
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < rng.choice([1.0, 0.5, 0.2]))
    y = X[:, :2] @ rng.standard_normal((2, 3 if has["outputs"] else 1)) + rng.uniform(0.1, 2) * rng.standard_normal(
        (n, 3 if has["outputs"] else 1)
    )
    if rng.random() < 0.3:  # a block of rows without entries, which is a fold of some splitters
        X[: n // 5] = 0
        y[: n // 5] += 5
    if has["far"]:
        X[:, rng.integers(p)] = 2000 + np.arange(n) // 5 + rng.integers(0, 2) * rng.standard_normal(n)
    methods = [name for name in _METHODS if not ((is_wide and name == "obs") or (has["outputs"] and name == "l1"))]
    method = str(rng.choice(methods))
    groups = rng.integers(0, max(p // 2, 1), p) if has["groups"] and method in ("auto", "obs", "forward") else None
    options = {
        "method": "forward" if is_wide and groups is not None else method,
        "select": str(rng.choice([name for name in _SELECTIONS if not (is_wide and name == "cp")])),
        "groups": groups,
        "keep": [int(rng.integers(p))] if has["keep"] else None,
        "alpha": float(10 ** rng.uniform(-1, 1)) if has["alpha"] else 0.0,
        "fit_intercept": bool(rng.random() < 0.8),
        "max_nonzero": 5 if is_wide else p,
    }
    weight = rng.random(n) * rng.integers(0, 4, n) + 1e-3 if has["weight"] else None
    if weight is not None and rng.random() < 0.5:
        weight[rng.integers(n)] = 0.0
    X = np.asarray(X, np.float32 if has["single"] else np.float64)
    return Problem(X, y, weight, options, _folds(rng, n, weight))


def _folds(rng: np.random.Generator, n: int, weight: Array | None) -> list[tuple[Array, Array]]:
    """Return folds: equal and unequal, of single samples, by groups, at random, forward in time."""
    every, labels = np.arange(n), rng.integers(0, 6, n)
    labels[:6] = np.arange(6)
    pairs = np.array_split(rng.permutation(n), n // 2)[:8]
    splits = [
        KFold(5).split(every),
        LeaveOneOut().split(every),
        GroupKFold(4).split(every, groups=labels),
        ShuffleSplit(4, random_state=0).split(every),
        TimeSeriesSplit(3).split(every),
        [(np.setdiff1d(every, pair), pair) for pair in pairs],
        [(np.setdiff1d(every, test), test) for test in np.split(every, [1, 3, n // 2])],
    ]
    found = [(np.asarray(train), np.asarray(test)) for train, test in splits[int(rng.integers(len(splits)))]]
    return [fold for fold in found if weight is None or weight[fold[0]].any()]


def estimator(problem: Problem, **changed: Any) -> PrunedLinearRegression:
    """Return the estimator of a problem."""
    return PrunedLinearRegression(**{"cv": problem.folds, **problem.options, **changed})


def fitted(model: PrunedLinearRegression, problem: Problem, kind: Any) -> PrunedLinearRegression | str:
    """Fit, or return the error."""
    y = problem.y[:, 0] if problem.y.shape[1] == 1 else problem.y
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            found: PrunedLinearRegression = clone(model).fit(kind(problem.X), y, problem.weight)
        except ValueError as error:
            return f"{type(error).__name__}: {error}"
    return found


def differences(problem: Problem) -> Iterator[str]:
    """Yield what differs, in words."""
    kinds = {"dense": np.asarray, "sparse": scipy.sparse.csr_array}
    models = {name: fitted(estimator(problem), problem, kind) for name, kind in kinds.items()}
    dense, sparse = models.values()
    if isinstance(dense, str) or isinstance(sparse, str):
        if dense != sparse or not dense.startswith("ValueError"):  # an error of our own algebra is none of the caller's
            yield f"dense {_ending(dense)}, sparse {_ending(sparse)}"
        return
    yield from _between(problem, dense, sparse)
    for name, kind in kinds.items():
        model = models[name]
        assert not isinstance(model, str)
        found = (
            _models_differ(problem, model, kind),
            _errors_differ(problem, model, kind),
            _choice_differs(problem, model),
        )
        yield from (f"{name}: {text}" for text in itertools.chain(*found))


def _ending(model: PrunedLinearRegression | str) -> str:
    return model if isinstance(model, str) else "fits"


def _between(problem: Problem, dense: PrunedLinearRegression, sparse: PrunedLinearRegression) -> Iterator[str]:
    """Yield where two fits have other sizes, supports or choices; but for near-ties."""
    if not np.array_equal(dense.path_.sizes, sparse.path_.sizes):
        yield f"sizes {dense.path_.sizes} and {sparse.path_.sizes}"
        return
    total = refit(problem, []).loss
    for size in dense.path_.sizes.tolist():
        a, b = (np.flatnonzero(model.path_.at(size).support_) for model in (dense, sparse))
        if not np.array_equal(a, b) and abs(refit(problem, a).loss - refit(problem, b).loss) > BOUND * total:
            yield f"supports of size {size}: {a} and {b}"
    if not np.array_equal(dense.support_, sparse.support_):
        x, y = (float(_criterion(problem, model)[_index(model)]) for model in (dense, sparse))
        if not math.isclose(x, y, rel_tol=BOUND, abs_tol=BOUND * total):
            yield f"chosen sizes {dense.n_groups_} and {sparse.n_groups_}, at {x} and {y}"


def _criterion(problem: Problem, model: PrunedLinearRegression) -> Array:
    select = problem.options["select"]
    return np.asarray(model.path_.measures["cv_mean" if select == "cv" else select])


def _index(model: PrunedLinearRegression) -> int:
    return int(np.flatnonzero(model.path_.table()["chosen"])[0])


def _models_differ(problem: Problem, model: PrunedLinearRegression, kind: Any) -> Iterator[str]:
    """Yield where the fits are not those of lstsq on their supports."""
    total = refit(problem, []).loss
    for size, rss in zip(model.path_.sizes.tolist(), model.path_.measures["rss"], strict=True):
        fit = refit(problem, model.path_.at(size).support_)
        if abs(fit.rss - rss) > BOUND * total:
            yield f"rss of size {size}: {rss}, lstsq {fit.rss}"
    fit = refit(problem, model.support_)
    expected = problem.X[:, model.support_] @ fit.coef + fit.intercept
    found = model.predict(kind(problem.X)).reshape(expected.shape)
    spread = math.sqrt(total / len(problem.X)) + np.abs(problem.y).max()
    if np.abs(found - expected).max() > math.sqrt(BOUND) * spread:
        yield f"predictions are off by {np.abs(found - expected).max():g}"


def _errors_differ(problem: Problem, model: PrunedLinearRegression, kind: Any) -> Iterator[str]:
    """Yield where the errors of cross-validation and leaving out are not those of refits."""
    measures = model.path_.measures
    if "cv_mean" in measures:
        yield from _folds_differ(problem, model, kind)
    if "loo" in measures:
        w = np.ones(len(problem.X)) if problem.weight is None else problem.weight
        for size, loo in zip(model.path_.sizes.tolist(), measures["loo"], strict=True):
            columns = np.flatnonzero(model.path_.at(size).support_)
            refits = [_refits_without(problem, int(i), columns) for i in np.flatnonzero(w)]
            least, most = (sum(map(bound, refits)) / w.sum() for bound in (min, max))
            if not least * (1 - 1e-7) <= loo <= most * (1 + 1e-7):
                yield f"loo of size {size}: {loo}, refits {least} to {most}"


def _refits_without(problem: Problem, i: int, columns: Array) -> list[float]:
    """Return the error on a sample of the refit without it: of each that there is, where columns cannot be told apart then."""
    rest, one = problem.rows(np.delete(np.arange(len(problem.X)), i)), problem.rows([i])

    def error(some: Array) -> float:
        return refit(rest, some).error(one.X[:, some], one.y, one.weight)

    n_more = len(columns) - (len(columns) if problem.options["alpha"] else rank(rest, columns))
    if n_more == 0:
        return [error(columns)]
    others = itertools.islice(itertools.combinations(range(len(columns)), n_more), _MOST_SETS)
    sets = [np.delete(columns, gone) for gone in others]
    return [error(some) for some in sets if rank(rest, some) == len(some)]


def _folds_differ(problem: Problem, model: PrunedLinearRegression, kind: Any) -> Iterator[str]:
    errors = iter(model.path_._selection.fold_errors)
    sizes = model.path_.sizes
    for number, (train, test) in enumerate(problem.folds):
        held = problem.rows(test)
        weight = len(test) if held.weight is None else held.weight.sum()
        if not weight > 0:
            continue
        found = next(errors)
        inside = problem.rows(train)
        search = estimator(problem, method=model.method_, n_nonzero=int(sizes[-1]), cv=None)
        own = fitted(search, inside, kind)
        if isinstance(own, str):
            # Alone it may be refused: backward elimination of no fewer features than samples.
            if "more samples than features" not in own:
                yield f"fold {number}: {own}"
            continue
        for size, error in zip(sizes.tolist(), found.tolist(), strict=True):
            support = _support_at(problem, model, own, size)
            if _is_error_of(error * weight, inside, held, support):
                continue
            # Where rounding decides between equals, a search may end in another set: that of the other kind of X.
            other = fitted(search, inside, scipy.sparse.csr_array if kind is np.asarray else np.asarray)
            if isinstance(other, str) or not _is_error_of(
                error * weight, inside, held, _support_at(problem, model, other, size)
            ):
                expected = refit(inside, support).error(held.X[:, support], held.y, held.weight)
                yield f"fold {number}, error of size {size}: {error}, refit {expected / weight}"


def _support_at(problem: Problem, model: PrunedLinearRegression, own: PrunedLinearRegression, size: int) -> Array:
    """Return the columns of a fold's model of a size, or of its largest.

    What must stay counts in the size, also where it is constant in the fold, whose path alone begins without it.
    """
    n_lost = _n_staying(problem, model) - _n_staying(problem, own)
    return np.flatnonzero(own.path_.at(min(size - n_lost, int(own.path_.sizes[-1]))).support_)


def _n_staying(problem: Problem, model: PrunedLinearRegression) -> int:
    """Return how many of the units that must stay are in the smallest model."""
    smallest = model.path_.at(int(model.path_.sizes[0])).support_
    stay = [] if problem.options["keep"] is None else problem.options["keep"]
    return sum(bool(np.isin(stay, unit).any() and smallest[unit].any()) for unit in problem.units)


def _is_error_of(error: float, inside: Problem, held: Problem, support: Array) -> bool:
    """Whether it is the error of a fit on these columns, or on others that have the same loss but for rounding."""
    total = refit(inside, []).loss
    scale = BOUND * ((held.y**2).sum() + total)

    def agrees(fit: Fit, columns: Array) -> bool:
        own = fit.error(held.X[:, columns], held.y, held.weight)
        # Rounding is magnified by the square of the condition, in a Gram matrix: 3e4 of a fit through all samples.
        rel_tol = max(1e-6, 1e2 * np.finfo(np.float64).eps * condition(inside, columns) ** 2)
        return math.isclose(own, error, rel_tol=rel_tol, abs_tol=scale)

    # The set itself first: of a group it may have those columns alone that can be told apart.
    return any(agrees(refit(inside, other), other) for other in itertools.chain([support], _tied(inside, support)))


def _tied(problem: Problem, support: Array) -> Iterator[Array]:
    """Yield a set of columns, and those that exchanges of one unit lead to without a change of the loss, but for rounding."""
    units, total = problem.units, refit(problem, []).loss
    most = refit(problem, support).loss + BOUND * total
    waiting = [frozenset(i for i, unit in enumerate(units) if np.isin(unit, support).any())]
    seen = set(waiting)
    while waiting and len(seen) < _MOST_SETS:
        chosen = waiting.pop(0)  # the fewest exchanges first
        yield _columns(units, chosen)
        for gone, come in itertools.product(chosen, set(range(len(units))) - chosen):
            other = chosen - {gone} | {come}
            if other not in seen and refit(problem, _columns(units, other)).loss <= most:
                seen.add(other)
                waiting.append(other)


def _columns(units: Sequence[Array], chosen: Iterable[int]) -> Array:
    return np.sort(np.concatenate([np.zeros(0, np.int64), *(units[i] for i in chosen)]))


def _choice_differs(problem: Problem, model: PrunedLinearRegression) -> Iterator[str]:
    """Yield where the chosen size is not the one with the least criterion."""
    values = _criterion(problem, model)
    least = np.nanmin(values)
    if not math.isclose(
        float(values[_index(model)]), float(least), rel_tol=BOUND, abs_tol=BOUND * refit(problem, []).loss
    ):
        yield f"chosen: {values[_index(model)]}, least {least}"


def compare(n_problems: int, first: int = 0, show: int = 20) -> int:
    """Print the first problems that differ, and return how many there are."""
    found = 0
    for seed in range(first, first + n_problems):
        problem = draw(seed)
        texts = list(differences(problem))
        found += bool(texts)
        if texts and found <= show:
            told = {name: value for name, value in problem.options.items() if value is not None}
            print(
                f"seed {seed}, {problem.X.shape}, {told}: {texts[0]}" + f" and {len(texts) - 1} more" * (len(texts) > 1)
            )
    print(f"{found} of {n_problems} problems differ")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--show", type=int, default=20, help="how many differences are printed")
    options = parser.parse_args()
    raise SystemExit(compare(options.problems, options.first, options.show) > 0)
