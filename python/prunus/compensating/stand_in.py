"""The best linear stand-in for what a layer has lost: least squares on what is left of it, towards what it put out before."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from prunus import _core
from prunus._base import Bools, Doubles, check
from prunus.compensating.base import Removal
from prunus.network import Layer, Network
from prunus.scoring import costs_of_rows
from prunus.statistics import Gram, GramAccumulator


class StandIn:
    """The i-th layer, on the inputs that the layers before it put out in `sparse`, towards its sums in the dense network.

    `damping`, of the mean square of an input, draws each weight to the value it had. One pass over the data.
    """

    def __init__(self, i: int, sparse: Network, removal: Removal, damping: float) -> None:
        from prunus import solving  # it takes a quarter of the time to import prunus

        self._i, self._layer, self._removal = i, sparse.layers[i], removal
        self._gram = _gram(i, sparse, removal)
        self._weight = removal.dense.layers[i].weight.astype(np.float64)
        self._system = solving.layer_system(self._gram, damping)
        self._least = solving.least_pivot(self._system)
        self._costs: dict[tuple[tuple[int, int], tuple[int, int]], Doubles] = {}

    @classmethod
    def of(cls, i: int, sparse: Network, removal: Removal, damping: float) -> StandIn:
        """Return one; the one that was there before, if nothing before the layer has changed since."""
        if removal.has_begun(i - 1):
            return cls(i, sparse, removal, damping)
        key = i, damping
        if key not in removal.shared:
            removal.shared[key] = cls(i, sparse, removal, damping)
        found: StandIn = removal.shared[key]
        return found

    def fitted(self, kept: Bools) -> Layer:
        """Return the layer whose sums come nearest, with weights where `kept` is True and 0 elsewhere."""
        return self._layer_of(self._fit(kept & ~self._system.constant), kept)

    def by_columns(self, kept: Bools, neighbours: int) -> tuple[Layer, Bools]:
        """Return the layer that loses weights column by column, those behind taking over, and which it keeps.

        As many as `kept` has of so many neighbours of a row.
        """
        system, threads, there, root = self._system, self._removal.threads, self._removal.there[self._i], self._root
        best = (self._products @ root.T) @ root if there.all() else self._fit(there & ~system.constant)
        found, left = _core.eliminate_columns(root, best, there, kept, neighbours, threads)
        left &= there
        return self._layer_of(np.where(left, found, 0), left), left

    def _layer_of(self, found: Doubles, kept: Bools) -> Layer:
        """Return the layer of these weights of the scaled inputs, and the bias that goes with them."""
        gram, system, layer = self._gram, self._system, self._layer
        # What never varies tells nothing: its weight keeps its value, and the bias makes up for that.
        weight = np.where(kept & system.constant, self._weight, found / system.scale)
        bias = gram.y_mean - weight @ gram.x_mean if self._removal.dense.fits_biases else layer.bias
        return layer.replace(weight.astype(layer.weight.dtype), np.asarray(bias).astype(layer.bias.dtype))

    def costs(self, block: tuple[int, int], quota: tuple[int, int]) -> Doubles:
        """Return what each weight that was there costs when it goes, after others of its rows and with its block.

        Of a quota, (n, m), n of every m neighbours stay.
        """
        if (block, quota) not in self._costs:
            there = self._removal.there[self._i]
            weight = self._fit(there & ~self._system.constant)
            if block[0] > 1:
                weight = weight * np.sqrt(self._curvature)[:, None]
            self._costs[block, quota] = costs_of_rows(
                self._i, self._system, weight, there, block, self._removal.threads, quota
            )
        return self._costs[block, quota]

    @cached_property
    def _root(self) -> Doubles:
        root = _core.inverse_root(self._system.matrix, self._least, self._removal.threads)
        if root is None:
            raise self._collinear()
        return root

    @cached_property
    def _curvature(self) -> Doubles:
        assert self._removal.data is not None
        return self._removal.dense.curvatures(self._removal.data)[self._i]

    @property
    def _products(self) -> Doubles:
        return self._system.products + self._system.alpha * self._weight / self._system.scale

    def _fit(self, support: Bools) -> Doubles:
        """Return the weights of the scaled inputs."""
        found, is_done = _core.fit_rows(
            self._system.matrix, self._products, support, self._least, self._removal.threads
        )
        if not is_done.all():
            raise self._collinear()
        return found

    def _collinear(self) -> ValueError:
        return check.error(
            ValueError,
            "X",
            f"expected inputs of layer {self._i} that are no combinations of others for a compensation without damping",
        )


def _gram(i: int, sparse: Network, removal: Removal) -> Gram:
    """Return the sums of a layer's inputs and of what it summed up before."""
    gathered = GramAccumulator()
    for batch in removal.inputs.batches(i, sparse):
        gathered.update(batch.inputs, batch.sums, batch.share)
    return gathered.gram(fit_intercept=removal.dense.fits_biases)
