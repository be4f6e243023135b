"""scikit-learn's linear models and multilayer perceptrons, alone or behind scalers and our selector.

A class that is converted like another is one line in the table of its family (`linear`, `classifiers`, `perceptrons`); a
family is one file and one line in `kinds`; what may stand before a model is one entry in `front`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from prunus._base import NotSupportedError, check
from prunus.convert.sklearn import front, learnt, origin
from prunus.convert.sklearn.base import Kind, Model, Row, refuse_output
from prunus.convert.sklearn.encoding import encoding_of
from prunus.convert.sklearn.front import Step
from prunus.convert.sklearn.kinds import KINDS, kind_of, register
from prunus.convert.sklearn.linear import read as read_regression
from prunus.convert.sklearn.objectives import ridge
from prunus.convert.sklearn.own_fit import own_fit
from prunus.convert.sklearn.running import as_estimator, register_maker
from prunus.convert.sklearn.scorer import scorer
from prunus.data import Encoding, Scaling
from prunus.network import Layer, Network


def from_sklearn(estimator: Any, dtype: npt.DTypeLike | None) -> Network:
    """See `prunus.from_sklearn`."""
    estimator = origin.unwrapped(estimator)
    *before, (_, last) = origin.steps_of(estimator)
    kind = kind_of(last)
    check_is_fitted(last)
    model = kind.read(last)
    if dtype is None:
        dtype = np.float64 if len(model.layers) == 1 else np.float32
    dtype = check.floating("dtype", dtype)
    trained = Network(
        _layers(model, last, dtype),
        output=model.output,
        classes=model.classes,
    )
    steps = [step for _, step in before]
    inputs, scaling = front.front_of(steps, trained.n_in)
    _require_precision(steps, scaling, trained, dtype)
    raw = Network(
        trained.layers,
        output=model.output,
        classes=model.classes,
        inputs=inputs,
        scaling=scaling,
        origin=origin.described(estimator),
    )
    return raw.refolded(trained).astype(dtype)


def _layers(model: Model, estimator: Any, dtype: np.dtype[Any]) -> list[Layer]:
    """Return the layers in float64. A number that is none there, or in `dtype`, is refused by the estimator's name for it."""
    layers = []
    for i, (weight, bias, activation) in enumerate(model.layers):
        for name, array in (("coef", weight), ("intercept", bias)):
            place = f"estimator.{name}s_[{i}]" if hasattr(estimator, "coefs_") else f"estimator.{name}_"
            for kind in (np.dtype(np.float64), dtype):
                with np.errstate(over="ignore"):
                    check.finite(place, check.float_array(place, array, dtype=kind))
        layers.append(Layer(weight.astype(np.float64), bias.astype(np.float64), activation))
    return layers


def _require_precision(steps: Sequence[Any], scaling: Scaling | None, trained: Network, dtype: np.dtype[Any]) -> None:
    """Folding a scaler leaves differences of numbers shift / scale times as large as what was trained on."""
    if scaling is None:
        return
    names = " and ".join(dict.fromkeys(type(step).__name__ for step in steps))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        largest = np.abs(trained.layers[0].weight / scaling.scale).max()
        ratio = float((np.abs(scaling.shift) / scaling.scale).max())
    if not largest < np.finfo(dtype).max:
        raise check.error(
            NotSupportedError, "estimator", f"{names} with a scale that is too small to be folded in {dtype}"
        )
    if ratio * float(np.finfo(dtype).eps) > 1e-3:
        check.warn(
            f"a column's shift is {ratio:.2g} times its scale: folding {names} in {dtype} loses accuracy; "
            "pass prunus.from_sklearn(estimator, dtype='float64'), or shift the data"
        )


def apart(estimator: Any) -> tuple[Any, Any]:
    """Return what stands before a model and no network represents, and the model behind it.

    An Encoding, where the steps come to one; else the steps; None where there are none.
    """
    estimator = origin.unwrapped(estimator)
    if not isinstance(estimator, Pipeline):
        return None, estimator
    steps, model = front.apart(estimator)
    return (None if steps is None else encoding_of(steps) or steps), model


def to_sklearn(network: Network, like: Any, before: Any = None) -> Any:
    """See `prunus.to_sklearn`; `before`: what stands before the network, a Pipeline or an Encoding."""
    if before is None:
        return _without_front(network, like)
    steps = before.source if isinstance(before, Encoding) else before
    if like is not None:
        like = origin.unwrapped(like)
        steps, like = front.apart(like) if isinstance(like, Pipeline) else (None, like)
        own = None if steps is None else encoding_of(steps)
        if isinstance(before, Encoding) and not (own is not None and before.is_like(own)):
            raise check.error(
                ValueError, "like", "expected a pipeline that does with a table what the model's own did, got another"
            )
    if steps is None:
        expected = "expected the whole pipeline, whose first steps a file does not hold as they were"
        raise check.error(ValueError, "like", f"{expected}, got {check.describe(like)}")
    behind = _without_front(network, like)
    return Pipeline([*steps.steps, *(behind.steps if isinstance(behind, Pipeline) else [("model", behind)])])


def _without_front(network: Network, like: Any) -> Any:
    if not isinstance(network, Network):
        raise check.error(
            TypeError, "network", f"expected a Network or Pruned, got {check.describe(network)}; see prunus.as_network"
        )
    source = network.origin if like is None else origin.described(like)
    if source is None or source.get("library") != "sklearn":
        raise check.error(
            ValueError,
            "like",
            "expected an estimator whose class to take, since the network did not come from scikit-learn",
        )
    network = network.with_all_inputs()
    row, rows = source["model"], source["scalers"]
    before = [front.restored(step) for step in rows]
    model = origin.unfitted(row)
    kind = KINDS[row["class"]]
    kind.require(network)
    behind = _behind(before, network)
    kind.begin(model)
    learnt.restore(model, kind.learns, row, network.n_out)
    kind.write(model, behind, row)
    steps = [*before, model]
    for i, step in enumerate(steps):
        step.n_features_in_ = front.width_behind(steps[:i], network.n_in)
    names = [*rows, row][0]["feature_names"]
    if names is not None:  # the steps behind the first are given arrays
        if not isinstance(names, list) or [type(name) for name in names] != [str] * steps[0].n_features_in_:
            raise check.error(
                ValueError, "network", f"expected an origin with {steps[0].n_features_in_} feature_names, got {names!r}"
            )
        steps[0].feature_names_in_ = np.array(names, dtype=object)
    if not source["pipeline"]:
        return model
    return Pipeline([*zip([scaler["name"] for scaler in rows], before, strict=True), (row["name"], model)])


def _behind(before: Sequence[Any], network: Network) -> Network:
    """Return the network that computes, behind the steps, what `network` computes without them."""
    inputs, scaling = front.front_of(before, front.width_behind(before, network.n_in))
    if inputs is not None:
        if len(inputs) != network.n_in or network.layers[0].weight[:, ~inputs].any():
            raise check.error(
                NotSupportedError, "network", "it reads columns that the PruneSelector before the model leaves out"
            )
        network = network.with_inputs(inputs)
    return Network(network.layers, output=network.output, classes=network.classes, scaling=scaling).unfolded()


__all__ = [
    "Kind",
    "Row",
    "Step",
    "apart",
    "as_estimator",
    "from_sklearn",
    "own_fit",
    "read_regression",
    "refuse_output",
    "register",
    "register_maker",
    "ridge",
    "scorer",
    "to_sklearn",
]
