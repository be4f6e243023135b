"""Gauss-Newton steps by preconditioned conjugate gradients, each with a line search."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from prunus._base import Bools, Doubles
from prunus.compensating.conjugate_gradients import conjugate_gradients
from prunus.compensating.parameters import Parameters
from prunus.compensating.refining.preconditioner import Preconditioner
from prunus.compensating.refining.settings import Refine
from prunus.data import Data
from prunus.network import Network

# A step is halved so many times until the loss falls by at least a part of what its slope promises (J. Nocedal, S. Wright,
# "Numerical optimization", 2006, section 3.1); a whole one that lets it fall by less than a part of what can be is the last.
_HALVINGS, _PART, _LEAST_FALL = 8, 1e-4, 1e-3

# Levenberg-Marquardt's damping, of the preconditioner's matrix: it grows after a step that was halved, where the network is
# further from linear than the step is long, and falls after a whole one.
_LEAST_DAMPING, _DAMPING_FACTOR = 1e-2, 10.0


class _Objective(NamedTuple):
    """What is to fall: the mean loss and a ridge penalty of the weights."""

    data: Data
    parameters: Parameters
    alpha: float

    def value(self, network: Network) -> float:
        """Return it at a network, whose other weights are zero."""
        squares = sum(float(np.sum(np.square(layer.weight, dtype=np.float64))) for layer in network.layers)
        return network.loss_of(self.data) + self.alpha / 2 * squares

    def slope(self, network: Network) -> Doubles:
        """Return its gradient."""
        found = network.gradients(self.data)
        weights = [g + self.alpha * layer.weight for g, layer in zip(found.weights, network.layers, strict=True)]
        return self.parameters.vector(list(zip(weights, found.biases, strict=True)))

    def product(self, network: Network, vector: Doubles) -> Doubles:
        """Return its Gauss-Newton matrix times a vector."""
        change = self.parameters.arrays(vector)
        found = network.curvature_product(self.data, change)
        return self.parameters.vector(
            [(curved + self.alpha * weight, bias) for (curved, bias), (weight, _) in zip(found, change, strict=True)]
        )


def stepped(
    network: Network, kept: Sequence[Bools], data: Data, least: float, settings: Refine, threads: int
) -> Network:
    """Return the network with other values where `kept` is True, and other biases where it fits any, of less loss.

    It takes standardized inputs, as the data are; their target is what it is to put out. No network has less loss than `least`.
    Weights elsewhere stay zero.
    """
    parameters = Parameters(network, kept, network.fits_biases)
    objective = _Objective(data, parameters, settings.alpha)
    loss, damping = objective.value(network), 0.0
    for _ in range(settings.steps if parameters.size else 0):
        slope = objective.slope(network)
        preconditioner = Preconditioner(network, parameters, data, settings.damping, threads)
        change = conjugate_gradients(
            partial(objective.product, network), -slope, preconditioner.solve, settings.products, damping=damping
        )
        moved, after, part = _searched(network, objective, change, float(slope @ change), loss)
        if part == 0:
            break
        fall, network, loss = loss - after, moved, after
        if part == 1 and fall < _LEAST_FALL * (loss - least):
            break
        damping = damping / _DAMPING_FACTOR if part == 1 else max(damping * _DAMPING_FACTOR, _LEAST_DAMPING)
    return network


def _searched(
    network: Network, objective: _Objective, change: Doubles, slope: float, loss: float
) -> tuple[Network, float, float]:
    """Return the network as far along the change as the objective falls, its value, and what part of it that is, or 0."""
    for halving in range(_HALVINGS):
        part = 0.5**halving
        moved = objective.parameters.moved(network, part * change)
        after = objective.value(moved)
        if after <= loss + _PART * part * slope:
            return moved, after, part
    return network, loss, 0.0
