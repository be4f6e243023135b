"""Importance of weights by the exact rise of what is to be least, when the others are refitted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from prunus._base import Doubles, Floats, NotSupportedError, check
from prunus.data import Data
from prunus.network import Network
from prunus.scoring.base import Criterion
from prunus.scoring.layer_costs import input_costs, neuron_costs, weight_costs

if TYPE_CHECKING:
    from prunus.solving import GramSystem


@dataclass(frozen=True)
class Obs(Criterion):
    """Order in which backward elimination removes the weights of each neuron: optimal brain surgeon, exactly.

    What it does
    ------------
    For each output of a linear regression, starts from the weights that are not zero and removes, one after the other, the
    one without which the squared error of the *refitted* regression on y rises least: ``w[j]**2 / inverse(X'X)[j, j]``. The
    score of a weight is that rise, or the largest before it where that is larger, so that keeping the highest scores keeps a
    set of the path; ``prune`` then gives the weights that are left, and the bias, their least squares values (compensation
    ``obs``, unless another is asked for). ``alpha`` is a ridge penalty, as in scikit-learn's Ridge; None stands for the
    model's own, where it is a Ridge, else for none. A bias is fitted unless the model comes from scikit-learn and was fitted
    without an intercept.

    Of any other network it does the same with every neuron, towards what the neuron summed up before anything went: no labels
    are needed. The score of a weight is all that its neuron has lost when the weight has gone, times the neuron's mean
    Gauss-Newton curvature: what the loss has risen by, to second order. ``damping`` is a penalty on what a weight differs from
    the value it had, as a part of the mean square of the layer's inputs.

    Why
    ---
    Inputs that are correlated stand in for one another: a weight that is large may cost nothing to remove once the others
    are refitted, and the other way round. For one output the order is that of exact backward stepwise regression. One
    elimination serves every sparsity, and one threshold over all layers shares out what goes (allocation ``loss``).

    Cost
    ----
    A pass over X for Gram matrices and, but for a linear regression, one for curvatures, a backward pass for each output, 32 at
    most; for each neuron, or band of blocks, an inverse of its own, n_in**3 / 4 multiplications and additions (300 of 784
    inputs: some 2 seconds on two threads), 8 * n_in**2 bytes for each thread; for whole inputs and neurons one for each layer.
    What compensation ``obs`` costs comes on top.

    When it fails
    -------------
    With very many inputs: of 4096 a neuron takes some seconds. For a linear regression with fewer samples than inputs and no
    ridge penalty there is no least squares fit to start from: it is refused, and so are inputs so near to combinations of one
    another that their Gram matrix has not the digits to tell. The constraint ``positive=True`` is not supported. A regression
    that was fitted by another loss (Lasso, Huber, SVR) is refitted by this one.

    Examples
    --------
    >>> pruned = prunus.prune(LinearRegression().fit(X, y), X, y, sparsity=0.5, criterion="obs")

    References
    ----------
    B. Hassibi, D. Stork, "Second order derivatives for network pruning: optimal brain surgeon", 1993; E. Frantar, S. Singh, D.
    Alistarh, "Optimal brain compression", 2022.
    """

    alpha: float | None = None
    damping: float = 1e-3
    unit: str = "weight"
    block: tuple[int, int] = (1, 1)

    name = "obs"
    needs = ("X", "y")
    compensation = "obs"
    allocation = "loss"
    are_prices = True

    def __post_init__(self) -> None:
        """Check the penalties, and what goes together."""
        largest = float(np.finfo(np.float64).max)
        if self.alpha is not None:
            check.put(self, alpha=check.number("alpha", self.alpha, 0, largest))
        check.put(self, damping=check.number("damping", self.damping, 0, largest))
        check.put(self, unit=check.one_of("unit", self.unit, ["weight", "neuron", "input"]))
        if not isinstance(self.block, tuple) or len(self.block) != 2:
            raise check.error(
                TypeError, "block", f"expected a tuple of rows and columns, got {check.describe(self.block)}"
            )
        n_rows, n_columns = (check.integer("block", n, minimum=1) for n in self.block)
        check.put(self, block=(n_rows, n_columns))

    def for_units(self, unit: str, block: tuple[int, int]) -> Criterion:
        return replace(self, unit=unit, block=block)

    def needs_for(self, network: Network) -> tuple[str, ...]:
        return self.needs if self._is_exact(network) else ("X",)

    def _is_exact(self, network: Network) -> bool:
        """Whether the labels tell what each weight is worth."""
        return network.is_linear_regression and self.unit == "weight" and self.block == (1, 1)

    def require(self, network: Network) -> None:
        if network.provenance.positive:
            raise check.error(
                NotSupportedError,
                "criterion",
                "expected a model without positive=True for 'obs', whose weights may fall below zero",
            )

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        assert data is not None
        if self._is_exact(network):
            return (self._of_regression(network, data, threads),)
        if self.unit == "weight":
            return weight_costs(network, data, self.damping, self.block, threads)
        return (neuron_costs if self.unit == "neuron" else input_costs)(network, data, self.damping, threads)

    def _of_regression(self, network: Network, data: Data, threads: int) -> Doubles:
        from prunus import solving  # it takes a quarter of the time to import prunus

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
        return scores

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
