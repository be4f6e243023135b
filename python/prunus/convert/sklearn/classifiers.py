"""Linear classifiers: one output for two classes, one for each class of more, one for each label of several."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from sklearn import linear_model
from sklearn.svm import LinearSVC

from prunus._base import NotSupportedError, check
from prunus.convert.sklearn.alone import Alone, as_it_is, chosen
from prunus.convert.sklearn.base import Kind, Model, Row, binarizer_of, classes_of, refuse_output
from prunus.convert.sklearn.linear import read_layer, write_layer
from prunus.convert.sklearn.objectives import Objective, logistic, own, ridge, stochastic, support_vectors
from prunus.network import Network

_Output = Callable[[Any, int], str]  # of an estimator and a number of classes


def _margin(_: Any, n_classes: int) -> str:
    """The class with the largest margin is predicted, or for two classes the second if the margin is above 0.

    There are no probabilities; those that the network gives by the sigmoid are not calibrated.
    """
    return "sigmoid" if n_classes == 2 else "ovr"


def _sgd(estimator: Any, n_classes: int) -> str:
    """With log_loss the probabilities are those of _margin."""
    if estimator.loss == "modified_huber":
        raise check.error(NotSupportedError, "estimator", "the probabilities of loss 'modified_huber' of SGDClassifier")
    return _margin(estimator, n_classes)


def _logistic(estimator: Any, n_classes: int) -> str:
    mode = getattr(estimator, "multi_class", "multinomial" if n_classes > 2 else "auto")  # 1.8 has no choice any more
    if mode == "ovr" or (mode != "multinomial" and (n_classes == 2 or estimator.solver == "liblinear")):
        return _margin(estimator, n_classes)
    if n_classes == 2:
        raise check.error(
            NotSupportedError, "estimator", f"multi_class='multinomial' of {type(estimator).__name__} with two classes"
        )
    return "softmax"


def _read(output: _Output, estimator: Any) -> Model:
    classes = classes_of(estimator)
    binarizer = getattr(estimator, "_label_binarizer", None)
    multilabel = binarizer is not None and binarizer.y_type_.startswith("multilabel")
    return Model([read_layer(estimator)], "sigmoid" if multilabel else output(estimator, len(classes)), classes)


def _write(output: _Output, model: Any, network: Network, row: Row) -> None:
    _require(output(model, 2 if network.labels.is_binary else network.n_out), model, network)
    _set_classes(model, network)
    write_layer(model, network, row, 2, 1)


def _require(output: str, model: Any, network: Network) -> None:
    """Two classes must be one row of weights, and only some take labels that do not exclude one another."""
    if network.labels.is_binary or (network.is_multilabel and isinstance(model, _MULTILABEL)):
        return
    if network.is_multilabel or network.n_out == 2 or network.output != output:
        refuse_output(network, model)


def _set_classes(model: Any, network: Network) -> None:
    assert network.classes is not None
    if isinstance(model, _MULTILABEL):
        model._label_binarizer = binarizer_of(network, negative=-1)
    if not isinstance(getattr(type(model), "classes_", None), property):  # before 1.8 it reads the binarizer's
        model.classes_ = network.classes.copy()


def _kind(
    cls: Any,
    output: _Output,
    objective: Callable[[Any], Objective],
    *learns: str,
    alone: Alone = as_it_is,
) -> Kind:
    read, write = functools.partial(_read, output), functools.partial(_write, output)
    return Kind(cls, read, write, classifier=True, learns=learns, objective=objective, alone=alone)


_MULTILABEL = (linear_model.RidgeClassifier, linear_model.RidgeClassifierCV)
KINDS = {
    kind.cls.__name__: kind
    for kind in (
        _kind(LinearSVC, _margin, support_vectors, "n_iter_"),
        _kind(linear_model.LogisticRegression, _logistic, logistic, "n_iter_"),
        _kind(
            linear_model.LogisticRegressionCV,
            _logistic,
            logistic,
            "C_",
            "l1_ratio_",
            "n_iter_",
            alone=chosen(linear_model.LogisticRegression, "C", "l1_ratio"),
        ),
        _kind(linear_model.Perceptron, _margin, own, "n_iter_", "t_"),
        _kind(linear_model.RidgeClassifier, _margin, ridge, "n_iter_", "solver_"),
        _kind(linear_model.RidgeClassifierCV, _margin, ridge, "alpha_", "best_score_"),
        _kind(linear_model.SGDClassifier, _sgd, stochastic, "n_iter_", "t_"),
    )
}
