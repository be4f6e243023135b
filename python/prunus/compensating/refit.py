"""Least squares on what is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prunus._base import Bools, NotSupportedError, check
from prunus.compensating.base import Compensation, Removal
from prunus.compensating.optimum import has_optimum, optimum
from prunus.compensating.stand_in import StandIn
from prunus.network import Layer, Network


@dataclass(frozen=True)
class Refit(Compensation):
    """Least squares values of the weights that are left, and of the biases, layer by layer.

    What it does
    ------------
    Of a linear model of scikit-learn, with labels, goes to where its own loss and penalty are least on the weights that are
    left: squared errors with a ridge penalty by a factorization, logistic losses by Newton's method (to a gradient of the mean
    objective of 1e-9, or what rounding lets it become), and for any other loss or penalty by the estimator's own fit, output
    by output, with the parameter that a cross-validation chose. ``alpha`` is a ridge penalty to take instead of the model's:
    that times the squares of the weights, beside the sum of the losses; an estimator's own fit has its own. What the
    estimator's ``class_weight`` says counts; an intercept is fitted if it was. Any other linear regression is fitted by least
    squares.

    Of any other network, and without labels, takes one layer after the other and fits what is left of each neuron to what it
    summed up before anything went, on the inputs that the layers before put out now. No labels are needed. ``damping``, as a
    part of the mean square of the layer's inputs, draws each weight to the value it had. Biases are fitted where the network
    has any.

    Why
    ---
    The weights that are left take over what those that went had in common with them: of a neuron or an input that is removed,
    its mean and its correlation with the others. What is lost in one layer, the next ones make up for.

    Cost
    ----
    Of logistic losses some ten steps, each of a few passes over X, and n_samples * k**2 multiplications and additions for k
    weights of an output. Else for each layer a pass over X, n_samples * n_in**2 multiplications and additions for a Gram
    matrix, and for each neuron a factorization of what is left, k**3 / 6 for k weights. 8 * n_in**2 bytes for each thread.

    When it fails
    -------------
    Without a penalty and with hardly more samples than weights it fits the noise; classes that a plane tells apart have no
    optimum then, and weights grow until the loss hardly falls. Of classes that are fitted together with an L1 penalty, or by
    ``multi_class="crammer_singer"``, and of networks with hidden layers, outputs come near to what they were, whatever the
    labels say.

    Examples
    --------
    >>> pruned = prunus.prune(network, X, sparsity=0.9, compensate="refit")

    References
    ----------
    B. Hassibi, D. Stork, "Second order derivatives for network pruning: optimal brain surgeon", 1993; X. Dong, S. Chen, S.
    Pan, "Learning to prune deep neural networks via layer-wise optimal brain surgeon", 2017; R. Dembo, S. Eisenstat, T.
    Steihaug, "Inexact Newton methods", 1982.
    """

    alpha: float | None = None
    damping: float = 1e-3

    name = "refit"
    needs = ("X",)

    def __post_init__(self) -> None:
        """Check the penalties."""
        largest = float(np.finfo(np.float64).max)
        if self.alpha is not None:
            check.put(self, alpha=check.number("alpha", self.alpha, 0, largest))
        check.put(self, damping=check.number("damping", self.damping, 0, largest))

    def needs_for(self, network: Network) -> tuple[str, ...]:
        return ("X", "y") if network.provenance.positive else ("X",)

    def require(self, network: Network) -> None:
        if network.provenance.positive and network.provenance.loss != "own":
            raise check.error(
                NotSupportedError,
                "compensate",
                f"expected a model without positive=True for {self.name!r}, whose weights may fall below zero",
            )

    def layer(self, i: int, sparse: Network, removal: Removal) -> tuple[Layer, Bools]:
        kept = removal.kept[i]
        if not removal.has_begun(i):
            return sparse.layers[i], kept
        if self._knows_the_optimum(sparse, removal):
            return self._optimum(sparse, kept, removal)
        return StandIn.of(i, sparse, removal, self.damping).fitted(kept), kept

    def _knows_the_optimum(self, sparse: Network, removal: Removal) -> bool:
        has_fit = sparse.provenance.loss != "own" or removal.own_fit is not None
        return removal.data is not None and removal.data.target is not None and has_optimum(sparse) and has_fit

    def _optimum(self, sparse: Network, kept: Bools, removal: Removal) -> tuple[Layer, Bools]:
        assert removal.data is not None
        return optimum(sparse, kept, removal.data, self.alpha, removal.own_fit, removal.threads), kept
