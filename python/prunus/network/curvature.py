"""Gauss-Newton's second derivatives: what the loss curves by, where the network is taken for linear. They need no labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prunus._base import Doubles, Floats
from prunus.data import Data
from prunus.network.functions import ACTIVATIONS, OUTPUTS
from prunus.network.passes import Parameters, backwards, outputs_of, widest

# Directions of the output that the curvature is looked at in: as many as outputs, or so many at random.
_MOST_DIRECTIONS = 32

_MOST_BYTES = 1 << 28  # of the outputs of all layers, and of their sums before activations, that are kept


def curvatures(layers: Sequence[Parameters], output: str, data: Data) -> tuple[Doubles, ...]:
    """Return for each neuron the mean over the samples of the Gauss-Newton second derivative of the loss by its sum.

    J' H J, with J the derivatives of the raw output by a neuron's sum and H the second derivative of the loss by the raw
    output, which needs no labels. Of more than 32 outputs by 32 random signs, the same every time (M. Hutchinson, 1990).
    """
    n_out = len(layers[-1].bias)
    signs = np.eye(n_out)
    if n_out > _MOST_DIRECTIONS:
        rng = np.random.default_rng(0)
        signs = rng.choice([-1.0, 1.0], (_MOST_DIRECTIONS, n_out)) / np.sqrt(_MOST_DIRECTIONS)
    totals = tuple(np.zeros(len(layer.bias)) for layer in layers)
    for rows in data.batches(widest(layers)):
        sums, outputs = outputs_of(layers, data.rows(rows))
        share = data.shares(rows)
        for mix in signs.astype(outputs[-1].dtype):
            _, deltas = backwards(layers, sums, outputs, OUTPUTS[output].root(outputs[-1], mix))
            for total, delta in zip(totals, deltas, strict=True):
                total += share @ delta**2
    return totals


Change = Sequence[tuple[Floats, Floats]]  # of each layer's weight and bias


class Curvature:
    """The Gauss-Newton matrix of the mean loss, J' H J, by its products.

    J is the change of the raw output by that of the parameters, H the second derivative of the loss by the raw output
    (N. Schraudolph, "Fast curvature matrix-vector products", 2002). What the layers put out is computed once where it fits
    into memory.
    """

    def __init__(self, layers: Sequence[Parameters], output: str, data: Data) -> None:
        self._layers, self._output, self._data = layers, output, data
        n_values = 2 * len(data) * sum(len(layer.bias) for layer in layers)
        self._keeps = n_values * np.dtype(data.dtype).itemsize <= _MOST_BYTES
        self._kept: dict[int, tuple[list[Floats], list[Floats]]] = {}

    def product(self, change: Change) -> list[tuple[Doubles, Doubles]]:
        """Return it times a change of each layer's weight and bias. About a forward and a backward pass, or one more."""
        found = [(np.zeros(weight.shape), np.zeros(bias.shape)) for weight, bias in change]
        own = [(weight.astype(self._data.dtype).T, bias.astype(self._data.dtype)) for weight, bias in change]
        for rows in self._data.batches(widest(self._layers)):
            X = self._data.rows(rows)
            sums, outputs = self._forward(rows.start, X)
            inputs = [X, *outputs[:-1]]
            moved = _moved(self._layers, inputs, sums, outputs, own)
            curved = OUTPUTS[self._output].curved(outputs[-1], moved) * self._data.shares(rows)[:, None]
            _, deltas = backwards(self._layers, sums, outputs, curved)
            for (weight, bias), delta, x in zip(found, deltas, inputs, strict=True):
                weight += delta.T @ x
                bias += delta.sum(axis=0)
        return found

    def _forward(self, start: int, X: Any) -> tuple[list[Floats], list[Floats]]:
        """Return (z, o) of every layer for the batch that starts there."""
        if start in self._kept:
            return self._kept[start]
        found = outputs_of(self._layers, X)
        if self._keeps:
            self._kept[start] = found
        return found


def _moved(
    layers: Sequence[Parameters],
    inputs: Sequence[Floats],
    sums: Sequence[Floats],
    outputs: Sequence[Floats],
    change: Change,
) -> Floats:
    """Return how the raw outputs of a batch change, to first order."""
    moved: Floats | None = None
    for layer, x, z, o, (weight, bias) in zip(layers, inputs, sums, outputs, change, strict=True):
        by_sum = x @ weight + bias
        if moved is not None:
            by_sum += moved @ layer.weight.T.astype(z.dtype, copy=False)
        moved = by_sum * ACTIVATIONS[layer.activation].slope(z, o, layer.negative_slope)
    assert moved is not None
    return moved
