"""Importance of neurons and inputs by what they contribute to the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from prunus import _core
from prunus._base import Floats, check
from prunus.data import Data, is_sparse
from prunus.network import Network
from prunus.scoring.base import Criterion

_VALUES = 1 << 20  # of gradients of sparse entries that are computed at once


@dataclass(frozen=True)
class _Contribution(Criterion):
    absolute: bool = False

    needs = ("X", "y")

    def __post_init__(self) -> None:
        check.put(self, absolute=check.flag("absolute", self.absolute))


@dataclass(frozen=True)
class OutputContribution(_Contribution):
    """Sum over the samples of gradient times output, ``sum dL/do * o``.

    What it does
    ------------
    Scores every neuron by the first-order estimate of how much the loss falls because the neuron is there: the change
    of L if its output o were 0, with the sign turned. L is the mean loss, so the sum is a mean over the samples.
    ``absolute=True`` sums the absolute values of the samples' terms: contributions that cancel still count.

    Why
    ---
    Removing neurons makes every matrix smaller, so it pays in any format and on any machine.

    Cost
    ----
    One forward and one backward pass over the data.

    When it fails
    -------------
    Signed, as by default, a neuron that lowers the loss has a *negative* sum and goes first, and one that helps some
    samples as much as it hurts others scores 0. Signed sums suit a threshold that one has looked at; for a given
    sparsity ``absolute=True`` keeps more accuracy.

    Examples
    --------
    >>> scores = prunus.importance(network, "output_contribution", X=X, y=y, absolute=True)

    References
    ----------
    P. Molchanov, S. Tyree, T. Karras, T. Aila, J. Kautz, "Pruning convolutional neural networks for resource
    efficient inference", 2017 (the absolute form).
    """

    name = "output_contribution"
    unit = "neuron"

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        assert data is not None
        totals = tuple(np.zeros(layer.n_out) for layer in network.layers)
        for batch in network.traces(data):
            for total, gradient, output in zip(totals, batch.output_gradients, batch.outputs, strict=True):
                total += _core.column_dot(
                    np.ascontiguousarray(gradient), np.ascontiguousarray(output), bool(self.absolute), threads
                )
        return totals


@dataclass(frozen=True)
class InputContribution(_Contribution):
    """Sum over the samples of gradient times input, ``sum dL/dx * x``.

    What it does
    ------------
    Scores every input of a layer by the first-order estimate of how much the loss falls because the input is not 0 (behind
    a scaler: not its mean). ``absolute=True`` sums the absolute values of the samples' terms.

    Why
    ---
    It sees what the layers behind make of an input, and how much the input varies.

    Cost
    ----
    One forward and one backward pass over the data, to the inputs.

    When it fails
    -------------
    Signed, as by default, terms of different samples cancel; ``absolute=True`` keeps more accuracy. Of two features that
    stand in for one another either looks as needed as the other.

    Examples
    --------
    >>> scores = prunus.importance(network, "input_contribution", X=X, y=y, absolute=True)

    References
    ----------
    P. Molchanov, S. Tyree, T. Karras, T. Aila, J. Kautz, "Pruning convolutional neural networks for resource efficient
    inference", 2017 (of feature maps).
    """

    name = "input_contribution"
    unit = "input"

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        assert data is not None
        totals = tuple(np.zeros(layer.n_in) for layer in network.layers)
        first = network.layers[0].weight.astype(np.float64)
        for batch in network.traces(data):
            totals[0][...] += self._of_first(batch.inputs[0], batch.sum_gradients[0], first)
            for total, gradient, x in zip(totals[1:], batch.output_gradients, batch.inputs[1:], strict=False):
                total += self._summed(gradient * x)
        return totals

    def _summed(self, terms: Floats) -> Floats:
        return np.asarray((np.abs(terms) if self.absolute else terms).sum(axis=0))

    def _of_first(self, x: Any, delta: Floats, weight: Floats) -> Floats:
        """Of the columns of X. Of a sparse one the gradient is computed where it has entries, some thousands at a time."""
        if not is_sparse(x):
            return self._summed(x * (delta @ weight))
        rows = np.repeat(np.arange(x.shape[0]), np.diff(x.indptr))
        total, step = np.zeros(x.shape[1]), max(_VALUES // len(weight), 1)
        for begin in range(0, len(rows), step):
            some = slice(begin, begin + step)
            gradient = np.einsum("ek,ke->e", delta[rows[some]], weight[:, x.indices[some]])
            terms = x.data[some] * gradient
            total += np.bincount(x.indices[some], np.abs(terms) if self.absolute else terms, x.shape[1])
        return total
