"""What neurons put out and weights take in: moments, and how often it is not zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from prunus import _core
from prunus._base import Floats, check, resolve_threads
from prunus.data import is_sparse
from prunus.network import Forward
from prunus.statistics.base import Means, Statistic

_SIDES = ("inputs", "outputs")


class SecondMoments(Means):
    """Mean squares of the inputs of each layer, ``E[x**2]``, (n_in,), or with ``of="outputs"`` of its outputs, (n_out,).

    What it does
    ------------
    Adds up squares, column by column.

    Why
    ---
    It tells how much a weight that reads a column, or a neuron, adds to a sum.

    Cost
    ----
    A forward pass.

    When it fails
    -------------
    Where a column is far from zero and hardly varies: its square is that of its mean.

    Examples
    --------
    >>> squares = prunus.statistics.SecondMoments()
    >>> prunus.statistics.gather(network, X, None, squares)
    >>> np.allclose(squares.finish()[0], (X**2).mean(axis=0))
    True

    References
    ----------
    M. Sun, Z. Liu, A. Bair, Z. Kolter, "A simple and effective pruning approach for large language models", 2024.
    """

    name = "second_moments"

    def __init__(self, of: str = "inputs") -> None:
        super().__init__()
        self.of = check.one_of("of", of, _SIDES)

    def sums(self, batch: Forward) -> Sequence[Floats]:
        return [_squares(values, batch.share) for values in getattr(batch, self.of)]


class Activity(Means):
    """Fraction of the samples for which a neuron's output is not zero, (n_out,) for each layer.

    What it does
    ------------
    Counts.

    Why
    ---
    After relu a neuron that is silent for nearly all samples can go.

    Cost
    ----
    A forward pass.

    When it fails
    -------------
    With activations that are never exactly zero: all are 1.

    Examples
    --------
    >>> activity = prunus.statistics.Activity()
    >>> prunus.statistics.gather(network, X, None, activity)
    >>> activity.finish()[0].shape
    (300,)

    References
    ----------
    H. Hu, R. Peng, Y.-W. Tai, C.-K. Tang, "Network trimming: a data-driven neuron pruning approach towards efficient deep
    architectures", 2016.
    """

    name = "activity"

    def sums(self, batch: Forward) -> Sequence[Floats]:
        return [batch.share @ (o != 0) for o in batch.outputs]


class Moment(NamedTuple):
    """Mean and variance of columns."""

    mean: Floats
    variance: Floats


class Moments(Statistic):
    """Mean and variance of the outputs of each layer, (n_out,), or with ``of="inputs"`` of its inputs, (n_in,).

    What it does
    ------------
    Takes each batch about its own mean, and puts means and sums of squares of several together exactly.

    Why
    ---
    What always says the same can become part of a bias; what is far from zero keeps its digits.

    Cost
    ----
    A forward pass.

    When it fails
    -------------
    Sparse inputs are made dense, a batch at a time.

    Examples
    --------
    >>> moments = prunus.statistics.Moments("inputs")
    >>> prunus.statistics.gather(network, X, None, moments)
    >>> np.allclose(moments.finish()[0].variance, X.var(axis=0))
    True

    References
    ----------
    T. Chan, G. Golub, R. LeVeque, "Algorithms for computing the sample variance", 1983.
    """

    name = "moments"

    def __init__(self, of: str = "outputs") -> None:
        self.of = check.one_of("of", of, _SIDES)
        self._begin()

    def _begin(self) -> None:
        self._weight = 0.0
        self._means: list[Floats] = []
        self._squares: list[Floats] = []  # sums of squares of what is left without the mean

    @property
    def weight(self) -> float:
        return self._weight

    def gather(self, batch: Forward) -> None:
        own = self.empty()
        own._weight = float(batch.share.sum())
        if own._weight == 0:
            return
        for values in getattr(batch, self.of):
            x = values.toarray() if is_sparse(values) else values
            own._means.append(batch.share @ x / own._weight)
            own._squares.append(batch.share @ (x - own._means[-1]) ** 2)
        self.merge(own)

    def _merge(self, other: Moments) -> None:
        total = self._weight + other._weight
        apart = [theirs - ours for ours, theirs in zip(self._means, other._means, strict=True)]
        both = zip(self._squares, other._squares, apart, strict=True)
        self._squares = [a + b + d**2 * (self._weight * other._weight / total) for a, b, d in both]
        self._means = [mean + d * (other._weight / total) for mean, d in zip(self._means, apart, strict=True)]
        self._weight = total

    def finish(self) -> tuple[Moment, ...]:
        weight = self._require_weight()
        return tuple(Moment(mean, square / weight) for mean, square in zip(self._means, self._squares, strict=True))


def _squares(values: Any, share: Floats) -> Floats:
    """Return the (weighted) sums of the squares of the columns."""
    if is_sparse(values) or not len(share) or (share != share[0]).any():
        return np.asarray(share @ values**2)
    # without an array of squares
    return np.asarray(_core.column_dot(values, values, False, resolve_threads(None)) * share[0])
