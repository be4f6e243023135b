"""NumPy: partition for masks, its BLAS for products."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.contenders.base import Contender


def _mask(case: Any) -> Any:
    def run(weights: Any) -> Any:
        scores = np.abs(weights)
        cut = np.partition(scores.ravel(), case.n_remove)[case.n_remove]
        return scores >= cut

    return lambda data: lambda: run(data)


def _mlp(case: Any) -> Any:
    layers = [(np.ascontiguousarray(layer.weight.T), layer.bias) for layer in case.network.layers]

    def run(x: Any) -> Any:
        for weight, bias in layers[:-1]:
            x = x @ weight
            x += bias
            np.maximum(x, 0, out=x)
        return x @ layers[-1][0] + layers[-1][1]

    return lambda data: lambda: run(data)


CONTENDERS = [Contender("NumPy", "mask", _mask), Contender("NumPy dense", "mlp", _mlp, is_dense=True)]
