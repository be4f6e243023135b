"""Which solver finds the optimum of a linear model, and what it is given."""

from __future__ import annotations

import numpy as np

from prunus._base import Bools, Doubles
from prunus.compensating.base import OwnFit
from prunus.compensating.optimum.exchange import exchanged
from prunus.compensating.optimum.least_squares import least_squares
from prunus.compensating.optimum.outputs import problem_of, row_by_row, together
from prunus.data import Data
from prunus.network import Layer, Network, of_output


def has_optimum(network: Network) -> bool:
    """Whether it is known what the model was fitted to."""
    return network.is_linear and (network.classes is None or network.provenance.loss is not None)


def optimum(
    network: Network, kept: Bools, data: Data, alpha: float | None, own_fit: OwnFit | None, threads: int
) -> Layer:
    """Return the layer with the best weights where `kept` is True, 0 elsewhere, and the best bias where one is fitted.

    `alpha` stands for the model's own ridge penalty, if it is not None. A regression of unknown loss is fitted by least
    squares.
    """
    loss = network.provenance.loss or "squared"
    if loss == "own":
        assert own_fit is not None
        weight, bias = _by_itself(network, kept, data, own_fit)
    elif loss == "squared":
        weight, bias = least_squares(network, kept, data, alpha, threads)
    elif network.output == "softmax":
        weight, bias = together(network, kept, data, alpha, threads)
    else:
        weight, bias = row_by_row(network, kept, data, alpha, threads)
    layer = network.layers[0]
    return layer.replace(weight.astype(layer.weight.dtype), bias.astype(layer.bias.dtype))


def exchanges(network: Network) -> bool:
    """Whether weights that are left may be exchanged: each output's optimum depends on it alone, and is soon found."""
    return network.provenance.loss == "logistic" and network.output != "softmax"


def chosen_again(network: Network, kept: Bools, free: Bools, data: Data, alpha: float | None, threads: int) -> Bools:
    """Return which weights of each output are left, as many as `kept`, after exchanges of `free` ones."""
    return np.array(
        [exchanged(problem_of(network, j, data, alpha, threads), kept[j], free[j])[0] for j in range(len(kept))]
    )


def _by_itself(network: Network, kept: Bools, data: Data, own_fit: OwnFit) -> tuple[Doubles, Doubles]:
    weight, bias = np.zeros(kept.shape), np.zeros(len(kept))
    for j, there in enumerate(kept):
        own = of_output(network, data, j).columns(there).taken_once()
        weight[j, there], bias[j] = own_fit(
            own.source, own.targets(slice(None))[:, 0].astype(np.float64), _weights(own)
        )
    return weight, bias


def _weights(data: Data) -> Doubles | None:
    """Return the sample weights, None where all are one."""
    assert data.share is not None
    weights = data.share * data.weight
    return None if np.allclose(weights, 1, rtol=1e-12, atol=0) else weights
