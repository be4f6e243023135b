"""Every supported estimator there and back: the same predictions, alone and behind scalers."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import prunus


class Regression(LinearRegression):  # type: ignore[misc]
    """A subclass may predict otherwise, so it is refused."""


def data(task: str) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((150, 6)) * [1, 5, 0.1, 1, 1, 1] + [0, 3, -2, 0, 0, 0]
    hidden = (X - X.mean(axis=0)) / X.std(axis=0) @ rng.standard_normal((6, 4)) + 0.1 * rng.standard_normal((150, 4))
    y: dict[str, Any] = {
        "one": hidden[:, 0],
        "column": hidden[:, :1],
        "several": hidden[:, :3],
        "binary": np.where(hidden[:, 0] > 0, "yes", "no"),
        "objects": np.where(hidden[:, 0] > 0, "yes", "no").astype(object),
        "classes": hidden.argmax(axis=1) * 2 - 3,
        "multilabel": (hidden > 0).astype(int),
    }
    return X, y[task]


CASES: list[tuple[Any, str]] = [
    (LinearRegression(), "one"),
    (LinearRegression(fit_intercept=False), "several"),
    (LinearRegression(), "column"),
    (LogisticRegression(), "binary"),
    (LogisticRegression(C=0.1), "objects"),
    (LogisticRegression(), "classes"),
    (LogisticRegression(solver="liblinear"), "binary"),
    *[
        (MLPRegressor(hidden_layer_sizes=(7, 5), activation=a, max_iter=60), "one")
        for a in ("identity", "logistic", "tanh", "relu")
    ],
    (MLPRegressor(hidden_layer_sizes=(7,), max_iter=60), "several"),
    *[(MLPClassifier((7, 5), activation=a, max_iter=60), "classes") for a in ("identity", "logistic", "tanh", "relu")],
    (MLPClassifier(7, max_iter=60), "binary"),
    (MLPClassifier((7,), max_iter=60), "multilabel"),
]
FRONTS: dict[str, Any] = {
    "alone": lambda est: est,
    "scaler": lambda est: make_pipeline(StandardScaler(), est),
    "no mean": lambda est: make_pipeline(StandardScaler(with_mean=False), est),
    "no std": lambda est: make_pipeline(StandardScaler(with_std=False), est),
    "two scalers": lambda est: Pipeline(
        [("a", StandardScaler()), ("skip", "passthrough"), ("b", StandardScaler()), ("c", est)]
    ),
}


def fitted(estimator: Any, X: Any, y: Any) -> Any:
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(X, y)


def same_predictions(a: Any, b: Any, X: Any, eps: float) -> None:
    """As far as rounding weights near 1 to eps, some hundred terms of size below 10 and folding allow."""
    tolerance = 1000 * eps
    if hasattr(a, "predict_proba") and getattr(b, "classes", True) is not None:
        p, q = a.predict_proba(X), b.predict_proba(X)
        assert np.allclose(p, q, rtol=0, atol=tolerance)
        clear = (
            np.abs(p - 0.5).min(axis=1) > tolerance
            if p.shape[1] == 2 or a.predict(X).ndim == 2
            else np.ptp(np.sort(p, axis=1)[:, -2:], axis=1) > tolerance
        )
        assert clear.any()
        assert np.array_equal(a.predict(X)[clear], b.predict(X)[clear])
    else:
        p = a.predict(X)
        assert np.allclose(
            p.reshape(len(X), -1), b.predict(X).reshape(len(X), -1), rtol=0, atol=tolerance * np.abs(p).max()
        )


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(
    ("estimator", "task"), CASES, ids=[f"{type(e).__name__}-{t}-{i}" for i, (e, t) in enumerate(CASES)]
)
def test_there_and_back(estimator: Any, task: str, front: str) -> None:
    from sklearn.base import clone

    X, y = data(task)
    model = fitted(FRONTS[front](clone(estimator)), X, y)
    hidden = isinstance(estimator, (MLPClassifier, MLPRegressor))
    network = prunus.from_sklearn(model)
    assert network.dtype == (np.float32 if hidden else np.float64)
    exact = prunus.from_sklearn(model, dtype="float64")
    same_predictions(model, exact, X, np.finfo(np.float64).eps)
    same_predictions(model, prunus.compile(network), X, float(np.finfo(network.dtype).eps))

    back = prunus.to_sklearn(exact)
    assert type(back) is type(model)
    assert back.get_params().keys() == model.get_params().keys() - {"skip"}  # a step that does nothing is not kept
    last, original = (m[-1] if isinstance(m, Pipeline) else m for m in (back, model))
    assert last.get_params() == original.get_params()
    same_predictions(model, back, X, np.finfo(np.float64).eps)
    assert np.shape(back.predict(X)) == np.shape(model.predict(X))

    # and the same from a file, from a pruned network, and like a given estimator
    pruned = prunus.prune(exact, sparsity=0.5)
    estimator_again = prunus.to_sklearn(pruned.network)
    same_predictions(estimator_again, pruned.engine, X, np.finfo(np.float64).eps)
    bare = prunus.Network(exact.layers, output=exact.output, classes=exact.classes)
    same_predictions(prunus.to_sklearn(bare, like=model), exact, X, np.finfo(np.float64).eps)


def test_neurons_removed_changes_the_widths_alone() -> None:
    X, y = data("classes")
    model = fitted(MLPClassifier((7, 5), max_iter=60, alpha=1e-3), X, y)
    pruned = prunus.prune(model, X, y, sparsity=0.5, pattern="neuron")
    back = prunus.to_sklearn(pruned.network)
    widths = [layer.n_out for layer in pruned.network.layers[:-1]]
    assert back.get_params() == {**model.get_params(), "hidden_layer_sizes": tuple(widths)}
    same_predictions(back, pruned.engine, X, float(np.finfo(np.float32).eps))


def test_feature_names() -> None:
    pandas = pytest.importorskip("pandas")
    X, y = data("one")
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    for model in (LinearRegression().fit(frame, y), make_pipeline(StandardScaler(), LinearRegression()).fit(frame, y)):
        pruned = prunus.prune(model, frame, y, sparsity=0.5)
        assert pruned.report["feature_names"] == list("abcdef")
        back = prunus.to_sklearn(pruned.network)
        assert back.feature_names_in_.tolist() == list("abcdef")
        assert np.allclose(back.predict(frame), pruned.predict(frame))


def test_class_weight_keeps_its_labels() -> None:
    X, y = data("classes")
    weights = {int(label): 1.0 + i for i, label in enumerate(np.unique(y))}
    model = fitted(LogisticRegression(class_weight=weights), X, y)
    back = prunus.to_sklearn(prunus.from_sklearn(model))
    assert back.get_params() == model.get_params()
    fitted(back, X, y)


def test_a_classifier_of_one_class_is_refused() -> None:
    model = fitted(MLPClassifier(3, max_iter=5), data("one")[0], np.zeros(150, int))
    with pytest.raises(prunus.NotSupportedError, match="one class"):
        prunus.as_network(model)


def test_a_scaler_that_float32_cannot_fold_well_is_warned_of() -> None:
    X, y = data("one")
    model = fitted(make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(5,), max_iter=20)), X + 1e7, y)
    with pytest.warns(UserWarning, match="loses accuracy"):
        prunus.from_sklearn(model)
    # a column's mean is up to 1e8 standard deviations
    same_predictions(model, prunus.from_sklearn(model, dtype="float64"), X + 1e7, 1e8 * float(np.finfo(np.float64).eps))


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (Ridge(), "Ridge"),
        (Regression(), "Regression"),
        (RandomForestClassifier(3), "RandomForestClassifier"),
        (make_pipeline(StandardScaler(), PCA(3), LogisticRegression()), "PCA"),
        (make_pipeline(StandardScaler()), "StandardScaler"),
        (Pipeline([("nothing", "passthrough")]), "Pipeline"),
    ],
)
def test_what_is_not_supported_is_named(model: Any, named: str) -> None:
    X, y = data("classes")
    fitted(model, X, y)
    for convert in (prunus.from_sklearn, prunus.as_network):
        with pytest.raises(prunus.NotSupportedError, match=named):
            convert(model)


def test_not_fitted() -> None:
    for model in (LinearRegression(), MLPClassifier(), make_pipeline(StandardScaler(), LinearRegression())):
        with pytest.raises(NotFittedError):
            prunus.as_network(model)


@pytest.mark.parametrize(
    ("network", "like", "error", "message"),
    [
        (prunus.Network([prunus.Layer([[1.0]])]), None, ValueError, "like: expected an estimator"),
        (
            prunus.Network([prunus.Layer([[1.0]])]),
            LogisticRegression(),
            prunus.NotSupportedError,
            "cannot be a Logistic",
        ),
        (
            prunus.Network([prunus.Layer([[1.0]])] * 2),
            LinearRegression(),
            prunus.NotSupportedError,
            "cannot be a Linear",
        ),
        (prunus.Network([prunus.Layer([[1.0]], None, "relu")]), LinearRegression(), prunus.NotSupportedError, "'relu'"),
        (
            prunus.Network([prunus.Layer([[1.0]], None, "gelu"), prunus.Layer([[1.0]])]),
            MLPRegressor(),
            prunus.NotSupportedError,
            "'gelu'",
        ),
        (prunus.Network([prunus.Layer([[1.0]])]), BaseEstimator(), prunus.NotSupportedError, "BaseEstimator"),
    ],
)
def test_to_sklearn_refuses(network: Any, like: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        prunus.to_sklearn(network, like=like)
