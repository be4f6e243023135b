"""Newton's method for a smooth loss of a linear model with a ridge penalty, by preconditioned conjugate gradients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from prunus._base import Bools, Doubles, check
from prunus.compensating.conjugate_gradients import conjugate_gradients
from prunus.compensating.optimum.blocks import Blocks
from prunus.compensating.parameters import Parameters
from prunus.data import Data
from prunus.network import Network

# Of the mean loss with its penalty: where the largest element of the gradient is that small the optimum is reached; where
# rounding lets it become no smaller than the second, there is a warning.
_REACHED, _ENOUGH = 1e-9, 1e-6
_MOST_STEPS, _MOST_PRODUCTS, _HALVINGS, _PART = 100, 500, 60, 1e-4


class Penalty(NamedTuple):
    """What squares are multiplied with, beside the mean loss."""

    weights: float
    biases: float | None  # None: they are not fitted


def least(
    network: Network, kept: Bools, data: Data, penalty: Penalty, threads: int, reached: float = _REACHED
) -> tuple[float, Network]:
    """Return the least of the loss and its penalty, and the network of one layer that has it.

    Weights are zero but where `kept` is True.
    """
    parameters = Parameters(network, [kept], penalty.biases is not None)
    penalties = parameters.vector([(np.full(kept.shape, penalty.weights), np.full(len(kept), penalty.biases or 0.0))])
    return _Objective(parameters, penalties, data, threads, reached).least(network)


class _Objective:
    """The mean loss of a network and penalties times the squares of its parameters."""

    def __init__(self, parameters: Parameters, penalties: Doubles, data: Data, threads: int, reached: float) -> None:
        self._parameters, self._penalties, self._reached = parameters, penalties, reached
        self._data, self._threads = data, threads

    def least(self, network: Network) -> tuple[float, Network]:
        """Return where it is least."""
        # From weights that are far too large for what is left of them a logistic loss hardly curves: zero is nearer.
        origin = self._parameters.moved(network, -self._vector(network))
        begins = [(*self._at(begin), begin) for begin in (network, origin)]
        value, gradient, network = min(begins, key=lambda begin: begin[0])
        size = np.inf
        for _ in range(_MOST_STEPS if self._parameters.size else 0):
            size, before = np.abs(gradient).max(), size
            if size <= self._reached or (size <= _ENOUGH and size >= before / 2):
                break
            moved = self._searched(network, value, gradient, self._change(network, gradient, size))
            if moved is None:
                break
            network, value, gradient = moved
        if self._parameters.size and not size <= _ENOUGH:
            check.warn(
                f"refitted to a gradient of {size:.2g}, not to {_ENOUGH:g}: there may be no optimum without a penalty, or "
                "columns differ too much in scale"
            )
        return value, network

    def _at(self, network: Network) -> tuple[float, Doubles]:
        """Return the value and its gradient."""
        found, x = network.gradients(self._data), self._vector(network)
        slope = self._parameters.vector(list(zip(found.weights, found.biases, strict=True)))
        return float(found.loss + self._penalties @ x**2), slope + 2 * self._penalties * x

    def _vector(self, network: Network) -> Doubles:
        return self._parameters.vector(
            [(layer.weight.astype(np.float64), layer.bias.astype(np.float64)) for layer in network.layers]
        )

    def _change(self, network: Network, gradient: Doubles, size: float) -> Doubles:
        """Return Newton's step, the more exact the nearer (R. Dembo, S. Eisenstat, T. Steihaug, 1982)."""
        blocks = Blocks(network, self._parameters, self._data, self._penalties, self._threads)

        curvature = network.curvature(self._data)

        def product(vector: Doubles) -> Doubles:
            curved = curvature.product(self._parameters.arrays(vector))
            return self._parameters.vector(curved) + 2 * self._penalties * vector

        return conjugate_gradients(
            product, -gradient, blocks.solve, _MOST_PRODUCTS, tolerance=float(min(0.1, np.sqrt(size)))
        )

    def _searched(
        self, network: Network, value: float, gradient: Doubles, change: Doubles
    ) -> tuple[Network, float, Doubles] | None:
        """Return the network as far along the change as it falls, but for rounding; None: nowhere."""
        slope = float(gradient @ change)
        rounding = 64 * float(np.finfo(np.float64).eps) * abs(value)
        for halving in range(_HALVINGS):
            part = 0.5**halving
            moved = self._parameters.moved(network, part * change)
            after, gradient_after = self._at(moved)
            if after <= value + _PART * part * slope + rounding:
                return moved, after, gradient_after
        return None
