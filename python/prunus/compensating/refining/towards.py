"""What refinement is to come near to: the outputs of a network, less sure of themselves, or labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prunus._base import Bools
from prunus.compensating.refining.settings import Refine
from prunus.compensating.refining.steps import stepped
from prunus.data import Data
from prunus.network import Network


def refined(
    network: Network, dense: Network, kept: Sequence[Bools], data: Data, settings: Refine, threads: int
) -> Network:
    """Return the network with other values where `kept` is True, nearer to what `dense` puts out, or to the labels.

    All take standardized inputs.
    """
    if settings.towards == "labels":
        return stepped(network, kept, data, 0.0, settings, threads)
    factor = _factor(dense, data, settings.logits)
    teacher = _scaled(dense, factor)
    target = teacher.imitated(data)
    return _scaled(
        stepped(_scaled(network, factor), kept, target, teacher.loss_of(target), settings, threads), 1 / factor
    )


def _factor(dense: Network, data: Data, logits: float) -> float:
    """Return what logits are multiplied with, at most one."""
    if dense.output == "identity" or dense.layers[-1].activation != "identity":
        return 1.0
    total = 0.0
    for batch in dense.forwards(data):
        raw = batch.outputs[-1].astype(np.float64)
        if dense.output == "softmax":
            raw -= raw.mean(axis=1, keepdims=True)
        total += float(batch.share @ (raw**2).mean(axis=1))
    return min(logits / np.sqrt(total), 1.0) if total > 0 else 1.0


def _scaled(network: Network, factor: float) -> Network:
    """Return the network with its last layer multiplied by that."""
    last = network.layers[-1]
    weight, bias = (np.asarray(part * part.dtype.type(factor)) for part in (last.weight, last.bias))
    return network.replace([*network.layers[:-1], last.replace(weight, bias)])
