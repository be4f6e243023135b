"""A linear network as the regression that it is: its Gram matrix, its penalty, and the fits of its outputs."""

from __future__ import annotations

import numpy as np

from prunus._base import Doubles, Places, check
from prunus.data import Data
from prunus.network import Network
from prunus.solving.systems import CollinearError, GramSystem
from prunus.statistics import EPS, Gram, GramAccumulator


def gram_of(network: Network, data: Data) -> Gram:
    """Return the sums of the data, about the means if the model has an intercept. One pass over the data."""
    gathered = GramAccumulator()
    for batch in data.batches():
        gathered.update(data.rows(batch), data.targets(batch), data.shares(batch))
    return gathered.gram(fit_intercept=network.provenance.fit_intercept)


def penalties_of(network: Network, alpha: float | None, data: Data, asks: str) -> Doubles:
    """Return a ridge penalty for each output beside shares of the samples, which sum to one: `alpha`, or the model's own."""
    provenance = network.provenance
    ridge = provenance.ridge if alpha is None else alpha
    if ridge is None:
        raise check.error(ValueError, "alpha", f"expected a number for {asks}, since the model's is unknown, got None")
    if isinstance(ridge, list) and len(ridge) not in (1, network.n_out):
        raise check.error(
            ValueError, "origin.provenance.ridge", f"expected one for each of {network.n_out} outputs, got {len(ridge)}"
        )
    own = provenance.ridge_per_sample * len(data) if alpha is None else 0.0
    return np.broadcast_to((np.asarray(ridge, np.float64) + own) / data.weight, network.n_out)


def layer_system(gram: Gram, damping: float) -> GramSystem:
    """Return the normal equations of a layer's neurons; `damping`, of the mean square of an input, is their ridge penalty.

    `gram` is used up. Coefficients are those of the scaled inputs; inputs that never vary explain nothing.
    """
    return GramSystem(gram, np.arange(len(gram.xx)), damping * float(np.mean(np.maximum(gram.xx.diagonal(), 0))))


def least_pivot(system: GramSystem) -> float:
    """Return what rounding can leave of a pivot where features are combinations of others: their diagonal is one."""
    return EPS * max(system.n, 100)


def of_output(gram: Gram, i: int) -> Gram:
    """Return what concerns one output."""
    return gram._replace(xy=gram.xy[i : i + 1], yy=gram.yy[i : i + 1], y_mean=gram.y_mean[i : i + 1])


def system_of(gram: Gram, places: Places, alpha: float) -> GramSystem:
    """Return the normal equations of some columns."""
    # The system scales the matrix in place, and the next output needs it as it is.
    return GramSystem(gram._replace(xx=gram.xx.copy()), places, alpha)


def fit_of_one(system: GramSystem) -> tuple[Places, Doubles]:
    """Return columns and their least squares coefficients, of one output; what is a combination of earlier columns has none."""
    places = np.arange(system.n)
    try:
        coef = system.coef(places)
    except CollinearError:
        places = np.delete(places, system.dependent(places))
        coef = system.coef(places)
    return system.features[places], coef[0] / system.scale[places]
