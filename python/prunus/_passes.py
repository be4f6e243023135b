"""Forward and backward through layers, in NumPy: for networks, and for the mutable arrays of one that is being trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from prunus._check import Floats
from prunus._functions import ACTIVATIONS, OUTPUTS

# Samples that go through the layers at once where a whole batch need not: 4096 rows of 1024 float64 are 32 MB.
_BATCH = 4096


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

    share: Floats  # (n_samples,)
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
    return Trace(share, loss, [X, *outputs[:-1]], outputs, output_gradients, sum_gradients)


@dataclass(frozen=True)
class Samples:
    """Samples, checked for one network, and what each counts for."""

    X: Floats  # (n_samples, n_in of the first layer): the columns that the network reads
    share: npt.NDArray[np.float64]  # (n_samples,), sums to 1

    def __len__(self) -> int:
        return len(self.X)


@dataclass(frozen=True)
class Data(Samples):
    """Samples with their labels, encoded for one network."""

    target: Floats  # (n_samples, n_out)


class Forward(NamedTuple):
    """One batch, forwards, layer by layer."""

    share: Floats  # (n_samples,)
    inputs: list[Floats]  # x, (n_samples, n_in)
    outputs: list[Floats]  # o, (n_samples, n_out)


class Gradients(NamedTuple):
    """L, the mean loss over the samples, and its gradients, one array for each layer, in float64."""

    loss: float
    weights: tuple[npt.NDArray[np.float64], ...]
    biases: tuple[npt.NDArray[np.float64], ...]


def batches(n_samples: int) -> Iterator[slice]:
    """Rows of each batch."""
    for begin in range(0, n_samples, _BATCH):
        yield slice(begin, begin + _BATCH)


def traces(layers: Sequence[Parameters], output: str, data: Data) -> Iterator[Trace]:
    """Go through the data in batches, forwards and backwards, in the data's dtype."""
    for rows in batches(len(data)):
        share = data.share[rows].astype(data.X.dtype)
        yield trace(layers, output, data.X[rows], data.target[rows], share)


def forwards(layers: Sequence[Parameters], samples: Samples) -> Iterator[Forward]:
    """Go through the samples in batches, forwards, in their dtype."""
    for rows in batches(len(samples)):
        outputs = outputs_of(layers, samples.X[rows])[1]
        yield Forward(samples.share[rows].astype(samples.X.dtype), [samples.X[rows], *outputs[:-1]], outputs)
