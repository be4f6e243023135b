"""Importance of the weights of a linear regression by the exact rise of its loss, with the update of what is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from prunus._base import Bools, Doubles, Floats, NotSupportedError, Places, check
from prunus.data import Data, Samples
from prunus.network import Network
from prunus.scoring.base import Criterion
from prunus.solving import CollinearError, GramSystem, IllConditionedError, obs_path, units_of
from prunus.statistics import Gram, GramAccumulator


@dataclass(frozen=True)
class Obs(Criterion):
    """Order in which backward elimination removes the weights of a linear regression: optimal brain surgeon, exactly.

    What it does
    ------------
    For each output, starts from the weights that are not zero and removes, one after the other, the one without which the
    squared error of the *refitted* regression on y rises least: ``w[j]**2 / inverse(X'X)[j, j]``. The score of a weight is
    that rise, or the largest before it where that is larger, so that keeping the highest scores keeps a set of the path;
    ``prune`` then gives the weights that are left, and the bias, their least squares values. ``alpha`` is a ridge penalty,
    as in scikit-learn's Ridge; None stands for the model's own, where it is a Ridge, else for none. A bias is fitted unless
    the model comes from scikit-learn and was fitted without an intercept.

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
    With fewer samples than inputs and no ridge penalty there is no least squares fit to start from: it is refused, and so are
    inputs so near to combinations of one another that their Gram matrix has not the digits to tell. Hidden layers, classifiers
    and the constraint ``positive=True`` are not supported. A model that was fitted by another loss (Lasso, Huber, SVR) is
    refitted by this one.

    Examples
    --------
    >>> pruned = prunus.prune(LinearRegression().fit(X, y), X, y, sparsity=0.5, criterion="obs")

    References
    ----------
    B. Hassibi, D. Stork, "Second order derivatives for network pruning: optimal brain surgeon", 1993.
    """

    alpha: float | None = None

    name = "obs"
    unit = "weight"
    needs = ("X", "y")
    updates: ClassVar[bool] = True
    linear_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the penalty."""
        if self.alpha is not None:
            check.put(self, alpha=check.number("alpha", self.alpha, 0, np.finfo(np.float64).max))

    def require(self, network: Network) -> None:
        super().require(network)
        if _told(network, "params", "positive"):
            raise check.error(
                NotSupportedError,
                "criterion",
                "expected a model without positive=True for 'obs', whose weights may fall below zero",
            )

    def scores(self, network: Network, data: Samples | None, threads: int) -> tuple[Floats, ...]:
        assert isinstance(data, Data)
        gathered, weight, alpha = _gather(data), network.layers[0].weight, self._penalty(network, data)
        whole = gathered.gram(fit_intercept=_has_intercept(network))
        scores = np.zeros(weight.shape)
        for i in range(len(weight)):
            gram = _of_output(whole, i)
            usable = np.flatnonzero((weight[i] != 0) & ~gram.constant)
            if alpha == 0 and gram.n_samples <= len(usable):
                raise check.error(
                    ValueError,
                    "X",
                    f"expected more than {len(usable)} samples, the number of weights that criterion 'obs' without a ridge "
                    f"penalty (alpha) starts from, got {gram.n_samples}",
                )
            self._score(_system(gram, usable, alpha), threads, scores[i])
        return (scores,)

    def _score(self, system: GramSystem, threads: int, score: Doubles) -> None:
        units = units_of(system.features, None, None, len(score))
        try:
            path = obs_path(system, units, system.n, threads)
        except IllConditionedError:
            raise check.error(
                ValueError,
                "X",
                "expected columns that their Gram matrix can tell apart, got some that are nearly combinations of others; "
                "criterion 'obs' takes a ridge penalty (alpha)",
            ) from None
        rise = np.maximum(-np.diff(path.loss), 0.0)  # of the weight that is added with each size
        order = path.system.features[path.units.places(path.chosen(len(path.sizes) - 1))]
        # From the first to go to the last, never falling; of equal scores the later position would go first, and that may not
        # be the path's order, so that each is above the one before.
        highest = 0.0
        for j, loss in zip(order[::-1], rise[::-1], strict=True):
            score[j] = highest = max(loss, np.nextafter(highest, np.inf))

    def _penalty(self, network: Network, data: Data) -> float:
        """Return the ridge penalty beside shares of the samples, which sum to one."""
        alpha = _own_penalty(network) if self.alpha is None else self.alpha
        return alpha / data.weight

    def update(self, network: Network, kept: list[Bools], data: Samples) -> Network:
        assert isinstance(data, Data)
        layer, alpha = network.layers[0], self._penalty(network, data)
        whole = _gather(data).gram(fit_intercept=_has_intercept(network))
        weight, bias = np.zeros(layer.weight.shape), np.zeros(layer.n_out)
        for i, there in enumerate(kept[0]):
            gram = _of_output(whole, i)
            at = np.flatnonzero(there & ~gram.constant)
            columns, coef = _fit(_system(gram, at, alpha))
            weight[i, columns] = coef
            bias[i] = gram.y_mean[0] - coef @ gram.x_mean[columns]
        return network.replace([layer.replace(weight.astype(layer.weight.dtype), bias.astype(layer.bias.dtype))])


def _system(gram: Gram, places: Places, alpha: float) -> GramSystem:
    # The system scales the matrix in place, and the next output needs it as it is.
    return GramSystem(gram._replace(xx=gram.xx.copy()), places, alpha)


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


def _origin(network: Network) -> Mapping[str, Any]:
    """Return what is known of the scikit-learn model that the network was made of, nothing of others."""
    origin = network.origin or {}
    return origin.get("model", {}) if origin.get("library") == "sklearn" else {}


def _told(network: Network, part: str, name: str, default: Any = None) -> Any:
    """Return a parameter of that model, or what it learnt. NumPy's numbers and arrays lie in an origin with their dtype."""
    value = _origin(network).get(part, {}).get(name, default)
    return value.get("array", value) if isinstance(value, Mapping) else value


def _has_intercept(network: Network) -> bool:
    return bool(_told(network, "params", "fit_intercept", True))


def _own_penalty(network: Network) -> float:
    found = {"Ridge": ("params", "alpha"), "RidgeCV": ("learnt", "alpha_")}.get(_origin(network).get("class", ""))
    alpha = 0.0 if found is None else _told(network, *found)
    if not isinstance(alpha, (int, float)):
        raise check.error(
            ValueError,
            "alpha",
            "expected a number for criterion 'obs', since the model has one for each output, got None",
        )
    return float(alpha)
