"""Importance of weights by the second order of the loss, one weight at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from prunus._base import Floats, check
from prunus.data import Data
from prunus.network import Network
from prunus.scoring.base import Criterion, per_layer
from prunus.statistics import GradientSquares, collect


@dataclass(frozen=True)
class Fisher(Criterion):
    """Square of the weight times the mean square of its gradient, ``w**2 * E[g**2]``.

    What it does
    ------------
    Scores every weight by the second-order estimate of how much the loss rises if it is set to zero, with the diagonal
    of the empirical Fisher matrix in place of that of the Hessian: g is the gradient of one sample's loss, E the
    (weighted) mean over the samples.

    Why
    ---
    Near a minimum the first order vanishes, and this is what is left. It looks at how much a weight matters to single
    samples, also where their gradients cancel in the mean.

    Cost
    ----
    One forward and one backward pass over the data, and a product of squares for each layer.

    When it fails
    -------------
    Where weights make up for one another: each is scored as if the others stayed. Where the model fits so well that
    the gradients of all samples are noise.

    Examples
    --------
    >>> scores = prunus.importance(network, "fisher", X=X, y=y)

    References
    ----------
    L. Theis, I. Korshunova, A. Tejani, F. Huszár, "Faster gaze prediction with dense networks and Fisher pruning",
    2018; Y. LeCun, J. Denker, S. Solla, "Optimal brain damage", 1990, for the Hessian.
    """

    name = "fisher"
    unit = "weight"
    needs = ("X", "y")

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        assert data is not None
        squares = GradientSquares()
        collect(network, data, squares)
        return tuple(
            layer.weight.astype(np.float64) ** 2 * square
            for layer, square in zip(network.layers, squares.finish(), strict=True)
        )


@dataclass(frozen=True)
class Adam(Criterion):
    """Square of the weight times the root of Adam's second moment, ``w**2 * sqrt(v)``.

    What it does
    ------------
    Scores every weight by what the optimizer already knows: v, its running mean of squared gradients, whose root stands
    for the curvature. ``second_moment`` are those arrays, one for each layer, of the weight's shape.

    Why
    ---
    It costs nothing that training has not computed.

    Cost
    ----
    One pass over the weights.

    When it fails
    -------------
    When v is of another time than the weights, or of a few steps only.

    Examples
    --------
    >>> v = [np.full(layer.weight.shape, 1e-4) for layer in network.layers]  # an optimizer's
    >>> scores = prunus.importance(network, "adam", second_moment=v)

    References
    ----------
    D. Kingma, J. Ba, "Adam: a method for stochastic optimization", 2015, for v.
    """

    second_moment: Any = None

    name = "adam"
    unit = "weight"
    needs = ()

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        moments = per_layer("second_moment", self.second_moment, network, self.name)
        for i, v in enumerate(moments):
            if v.min() < 0:
                raise check.error(ValueError, f"second_moment[{i}]", f"expected nonnegative numbers, got {v.min()}")
        return tuple(layer.weight**2 * np.sqrt(v) for layer, v in zip(network.layers, moments, strict=True))
