"""Forward and backward through layers, in NumPy: for networks, and for the mutable arrays of one that is being trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from prunus._base import Floats
from prunus.data import Data
from prunus.network.functions import ACTIVATIONS, OUTPUTS


class Parameters(Protocol):
    """What one layer computes with: a Layer, or the mutable arrays of one that is being trained."""

    @property
    def weight(self) -> Floats:
        """(n_out, n_in)."""

    @property
    def bias(self) -> Floats:
        """(n_out,)."""

    @property
    def activation(self) -> str:
        """Its name."""

    @property
    def negative_slope(self) -> float:
        """Of leaky_relu."""


def outputs_of(layers: Sequence[Parameters], X: Any) -> tuple[list[Floats], list[Floats]]:
    """Return (z, o) of every layer, z before and o after the activation, each (n_samples, n_out), in the dtype of X.

    X may be a csr_array: its zeros are not multiplied.
    """
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

    share: Floats  # (n_samples,)
    loss: float  # sum over the samples of share * loss
    inputs: list[Any]  # x, (n_samples, n_in); the first may be a csr_array
    outputs: list[Floats]  # o, (n_samples, n_out)
    output_gradients: list[Floats]  # dL/do
    sum_gradients: list[Floats]  # dL/dz: dL/dW = sum_gradients.T @ inputs, dL/db = sum_gradients.sum(axis=0)


def trace(layers: Sequence[Parameters], output: str, X: Any, target: Floats, share: Floats) -> Trace:
    """Return the trace of a batch, in the dtype of X.

    `target` is (n_samples, n_out) as `Network.encode` makes it; `share` (n_samples,) is what a sample's loss counts for in L.
    """
    sums, outputs = outputs_of(layers, X)
    kind = OUTPUTS[output]
    loss = float(kind.loss(outputs[-1], target) @ share)
    output_gradients, sum_gradients = backwards(
        layers, sums, outputs, kind.gradient(outputs[-1], target) * share[:, None]
    )
    return Trace(share, loss, [X, *outputs[:-1]], outputs, output_gradients, sum_gradients)


def backwards(
    layers: Sequence[Parameters], sums: Sequence[Floats], outputs: Sequence[Floats], last: Floats
) -> tuple[list[Floats], list[Floats]]:
    """Return the gradients by the outputs and by the sums of every layer, from that by the last outputs on."""
    output_gradients, sum_gradients = [last], list[Floats]()
    for i in reversed(range(len(layers))):
        slope = ACTIVATIONS[layers[i].activation].slope(sums[i], outputs[i], layers[i].negative_slope)
        sum_gradients.insert(0, output_gradients[0] * slope)
        if i > 0:
            output_gradients.insert(0, sum_gradients[0] @ layers[i].weight.astype(last.dtype, copy=False))
    return output_gradients, sum_gradients


class Forward(NamedTuple):
    """One batch, forwards, layer by layer."""

    share: Floats  # (n_samples,)
    inputs: list[Any]  # x, (n_samples, n_in); the first may be a csr_array
    outputs: list[Floats]  # o, (n_samples, n_out)


class Gradients(NamedTuple):
    """L, the mean loss over the samples, and its gradients, one array for each layer, in float64."""

    loss: float
    weights: tuple[npt.NDArray[np.float64], ...]
    biases: tuple[npt.NDArray[np.float64], ...]


def widest(layers: Sequence[Parameters]) -> int:
    """Return the largest number of outputs."""
    return max(len(layer.bias) for layer in layers)


def traces(layers: Sequence[Parameters], output: str, data: Data) -> Iterator[Trace]:
    """Go through the data in batches, forwards and backwards, in the data's dtype."""
    for rows in data.batches(widest(layers)):
        yield trace(layers, output, data.rows(rows), data.targets(rows), data.shares(rows))


def forwards(layers: Sequence[Parameters], data: Data) -> Iterator[Forward]:
    """Go through the samples in batches, forwards, in their dtype."""
    for rows in data.batches(widest(layers)):
        X = data.rows(rows)
        outputs = outputs_of(layers, X)[1]
        yield Forward(data.shares(rows), [X, *outputs[:-1]], outputs)


def loss_of(layers: Sequence[Parameters], output: str, data: Data) -> float:
    """Return L, the (weighted) mean over the samples of the loss."""
    total = 0.0
    for rows in data.batches(widest(layers)):
        raw = outputs_of(layers, data.rows(rows))[1][-1]
        total += float(OUTPUTS[output].loss(raw, data.targets(rows)) @ data.shares(rows))
    return total


def gradients_of(layers: Sequence[Parameters], output: str, data: Data) -> Gradients:
    """Return L and its gradients. Costs one forward and one backward pass."""
    loss = 0.0
    weights = tuple(np.zeros(layer.weight.shape) for layer in layers)
    biases = tuple(np.zeros(len(layer.bias)) for layer in layers)
    for batch in traces(layers, output, data):
        loss += batch.loss
        for i, delta in enumerate(batch.sum_gradients):
            weights[i][...] += delta.T @ batch.inputs[i]
            biases[i][...] += delta.sum(axis=0)
    return Gradients(loss, weights, biases)


def error_bound(layers: Sequence[Parameters], X: Any, eps: float) -> Floats:
    """Bound the rounding error of any evaluation of the raw output with that eps; X is in float64.

    A sum of n products and a bias, in any order, fused or not, is off by at most (n + 2) * eps times the sum of the terms'
    absolute values (N. Higham, "Accuracy and stability of numerical algorithms", 2002, chapter 3, with room for the second
    order); weights that are zero add no error, whether they are multiplied or skipped. What the inputs are off by is passed
    on by |W| and the steepest slope of the activation.
    """
    x = X
    error: Floats | float = 0.0
    for layer in layers:
        weight = np.abs(layer.weight.astype(np.float64)).T
        passed = error @ weight if isinstance(error, np.ndarray) else 0.0
        terms = abs(x) @ weight + passed + np.abs(layer.bias)
        (z,), (output,) = outputs_of([layer], x)
        kind = ACTIVATIONS[layer.activation]
        steepest = max(kind.steepest, abs(layer.negative_slope)) if layer.activation == "leaky_relu" else kind.steepest
        n_terms = np.count_nonzero(weight, axis=0) + 2
        error = steepest * (passed + n_terms * eps * terms)
        error = error + max(steepest, 1) * kind.own_error * eps * np.maximum(np.abs(z), 1)
        x = output
    return np.asarray(error)
