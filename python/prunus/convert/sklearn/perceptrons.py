"""Multilayer perceptrons: the layers as they are, with one activation for all that are hidden."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from prunus._base import NotSupportedError, check
from prunus.convert.sklearn.base import Kind, Model, Row, binarizer_of, classes_of, refuse_output
from prunus.convert.sklearn.objectives import perceptron_without_hidden_layers
from prunus.network import Network

_ACTIVATIONS = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
_OUTPUTS = {"identity": "identity", "logistic": "sigmoid", "softmax": "softmax"}


def _inverse(names: dict[str, str]) -> dict[str, str]:
    return {ours: theirs for theirs, ours in names.items()}


def _read(estimator: Any) -> Model:
    classes = classes_of(estimator) if hasattr(estimator, "classes_") else None
    hidden = _ACTIVATIONS.get(estimator.activation)
    output = _OUTPUTS.get(estimator.out_activation_)
    if hidden is None or output is None:
        raise check.error(
            NotSupportedError,
            "estimator",
            f"activation {estimator.activation!r}, {estimator.out_activation_!r} of {type(estimator).__name__}",
        )
    last = len(estimator.coefs_) - 1
    layers = [
        (coef.T, intercept, hidden if i < last else "identity")
        for i, (coef, intercept) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True))
    ]
    return Model(layers, output, classes)


def _require(model: Any, network: Network) -> None:
    hidden = {layer.activation for layer in network.layers[:-1]}
    if len(hidden) > 1 or not hidden <= set(_ACTIVATIONS.values()):
        raise check.error(
            NotSupportedError,
            "network",
            f"activations {sorted(hidden)} in the hidden layers of a {type(model).__name__}",
        )
    if network.output not in (("sigmoid", "softmax") if network.classes is not None else ("identity",)):
        refuse_output(network, model)


def _begin(model: Any) -> None:
    """As `_initialize` does. Moments of gradients begin anew, and so do the curves."""
    stops = model.early_stopping
    model.n_iter_, model.t_, model.loss_, model.loss_curve_, model._no_improvement_count = 0, 0, np.nan, [], 0
    model.best_loss_ = None if stops else np.inf
    model.best_validation_score_ = -np.inf if stops else None
    model.validation_scores_ = [] if stops else None


def _write(model: Any, network: Network, _: Row) -> None:
    _require(model, network)
    widths = [layer.n_out for layer in network.layers[:-1]]
    if widths != np.atleast_1d(model.hidden_layer_sizes).tolist():
        model.hidden_layer_sizes = tuple(widths)
    if widths:
        model.activation = _inverse(_ACTIVATIONS)[network.layers[0].activation]
    model.coefs_ = [layer.weight.T.copy() for layer in network.layers]
    model.intercepts_ = [layer.bias.copy() for layer in network.layers]
    model.n_layers_ = len(network.layers) + 1
    model.n_outputs_ = network.n_out
    model.out_activation_ = _inverse(_OUTPUTS)[network.output]
    if model.early_stopping:  # where no epoch does better, these come back
        model._best_coefs = [coef.copy() for coef in model.coefs_]
        model._best_intercepts = [intercept.copy() for intercept in model.intercepts_]
    if network.classes is not None:
        model.classes_ = network.classes.copy()
        model._label_binarizer = binarizer_of(network, negative=0)


_LEARNS = ("_no_improvement_count", "best_loss_", "best_validation_score_", "loss_", "n_iter_", "t_")
KINDS = {
    cls.__name__: Kind(
        cls,
        _read,
        _write,
        classifier=cls is MLPClassifier,
        hidden=True,
        learns=_LEARNS,
        objective=perceptron_without_hidden_layers,
        begin=_begin,
    )
    for cls in (MLPClassifier, MLPRegressor)
}
