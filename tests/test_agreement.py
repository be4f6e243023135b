"""Dense X, sparse X and refits by NumPy agree: on random regressions, and on what has been wrong before."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from bench.agreement import differences, draw
from sklearn.base import clone
from sklearn.model_selection import KFold, LeaveOneOut

from prunus.linear_model import PrunedLinearRegression
from prunus.solving.searching.swap import best_of_each_size
from prunus.statistics.gram import GramAccumulator


@pytest.mark.parametrize("start", range(0, 200, 20))
def test_random_regressions(start: int) -> None:
    """``python -m bench.agreement`` goes through 2000 of them."""
    for seed in range(start, start + 20):
        assert not list(differences(draw(seed))), seed


def fit_both(X: Any, y: Any, **options: Any) -> list[PrunedLinearRegression]:
    return [PrunedLinearRegression(**options).fit(kind(X), y) for kind in (np.asarray, scipy.sparse.csr_array)]


def refitted_errors(X: Any, y: Any, models: PrunedLinearRegression, splitter: Any) -> Any:
    """Mean squared errors of the model of each size in each fold, refitted by lstsq on its support there."""
    errors = []
    for train, test in splitter.split(X):
        own = clone(models).set_params(n_nonzero=int(models.path_.sizes[-1]), cv=None).fit(X[train], y[train])
        error = []
        for size in models.path_.sizes:
            x = np.column_stack([np.ones(len(X)), X[:, own.path_.at(int(size)).support_]])
            coef = np.linalg.lstsq(x[train], y[train], rcond=None)[0]
            error.append(((y[test] - x[test] @ coef) ** 2).mean())
        errors.append(error)
    return np.mean(errors, axis=0)


@pytest.mark.parametrize("method", ["auto", "obs", "forward"])
def test_a_fold_without_entries_counts(method: str, rng: np.random.Generator) -> None:
    X = rng.standard_normal((100, 3))
    X[:20] = 0
    y = X @ [1, 1, 0] + 10 * (np.arange(100) < 20) + 0.1 * rng.standard_normal(100)
    dense, sparse = fit_both(X, y, method=method)
    x = np.column_stack([np.ones(100), X[:, sparse.support_]])
    assert np.isclose(sparse.intercept_, np.linalg.lstsq(x, y, rcond=None)[0][0], rtol=1e-9)
    expected = refitted_errors(X, y, dense, KFold(5))
    for model in (dense, sparse):
        assert np.allclose(model.path_.measures["cv_mean"], expected, rtol=1e-9)
    assert np.array_equal(dense.support_, sparse.support_)


def test_samples_without_entries_have_a_weight(rng: np.random.Generator) -> None:
    y = rng.standard_normal(5)
    for n_empty in (5, 0):
        gathered = GramAccumulator().update(scipy.sparse.csr_array((n_empty, 3)), y[:n_empty])
        assert gathered.weight == n_empty
    X = np.vstack([np.zeros((5, 3)), rng.standard_normal((7, 3))])
    more = rng.standard_normal(7)
    gram = gathered.update(scipy.sparse.csr_array(X[:5]), y).update(scipy.sparse.csr_array(X[5:]), more).gram()
    both = np.concatenate([y, more])
    assert np.allclose(gram.xy[0], (X - X.mean(axis=0)).T @ (both - both.mean()), rtol=0, atol=1e-13)


@pytest.mark.parametrize("shape", [(20, 3), (5, 30), (20, 200)])
def test_no_entry_at_all(shape: tuple[int, int]) -> None:
    for model in fit_both(np.zeros(shape), np.arange(shape[0], dtype=float)):
        assert model.n_nonzero_ == 0
        assert np.isclose(model.intercept_, (shape[0] - 1) / 2)
        assert model.constant_features_.tolist() == list(range(shape[1]))


@pytest.mark.parametrize("method", ["auto", "obs", "forward"])
def test_a_column_far_from_zero_in_folds(method: str, rng: np.random.Generator) -> None:
    X = rng.standard_normal((100, 6))
    X[:, 3] = 2000 + np.arange(100) // 5
    y = X[:, :3] @ [1, -1, 0.5] + 0.1 * (X[:, 3] - 2010) + 0.5 * rng.standard_normal(100)
    dense, sparse = fit_both(X, y, method=method)
    expected = refitted_errors(X, y, dense, KFold(5))
    for model in (dense, sparse):
        # Of the column's products rounding is 100 eps of its mean's square, relative to what is left of it a few 1e-9.
        assert np.allclose(model.path_.measures["cv_mean"], expected, rtol=1e-7)


@pytest.mark.parametrize("method", ["auto", "obs"])
def test_folds_of_one_row(method: str, rng: np.random.Generator) -> None:
    X = rng.standard_normal((80, 12)) * (rng.random((80, 12)) < 0.3)
    y = X[:, :3] @ [1, -1, 0.5] + rng.standard_normal(80)
    dense, sparse = fit_both(X, y, method=method, cv=LeaveOneOut())
    expected = refitted_errors(X, y, dense, LeaveOneOut())
    for model in (dense, sparse):
        assert np.allclose(model.path_.measures["cv_mean"], expected, rtol=1e-8)
    assert np.array_equal(dense.support_, sparse.support_)


# --------------------------------------------------------------------------- what is collinear, copies, and exact fits


def permuted(X: Any, y: Any, order: Any, **options: Any) -> list[set[int]]:
    """The supports without and with the columns in another order, by their numbers in the first."""
    first = PrunedLinearRegression(**options).fit(X, y)
    other = PrunedLinearRegression(**options).fit(X[:, order], y)
    return [set(np.flatnonzero(first.support_).tolist()), set(order[np.flatnonzero(other.support_)].tolist())]


@pytest.mark.filterwarnings("ignore:the largest model that was searched:RuntimeWarning")
@pytest.mark.parametrize("method", ["auto", "obs", "forward", "swap"])
@pytest.mark.parametrize("select", ["cv", "ebic"])
def test_of_a_whole_encoding_what_explains_is_taken(select: str, method: str) -> None:
    """Any one level could be left out: it must not be the one that matters, wherever it stands."""
    n_both = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        level, x = rng.integers(0, 5, 150), rng.standard_normal(150)
        y = x + 2 * (level == 2) + 0.5 * rng.standard_normal(150)
        X = np.column_stack([np.eye(5)[level], x])
        first, other = permuted(X, y, rng.permutation(6), select=select, method=method)
        assert first == other, seed
        n_both += first >= {2, 5}
    assert n_both == 25


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("method", ["auto", "obs", "forward", "swap", "iht", "l1"])
@pytest.mark.parametrize("shape", [(60, 8), (12, 30)])
def test_of_copies_the_earliest_is_taken(
    shape: tuple[int, int], method: str, kind: Any, rng: np.random.Generator
) -> None:
    if method == "obs" and shape[0] < shape[1]:
        return
    base = rng.standard_normal(shape)
    X = np.hstack([base[:, :2], base, base[:, ::-1]])  # every column twice or three times
    y = base[:, :3] @ [3.0, -2.0, 1.5] + 0.1 * rng.standard_normal(shape[0])
    first = [next(i for i in range(X.shape[1]) if np.array_equal(X[:, i], X[:, j])) for j in range(X.shape[1])]
    options = {"alpha": 1e-3} if method == "obs" and shape[0] < X.shape[1] else {}
    if options:
        return  # with a ridge penalty copies are features of their own
    model = PrunedLinearRegression(3, method=method).fit(kind(X), y)
    chosen = np.flatnonzero(model.support_)
    assert [first[j] for j in chosen] == chosen.tolist()
    later = [j for j in range(X.shape[1]) if first[j] != j]
    assert np.isin(later, model.collinear_features_).all()
    kept = PrunedLinearRegression(3, method=method, keep=[X.shape[1] - 1]).fit(kind(X), y)
    assert kept.support_[-1]
    assert not kept.support_[first[-1]]


@pytest.mark.filterwarnings("ignore:a model of:RuntimeWarning")
@pytest.mark.parametrize("method", ["auto", "forward", "swap", "iht", "l1"])
def test_exact_fits_have_as_many_features_as_can_be_told_apart(method: str) -> None:
    """Of y without noise and more features than samples; no error of the algebra, dense or sparse."""
    for seed in range(12 if method == "iht" else 60):  # which takes hundreds of steps a size
        rng = np.random.default_rng(seed)
        n, p = int(rng.integers(6, 20)), int(rng.integers(2, 40))
        X = rng.standard_normal((n, p)) * (rng.random((n, p)) < rng.choice([1.0, 0.5]))
        y = X[:, 0] if seed % 2 else X[:, :3].sum(axis=1)
        weight = rng.random(n) + 0.1 if seed % 3 == 0 else None
        w = np.ones(n) if weight is None else weight
        x = (X - np.average(X, axis=0, weights=w)) * np.sqrt(w)[:, None]
        length = np.linalg.norm(x, axis=0)
        rank = np.linalg.matrix_rank(x[:, length > 1e-9] / length[length > 1e-9], tol=1e-6)
        for kind in (np.asarray, scipy.sparse.csr_array):
            model = PrunedLinearRegression(1.0, method=method).fit(kind(X), y, weight)
            assert model.n_nonzero_ == rank, seed


def test_fewer_features_than_were_asked_for_are_told() -> None:
    X = np.random.default_rng(27).standard_normal((12, 20))
    with pytest.warns(RuntimeWarning, match="a model of 20 was asked for, and has 11"):
        model = PrunedLinearRegression(1.0).fit(X, X[:, 0])
    assert np.allclose(model.predict(X), X[:, 0], rtol=0, atol=1e-9)


@pytest.mark.parametrize("distance", [1e-6, 1e-8, 1e-9])
def test_columns_that_differ_in_late_digits_are_told_apart_or_named(distance: float, rng: np.random.Generator) -> None:
    """The Gram matrix takes them for equal, the data do not: the fit of both is lstsq's, or a warning names it."""
    X = rng.standard_normal((200, 4))
    X[:, 3] = X[:, 0] + distance * rng.standard_normal(200)
    y = (X[:, 3] - X[:, 0]) / distance + 0.1 * rng.standard_normal(200)
    x = X - X.mean(axis=0)
    left = y - y.mean() - x @ np.linalg.lstsq(x, y - y.mean(), rcond=None)[0]
    expected = 1 - left @ left / ((y - y.mean()) ** 2).sum()
    for method in ("auto", "obs"):
        with pytest.warns(RuntimeWarning, match="ill-conditioned"):
            model = PrunedLinearRegression(4, method=method).fit(X, y)
        assert abs(model.score(X, y) - expected) < 1e-3
    for method in ("forward", "swap"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            PrunedLinearRegression(4, method=method).fit(X, y)
        assert any("nearly combinations" in str(one.message) for one in caught)


# --------------------------------------------------------------------------- how large a model is


@pytest.mark.parametrize("shape", [(200, 500), (120, 118), (60, 50)])
@pytest.mark.parametrize("select", ["ebic", "gic"])
def test_of_noise_hardly_anything_is_chosen(select: str, shape: tuple[int, int]) -> None:
    sizes = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        X, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
        sizes.append(PrunedLinearRegression(select=select).fit(X, y).n_nonzero_)
    assert sum(size <= 3 for size in sizes) >= 9


@pytest.mark.parametrize("select", ["aic", "aicc", "bic", "loo", "gic", "ebic"])
@pytest.mark.parametrize("method", ["auto", "forward", "swap"])
def test_no_more_is_searched_than_theory_supports_or_it_is_told(
    method: str, select: str, rng: np.random.Generator
) -> None:
    n, p = 60, 90
    X, y = rng.standard_normal((n, p)), rng.standard_normal(n)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = PrunedLinearRegression(method=method, select=select).fit(X, y)
    largest = int(n / (np.log(p) * np.log(np.log(n))))
    assert model.path_.sizes[-1] == largest
    is_told = [one.category is RuntimeWarning and "the largest model" in str(one.message) for one in caught]
    assert is_told == [True] * (model.n_nonzero_ == largest)


def test_no_exchanged_set_is_worse_than_a_smaller_one(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the search for a size stops short, it begins anew from the smaller set."""
    X = rng.standard_normal((50, 8))
    y = X @ [3.0, 0, 2, 0, 1, 0, 0, 0] + rng.standard_normal(50)
    expected = PrunedLinearRegression(8).fit(X, y)

    def stops_short(*arguments: Any) -> Any:
        for one in best_of_each_size(*arguments):
            is_third = len(one.support) == 3
            yield one._replace(support=np.array([5, 6, 7]), rss=1e9) if is_third else one

    monkeypatch.setattr("prunus.solving.searching.methods.best_of_each_size", stops_short)
    model = PrunedLinearRegression(8).fit(X, y)
    assert np.array_equal(model.path_.at(3).support_, expected.path_.at(3).support_)
    assert np.all(np.diff(model.path_.measures["rss"]) <= 0)


def test_no_loss_rises_with_the_size(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the chosen size alone has been exchanged, and the path's next fit leaves more."""
    monkeypatch.setattr("prunus.solving.selecting._FEW", 0)
    n_mended = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((40, 14)) + 2 * rng.standard_normal((40, 1))
        y = X @ rng.standard_normal(14) + 3 * rng.standard_normal(40)
        for size in range(1, 13):
            model = PrunedLinearRegression(size, method="auto").fit(X, y)
            rss = model.path_.measures["rss"]
            assert np.all(np.diff(rss[size:]) <= 0)
            for later in range(size, 14):
                one = model.path_.at(later)
                assert np.isclose(((y - one.predict(X)) ** 2).sum(), rss[later], rtol=1e-9)
            n_mended += len(model.path_._selection.exchanged) > 1
    assert n_mended > 0


@pytest.mark.filterwarnings("ignore:the largest model that was searched is chosen:RuntimeWarning")
@pytest.mark.parametrize("method", ["auto", "forward", "swap", "iht", "l1"])
@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
def test_a_column_that_stays_may_be_constant_in_a_fold(method: str, kind: Any, rng: np.random.Generator) -> None:
    """It counts in the size and explains nothing: the error is that of the other columns, in wide X, too."""
    X = rng.standard_normal((15, 40))
    X[:12, 7] = 0
    y = 5 * X[:, 0] + rng.standard_normal(15)
    folds = [(np.r_[0:12], np.r_[12:15]), (np.r_[3:15], np.r_[0:3])]
    options: dict[str, Any] = {"method": method, "max_nonzero": 4}
    model = PrunedLinearRegression(keep=[7], cv=folds, **options).fit(kind(X), y)
    assert model.path_.sizes.tolist() == [1, 2, 3, 4]
    train, test = folds[0]
    alone = PrunedLinearRegression(3, method=method).fit(kind(np.delete(X[train], 7, axis=1)), y[train])
    for size, error in zip(range(4), model.path_._selection.fold_errors[0], strict=True):
        columns = np.delete(np.arange(40), 7)[alone.path_.at(size).support_]
        x = np.column_stack([np.ones(15), X[:, columns]])
        coef = np.linalg.lstsq(x[train], y[train], rcond=None)[0]
        assert np.isclose(error, ((y[test] - x[test] @ coef) ** 2).mean(), rtol=1e-9), size


def test_a_group_stays_for_a_column_that_is_constant(rng: np.random.Generator) -> None:
    X = rng.standard_normal((50, 6))
    X[:, 1] = 3.0
    y = X[:, 0] + 0.1 * rng.standard_normal(50)
    for model in fit_both(X, y, groups=[0, 1, 2, 1, 2, 2], keep=[1]):
        assert model.support_[3]
        assert model.path_.at(int(model.path_.sizes[0])).support_.tolist() == [False, False, False, True, False, False]


@pytest.mark.parametrize("seed", [452, 512, 643, 680, 763, 787, 789, 980, 1085, 1163, 1337, 1533])
def test_regressions_that_differed(seed: int) -> None:
    assert not list(differences(draw(seed)))


@pytest.mark.parametrize("method", ["auto", "forward"])
@pytest.mark.parametrize("seed", range(8))
def test_groups_of_which_some_hold_others(method: str, seed: int) -> None:
    """Factors beside one that crosses two of them, one-hot: neither format nor order of the columns matters."""
    rng = np.random.default_rng(seed)
    factors = [rng.integers(0, k, 60) for k in (4, 5, 3)]
    factors.append(factors[0] * 3 + factors[2])
    indicators = [np.equal.outer(f, np.unique(f)).astype(float) for f in factors]
    groups = np.repeat(np.arange(5), [*(x.shape[1] for x in indicators), 1])
    X = np.column_stack([*indicators, rng.standard_normal(60)])
    y = 1.5 * (factors[1] == 2) + 0.7 * X[:, -1] + (factors[3] == 4) + 0.6 * rng.standard_normal(60)
    dense, sparse = fit_both(X, y, method=method, groups=groups)
    order = rng.permutation(X.shape[1])
    permuted = PrunedLinearRegression(method=method, groups=groups[order]).fit(X[:, order], y)
    for other, labels in ((sparse, groups), (permuted, groups[order])):
        assert np.allclose(other.path_.measures["cv_mean"], dense.path_.measures["cv_mean"], rtol=1e-9)
        assert set(labels[other.support_]) == set(groups[dense.support_])
    for size in dense.path_.sizes.tolist():  # least squares on the span of the groups
        chosen = np.isin(groups, groups[dense.path_.at(size).support_])
        x = np.column_stack([np.ones(60), X[:, chosen]])
        left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
        assert np.isclose(np.asarray(dense.path_.table()["rss"])[dense.path_.sizes == size], left @ left, rtol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_thresholding_of_columns_that_are_proportional(seed: int) -> None:
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((60, 4)) * (rng.random((60, 4)) < 0.5)
    X = np.column_stack([Z, Z * rng.uniform(0.1, 9, 4), rng.standard_normal(60)])
    y = Z @ [1, -2, 0.7, 0.4] + 0.3 * rng.standard_normal(60)
    dense, sparse = fit_both(X, y, method="iht", n_nonzero=4)
    assert np.array_equal(dense.support_, sparse.support_)


@pytest.mark.parametrize("method", ["iht", "l1", "swap", "obs", "forward"])
def test_a_larger_model_never_explains_less(method: str) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((44, 14)) + 2 * rng.standard_normal((44, 1))
        y = X[:, :3] @ [1, -1, 0.7] + rng.standard_normal(44)
        table = PrunedLinearRegression(method=method, max_nonzero=14, cv=3).fit(X, y).path_.table()
        assert (np.diff(table["rss"]) <= 1e-9 * table["rss"][0]).all(), seed
