"""What comes back from a network can be trained further, copied and compressed like the estimator that went in."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import HuberRegressor, LogisticRegression, SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor

import prunus
from sklearn_models import CASES, data, fitted, ids, same_predictions

ALL: list[tuple[Any, str]] = [
    *CASES,
    (SGDRegressor(average=True), "one"),
    (SGDRegressor(average=5, early_stopping=True), "one"),
    *[(SGDClassifier(average=True, loss="log_loss"), task) for task in ("binary", "classes")],
    (MLPClassifier((7,), early_stopping=True, max_iter=30, n_iter_no_change=3), "classes"),
    (MLPRegressor(hidden_layer_sizes=(7,), early_stopping=True, max_iter=30), "one"),
    (MLPClassifier((7,), solver="sgd", learning_rate="adaptive", max_iter=30), "binary"),
    (MLPRegressor(hidden_layer_sizes=(7,), solver="lbfgs", max_iter=30), "several"),
]
NAMES = ids(ALL)
EPS = float(np.finfo(np.float64).eps)


def there_and_back(estimator: Any, task: str) -> tuple[Any, Any, Any, Any]:
    X, y = data(task)
    model = fitted(estimator, X, y)
    return model, prunus.to_sklearn(prunus.from_sklearn(model, dtype="float64")), X, y


def arrays(model: Any) -> list[Any]:
    coefs = [*model.coefs_, *model.intercepts_] if hasattr(model, "coefs_") else [model.coef_, model.intercept_]
    return [part.toarray() if hasattr(part, "toarray") else np.asarray(part) for part in coefs]


def gone_on(model: Any, how: str, X: Any, y: Any) -> Any:
    """A copy that is trained further: where training is stochastic, from a seed of its own."""
    model = copy.deepcopy(model)
    if "random_state" in model.get_params():
        model.set_params(random_state=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if how == "partial_fit":
            vars(model).pop("_optimizer", None)  # moments of gradients do not come back
            return model.partial_fit(X, y).partial_fit(X, y)
        return model.set_params(warm_start=True).fit(X, y)


def can(model: Any, how: str) -> bool:
    """As scikit-learn's documentation says; there is no early stopping in partial_fit."""
    params = model.get_params()
    return "warm_start" in params if how == "fit" else hasattr(model, how) and not params.get("early_stopping")


def same_weights(a: Any, b: Any) -> bool:
    """But for rounding: matrices lie in memory otherwise, so that sums come in another order."""
    pairs = zip(arrays(a), arrays(b), strict=True)
    return all(np.allclose(x, y, rtol=0, atol=1000 * EPS * np.abs(y).max()) for x, y in pairs)


@pytest.mark.parametrize("how", ["partial_fit", "fit"])
@pytest.mark.parametrize(("estimator", "task"), ALL, ids=NAMES)
def test_trained_further(estimator: Any, task: str, how: str) -> None:
    model, back, X, y = there_and_back(estimator, task)
    assert can(back, how) == can(model, how)
    if not can(model, how):
        pytest.skip(f"has no {how}")
    expected, got = (gone_on(each, how, X, y) for each in (model, back))
    if getattr(
        model, "average", False
    ):  # it goes on from the average, the original from weights that it keeps beside it
        assert all(np.isfinite(part).all() for part in arrays(got))
        assert got.score(X, y) > 0.5
    else:
        assert same_weights(got, expected)
    assert np.shape(got.predict(X)) == np.shape(expected.predict(X))
    # from what was pruned, and into a class that was never fitted
    network = prunus.prune(model, sparsity=0.3).network
    bare = prunus.Network(network.layers, output=network.output, classes=network.classes)
    for begun in (prunus.to_sklearn(network), prunus.to_sklearn(bare, like=clone(model))):
        dtype = arrays(begun)[0].dtype
        assert all(np.isfinite(part).all() for part in arrays(gone_on(begun, how, X.astype(dtype), y)))


@pytest.mark.parametrize(("estimator", "task"), ALL, ids=NAMES)
def test_copied_scored_and_set(estimator: Any, task: str) -> None:
    model, back, X, y = there_and_back(estimator, task)
    assert np.isclose(back.score(X, y), model.score(X, y), rtol=0, atol=1e-9)
    for same in (pickle.loads(pickle.dumps(back)), copy.deepcopy(back)):
        assert np.array_equal(same.predict(X), back.predict(X))
    params = back.get_params()
    assert back.set_params(**params).get_params() == params
    assert np.array_equal(fitted(clone(back), X, y).predict(X), fitted(clone(model), X, y).predict(X))


@pytest.mark.parametrize(("estimator", "task"), ALL, ids=NAMES)
def test_compressed_and_not(estimator: Any, task: str) -> None:
    model, back, X, _ = there_and_back(estimator, task)
    assert hasattr(back, "sparsify") == hasattr(model, "sparsify")
    if not hasattr(model, "sparsify"):
        pytest.skip("has no sparsify")
    for call in ("sparsify", "densify"):
        getattr(back, call)()
        same_predictions(model, back, X, EPS)


def test_the_search_for_what_is_best_goes_on() -> None:
    """With early stopping weights are kept that did best; where none does better than before they come back."""
    X, y = data("classes")
    model = fitted(MLPClassifier((7,), early_stopping=True, max_iter=30), X, y)
    back = prunus.to_sklearn(prunus.from_sklearn(model, dtype="float64"))
    assert back.best_validation_score_ == model.best_validation_score_
    back.set_params(warm_start=True, learning_rate_init=1e-12, max_iter=2)
    back.best_validation_score_ = 2.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        back.fit(X, y)
    assert all(map(np.array_equal, arrays(back), arrays(model)))


@pytest.mark.parametrize("estimator", [SGDRegressor(), HuberRegressor(), LogisticRegression()])
def test_files_bring_back_what_training_goes_on_from(estimator: Any, tmp_path: Any) -> None:
    model, _, X, y = there_and_back(estimator, "binary" if isinstance(estimator, LogisticRegression) else "one")
    prunus.save(prunus.from_sklearn(model), tmp_path / "a")
    back = prunus.to_sklearn(prunus.as_network(tmp_path / "a"))
    assert same_weights(gone_on(back, "fit", X, y), gone_on(model, "fit", X, y))
