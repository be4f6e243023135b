"""scikit-learn's linear models and multilayer perceptrons, alone or behind a StandardScaler."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import sklearn
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelBinarizer, StandardScaler
from sklearn.utils.validation import check_is_fitted

from prunus import _check
from prunus._check import NotSupportedError
from prunus._layer import Layer
from prunus._parts import Scaling
from prunus.network import Network

_F64 = np.float64
_Arrays = npt.NDArray[Any]
_ACTIVATIONS = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
_OUTPUTS = {"identity": "identity", "logistic": "sigmoid", "softmax": "softmax"}


class _Model(NamedTuple):
    """What a converter reads out of an estimator."""

    layers: list[tuple[_Arrays, _Arrays, str]]  # weight, bias, activation
    output: str
    classes: _Arrays | None


# From scikit-learn ------------------------------------------------------------------------------------------------------


def from_sklearn(estimator: Any, dtype: npt.DTypeLike | None) -> Network:
    """See `prunus.from_sklearn`."""
    scalers, last = _steps(estimator)
    kind = _supported(last)
    model = kind.read(last)
    if dtype is None:
        dtype = _F64 if len(model.layers) == 1 else np.float32
    dtype = _check.floating("dtype", dtype)
    trained = Network(
        [Layer(w.astype(_F64), b.astype(_F64), a) for w, b, a in model.layers],
        output=model.output,
        classes=model.classes,
    )
    raw = Network(
        trained.layers,
        output=model.output,
        classes=model.classes,
        scaling=_scaling(scalers, trained.n_in),
        origin=_origin(estimator),
    )
    _require_precision(raw.scaling, trained, dtype)
    return raw.refolded(trained).astype(dtype)


def _require_precision(scaling: Scaling | None, trained: Network, dtype: np.dtype[Any]) -> None:
    """Folding a scaler leaves differences of numbers shift / scale times as large as what was trained on."""
    if scaling is None:
        return
    with np.errstate(over="ignore"):
        largest = np.abs(trained.layers[0].weight / scaling.scale).max()
        ratio = float((np.abs(scaling.shift) / scaling.scale).max())
    if not largest < np.finfo(dtype).max:
        raise NotSupportedError(f"estimator: a StandardScaler whose scale_ is too small to be folded in {dtype}")
    if ratio * float(np.finfo(dtype).eps) > 1e-3:
        warnings.warn(
            f"a column's mean is {ratio:.2g} times its standard deviation: folding StandardScaler in {dtype} loses accuracy; "
            "pass prunus.from_sklearn(estimator, dtype='float64'), or shift the data",
            UserWarning,
            stacklevel=4,
        )


def _steps(estimator: Any) -> tuple[list[StandardScaler], Any]:
    """Split a pipeline into its scalers, in order, and what comes last."""
    if not isinstance(estimator, Pipeline):
        return [], estimator
    steps = [(name, step) for name, step in estimator.steps if step is not None and step != "passthrough"]
    if not steps:
        raise NotSupportedError("estimator: expected a Pipeline with a model in it, got one without steps")
    for name, step in steps[:-1]:
        if type(step) is not StandardScaler:
            raise NotSupportedError(
                f"estimator: expected StandardScaler before the model, got step {name!r} ({type(step).__name__})"
            )
        check_is_fitted(step)
    return [step for _, step in steps[:-1]], steps[-1][1]


def _scaling(scalers: list[StandardScaler], n_in: int) -> Scaling | None:
    """Several scalers, one after the other, as one."""
    if not scalers:
        return None
    shift, scale = np.zeros(n_in), np.ones(n_in)
    for scaler in scalers:
        if scaler.with_mean:
            shift = shift + scale * scaler.mean_
        if scaler.scale_ is not None:
            scale = scale * scaler.scale_
    return Scaling(shift, scale)


def _read_linear(estimator: Any) -> _Model:
    weight = np.atleast_2d(estimator.coef_)
    bias = np.broadcast_to(np.atleast_1d(estimator.intercept_), (len(weight),))
    return _Model([(weight, bias, "identity")], "identity", None)


def _read_logistic(estimator: Any) -> _Model:
    layers = _read_linear(estimator).layers
    multinomial = getattr(estimator, "multi_class", "auto") == "multinomial"
    if len(estimator.classes_) == 2:
        if multinomial:
            raise NotSupportedError("estimator: multi_class='multinomial' of LogisticRegression with two classes")
        return _Model(layers, "sigmoid", estimator.classes_)
    one_vs_rest = estimator.solver == "liblinear" or getattr(estimator, "multi_class", "auto") == "ovr"
    return _Model(layers, "ovr" if one_vs_rest else "softmax", estimator.classes_)


def _read_mlp(estimator: Any) -> _Model:
    if len(getattr(estimator, "classes_", (0, 1))) < 2:
        raise NotSupportedError(f"estimator: a {type(estimator).__name__} fitted on one class")
    hidden = _ACTIVATIONS.get(estimator.activation)
    output = _OUTPUTS.get(estimator.out_activation_)
    if hidden is None or output is None:
        raise NotSupportedError(
            f"estimator: activation {estimator.activation!r}, {estimator.out_activation_!r} of {type(estimator).__name__}"
        )
    last = len(estimator.coefs_) - 1
    layers = [
        (coef.T, intercept, hidden if i < last else "identity")
        for i, (coef, intercept) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True))
    ]
    return _Model(layers, output, getattr(estimator, "classes_", None))


# To scikit-learn --------------------------------------------------------------------------------------------------------


def to_sklearn(network: Network, like: Any) -> Any:
    """See `prunus.to_sklearn`."""
    if not isinstance(network, Network):
        raise TypeError(f"network: expected a Network, got {_check.describe(network)}; see prunus.as_network")
    origin = network.origin if like is None else _origin(like)
    if origin is None or origin.get("library") != "sklearn":
        raise ValueError(
            "like: expected an estimator whose class to take, since the network did not come from scikit-learn"
        )
    network = network.with_all_inputs()
    steps = [(row["name"], _scaler(row, network.n_in)) for row in origin["scalers"]]
    if steps:  # the last of the steps takes what the scalers give
        network = _behind([scaler for _, scaler in steps], network)
    layers = [(layer.weight.copy(), layer.bias.copy()) for layer in network.layers]
    row = origin["model"]
    kind = _KINDS[row["class"]]
    model = kind.cls(**_restored(row["params"]))
    _require_fit(network, kind, row["class"])
    kind.write(model, network, layers, row)
    model.n_features_in_ = network.n_in
    if not origin["pipeline"]:
        if row["feature_names"] is not None:
            model.feature_names_in_ = np.array(row["feature_names"], dtype=object)
        return model
    return Pipeline([*steps, (row["name"], model)])


def _require_fit(network: Network, kind: _Kind, name: str) -> None:
    """Refuse a network that this class cannot predict like."""
    has_hidden = len(network.layers) > 1
    if (network.classes is not None) != kind.classifier or (has_hidden and not kind.hidden):
        raise NotSupportedError(f"network: {network!r} cannot be a {name}")
    if network.layers[-1].activation != "identity":
        raise NotSupportedError(f"network: activation {network.layers[-1].activation!r} of the last layer of a {name}")
    hidden = {layer.activation for layer in network.layers[:-1]}
    if len(hidden) > 1 or not hidden <= set(_ACTIVATIONS.values()):
        raise NotSupportedError(f"network: activations {sorted(hidden)} in the hidden layers of a {name}")
    if network.output not in kind.outputs:
        raise NotSupportedError(f"network: output {network.output!r} of a {name}")


def _write_linear(model: Any, network: Network, layers: list[tuple[_Arrays, _Arrays]], row: Mapping[str, Any]) -> None:
    weight, bias = layers[0]
    flat = row["coef_ndim"] == 1 and network.n_out == 1
    model.coef_ = weight[0] if flat else weight
    model.intercept_ = bias[0] if flat else bias


def _write_logistic(
    model: Any, network: Network, layers: list[tuple[_Arrays, _Arrays]], row: Mapping[str, Any]
) -> None:
    assert network.classes is not None
    one_vs_rest = model.solver == "liblinear" or getattr(model, "multi_class", "auto") == "ovr"
    if network.n_out > 1 and one_vs_rest != (network.output == "ovr"):
        raise NotSupportedError(
            f"network: output {network.output!r} of a LogisticRegression with solver {model.solver!r}"
        )
    model.coef_, model.intercept_ = layers[0]
    model.classes_ = network.classes.copy()
    model.n_iter_ = np.zeros(1, dtype=np.int32)


def _write_mlp(model: Any, network: Network, layers: list[tuple[_Arrays, _Arrays]], row: Mapping[str, Any]) -> None:
    names = {ours: theirs for theirs, ours in _ACTIVATIONS.items()}
    widths = [layer.n_out for layer in network.layers[:-1]]
    if widths != np.atleast_1d(model.hidden_layer_sizes).tolist():
        model.hidden_layer_sizes = tuple(widths)
    if widths:
        model.activation = names[network.layers[0].activation]
    model.coefs_ = [weight.T.copy() for weight, _ in layers]
    model.intercepts_ = [bias for _, bias in layers]
    model.n_layers_ = len(layers) + 1
    model.n_outputs_ = network.n_out
    model.out_activation_ = {ours: theirs for theirs, ours in _OUTPUTS.items()}[network.output]
    model.n_iter_, model.t_, model.loss_, model.best_loss_, model.loss_curve_ = 0, 0, np.nan, None, []
    if network.classes is not None:
        model.classes_ = network.classes.copy()
        labels = np.eye(network.n_out, dtype=np.int64) if network.is_multilabel else network.classes
        model._label_binarizer = LabelBinarizer().fit(labels)


def _behind(scalers: list[StandardScaler], network: Network) -> Network:
    """Return the network that computes, behind the scalers, what `network` computes without them."""
    return Network(
        network.layers,
        output=network.output,
        classes=network.classes,
        scaling=_scaling(scalers, network.n_in),
    ).unfolded()


def _scaler(row: Mapping[str, Any], n_in: int) -> StandardScaler:
    scaler = StandardScaler(**row["params"])
    for name in ("mean", "scale", "var"):
        setattr(scaler, f"{name}_", None if row[name] is None else np.array(row[name]))
    scaler.n_samples_seen_ = np.int64(row["n_samples_seen"])
    scaler.n_features_in_ = n_in
    if row["feature_names"] is not None:
        scaler.feature_names_in_ = np.array(row["feature_names"], dtype=object)
    return scaler


# Where a network came from ----------------------------------------------------------------------------------------------


class _Kind(NamedTuple):
    cls: Any
    classifier: bool
    hidden: bool  # whether it may have hidden layers
    outputs: tuple[str, ...]
    read: Callable[[Any], _Model]
    write: Callable[[Any, Network, list[tuple[_Arrays, _Arrays]], Mapping[str, Any]], None]


_KINDS: Mapping[str, _Kind] = {
    "LinearRegression": _Kind(LinearRegression, False, False, ("identity",), _read_linear, _write_linear),
    "LogisticRegression": _Kind(
        LogisticRegression, True, False, ("sigmoid", "softmax", "ovr"), _read_logistic, _write_logistic
    ),
    "MLPClassifier": _Kind(MLPClassifier, True, True, ("sigmoid", "softmax"), _read_mlp, _write_mlp),
    "MLPRegressor": _Kind(MLPRegressor, False, True, ("identity",), _read_mlp, _write_mlp),
}


def _supported(estimator: Any) -> _Kind:
    kind = _KINDS.get(type(estimator).__name__)
    if kind is None or type(estimator) is not kind.cls:
        raise NotSupportedError(
            f"estimator: expected {', '.join(_KINDS)}, or a Pipeline of StandardScaler and one of them, "
            f"got {type(estimator).__name__}"
        )
    check_is_fitted(estimator)
    return kind


def _origin(estimator: Any) -> dict[str, Any]:
    """Describe an estimator in plain JSON values, so that `to_sklearn` can make one like it."""
    pipeline = isinstance(estimator, Pipeline)
    scalers, last = _steps(estimator)
    names = [name for name, step in estimator.steps if step is not None and step != "passthrough"] if pipeline else [""]
    if type(last).__name__ not in _KINDS:
        _supported(last)
    return {
        "library": "sklearn",
        "version": sklearn.__version__,
        "pipeline": pipeline,
        "scalers": [
            {
                "name": name,
                "params": _plain(scaler.get_params(deep=False)),
                "mean": None if scaler.mean_ is None else scaler.mean_.tolist(),
                "scale": None if scaler.scale_ is None else scaler.scale_.tolist(),
                "var": None if scaler.var_ is None else scaler.var_.tolist(),
                "n_samples_seen": int(np.max(scaler.n_samples_seen_)),
                "feature_names": _feature_names(scaler),
            }
            for name, scaler in zip(names, scalers, strict=False)
        ],
        "model": {
            "class": type(last).__name__,
            "name": names[-1],
            "params": _plain(last.get_params(deep=False)),
            "coef_ndim": int(np.ndim(getattr(last, "coef_", [0]))),
            "feature_names": _feature_names(last),
        },
    }


def _feature_names(estimator: Any) -> list[str] | None:
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that JSON can hold; the others (a RandomState, say) fall back to the class's default."""
    kept = {}
    for name, value in params.items():
        plain = value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value
        try:
            if isinstance(plain, dict):  # JSON's keys are strings, class_weight's are labels
                items = [[k.item() if isinstance(k, np.generic) else k, float(v)] for k, v in plain.items()]
                plain = {"items": items}
            json.dumps(plain)
        except (TypeError, ValueError):
            continue
        kept[name] = plain
    return kept


def _restored(params: Mapping[str, Any]) -> dict[str, Any]:
    """JSON knows no tuples; scikit-learn's parameters know no lists."""
    return {name: _restore(value) for name, value in params.items()}


def _restore(value: Any) -> Any:
    if isinstance(value, dict):
        return dict(value["items"])
    return tuple(value) if isinstance(value, list) else value
