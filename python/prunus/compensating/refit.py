"""Least squares on what is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prunus._base import Bools, NotSupportedError, check
from prunus.compensating.base import Compensation, Removal
from prunus.compensating.stand_in import StandIn
from prunus.data import Data
from prunus.network import Layer, Network


@dataclass(frozen=True)
class Refit(Compensation):
    """Least squares values of the weights that are left, and of the biases, layer by layer.

    What it does
    ------------
    Of a linear regression, fits the weights that are left of each output to the labels. ``alpha`` is a ridge penalty, as in
    scikit-learn's Ridge; None stands for the model's own, where it is a Ridge, else for none. A bias is fitted unless the
    model comes from scikit-learn and was fitted without an intercept.

    Of any other network, takes one layer after the other and fits what is left of each neuron to what it summed up before
    anything went, on the inputs that the layers before put out now. No labels are needed. ``damping``, as a part of the mean
    square of the layer's inputs, draws each weight to the value it had. Biases are fitted where the network has any.

    Why
    ---
    The weights that are left take over what those that went had in common with them: of a neuron or an input that is removed,
    its mean and its correlation with the others. What is lost in one layer, the next ones make up for.

    Cost
    ----
    For each layer a pass over X, n_samples * n_in**2 multiplications and additions for a Gram matrix, and for each neuron a
    factorization of what is left, k**3 / 6 for k weights. 8 * n_in**2 bytes for each thread.

    When it fails
    -------------
    The constraint ``positive=True`` is not supported. A regression that was fitted by another loss (Lasso, Huber, SVR) is
    refitted by this one. Without a penalty and with hardly more samples than weights it fits the noise. A classifier's outputs
    come near to what they were, whatever the labels say.

    Examples
    --------
    >>> pruned = prunus.prune(network, X, sparsity=0.9, compensate="refit")

    References
    ----------
    B. Hassibi, D. Stork, "Second order derivatives for network pruning: optimal brain surgeon", 1993; X. Dong, S. Chen, S.
    Pan, "Learning to prune deep neural networks via layer-wise optimal brain surgeon", 2017.
    """

    alpha: float | None = None
    damping: float = 1e-3

    name = "refit"
    needs = ("X", "y")

    def __post_init__(self) -> None:
        """Check the penalties."""
        largest = float(np.finfo(np.float64).max)
        if self.alpha is not None:
            check.put(self, alpha=check.number("alpha", self.alpha, 0, largest))
        check.put(self, damping=check.number("damping", self.damping, 0, largest))

    def needs_for(self, network: Network) -> tuple[str, ...]:
        return self.needs if network.is_linear_regression else ("X",)

    def require(self, network: Network) -> None:
        if network.provenance.positive:
            raise check.error(
                NotSupportedError,
                "compensate",
                "expected a model without positive=True for 'refit', whose weights may fall below zero",
            )

    def layer(self, i: int, sparse: Network, removal: Removal) -> tuple[Layer, Bools]:
        if sparse.is_linear_regression:
            assert removal.data is not None
            return self._regression(sparse, removal.kept[i], removal.data), removal.kept[i]
        if not removal.has_begun(i):
            return sparse.layers[i], removal.kept[i]
        return StandIn(i, sparse, removal, self.damping).fitted(removal.kept[i]), removal.kept[i]

    def _regression(self, network: Network, kept: Bools, data: Data) -> Layer:
        from prunus import solving  # it takes a quarter of the time to import prunus

        layer, whole = network.layers[0], solving.gram_of(network, data)
        alpha = solving.penalty_of(network, self.alpha, data, "compensation 'refit'")
        weight, bias = np.zeros(layer.weight.shape), np.zeros(layer.n_out)
        for j, there in enumerate(kept):
            gram = solving.of_output(whole, j)
            at = np.flatnonzero(there & ~gram.constant)
            columns, coef = solving.fit_of_one(solving.system_of(gram, at, alpha))
            weight[j, columns] = coef
            bias[j] = gram.y_mean[0] - coef @ gram.x_mean[columns]
        return layer.replace(weight.astype(layer.weight.dtype), bias.astype(layer.bias.dtype))
