"""Importance by what neurons put out and weights take in, over data without labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prunus import _core
from prunus._base import Floats
from prunus.data import Data
from prunus.network import Network
from prunus.scoring.base import Criterion
from prunus.statistics import Activity, Moments, SecondMoments, collect


@dataclass(frozen=True)
class Wanda(Criterion):
    """Absolute weight times the root mean square of the activation it reads, ``|w| * sqrt(E[x**2])``.

    What it does
    ------------
    Scores every weight by how much it adds to its neuron's sum, in root mean square over the samples.

    Why
    ---
    A large weight that reads what is nearly always zero does nothing. It needs no labels and no backward pass.

    Cost
    ----
    One forward pass over the data.

    When it fails
    -------------
    Ranked over all layers at high sparsity, since their sums have different scales; use ``allocation="lamp"``.

    Examples
    --------
    >>> scores = prunus.importance(network, "wanda", X=X)

    References
    ----------
    M. Sun, Z. Liu, A. Bair, Z. Kolter, "A simple and effective pruning approach for large language models", 2024.
    """

    name = "wanda"
    unit = "weight"
    needs = ("X",)

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        assert data is not None
        squares = SecondMoments()
        collect(network, data, squares)
        return tuple(
            _core.absolute(layer.weight.astype(np.float64), threads) * np.sqrt(square)
            for layer, square in zip(network.layers, squares.finish(), strict=True)
        )


@dataclass(frozen=True)
class Apoz(Criterion):
    """Fraction of the samples for which the neuron's output is not zero: one minus the average percentage of zeros.

    What it does
    ------------
    Scores every neuron by how often it says anything.

    Why
    ---
    After relu, neurons that are silent for nearly all samples can go at little cost.

    Cost
    ----
    One forward pass over the data.

    When it fails
    -------------
    With activations that are never exactly zero, where all scores are 1. It takes a neuron that is always on, and so
    a constant or nearly one, for the most important.

    Examples
    --------
    >>> scores = prunus.importance(network, "apoz", X=X)

    References
    ----------
    H. Hu, R. Peng, Y.-W. Tai, C.-K. Tang, "Network trimming: a data-driven neuron pruning approach towards efficient
    deep architectures", 2016.
    """

    name = "apoz"
    unit = "neuron"
    needs = ("X",)

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        assert data is not None
        activity = Activity()
        collect(network, data, activity)
        return activity.finish()


@dataclass(frozen=True)
class ActivationNorm(Criterion):
    """Root mean square of the neuron's output, ``sqrt(E[o**2])``.

    What it does
    ------------
    Scores every neuron by how large its output is over the samples.

    Why
    ---
    A neuron whose output is always near zero can be set to zero. It suits any activation.

    Cost
    ----
    One forward pass over the data.

    When it fails
    -------------
    When the next layer reads a large output with small weights, or a small one with large weights.

    Examples
    --------
    >>> scores = prunus.importance(network, "activation_norm", X=X)

    References
    ----------
    P. Molchanov, S. Tyree, T. Karras, T. Aila, J. Kautz, "Pruning convolutional neural networks for resource
    efficient inference", 2017 (compares it with others).
    """

    name = "activation_norm"
    unit = "neuron"
    needs = ("X",)

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        assert data is not None
        squares = SecondMoments("outputs")
        collect(network, data, squares)
        return tuple(np.sqrt(square) for square in squares.finish())


@dataclass(frozen=True)
class ActivationVariance(Criterion):
    """Variance of the neuron's output over the samples.

    What it does
    ------------
    Scores every neuron by how much its output changes from sample to sample.

    Why
    ---
    A neuron that always says the same can become part of the next layer's bias.

    Cost
    ----
    One forward pass over the data.

    When it fails
    -------------
    When the next layer hardly reads what varies most. Removal puts activation(bias) in the neuron's place, not its
    mean: fine-tune the biases where the two differ.

    Examples
    --------
    >>> scores = prunus.importance(network, "activation_variance", X=X)

    References
    ----------
    J. Sietsma, R. Dow, "Neural net pruning: why and how", 1988; T. Chan, G. Golub, R. LeVeque, "Algorithms for
    computing the sample variance", 1983, for the sums over batches.
    """

    name = "activation_variance"
    unit = "neuron"
    needs = ("X",)

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        assert data is not None
        moments = Moments()
        collect(network, data, moments)
        return tuple(moment.variance for moment in moments.finish())
