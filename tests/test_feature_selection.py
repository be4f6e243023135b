"""PruneSelector: the features of PrunedLinearRegression's models, where RFE and its kin stood."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.feature_selection import RFE, RFECV
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline

from prunus.feature_selection import PruneSelector
from prunus.linear_model import PrunedLinearRegression


@pytest.fixture
def data(rng: np.random.Generator) -> tuple[Any, Any]:
    X = rng.standard_normal((80, 10)) + rng.standard_normal((80, 1))
    return X, X[:, [1, 4, 7]] @ [2.0, -1.0, 0.5] + 0.5 * rng.standard_normal(80)


OPTIONS: list[dict[str, Any]] = [
    {},
    {"method": "obs", "select": "bic"},
    {"method": "forward", "select": "loo"},
    {"method": "swap", "one_se": True},
    {"method": "obs", "keep": [8], "groups": list("abcabcdefg"), "alpha": 0.5},
    {"method": "forward", "max_nonzero": 4, "fit_intercept": False},
    {"cv": KFold(3, shuffle=True, random_state=0)},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("size", ["auto", 3, 0.4])
def test_the_same_features_as_the_regression(options: dict[str, Any], size: Any, data: tuple[Any, Any]) -> None:
    X, y = data
    weight = np.linspace(0.5, 2, 80)
    selector = PruneSelector(size, min_features_to_select=0, **options).fit(X, y, weight)
    model = PrunedLinearRegression(size, **options).fit(X, y, weight)
    assert np.array_equal(selector.support_, model.support_)
    assert np.array_equal(selector.get_support(), model.support_)
    assert np.array_equal(selector.get_support(indices=True), np.flatnonzero(model.support_))
    assert selector.n_features_ == model.n_nonzero_
    assert np.array_equal(selector.elimination_order_, model.elimination_order_)
    for name in ("optimality_", "method_"):
        assert getattr(selector, name) == getattr(model, name)
    table = model.path_.table()
    assert np.array_equal(selector.cv_results_["n_features"], table.n_nonzero)
    for name in ("aic", "bic"):
        assert np.array_equal(selector.cv_results_[name], table[name])
    if size == "auto" and options.get("select", "cv") == "cv":
        assert np.array_equal(selector.cv_results_["mean_test_score"], -table.cv_mean)
        n_folds = 3 if "cv" in options else 5
        assert np.allclose(
            selector.cv_results_["std_test_score"], table.cv_std_error * np.sqrt(n_folds - 1), rtol=1e-14
        )
    else:
        assert "mean_test_score" not in selector.cv_results_


@pytest.mark.parametrize("method", ["obs", "forward", "swap"])
def test_ranking(method: str, data: tuple[Any, Any]) -> None:
    """One for what is chosen, then what left the path last, and at the end what was never on it."""
    for most in (None, 6):
        selector = PruneSelector(3, method=method, max_nonzero=most).fit(*data)
        ranking = selector.ranking_
        assert np.array_equal(ranking == 1, selector.support_)
        left = [j for j in selector.elimination_order_ if not selector.support_[j]]
        assert ranking[left].tolist() == list(range(len(left) + 1, 1, -1))
        never = np.setdiff1d(np.flatnonzero(~selector.support_), left)
        assert np.all(ranking[never] == len(left) + 2)
    assert sorted(PruneSelector(1, method="obs").fit(*data).ranking_) == list(range(1, 11))
    kept = PruneSelector(2, method="obs", keep=[9, 3]).fit(*data)
    assert np.flatnonzero(kept.ranking_ == 1).tolist() == [3, 9]
    assert sorted(kept.elimination_order_) == [0, 1, 2, 4, 5, 6, 7, 8]


def test_transform(data: tuple[Any, Any]) -> None:
    pd = pytest.importorskip("pandas")
    X, y = data
    selector = PruneSelector(3, method="obs").fit(X, y)
    assert selector.get_support(indices=True).tolist() == [1, 4, 7]
    assert np.array_equal(selector.transform(X), X[:, [1, 4, 7]])
    for kind in (scipy.sparse.csr_array, scipy.sparse.csc_matrix):
        got = clone(selector).fit(kind(X), y).transform(kind(X))
        assert scipy.sparse.issparse(got)
        assert np.array_equal(got.toarray(), X[:, [1, 4, 7]])
    back = selector.inverse_transform(X[:, [1, 4, 7]])
    assert np.array_equal(back[:, [1, 4, 7]], X[:, [1, 4, 7]])
    assert not np.delete(back, [1, 4, 7], axis=1).any()
    assert selector.get_feature_names_out().tolist() == ["x1", "x4", "x7"]
    frame = pd.DataFrame(X, columns=list("abcdefghij"))
    selector.fit(frame, y)
    assert selector.get_feature_names_out().tolist() == ["b", "e", "h"]
    framed = selector.set_output(transform="pandas").transform(frame)
    assert framed.equals(frame[["b", "e", "h"]])
    with pytest.raises(ValueError, match="feature names should match"):
        selector.transform(frame[frame.columns[::-1]])


def test_in_a_pipeline_and_a_search(data: tuple[Any, Any]) -> None:
    X, y = data
    pipeline = make_pipeline(PruneSelector(method="obs"), LinearRegression())
    sizes = [1, 2, 3, 5, 10]
    search = GridSearchCV(
        pipeline, {"pruneselector__n_features_to_select": sizes}, cv=KFold(5), scoring="neg_mean_squared_error"
    ).fit(X, y)
    # The search of every fold with the fold's best size is what the selector's own validation does for all sizes at once.
    own = PruneSelector(method="obs", cv=KFold(5)).fit(X, y)
    at = np.searchsorted(own.cv_results_["n_features"], sizes)
    assert np.allclose(search.cv_results_["mean_test_score"], own.cv_results_["mean_test_score"][at], rtol=1e-9, atol=0)
    assert np.allclose(search.cv_results_["std_test_score"], own.cv_results_["std_test_score"][at], rtol=1e-8)
    best = search.best_estimator_[0]
    assert best.n_features_ == search.best_params_["pruneselector__n_features_to_select"]
    assert np.allclose(search.predict(X), LinearRegression().fit(X[:, best.support_], y).predict(X[:, best.support_]))


def test_scores_are_those_of_rfecv(rng: np.random.Generator) -> None:
    """Where features are orthonormal in every fold, RFECV removes the same ones; of several outputs it averages."""
    blocks = [np.linalg.qr(rng.standard_normal((20, 5)))[0] for _ in range(4)]
    X = np.concatenate(blocks)
    for n_out in (1, 3):
        Y = X @ rng.standard_normal((5, n_out)) + 0.1 * rng.standard_normal((80, n_out))
        options: dict[str, Any] = {"fit_intercept": False}
        expected = RFECV(
            LinearRegression(**options), cv=KFold(4), scoring="neg_mean_squared_error", importance_getter=_squares
        ).fit(X, Y)
        got = PruneSelector(method="obs", cv=KFold(4), **options).fit(X, Y)
        for name in ("mean_test_score", "std_test_score", *(f"split{i}_test_score" for i in range(4))):
            assert np.allclose(got.cv_results_[name], expected.cv_results_[name], rtol=1e-9, atol=0)
        assert got.n_features_ == expected.n_features_
        left_out = PruneSelector(method="obs", select="loo", **options).fit(X, Y).cv_results_["loo"][-1]
        errors = -cross_val_score(LinearRegression(**options), X, Y, cv=80, scoring="neg_mean_squared_error")
        assert np.allclose(left_out, errors.mean(), rtol=1e-9)


def _squares(model: Any) -> Any:
    return (np.atleast_2d(model.coef_) ** 2).sum(axis=0)


def test_a_fraction_is_rfes(data: tuple[Any, Any]) -> None:
    for share, n in ((0.05, 1), (0.29, 2), (0.7, 7), (1.0, 10), (0.0, 0)):
        assert PruneSelector(share, method="obs").fit(*data).n_features_ == n
        assert PrunedLinearRegression(share, method="obs").fit(*data).n_nonzero_ == n
        if 0.1 <= share < 1:
            assert RFE(LinearRegression(), n_features_to_select=share).fit(*data).n_features_ == n


def test_groups_are_counted(data: tuple[Any, Any]) -> None:
    selector = PruneSelector(2, method="obs", groups=list("aabbccddee")).fit(*data)
    assert (selector.n_groups_, selector.n_features_) == (2, 4)


def test_agrees_with_rfe_where_features_are_orthonormal(rng: np.random.Generator) -> None:
    """There the rise of the loss is the coefficient's square."""
    X = rng.standard_normal((60, 9))
    X, _ = np.linalg.qr(X - X.mean(axis=0))
    y = X @ rng.standard_normal(9) + 0.1 * rng.standard_normal(60)
    for n in (1, 4, 9):
        expected = RFE(LinearRegression(), n_features_to_select=n).fit(X, y)
        for method in ("obs", "forward", "swap", "auto"):
            selector = PruneSelector(n, method=method).fit(X, y)
            assert np.array_equal(selector.support_, expected.support_)
            assert method in ("forward", "swap") or np.array_equal(selector.ranking_, expected.ranking_)


