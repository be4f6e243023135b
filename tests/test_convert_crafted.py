"""What a file says of an estimator is not believed: it sets what the class learns, checked, and never what predicts."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, LogisticRegressionCV, RidgeCV, SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import prunus
from prunus.feature_selection import PruneSelector
from sklearn_models import data, fitted, same_predictions

EPS = float(np.finfo(np.float64).eps)
MODELS: dict[str, tuple[Any, str]] = {
    "regression": (LinearRegression(), "one"),
    "ridge": (RidgeCV(), "one"),
    "logistic": (LogisticRegression(), "classes"),
    "logistic CV": (LogisticRegressionCV(Cs=2, cv=3), "classes"),
    "sgd": (SGDClassifier(loss="log_loss", average=True), "binary"),
    "mlp": (MLPClassifier((5,), max_iter=20), "classes"),
    "scaled": (make_pipeline(StandardScaler(), LinearRegression()), "one"),
    "ranged": (make_pipeline(MinMaxScaler(), LinearRegression()), "one"),
    "selected": (make_pipeline(PruneSelector(3), LinearRegression()), "one"),
}
PLANTED = 7.25  # which nothing here learns
HARMFUL: tuple[str, ...] = ("coef_", "intercept_", "coefs_", "classes_", "out_activation_", "n_features_in_")
HARMFUL += ("loss", "predict", "_engine", "support_")


def crafted(kind: str, change: Callable[[Any], None], folder: Path) -> tuple[prunus.Network, Any]:
    """A network from a file whose origin says something else, and X."""
    estimator, task = MODELS[kind]
    X, y = data(task)
    network = prunus.from_sklearn(fitted(estimator, X, y), dtype="float64")
    origin = copy.deepcopy(dict(network.origin or {}))
    change(origin)
    prunus.save(prunus.Network(network.layers, output=network.output, classes=network.classes, inputs=network.inputs,
                               scaling=network.scaling, origin=origin), folder / "crafted")  # fmt: skip
    return prunus.as_network(folder / "crafted"), X


@pytest.mark.parametrize("name", HARMFUL)
@pytest.mark.parametrize("kind", MODELS)
def test_other_attributes_are_not_set(kind: str, name: str, tmp_path: Path) -> None:
    def change(origin: Any) -> None:
        value = {"array": [PLANTED] * 6, "dtype": "<f8"}
        origin["model"]["learnt"][name] = value
        for step in origin["scalers"]:
            if name != "support_" or step["class"] != "PruneSelector":
                step["fitted"][name] = value

    network, X = crafted(kind, change, tmp_path)
    estimator = prunus.to_sklearn(network)
    for part in (estimator, *getattr(estimator, "named_steps", {}).values()):
        found = vars(part).get(name)
        assert all(PLANTED not in np.ravel(one).tolist() for one in (found if isinstance(found, list) else [found]))
    same_predictions(network, estimator, X, EPS)


def learnt(name: str, value: Any) -> Callable[[Any], None]:
    return lambda origin: origin["model"]["learnt"].update({name: value})


def of_step(name: str, value: Any, part: str = "fitted") -> Callable[[Any], None]:
    return lambda origin: origin["scalers"][0][part].update({name: value})


def array(values: Any, dtype: str = "<f8") -> Any:
    return {"array": values, "dtype": dtype}


BAD: dict[str, tuple[str, Callable[[Any], None], str]] = {
    "a text for a number": ("regression", learnt("rank_", "six"), "rank_ of a LinearRegression, got 'six'"),
    "a number below zero": ("regression", learnt("rank_", -1), "rank_ of a LinearRegression, got -1"),
    "NaN": ("ridge", learnt("alpha_", float("nan")), "alpha_ of a RidgeCV, got nan"),
    "a bool": ("sgd", learnt("t_", True), "t_ of a SGDClassifier, got True"),
    "too many": ("ridge", learnt("alpha_", array([1.0] * 5)), "alpha_ of a RidgeCV, got array"),
    "texts": ("logistic CV", learnt("C_", array(["a", "b", "c", "d"], "<U1")), "C_ of a LogisticRegressionCV"),
    "iterations below zero": ("logistic", learnt("n_iter_", array([-1], "<i4")), "n_iter_ of a LogisticRegression"),
    "a number for a name": ("ridge", learnt("best_score_", "best"), "best_score_ of a RidgeCV"),
    "a count that is none": ("mlp", learnt("_no_improvement_count", 0.5), "_no_improvement_count of a MLPClassifier"),
    "a dtype of no kind": ("mlp", learnt("loss_", array([1], "V8")), "array of numbers or names"),
    "means of other columns": ("scaled", of_step("var_", array([1.0, 1.0])), "of a StandardScaler for as many columns"),
    "a matrix": ("scaled", of_step("var_", array([[1.0] * 6])), "var_ of a StandardScaler"),
    "an infinite variance": ("scaled", of_step("var_", array([float("inf")] * 6)), "var_ of a StandardScaler"),
    "samples that are none": ("scaled", of_step("n_samples_seen_", "many"), "n_samples_seen_ of a StandardScaler"),
    "what is not folded": ("ranged", of_step("clip", True, "params"), "clip=True of step 'minmaxscaler'"),
    "a support of numbers": (
        "selected",
        of_step("support_", array([0, 1, 1, 0, 0, 1], "<i8")),
        "support_ of a PruneSelector",
    ),
    "a method that is a number": ("selected", of_step("method_", 3), "method_ of a PruneSelector"),
    "names of other columns": (
        "regression",
        lambda origin: origin["model"].update(feature_names=["a"]),
        "6 feature_names",
    ),
    "names that are none": (
        "regression",
        lambda origin: origin["model"].update(feature_names=[1] * 6),
        "6 feature_names",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_refused(case: str, tmp_path: Path) -> None:
    kind, change, message = BAD[case]
    network, _ = crafted(kind, change, tmp_path)
    with pytest.raises(ValueError, match=message):
        prunus.to_sklearn(network)
