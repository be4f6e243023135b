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


CONTENDERS = [Contender("SciPy CSR", "mlp", _mlp)]
