"""SciPy's compressed sparse rows, on one thread as they always are."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array

from bench.contenders.base import Contender


def _mlp(case: Any) -> Any:
    layers = [(csr_array(layer.weight), layer.bias[:, None]) for layer in case.network.layers]

    def run(x: Any) -> Any:
        columns = np.ascontiguousarray(x.T)
        for weight, bias in layers[:-1]:
            columns = weight @ columns
            columns += bias
            np.maximum(columns, 0, out=columns)
        return np.ascontiguousarray((layers[-1][0] @ columns + layers[-1][1]).T)

    return lambda data: lambda: run(data)


def _sparse_matrix(case: Any) -> Any:
    matrix = case.matrix()
    if case.columns:
        return lambda X: lambda: (matrix @ X, 1.0)
    return lambda X: lambda: (X @ matrix.T, 1.0)


def _sparse_samples(case: Any) -> Any:
    transposed = csr_array(case.network.layers[0].weight.T)
    return lambda data: lambda: data[0] @ transposed


def _sparse_samples_by_dense(case: Any) -> Any:
    transposed = np.ascontiguousarray(case.network.layers[0].weight.T)
    return lambda data: lambda: data[0] @ transposed


CONTENDERS = [
    Contender("SciPy CSR", "mlp", _mlp),
    Contender("SciPy CSR", "sparse-matrix", _sparse_matrix),
    Contender("SciPy CSR by CSR", "sparse-samples", _sparse_samples),
    Contender("SciPy CSR by dense weights", "sparse-samples", _sparse_samples_by_dense),
]
