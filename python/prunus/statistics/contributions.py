"""What neurons and inputs contribute to the loss, to first order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prunus import _core
from prunus._base import Floats, check, resolve_threads
from prunus.data import is_sparse
from prunus.network import Trace
from prunus.statistics.base import Means

_VALUES = 1 << 20  # of gradients of sparse entries that are computed at once


class OutputContributions(Means):
    """Mean of gradient times output, ``E[dL/do * o]``, (n_out,) for each layer.

    What it does
    ------------
    Adds up, sample by sample, the first-order estimate of how much the loss falls because a neuron is there, its sign
    turned; with ``absolute=True`` the absolute values.

    Why
    ---
    It knows of the loss, not of the outputs alone.

    Cost
    ----
    A forward and a backward pass.

    When it fails
    -------------
    Near a minimum terms of different samples cancel; ``absolute=True`` adds up what they are each.

    Examples
    --------
    >>> contributions = prunus.statistics.OutputContributions(absolute=True)
    >>> prunus.statistics.gather(network, X, y, contributions)
    >>> contributions.finish()[0].shape
    (300,)

    References
    ----------
    P. Molchanov, S. Tyree, T. Karras, T. Aila, J. Kautz, "Pruning convolutional neural networks for resource efficient
    inference", 2017.
    """

    name = "output_contributions"
    needs = ("X", "y")

    def __init__(self, absolute: bool = False) -> None:
        super().__init__()
        self.absolute = check.flag("absolute", absolute)

    def sums(self, batch: Trace) -> Sequence[Floats]:
        threads = resolve_threads(None)
        return [
            _core.column_dot(np.ascontiguousarray(gradient), np.ascontiguousarray(output), self.absolute, threads)
            for gradient, output in zip(batch.output_gradients, batch.outputs, strict=True)
        ]


class InputContributions(Means):
    """Mean of gradient times input, ``E[dL/dx * x]``, (n_in,) for each layer; `first` is the weight of the first one."""

    name = "input_contributions"
    needs = ("X", "y")

    def __init__(self, first: Floats, absolute: bool = False) -> None:
        super().__init__()
        self.first = first
        self.absolute = check.flag("absolute", absolute)

    def sums(self, batch: Trace) -> Sequence[Floats]:
        behind = zip(batch.output_gradients, batch.inputs[1:], strict=False)
        return [
            self._of_first(batch.inputs[0], batch.sum_gradients[0], self.first),
            *(self._summed(gradient * x) for gradient, x in behind),
        ]

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
