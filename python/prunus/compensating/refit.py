"""Least squares on what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prunus._base import Bools, NotSupportedError, check
from prunus.compensating.base import Compensation
from prunus.data import Data
from prunus.network import Layer, Network


@dataclass(frozen=True)
class Refit(Compensation):
    """Least squares values, on the labels, of the weights that are left of a linear regression, and of its bias.

    What it does
    ------------
    For each output, fits the weights that are left by least squares. ``alpha`` is a ridge penalty, as in scikit-learn's
    Ridge; None stands for the model's own, where it is a Ridge, else for none. A bias is fitted unless the model comes from
    scikit-learn and was fitted without an intercept.

    Why
    ---
    The weights that are left take over what those that went had in common with them. It is what criterion ``obs`` reckons
    with, and goes with it if nothing else is asked for.

    Cost
    ----
    A pass over X for its Gram matrix, n_samples * n_in**2 multiplications and additions, and for each output a factorization
    of what is left.

    When it fails
    -------------
    Hidden layers, classifiers and the constraint ``positive=True`` are not supported. A model that was fitted by another loss
    (Lasso, Huber, SVR) is refitted by this one. Without a ridge penalty and with hardly more samples than weights it fits the
    noise.

    Examples
    --------
    >>> pruned = prunus.prune(LinearRegression().fit(X, y), X, y, sparsity=0.5, compensate="refit")

    References
    ----------
    B. Hassibi, D. Stork, "Second order derivatives for network pruning: optimal brain surgeon", 1993.
    """

    alpha: float | None = None

    name = "refit"
    needs = ("X", "y")

    def __post_init__(self) -> None:
        """Check the penalty."""
        if self.alpha is not None:
            check.put(self, alpha=check.number("alpha", self.alpha, 0, np.finfo(np.float64).max))

    def require(self, network: Network) -> None:
        if not network.is_linear_regression:
            raise check.error(
                NotSupportedError,
                "compensate",
                f"expected a linear regression for {self.name!r}, got {network!r}; other losses and hidden layers are not "
                "supported yet",
            )
        if network.provenance.positive:
            raise check.error(
                NotSupportedError,
                "compensate",
                "expected a model without positive=True for 'refit', whose weights may fall below zero",
            )

    def layer(
        self, i: int, dense: Network, sparse: Network, kept: Sequence[Bools], data: Data | None, threads: int
    ) -> Layer:
        from prunus import solving  # it takes a quarter of the time to import prunus

        assert data is not None
        layer, whole = sparse.layers[i], solving.gram_of(sparse, data)
        alpha = solving.penalty_of(sparse, self.alpha, data, "compensation 'refit'")
        weight, bias = np.zeros(layer.weight.shape), np.zeros(layer.n_out)
        for j, there in enumerate(kept[i]):
            gram = solving.of_output(whole, j)
            at = np.flatnonzero(there & ~gram.constant)
            columns, coef = solving.fit_of_one(solving.system_of(gram, at, alpha))
            weight[j, columns] = coef
            bias[j] = gram.y_mean[0] - coef @ gram.x_mean[columns]
        return layer.replace(weight.astype(layer.weight.dtype), bias.astype(layer.bias.dtype))
