"""Every supported estimator there and back: the same predictions, alone and behind scalers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import datasets
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, RidgeCV, SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.svm import LinearSVC

import prunus
from sklearn_models import (
    CASES,
    CLASSIFIERS,
    MULTILABEL,
    REGRESSORS,
    SEVERAL,
    data,
    eps_of,
    fitted,
    ids,
    is_classifier,
    margins,
    same_predictions,
)

EPS = float(np.finfo(np.float64).eps)
SCALERS: list[Any] = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    MinMaxScaler(),
    MinMaxScaler((-1, 3)),
    MaxAbsScaler(),
    RobustScaler(),
    RobustScaler(with_centering=False, quantile_range=(10, 80), unit_variance=True),
    RobustScaler(with_scaling=False),
]
FRONTS: dict[str, Any] = {
    "alone": lambda est: est,
    "standard": lambda est: make_pipeline(StandardScaler(), est),
    "range": lambda est: make_pipeline(MinMaxScaler((-1, 3)), est),
    "absolute": lambda est: make_pipeline(MaxAbsScaler(), est),
    "robust": lambda est: make_pipeline(RobustScaler(), est),
    "three": lambda est: Pipeline(
        [("a", RobustScaler()), ("skip", "passthrough"), ("b", MinMaxScaler()), ("c", StandardScaler()), ("d", est)]
    ),
}
SHAPES = (
    "coef_",
    "intercept_",
    "classes_",
    "alpha_",
    "C_",
    "l1_ratio_",
    "lambda_",
    "n_features_in_",
    "n_nonzero_coefs_",
)


def same_attributes(a: Any, b: Any, *, but: tuple[str, ...] = ()) -> None:
    for name in (*SHAPES, "n_iter_"):
        there = hasattr(b, name) and not (name == "n_iter_" and np.ndim(b.n_iter_) > 1) and name not in but
        if there:
            assert np.shape(getattr(a, name)) == np.shape(getattr(b, name)), name
        if there and name not in ("coef_", "intercept_"):
            assert np.array_equal(getattr(a, name), getattr(b, name)), name


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(("estimator", "task"), CASES, ids=ids(CASES))
def test_there_and_back(estimator: Any, task: str, front: str) -> None:
    X, y = data(task)
    model = fitted(FRONTS[front](estimator), X, y)
    network = prunus.from_sklearn(model)
    assert network.dtype == (np.float32 if isinstance(estimator, (MLPClassifier, MLPRegressor)) else np.float64)
    exact = prunus.from_sklearn(model, dtype="float64")
    same_predictions(model, exact, X, EPS)
    same_predictions(model, prunus.compile(network), X, eps_of(network))

    back = prunus.to_sklearn(exact)
    assert type(back) is type(model)
    assert back.get_params().keys() == model.get_params().keys() - {"skip"}  # a step that does nothing is not kept
    last, original = (m[-1] if isinstance(m, Pipeline) else m for m in (back, model))
    assert repr(last.get_params()) == repr(original.get_params())
    # a scalar stands for every output only where all are equal to the last bit, which folding does not promise
    folded_scalar = front != "alone" and network.n_out > 1 and np.ndim(getattr(original, "intercept_", 1)) == 0
    same_attributes(last, original, but=("intercept_",) if folded_scalar else ())
    same_predictions(model, back, X, EPS)
    assert np.shape(back.predict(X)) == np.shape(model.predict(X))

    # and the same from a pruned network, and like a given estimator
    pruned = prunus.prune(exact, sparsity=0.5)
    same_predictions(prunus.to_sklearn(pruned.network), pruned.engine, X, EPS)
    bare = prunus.Network(exact.layers, output=exact.output, classes=exact.classes)
    same_predictions(prunus.to_sklearn(bare, like=model), exact, X, EPS)
    if front == "alone":
        same_predictions(prunus.to_sklearn(bare, like=estimator), exact, X, EPS)


REAL: list[tuple[Any, str]] = [
    *[(e, "diabetes") for e in REGRESSORS],
    *[(e, "linnerud") for e in SEVERAL],
    *[(e, name) for e in CLASSIFIERS for name in ("breast_cancer", "wine", "digits")],
    *[(e, "bits") for e in MULTILABEL],
]


def bundled(name: str) -> tuple[Any, Any]:
    """A data set of scikit-learn's, with columns of one size; of the digits 300, and as labels also the bits of each."""
    X, y = getattr(datasets, f"load_{'digits' if name == 'bits' else name}")(return_X_y=True)
    if name in ("digits", "bits"):
        X, y = X[:300] / 16, y[:300]
    else:
        X = (X - X.mean(axis=0)) / X.std(axis=0)
    return X, (y[:, None] >> np.arange(4)) & 1 if name == "bits" else y


