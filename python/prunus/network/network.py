"""Network: the one representation of a model, with its predictions, losses, gradients and error bounds."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus import _core
from prunus._base import Bools, Doubles, Floats, check, columns_of
from prunus.data import Data, Scaling, only_read, read_by, require_finite, source_of, unchecked
from prunus.network import curvature, parts, passes
from prunus.network.functions import OUTPUTS
from prunus.network.labels import Labels
from prunus.network.layer import Layer, same
from prunus.network.passes import Forward, Gradients, Trace
from prunus.network.provenance import Provenance, provenance_of


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Network:
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
        layers = parts.checked_layers(layers)
        output = check.one_of("output", output, OUTPUTS)
        check.put(
            self,
            layers=layers,
            output=output,
            classes=parts.checked_classes(classes, output, layers[-1].n_out),
            inputs=parts.checked_inputs(inputs, layers[0].n_in),
            scaling=parts.checked_scaling(scaling, layers[0].n_in),
            origin=None if origin is None else parts.checked_origin(origin),
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
    def feature_names(self) -> list[str] | None:
        """Names of the columns of X, if the model was fitted with a DataFrame: one of other columns is refused."""
        names = self.provenance.feature_names
        return names if names is not None and len(names) == self.n_in else None

    @property
    def provenance(self) -> Provenance:
        """What is known of the model that it was made of."""
        return provenance_of(self.origin)

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

    @property
    def is_linear(self) -> bool:
        """Whether it has one layer and no activation: a linear regression or a linear classifier."""
        return len(self.layers) == 1 and self.layers[0].activation == "identity"

    @property
    def is_linear_regression(self) -> bool:
        """Whether it has one layer, no activation, and no classes."""
        return self.is_linear and self.output == "identity" and self.classes is None

    def replace(self, layers: Sequence[Layer]) -> Network:
        """Return a network with these layers and otherwise like this one."""
        return self._with(layers, inputs=self.inputs, scaling=self.scaling)

    def _with(self, layers: Sequence[Layer], *, inputs: Bools | None = None, scaling: Scaling | None = None) -> Network:
        return Network(
            layers, output=self.output, classes=self.classes, inputs=inputs, scaling=scaling, origin=self.origin
        )

    def astype(self, dtype: npt.DTypeLike) -> Network:
        """Return the network in float32 or float64."""
        name = check.floating("dtype", dtype)
        with np.errstate(over="ignore"):  # the Layer refuses what is too large
            layers = [layer.replace(layer.weight.astype(name), layer.bias.astype(name)) for layer in self.layers]
        return self.replace(layers)

    def with_all_inputs(self) -> Network:
        """Return an equal network whose first layer reads every column of X, with zeros for those it did not."""
        if self.inputs is None:
            return self
        weight = np.zeros((self.layers[0].n_out, self.n_in), self.dtype)
        weight[:, self.inputs] = self.layers[0].weight
        scaling = None if self.scaling is None else self.scaling.spread(self.inputs)
        return self._with((self.layers[0].replace(weight), *self.layers[1:]), scaling=scaling)

    def with_inputs(self, kept: Bools) -> Network:
        """Return the network whose first layer reads of its inputs these alone."""
        if kept.all():
            return self
        inputs = np.ones(self.n_in, np.bool_) if self.inputs is None else self.inputs.copy()
        inputs[inputs] = kept
        scaling = None if self.scaling is None else Scaling(*(part[kept] for part in self.scaling))
        first = self.layers[0]
        return self._with([first.replace(first.weight[:, kept]), *self.layers[1:]], inputs=inputs, scaling=scaling)

    def unfolded(self) -> Network:
        """Return the network as it was trained: what takes standardized inputs, and has neither inputs nor scaling."""
        if self.scaling is None:
            return self if self.inputs is None else self._with(self.layers)
        first = self.layers[0]
        weight = first.weight.astype(np.float64)
        bias = first.bias + weight @ self.scaling.shift
        weight = (weight * self.scaling.scale).astype(self.dtype)
        return self._with((first.replace(weight, bias), *self.layers[1:]))

    def refolded(self, trained: Network) -> Network:
        """Return the network that takes X and computes what `trained` computes for standardized inputs."""
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
        X : array_like or SciPy sparse matrix of shape (n_samples, n_in)
            A column that no weight reads may hold anything; NaN or infinity elsewhere affects its sample.

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_out)

        Raises
        ------
        TypeError, ValueError
            If X is not of a real type, or not of that shape.
        """
        return passes.outputs_of(self.layers, self._rows(X))[1][-1]

    def error_bound(self, X: Any) -> Floats:
        """Bound the rounding error of any evaluation of the raw output in the network's dtype, (n_samples, n_out).

        See `passes.error_bound`. Two outputs that differ by more than the sum of their bounds come in the same order in
        every evaluation.
        """
        return passes.error_bound(self.layers, self._rows(X), float(np.finfo(self.dtype).eps))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return labels (0/1 rows for multilabel; ValueError for NaN), or without classes the output, (n_samples,) of one."""
        return self.labels.decide(self.forward(X))

    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Return probabilities (n_samples, n_classes). Classification only: raises ValueError without classes, and for NaN."""
        return self.labels.probabilities(self.forward(X))

    @property
    def labels(self) -> Labels:
        """What the raw output says."""
        return Labels(self.classes, self.output, self.n_out)

    @property
    def is_multilabel(self) -> bool:
        """Whether every output is a label of its own."""
        return self.labels.is_multilabel

    def encode(self, y: Any, n_samples: int, *, name: str = "y") -> Floats:
        """Return targets (n_samples, n_out): indicators of the classes, or the values to be regressed on."""
        return self.labels.encode(y, n_samples, name)

    def data(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        class_weight: Any = None,
        dtype: npt.DTypeLike = np.float64,
        standardized: bool = False,
        names: tuple[str, str] = ("X", "y"),
    ) -> Data:
        """Check samples, labels and weights, and return them encoded. Refuses an empty batch, NaN and infinity."""
        samples = self.samples(X, sample_weight, dtype=dtype, standardized=standardized, name=names[0])
        n = len(samples)
        if class_weight is not None:
            samples = samples.weighted(self.labels.weights(class_weight, y, sample_weight, n))
        target = self.encode(y, n, name=names[1])
        with np.errstate(over="ignore"):  # what is too large for the dtype is refused by name
            check.finite(names[1], check.float_array(names[1], target, dtype=dtype))
        return replace(samples, target=target)

    def samples(
        self, X: Any, sample_weight: Any = None, *, dtype: Any = np.float64, standardized: bool = False, name: str = "X"
    ) -> Data:
        """Check samples and weights, as they are and, for `unfolded()`, standardized; refuse none, NaN and infinity."""
        source = source_of(name, X, self.n_in, self.feature_names)
        plain = Data(source, np.dtype(dtype), self.inputs).weighted(sample_weight)
        data = self.view(plain, standardized=standardized)
        require_finite(name, data, [data] if data.scaling is None else [plain, data], columns_of(X))
        return data

    def view(self, data: Data, *, standardized: bool = False, dtype: Any = None) -> Data:
        """Return data that were checked before as this network takes them, or for `unfolded()` standardized."""
        scaling = self.scaling if standardized else None
        return replace(data, inputs=self.inputs, scaling=scaling, dtype=np.dtype(dtype or data.dtype))

    def _rows(self, X: Any) -> Any:
        """Return X in float64, as the first layer takes it; NaN and infinity are let through."""
        rows = unchecked(X, self.n_in, np.float64, self.inputs, self.feature_names).rows(slice(None))
        return only_read(rows, read_by(self.layers[0].weight))

    def traces(self, data: Data) -> Iterator[Trace]:
        """Go through the data in batches, forwards and backwards, in the data's dtype."""
        return passes.traces(self.layers, self.output, data)

    @property
    def fits_biases(self) -> bool:
        """Whether biases are fitted with the weights: any layer has one, and the model was not fitted without an intercept."""
        return self.provenance.fit_intercept and any(layer.bias.any() for layer in self.layers)

    def forwards(self, data: Data) -> Iterator[Forward]:
        """Go through the data in batches, forwards, in their dtype."""
        return passes.forwards(self.layers, data)

    def curvatures(self, data: Data) -> tuple[Doubles, ...]:
        """Return for each neuron the mean second derivative of the loss by its sum, Gauss-Newton's, which needs no labels."""
        return curvature.curvatures(self.layers, self.output, data)

    def curvature(self, data: Data) -> curvature.Curvature:
        """Return the Gauss-Newton matrix of the loss, by its products with changes of the weights and biases."""
        return curvature.Curvature(self.layers, self.output, data)

    def imitated(self, data: Data) -> Data:
        """Return the samples with what this network puts out as their labels."""
        target = [OUTPUTS[self.output].target(batch.outputs[-1]) for batch in self.forwards(data)]
        return replace(data, target=np.concatenate(target))

    def loss_of(self, data: Data) -> float:
        """Return L, the (weighted) mean over the samples of the loss."""
        return passes.loss_of(self.layers, self.output, data)

    def loss(self, X: Any, y: Any, sample_weight: Any = None, *, class_weight: Any = None) -> float:
        """Return L, the (weighted) mean over the samples of the loss.

        Squared error averaged over the outputs for regression, cross-entropy for softmax, and the sum over the outputs of
        the binary cross-entropy for sigmoid and ovr.
        """
        return passes.loss_of(self.layers, self.output, self.data(X, y, sample_weight, class_weight=class_weight))

    def gradients(self, data: Data) -> Gradients:
        """Return L and its gradients. Costs one forward and one backward pass."""
        return passes.gradients_of(self.layers, self.output, data)

    def __reduce__(self) -> tuple[Any, ...]:
        parts = {name: getattr(self, name) for name in ("output", "classes", "inputs", "scaling")}
        parts["origin"] = None if self.origin is None else dict(self.origin)
        return functools.partial(Network, **parts), (self.layers,)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        return (
            (self.layers, self.output, self.origin) == (other.layers, other.output, other.origin)
            and same(self.classes, other.classes)
            and same(self.inputs, other.inputs)
            and all(same(a, b) for a, b in zip(self.scaling or (None,), other.scaling or (None,), strict=False))
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        widths = "-".join(str(n) for n in (self.n_in, *(layer.n_out for layer in self.layers)))
        return f"Network({widths}, {self.n_nonzero} of {self.n_weights} weights, {self.output}, {self.dtype})"
