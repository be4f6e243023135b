"""Importance of the weights of a linear regression by the exact rise of its loss, with the update of what is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from prunus import _check
from prunus._check import Bools, Floats
from prunus._samples import Data, Samples
from prunus.network import Network
from prunus.scoring.base import Criterion
from prunus.solving.gram import Doubles, Gram, GramAccumulator
from prunus.solving.methods import obs_path
from prunus.solving.systems import CollinearError, GramSystem, Places
from prunus.solving.units import units_of


@dataclass(frozen=True)
class Obs(Criterion):
    """Order in which backward elimination removes the weights of a linear regression: optimal brain surgeon, exactly.

    What it does
    ------------
    For each output, starts from the weights that are not zero and removes, one after the other, the one without which the
    squared error of the *refitted* regression on y rises least: ``w[j]**2 / inverse(X'X)[j, j]``. The score of a weight is
    that rise, or the largest before it where that is larger, so that keeping the highest scores keeps a set of the path;
    ``prune`` then gives the weights that are left, and the bias, their least squares values. ``alpha`` is a ridge penalty,
    as in scikit-learn's Ridge.

    Why
    ---
    Inputs that are correlated stand in for one another: a weight that is large may cost nothing to remove once the others
    are refitted, and the other way round. For one output the order is that of exact backward stepwise regression.

    Cost
    ----
    Two passes over X for its Gram matrix, to score and to refit; for each output an inverse, n_in**3 / 3 multiplications and
    additions, and a factorization of what is left.

    When it fails
    -------------
    With fewer samples than inputs and no ridge penalty there is no least squares fit to start from: it is refused. A model of
    another loss than squared error, or with hidden layers, is not supported.

    Examples
    --------
    >>> pruned = prunus.prune(LinearRegression().fit(X, y), X, y, sparsity=0.5, criterion="obs")

    References
    ----------
    B. Hassibi, D. Stork, "Second order derivatives for network pruning: optimal brain surgeon", 1993.
    """

    alpha: float = 0.0

    name = "obs"
    unit = "weight"
    needs = ("X", "y")
    updates: ClassVar[bool] = True
    linear_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the penalty."""
        _check.number("alpha", self.alpha, 0, np.finfo(np.float64).max)

    def scores(self, network: Network, data: Samples | None, threads: int) -> tuple[Floats, ...]:
        assert isinstance(data, Data)
        gathered, weight = _gather(data), network.layers[0].weight
        scores = np.zeros(weight.shape)
        for i in range(len(weight)):
            gram = _of_output(gathered.gram(), i)
            usable = np.flatnonzero((weight[i] != 0) & ~gram.constant)
            if self.alpha == 0 and gram.n_samples <= len(usable):
                raise ValueError(
                    f"X: expected more than {len(usable)} samples, the number of weights that criterion 'obs' without a ridge "
                    f"penalty (alpha) starts from, got {gram.n_samples}"
                )
            self._score(gram, usable, threads, scores[i])
        return (scores,)

    def _score(self, gram: Gram, usable: Places, threads: int, score: Doubles) -> None:
        units = units_of(usable, None, None, len(score))
        path = obs_path(self._system(gram, usable), units, len(usable), threads)
        rise = np.maximum(-np.diff(path.loss), 0.0)  # of the weight that is added with each size
        order = path.system.features[path.units.places(path.chosen(len(path.sizes) - 1))]
        # From the first to go to the last, never falling; of equal scores the later position would go first, and that may not
        # be the path's order, so that each is above the one before.
        highest = 0.0
        for j, loss in zip(order[::-1], rise[::-1], strict=True):
            score[j] = highest = max(loss, np.nextafter(highest, np.inf))

    def _system(self, gram: Gram, places: Places) -> GramSystem:
        return GramSystem(gram, places, self.alpha / gram.n_samples)  # the samples' shares sum to one

    def update(self, network: Network, kept: list[Bools], data: Samples) -> Network:
        assert isinstance(data, Data)
        gathered, layer = _gather(data), network.layers[0]
        weight, bias = np.zeros(layer.weight.shape), np.zeros(layer.n_out)
        for i, there in enumerate(kept[0]):
            gram = _of_output(gathered.gram(), i)
            at = np.flatnonzero(there & ~gram.constant)
            columns, coef = _fit(self._system(gram, at))
            weight[i, columns] = coef
            bias[i] = gram.y_mean[0] - coef @ gram.x_mean[columns]
        return network.replace([layer.replace(weight.astype(layer.weight.dtype), bias.astype(layer.bias.dtype))])


def _fit(system: GramSystem) -> tuple[Places, Doubles]:
    """Return columns and their least squares coefficients, of one output; what is a combination of earlier columns has none."""
    places = np.arange(system.n)
    try:
        coef = system.coef(places)
    except CollinearError:
        places = np.delete(places, system.dependent(places))
        coef = system.coef(places)
    return system.features[places], coef[0] / system.scale[places]


def _gather(data: Data) -> GramAccumulator:
    gathered = GramAccumulator()
    for batch in data.batches():
        gathered.update(data.rows(batch), data.target[batch], data.share[batch])
    return gathered


def _of_output(gram: Gram, i: int) -> Gram:
    return gram._replace(xy=gram.xy[i : i + 1], yy=gram.yy[i : i + 1], y_mean=gram.y_mean[i : i + 1])
