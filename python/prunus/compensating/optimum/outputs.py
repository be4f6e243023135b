"""A linear model's outputs fitted each alone, or all together where they depend on one another."""

from __future__ import annotations

import numpy as np

from prunus._base import Bools, Doubles
from prunus.compensating.optimum.newton import Penalty, least
from prunus.data import Data, is_sparse
from prunus.network import Layer, Network, as_fitted, of_output, row_curvatures

_MOST_VALUES = 1 << 26  # of samples that are converted once for all steps, 512 MB


class Problem:
    """The j-th output's own problem, on all columns that the network reads."""

    def __init__(self, network: Network, j: int, data: Data, penalty: Penalty, threads: int) -> None:
        layer = network.layers[0]
        own = Layer(layer.weight[j : j + 1].astype(np.float64), layer.bias[j : j + 1].astype(np.float64))
        is_squared = network.classes is None or network.provenance.loss == "squared"
        output, classes = ("identity", None) if is_squared else ("sigmoid", np.arange(2))
        self._network = Network([own], output=output, classes=classes)
        self._data, self._penalty, self.threads = _in_memory(data, layer.n_in), penalty, threads

    @property
    def n_samples(self) -> int:
        """How many there are."""
        return len(self._data)

    def least(self, kept: Bools, start: Layer | None = None, reached: float = 1e-6) -> tuple[float, Layer]:
        """Return the least value with weights where `kept` (n_in,) is True, and the layer that has it, (1, n_in)."""
        begin = self._network.layers[0] if start is None else start
        read = kept if kept.any() else np.arange(len(kept)) == 0  # a layer has an input, if only of weight 0
        small = self._network.replace([Layer(np.where(kept, begin.weight, 0)[:, read], begin.bias)])
        own = _in_memory(self._data.columns(read), int(read.sum()))
        value, found = least(small, kept[None, read], own, self._penalty, self.threads, reached)
        weight = np.zeros(begin.weight.shape)
        weight[:, read] = found.layers[0].weight
        return value, Layer(weight, found.layers[0].bias)

    def slopes(self, layer: Layer) -> tuple[Doubles, Doubles]:
        """Return gradient (n_in,) and second derivative by all weights, and after them by the bias where one is fitted."""
        network = self._network.replace([layer])
        columns, bias = np.arange(layer.n_in), self._penalty.biases is not None
        (curvature,) = row_curvatures(network, self._data, [columns], bias=bias)
        own = np.full(len(curvature), 2 * self._penalty.weights)
        own[layer.n_in :] = 2 * (self._penalty.biases or 0.0)
        gradient = network.gradients(self._data).weights[0][0] + 2 * self._penalty.weights * layer.weight[0]
        return gradient, curvature + np.diag(own)


def together(network: Network, kept: Bools, data: Data, alpha: float | None, threads: int) -> tuple[Doubles, Doubles]:
    """Return weights and biases of a model whose outputs depend on one another."""
    from prunus import solving  # it takes a quarter of the time to import prunus

    data = as_fitted(network, data)
    penalty = penalty_of(network, float(solving.penalties_of(network, alpha, data, "compensation 'refit'").max()))
    read = np.asarray(kept.any(axis=0)) if kept.any() else np.arange(kept.shape[1]) == 0
    layer = network.layers[0]
    start = Layer(np.where(kept, layer.weight, 0)[:, read].astype(np.float64), layer.bias.astype(np.float64))
    own = _in_memory(data.columns(read), int(read.sum()))
    small = Network([start], output=network.output, classes=network.classes)
    _, found = least(small, kept[:, read], own, penalty, threads)
    weight = np.zeros(kept.shape)
    weight[:, read] = found.layers[0].weight
    return weight, found.layers[0].bias.astype(np.float64)


def row_by_row(network: Network, kept: Bools, data: Data, alpha: float | None, threads: int) -> tuple[Doubles, Doubles]:
    """Return weights and biases of a model that tells each class from the rest alone."""
    weight, bias = np.zeros(kept.shape), np.zeros(len(kept))
    for j, there in enumerate(kept):
        weight[j], bias[j] = of_one(problem_of(network, j, data, alpha, threads), there)
    return weight, bias


def problem_of(network: Network, j: int, data: Data, alpha: float | None, threads: int) -> Problem:
    """Return one output's own problem."""
    from prunus import solving

    own = of_output(network, data, j)
    penalty = solving.penalties_of(network, alpha, own, "compensation 'refit'")[j]
    return Problem(network, j, own, penalty_of(network, float(penalty)), threads)


def penalty_of(network: Network, ridge: float) -> Penalty:
    """Return the penalty of a model, whose biases may be left out of it, or out of the fit."""
    provenance = network.provenance
    return Penalty(ridge, ridge * provenance.ridge_of_bias if provenance.fit_intercept else None)


def of_one(problem: Problem, there: Bools, start: Layer | None = None) -> tuple[Doubles, float]:
    """Return the weights (n_in,) and the bias of one output."""
    _, layer = problem.least(there, start, reached=1e-9)
    return layer.weight[0].astype(np.float64), float(layer.bias[0])


def _in_memory(data: Data, n_columns: int) -> Data:
    """Return the samples converted once, if they fit."""
    return data.taken_once() if is_sparse(data.source) or len(data) * n_columns <= _MOST_VALUES else data
