"""Importance of the weights of a linear regression by the exact rise of its loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from prunus._base import Doubles, Floats, NotSupportedError, check
from prunus.data import Data
from prunus.network import Network
from prunus.scoring.base import Criterion

if TYPE_CHECKING:
    from prunus.solving import GramSystem


@dataclass(frozen=True)
class Obs(Criterion):
    """Order in which backward elimination removes the weights of a linear regression: optimal brain surgeon, exactly.

    What it does
    ------------
    For each output, starts from the weights that are not zero and removes, one after the other, the one without which the
    squared error of the *refitted* regression on y rises least: ``w[j]**2 / inverse(X'X)[j, j]``. The score of a weight is
    that rise, or the largest before it where that is larger, so that keeping the highest scores keeps a set of the path;
    ``prune`` then gives the weights that are left, and the bias, their least squares values (compensation ``refit``, unless
    another is asked for). ``alpha`` is a ridge penalty, as in scikit-learn's Ridge; None stands for the model's own, where
    it is a Ridge, else for none. A bias is fitted unless the model comes from scikit-learn and was fitted without an
    intercept.

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
    linear_only: ClassVar[bool] = True
    compensation = "refit"

    def __post_init__(self) -> None:
        """Check the penalty."""
        if self.alpha is not None:
            check.put(self, alpha=check.number("alpha", self.alpha, 0, np.finfo(np.float64).max))

    def require(self, network: Network) -> None:
        super().require(network)
        if network.provenance.positive:
            raise check.error(
                NotSupportedError,
                "criterion",
                "expected a model without positive=True for 'obs', whose weights may fall below zero",
            )

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        from prunus import solving  # it takes a quarter of the time to import prunus

        assert data is not None
        whole, weight = solving.gram_of(network, data), network.layers[0].weight
        alpha = solving.penalty_of(network, self.alpha, data, "criterion 'obs'")
        scores = np.zeros(weight.shape)
        for i in range(len(weight)):
            gram = solving.of_output(whole, i)
            usable = np.flatnonzero((weight[i] != 0) & ~gram.constant)
            if alpha == 0 and gram.n_samples <= len(usable):
                raise check.error(
                    ValueError,
                    "X",
                    f"expected more than {len(usable)} samples, the number of weights that criterion 'obs' without a ridge "
                    f"penalty (alpha) starts from, got {gram.n_samples}",
                )
            self._score(solving.system_of(gram, usable, alpha), threads, scores[i])
        return (scores,)

    def _score(self, system: GramSystem, threads: int, score: Doubles) -> None:
        from prunus import solving

        units = solving.units_of(system.features, None, None, len(score))
        try:
            path = solving.obs_path(system, units, system.n, threads)
        except solving.IllConditionedError:
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
