"""Importance of weights by what flows through them: of the network itself, or of its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prunus import _core
from prunus._base import Floats
from prunus.data import Data
from prunus.network import Network
from prunus.scoring.base import Criterion


@dataclass(frozen=True)
class SynFlow(Criterion):
    """Sum of the products of absolute weights along all paths through a weight.

    What it does
    ------------
    Gives every weight its absolute value and every input 1, leaves biases and activations out, and scores each weight
    by ``|w| * dR/d|w|``, R being the sum of the outputs.

    Why
    ---
    It needs no data, and knows what lies before and after a weight: one that nothing reads scores 0. Of every layer
    the scores have the same sum, so that pruned step by step none is emptied before the others.

    Cost
    ----
    Two products of a matrix and a vector for each layer.

    When it fails
    -------------
    In one step at high sparsity, where the scores of a large layer are small; prune in many. On a trained model it
    knows less than magnitude.

    Examples
    --------
    >>> scores = prunus.importance(network, "synflow")

    References
    ----------
    H. Tanaka, D. Kunin, D. Yamins, S. Ganguli, "Pruning neural networks without any data by iteratively conserving
    synaptic flow", 2020.
    """

    name = "synflow"
    unit = "weight"
    needs = ()

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        weights = [_core.absolute(layer.weight, threads) for layer in network.layers]
        # Every layer divided by its largest weight: no product overflows, and all scores are smaller by one factor.
        sizes = [float(w.max()) or 1.0 for w in weights]
        before, after = [np.ones(network.layers[0].n_in, network.dtype)], [np.ones(network.n_out, network.dtype)]
        for w, size in zip(weights[:-1], sizes, strict=False):
            before.append((w @ before[-1]) / network.dtype.type(size))
        for w, size in zip(reversed(weights[1:]), reversed(sizes), strict=False):
            after.insert(0, (after[0] @ w) / network.dtype.type(size))
        factor = float(np.prod(sizes, dtype=np.float64))
        restore = factor if 0 < factor < 1e20 else 1.0  # where float32, up to 3e38, also holds it times the sums
        for w, size, forth, back in zip(weights, sizes, before, after, strict=True):
            w *= (back * network.dtype.type(restore / size))[:, None]
            w *= forth
        return tuple(weights)


@dataclass(frozen=True)
class GraSP(Criterion):
    """Weight times the Hessian's product with the gradient, ``w * (H g)``: gradient signal preservation.

    What it does
    ------------
    Scores every weight by how much the squared norm of the gradient g falls, to first order, if it is set to zero. H g
    is a central difference of gradients along g.

    Why
    ---
    For a network that will be trained afterwards: it keeps what the training needs, not what the loss is now.

    Cost
    ----
    Three forward and backward passes over the data.

    When it fails
    -------------
    On a trained model, which has no gradient left to preserve.

    Examples
    --------
    >>> scores = prunus.importance(network, "grasp", X=X, y=y)

    References
    ----------
    C. Wang, G. Zhang, R. Grosse, "Picking winning tickets before training by preserving gradient flow", 2020 (its
    score has the other sign, and the highest go).
    """

    name = "grasp"
    unit = "weight"
    needs = ("X", "y")

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        assert data is not None
        network = network.astype(np.float64)
        weights = [layer.weight for layer in network.layers]
        gradient = network.gradients(data).weights
        length = np.sqrt(sum(float((g**2).sum()) for g in gradient))
        if length == 0:
            return tuple(np.zeros(w.shape) for w in weights)
        # The cube root of eps balances what the difference rounds off and what it leaves out.
        size = np.sqrt(sum(float((w**2).sum()) for w in weights))
        step = np.finfo(np.float64).eps ** (1 / 3) * max(size, 1.0) / length

        def gradient_at(step: float) -> tuple[Floats, ...]:
            moved = [layer.replace(layer.weight + step * g) for layer, g in zip(network.layers, gradient, strict=True)]
            return network.replace(moved).gradients(data).weights

        ahead, behind = gradient_at(step), gradient_at(-step)
        return tuple(w * (a - b) / (2 * step) for w, a, b in zip(weights, ahead, behind, strict=True))
