"""Criterion obs: prune() by the exact path of a linear regression, against refits by scikit-learn."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso, LinearRegression, Ridge, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import prunus
from prunus.linear_model import PrunedLinearRegression

EPS = np.finfo(np.float64).eps


@pytest.fixture(scope="module")
def diabetes() -> tuple[Any, Any]:
    X, y = load_diabetes(return_X_y=True)
    return X, y


def loss_on(X: Any, y: Any, columns: Any) -> float:
    model = LinearRegression().fit(X[:, columns], y)
    return float(((y - model.predict(X[:, columns])) ** 2).sum())


@pytest.mark.parametrize("n_kept", [0, 1, 4, 7, 10])
def test_keeps_the_set_of_the_backward_path_refitted(n_kept: int, diabetes: tuple[Any, Any]) -> None:
    X, y = diabetes
    pruned = prunus.prune(
        LinearRegression().fit(X, y), X, y, sparsity=1 - n_kept / 10, criterion="obs", allow_empty=True
    )
    path = PrunedLinearRegression(n_kept, method="obs").fit(X, y)
    assert np.array_equal(pruned.masks[0][0], path.support_)
    # Two solutions of the same normal equations, whose condition is below 250 here, of outputs up to 350.
    assert np.allclose(pruned.predict(X), path.predict(X), rtol=0, atol=250 * 442 * EPS * 350)


def test_scores_are_rises_that_never_fall(diabetes: tuple[Any, Any]) -> None:
    X, y = diabetes
    network = prunus.from_sklearn(LinearRegression().fit(X, y))
    (score,) = prunus.importance(network, "obs", X=X, y=y)
    order = np.argsort(score[0])
    losses = [loss_on(X, y, order[t:]) if t < 10 else float(((y - y.mean()) ** 2).sum()) for t in range(11)]
    rises = np.maximum.accumulate(np.diff(losses)) / len(y)  # samples' shares sum to one
    assert np.allclose(score[0][order], rises, rtol=1e-9)


def test_each_output_has_its_own_path(rng: np.random.Generator) -> None:
    X = rng.standard_normal((60, 6))
    Y = X @ np.array([[3.0, 0, 0, 2, 0, 0], [0, 0, 5.0, 0, 0, 4]]).T + 0.1 * rng.standard_normal((60, 2))
    pruned = prunus.prune(LinearRegression().fit(X, Y), X, Y, sparsity=8 / 12, criterion="obs", schedule="iterative")
    assert np.array_equal(pruned.masks[0], [[1, 0, 0, 1, 0, 0], [0, 0, 1, 0, 0, 1]])
    for k, columns in enumerate(([0, 3], [2, 5])):
        alone = LinearRegression().fit(X[:, columns], Y[:, k])
        assert np.allclose(pruned.network.layers[0].weight[k, columns], alone.coef_, rtol=1e-10)
        assert np.allclose(pruned.network.layers[0].bias[k], alone.intercept_, rtol=0, atol=1e-12)


def test_weights_scalers_and_sparse_samples(diabetes: tuple[Any, Any], rng: np.random.Generator) -> None:
    import scipy.sparse

    X, y = diabetes
    X = np.where(rng.random(X.shape) < 0.5, X, 0)
    weight = rng.integers(0, 3, len(y)).astype(float)
    plain = LinearRegression().fit(X, y)
    results = [
        prunus.prune(model, data, y, sparsity=0.5, criterion="obs", sample_weight=weight).predict(X)
        for model, data in (
            (plain, X),
            (make_pipeline(StandardScaler(), LinearRegression()).fit(X, y), X),
            (plain, scipy.sparse.csr_array(X)),
        )
    ]
    repeated = np.repeat(np.arange(len(y)), weight.astype(int))
    expected = PrunedLinearRegression(5, method="obs").fit(X[repeated], y[repeated]).predict(X)
    for result in results:
        assert np.allclose(result, expected, rtol=0, atol=1e-9 * np.abs(y).max())


def test_starts_from_what_is_there_and_keeps_what_must_stay(diabetes: tuple[Any, Any]) -> None:
    X, y = diabetes
    lasso = Lasso(0.1).fit(X, y)
    pruned = prunus.prune(lasso, X, y, sparsity=0.6, criterion="obs")
    assert not pruned.masks[0][0][lasso.coef_ == 0].any()
    best = min(
        loss_on(X, y, [c for c in np.flatnonzero(lasso.coef_) if c not in gone])
        for gone in itertools.combinations(np.flatnonzero(lasso.coef_).tolist(), int(np.count_nonzero(lasso.coef_)) - 4)
    )
    assert loss_on(X, y, np.flatnonzero(pruned.masks[0][0])) <= 1.02 * best
    again = prunus.prune(pruned, X, y, sparsity=0.8, criterion="obs")
    assert not (again.masks[0] & ~pruned.masks[0]).any()
    keep = [np.arange(10)[None] == 0]
    stayed = prunus.prune(LinearRegression().fit(X, y), X, y, sparsity=0.8, criterion="obs", keep=keep)
    assert stayed.masks[0][0, 0]
    columns = np.flatnonzero(stayed.masks[0][0])
    alone = LinearRegression().fit(X[:, columns], y)
    assert np.allclose(stayed.network.layers[0].weight[0, columns], alone.coef_, rtol=1e-9)


def test_ridge_penalty_is_scikit_learns(rng: np.random.Generator) -> None:
    X = rng.standard_normal((15, 20))
    y = X[:, 0] + 0.1 * rng.standard_normal(15)
    criterion = prunus.criteria()["obs"](alpha=2.0)
    pruned = prunus.prune(Ridge(2.0).fit(X, y), X, y, sparsity=0.75, criterion=criterion)
    columns = np.flatnonzero(pruned.masks[0][0])
    ridge = Ridge(2.0).fit(X[:, columns], y)
    assert np.allclose(pruned.network.layers[0].weight[0, columns], ridge.coef_, rtol=1e-9)


@pytest.mark.parametrize("weight", [3.0, 0.02, None])
def test_the_models_own_penalty_and_intercept(weight: float | None, rng: np.random.Generator) -> None:
    """With nothing removed the model stays what it was: weights count against the penalty as in scikit-learn."""
    X = rng.standard_normal((30, 6)) + 1
    Y = X[:, :2] @ [[1.0, 2.0], [0.5, -1.0]] + rng.standard_normal((30, 2)) + 10
    w = None if weight is None else weight * rng.uniform(0.5, 1, 30)
    for model in (
        Ridge(5.0),
        Ridge(5.0, fit_intercept=False),
        RidgeCV([0.1, 10.0]),
        LinearRegression(),
        LinearRegression(fit_intercept=False),
    ):
        model.fit(X, Y, sample_weight=w)
        pruned = prunus.prune(model, X, Y, sparsity=0.0, criterion="obs", sample_weight=w)
        np.testing.assert_allclose(pruned.network.layers[0].weight, model.coef_, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(pruned.network.layers[0].bias, model.intercept_ * np.ones(2), rtol=1e-9, atol=1e-12)
        half = prunus.prune(model, X, Y, sparsity=0.5, criterion="obs", sample_weight=w)
        for k, columns in enumerate(half.masks[0]):
            again = Ridge(model.alpha_) if isinstance(model, RidgeCV) else clone(model)
            again.fit(X[:, columns], Y[:, k], sample_weight=w)
            np.testing.assert_allclose(half.network.layers[0].weight[k, columns], again.coef_, rtol=1e-9)


@pytest.mark.parametrize("noise", [1e-6, 0.0])
def test_of_columns_that_can_hardly_be_told_apart_one_goes_first(noise: float, rng: np.random.Generator) -> None:
    X = rng.standard_normal((200, 6))
    X[:, 5] = X[:, 0] + noise * rng.standard_normal(200)
    y = X @ [1.0, 1, 1, 1, 1, 1] + 0.1 * rng.standard_normal(200)
    model = LinearRegression().fit(X, y)
    pruned = prunus.prune(model, X, y, sparsity=1 / 6)
    assert pruned.report["criterion"] == pruned.report["compensation"] == "obs"
    columns = np.flatnonzero(pruned.masks[0][0])
    assert set(columns) >= {1, 2, 3, 4}
    alone = LinearRegression().fit(X[:, columns], y)
    assert np.allclose(pruned.network.layers[0].weight[0, columns], alone.coef_, rtol=1e-9)


def test_fewer_samples_than_columns(diabetes: tuple[Any, Any]) -> None:
    X, y = diabetes
    model = LinearRegression().fit(X, y)
    pruned = prunus.prune(model, X[:8], y[:8], sparsity=0.5)
    columns = np.flatnonzero(pruned.masks[0][0])
    alone = LinearRegression().fit(X[:8, columns], y[:8])
    assert np.allclose(pruned.network.layers[0].weight[0, columns], alone.coef_, rtol=1e-6)


def test_what_it_cannot_score_is_refused(diabetes: tuple[Any, Any], digits_network: prunus.Network) -> None:
    X, y = diabetes
    with pytest.raises(ValueError, match="X: expected data, which criterion 'obs' needs, got None"):
        prunus.importance(digits_network, "obs")
    with pytest.raises(ValueError, match="X: expected inputs of layer 0 that are no combinations of others"):
        prunus.importance(digits_network, "obs", X=np.random.default_rng(0).random((9, 64)), damping=0)
    with pytest.raises(ValueError, match=r"damping: expected a number in \[0, "):
        prunus.importance(digits_network, "obs", X=np.ones((3, 64)), damping=-1)
    with pytest.raises(prunus.NotSupportedError, match="criterion: expected a model without positive=True for 'obs'"):
        prunus.prune(LinearRegression(positive=True).fit(X, y), X, y, sparsity=0.5, criterion="obs")
    with pytest.raises(ValueError, match=r"alpha: expected a number in \[0, "):
        prunus.criteria()["obs"](alpha=-1.0)
