"""sparselab: padded CSR for sparse training."""

from __future__ import annotations

from typing import Any

import sparselab
import torch

from bench.contenders.base import Contender


def _mlp(case: Any) -> Any:
    torch.set_num_threads(case.threads)
    layers = [
        (sparselab.PaddedCSR.from_dense(torch.tensor(layer.weight)), torch.tensor(layer.bias)[:, None])
        for layer in case.network.layers
    ]

    def run(x: Any) -> Any:
        with torch.inference_mode():
            columns = torch.from_numpy(x).T.contiguous()
            for weight, bias in layers[:-1]:
                columns = torch.relu_(sparselab.spmm(weight, columns).add_(bias))
            return (sparselab.spmm(layers[-1][0], columns) + layers[-1][1]).T.contiguous()

    return lambda data: lambda: run(data)


CONTENDERS = [Contender("sparselab", "mlp", _mlp, lambda result: result.numpy())]
