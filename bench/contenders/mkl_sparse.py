"""MKL's sparse product by way of sparse-dot-mkl, in a process of its own, since it brings an OpenMP of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from bench.contenders.base import Contender

_LIBRARIES = sorted(Path(sys.prefix, "lib").glob("libmkl_rt.so*"))


def _mlp(case: Any) -> Any:
    from sparse_dot_mkl import dot_product_mkl, mkl_set_num_threads

    mkl_set_num_threads(case.threads)
    layers = [(csr_matrix(layer.weight), layer.bias[:, None]) for layer in case.network.layers]

    def run(x: Any) -> Any:
        columns = np.ascontiguousarray(x.T)
        for weight, bias in layers[:-1]:
            columns = dot_product_mkl(weight, columns)
            columns += bias
            np.maximum(columns, 0, out=columns)
        return np.ascontiguousarray((dot_product_mkl(layers[-1][0], columns) + layers[-1][1]).T)

    return lambda data: lambda: run(data)


CONTENDERS = (
    [Contender("MKL sparse", "mlp", _mlp, environment={"MKL_RT": str(_LIBRARIES[0])}, needs="sparse_dot_mkl")]
    if _LIBRARIES
    else []
)
