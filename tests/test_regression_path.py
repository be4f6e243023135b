"""Exact pruning of linear regression: every path, error and criterion against refits of the data themselves."""

from __future__ import annotations

import os
import pickle
import tracemalloc
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.sparse
import scipy.special
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import KFold, TimeSeriesSplit

from prunus.linear_model import PrunedLinearRegression
from prunus.solving.regression import Regression
from prunus.solving.searching.methods import METHODS as METHODS_OF
from prunus.solving.systems import COLLINEAR
from prunus.solving.validating.measures import full_noise
from prunus.solving.validating.problem import DataProblem, GramProblem

EPS = float(np.finfo(np.float64).eps)
# Short grids are searched on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:the largest model that was searched:RuntimeWarning")


class Data(NamedTuple):
    """A regression, and what of it an estimator is told."""

    X: Any  # dense
    y: Any
    weight: Any = None
    groups: Any = None
    keep: Any = ()
    alpha: float = 0.0
    fit_intercept: bool = True

    @property
    def options(self) -> dict[str, Any]:
        keep = list(self.keep) or None
        return {"groups": self.groups, "keep": keep, "alpha": self.alpha, "fit_intercept": self.fit_intercept}

    @property
    def units(self) -> list[Any]:
        """The columns of each group."""
        labels = np.arange(self.X.shape[1]) if self.groups is None else np.asarray(self.groups)
        return [np.flatnonzero(labels == label) for label in dict.fromkeys(labels.tolist())]

    @property
    def kept(self) -> list[Any]:
        return [unit for unit in self.units if np.isin(unit, self.keep).any()]


def refit(data: Data, columns: Any, rows: Any = slice(None)) -> tuple[Any, Any, Any]:
    """Coefficients (n_out, k), intercepts, and loss with the ridge penalty, by lstsq on the data."""
    columns = np.asarray(columns, int)
    X, y = np.asarray(data.X, np.float64)[rows][:, columns], data.y.reshape(len(data.y), -1)[rows]
    w = np.ones(len(X)) if data.weight is None else data.weight[rows]
    x_mean, y_mean = (
        (w @ X / w.sum(), w @ y / w.sum()) if data.fit_intercept else (np.zeros(len(columns)), np.zeros(y.shape[1]))
    )
    root = np.sqrt(w)[:, None]
    left = np.vstack([root * (X - x_mean), np.sqrt(data.alpha) * np.eye(len(columns))])
    right = np.vstack([root * (y - y_mean), np.zeros((len(columns), y.shape[1]))])
    coef = np.linalg.lstsq(left, right, rcond=None)[0]
    return coef.T, y_mean - x_mean @ coef, float(((right - left @ coef) ** 2).sum())


def residual(data: Data, columns: Any) -> float:
    """The weighted residual sum of squares of a refit."""
    coef, intercept, _ = refit(data, columns)
    left = data.y.reshape(len(data.y), -1) - data.X[:, columns] @ coef.T - intercept
    return float(((1 if data.weight is None else data.weight[:, None]) * left**2).sum())


def join(units: Sequence[Any]) -> Any:
    return np.concatenate([np.zeros(0, int), *units])


def naive_backward(data: Data) -> tuple[list[Any], dict[int, Any]]:
    """The groups in the order of their removal, and the columns of each number of groups."""
    there, kept, removed = data.units, [unit.tolist() for unit in data.kept], []
    sets = {len(there): join(there)}
    while len(there) > len(kept):
        losses = [
            INFINITE if unit.tolist() in kept else refit(data, join([*there[:i], *there[i + 1 :]]))[2]
            for i, unit in enumerate(there)
        ]
        removed.append(there.pop(int(np.argmin(losses))))
        sets[len(there)] = join(there)
    return removed, sets


def naive_forward(data: Data, most: int) -> dict[int, Any]:
    there = data.kept
    sets = {len(there): join(there)}
    while len(there) < most:
        rest = [unit for unit in data.units if not any(np.array_equal(unit, old) for old in there)]
        there.append(min(rest, key=lambda unit: refit(data, join([*there, unit]))[2]))
        sets[len(there)] = join(there)
    return sets


INFINITE = float("inf")