def test_pickled_and_cloned(data: tuple[Any, Any]) -> None:
    X, y = data
    selector = PruneSelector(3).fit(X, y)
    assert np.array_equal(pickle.loads(pickle.dumps(selector)).transform(X), selector.transform(X))
    fresh = clone(selector)
    assert fresh.get_params() == selector.get_params()
    assert not hasattr(fresh, "support_")


def test_several_outputs(data: tuple[Any, Any]) -> None:
    X, y = data
    both = PruneSelector(4, method="obs").fit(X, np.stack([y, X[:, 9]], axis=1))
    assert both.support_[9]


@pytest.mark.parametrize("method", ["auto", "obs", "forward", "swap", "iht", "l1"])
@pytest.mark.parametrize("select", ["cv", "loo", "bic"])
def test_a_feature_is_chosen_where_none_is_worth_it(method: str, select: str, rng: np.random.Generator) -> None:
    """A pipeline goes on, as behind RFECV."""
    X, y = rng.standard_normal((60, 5)), rng.standard_normal(60)
    free = PruneSelector(min_features_to_select=0, method=method, select=select).fit(X, y)
    assert free.n_features_ == PrunedLinearRegression(method=method, select=select).fit(X, y).n_nonzero_ == 0
    for least in (1, 3):
        chosen = PruneSelector(min_features_to_select=least, method=method, select=select).fit(X, y)
        assert chosen.n_features_ >= least
        assert chosen.cv_results_["n_features"][0] == least
        errors = {"cv": "mean_test_score", "loo": "loo", "bic": "bic"}[select]
        sign = -1 if select == "cv" else 1
        best = chosen.cv_results_["n_features"][np.argmin(sign * chosen.cv_results_[errors])]
        assert chosen.n_features_ == best
    pipeline = make_pipeline(PruneSelector(method=method, select=select), LinearRegression())
    assert pipeline.fit(X, np.ones(60)).predict(X) == pytest.approx(np.ones(60))
    assert PruneSelector(0, method=method).fit(X, y).n_features_ == 0


