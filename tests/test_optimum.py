"""A pruned linear model is where its own loss and penalty are least on the weights that are left."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    HuberRegressor,
    Lars,
    LarsCV,
    Lasso,
    LassoCV,
    LassoLars,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    OrthogonalMatchingPursuit,
    Perceptron,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC, LinearSVR

import prunus
from prunus.compensating import Refit
from prunus.compensating.optimum import blocks, least_squares, outputs
from prunus.compensating.optimum.exchange import exchanged

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::FutureWarning", "ignore:Inconsistent values"
)


@pytest.fixture(scope="module")
def cancer() -> tuple[Any, Any]:
    X, y = load_breast_cancer(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


@pytest.fixture(scope="module")
def diabetes() -> tuple[Any, Any]:
    X, y = load_diabetes(return_X_y=True)
    return 20 * X, y


@pytest.fixture(scope="module")
def three() -> tuple[Any, Any]:
    """Of the digits 0 to 2 pixels that vary, and their numbers as names."""
    X, y = load_digits(n_class=3, return_X_y=True)
    X = X[:, X.std(axis=0) > 1] / 16
    return X, np.array(["none", "one", "two"])[y]


def slope(network: prunus.Network, X: Any, y: Any, weight: Any, ridge: Any, of_bias: float = 0.0) -> float:
    """Return the largest derivative, by a weight that is left or a bias, of the mean logistic loss and its penalty.

    `weight`: of the samples, of each output where that is told.
    """
    layer = network.layers[0]
    raw = X @ layer.weight.T + layer.bias
    index = np.asarray(np.searchsorted(network.classes, y))  # type: ignore[arg-type]
    if network.output == "softmax":
        delta = softmax(raw, axis=1) - np.eye(layer.n_out)[index]
    else:
        delta = expit(raw) - (index[:, None] if layer.n_out == 1 else np.eye(layer.n_out)[index])
    weight = np.broadcast_to(np.reshape(weight, (len(X), -1)), delta.shape)
    total = weight.sum(axis=0)
    delta = delta * weight / total
    by_weight = delta.T @ X + 2 * ridge / total[:, None] * layer.weight
    by_bias = delta.sum(axis=0) + 2 * ridge * of_bias / total * layer.bias
    bias = np.abs(by_bias).max() if network.provenance.fit_intercept else 0.0
    return float(max(np.abs(by_weight[layer.weight != 0]).max(), bias))


@pytest.mark.parametrize("scale", [1.0, 1e3])
@pytest.mark.parametrize("C", [0.01, 1.0, 100.0, 1e4])
@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}], ids=repr)
def test_logistic_regression(options: dict[str, Any], C: float, scale: float, cancer: tuple[Any, Any]) -> None:
    X, y = cancer[0] * scale, cancer[1]
    pruned = prunus.prune(LogisticRegression(C=C, max_iter=5000, **options).fit(X, y), X, y, sparsity=25 / 30)
    assert np.count_nonzero(pruned.network.layers[0].weight) == 5
    assert slope(pruned.network, X, y, np.ones(len(X)), 0.5 / C) <= 1e-6


def test_several_classes_together(three: tuple[Any, Any]) -> None:
    X, y = three
    for C in (0.1, 10.0):
        pruned = prunus.prune(LogisticRegression(C=C, max_iter=1000).fit(X, y), X, y, sparsity=0.8)
        assert pruned.network.output == "softmax"
        assert slope(pruned.network, X, y, np.ones(len(X)), 0.5 / C) <= 1e-6


@pytest.mark.parametrize("factor", [-1e4, 1e4])
def test_it_matters_not_where_it_begins(factor: float, cancer: tuple[Any, Any], three: tuple[Any, Any]) -> None:
    """Where the loss hardly curves, every sample being certain, Newton's steps have no length that means anything."""
    for X, y in (cancer, three):
        model = LogisticRegression(C=1.0, max_iter=1000).fit(X, y)
        model.coef_ *= factor
        pruned = prunus.prune(model, X, y, sparsity=0.8, compensate="refit")
        assert slope(pruned.network, X, y, np.ones(len(X)), 0.5) <= 1e-6


