"""What layers read and sum up, kept from one to the next where it fits into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from prunus._base import Floats
from prunus.data import Data, is_sparse
from prunus.engine import SparseMatrix
from prunus.network import ACTIVATIONS, Layer, Network, outputs_of, widest

# 10,000 samples, 784 inputs, 300 outputs, float64, Intel Xeon with AVX-512: packing and the product take, on one thread and on
# two, of the dense product's time 0.73 and 1.04 at half density, 0.59 and 0.84 at 40 %, 0.26 and 0.32 at 10 %.
_MOST_DENSE = 0.4

_MOST_VALUES = 1 << 25  # that are kept of a layer, 256 MB of float64; of more they are computed anew


class Batch(NamedTuple):
    """Some samples on their way through both networks."""

    inputs: Any  # of the layer in the network that is pruned
    sums: Floats  # of the layer in the dense network
    share: Floats


@dataclass
class Inputs:
    """Forward passes of a dense network, and of the same one with changed layers, on the same samples."""

    dense: Network
    data: Data
    _sums: list[Floats] = field(default_factory=list)  # of the dense network's layers, of all samples
    _last: tuple[tuple[Layer, ...], Floats] | None = None  # changed layers, and what the last of them put out

    def batches(self, i: int, sparse: Network) -> Iterator[Batch]:
        """Yield the i-th layer's inputs, behind the layers of `sparse` before it, and its sums in the dense network."""
        before, keeps = self._outputs(sparse.layers[:i]), all(self._fits(layer.n_out) for layer in self.dense.layers)
        sums = [np.empty((len(self.data), layer.n_out), self.data.dtype) for layer in self.dense.layers if keeps]
        for rows in self.data.batches(widest(self.dense.layers)):
            X = self.data.rows(rows) if i == 0 or before is None or not self._sums else None
            inputs = X if i == 0 else outputs_of(sparse.layers[:i], X)[1][-1] if before is None else before[rows]
            if self._sums:
                own = self._sums[i][rows]
            else:
                of_layers = outputs_of(self.dense.layers if keeps else self.dense.layers[: i + 1], X)[0]
                own = of_layers[i]
                for whole, part in zip(sums, of_layers, strict=False):
                    whole[rows] = part
            yield Batch(inputs, own, self.data.shares(rows))
        self._sums = self._sums or sums

    def _fits(self, width: int) -> bool:
        return len(self.data) * width <= _MOST_VALUES

    def _outputs(self, layers: tuple[Layer, ...]) -> Floats | None:
        """Return what these layers put out of all samples; None: there are none, or it is too much."""
        if not layers or not self._fits(layers[-1].n_out):
            return None
        known = self._last
        if known is not None and len(known[0]) == len(layers) and all(map(_is, known[0], layers)):
            return known[1]
        is_next = known is not None and len(known[0]) == len(layers) - 1 and all(map(_is, known[0], layers))
        found = np.empty((len(self.data), layers[-1].n_out), self.data.dtype)
        before = layers[:-1] if known is None or not is_next else ()
        last = _Last(layers[-1], self.data)
        for rows in self.data.batches(widest(self.dense.layers)):
            x = self.data.rows(rows) if known is None or not is_next else known[1][rows]
            found[rows] = last.put_out(outputs_of(before, x)[1][-1] if before else x)
        self._last = layers, found
        return found


class _Last:
    """A layer that puts out what is asked for. Where it has lost much, its zeros are not multiplied."""

    def __init__(self, layer: Layer, data: Data) -> None:
        self._layer = layer
        is_worth_it = 0 < np.count_nonzero(layer.weight) <= _MOST_DENSE * layer.weight.size and not is_sparse(
            data.source
        )
        self._sparse = SparseMatrix.from_dense(layer.weight.astype(data.dtype, copy=False)) if is_worth_it else None

    def put_out(self, x: Any) -> Floats:
        """Return it for a batch."""
        layer = self._layer
        if self._sparse is None:
            return outputs_of([layer], x)[1][-1]
        return ACTIVATIONS[layer.activation].value(x @ self._sparse.T + layer.bias, layer.negative_slope)


def _is(one: Layer, other: Layer) -> bool:
    return one is other
