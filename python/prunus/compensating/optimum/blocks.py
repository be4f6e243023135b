"""The second derivative by the weights of each output alone: all of it where outputs do not depend on one another."""

from __future__ import annotations

import numpy as np

from prunus import _core
from prunus._base import Doubles
from prunus.compensating.parameters import Parameters
from prunus.data import Data
from prunus.network import Network, row_curvatures

_MOST_VALUES = 1 << 25  # of all blocks, 256 MB; else their diagonals stand for them
_DAMPINGS = (1e-14, 1e-10, 1e-6, 1e-2)  # of blocks that are singular, whose diagonals are one


class Blocks:
    """Solves with each output's block; a bias comes last in it."""

    def __init__(self, network: Network, parameters: Parameters, data: Data, penalties: Doubles, threads: int) -> None:
        self._parameters = parameters
        (kept,) = parameters.kept
        self._columns = [np.flatnonzero(row) for row in kept]
        self._n_biases = int(parameters.fits_biases)
        is_whole = sum((len(columns) + 1) ** 2 for columns in self._columns) <= _MOST_VALUES
        found = row_curvatures(network, data, self._columns, bias=parameters.fits_biases, whole=is_whole)
        self._inverses = [
            inverse_of(block + (np.diag(penalty) if is_whole else penalty), threads)
            for block, penalty in zip(found, self._rows(2 * penalties), strict=True)
        ]

    def _rows(self, vector: Doubles) -> list[Doubles]:
        """Return the parts of a vector of the parameters that are each output's."""
        ((weight, bias),) = self._parameters.arrays(vector)
        return [
            np.concatenate([weight[j, columns], bias[j : j + self._n_biases]])
            for j, columns in enumerate(self._columns)
        ]

    def solve(self, vector: Doubles) -> Doubles:
        """Return the blocks' inverses times a vector of the parameters."""
        ((weight, bias),) = self._parameters.arrays(vector)
        for j, (columns, own) in enumerate(zip(self._columns, self._rows(vector), strict=True)):
            inverse = self._inverses[j]
            solved = inverse @ own if inverse.ndim == 2 else inverse * own
            weight[j, columns] = solved[: len(columns)]
            bias[j : j + self._n_biases] = solved[len(columns) :]
        return self._parameters.vector([(weight, bias)])


def inverse_of(block: Doubles, threads: int) -> Doubles:
    """Return the inverse of a block, or of its diagonal."""
    diagonal = block.diagonal() if block.ndim == 2 else block
    scale = 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1))
    if block.ndim == 1:
        return np.asarray(scale**2)
    scaled = block * scale * scale[:, None]
    for damping in _DAMPINGS:
        found = _core.inverse(scaled + damping * np.eye(len(scaled)), 0.0, threads)
        if found is not None:
            return np.asarray(found * scale * scale[:, None])
    return np.diag(scale**2)
