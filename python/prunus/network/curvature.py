"""Gauss-Newton's second derivatives: what the loss curves by, where the network is taken for linear. They need no labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prunus._base import Doubles, Floats
from prunus.data import Data
from prunus.network.functions import ACTIVATIONS, OUTPUTS
from prunus.network.passes import Parameters, backwards, outputs_of, widest

# Directions of the output that the curvature is looked at in: as many as outputs, or so many at random.
_MOST_DIRECTIONS = 32


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


def curvature_product(
    layers: Sequence[Parameters], output: str, data: Data, change: Change
) -> list[tuple[Doubles, Doubles]]:
    """Return the Gauss-Newton matrix of the mean loss times a change of the weights and biases.

    J' H J: the change of the raw output by the change of the parameters, H the second derivative of the loss by it, and back
    (N. Schraudolph, "Fast curvature matrix-vector products", 2002). About two forward and one backward pass.
    """
    found = [(np.zeros(weight.shape), np.zeros(bias.shape)) for weight, bias in change]
    own = [(weight.astype(data.dtype).T, bias.astype(data.dtype)) for weight, bias in change]
    for rows in data.batches(widest(layers)):
        X = data.rows(rows)
        sums, outputs = outputs_of(layers, X)
        inputs = [X, *outputs[:-1]]
        moved = _moved(layers, inputs, sums, outputs, own)
        _, deltas = backwards(
            layers, sums, outputs, OUTPUTS[output].curved(outputs[-1], moved) * data.shares(rows)[:, None]
        )
        for (weight, bias), delta, x in zip(found, deltas, inputs, strict=True):
            weight += delta.T @ x
            bias += delta.sum(axis=0)
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
