"""Layer and Network: the one representation of a model, with forward and backward in NumPy."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from prunus import _check, _core
from prunus._check import Bools, Floats
from prunus._functions import ACTIVATIONS, OUTPUTS

# Samples that go through the network at once where a whole batch need not: 4096 rows of 1024 float64 are 32 MB.
_BATCH = 4096


class _Frozen:
    """Attributes are set once, by `_set`."""

    __slots__ = ()

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a {type(self).__name__} is immutable: cannot set {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__} is immutable: cannot delete {name}")


def read_only(array: Any) -> Any:
    """Mark an array that nobody else holds as read-only."""
    array.flags.writeable = False
    return array


class Layer(_Frozen):
    """One layer: ``activation(x @ weight.T + bias)``.

    Parameters
    ----------
    weight : array_like of shape (n_out, n_in)
        float32 stays float32, every other real type becomes float64. Copied.
    bias : array_like of shape (n_out,), optional
        Zeros if None. Takes the weight's dtype.
    activation : str, default "identity"
        identity, relu, tanh, sigmoid, gelu (exact), gelu_tanh, silu or leaky_relu.
    negative_slope : float, default 0.01
        Of leaky_relu.

    Raises
    ------
    TypeError
        If an array is not of a real type.
    ValueError
        If a shape does not fit, an array is empty, or a number is NaN or infinite.

    Examples
    --------
    >>> layer = prunus.Layer([[1.0, 0.0], [0.5, -2.0]], activation="relu")
    >>> layer.n_out, layer.n_in
    (2, 2)
    """

    __slots__ = ("activation", "bias", "negative_slope", "weight")
    weight: Floats
    bias: Floats
    activation: str
    negative_slope: float

    def __init__(
        self,
        weight: npt.ArrayLike,
        bias: npt.ArrayLike | None = None,
        activation: str = "identity",
        *,
        negative_slope: float = 0.01,
    ) -> None:
        w = _check.float_array("weight", weight, ndim=2)
        _check.not_empty("weight", w)
        b = np.zeros(len(w), w.dtype) if bias is None else _check.float_array("bias", bias, ndim=1, dtype=w.dtype)
        if len(b) != len(w):
            raise ValueError(f"bias: expected {len(w)} entries, one for each row of weight, got {len(b)}")
        self._set(
            weight=read_only(_check.finite("weight", w.copy())),
            bias=read_only(_check.finite("bias", b.copy())),
            activation=_check.one_of("activation", activation, ACTIVATIONS),
            negative_slope=_check.number("negative_slope", negative_slope, -1e6, 1e6),
        )

    @property
    def n_in(self) -> int:
        """Number of inputs."""
        return int(self.weight.shape[1])

    @property
    def n_out(self) -> int:
        """Number of outputs (neurons)."""
        return int(self.weight.shape[0])

    def replace(self, weight: npt.ArrayLike, bias: npt.ArrayLike | None = None) -> Layer:
        """Return a layer with this weight, and this bias unless it is None, and otherwise like this one."""
        bias = self.bias if bias is None else bias
        return Layer(weight, bias, self.activation, negative_slope=self.negative_slope)

    def __reduce__(self) -> tuple[Any, ...]:
        make = functools.partial(Layer, negative_slope=self.negative_slope)
        return make, (self.weight, self.bias, self.activation)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Layer):
            return NotImplemented
        return (
            (self.activation, self.negative_slope) == (other.activation, other.negative_slope)
            and _same(self.weight, other.weight)
            and _same(self.bias, other.bias)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Layer({self.n_in} -> {self.n_out}, {self.activation}, {self.weight.dtype})"


def _same(a: npt.NDArray[Any] | None, b: npt.NDArray[Any] | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.dtype == b.dtype and a.shape == b.shape and bool((a == b).all())


class Parameters(Protocol):
    """What one layer computes with: a Layer, or the mutable arrays of one that is being trained."""

    weight: Floats
    bias: Floats
    activation: str
    negative_slope: float


def outputs_of(layers: Sequence[Parameters], X: Floats) -> tuple[list[Floats], list[Floats]]:
    """Return (z, o) of every layer, z before and o after the activation, each (n_samples, n_out), in the dtype of X."""
    sums: list[Floats] = []
    outputs: list[Floats] = []
    x = X
    for layer in layers:
        sums.append(x @ layer.weight.T.astype(X.dtype, copy=False) + layer.bias)
        x = ACTIVATIONS[layer.activation].value(sums[-1], layer.negative_slope)
        outputs.append(x)
    return sums, outputs


class Trace(NamedTuple):
    """One batch, forwards and backwards, layer by layer."""

    loss: float  # sum over the samples of share * loss
    inputs: list[Floats]  # x, (n_samples, n_in)
    outputs: list[Floats]  # o, (n_samples, n_out)
    output_gradients: list[Floats]  # dL/do
    sum_gradients: list[Floats]  # dL/dz: dL/dW = sum_gradients.T @ inputs, dL/db = sum_gradients.sum(axis=0)


def trace(layers: Sequence[Parameters], output: str, X: Floats, target: Floats, share: Floats) -> Trace:
    """Return the trace of a batch, in the dtype of X.

    `target` is (n_samples, n_out) as `Network.encode` makes it; `share` (n_samples,) is what a sample's loss counts for in L.
    """
    sums, outputs = outputs_of(layers, X)
    kind = OUTPUTS[output]
    loss = float(kind.loss(outputs[-1], target) @ share)
    output_gradients: list[Floats] = [kind.gradient(outputs[-1], target) * share[:, None]]
    sum_gradients: list[Floats] = []
    for i in reversed(range(len(layers))):
        slope = ACTIVATIONS[layers[i].activation].slope(sums[i], outputs[i], layers[i].negative_slope)
        sum_gradients.insert(0, output_gradients[0] * slope)
        if i > 0:
            output_gradients.insert(0, sum_gradients[0] @ layers[i].weight.astype(X.dtype, copy=False))
    return Trace(loss, [X, *outputs[:-1]], outputs, output_gradients, sum_gradients)


@dataclass(frozen=True)
class Data:
    """Samples, checked and encoded for one network."""

    X: Floats  # (n_samples, n_in of the first layer): the columns that the network reads
    target: Floats  # (n_samples, n_out)
    share: npt.NDArray[np.float64]  # (n_samples,), sums to 1

    def __len__(self) -> int:
        return len(self.X)


class Gradients(NamedTuple):
    """L, the mean loss over the samples, and its gradients, one array for each layer, in float64."""

    loss: float
    weights: tuple[npt.NDArray[np.float64], ...]
    biases: tuple[npt.NDArray[np.float64], ...]


class Scaling(NamedTuple):
    """A standardization that has been folded into the first layer: the model was trained on ``(x - shift) / scale``."""

    shift: npt.NDArray[np.float64]  # (n_in of the first layer,)
    scale: npt.NDArray[np.float64]


class Network(_Frozen):
    """A linear model or a multilayer perceptron: immutable layers, one after the other.

    Parameters
    ----------
    layers : sequence of Layer
        All of one dtype; each takes as many inputs as the one before it has outputs.
    output : str, default "identity"
        What becomes of the last layer's output: identity; sigmoid (each output on its own: binary or multilabel);
        softmax; ovr (sigmoids divided by their sum).
    classes : array_like of shape (n_classes,), optional
        Class labels. One output stands for two classes, the second of them being the positive one.
    inputs : array_like of bool of shape (n_in,), optional
        Which columns of X the first layer reads. None: all of them.
    scaling : Scaling, optional
        The standardization of the inputs that the layers already contain. Prediction does not need it; pruning and training
        do: they work on the weights that the model was trained with, whose sizes can be compared, and where removing a
        weight puts the mean in the place of its input. See `unfolded`.
    origin : mapping, optional
        Where the network came from, in plain JSON values; `to_sklearn` reads it.

    Raises
    ------
    TypeError, ValueError
        If the parts do not fit together; the message names the part.

    Examples
    --------
    >>> network = prunus.Network([prunus.Layer([[1.0, -1.0]])])
    >>> network.predict([[3.0, 1.0]])
    array([2.])
    """

    __slots__ = ("classes", "inputs", "layers", "origin", "output", "scaling")
    layers: tuple[Layer, ...]
    output: str
    classes: npt.NDArray[Any] | None
    inputs: Bools | None
    scaling: Scaling | None
    origin: Mapping[str, Any] | None

    def __init__(
        self,
        layers: Sequence[Layer],
        *,
        output: str = "identity",
        classes: npt.ArrayLike | None = None,
        inputs: npt.ArrayLike | None = None,
        scaling: Scaling | None = None,
        origin: Mapping[str, Any] | None = None,
    ) -> None:
        layers = _checked_layers(layers)
        output = _check.one_of("output", output, OUTPUTS)
        self._set(
            layers=layers,
            output=output,
            classes=_checked_classes(classes, output, layers[-1].n_out),
            inputs=_checked_inputs(inputs, layers[0].n_in),
            scaling=_checked_scaling(scaling, layers[0].n_in),
            origin=None if origin is None else _checked_origin(origin),
        )

    @property
    def n_in(self) -> int:
        """Number of columns of X, before `inputs` selects."""
        return self.layers[0].n_in if self.inputs is None else len(self.inputs)

    @property
    def n_out(self) -> int:
        """Number of outputs."""
        return self.layers[-1].n_out

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the weights."""
        return self.layers[0].weight.dtype

    @property
    def n_weights(self) -> int:
        """Number of weights, zeros included, biases not."""
        return sum(layer.weight.size for layer in self.layers)

    @property
    def n_nonzero(self) -> int:
        """Number of weights that are not zero."""
        return sum(_core.count_nonzero(layer.weight, 1) for layer in self.layers)

    @property
    def sparsity(self) -> float:
        """Fraction of the weights that are zero."""
        return 1 - self.n_nonzero / self.n_weights

    def replace(self, layers: Sequence[Layer]) -> Network:
        """Return a network with these layers and otherwise like this one."""
        return self._with(layers, inputs=self.inputs, scaling=self.scaling)

    def _with(self, layers: Sequence[Layer], *, inputs: Bools | None = None, scaling: Scaling | None = None) -> Network:
        return Network(
            layers, output=self.output, classes=self.classes, inputs=inputs, scaling=scaling, origin=self.origin
        )

    def astype(self, dtype: npt.DTypeLike) -> Network:
        """Return the network in float32 or float64."""
        name = _check.one_of("dtype", np.dtype(dtype).name, ("float32", "float64"))
        return self.replace(
            [layer.replace(layer.weight.astype(name), layer.bias.astype(name)) for layer in self.layers]
        )

    def with_all_inputs(self) -> Network:
        """Return an equal network whose first layer reads every column of X, with zeros for those it did not."""
        if self.inputs is None:
            return self
        weight = np.zeros((self.layers[0].n_out, self.n_in), self.dtype)
        weight[:, self.inputs] = self.layers[0].weight
        scaling = None
        if self.scaling is not None:
            scaling = Scaling(np.zeros(self.n_in), np.ones(self.n_in))
            for full, selected in zip(scaling, self.scaling, strict=True):
                full[self.inputs] = selected
        return self._with((self.layers[0].replace(weight), *self.layers[1:]), scaling=scaling)

    def select(self, X: Floats) -> Floats:
        """Return the columns of X that the first layer reads."""
        return X if self.inputs is None else np.ascontiguousarray(X[:, self.inputs], dtype=X.dtype)

    def standardize(self, X: Any) -> Floats:
        """Return what `unfolded()` takes for X: the columns that the first layer reads, standardized."""
        if self.inputs is None and self.scaling is None:
            return _check.samples("X", X, self.n_in, None)
        X = self.select(_check.samples("X", X, self.n_in, np.float64))
        return X if self.scaling is None else np.asarray((X - self.scaling.shift) / self.scaling.scale)

    def unfolded(self) -> Network:
        """Return the network as it was trained: what takes `standardize(X)`, and has neither inputs nor scaling."""
        if self.scaling is None:
            return self if self.inputs is None else self._with(self.layers)
        first = self.layers[0]
        weight = first.weight.astype(np.float64)
        bias = first.bias + weight @ self.scaling.shift
        weight = (weight * self.scaling.scale).astype(self.dtype)
        return self._with((first.replace(weight, bias), *self.layers[1:]))

    def refolded(self, trained: Network) -> Network:
        """Return the network that takes X and computes what `trained` computes for `standardize(X)`."""
        first = trained.layers[0]
        if self.scaling is None:
            return self.replace(trained.layers)
        weight = first.weight.astype(np.float64) / self.scaling.scale
        bias = first.bias - weight @ self.scaling.shift
        return self.replace((first.replace(weight.astype(first.weight.dtype), bias), *trained.layers[1:]))

    def forward(self, X: Any) -> Floats:
        """Return the raw output, before `output` is applied.

        The reference that the engine is held against: plain NumPy, computed in float64 from beginning to end.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_in)

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_out)

        Raises
        ------
        TypeError, ValueError
            If X is not of a real type, or not of that shape.
        """
        X = self.select(_check.samples("X", X, self.n_in, np.float64))
        return outputs_of(self.layers, X)[1][-1]

    def error_bound(self, X: Any) -> Floats:
        """Bound the rounding error of any evaluation of the raw output in the network's dtype, (n_samples, n_out).

        A sum of n products and a bias, in any order, fused or not, is off by at most (n + 2) * eps times the sum of the terms'
        absolute values (N. Higham, "Accuracy and stability of numerical algorithms", 2002, chapter 3, with room for the second
        order); weights that are zero add no error, whether they are multiplied or skipped. What the inputs are off by is
        passed on by |W| and the steepest slope of the activation. Two outputs that differ by more than the sum of their bounds
        come in the same order in every evaluation.
        """
        x = self.select(_check.samples("X", X, self.n_in, np.float64))
        eps = float(np.finfo(self.dtype).eps)
        error = np.zeros(x.shape)
        for layer in self.layers:
            weight = np.abs(layer.weight.astype(np.float64)).T
            terms = (np.abs(x) + error) @ weight + np.abs(layer.bias)
            (z,), (output,) = outputs_of([layer], x)
            kind = ACTIVATIONS[layer.activation]
            steepest = (
                max(kind.steepest, abs(layer.negative_slope)) if layer.activation == "leaky_relu" else kind.steepest
            )
            n_terms = np.count_nonzero(weight, axis=0) + 2
            error = steepest * (error @ weight + n_terms * eps * terms)
            error = error + max(steepest, 1) * kind.own_error * eps * np.maximum(np.abs(z), 1)
            x = output
        return error

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return labels if the network has classes (0/1 rows for multilabel), else the output, (n_samples,) if there is one."""
        return self.decide(self.forward(X))

    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Return probabilities (n_samples, n_classes). Classification only: raises ValueError without classes."""
        return self.probabilities(self.forward(X))

    @property
    def is_binary(self) -> bool:
        """Whether one output stands for two classes."""
        return self.classes is not None and self.n_out == 1

    @property
    def is_multilabel(self) -> bool:
        """Whether every output is a label of its own."""
        return self.classes is not None and self.n_out > 1 and self.output == "sigmoid"

    def decide(self, raw: Floats) -> npt.NDArray[Any]:
        """Return what `predict` returns, from the raw output (n_samples, n_out)."""
        if self.classes is None:
            values = OUTPUTS[self.output].link(raw)
            return values[:, 0] if self.n_out == 1 else values
        if self.is_multilabel:
            return (raw > 0).astype(np.int64)
        chosen = (raw[:, 0] > 0).astype(np.intp) if self.is_binary else raw.argmax(axis=1)
        return self.classes[chosen]  # type: ignore[no-any-return]

    def probabilities(self, raw: Floats) -> Floats:
        """Return what `predict_proba` returns, from the raw output (n_samples, n_out)."""
        if self.classes is None:
            raise ValueError("predict_proba: expected a network with classes, got one without: it does regression")
        if self.is_binary:
            positive = OUTPUTS["sigmoid"].link(raw)
            return np.concatenate([1 - positive, positive], axis=1)
        return OUTPUTS[self.output].link(raw)

    def encode(self, y: Any, n_samples: int) -> Floats:
        """Return targets (n_samples, n_out): indicators of the classes, or the values to be regressed on."""
        if self.classes is None or self.is_multilabel:
            target = _check.real_array("y", y).astype(np.float64)
            _check.per_sample("y", target, n_samples)
            if target.ndim > 2 or target.size != n_samples * self.n_out:
                raise ValueError(f"y: expected the shape ({n_samples}, {self.n_out}), got {_check.describe(target)}")
            if self.is_multilabel and not np.isin(target, (0, 1)).all():
                raise ValueError("y: expected rows of 0 and 1, one for each label, got other numbers")
            return _check.finite("y", target).reshape(n_samples, self.n_out)
        index = _index_of(_check.per_sample("y", y, n_samples), self.classes)
        if self.is_binary:
            return index[:, None].astype(np.float64)
        target = np.zeros((n_samples, self.n_out))
        target[np.arange(n_samples), index] = 1
        return target

    def data(self, X: Any, y: Any, sample_weight: Any = None, *, dtype: npt.DTypeLike = np.float64) -> Data:
        """Check samples, labels and weights, and return them encoded. Refuses an empty batch, NaN and infinity."""
        X = _check.finite("X", _check.samples("X", X, self.n_in, dtype))
        _check.not_empty("X", X)
        share = _check.sample_weights(sample_weight, len(X))
        return Data(self.select(X), self.encode(y, len(X)).astype(dtype), share / share.sum())

    def traces(self, data: Data) -> Iterator[Trace]:
        """Go through the data in batches, forwards and backwards, in the data's dtype."""
        for begin in range(0, len(data), _BATCH):
            rows = slice(begin, begin + _BATCH)
            share = data.share[rows].astype(data.X.dtype)
            yield trace(self.layers, self.output, data.X[rows], data.target[rows], share)

    def loss(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return L, the (weighted) mean over the samples of the loss.

        Squared error averaged over the outputs for regression, cross-entropy for softmax, and the sum over the outputs of
        the binary cross-entropy for sigmoid and ovr.
        """
        data = self.data(X, y, sample_weight)
        kind = OUTPUTS[self.output]
        total = 0.0
        for begin in range(0, len(data), _BATCH):
            rows = slice(begin, begin + _BATCH)
            raw = outputs_of(self.layers, data.X[rows])[1][-1]
            total += float(kind.loss(raw, data.target[rows]) @ data.share[rows])
        return total

    def gradients(self, data: Data) -> Gradients:
        """Return L and its gradients. Costs one forward and one backward pass."""
        loss = 0.0
        weights = tuple(np.zeros(layer.weight.shape) for layer in self.layers)
        biases = tuple(np.zeros(layer.n_out) for layer in self.layers)
        for batch in self.traces(data):
            loss += batch.loss
            for i, delta in enumerate(batch.sum_gradients):
                weights[i][...] += delta.T @ batch.inputs[i]
                biases[i][...] += delta.sum(axis=0)
        return Gradients(loss, weights, biases)

    def __reduce__(self) -> tuple[Any, ...]:
        parts = {name: getattr(self, name) for name in ("output", "classes", "inputs", "scaling", "origin")}
        return functools.partial(Network, **parts), (self.layers,)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        return (
            (self.layers, self.output, self.origin) == (other.layers, other.output, other.origin)
            and _same(self.classes, other.classes)
            and _same(self.inputs, other.inputs)
            and all(_same(a, b) for a, b in zip(self.scaling or (None,), other.scaling or (None,), strict=False))
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        widths = "-".join(str(n) for n in (self.n_in, *(layer.n_out for layer in self.layers)))
        return f"Network({widths}, {self.n_nonzero} of {self.n_weights} weights, {self.output}, {self.dtype})"


def _checked_layers(layers: Any) -> tuple[Layer, ...]:
    if isinstance(layers, Layer) or not isinstance(layers, Sequence):
        raise TypeError(f"layers: expected a sequence of Layer, got {_check.describe(layers)}")
    if not layers:
        raise ValueError("layers: expected at least one Layer, got none")
    for i, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise TypeError(f"layers[{i}]: expected a Layer, got {_check.describe(layer)}")
        if layer.weight.dtype != layers[0].weight.dtype:
            raise ValueError(f"layers[{i}]: expected {layers[0].weight.dtype} as in layer 0, got {layer.weight.dtype}")
        if i > 0 and layer.n_in != layers[i - 1].n_out:
            raise ValueError(
                f"layers[{i}]: expected {layers[i - 1].n_out} inputs, the outputs of layer {i - 1}, got {layer.n_in}"
            )
    return tuple(layers)


def _checked_classes(classes: Any, output: str, n_out: int) -> npt.NDArray[Any] | None:
    if classes is None:
        return None
    labels = np.asarray(classes)
    if labels.dtype.kind == "O" and all(isinstance(label, str) for label in labels.flat):
        labels = labels.astype(np.str_)
    if labels.dtype.kind not in "biufU":
        raise TypeError(f"classes: expected numbers or strings, got {_check.describe(labels)}")
    if output == "identity" or (output == "softmax" and n_out == 1):
        raise ValueError(f"classes: expected an output of sigmoid, softmax or ovr that fits them, got {output!r}")
    expected = 2 if n_out == 1 else n_out
    if labels.shape != (expected,) or len(np.unique(labels)) != expected or (labels != labels).any():
        raise ValueError(f"classes: expected {expected} different labels, got {_check.describe(labels)}")
    return read_only(labels.copy())  # type: ignore[no-any-return]


def _checked_origin(origin: Any) -> dict[str, Any]:
    """Return a copy as it comes back from a file."""
    try:
        return dict(json.loads(json.dumps(origin)))
    except (TypeError, ValueError):
        raise TypeError(f"origin: expected a mapping of plain JSON values, got {_check.describe(origin)}") from None


def _checked_inputs(inputs: Any, n_in: int) -> Bools | None:
    if inputs is None:
        return None
    selected = np.asarray(inputs)
    selected = _check.bools("inputs", selected, (selected.size,))
    if selected.sum() != n_in:
        raise ValueError(f"inputs: expected {n_in} True, one for each input of the first layer, got {selected.sum()}")
    return read_only(selected.copy())  # type: ignore[no-any-return]


def _checked_scaling(scaling: Any, n_in: int) -> Scaling | None:
    if scaling is None:
        return None
    if not isinstance(scaling, Scaling):
        raise TypeError(f"scaling: expected a Scaling, got {_check.describe(scaling)}")
    shift, scale = (
        _check.finite("scaling", _check.float_array("scaling", part, ndim=1, dtype=np.float64)) for part in scaling
    )
    if len(shift) != n_in or len(scale) != n_in or (scale <= 0).any():
        raise ValueError(f"scaling: expected {n_in} shifts and {n_in} scales above 0, one for each input")
    return Scaling(read_only(shift.copy()), read_only(scale.copy()))


def _index_of(y: npt.NDArray[Any], classes: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Position of every label in classes."""
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise ValueError(f"y: expected one label for each row of X, got {_check.describe(y)}")
    if classes.dtype.kind == "U" and y.dtype.kind == "O":
        y = y.astype(np.str_)
    if (classes.dtype.kind == "U") != (y.dtype.kind == "U") or y.dtype.kind not in "biufU":
        raise TypeError(f"y: expected labels like the classes, of dtype {classes.dtype}, got {_check.describe(y)}")
    order = np.argsort(classes)
    index: npt.NDArray[np.intp] = order[np.minimum(np.searchsorted(classes[order], y), len(classes) - 1)]
    unknown = np.unique(y[classes[index] != y])
    if len(unknown):
        raise ValueError(f"y: expected labels among the classes {classes.tolist()}, got {unknown[:5].tolist()}")
    return index
