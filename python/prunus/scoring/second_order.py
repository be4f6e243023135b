"""Importance of weights by the exact rise of what is to be least, when the others are refitted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from prunus._base import Doubles, Floats, NotSupportedError, check
from prunus.data import Data
from prunus.network import Network, as_fitted
from prunus.scoring.base import Criterion
from prunus.scoring.layer_costs import input_costs, neuron_costs, weight_costs

if TYPE_CHECKING:
    from prunus.solving import Path


@dataclass(frozen=True)
class Obs(Criterion):
    """Order in which backward elimination removes the weights of each neuron: optimal brain surgeon, exactly.

    What it does
    ------------
    For each output of a linear regression (or of a RidgeClassifier), with labels, starts from the weights that are not zero and
    removes, one after the other, the one without which the squared error of the *refitted* regression on y rises least:
    ``w[j]**2 / inverse(X'X)[j, j]``. The score of a weight is that rise, or the largest before it where that is larger, so that
    keeping the highest scores keeps a set of the path; ``prune`` then gives the weights that are left, and the bias, their
    least squares values (compensation ``obs``, unless another is asked for). ``alpha`` is a ridge penalty, as in scikit-learn's
    Ridge; None stands for the model's own, where it has one, else for none. A bias is fitted unless the model comes from
    scikit-learn and was fitted without an intercept.

    Of any other network, and without labels, it does the same with every neuron, towards what the neuron summed up before
    anything went: no labels are needed. The score of a weight is all that its neuron has lost when the weight has gone, times
    the neuron's mean Gauss-Newton curvature: what the loss has risen by, to second order. ``damping`` is a penalty on what a
    weight differs from the value it had, as a part of the mean square of the layer's inputs.

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
    With very many inputs: of 4096 a neuron takes some seconds. For a linear regression without a ridge penalty, and with fewer
    samples than inputs, or inputs so near to combinations of one another that their Gram matrix has not the digits to tell,
    there is no one fit to start from: its weights are scored as those of any other network, with ``damping``. The constraint
    ``positive=True`` is not supported. The weights of a regression with another loss (Lasso, Huber,
    SVR) are scored by this one.

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
    needs = ("X",)
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

    def _is_exact(self, network: Network, data: Data) -> bool:
        """Whether the labels tell what each weight is worth."""
        is_by_weight = self.unit == "weight" and self.block == (1, 1)
        is_squared = network.is_linear_regression or (network.is_linear and network.provenance.loss == "squared")
        return is_by_weight and is_squared and data.target is not None

    def require(self, network: Network) -> None:
        if network.provenance.positive:
            raise check.error(
                NotSupportedError,
                "criterion",
                "expected a model without positive=True for 'obs', whose weights may fall below zero",
            )

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        assert data is not None
        if self._is_exact(network, data) and (exact := self._of_regression(network, data, threads)) is not None:
            return (exact,)
        if self.unit == "weight":
            return weight_costs(network, data, self.damping, self.block, threads)
        return (neuron_costs if self.unit == "neuron" else input_costs)(network, data, self.damping, threads)

    def _of_regression(self, network: Network, data: Data, threads: int) -> Doubles | None:
        """Return the scores; None where the data do not tell the columns apart."""
        from prunus import solving  # it takes a quarter of the time to import prunus

        data = as_fitted(network, data)
        whole, weight = solving.gram_of(network, data), network.layers[0].weight
        alphas = solving.penalties_of(network, self.alpha, data, "criterion 'obs'")
        scores = np.zeros(weight.shape)
        for i in range(len(weight)):
            gram = solving.of_output(whole, i)
            usable = np.flatnonzero((weight[i] != 0) & ~gram.constant)
            if alphas[i] == 0 and gram.n_samples <= len(usable):
                return None
            system = solving.system_of(gram, usable, float(alphas[i]))
            units = solving.units_of(system.features, None, None, len(scores[i]))
            try:
                path = solving.obs_path(system, units, system.n, threads)
            except solving.IllConditionedError:
                return None
            scores[i] = _in_order(path, len(scores[i]))
        return scores


def _in_order(path: Path, n: int) -> Doubles:
    """Return the rise of the loss with each column's removal, never falling from the first to go to the last."""
    score, highest = np.zeros(n), 0.0
    rise = np.maximum(-np.diff(path.loss), 0.0)  # of the weight that is added with each size
    order = path.system.features[path.units.places(path.chosen(len(path.sizes) - 1))]
    # Of equal scores the later position would go first, and that may not be the path's order: each is above the one before.
    for j, loss in zip(order[::-1], rise[::-1], strict=True):
        score[j] = highest = max(loss, np.nextafter(highest, np.inf))
    return score