def test_the_smallest_size_counts_groups_and_reaches_beyond_a_hundred(rng: np.random.Generator) -> None:
    X, y = rng.standard_normal((90, 6)), rng.standard_normal(90)
    grouped = PruneSelector(min_features_to_select=2, groups=[0, 0, 1, 1, 2, 2], one_se=True).fit(X, y)
    assert (grouped.n_groups_, grouped.n_features_) == (2, 4)
    wide = rng.standard_normal((140, 160))
    assert PruneSelector(min_features_to_select=105, select="loo").fit(wide, wide[:, 0]).n_features_ >= 105


def test_fewer_than_the_smallest_size_can_be_told_apart(rng: np.random.Generator) -> None:
    X = np.ones((30, 3))
    X[:, 2] = rng.standard_normal(30)
    with pytest.warns(RuntimeWarning, match="a model of 2 was asked for, and has 1"):
        selector = PruneSelector(min_features_to_select=2).fit(X, rng.standard_normal(30))
    assert selector.support_.tolist() == [False, False, True]
    assert selector.cv_results_["n_features"].tolist() == [1]


def test_a_smallest_size_above_all_takes_all(data: tuple[Any, Any]) -> None:
    """With a warning, as in RFECV."""
    for selector in (PruneSelector(min_features_to_select=11), RFECV(LinearRegression(), min_features_to_select=11)):
        with pytest.warns(UserWarning, match=r"min_features_to_select=11 .*n_features=10"):
            assert selector.fit(*data).support_.all()
    grouped = PruneSelector(min_features_to_select=6, groups=list("aabbccddee"))
    with pytest.warns(UserWarning, match="min_features_to_select=6 is above n_groups=5: no choice is left"):
        assert grouped.fit(*data).support_.all()


@pytest.mark.parametrize("least", [1, 2])
def test_results_are_those_of_rfecv(least: int, data: tuple[Any, Any]) -> None:
    """In the same order, but for which features each fold had, which are not kept."""
    X, y = data
    theirs = RFECV(LinearRegression(), min_features_to_select=least, scoring="neg_mean_squared_error").fit(X, y)
    ours = PruneSelector(min_features_to_select=least, method="obs").fit(X, y)
    expected = [name for name in theirs.cv_results_ if not name.endswith(("_ranking", "_support"))]
    assert list(ours.cv_results_)[: len(expected)] == expected
    assert list(ours.cv_results_)[len(expected) :] == ["aic", "aicc", "bic", "ebic", "gic", "cp"]
    for name in expected:
        assert ours.cv_results_[name].shape == theirs.cv_results_[name].shape
    assert np.array_equal(ours.cv_results_["n_features"], theirs.cv_results_["n_features"])
    assert {np.shape(values) for values in ours.cv_results_.values()} == {(11 - least,)}
    given = PruneSelector(3, min_features_to_select=least, method="obs").fit(X, y)
    assert given.cv_results_["n_features"].tolist() == list(range(11))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_constant_columns_do_not_stop_a_pipeline() -> None:
    X, y = np.zeros((20, 3)), np.arange(20.0)
    selector = PruneSelector().fit(X, y)
    assert selector.support_.tolist() == [True, False, False]
    assert (selector.n_features_, selector.transform(X).shape) == (1, (20, 1))
    assert np.allclose(make_pipeline(PruneSelector(), LinearRegression()).fit(X, y).predict(X), y.mean())
