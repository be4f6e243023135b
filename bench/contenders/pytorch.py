"""PyTorch: its pruning utilities, dense layers and CSR tensors."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch.nn.utils import prune

from bench.contenders.base import Contender


def _mask(case: Any) -> Any:
    torch.set_num_threads(case.threads)

    def ready(data: Any) -> Any:
        layer = torch.nn.Linear(data.shape[1], data.shape[0], bias=False)
        layer.weight = torch.nn.Parameter(torch.from_numpy(data))

        def run() -> Any:
            prune.global_unstructured([(layer, "weight")], prune.L1Unstructured, amount=case.n_remove)
            return layer.weight_mask

        return run

    return ready


def _dense(case: Any) -> Any:
    torch.set_num_threads(case.threads)
    modules: list[Any] = []
    for layer in case.network.layers:
        linear = torch.nn.Linear(layer.n_in, layer.n_out)
        linear.weight = torch.nn.Parameter(torch.tensor(layer.weight))
        linear.bias = torch.nn.Parameter(torch.tensor(layer.bias))
        modules += [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*modules[:-1])

    def run(x: Any) -> Any:
        with torch.inference_mode():
            return model(torch.from_numpy(x))

    return lambda data: lambda: run(data)


def _csr(case: Any) -> Any:
    torch.set_num_threads(case.threads)
    layers = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that the CSR layout is in beta
        for layer in case.network.layers:
            dense = torch.tensor(layer.weight).to_sparse_csr()
            # 32-bit indices: 64-bit ones are converted at every call
            weight = torch.sparse_csr_tensor(
                dense.crow_indices().int(), dense.col_indices().int(), dense.values(), dense.shape
            )
            layers.append((weight, torch.tensor(layer.bias)[:, None]))

    def run(x: Any) -> Any:
        with torch.inference_mode():
            columns = torch.from_numpy(x).T.contiguous()
            for weight, bias in layers[:-1]:
                columns = torch.relu_((weight @ columns).add_(bias))
            return (layers[-1][0] @ columns + layers[-1][1]).T.contiguous()

    return lambda data: lambda: run(data)


def _numpy(result: Any) -> Any:
    return result.numpy()


CONTENDERS = [
    Contender("torch global_unstructured", "mask", _mask, _numpy),
    Contender("torch dense", "mlp", _dense, _numpy, is_dense=True),
    Contender("torch CSR", "mlp", _csr, _numpy),
]
