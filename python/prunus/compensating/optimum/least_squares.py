"""Least squares with a ridge penalty, each output on the weights that are left of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prunus._base import Bools, Doubles
from prunus.compensating.optimum.outputs import Problem, of_one, penalty_of
from prunus.data import Data
from prunus.network import Network, as_fitted

_MOST_COLUMNS = 4096  # of a Gram matrix, 128 MB


def least_squares(
    network: Network, kept: Bools, data: Data, alpha: float | None, threads: int
) -> tuple[Doubles, Doubles]:
    """Return weights and biases. Gram matrices of too many columns are not made."""
    from prunus import solving  # it takes a quarter of the time to import prunus

    data = as_fitted(network, data)
    alphas = solving.penalties_of(network, alpha, data, "compensation 'refit'")
    read = np.asarray(kept.any(axis=0))
    weight, bias = np.zeros(kept.shape), np.zeros(len(kept))
    together = np.count_nonzero(read) <= _MOST_COLUMNS
    if together:
        whole = solving.gram_of(network, data.columns(read))
    for j, there in enumerate(kept):
        if not together and np.count_nonzero(there) > _MOST_COLUMNS:
            assert data.target is not None
            own = replace(data, target=data.target[:, j : j + 1])
            weight[j], bias[j] = of_one(Problem(network, j, own, penalty_of(network, float(alphas[j])), threads), there)
            continue
        columns = np.flatnonzero(read if together else there)
        gram = whole if together else solving.gram_of(network, data.columns(there))
        gram = solving.of_output(gram, j)
        at = np.flatnonzero(there[columns] & ~gram.constant)
        places, coef = solving.fit_of_one(solving.system_of(gram, at, float(alphas[j])))
        weight[j, columns[places]] = coef
        bias[j] = gram.y_mean[0] - coef @ gram.x_mean[places]
    return weight, bias
