"""What has no network, or no scikit-learn estimator, is refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, RidgeClassifier, SGDClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC

import prunus
from sklearn_models import CLASSIFIERS, REGRESSORS, data, fitted


class Regression(LinearRegression):  # type: ignore[misc]
    """A subclass may predict otherwise, so it is refused."""


class Scaler(StandardScaler):  # type: ignore[misc]
    """And so may this."""


COLUMNS = ColumnTransformer([("a", StandardScaler(), [0, 1])])


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (Regression(), "got Regression; supported: BayesianRidge, .*Ridge.CV., .*; before one of them: StandardScaler"),
        (RandomForestClassifier(3), "got RandomForestClassifier;"),
        (SVC(), "got SVC;"),
        (PoissonRegressor(), "got PoissonRegressor;"),
        (make_pipeline(StandardScaler()), "got StandardScaler;"),
        (make_pipeline(make_pipeline(LinearRegression())), "got Pipeline;"),
        (Pipeline([("nothing", "passthrough")]), "Pipeline with a model in it"),
        (SGDClassifier(loss="modified_huber"), "'modified_huber' of SGDClassifier"),
        *[
            (make_pipeline(StandardScaler(), step, LogisticRegression()), rf"step '{cls.lower()}' \({cls}\)")
            for step, cls in [
                (PCA(3), "PCA"),
                (Normalizer(), "Normalizer"),
                (SimpleImputer(), "SimpleImputer"),
                (COLUMNS, "ColumnTransformer"),
                (Scaler(), "Scaler"),
                (FunctionTransformer(), "FunctionTransformer"),
                (make_pipeline(StandardScaler()), "Pipeline"),
            ]
        ],
        *[
            (make_pipeline(cls(clip=True), LogisticRegression()), rf"clip=True of step .* \({cls.__name__}\)")
            for cls in (MinMaxScaler, MaxAbsScaler)
            if "clip" in cls().get_params()
        ],
    ],
)
def test_what_is_not_supported_is_named(model: Any, named: str) -> None:
    X, y = data("classes")
    if isinstance(model, PoissonRegressor):
        y = y + 3
    model = fitted(model, X, y)
    for convert in (prunus.from_sklearn, prunus.as_network):
        with pytest.raises(prunus.NotSupportedError, match=named):
            convert(model)


@pytest.mark.skipif("loss" not in MLPRegressor().get_params(), reason="this scikit-learn has one loss")
def test_a_perceptron_of_counts_is_refused() -> None:
    X, y = data("classes")
    model = fitted(MLPRegressor(hidden_layer_sizes=(3,), loss="poisson", max_iter=5), X, y + 3)
    with pytest.raises(prunus.NotSupportedError, match="'exp' of MLPRegressor"):
        prunus.from_sklearn(model)


@pytest.mark.skipif("multi_class" not in LogisticRegression().get_params(), reason="this scikit-learn has no choice")
def test_softmax_of_two_classes_is_refused() -> None:
    X, y = data("binary")
    model = fitted(LogisticRegression(multi_class="multinomial"), X, y)
    with pytest.raises(prunus.NotSupportedError, match="'multinomial' of LogisticRegression with two classes"):
        prunus.from_sklearn(model)
    network = prunus.from_sklearn(fitted(LogisticRegression(), X, y))
    with pytest.raises(prunus.NotSupportedError, match="'multinomial' of LogisticRegression with two classes"):
        prunus.to_sklearn(network, like=model)


@pytest.mark.parametrize("model", [MLPClassifier(3, max_iter=5), RidgeClassifier()])
def test_a_classifier_of_one_class_is_refused(model: Any) -> None:
    model = fitted(model, data("one")[0], np.zeros(150, int))
    with pytest.raises(prunus.NotSupportedError, match="one class"):
        prunus.as_network(model)


def test_a_scaler_that_divides_by_nothing_is_refused() -> None:
    X, y = data("one")
    model = fitted(make_pipeline(RobustScaler(), LinearRegression()), X, y)
    model[0].scale_[2] = 0
    with pytest.raises(prunus.NotSupportedError, match="RobustScaler with a scale that is too small"):
        prunus.from_sklearn(model)


def test_not_fitted() -> None:
    X, y = data("one")
    half = make_pipeline(MinMaxScaler(), LinearRegression())
    half[0].fit(X)
    for model in (*REGRESSORS, *CLASSIFIERS, make_pipeline(StandardScaler(), fitted(LinearRegression(), X, y)), half):
        with pytest.raises(NotFittedError):
            prunus.as_network(model)


def linear(*, n_out: int = 1, **how: Any) -> prunus.Network:
    return prunus.Network([prunus.Layer(np.ones((n_out, 2)))], **how)


ONE = prunus.Layer([[1.0]])
MULTILABEL = linear(n_out=3, output="sigmoid", classes=[0, 1, 2])


@pytest.mark.parametrize(
    ("network", "like", "error", "message"),
    [
        (linear(), None, ValueError, "like: expected an estimator"),
        (linear(), BaseEstimator(), prunus.NotSupportedError, "got BaseEstimator"),
        (linear(), Regression(), prunus.NotSupportedError, "got Regression"),
        (linear(), LogisticRegression(), prunus.NotSupportedError, "cannot be a LogisticRegression"),
        (linear(output="sigmoid"), LinearRegression(), prunus.NotSupportedError, "'sigmoid' of 1 .* LinearRegression"),
        (linear(output="sigmoid"), MLPRegressor(), prunus.NotSupportedError, "'sigmoid' of 1 .* MLPRegressor"),
        (prunus.Network([ONE] * 2), LinearRegression(), prunus.NotSupportedError, "cannot be a LinearRegression"),
        (prunus.Network([ONE.replace(ONE.weight)] * 2), LinearSVC(), prunus.NotSupportedError, "cannot be a LinearSVC"),
        (prunus.Network([prunus.Layer([[1.0]], None, "relu")]), LinearRegression(), prunus.NotSupportedError, "'relu'"),
        (
            prunus.Network([prunus.Layer([[1.0]], None, "gelu"), ONE]),
            MLPRegressor(),
            prunus.NotSupportedError,
            "'gelu'",
        ),
        (MULTILABEL, LogisticRegression(), prunus.NotSupportedError, "'sigmoid' of 3 outputs .* LogisticRegression"),
        (MULTILABEL, LinearSVC(), prunus.NotSupportedError, "'sigmoid' of 3 outputs .* LinearSVC"),
        *[
            (linear(n_out=n, output=output, classes=range(n)), like, prunus.NotSupportedError, f"{output!r} of {n}")
            for n, output, like in [
                (2, "softmax", LogisticRegression()),  # whose probabilities of two classes are a sigmoid's
                (3, "ovr", LogisticRegression()),
                (3, "softmax", SGDClassifier(loss="log_loss")),
                (3, "ovr", MLPClassifier()),
            ]
        ],
        (linear(n_out=3, output="ovr", classes=range(3)), SGDClassifier(loss="modified_huber"), ValueError, "huber"),
    ],
)
def test_to_sklearn_refuses(network: Any, like: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        prunus.to_sklearn(network, like=like)


def test_a_scaler_of_other_columns_is_refused() -> None:
    X, y = data("one")
    model = fitted(make_pipeline(StandardScaler(), LinearRegression()), X, y)
    with pytest.raises(ValueError, match=r"estimator: expected scalers of 2 columns, .* got StandardScaler of 6"):
        prunus.to_sklearn(linear(), like=model)
