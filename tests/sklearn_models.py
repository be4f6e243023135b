"""Estimators of every supported class with data for them, and what it means that two models predict the same."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn import linear_model, svm
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge, RidgeClassifier, SGDClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor

import prunus
from prunus.linear_model import PrunedLinearRegression

ACTIVATIONS = ("identity", "logistic", "tanh", "relu")

# One of each, beside the cases that are special.
REGRESSORS: list[Any] = [
    linear_model.BayesianRidge(),
    linear_model.ElasticNet(alpha=0.01),
    linear_model.ElasticNetCV(cv=3, l1_ratio=[0.3, 0.9]),
    linear_model.HuberRegressor(max_iter=1000),
    linear_model.Lars(n_nonzero_coefs=4),
    linear_model.LarsCV(cv=3),
    linear_model.Lasso(alpha=0.01),
    linear_model.LassoCV(cv=3),
    linear_model.LassoLars(alpha=0.01),
    linear_model.LassoLarsCV(cv=3),
    linear_model.LinearRegression(),
    linear_model.OrthogonalMatchingPursuit(n_nonzero_coefs=3),
    linear_model.OrthogonalMatchingPursuitCV(cv=3),
    PrunedLinearRegression(3, method="obs"),
    Ridge(alpha=0.5),
    linear_model.RidgeCV(alphas=np.array([0.1, 1.0])),
    linear_model.SGDRegressor(),
    svm.LinearSVR(max_iter=10_000),
    MLPRegressor(hidden_layer_sizes=(7, 5), max_iter=60),
]
CLASSIFIERS: list[Any] = [
    linear_model.Perceptron(),
    linear_model.RidgeClassifierCV(),
    LogisticRegression(C=0.1),
    LogisticRegressionCV(Cs=[0.1, 1.0], cv=3),
    RidgeClassifier(),
    SGDClassifier(),
    SGDClassifier(loss="log_loss"),
    svm.LinearSVC(max_iter=10_000),
    MLPClassifier((7, 5), max_iter=60),
]
SEVERAL: list[Any] = [
    *[e for e in REGRESSORS if type(e).__name__ in ("ElasticNet", "Lars", "Lasso", "LassoLars", "LinearRegression")],
    *[e for e in REGRESSORS if type(e).__name__ in ("MLPRegressor", "OrthogonalMatchingPursuit", "Ridge", "RidgeCV")],
    PrunedLinearRegression(3, method="obs"),
]
MULTILABEL: list[Any] = [RidgeClassifier(), linear_model.RidgeClassifierCV(), MLPClassifier((7,), max_iter=60)]
CASES: list[tuple[Any, str]] = [
    *[(e, "one") for e in REGRESSORS],
    *[(e, "several") for e in SEVERAL],
    *[(e, task) for e in CLASSIFIERS for task in ("binary", "classes")],
    *[(e, "multilabel") for e in MULTILABEL],
    (linear_model.LinearRegression(), "column"),
    (Ridge(), "column"),
    (linear_model.LinearRegression(fit_intercept=False), "several"),
    (svm.LinearSVR(fit_intercept=False, max_iter=10_000), "one"),
    (svm.LinearSVC(fit_intercept=False, max_iter=10_000), "classes"),
    (svm.LinearSVC(multi_class="crammer_singer", max_iter=10_000), "classes"),
    (RidgeClassifier(fit_intercept=False), "binary"),
    (SGDClassifier(loss="squared_hinge", average=True), "objects"),
    (LogisticRegression(), "objects"),
    (LogisticRegression(solver="liblinear"), "binary"),
    *[(MLPRegressor(hidden_layer_sizes=(7, 5), activation=a, max_iter=60), "one") for a in ACTIVATIONS],
    *[(MLPClassifier((7, 5), activation=a, max_iter=60), "classes") for a in ACTIVATIONS],
    (MLPClassifier(7, max_iter=60), "objects"),
]
if "use_legacy_attributes" in LogisticRegressionCV().get_params():
    CASES.append((LogisticRegressionCV(Cs=3, cv=3, use_legacy_attributes=False), "classes"))
if "multi_class" in LogisticRegression().get_params():  # before 1.8
    CASES += [(LogisticRegression(multi_class=mode), "classes") for mode in ("ovr", "multinomial")]
    CASES += [(LogisticRegressionCV(Cs=2, cv=3, multi_class="ovr"), "classes")]
    CASES += [(LogisticRegression(solver="liblinear"), "classes")]


def ids(cases: list[tuple[Any, str]]) -> list[str]:
    return [f"{type(e).__name__}-{task}-{i}" for i, (e, task) in enumerate(cases)]


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


def fitted(estimator: Any, X: Any, y: Any) -> Any:
    """A fitted copy; what scikit-learn says of convergence and of parameters to come is not what is tested."""
    model = clone(estimator)
    if "random_state" in model.get_params():
        model.set_params(random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


def is_classifier(model: Any) -> bool:
    network = getattr(model, "network", model)
    return getattr(network, "classes", getattr(network, "classes_", None)) is not None


def margins(model: Any, X: Any) -> Any:
    name = next(n for n in ("decision_function", "forward", "engine", "__call__") if hasattr(model, n))
    return np.reshape(getattr(model, name)(X), (len(X), -1))


def same_predictions(a: Any, b: Any, X: Any, eps: float) -> None:
    """As far as rounding weights near 1 to eps, some hundred terms of size below 10 and folding allow."""
    tolerance = 1000 * eps
    if not is_classifier(a):
        p, q = (np.reshape(m.predict(X), (len(X), -1)) for m in (a, b))
        assert np.allclose(p, q, rtol=0, atol=tolerance * np.abs(p).max())
        return
    if hasattr(a, "predict_proba") and hasattr(b, "predict_proba"):
        p, q, decided = a.predict_proba(X), b.predict_proba(X), 0.5
    else:
        p, q, decided = margins(a, X), margins(b, X), 0.0
        tolerance *= np.abs(p).max()
    assert np.allclose(p, q, rtol=0, atol=tolerance)
    each_alone = p.shape[1] <= 2 or a.predict(X).ndim == 2
    clear = np.abs(p - decided).min(axis=1) if each_alone else np.ptp(np.sort(p, axis=1)[:, -2:], axis=1)
    assert (clear > tolerance).any()
    assert np.array_equal(a.predict(X)[clear > tolerance], b.predict(X)[clear > tolerance])


def eps_of(network: prunus.Network) -> float:
    return float(np.finfo(network.dtype).eps)