def draw(seed: int) -> Data:
    """Each variant in about a third of the problems, together with the others."""
    rng = np.random.default_rng(seed)
    p = 40 if seed % 50 == 0 else int(rng.integers(1, 15))
    n = p + int(rng.integers(20, 80))
    has = dict(zip(["weight", "groups", "keep", "alpha", "outputs", "zeros", "far"], rng.random(7) < 0.33, strict=True))
    X = (
        rng.standard_normal((n, p))
        @ (np.eye(p) + rng.standard_normal((p, p)) / np.sqrt(4 * p))
        * 10.0 ** rng.integers(-3, 4, p)
    )
    if has["zeros"]:
        X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.5)
    if has["far"]:
        X += 10 * X.std(axis=0)
    coef = rng.standard_normal((p, 3 if has["outputs"] else 1)) / X.std(axis=0)[:, None]
    y = X @ coef + rng.standard_normal((n, coef.shape[1])) * rng.uniform(0.5, 5) + 3
    return Data(
        X,
        y if has["outputs"] else y[:, 0],
        rng.integers(0, 3, n) + rng.random(n) if has["weight"] else None,
        rng.integers(0, max(p // 2, 1), p) if has["groups"] else None,
        rng.choice(p, size=min(2, p), replace=False) if has["keep"] else (),
        float(10 ** rng.uniform(-1, 1)) if has["alpha"] else 0.0,
        bool(rng.random() < 0.7),
    )


def kinds(seed: int) -> Any:
    return [np.asarray, scipy.sparse.csr_array, scipy.sparse.csc_array, np.asfortranarray][seed % 4]


def assert_path(model: PrunedLinearRegression, data: Data, sets: dict[int, Any], tolerance: float = 1e-9) -> None:
    """The supports of these numbers of groups, and their residual sums of squares to the relative tolerance."""
    path = model.path_
    losses = path._selection.table["rss"]
    for i, size in enumerate(path._selection.path.sizes):
        columns, coef, *_ = path._selection.fit(i)
        assert np.array_equal(columns, np.sort(sets[size])), size
        assert abs(losses[i] - residual(data, columns)) <= tolerance * losses[i]
        assert coef.shape == (data.y.reshape(len(data.y), -1).shape[1], len(columns))


@pytest.mark.parametrize("start", range(0, 200, 20))
def test_backward_equals_naive_stepwise(start: int) -> None:
    for seed in range(start, start + 20):
        data = draw(seed)
        model = PrunedLinearRegression(method="obs", select="bic", max_nonzero=len(data.units), **data.options)
        model.fit(kinds(seed)(data.X), data.y, data.weight)
        removed, sets = naive_backward(data)
        assert model.path_._selection.path.sizes.tolist() == sorted(sets), seed
        assert np.array_equal(model.elimination_order_, join(removed)), seed
        assert_path(model, data, sets)


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_forward_equals_naive_stepwise(start: int) -> None:
    for seed in range(start + 1, start + 21):
        data = draw(seed)
        model = PrunedLinearRegression(method="forward", select="bic", **data.options)
        assert_path(model.fit(kinds(seed)(data.X), data.y, data.weight), data, naive_forward(data, len(data.units)))


@pytest.mark.parametrize("seed", range(12))
def test_forward_by_the_data(seed: int) -> None:
    """More features than twice the samples: X itself is looked at, and one pass serves the folds."""
    rng = np.random.default_rng(seed)
    n, p = 24, 60
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.6) + (5 if seed % 2 else 0)
    y = X[:, :3].sum(axis=1) + rng.standard_normal(n)
    data = Data(
        X,
        np.stack([y, X[:, 5] + rng.standard_normal(n)], axis=1) if seed % 3 == 1 else y,
        rng.random(n) + 0.1 if seed % 4 > 1 else None,
        keep=[7, 2] if seed % 3 == 2 else (),
        alpha=2.0 if seed % 5 == 4 else 0.0,
        fit_intercept=seed % 6 < 4,
    )
    model = PrunedLinearRegression(method="forward", max_nonzero=8, cv=3, **data.options)
    dense, sparse = (clone(model).fit(kind(X), data.y, data.weight) for kind in (np.asarray, scipy.sparse.csc_array))
    assert_path(dense, data, naive_forward(data, 8))
    assert np.array_equal(dense.elimination_order_, sparse.elimination_order_)
    assert np.array_equal(dense.coef_ != 0, sparse.coef_ != 0)
    # Sparse columns are centred in their products: in the digits that their means take.
    assert np.allclose(dense.coef_, sparse.coef_, rtol=0, atol=1e-10 * np.abs(dense.coef_).max())
    for one in (dense, sparse):
        mean = one.path_._selection.table["cv_mean"]
        assert np.allclose(mean, cross_validated(one, data, KFold(3)).mean(axis=0), rtol=1e-9, atol=0)


def with_condition(rng: np.random.Generator, n: int, p: int, condition: float) -> Any:
    U, V = np.linalg.qr(rng.standard_normal((n, p)))[0], np.linalg.qr(rng.standard_normal((p, p)))[0]
    return (U - U.mean(axis=0)) * np.geomspace(1, 1 / condition, p) @ V.T * np.sqrt(n)


@pytest.mark.parametrize("condition", [1e5, 1e9])
def test_ill_conditioned(condition: float, rng: np.random.Generator) -> None:
    X = with_condition(rng, 300, 25, condition)
    data = Data(X, X @ rng.standard_normal(25) + 0.1 * rng.standard_normal(300))
    for kind in (np.asarray, scipy.sparse.csr_array):
        model = PrunedLinearRegression(method="obs", select="bic")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(kind(X), data.y)
        assert [w.category for w in caught] == [RuntimeWarning] * (condition > 1e7)
        assert model.path_.sizes.tolist() == list(range(26))
        for i, loss in enumerate(model.path_._selection.table["rss"]):
            assert abs(loss - residual(data, model.path_._selection.fit(i)[0])) <= 1e-6 * loss
        assert np.allclose(model.predict(X), model.path_.at(model.n_nonzero_).predict(X), rtol=0, atol=1e-6)


@pytest.mark.filterwarnings("ignore:a model of:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:columns .* of X are nearly combinations:RuntimeWarning")
@pytest.mark.parametrize("method", ["iht", "l1", "swap"])
def test_a_path_ends_where_no_more_features_are_independent(method: str, rng: np.random.Generator) -> None:
    """What is far in the path of one search can be too near to the features that another has chosen."""
    X, t = with_condition(rng, 300, 25, 1e9), rng.random(200)
    y = X @ rng.standard_normal(25) + 0.1 * rng.standard_normal(300)
    powers = t[:, None] ** np.arange(1, 13)
    for data, options in (
        (Data(X, y), {"select": "bic", "max_nonzero": 25}),
        (Data(powers, np.sin(5 * t) + 0.1 * rng.standard_normal(200)), {"n_nonzero": 10}),
    ):
        model = PrunedLinearRegression(method=method, **options).fit(data.X, data.y)
        sizes = model.path_.sizes
        assert np.array_equal(sizes, np.arange(len(sizes)))
        assert len(sizes) > 5
        columns = model.path_._selection.fit(len(sizes) - 1)[0]
        loss = model.path_._selection.table["rss"][-1]
        # Rounding of a sum of n terms, beside the least of a feature's squared length that counts as independent.
        assert abs(loss - residual(data, columns)) <= len(data.y) * EPS / COLLINEAR * loss


def variants() -> dict[str, Data]:
    rng = np.random.default_rng(5)
    X = rng.standard_normal((50, 9)) + 2
    y = X[:, :4] @ [1.0, -1, 0.5, 0.2] + rng.standard_normal(50)
    weight = rng.integers(0, 4, 50) * rng.random(50)
    Y = np.stack([y, X[:, 6] + rng.standard_normal(50)], axis=1)
    return {
        "plain": Data(X, y),
        "no intercept": Data(X, y, fit_intercept=False),
        "weights": Data(X, y, weight),
        "ridge": Data(X, y, alpha=3.0),
        "keep": Data(X, y, keep=[8, 5]),
        "groups": Data(X, y, groups=list("bacabbcda")),
        "all": Data(X, Y, weight, groups=list("bacabbcda"), keep=[2], alpha=2.0, fit_intercept=False),
        "outputs, weights, ridge": Data(X, Y, weight, alpha=2.0),
    }


VARIANTS = variants()
METHODS = [
    (name, method)
    for name, data in VARIANTS.items()
    for method in ("obs", "forward", "swap")
    if method != "swap" or data.groups is None
]


def cross_validated(model: PrunedLinearRegression, data: Data, splitter: Any, some: slice = slice(None)) -> Any:
    """Mean squared errors, (n_folds, n_sizes), of the model of each size fitted to each fold."""
    sizes = model.path_._selection.path.sizes[some]
    w = np.ones(len(data.y)) if data.weight is None else data.weight
    found = []
    for train, test in splitter.split(data.X):
        error = []
        for size in sizes:
            one = clone(model).set_params(n_nonzero=int(size)).fit(data.X[train], data.y[train], w[train])
            squares = (data.y[test] - one.predict(data.X[test])) ** 2
            error.append(w[test] @ squares.reshape(len(squares), -1).sum(axis=1) / w[test].sum())
        found.append(error)
    return np.array(found)


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_cross_validation_equals_refits(name: str, method: str) -> None:
    data = VARIANTS[name]
    splitter = KFold(4, shuffle=True, random_state=1)
    model = PrunedLinearRegression(method=method, cv=splitter, **data.options).fit(data.X, data.y, data.weight)
    errors, table = cross_validated(model, data, splitter), model.path_._selection.table
    assert np.allclose(table["cv_mean"], errors.mean(axis=0), rtol=1e-9, atol=0)
    assert np.allclose(table["cv_std_error"], errors.std(axis=0, ddof=1) / 2, rtol=1e-8, atol=0)
    best = int(errors.mean(axis=0).argmin())
    assert np.array_equal(model.support_, model.path_.at(model.path_.sizes[best]).support_)
    assert table["n_groups"][best] == model.path_._selection.path.sizes[best]
    careful = clone(model).set_params(one_se=True).fit(data.X, data.y, data.weight)
    within = table["cv_mean"] <= table["cv_mean"][best] + table["cv_std_error"][best]
    assert np.array_equal(careful.support_, model.path_.at(model.path_.sizes[np.flatnonzero(within)[0]]).support_)


@pytest.mark.parametrize("method", ["obs", "forward", "swap", "iht", "l1"])
@pytest.mark.parametrize("shape", [(200, 30), (40, 90)])
def test_what_rounding_leaves_of_a_loss_is_nothing(method: str, shape: tuple[int, int]) -> None:
    """Of y without noise the smallest fit that explains it is the best, whatever the digits of larger ones."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal(shape) + 3
        y = X[:, :3] @ rng.uniform(1, 2, 3)
        if method == "obs" and shape[1] > shape[0]:
            continue
        model = PrunedLinearRegression(method=method, select="bic", max_nonzero=12).fit(X, y)
        rss = model.path_._selection.table["rss"]
        exact = [model.support_[:3].all(), *(not rss[i] for i in range(len(rss)) if i >= model.n_nonzero_)]
        assert all(exact), seed
        assert np.all(rss[: model.n_nonzero_] > 0)
        assert model.n_nonzero_ == 3 or method not in ("obs", "swap")


def parts_of(data: Data, folds: Any = ()) -> list[Any]:
    """The problem by its Gram matrix and, where features are single, by the data."""
    y = data.y.reshape(len(data.y), -1)
    weight = np.ones(len(y)) if data.weight is None else data.weight
    groups = None if data.groups is None else np.asarray(data.groups)
    whole = Regression(
        data.X, y, weight, data.fit_intercept, data.alpha, groups, np.isin(np.arange(data.X.shape[1]), data.keep)
    )
    return [GramProblem(whole, folds, 1), *([] if groups is not None else [DataProblem(whole, folds, 1)])]


@pytest.mark.parametrize("name", VARIANTS)
def test_noise_is_that_of_the_fit_on_all_features(name: str) -> None:
    """Whether the path comes to all of them or not, and also where some are combinations of others."""
    data = VARIANTS[name]
    twice = data._replace(X=np.hstack([data.X, data.X[:, :2]]), groups=data.groups and [*data.groups, "e", "f"])
    n, n_out = 50 if data.weight is None else np.count_nonzero(data.weight), data.y.reshape(50, -1).shape[1]
    share = 1 if data.weight is None else n / data.weight.sum()
    for some in (data, twice):
        hat = np.eye(some.X.shape[1])
        x = some.X - some.fit_intercept * np.average(some.X, axis=0, weights=some.weight)
        gram = x.T @ (x * (1 if some.weight is None else some.weight[:, None]))
        df = np.trace(np.linalg.pinv(gram + some.alpha * hat, rcond=1e-12) @ gram)
        expected = share * residual(some, range(some.X.shape[1])) / (n_out * (n - df - some.fit_intercept))
        for problem in parts_of(some):
            for n_units in (2, problem.units.n):
                found = full_noise(problem, METHODS_OF["forward"].path(problem.system, problem.units, n_units, 1))
                if found is None:  # by the data it is not computed
                    assert isinstance(problem, DataProblem)
                    continue
                assert abs(found - expected) <= 1e-9 * expected
    few = Data(data.X[:9], data.y[:9], fit_intercept=data.fit_intercept)
    problem = parts_of(few)[0]
    assert full_noise(problem, METHODS_OF["forward"].path(problem.system, problem.units, 3, 1)) is None


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_leave_one_out_equals_refits(name: str, method: str) -> None:
    data = VARIANTS[name]
    model = PrunedLinearRegression(method=method, select="loo", **data.options).fit(data.X, data.y, data.weight)
    n = len(data.y)
    w, y = np.ones(n) if data.weight is None else data.weight, data.y.reshape(n, -1)
    for i, found in enumerate(model.path_._selection.table["loo"]):
        columns, total = model.path_._selection.fit(i)[0], 0.0
        for left_out in range(n):
            coef, intercept, _ = refit(data, columns, np.delete(np.arange(n), left_out))
            total += w[left_out] * ((y[left_out] - data.X[left_out, columns] @ coef.T - intercept) ** 2).sum()
        assert abs(found - total / w.sum()) <= 1e-9 * found
    chosen = model.path_.sizes[model.path_._selection.table["loo"].argmin()]
    assert np.array_equal(model.support_, model.path_.at(chosen).support_)


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_table(name: str, method: str) -> None:
    """Sums of squares, degrees of freedom, criteria, and what comes and goes, by plain formulas."""
    data = VARIANTS[name]
    model = PrunedLinearRegression(method=method, select="bic", **data.options).fit(data.X, data.y, data.weight)
    table = model.path_.table()
    n_samples = 50 if data.weight is None else np.count_nonzero(data.weight)
    share = 1 if data.weight is None else n_samples / data.weight.sum()
    root = np.sqrt(np.ones(50) if data.weight is None else data.weight)
    y = data.y.reshape(50, -1)
    n_out, before = y.shape[1], set[int]()
    n = n_samples * n_out
    for i, row in table.iterrows():
        columns = model.path_._selection.fit(i)[0]
        x = (data.X[:, columns] - data.fit_intercept * (root**2 @ data.X[:, columns]) / (root**2).sum()) * root[:, None]
        hat = x @ np.linalg.solve(x.T @ x + data.alpha * np.eye(len(columns)), x.T)
        rss, total = residual(data, columns), residual(data, [])
        assert row.n_nonzero == len(columns)
        assert abs(row.rss - rss) <= 1e-9 * rss
        assert abs(row.r2 - (1 - rss / total)) <= 1e-9
        assert abs(row.df - np.trace(hat)) <= 1e-9 * max(len(columns), 1)
        d, fit = np.trace(hat) * n_out, n * np.log(share * rss / n)
        k = d + n_out * data.fit_intercept + 1  # with the intercepts and the variance
        expected = {
            "aic": fit + 2 * d,
            "aicc": fit + 2 * d + 2 * k * (k + 1) / (n - k - 1),
            "bic": fit + np.log(n) * d,
            "ebic": fit + np.log(n) * d + 2 * np.log(scipy.special.binom(9, np.trace(hat))),
            "gic": fit + np.log(9) * np.log(np.log(n)) * d,
        }
        for criterion, value in expected.items():
            assert abs(row[criterion] - value) <= 1e-9 * (abs(fit) + n + d), criterion
        assert set(row.added) - set(row.removed) == set(columns) - before
        assert before - set(columns) == set(row.removed)
        before = set(columns)
    assert table.chosen.sum() == 1
    assert table.n_nonzero[table.chosen].item() == model.n_nonzero_ == table.n_nonzero[table.bic.argmin()]


def test_criteria_of_fits_that_leave_nothing() -> None:
    """A perfect fit of few coefficients is the best; one of as many as samples is none."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 200))
    for select in ("aicc", "bic", "ebic", "gic"):  # forward comes to 29 features, which fit any y
        model = PrunedLinearRegression(method="forward", select=select, max_nonzero=30).fit(
            X, X[:, 0] + 0.1 * rng.standard_normal(30)
        )
        assert model.path_.sizes[-1] == 29
        assert model.n_nonzero_ < 29
        assert model.support_[0]


@pytest.mark.parametrize("method", ["obs", "forward", "swap", "auto"])
def test_all_features_are_scikit_learns_fit(method: str) -> None:
    for data in (
        VARIANTS["plain"],
        VARIANTS["weights"],
        VARIANTS["ridge"],
        VARIANTS["outputs, weights, ridge"],
        VARIANTS["no intercept"],
    ):
        expected = Ridge(data.alpha, solver="svd") if data.alpha else LinearRegression()
        expected.set_params(fit_intercept=data.fit_intercept).fit(data.X, data.y, data.weight)
        model = PrunedLinearRegression(9, method=method, **data.options).fit(data.X, data.y, data.weight)
        assert np.allclose(model.coef_, expected.coef_, rtol=1e-9, atol=1e-11)
        assert np.allclose(model.intercept_, expected.intercept_, rtol=1e-9, atol=1e-11)
        assert np.allclose(model.predict(data.X), expected.predict(data.X), rtol=1e-9, atol=1e-11)
        assert model.coef_.shape == expected.coef_.shape
        assert model.n_nonzero_ == 9


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_results_do_not_depend_on_the_grid(name: str, method: str) -> None:
    data = VARIANTS[name]
    model = PrunedLinearRegression(method=method, select="bic", **data.options).fit(data.X, data.y, data.weight)
    for i, size in enumerate(model.path_._selection.path.sizes):
        one = clone(model).set_params(n_nonzero=int(size)).fit(data.X, data.y, data.weight)
        assert model.path_.sizes[i] == size
        at = model.path_.at(size)
        short = clone(model).set_params(max_nonzero=int(size)).fit(data.X, data.y, data.weight)
        for other in (at, short.path_.at(size)):
            assert np.array_equal(one.support_, other.support_)
            assert np.allclose(one.coef_, other.coef_, rtol=1e-12, atol=1e-14)
            assert np.allclose(one.intercept_, other.intercept_, rtol=1e-12, atol=1e-14)
        assert at.n_nonzero_ == at.support_.sum() == np.count_nonzero(at.coef_.reshape(-1, 9)[0])


def test_models_of_the_path(rng: np.random.Generator) -> None:
    X = rng.standard_normal((80, 12))
    y = X[:, :5].sum(axis=1) + rng.standard_normal(80)
    model = PrunedLinearRegression(method="obs").fit(X, y)
    assert repr(model.path_) == "SubsetPath(13 models of 0 to 12 features)"
    for k in range(1, 13):
        one = model.path_.at(k)
        refitted = LinearRegression().fit(X[:, one.support_], y)
        assert np.allclose(one.predict(X), refitted.predict(X[:, one.support_]), rtol=0, atol=1e-11)
        assert one.get_params()["n_nonzero"] == k
        assert np.array_equal(model.path_.coefficients()[k], one.coef_)
    with pytest.raises(ValueError, match="n_nonzero: expected one of the path's sizes, 0 to 12 features, got 13"):
        model.path_.at(13)
    assert model.path_.coefficients().shape == (13, 12)
    several = PrunedLinearRegression(method="obs").fit(X, np.stack([y, y + X[:, 7]], axis=1))
    assert several.path_.coefficients().shape == (13, 2, 12)


@pytest.mark.parametrize("few", [0, 128])
def test_auto_is_certified(few: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    """No exchange of one feature for another gives a smaller loss; forward and backward alone may leave one."""
    monkeypatch.setattr("prunus.solving.selecting._FEW", few)
    for n, p in ((60, 12), (20, 50)):
        X = rng.standard_normal((n, p)) + 2 * rng.standard_normal((n, 1))
        data = Data(X, X[:, :4] @ [1.0, -1.0, 1.0, -1.0] + rng.standard_normal(n))
        model = PrunedLinearRegression(4).fit(X, data.y)
        assert model.optimality_ == "1-swap"
        assert model.method_ == ("swap" if few else "obs" if p < n else "forward")
        members = np.flatnonzero(model.support_)
        loss = refit(data, members)[2]
        for out in members:
            for new in np.flatnonzero(~model.support_):
                assert refit(data, [*np.setdiff1d(members, [out]), new])[2] >= loss * (1 - 1e-9)
        coef, intercept, _ = refit(data, members)
        assert np.allclose(model.coef_[members], coef[0], rtol=1e-9, atol=1e-11)
        assert np.allclose(model.intercept_, intercept, rtol=1e-9, atol=1e-11)


def test_the_certificate_of_each_size(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    by_gram, by_data = parts_of(VARIANTS["plain"])
    for problem in (by_gram, by_data):
        for method in METHODS_OF:
            if method == "obs" and problem is by_data:
                continue
            path = METHODS_OF[method].path(problem.system, problem.units, 5, 1)
            assert [path.is_optimal(i) for i in range(6)] == [method == "swap"] * 6
    monkeypatch.setattr(
        "prunus.solving.searching.methods.polished", lambda _s, _u, starts, _t: (starts[0], len(starts[0]) != 2)
    )
    path = METHODS_OF["swap"].path(by_data.system, by_data.units, 4, 1)
    assert [path.is_optimal(i) for i in range(5)] == [True, True, False, True, True]


@pytest.mark.parametrize("method", ["iht", "l1"])
def test_other_searches_end_in_a_refit(method: str) -> None:
    for name in ("plain", "weights", "ridge", "keep", "no intercept"):
        data = VARIANTS[name]
        model = PrunedLinearRegression(method=method, select="loo", **data.options).fit(data.X, data.y, data.weight)
        assert model.optimality_ == "path"
        assert model.path_.sizes.tolist() == list(range(len(data.keep), 10))
        for i, loss in enumerate(model.path_._selection.table["rss"]):
            columns = model.path_._selection.fit(i)[0]
            assert np.isin(data.keep, columns).all()
            assert abs(loss - residual(data, columns)) <= 1e-9 * loss


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("method", ["obs", "forward", "swap", "iht", "l1", "auto"])
def test_a_sample_that_its_fit_goes_through_is_left_out_by_a_refit(
    method: str, kind: Any, rng: np.random.Generator
) -> None:
    """Without it the column of one entry is constant, and explains nothing."""
    X = rng.standard_normal((30, 4))
    X[:, 2] = np.arange(30) == 7
    data = Data(X, X[:, 0] + 9 * X[:, 2] + rng.standard_normal(30))
    model = PrunedLinearRegression(method=method, select="loo").fit(kind(X), data.y)
    found = model.path_.measures["loo"]
    for size in range(5):
        columns, total = np.flatnonzero(model.path_.at(size).support_), 0.0
        for i in range(30):
            coef, intercept, _ = refit(data, columns, np.arange(30) != i)
            total += (data.y[i] - X[i, columns] @ coef[0] - intercept[0]) ** 2
        assert abs(found[size] - total / 30) <= 1e-9 * found[size]
    assert model.support_[0]


# --------------------------------------------------------------------------- what X and y may be


def test_float32_and_frames(rng: np.random.Generator) -> None:
    pd = pytest.importorskip("pandas")
    X = rng.standard_normal((60, 8)).astype(np.float32)
    y = (X[:, 2] - X[:, 5] + 0.3 * rng.standard_normal(60)).astype(np.float32)
    expected = PrunedLinearRegression().fit(X.astype(np.float64), y.astype(np.float64))
    model = PrunedLinearRegression().fit(X, y)
    assert model.coef_.dtype == np.float64
    assert np.allclose(model.coef_, expected.coef_, rtol=1e-12, atol=0)
    names = [f"x{i}" for i in range(8)]
    framed = PrunedLinearRegression().fit(pd.DataFrame(X, columns=names), pd.Series(y))
    assert np.array_equal(framed.coef_, model.coef_)
    assert framed.feature_names_in_.tolist() == framed.path_.at(2).feature_names_in_.tolist() == names
    assert np.array_equal(framed.predict(pd.DataFrame(X, columns=names)), model.predict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        framed.predict(pd.DataFrame(X, columns=names[::-1]))
    wide = pd.DataFrame(rng.standard_normal((12, 40)), columns=[f"x{i}" for i in range(40)])
    wide["x3"] = 1.5  # in columns, and one of them left out
    a = PrunedLinearRegression(2, method="forward").fit(wide, y[:12])
    assert np.array_equal(a.coef_, PrunedLinearRegression(2, method="forward").fit(wide.to_numpy(), y[:12]).coef_)


def test_means_of_float32_take_no_copy(rng: np.random.Generator) -> None:
    X, weight = rng.standard_normal((4000, 1000), dtype=np.float32), rng.random(4000)
    data = Regression(X, rng.standard_normal((4000, 1)), weight, True, 0.0, None, None)
    tracemalloc.start()
    x_mean, y_mean = data.means()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * X.size / 2
    bound = 2 * 4000 * EPS * np.average(np.abs(X), axis=0, weights=weight)
    assert np.all(np.abs(x_mean - np.average(X.astype(np.float64), axis=0, weights=weight)) <= bound)
    assert np.allclose(y_mean, np.average(data.y, axis=0, weights=weight), rtol=0, atol=4000 * EPS)


def test_prediction_of_sparse_and_dense(rng: np.random.Generator) -> None:
    X = rng.standard_normal((70, 30)) * (rng.random((70, 30)) < 0.3)
    Y = X[:, :6] @ rng.standard_normal((6, 2)) + 0.1 * rng.standard_normal((70, 2))
    for y in (Y[:, 0], Y):
        model = PrunedLinearRegression(5).fit(scipy.sparse.csr_array(X), y)
        expected = X @ model.coef_.T + model.intercept_
        bound = 2 * 32 * EPS * (np.abs(X) @ np.abs(model.coef_.T) + np.abs(model.intercept_))
        for kind in (np.asarray, scipy.sparse.csr_matrix, scipy.sparse.csc_array, scipy.sparse.coo_array):
            assert np.all(np.abs(model.predict(kind(X)) - expected) <= bound)
        assert model.predict(X).shape == y.shape
        assert scipy.sparse.issparse(model.coef_sparse_)
        assert model.coef_sparse_.nnz == 5 * (1 if y.ndim == 1 else 2)
        assert np.array_equal(model.coef_sparse_.toarray(), model.coef_.reshape(-1, 30))


@pytest.mark.parametrize("method", ["auto", "obs", "forward", "swap"])
@pytest.mark.parametrize("shape", [(70, 10), (20, 50)])
def test_sparse_in_any_form(method: str, shape: tuple[int, int], rng: np.random.Generator) -> None:
    """Explicit zeros, unsorted indices and duplicates are read as SciPy does, and left as they are."""
    X = rng.standard_normal(shape) * (rng.random(shape) < 0.4)
    y = X[:, :3].sum(axis=1) + 0.3 * rng.standard_normal(shape[0])
    rows, columns = np.nonzero(X)
    values = X[rows, columns]
    order = rng.permutation(2 * len(values))
    parts = np.concatenate([0.25 * values, 0.75 * values])[order], np.tile(rows, 2)[order], np.tile(columns, 2)[order]
    zeros = rng.integers(0, shape[0], 30), rng.integers(0, shape[1], 30)
    data, i, j = (np.concatenate([a, b]) for a, b in zip(parts, (np.zeros(30), *zeros), strict=True))
    by_row = np.argsort(i, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(i, minlength=shape[0]))])
    strange = scipy.sparse.csr_array((data[by_row], j[by_row], starts), shape=shape)
    assert not strange.has_canonical_format
    before = strange.data.copy(), strange.indices.copy()
    options: dict[str, Any] = {"method": method, "alpha": 0.5, "max_nonzero": 6}
    model, expected = (PrunedLinearRegression(**options).fit(a, y) for a in (strange, X))
    assert np.array_equal(model.support_, expected.support_)
    assert np.allclose(model.coef_, expected.coef_, rtol=0, atol=1e-11)
    assert np.array_equal(model.elimination_order_, expected.elimination_order_)
    assert np.allclose(model.predict(strange), expected.predict(X), rtol=0, atol=1e-11)
    assert np.array_equal(strange.data, before[0])
    assert np.array_equal(strange.indices, before[1])


def test_a_sample_of_weight_two_counts_as_two_in_sums(rng: np.random.Generator) -> None:
    X = rng.standard_normal((40, 8))
    y = X[:, 0] + 0.5 * X[:, 1] + rng.standard_normal(40)
    times = rng.integers(0, 4, 40)
    for method in ("auto", "obs", "forward"):
        model = PrunedLinearRegression(8, method=method)
        weighted = clone(model).fit(X, y, times)
        repeated = clone(model).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
        for size in range(9):
            one, other = weighted.path_.at(size), repeated.path_.at(size)
            assert np.allclose(one.coef_, other.coef_, rtol=1e-10, atol=1e-12)
        assert np.allclose(weighted.path_.measures["rss"], repeated.path_.measures["rss"], rtol=1e-9, atol=0)


@pytest.mark.parametrize("select", ["aic", "aicc", "bic", "ebic", "gic", "cp", "cv", "loo"])
@pytest.mark.parametrize("method", ["auto", "obs", "forward"])
def test_weights_are_relative(method: str, select: str, rng: np.random.Generator) -> None:
    """Without a ridge penalty, which stands beside them, their scale changes nothing; equal ones are none."""
    X = rng.standard_normal((60, 8))
    y = X[:, 0] + 0.5 * X[:, 1] + rng.standard_normal(60)
    weight = rng.random(60) * rng.integers(0, 2, 60)
    model = PrunedLinearRegression(method=method, select=select)
    name = "cv_mean" if select == "cv" else select
    for own in (weight, None):
        first = clone(model).fit(X, y, own)
        for scale in (1e-3, 1.0, 1e3):
            other = clone(model).fit(X, y, scale * (np.ones(60) if own is None else own))
            assert np.array_equal(other.support_, first.support_)
            assert np.allclose(other.path_.measures[name], first.path_.measures[name], rtol=1e-9, atol=1e-9)


def test_a_ridge_penalty_stands_beside_the_weights(rng: np.random.Generator) -> None:
    X, weight = rng.standard_normal((40, 5)), rng.random(40)
    y = X[:, 0] + rng.standard_normal(40)
    for scale in (1.0, 100.0):
        model = PrunedLinearRegression(5, alpha=3.0).fit(X, y, scale * weight)
        expected = Ridge(3.0).fit(X, y, scale * weight)
        assert np.allclose(model.coef_, expected.coef_, rtol=1e-9, atol=1e-11)


# --------------------------------------------------------------------------- columns that say nothing, and few samples


@pytest.mark.filterwarnings("ignore:a model of:RuntimeWarning")
@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("method", ["auto", "obs", "forward", "swap", "iht", "l1"])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
def test_constant_and_duplicated_columns(kind: Any, method: str, value: float, rng: np.random.Generator) -> None:
    X = rng.standard_normal((40, 4))
    X = np.column_stack([X, np.full(40, value), X[:, 1], X[:, 0] - 2 * X[:, 2]])
    data = Data(X, X[:, 0] + X[:, 1] + 0.2 * rng.standard_normal(40), rng.random(40) + 0.1)
    model = PrunedLinearRegression(method=method).fit(kind(X), data.y, data.weight)
    assert model.constant_features_.tolist() == [4]
    assert model.path_.sizes.tolist() == [0, 1, 2, 3, 4]  # of seven columns four are independent
    assert not model.path_.coefficients()[:, 4].any()
    for size in range(5):
        one = model.path_.at(size)
        assert (
            abs(model.path_._selection.table["rss"][size] - residual(data, np.flatnonzero(one.support_))) <= 1e-9 * 40
        )
    full = PrunedLinearRegression(7, method=method).fit(kind(X), data.y, data.weight)
    expected = LinearRegression().fit(X[:, :4], data.y, data.weight).predict(X[:, :4])
    assert np.allclose(full.predict(kind(X)), expected, rtol=0, atol=1e-9)
    if method in ("auto", "obs"):
        left = model.collinear_features_
        assert len(left) == 2
        assert not model.path_.coefficients()[:, left].any()
        assert np.linalg.matrix_rank(np.delete(X, [4, *left], axis=1)) == 4
    every = PrunedLinearRegression(method=method, select="bic").fit(kind(np.ones((40, 2))), data.y)
    assert every.constant_features_.tolist() == [0, 1]
    assert every.n_nonzero_ == 0


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("method", ["auto", "forward", "swap", "l1"])
def test_constant_columns_of_wide_data(kind: Any, method: str, rng: np.random.Generator) -> None:
    X = rng.standard_normal((15, 40))
    X[:, 3], X[:, 7] = 0.1, 0.0
    X[4, 7] = 1.0  # constant in a fold
    y = X[:, 0] + 0.1 * rng.standard_normal(15)
    model = PrunedLinearRegression(method=method, max_nonzero=5).fit(kind(X), y, rng.random(15) + 0.1)
    assert model.constant_features_.tolist() == [3]
    assert model.support_[0]
    assert np.isfinite(model.path_._selection.table["cv_mean"]).all()


@pytest.mark.filterwarnings("ignore:a model of:RuntimeWarning")
@pytest.mark.parametrize("method", ["obs", "forward", "swap"])
@pytest.mark.parametrize("seed", range(8))
def test_a_feature_that_is_constant_in_a_fold(method: str, seed: int) -> None:
    """What is left of it when the fold is taken out of the sums is rounding, of either sign."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((37, 4))
    X[:, 3] = 10.0**seed
    X[2, 3] += rng.standard_normal()
    data = Data(X, X[:, 0] + rng.standard_normal(37), rng.random(37) + 0.1)
    model = PrunedLinearRegression(method=method).fit(X, data.y, data.weight)
    assert model.constant_features_.tolist() == []
    errors = cross_validated(model, data, KFold(5)).mean(axis=0)
    # Where it comes last the fold it is constant in counts its fit without it, and so does the refit.
    assert np.allclose(model.path_._selection.table["cv_mean"], errors, rtol=1e-7, atol=0)


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("method", ["obs", "forward", "swap"])
@pytest.mark.parametrize("shape", [(100, 5), (40, 100)])
@pytest.mark.parametrize("size", [3e5, 1e8])
def test_one_large_sample(
    kind: Any, method: str, shape: tuple[int, int], size: float, rng: np.random.Generator
) -> None:
    """Beside it the others are rounding: a fold that is tested on it must not lose them, of X or of y."""
    if method == "obs" and shape[0] < shape[1]:
        return
    for far in ("x", "y", "both"):
        X = rng.standard_normal(shape)
        y = X[:, 0] + 0.5 * X[:, 1] + 0.3 * rng.standard_normal(len(X))
        if far != "y":
            X[7, 0] = size
        if far != "x":
            y[7] = size
        data = Data(X, y)
        model = PrunedLinearRegression(method=method, max_nonzero=4).fit(kind(X), y)
        found = np.array(model.path_._selection.table["cv_mean"])
        # Subtraction leaves ten digits, of which the paths' updates and the refits take some.
        expected = cross_validated(model, data, KFold(5)).mean(axis=0)
        assert np.allclose(found, expected, rtol=1e-6, atol=0), (far, found, expected)


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("n", [36, 28])
def test_combinations_that_rounding_hides(n: int, kind: Any) -> None:
    """Indicators of about as many features as samples: some are combinations, which not every Gram matrix tells."""
    for seed in range(14):
        rng = np.random.default_rng(seed)
        X = (rng.random((n, 29)) < 0.3).astype(float)
        y = rng.standard_normal(n)
        rank = np.linalg.matrix_rank(X - X.mean(axis=0))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "X is ill-conditioned", RuntimeWarning)
            model = PrunedLinearRegression(method="obs", alpha=0.0, fit_intercept=n > 30).fit(kind(X[:, : n - 1]), y)
        assert model.path_.sizes[-1] == (rank if n > 30 else np.linalg.matrix_rank(X[:, : n - 1]))
        assert np.isfinite(model.path_._selection.table["cv_mean"]).all()


@pytest.mark.parametrize("method", ["auto", "obs", "forward"])
def test_groups_of_dummies(method: str, rng: np.random.Generator) -> None:
    """All indicators of a category, which sum to one: one is left out, and the fit is that of all."""
    category = rng.integers(0, 4, 60)
    X = np.column_stack([np.eye(4)[category], rng.standard_normal((60, 3))])
    y = category + X[:, 4] + 0.1 * rng.standard_normal(60)
    for keep in (None, [1], [0, 6]):
        model = PrunedLinearRegression(method=method, groups=list("ccccxyz"), keep=keep).fit(X, y)
        assert len(model.collinear_features_) == 1
        assert model.collinear_features_[0] < 4
        assert model.support_[:5].sum() == 4
        full = model.path_.at(model.path_.sizes[-1])
        assert np.allclose(full.predict(X), LinearRegression().fit(X, y).predict(X), rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", ["auto", "obs", "forward", "swap", "iht", "l1"])
@pytest.mark.parametrize("shape", [(40, 6), (16, 50)])
def test_kept_features_that_are_equal(method: str, shape: tuple[int, int], rng: np.random.Generator) -> None:
    X = rng.standard_normal(shape)
    X[:, 5] = X[:, 2]
    y = X[:, 0] + 0.3 * rng.standard_normal(len(X))
    alpha = 0.1 if method == "obs" and shape[1] > 40 else 0.0
    model = PrunedLinearRegression(3, method=method, keep=[2, 5], alpha=alpha).fit(X, y)
    assert model.support_[[0, 2]].all()
    if not alpha:
        assert model.collinear_features_.tolist() == [5]


@pytest.mark.parametrize("method", ["auto", "obs", "forward", "swap", "iht", "l1"])
@pytest.mark.parametrize("shape", [(40, 6), (16, 50)])
def test_kept_features_that_are_equal_in_a_fold(method: str, shape: tuple[int, int], rng: np.random.Generator) -> None:
    """Its sizes are those of the other folds: the least is the fit on what is kept."""
    X = rng.standard_normal(shape)
    X[:, 1] = X[:, 0]
    X[-3:, 1] += rng.standard_normal(3)
    y = X[:, 3] + 0.3 * rng.standard_normal(len(X))
    splitter = KFold(4)
    model = PrunedLinearRegression(method=method, keep=[0, 1], cv=splitter, alpha=0.0, max_nonzero=5)
    if method == "obs" and shape[1] > shape[0]:
        return
    model.fit(X, y)
    assert model.path_.sizes.tolist() == [2, 3, 4, 5]
    errors = []
    for train, test in splitter.split(X):
        k = 1 if np.array_equal(X[train, 0], X[train, 1]) else 2
        kept = LinearRegression().fit(X[train, :k], y[train]).predict(X[test, :k])
        errors.append(((y[test] - kept) ** 2).mean())
    assert abs(model.path_._selection.table["cv_mean"][0] - np.mean(errors)) <= 1e-9 * np.mean(errors)
    assert np.allclose(
        model.path_._selection.table["cv_mean"][:3],
        cross_validated(model, Data(X, y), splitter, slice(3)).mean(axis=0),
        rtol=1e-9,
        atol=0,
    )
    # Equal in all samples: one is left out, and counts.
    both = clone(model).fit(X[:-3], y[:-3])
    assert both.path_.sizes[0] == 2
    assert both.path_.at(2).n_nonzero_ == 1


@pytest.mark.parametrize("method", ["auto", "obs", "forward", "swap", "iht", "l1"])
@pytest.mark.parametrize("select", ["cv", "loo", "aic", "aicc", "bic", "ebic", "gic"])
def test_y_constant(method: str, select: str, rng: np.random.Generator) -> None:
    model = PrunedLinearRegression(method=method, select=select).fit(rng.standard_normal((30, 5)), np.full(30, 0.1))
    assert model.n_nonzero_ == 0
    assert model.intercept_ == 0.1
    assert np.array_equal(model.predict(np.ones((3, 5))), np.full(3, 0.1))


@pytest.mark.parametrize("method", ["auto", "forward", "swap", "iht", "l1"])
@pytest.mark.parametrize("p", [1, 2, 7])
def test_two_samples(method: str, p: int, rng: np.random.Generator) -> None:
    X, y = rng.standard_normal((2, p)), rng.standard_normal(2)
    for select in ("cv", "loo", "bic"):  # none sees a reason for a feature
        model = PrunedLinearRegression(method=method, select=select).fit(X, y)
        assert model.n_nonzero_ == 0
        assert np.allclose(model.predict(X), y.mean(), rtol=0, atol=4 * EPS * np.abs(y).max())
    model = PrunedLinearRegression(1, method=method).fit(X, y)
    assert np.allclose(model.predict(X), y, rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", ["auto", "obs", "forward", "swap", "iht", "l1"])
def test_sizes_that_are_asked_for(method: str, rng: np.random.Generator) -> None:
    X = rng.standard_normal((30, 6))
    y = X[:, 0] + 0.1 * rng.standard_normal(30)
    sizes: list[tuple[Any, int]] = [
        (0, 0),
        (1, 1),
        (6, 6),
        (0.0, 0),
        (0.5, 3),
        (1.0, 6),
        (np.int64(2), 2),
        (np.float32(0.5), 3),
    ]
    for size, n in sizes:
        model = PrunedLinearRegression(size, method=method).fit(X, y)
        assert model.n_nonzero_ == model.support_.sum() == n
        assert model.optimality_ == ("1-swap" if method in ("auto", "swap") else "path")
    one = PrunedLinearRegression(method=method).fit(X[:, :1], y)
    assert one.coef_.shape == (1,)
    assert one.n_nonzero_ == 1


def test_splitters(rng: np.random.Generator) -> None:
    X = rng.standard_normal((40, 5))
    data = Data(X, X[:, 0] + 0.5 * rng.standard_normal(40))
    one = [(np.arange(30), np.arange(30, 40))]
    time = TimeSeriesSplit(3)
    for cv in (one, time):
        model = PrunedLinearRegression(method="obs", cv=cv).fit(X, data.y)
        splitter = time if cv is time else Fixed(one)
        errors = cross_validated(model, data, splitter)
        assert np.allclose(model.path_.table().cv_mean, errors.mean(axis=0), rtol=1e-9, atol=0)
        assert cv is time or not model.path_.table().cv_std_error.any()
    few = TimeSeriesSplit(8)  # the first has fewer samples than features
    assert np.isfinite(
        PrunedLinearRegression(method="forward", cv=few).fit(X[:12], data.y[:12]).path_.table().cv_mean
    ).all()


@pytest.mark.parametrize("p", [5, 90])
@pytest.mark.parametrize("method", ["forward", "swap", "obs"])
def test_folds_of_any_kind(p: int, method: str, rng: np.random.Generator) -> None:
    """Masks, negative numbers, samples that come twice, or are in both parts."""
    X = rng.standard_normal((40, p))
    data = Data(X, X[:, 0] + 0.5 * rng.standard_normal(40), alpha=1.0 if method == "obs" else 0.0)
    every = np.arange(40)
    kinds: dict[str, list[tuple[Any, Any]]] = {
        "masks": [(every >= 10, every < 10), (every < 10, every >= 10)],
        "negative": [(np.arange(-30, 0), every[:10]), (every[:30], np.arange(-10, 0))],
        "twice": [(np.repeat(every[:15], 2), every[:10] + 30), (rng.integers(0, 40, 30), every[:10])],
        "lists": [(every[:30].tolist(), every[:20].tolist())],
    }
    for folds in kinds.values():
        model = PrunedLinearRegression(method=method, cv=folds, max_nonzero=3, alpha=data.alpha).fit(X, data.y)
        few = slice(0, 4)
        errors = cross_validated(model, data, Fixed(folds), few).mean(axis=0)
        assert np.allclose(model.path_._selection.table["cv_mean"][few], errors, rtol=1e-9, atol=0)


class Fixed(NamedTuple):
    folds: Any

    def split(self, _: Any) -> Iterator[Any]:
        return iter(self.folds)


# --------------------------------------------------------------------------- objects


@pytest.mark.parametrize("method", ["auto", "obs", "forward", "swap"])
@pytest.mark.parametrize("shape", [(300, 150), (30, 100)])
def test_threads_change_no_bit(method: str, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    X = rng.standard_normal(shape)
    y = X[:, :5].sum(axis=1) + rng.standard_normal(len(X))
    alpha = 0.0 if shape[0] > shape[1] else 1.0
    models = []
    for threads in ("1", "2"):
        monkeypatch.setenv("PRUNUS_NUM_THREADS", threads)
        models.append(PrunedLinearRegression(method=method, select="loo", alpha=alpha, max_nonzero=8).fit(X, y))
    assert np.array_equal(models[0].coef_, models[1].coef_)
    assert np.array_equal(models[0].elimination_order_, models[1].elimination_order_)
    assert np.array_equal(models[0].path_.table().loo, models[1].path_.table().loo)
    assert np.array_equal(models[0].predict(X), models[1].predict(X))


def test_fit_changes_nothing_it_is_given(rng: np.random.Generator) -> None:
    X, y, weight = rng.standard_normal((40, 6)), rng.standard_normal(40), rng.random(40)
    groups, keep = np.array([3, 1, 1, 3, 0, 2]), np.array([4])
    for method in ("auto", "obs", "forward"):
        for kind in (np.asarray, np.asfortranarray, scipy.sparse.csr_array):
            given: Any = kind(X)
            parameters: dict[str, Any] = {
                "groups": groups.copy(),
                "keep": keep.copy(),
                "method": method,
                "n_nonzero": 3,
            }
            copies = y.copy(), weight.copy(), {**parameters}
            model = PrunedLinearRegression(**parameters).fit(given, y, weight)
            assert np.array_equal(given.toarray() if scipy.sparse.issparse(given) else given, X)
            assert np.array_equal(y, copies[0])
            assert np.array_equal(weight, copies[1])
            assert all(model.get_params()[name] is value for name, value in parameters.items())
            assert np.array_equal(parameters["groups"], groups)
            assert np.array_equal(parameters["keep"], keep)
    for array in (X, y, weight):
        array.flags.writeable = False
    PrunedLinearRegression().fit(X, y, weight)


def test_pickled_and_cloned(rng: np.random.Generator) -> None:
    X = rng.standard_normal((40, 6))
    y = X[:, 0] + rng.standard_normal(40)
    for method in ("auto", "swap"):
        model = PrunedLinearRegression(method=method, groups=None, alpha=0.5).fit(X, y)
        copy = pickle.loads(pickle.dumps(model))
        assert np.array_equal(copy.predict(X), model.predict(X))
        assert np.array_equal(copy.path_.at(2).coef_, model.path_.at(2).coef_)
        assert copy.path_.table().equals(model.path_.table())
        fresh = clone(model)
        assert fresh.get_params() == model.get_params()
        assert not hasattr(fresh, "coef_")
        assert np.array_equal(fresh.fit(X, y).coef_, model.coef_)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_fits(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRUNUS_NUM_THREADS", "2")
    X = rng.standard_normal((200, 150))
    y = X[:, 0] + rng.standard_normal(200)
    models = [
        PrunedLinearRegression(method=method, max_nonzero=5, select="bic") for method in ("obs", "forward", "swap")
    ]
    expected = [clone(model).fit(X, y).coef_ for model in models]  # the thread pool exists before the fork
    child = os.fork()
    if not child:
        status = 1
        try:
            status = not all(
                np.array_equal(model.fit(X, y).coef_, e) for model, e in zip(models, expected, strict=True)
            )
        finally:
            os._exit(int(status))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("method", ["auto", "obs", "forward", "swap", "iht", "l1"])
def test_no_model_is_larger_than_the_largest_size(method: str, rng: np.random.Generator) -> None:
    X = rng.standard_normal((100, 20))
    y = X @ rng.uniform(1, 2, 20) + rng.standard_normal(100)
    model = PrunedLinearRegression(method=method, max_nonzero=3).fit(X, y)
    assert model.path_.sizes.tolist() == [0, 1, 2, 3]
    assert model.n_nonzero_ <= 3
    assert max(len(added) for added in model.path_.table()["added"]) <= 3
    whole = PrunedLinearRegression(method=method).fit(X, y)
    assert np.array_equal(model.path_.at(2).coef_, whole.path_.at(2).coef_)


@pytest.mark.parametrize("select", ["cv", "bic", "loo"])
def test_the_chosen_model_is_the_one_on_its_path(
    select: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where exchanges have changed it."""
    monkeypatch.setattr("prunus.solving.selecting._FEW", 0)
    n_changed = 0
    for _ in range(8):
        X = rng.standard_normal((60, 8)) @ rng.standard_normal((8, 8))
        y = X[:, :3].sum(axis=1) + 5 * rng.standard_normal(60)
        model = PrunedLinearRegression(select=select).fit(X, y)
        same = model.path_.at(model.n_nonzero_)
        assert np.array_equal(same.coef_, model.coef_)
        assert same.intercept_ == model.intercept_
        table = model.path_.table()
        r2 = np.asarray(table["r2"])[np.asarray(table["chosen"])]
        assert r2 == pytest.approx(model.score(X, y), abs=1e-12)
        support: set[int] = set()
        for k, added, removed in zip(model.path_.sizes, table["added"], table["removed"], strict=True):
            assert set(removed) <= support
            support = (support | set(added)) - set(removed)
            assert support == set(np.flatnonzero(model.path_.at(k).support_))
        searched = PrunedLinearRegression(select=select, method="obs").fit(X, y)
        assert np.array_equal(model.elimination_order_, searched.elimination_order_)
        n_changed += not np.array_equal(searched.path_.at(model.n_nonzero_).support_, model.support_)
    assert n_changed


def test_what_a_combination_hides_may_be_exchanged_in(rng: np.random.Generator) -> None:
    """The best feature is the sum of two others: backward elimination has to leave one of the three out."""
    for _ in range(10):
        X = rng.standard_normal((100, 4))
        X = np.c_[X, X[:, 0] + X[:, 1]]
        y = X[:, 4] + 0.1 * rng.standard_normal(100)
        model = PrunedLinearRegression(1).fit(X, y)
        assert model.optimality_ == "1-swap"
        assert np.flatnonzero(model.support_).tolist() == [4]


def test_what_is_validated_changes_no_path(rng: np.random.Generator) -> None:
    """Not even where the folds have hardly more samples than features."""
    for _ in range(5):
        X = rng.standard_normal((24, 20))
        y = X[:, 0] + rng.standard_normal(24)
        models = [
            PrunedLinearRegression(n_nonzero, select=select).fit(X, y)
            for n_nonzero, select in (("auto", "cv"), ("auto", "bic"), (5, "cv"))
        ]
        assert {model.method_ for model in models} == {"swap"}
        for k in range(6):
            first, *others = [model.path_.at(k) for model in models]
            for other in others:  # sums of folds are rounded in another order
                np.testing.assert_allclose(other.coef_, first.coef_, rtol=1e-9)


@pytest.mark.parametrize(("n", "p"), [(400, 100), (60, 600)])
def test_a_fitted_model_holds_no_data(n: int, p: int, rng: np.random.Generator) -> None:
    X = rng.standard_normal((n, p))
    model = PrunedLinearRegression(max_nonzero=20, alpha=1.0).fit(X, X[:, 0] + rng.standard_normal(n))
    size = len(model.path_.sizes)
    # Roots of the fits, the engine, and some vectors of n_features: not X, nor the Gram matrix.
    assert len(pickle.dumps(model)) < 8 * (size**2 + 40 * p + 2000)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).path_.at(3).coef_, model.path_.at(3).coef_)