@pytest.mark.parametrize(("estimator", "name"), REAL, ids=ids(REAL))
def test_pruned_on_real_data(estimator: Any, name: str) -> None:
    X, y = bundled(name)
    pruned = prunus.prune(fitted(estimator, X, y), X, y, sparsity=0.5)
    network, eps = pruned.network, eps_of(pruned.network)
    assert pruned.sparsity == pytest.approx(0.5, abs=0.5 / pruned.masks[0].size + 0.01)
    assert (np.abs(pruned.engine(X) - network.forward(X)) <= network.error_bound(X)).all()
    back = prunus.to_sklearn(pruned)
    assert np.array_equal(back.predict(X), prunus.to_sklearn(network).predict(X))
    same_predictions(network, pruned, X, eps)
    same_predictions(network, back, X, eps)
    if hasattr(back, "decision_function"):
        assert (np.abs(margins(back, X) - network.forward(X)) <= network.error_bound(X)).all()


@pytest.mark.parametrize("scaler", SCALERS, ids=repr)
def test_a_scaler_comes_back(scaler: Any) -> None:
    X, y = data("one")
    model = fitted(make_pipeline(scaler, LinearRegression()), X, y)
    network = prunus.from_sklearn(model)
    assert np.allclose(
        network.samples(X, standardized=True).rows(slice(None)), model[0].transform(X), rtol=0, atol=1000 * EPS
    )
    back = prunus.to_sklearn(network)
    assert back[0].get_params() == model[0].get_params()
    assert vars(back[0]).keys() == vars(model[0]).keys()
    for name, value in vars(model[0]).items():
        assert np.array_equal(vars(back[0])[name], value), name
        assert type(vars(back[0])[name]) is type(value), name
    same_predictions(model, back, X, EPS)


@pytest.mark.parametrize("estimator", [SGDClassifier(penalty="l1"), LogisticRegression(), SGDRegressor()])
def test_sparse_coefficients(estimator: Any) -> None:
    X, y = data("one" if isinstance(estimator, SGDRegressor) else "classes")
    model = fitted(estimator, X, y).sparsify()
    network = prunus.from_sklearn(model)
    same_predictions(model, network, X, EPS)
    back = prunus.to_sklearn(network)
    assert type(back.coef_) is type(model.coef_)
    assert back.coef_.shape == model.coef_.shape
    same_predictions(model, back, X, EPS)


def test_margins_are_put_through_the_sigmoid() -> None:
    """scikit-learn has no probabilities for these; the labels are the same."""
    for task in ("binary", "classes"):
        X, y = data(task)
        network = prunus.from_sklearn(fitted(LinearSVC(), X, y))
        assert network.output == ("sigmoid" if task == "binary" else "ovr")
        p = 1 / (1 + np.exp(-network.forward(X)))
        expected = np.hstack([1 - p, p]) if task == "binary" else p / p.sum(axis=1, keepdims=True)
        assert np.allclose(network.predict_proba(X), expected)


@pytest.mark.parametrize(
    "estimator",
    [
        RidgeCV(alphas=(0.1, 1.0)),
        RidgeCV(alphas=[0.1, 1.0]),
        RidgeCV(alphas=np.array([0.1, 1.0])),
        Lasso(alpha=np.float64(0.1)),
        Lasso(precompute=np.eye(6)),  # not worth its place in a file: the default instead
    ],
)
def test_parameters_keep_their_types(estimator: Any) -> None:
    X, y = data("one")
    model = fitted(estimator, X, y)
    params = prunus.to_sklearn(prunus.from_sklearn(model)).get_params()
    for name, value in model.get_params().items():
        if name == "precompute":
            assert params[name] is False
        else:
            assert type(params[name]) is type(value)
            assert np.array_equal(params[name], value)


