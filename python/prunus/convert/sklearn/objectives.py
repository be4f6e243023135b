"""What linear models were fitted to: the loss, its penalty, and what each class counts for."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from prunus._base import check


class Objective(NamedTuple):
    """What a `Provenance` says of it."""

    loss: str | None = None  # None: unknown
    ridge: float | list[float] | None = 0.0
    ridge_per_sample: float = 0.0
    ridge_of_bias: float = 0.0
    class_weight: str | list[float] | None = None


OWN = "own"


def unknown(_: Any) -> Objective:
    """Say nothing."""
    return Objective()


def own(model: Any) -> Objective:
    """Leave it to the estimator: no other solver is as good."""
    return Objective(OWN, class_weight=_class_weight(model))


def least_squares(_: Any) -> Objective:
    """No penalty."""
    return Objective("squared")


def ridge(model: Any) -> Objective:
    """The penalty that was given, or chosen by cross-validation; of a classifier the targets are -1 and 1."""
    binarizer = getattr(model, "_label_binarizer", None)
    if binarizer is not None and binarizer.y_type_.startswith("multilabel") and model.class_weight is not None:
        return Objective()  # a sample counts for the product of what its labels do
    penalty = getattr(model, "alpha_", getattr(model, "alpha", None))
    return Objective("squared", _penalty(penalty), class_weight=_class_weight(model))


def stochastic(model: Any) -> Objective:
    """The mean loss and half of alpha times the squares, but for penalties and losses that are not smooth."""
    penalty = {"l2": model.alpha, None: 0.0}.get(model.penalty)
    loss = {"squared_error": "squared", "log_loss": "logistic"}.get(model.loss)
    is_weighted = getattr(model, "class_weight", None) is not None
    if penalty is None or loss is None or (loss == "squared" and is_weighted and _n_rows(model) > 1):
        return own(model)  # squared errors of all classes have their samples' weights in common with us, not there
    # Squared errors are halved there, too.
    scale = 1.0 if loss == "squared" else 0.5
    return Objective(loss, 0.0, scale * float(penalty), class_weight=_class_weight(model))


def logistic(model: Any) -> Objective:
    """C times the loss and half of the squares; liblinear counts the intercept among the weights."""
    l1_ratio = np.max(_first(model, "l1_ratio_", "l1_ratio", 0.0))
    C = np.ravel(_first(model, "C_", "C", 1.0)).astype(float)
    penalty = getattr(model, "penalty", "l2")
    if penalty == "l1" or (penalty != "l2" and l1_ratio > 0):
        # The weights of several classes depend on one another, and each has a support of its own.
        return own(model) if _n_rows(model) == 1 else Objective()
    if _is_one_versus_rest(model) and model.class_weight is not None:
        return Objective()  # what a class counts for depends on the solver
    with np.errstate(divide="ignore"):
        ridge = 0.5 / C if penalty is not None else np.zeros(1)
    of_bias = 1 / model.intercept_scaling**2 if model.solver == "liblinear" else 0.0
    return Objective(
        "logistic",
        float(ridge[0]) if (ridge == ridge[0]).all() else ridge.tolist(),
        0.0,
        float(of_bias),
        _class_weight(model, _BALANCED),
    )


def support_vectors(model: Any) -> Objective:
    """All classes against each other are one problem, in which each has a support of its own."""
    if getattr(model, "multi_class", "ovr") != "ovr":
        return Objective()
    return Objective(OWN, class_weight=_class_weight(model, _BALANCED))


def perceptron_without_hidden_layers(model: Any) -> Objective:
    """Half of alpha times the squares beside the losses' sum; squared errors are halved. Mini-batches have it each."""
    if len(getattr(model, "coefs_", ())) != 1 or model.solver != "lbfgs":
        return Objective()
    if model.out_activation_ == "identity":
        return Objective("squared", float(model.alpha))
    return Objective("logistic", float(model.alpha) / 2)


def _first(model: Any, learnt: str, given: str, default: Any) -> Any:
    """Return what cross-validation chose, or what was given."""
    value = getattr(model, learnt, getattr(model, given, default))
    return np.array([0.0 if part is None else part for part in np.ravel(value)])


def _n_rows(model: Any) -> int:
    return int(np.shape(np.atleast_1d(getattr(model, "intercept_", 0.0)))[0])


def _is_one_versus_rest(model: Any) -> bool:
    if _n_rows(model) == 1:
        return False
    return getattr(model, "multi_class", "auto") == "ovr" or model.solver == "liblinear"


def _penalty(value: Any) -> float | list[float] | None:
    """Return one number, or one for each output."""
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "iuf" or numbers.ndim > 1 or not (numbers >= 0).all():
        return None
    return [float(number) for number in numbers] if numbers.ndim == 1 else float(numbers)


# Later versions of scikit-learn count sample weights where logistic regressions and LinearSVC balance classes.
_BALANCED = "balanced by weight" if "sample_weight" in signature(compute_class_weight).parameters else "balanced"


def _class_weight(model: Any, balanced: str = "balanced") -> str | list[float] | None:
    """Return one weight for each class, in their order, or how they are balanced."""
    given = getattr(model, "class_weight", None)
    if given is None or isinstance(given, str):
        return given and balanced
    if not isinstance(given, Mapping) or not hasattr(model, "classes_"):
        return None
    weights = [given.get(label, 1.0) for label in model.classes_.tolist()]
    return [check.number("class_weight", weight, 0, float(np.finfo(np.float64).max)) for weight in weights]
