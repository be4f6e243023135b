"""Gauss-Newton steps by preconditioned conjugate gradients, each with a line search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prunus._base import Bools, Doubles
from prunus.compensating.conjugate_gradients import Product, conjugate_gradients
from prunus.compensating.parameters import Parameters
from prunus.compensating.refining.preconditioner import Preconditioner, grams_of
from prunus.compensating.refining.settings import Refine
from prunus.data import Data
from prunus.network import Network

# A step is halved so many times until the loss falls by at least a part of what its slope promises (J. Nocedal, S. Wright,
# "Numerical optimization", 2006, section 3.1); a whole one that lets it fall by less than a part of what can be is the last.
_HALVINGS, _PART, _LEAST_FALL = 8, 1e-4, 1e-3

# Levenberg-Marquardt's damping, of the preconditioner's matrix: it grows after a step that was halved, where the network is
# further from linear than the step is long, and falls after a whole one.
_LEAST_DAMPING, _DAMPING_FACTOR = 1e-2, 10.0

# What rounding leaves of a residual: products beyond it would go along what no sample tells. One sample has as many products
# worth while as classes less one.
_ROUNDING = float(np.sqrt(np.finfo(np.float64).eps))


class _Objective:
    """What is to fall: the mean loss, and a ridge penalty of the weights."""

    def __init__(self, parameters: Parameters, data: Data, alpha: float) -> None:
        self.parameters, self._data = parameters, data
        self._penalties = parameters.vector(
            [(np.full(mask.shape, alpha), np.zeros(len(mask))) for mask in parameters.kept]
        )

    def value(self, network: Network) -> float:
        """Return it at a network."""
        return network.loss_of(self._data) + float(self._penalties @ self._vector(network) ** 2) / 2

    def slope(self, network: Network) -> Doubles:
        """Return its gradient."""
        found = network.gradients(self._data)
        slope = self.parameters.vector(list(zip(found.weights, found.biases, strict=True)))
        return slope + self._penalties * self._vector(network)

    def curvature(self, network: Network) -> Product:
        """Return its Gauss-Newton matrix, by products with vectors."""
        matrix = network.curvature(self._data)
        return lambda vector: (
            self.parameters.vector(matrix.product(self.parameters.arrays(vector))) + self._penalties * vector
        )

    def _vector(self, network: Network) -> Doubles:
        return self.parameters.vector(
            [(layer.weight.astype(np.float64), layer.bias.astype(np.float64)) for layer in network.layers]
        )


def stepped(
    network: Network, kept: Sequence[Bools], data: Data, least: float, settings: Refine, threads: int
) -> Network:
    """Return the network with other values where `kept` is True, and other biases where it fits any, of less loss.

    It takes standardized inputs, as the data are; their target is what it is to put out. No network has less loss than `least`.
    Weights elsewhere stay zero.
    """
    parameters = Parameters(network, kept, network.fits_biases)
    objective = _Objective(parameters, data, settings.alpha)
    if parameters.size == 0:
        return network
    loss, damping, of_inputs = objective.value(network), 0.0, grams_of(network, data, [0])
    for _ in range(settings.steps):
        slope = objective.slope(network)
        preconditioner = Preconditioner(network, parameters, data, of_inputs, settings.damping, threads)
        change = conjugate_gradients(
            objective.curvature(network),
            -slope,
            preconditioner.solve,
            settings.products,
            damping=damping,
            tolerance=_ROUNDING,
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