def test_neurons_removed_changes_the_widths_alone() -> None:
    X, y = data("classes")
    model = fitted(MLPClassifier((7, 5), max_iter=60, alpha=1e-3), X, y)
    pruned = prunus.prune(model, X, y, sparsity=0.5, pattern="neuron")
    back = prunus.to_sklearn(pruned.network)
    widths = [layer.n_out for layer in pruned.network.layers[:-1]]
    assert back.get_params() == {**model.get_params(), "hidden_layer_sizes": tuple(widths)}
    same_predictions(back, pruned.engine, X, float(np.finfo(np.float32).eps))


@pytest.mark.parametrize("steps", [[], [LinearRegression()], [StandardScaler(), RobustScaler(), SGDRegressor()]])
def test_feature_names(steps: list[Any]) -> None:
    pandas = pytest.importorskip("pandas")
    X, y = data("one")
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    pipeline = make_pipeline(*steps).set_output(transform="pandas") if steps else LinearRegression()
    model = fitted(pipeline, frame, y)
    pruned = prunus.prune(model, frame, y, sparsity=0.5)
    assert pruned.report["feature_names"] == list("abcdef")
    back = prunus.to_sklearn(pruned.network)
    assert back.feature_names_in_.tolist() == list("abcdef")
    assert np.allclose(back.predict(frame), pruned.predict(frame))
    with pytest.raises(ValueError, match=r"X: expected the columns that the model was fitted with, .*'b' for 'a'"):
        prunus.prune(model, frame[list("bacdef")], y, sparsity=0.5)
    with pytest.raises(ValueError, match="X_val: expected the columns"):
        prunus.prune(model, frame, y, sparsity=0.5, X_val=frame.rename(columns={"a": "z"}), y_val=y)


def test_class_weight_keeps_its_labels() -> None:
    X, y = data("classes")
    weights = {int(label): 1.0 + i for i, label in enumerate(np.unique(y))}
    model = fitted(LogisticRegression(class_weight=weights), X, y)
    back = prunus.to_sklearn(prunus.from_sklearn(model))
    assert back.get_params() == model.get_params()
    fitted(back, X, y)


def test_a_scaler_that_float32_cannot_fold_well_is_warned_of() -> None:
    X, y = data("one")
    model = fitted(make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(5,), max_iter=20)), X + 1e7, y)
    with pytest.warns(UserWarning, match="StandardScaler in float32 loses accuracy"):
        prunus.from_sklearn(model)
    # a column's mean is up to 1e8 standard deviations
    same_predictions(model, prunus.from_sklearn(model, dtype="float64"), X + 1e7, 1e8 * EPS)


SCALER_ROW = {
    "name": "first",
    "params": {"copy": True, "with_mean": True, "with_std": True},
    "mean": [1.0, -2.0],
    "scale": [2.0, 0.5],
    "var": [4.0, 0.25],
    "n_samples_seen": 9,
    "feature_names": None,
}


@pytest.mark.parametrize(
    ("name", "ndim", "params", "output", "classes"),
    [
        ("LinearRegression", 1, {"fit_intercept": True}, "identity", None),
        ("LogisticRegression", 2, {"C": 1.0, "multi_class": "deprecated", "class_weight": None}, "sigmoid", [3, 5]),
        ("MLPRegressor", 1, {"hidden_layer_sizes": [], "learning_rate": "constant"}, "identity", None),
    ],
)
@pytest.mark.parametrize("scalers", [[], [SCALER_ROW]])
def test_origins_of_version_0_1(
    name: str, ndim: int, params: Any, output: str, classes: Any, scalers: list[Any]
) -> None:
    row = {"class": name, "name": "last", "params": params, "coef_ndim": ndim, "feature_names": None}
    origin = {"library": "sklearn", "version": "1.5.0", "pipeline": bool(scalers), "scalers": scalers, "model": row}
    network = prunus.Network([prunus.Layer([[2.0, -1.0]], [0.5])], output=output, classes=classes, origin=origin)
    back = prunus.to_sklearn(network)
    X = data("one")[0][:, :2]
    same_predictions(network, back, X, EPS)
    if scalers:
        assert isinstance(back["first"], StandardScaler)
        assert (back["first"].n_samples_seen_, back["first"].var_.tolist()) == (9, [4.0, 0.25])
        back = back["last"]
    if ndim == 1 and name == "LinearRegression":
        assert (np.shape(back.coef_), np.shape(back.intercept_)) == ((2,), ())
    assert is_classifier(back) == (classes is not None)
