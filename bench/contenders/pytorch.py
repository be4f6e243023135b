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


def _mask_of_pattern(case: Any) -> Any:
    """The plain formulas: there is no utility that makes such masks."""
    torch.set_num_threads(case.threads)

    def two_of_four(scores: Any) -> Any:
        groups = scores.view(-1, 4)
        best = groups.topk(2, dim=1, sorted=False).indices
        return torch.zeros(groups.shape, dtype=torch.bool).scatter_(1, best, value=True).view(scores.shape)

    def blocks(scores: Any) -> Any:
        sums = scores.view(-1, 4, scores.shape[1]).sum(dim=1)
        kept = sums > sums.flatten().kthvalue(case.n_remove).values
        return kept.repeat_interleave(4, dim=0)

    run = {"2:4": two_of_four, "block:4x1": blocks}[case.pattern]
    return lambda data: lambda: run(torch.from_numpy(data).abs())


def _prune(case: Any) -> Any:
    """Scores by the plain formula, and its utility for what is lowest over all layers."""
    torch.set_num_threads(case.threads)
    options = {name: [[torch.tensor(w) for w in _flat(t)] for t in value] for name, value in case.options.items()}

    def scores_of(weights: Any) -> Any:
        if case.criterion == "synflow":
            return _synflow(weights)
        if case.criterion == "adam":
            return [w**2 * v[0].sqrt() for w, v in zip(weights, options["second_moment"], strict=True)]
        if case.criterion == "movement":
            return [old * (new - old) for old, new in zip(*options["history"], strict=True)]
        return [w.abs() for w in weights]

    def ready(_: Any) -> Any:
        layers = []
        for layer in case.network.layers:
            linear = torch.nn.Linear(layer.n_in, layer.n_out)
            linear.weight = torch.nn.Parameter(torch.tensor(layer.weight))
            layers.append(linear)
        pairs = [(layer, "weight") for layer in layers]
        method = prune.RandomUnstructured if case.criterion == "random" else prune.L1Unstructured

        def run() -> Any:
            scores = {}
            if case.criterion not in ("magnitude", "random"):
                found = scores_of([layer.weight.detach() for layer in layers])
                lowest = min(float(score.min()) for score in found)  # the utility ranks absolute values
                scores = {pair: score - lowest for pair, score in zip(pairs, found, strict=True)}
            prune.global_unstructured(pairs, method, importance_scores=scores or None, amount=0.9)
            return [layer.weight_mask for layer in layers]

        return run

    return ready


def _flat(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _synflow(weights: Any) -> Any:
    absolute = [w.abs().requires_grad_() for w in weights]
    x = torch.ones(weights[0].shape[1])
    for w in absolute:
        x = w @ x
    flow: Any = x.sum()
    flow.backward()
    return [w.detach() * w.grad for w in absolute]


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
    Contender("torch global_unstructured", "mask", _mask, _numpy, takes=lambda case: case.pattern == "weight"),
    Contender("torch", "mask", _mask_of_pattern, _numpy, takes=lambda case: case.pattern != "weight"),
    Contender("torch global_unstructured", "prune", _prune, lambda masks: [mask.numpy() for mask in masks]),
    Contender("torch dense", "mlp", _dense, _numpy, is_dense=True),
    Contender("torch CSR", "mlp", _csr, _numpy),
]
