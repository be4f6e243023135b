"""Importance of neurons and inputs by what they contribute to the loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prunus._base import Floats, check
from prunus.data import Data
from prunus.network import Network
from prunus.scoring.base import Criterion
from prunus.statistics import InputContributions, OutputContributions, collect


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
        contributions = OutputContributions(self.absolute)
        collect(network, data, contributions)
        return contributions.finish()


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
        contributions = InputContributions(network.layers[0].weight.astype(np.float64), self.absolute)
        collect(network, data, contributions)
        return contributions.finish()
