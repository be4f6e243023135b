"""NumPy: partition for masks, its BLAS for products; with SciPy's inverse."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.cases.surgery import exact, in_columns
from bench.contenders.base import Contender


def _mask(case: Any) -> Any:
    def lowest(scores: Any) -> Any:
        return scores >= np.partition(scores.ravel(), case.n_remove)[case.n_remove]

    def two_of_four(scores: Any) -> Any:
        groups = scores.reshape(-1, 4)
        mask = np.zeros(groups.shape, np.bool_)
        np.put_along_axis(mask, np.argpartition(groups, 1, axis=1)[:, 2:], values=True, axis=1)
        return mask.reshape(scores.shape)

    def blocks(scores: Any) -> Any:
        return lowest(scores.reshape(-1, 4, scores.shape[1]).sum(axis=1)).repeat(4, axis=0)

    run = {"weight": lowest, "2:4": two_of_four, "block:4x1": blocks}[case.pattern]
    return lambda data: lambda: run(np.abs(data))


def _score(case: Any) -> Any:
    """The passes alone, in float64 and all samples at once: outputs, or the gradients of the weights."""
    layers = [(layer.weight.astype(np.float64), layer.bias.astype(np.float64)) for layer in case.network.layers]

    def run(x: Any, y: Any) -> Any:
        inputs = [x.astype(np.float64)]
        for weight, bias in layers[:-1]:
            inputs.append(np.maximum(inputs[-1] @ weight.T + bias, 0))
        raw = inputs[-1] @ layers[-1][0].T + layers[-1][1]
        if not case.needs_labels:
            return [*inputs[1:], raw]
        delta = np.exp(raw - raw.max(axis=1, keepdims=True))
        delta /= delta.sum(axis=1, keepdims=True)
        delta[np.arange(len(y)), y] -= 1
        delta /= len(y)
        gradients: list[Any] = []
        for i in reversed(range(len(layers))):
            gradients.insert(0, delta.T @ inputs[i])
            if i > 0:
                delta = (delta @ layers[i][0]) * (inputs[i] > 0)
        return gradients

    return lambda data: lambda: [run(*data) for _ in range(case.n_passes)][-1]


def _mlp(case: Any) -> Any:
    layers = [(np.ascontiguousarray(layer.weight.T), layer.bias) for layer in case.network.layers]

    def run(x: Any) -> Any:
        for weight, bias in layers[:-1]:
            x = x @ weight
            x += bias
            np.maximum(x, 0, out=x)
        return x @ layers[-1][0] + layers[-1][1]

    return lambda data: lambda: run(data)


def _few_samples(case: Any) -> Any:
    weight, network = np.ascontiguousarray(case.network.layers[0].weight.T), case.network
    return lambda data: lambda: (data @ weight, network)


def _path(case: Any) -> Any:  # noqa: ARG001
    """What the path of all sizes cannot do without."""
    from scipy.linalg import inv

    def run(X: Any) -> Any:
        gram = X.T @ X
        return gram, inv(gram)

    return lambda data: lambda: run(data[0])


def _surgery(case: Any) -> Any:
    if case.order == "exact":
        return lambda data: lambda: exact(*data[:2])
    return lambda data: lambda: in_columns(*data)


CONTENDERS = [
    Contender("NumPy", "mask", _mask),
    Contender("NumPy, the passes alone", "score", _score, lambda result: (None, result)),
    Contender("NumPy dense", "mlp", _mlp, is_dense=True),
    Contender("NumPy dense", "few-samples", _few_samples, is_dense=True),
    Contender("NumPy, transcribed", "surgery", _surgery),
    Contender("NumPy X.T @ X and scipy.linalg.inv", "regression-path", _path, needs="scipy"),
]