def test_class_and_sample_weights(cancer: tuple[Any, Any], three: tuple[Any, Any], rng: np.random.Generator) -> None:
    X, y = cancer
    w = rng.uniform(0.5, 3, len(X))
    given = prunus.prune(LogisticRegression(class_weight={0: 3.0}).fit(X, y, w), X, y, sparsity=0.8, sample_weight=w)
    assert slope(given.network, X, y, w * np.where(y == 0, 3, 1), 0.5) <= 1e-6
    balanced = prunus.prune(LogisticRegression(class_weight="balanced").fit(X, y), X, y, sparsity=0.8)
    assert slope(balanced.network, X, y, len(y) / (2 * np.bincount(y)[y]), 0.5) <= 1e-6
    X, y = three
    table = {"none": 1.0, "one": 5.0, "two": 0.3}
    many = prunus.prune(LogisticRegression(class_weight=table).fit(X, y), X, y, sparsity=0.8)
    assert slope(many.network, X, y, np.array([table[label] for label in y]), 0.5) <= 1e-6


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(class_weight="balanced", max_iter=1000, tol=1e-8),
        LogisticRegression(class_weight="balanced", solver="liblinear", tol=1e-8),
        LinearSVC(class_weight="balanced", random_state=0),
        RidgeClassifier(class_weight="balanced"),
    ],
    ids=repr,
)
def test_classes_are_balanced_as_the_estimator_does(estimator: Any, cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    weight = 1.0 + 5 * y
    estimator.fit(X, y, sample_weight=weight)
    pruned = prunus.prune(
        estimator, X, y, sparsity=0.8, criterion="magnitude", compensate="refit", sample_weight=weight
    )
    there = pruned.masks[0][0]
    again = clone(estimator).fit(X[:, there], y, sample_weight=weight)
    # As near as the solvers of scikit-learn come.
    assert np.allclose(pruned.network.layers[0].weight[0, there], np.ravel(again.coef_), rtol=1e-3, atol=1e-3)
    assert np.isclose(pruned.network.layers[0].bias[0], np.ravel(again.intercept_)[0], rtol=1e-2, atol=1e-3)


def test_class_weights_of_squared_losses(three: tuple[Any, Any]) -> None:
    X, y = three
    model = SGDClassifier(
        "squared_error", class_weight={"none": 20.0}, random_state=0, eta0=1e-3, learning_rate="constant"
    )
    assert prunus.from_sklearn(model.fit(X, y)).provenance.loss == "own"
    labels = (X[:, :3] > 0.5).astype(int)
    for class_weight, loss in ((None, "squared"), ("balanced", None)):  # a product over the labels, which is not known
        network = prunus.from_sklearn(RidgeClassifier(class_weight=class_weight).fit(X, labels))
        assert network.provenance.loss == loss
        pruned = prunus.prune(network, X, labels, sparsity=0.8)
        assert np.isfinite(pruned.network.layers[0].weight).all()


def test_mini_batches_have_a_penalty_of_their_own(cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    model = MLPClassifier(hidden_layer_sizes=(), max_iter=20, random_state=0).fit(X, y)
    assert prunus.from_sklearn(model).provenance.loss is None


def test_liblinear_penalizes_the_intercept(cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    model = LogisticRegression(solver="liblinear", intercept_scaling=2.0).fit(X + 1, y)
    pruned = prunus.prune(model, X + 1, y, sparsity=0.8)
    assert slope(pruned.network, X + 1, y, np.ones(len(X)), 0.5, 1 / 4) <= 1e-6


def test_stochastic_descent_has_the_mean_loss(cancer: tuple[Any, Any], three: tuple[Any, Any]) -> None:
    X, y = cancer
    pruned = prunus.prune(SGDClassifier("log_loss", alpha=0.01, random_state=0).fit(X, y), X, y, sparsity=0.8)
    assert slope(pruned.network, X, y, np.ones(len(X)), 0.005 * len(X)) <= 1e-6
    X, y = three
    table = {"none": 2.0, "two": 0.5}
    model = SGDClassifier("log_loss", alpha=0.01, random_state=0, class_weight=table).fit(X, y)
    many = prunus.prune(model, X, y, sparsity=0.8)
    weight = np.ones((len(X), 3))
    weight[y == "none", 0], weight[y == "two", 2] = 2.0, 0.5  # of a class against the rest its own alone counts
    assert slope(many.network, X, y, weight, 0.005 * len(X)) <= 1e-6


def test_cross_validation_and_perceptrons_without_hidden_layers(cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    chosen = LogisticRegressionCV(Cs=[0.05, 5.0], cv=3, max_iter=1000).fit(X, y)
    pruned = prunus.prune(chosen, X, y, sparsity=0.8)
    assert slope(pruned.network, X, y, np.ones(len(X)), 0.5 / np.ravel(chosen.C_)[0]) <= 1e-6
    alone = MLPClassifier(hidden_layer_sizes=(), alpha=3.0, max_iter=50, solver="lbfgs", random_state=0).fit(X, y)
    pruned = prunus.prune(prunus.from_sklearn(alone, dtype=np.float64), X, y, sparsity=0.8)
    assert slope(pruned.network, X, y, np.ones(len(X)), 1.5) <= 1e-6
    Y = np.column_stack([X[:, 0] + y, X[:, 1]])
    alone = MLPRegressor(hidden_layer_sizes=(), alpha=3.0, max_iter=50, solver="lbfgs", random_state=0).fit(X, Y)
    pruned = prunus.prune(prunus.from_sklearn(alone, dtype=np.float64), X, Y, sparsity=0.8)
    for j, kept in enumerate(pruned.masks[0]):  # half of the squared errors, and half of alpha times the squares
        again = Ridge(3.0).fit(X[:, kept], Y[:, j])
        assert np.allclose(pruned.network.layers[0].weight[j, kept], again.coef_, rtol=1e-9)


@pytest.mark.parametrize("layout", [sparse.csr_matrix, sparse.csc_array, np.asfortranarray, np.float32])
def test_layouts_and_scalers(layout: Any, cancer: tuple[Any, Any]) -> None:
    X, y = np.round(cancer[0], 1), cancer[1]
    plain = prunus.prune(LogisticRegression().fit(X, y), X, y, sparsity=0.8)
    other = prunus.prune(LogisticRegression().fit(X, y), layout(X), y, sparsity=0.8)
    assert np.array_equal(plain.masks[0], other.masks[0])
    rtol = 1e-4 if layout is np.float32 else 1e-6  # of its samples, and of the gradient that is left
    assert np.allclose(plain.network.layers[0].weight, other.network.layers[0].weight, rtol=rtol, atol=1e-6)


def test_behind_a_scaler(cancer: tuple[Any, Any]) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    pipe = make_pipeline(StandardScaler(), LogisticRegression(C=10.0, max_iter=1000)).fit(X, y)
    pruned = prunus.prune(pipe, X, y, sparsity=0.8)
    Z = pipe[0].transform(X)
    assert slope(pruned.network.unfolded(), Z, y, np.ones(len(X)), 0.05) <= 1e-6


def test_threads_change_no_bit(cancer: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = cancer
    model = LogisticRegression().fit(X, y)
    found = []
    for threads in ("1", "2", "7"):
        monkeypatch.setenv("PRUNUS_NUM_THREADS", threads)
        found.append(prunus.prune(model, X, y, sparsity=0.8))
    assert found[0].network == found[1].network == found[2].network


@pytest.mark.parametrize(
    "estimator",
    [
        LinearSVC(C=0.1),
        LinearSVC(C=0.1, class_weight="balanced"),
        LinearSVC(loss="hinge", max_iter=20000, random_state=0),
        LinearSVC(penalty="l1", C=0.5, random_state=0),
        LogisticRegression(l1_ratio=1.0, penalty="elasticnet", solver="saga", C=0.5, random_state=0),
        LogisticRegression(penalty="l1", solver="liblinear", random_state=0),
        Perceptron(),
        RidgeClassifier(),
        RidgeClassifier(alpha=10.0, class_weight={1: 3.0}, fit_intercept=False),
        SGDClassifier(random_state=0),
        SGDClassifier("log_loss", penalty="l1", random_state=0),
    ],
    ids=repr,
)
def test_classifiers_are_what_they_would_be_fitted_on_their_support(estimator: Any, cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    pruned = prunus.prune(estimator.fit(X, y), X, y, sparsity=25 / 30)
    kept = pruned.masks[0][0] & (pruned.network.layers[0].weight[0] != 0)  # an L1 penalty may set more to zero
    there = pruned.masks[0][0]
    again = clone(estimator).fit(X[:, there], y)
    assert np.allclose(pruned.network.layers[0].weight[0, there], np.ravel(again.coef_), rtol=1e-9, atol=1e-12)
    assert np.isclose(pruned.network.layers[0].bias[0], np.ravel(again.intercept_)[0], rtol=1e-9)
    assert kept.sum() <= 5


@pytest.mark.parametrize(
    "estimator", [LinearSVC(C=0.1), RidgeClassifier(), RidgeClassifierCV([0.1, 10.0]), Perceptron()], ids=repr
)
def test_each_class_against_the_rest(estimator: Any, three: tuple[Any, Any]) -> None:
    X, y = three
    pruned = prunus.prune(estimator.fit(X, y), X, y, sparsity=0.8)
    single = RidgeClassifier(estimator.alpha_) if isinstance(estimator, RidgeClassifierCV) else clone(estimator)
    for j, there in enumerate(pruned.masks[0]):
        again = single.fit(X[:, there], y == estimator.classes_[j])
        assert np.allclose(pruned.network.layers[0].weight[j, there], np.ravel(again.coef_), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "estimator",
    [
        BayesianRidge(),
        ElasticNet(0.1),
        HuberRegressor(max_iter=1000),
        Lars(),
        Lasso(0.5),
        Lasso(0.5, positive=True),
        LassoLars(0.5),
        LinearRegression(),
        LinearRegression(positive=True),
        LinearSVR(random_state=0, max_iter=10000),
        Ridge(3.0),
        Ridge(3.0, positive=True),
        SGDRegressor("huber", random_state=0),
    ],
    ids=repr,
)
def test_regressions_are_what_they_would_be_fitted_on_their_support(estimator: Any, diabetes: tuple[Any, Any]) -> None:
    X, y = diabetes
    pruned = prunus.prune(estimator.fit(X, y), X, y, sparsity=0.6)
    there = pruned.masks[0][0] & (estimator.coef_ != 0)
    again = clone(estimator).fit(X[:, there], y)
    layer = pruned.network.layers[0]
    assert np.allclose(layer.weight[0, there], again.coef_, rtol=1e-9, atol=1e-12)
    assert np.isclose(layer.bias[0], np.ravel(again.intercept_)[0], rtol=1e-9)
    assert not layer.weight[0, ~there].any()


@pytest.mark.parametrize(
    ("estimator", "single"),
    [
        (ElasticNetCV(cv=3), lambda model: ElasticNet(model.alpha_, l1_ratio=model.l1_ratio_)),
        (LassoCV(cv=3), lambda model: Lasso(model.alpha_)),
        (LarsCV(cv=3), lambda model: LassoLars(model.alpha_)),
        (OrthogonalMatchingPursuit(n_nonzero_coefs=8), lambda _: LinearRegression()),
        (RidgeCV([0.1, 30.0]), lambda model: Ridge(model.alpha_)),
        (SGDRegressor(alpha=0.1, random_state=0), lambda _: Ridge(0.1 * 442)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_parameters_that_were_chosen_stay(estimator: Any, single: Any, diabetes: tuple[Any, Any]) -> None:
    X, y = diabetes
    pruned = prunus.prune(estimator.fit(X, y), X, y, sparsity=0.6)
    there = pruned.masks[0][0]
    again = single(estimator).fit(X[:, there], y)
    assert np.allclose(pruned.network.layers[0].weight[0, there], again.coef_, rtol=1e-7)


def test_several_outputs_have_a_penalty_each(diabetes: tuple[Any, Any], rng: np.random.Generator) -> None:
    X, y = diabetes
    Y = np.column_stack([y / y.std(), X[:, 0] + X[:, 2] + rng.standard_normal(len(X))])
    pruned = prunus.prune(Ridge([1.0, 50.0]).fit(X, Y), X, Y, sparsity=0.6)
    for j, (there, alpha) in enumerate(zip(pruned.masks[0], (1.0, 50.0), strict=True)):
        again = Ridge(alpha).fit(X[:, there], Y[:, j])
        assert np.allclose(pruned.network.layers[0].weight[j, there], again.coef_, rtol=1e-9)


def test_another_penalty_may_be_asked_for(cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    options: dict[str, Any] = {"criterion": "magnitude", "compensate": Refit(alpha=4.0)}
    pruned = prunus.prune(LogisticRegression().fit(X, y), X, y, sparsity=0.8, **options)
    assert slope(pruned.network, X, y, np.ones(len(X)), 4.0) <= 1e-6


def test_no_exchange_betters_what_is_left(cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    X = X[:, :12]
    network = prunus.from_sklearn(LogisticRegression(C=10.0).fit(X, y))
    problem = outputs.problem_of(network, 0, network.data(X, y), None, 1)
    start, free = np.arange(12) < 3, np.arange(12) != 1
    value = problem.least(start)[0]
    kept, layer = exchanged(problem, start, free)
    best = problem.least(kept)[0]
    assert best < value
    assert kept.sum() == 3
    assert kept[1]  # which is not free
    assert np.array_equal(layer.weight[0] != 0, kept)
    for out in np.flatnonzero(kept & free):
        for into in np.flatnonzero(~kept):
            other = kept.copy()
            other[out], other[into] = False, True
            assert problem.least(other)[0] >= best * (1 - 1e-5)


def test_pruning_chooses_again(cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    model = LogisticRegression(C=100.0, max_iter=5000).fit(X, y)
    refitted, exchanged = (
        prunus.prune(model, X, y, sparsity=25 / 30, criterion="obs", compensate=compensate)
        for compensate in ("refit", "obs")
    )
    loss = [pruned.report["loss"]["after"] for pruned in (refitted, exchanged)]
    assert loss[1] < loss[0]
    assert exchanged.masks[0].sum() == 5
    keep = [np.arange(30)[None] == 9]
    kept = prunus.prune(model, X, y, sparsity=25 / 30, keep=keep)
    assert kept.masks[0][0, 9]
    assert kept.network.layers[0].weight[0, 9] != 0


@pytest.mark.parametrize("pattern", ["input", "2:4", "block:1x2"])
def test_other_patterns(pattern: str, cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    sparsity = None if pattern == "2:4" else 0.5
    pruned = prunus.prune(LogisticRegression().fit(X, y), X, y, sparsity=sparsity, pattern=pattern)
    kept = X if pruned.network.inputs is None else X[:, pruned.network.inputs]
    assert slope(pruned.network, kept, y, np.ones(len(X)), 0.5) <= 1e-6


def test_too_many_columns_for_a_gram_matrix(diabetes: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = diabetes
    Y = np.column_stack([y, X[:, 0]])
    model = Ridge(3.0).fit(X, Y)
    whole = prunus.prune(model, X, Y, sparsity=0.4, criterion="magnitude", compensate="refit")
    for most in (9, 3):  # of a Gram matrix of all outputs' columns, and of one output's
        monkeypatch.setattr(least_squares, "_MOST_COLUMNS", most)
        other = prunus.prune(model, X, Y, sparsity=0.4, criterion="magnitude", compensate="refit")
        assert np.allclose(whole.network.layers[0].weight, other.network.layers[0].weight, rtol=1e-6)
        assert np.allclose(whole.network.layers[0].bias, other.network.layers[0].bias, rtol=1e-6)


def test_too_many_columns_for_second_derivatives(cancer: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = cancer
    monkeypatch.setattr(blocks, "_MOST_VALUES", 0)
    monkeypatch.setattr(outputs, "_MOST_VALUES", 0)
    model = LogisticRegression(C=10.0, max_iter=1000).fit(X, y)
    pruned = prunus.prune(model, X, y, sparsity=0.5, criterion="magnitude", compensate="refit")
    assert slope(pruned.network, X, y, np.ones(len(X)), 0.05) <= 1e-6


def test_nothing_left_but_the_intercept(cancer: tuple[Any, Any], diabetes: tuple[Any, Any]) -> None:
    X, y = cancer
    for model in (LogisticRegression(), LinearSVC(), RidgeClassifier()):
        pruned = prunus.prune(model.fit(X, y), X, y, sparsity=1.0, allow_empty=True)
        assert pruned.score(X, y) == y.mean()  # the most frequent class
    X, y = diabetes
    for model in (Lasso(), LinearRegression(), HuberRegressor()):
        pruned = prunus.prune(model.fit(X, y), X, y, sparsity=1.0, allow_empty=True)
        assert np.ptp(pruned.predict(X)) == 0
        assert abs(pruned.predict(X)[0] - y.mean()) < 20


def test_classes_without_an_optimum_are_told() -> None:
    X = np.column_stack([np.linspace(-1, 1, 40), np.tile([0.0, 1.0], 20)])
    y = (X[:, 0] > 0).astype(int)
    model = LogisticRegression(C=np.inf, tol=1e-3).fit(X, y)
    pruned = prunus.prune(model, X, y, sparsity=0.5)  # the loss has no least value, but comes near to 0
    assert pruned.score(X, y) == 1
    assert pruned.report["loss"]["after"] < 1e-5


def test_without_labels_outputs_stay_near(cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    network = prunus.from_sklearn(LogisticRegression().fit(X, y))
    pruned = prunus.prune(network, X, sparsity=0.5)
    assert np.mean(pruned.predict(X) == network.predict(X)) > 0.98
    model = Lasso(0.01).fit(X, y)
    pruned = prunus.prune(model, X, sparsity=0.3)
    there = pruned.masks[0][0] & (model.coef_ != 0)
    towards = LinearRegression().fit(X[:, there], model.predict(X))
    assert np.abs(pruned.predict(X) - towards.predict(X[:, there])).max() < 1e-2  # but for the damping


def test_what_cannot_be_fitted_is_refused(cancer: tuple[Any, Any], diabetes: tuple[Any, Any]) -> None:
    X, y = cancer
    with pytest.raises(ValueError, match="y: expected samples of two classes to fit LinearSVC to, got one"):
        prunus.prune(LinearSVC().fit(X, y), X[y == 1], y[y == 1], sparsity=0.5)
    X, y = diabetes
    with pytest.raises(prunus.NotSupportedError, match="sample_weight: expected None for the refit of LassoLars"):
        prunus.prune(LassoLars(0.1).fit(X, y), X, y, sparsity=0.5, sample_weight=np.arange(len(X)))


def test_without_scikit_learn(diabetes: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = diabetes
    network = prunus.from_sklearn(Lasso(0.5).fit(X, y))
    find = importlib.util.find_spec
    monkeypatch.setattr("prunus.convert.find_spec", lambda name: None if name == "sklearn" else find(name))
    with pytest.raises(ImportError, match="compensate: expected scikit-learn, which alone refits a Lasso"):
        prunus.prune(network, X, y, sparsity=0.5, compensate="refit")
    pruned = prunus.prune(network, X, y, sparsity=0.3)
    assert pruned.report["score"]["after"] > 0.4


def test_lists_of_another_length_are_refused(cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    network = prunus.from_sklearn(RidgeClassifier().fit(X, y))
    assert network.origin is not None
    for name, message in (("ridge", "3 outputs|1 outputs"), ("class_weight", "2 classes")):
        provenance = {**network.origin["provenance"], name: [1.0, 1.0, 1.0]}
        crafted = prunus.Network(
            network.layers,
            output=network.output,
            classes=network.classes,
            origin={**network.origin, "provenance": provenance},
        )
        with pytest.raises(
            ValueError, match=rf"origin\.provenance\.{name}: expected one for each of ({message}), got 3"
        ):
            prunus.prune(crafted, X, y, sparsity=0.5)
