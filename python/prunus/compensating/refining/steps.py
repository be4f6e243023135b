"""Gauss-Newton steps by preconditioned conjugate gradients, each with a line search."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from prunus._base import Bools, Doubles
from prunus.compensating.refining.parameters import Parameters
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


def stepped(
    network: Network, kept: Sequence[Bools], data: Data, least: float, settings: Refine, threads: int
) -> Network:
    """Return the network with other values where `kept` is True, and other biases where it fits any, of less loss.

    It takes standardized inputs, as the data are; their target is what it is to put out. No network has less loss than `least`.
    Weights elsewhere stay zero.
    """
    parameters = Parameters(network, kept, network.fits_biases)
    loss, damping = network.loss_of(data), 0.0
    for _ in range(settings.steps if parameters.size else 0):
        gradients = network.gradients(data)
        slope = parameters.vector(list(zip(gradients.weights, gradients.biases, strict=True)))
        preconditioner = Preconditioner(network, parameters, data, settings.damping, threads)

        def product(vector: Doubles, network: Network = network) -> Doubles:
            return parameters.vector(network.curvature_product(data, parameters.arrays(vector)))

        change = _conjugate_gradients(product, -slope, preconditioner.solve, damping, settings.products)
        moved, after, part = _searched(network, parameters, change, float(slope @ change), data, loss)
        if part == 0:
            break
        fall, network, loss = loss - after, moved, after
        if part == 1 and fall < _LEAST_FALL * (loss - least):
            break
        damping = damping / _DAMPING_FACTOR if part == 1 else max(damping * _DAMPING_FACTOR, _LEAST_DAMPING)
    return network


def _searched(
    network: Network, parameters: Parameters, change: Doubles, slope: float, data: Data, loss: float
) -> tuple[Network, float, float]:
    """Return the network as far along the change as the loss falls, its loss, and what part of the change that is, or 0."""
    for halving in range(_HALVINGS):
        part = 0.5**halving
        moved = parameters.moved(network, part * change)
        after = moved.loss_of(data)
        if after <= loss + _PART * part * slope:
            return moved, after, part
    return network, loss, 0.0


def _conjugate_gradients(
    product: Callable[[Doubles], Doubles],
    right: Doubles,
    precondition: Callable[[Doubles], Doubles],
    damping: float,
    n: int,
) -> Doubles:
    """Return an approximate solution of product(x) + damping * M x = right, by n products (M. Hestenes, E. Stiefel, 1952).

    M is the preconditioner's matrix. It need not be known: of what it was solved for, it is that.
    """
    found, residual = np.zeros_like(right), right
    direction, of_direction = precondition(residual), right  # M times the direction
    length = residual @ direction
    for _ in range(n):
        moved = product(direction) + damping * of_direction
        curvature = direction @ moved
        if not (curvature > 0 and length > 0):
            break
        step = length / curvature
        found = found + step * direction
        residual = residual - step * moved
        solved = precondition(residual)
        length, before = residual @ solved, length
        direction = solved + length / before * direction
        of_direction = residual + length / before * of_direction
    return found
