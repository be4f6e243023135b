"""What an earlier pruning left, so that one that follows counts from the original."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from prunus._base import Bools, Shape
from prunus.masking import Pattern, shapes_of
from prunus.network import Network, Structure
from prunus.pruning.pruned import Pruned


class OriginalUnits(NamedTuple):
    """The units of a pattern, of the network and of its original."""

    shapes: list[Shape]  # of the masks of all layers of the original
    whole: list[Shape] | None  # those of the layers to be pruned; None: the network's own
    elsewhere: int  # how many belong to layers that the network has no more
    start: tuple[Bools, ...]  # what is there, in masks of the network's shapes


class Earlier(NamedTuple):
    """What there is of the original of a network."""

    structure: Structure
    alive: list[Bools] | None  # the weights that are left, of the network's shapes; None: all
    shapes: list[Shape]  # of the network's weights

    def present(self, unit: str, masks: Sequence[Bools]) -> list[Bools]:
        """Return masks of the original's shapes for what the network has."""
        return self.structure.present(unit, masks, self.shapes)

    def units(self, pattern: Pattern, layers: Sequence[int], is_all: bool) -> OriginalUnits:
        """Return the units of these layers, `is_all`: and those of layers that are no more. Inputs always are."""
        shapes, places = shapes_of(pattern, self.structure.shapes), self.structure.places
        if pattern.unit == "weight" and self.alive is not None:
            start = self.alive
        else:
            whole = [np.ones(shape, np.bool_) for shape in shapes_of(pattern, self.shapes)]
            start = self.present(pattern.unit, self.structure.original(pattern.unit, whole))
        if self.structure.is_whole:
            return OriginalUnits(shapes, None, 0, tuple(start))
        gone = set(range(len(shapes))) - set(places) if is_all and pattern.unit != "input" else ()
        elsewhere = sum(pattern.units(np.zeros(shapes[i], np.float32), 1).size for i in gone)
        own = [shapes[0 if pattern.unit == "input" else places[i]] for i in layers]
        return OriginalUnits(shapes, own, elsewhere, tuple(start))


def of(model: Any, network: Network) -> Earlier:
    """Return what there is of a model's original: all, but of a Pruned."""
    shapes = [layer.weight.shape for layer in network.layers]
    if not isinstance(model, Pruned):
        return Earlier(Structure.whole(shapes), None, shapes)
    return Earlier(model.structure, _alive(model, shapes), shapes)


def after_units(earlier: Earlier, unit: str, masks: Sequence[Bools], network: Network, n_kept: int) -> Earlier:
    """Return what there is once neurons or inputs have gone too, and `network` is left with so many weights."""
    structure = earlier.structure.without(unit, earlier.structure.original(unit, masks))
    shapes = [layer.weight.shape for layer in network.layers]
    alive = None if n_kept == network.n_weights else [layer.weight != 0 for layer in network.layers]
    return Earlier(structure, alive, shapes)


def _alive(pruned: Pruned, shapes: list[Shape]) -> list[Bools] | None:
    """Return which weights are left: as the masks say; all where neurons or inputs went alone; else those that are not zero."""
    if pruned.masks[0].ndim == 2:
        return pruned.structure.present("weight", pruned.masks, shapes)
    if pruned.report["weights"]["after"] == pruned.network.n_weights:
        return None
    return [layer.weight != 0 for layer in pruned.network.layers]
