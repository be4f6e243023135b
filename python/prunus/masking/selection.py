"""From the scores of all layers to masks: what must stay, what is gone already, how much goes, and from where."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, prod
from typing import NamedTuple

import numpy as np

from prunus import _core
from prunus._base import Bools, Floats, check
from prunus.masking.allocations import Allocation
from prunus.masking.base import Pattern
from prunus.masking.removable import Removable, lowest, n_removed


class Goal(NamedTuple):
    """How much is to be removed."""

    sparsity: float | None = None  # of all units
    threshold: float | None = None  # of scores strictly below it
    limits: tuple[float, ...] | None = None  # the largest sparsity of each layer
    allow_empty: bool = True  # whether a layer may lose everything


class SelectedMasks(NamedTuple):
    """Masks of the scores' shapes, and how many units go where so many were wanted."""

    masks: tuple[Bools, ...]
    removed: int
    wanted: int
    size: int  # of all units
    at_floor: tuple[int, ...] = ()  # the layers that lost as many as they may without being emptied


class LayerUnits(NamedTuple):
    """The units of one layer."""

    scores: Floats
    free: Bools | None  # neither gone nor to be kept; None: all are free
    gone: Bools | None  # None: none is


@check.about("scores")
def select(
    scores: Sequence[Floats],
    pattern: Pattern,
    allocation: type[Allocation],
    goal: Goal,
    *,
    keep: Sequence[Bools] | None,
    gone: Sequence[Bools] | None,
    whole: Sequence[tuple[int, ...]] | None = None,
    elsewhere: int = 0,
    threads: int,
) -> SelectedMasks:
    """Return what to keep. `scores` are of one dtype; `keep` must stay, `gone` has gone before; both of their shapes.

    `whole` has the shapes that the scores had before layers got smaller, `elsewhere` the number of units of layers that are no
    more: what is not there counts as gone.
    """
    for score in scores:
        pattern.check(score.shape)
    if not pattern.takes_target:
        absent = elsewhere + (sum(map(prod, whole)) - sum(score.size for score in scores) if whole else 0)
        return _by_pattern(scores, pattern, keep, gone, absent, threads)
    stays, goes = (list(masks) if masks else [None] * len(scores) for masks in (keep, gone))
    units = [_units_of(*layer, pattern, threads) for layer in zip(scores, stays, goes, strict=True)]
    limits = goal.limits or [None] * len(units)
    shapes = [layer.scores.shape for layer in units]
    if whole is not None:
        shapes = [pattern.units(np.zeros(shape, np.float32), threads).shape for shape in whole]
    parts = zip(units, shapes, limits, strict=True)
    removables = [_removable(*part, allow_empty=goal.allow_empty) for part in parts]
    n_gone = elsewhere + sum(removable.gone for removable in removables)
    size = elsewhere + sum(removable.size for removable in removables)
    if goal.threshold is not None:
        found, wanted = _below(removables, goal.threshold, threads)
        removed, wanted = n_gone + sum(map(n_removed, found)), wanted + elsewhere
    else:
        assert goal.sparsity is not None
        wanted = max(round(goal.sparsity * size), n_gone)
        n_remove = _possible(wanted - n_gone, removables)
        found, removed = allocation.remove(removables, n_remove, threads), n_gone + n_remove
    masks = []
    for score, layer, of_free, before in zip(scores, units, found, goes, strict=True):
        mask = pattern.spread(_scattered(layer, of_free), score.shape, threads)
        masks.append(mask if before is None else mask & ~before)
    floors = [
        removable.most < removable.allowed and n_removed(mask) == removable.most
        for removable, mask in zip(removables, found, strict=True)
    ]
    at_floor = tuple(int(i) for i in np.flatnonzero(floors))
    return SelectedMasks(tuple(masks), removed, wanted, size, at_floor)


def _by_pattern(
    scores: Sequence[Floats],
    pattern: Pattern,
    keep: Sequence[Bools] | None,
    gone: Sequence[Bools] | None,
    absent: int,
    threads: int,
) -> SelectedMasks:
    masks = []
    for i, score in enumerate(scores):
        if keep or gone:  # beyond all finite scores, and those that are infinite at the end of these
            largest = np.finfo(score.dtype).max
            score = np.clip(score, -largest, largest)
        if gone:
            score[gone[i]] = -np.inf
        if keep:
            score[keep[i]] = np.inf
        mask = pattern.choose(score, threads)
        if keep and (keep[i] & ~mask).any():
            raise check.error(ValueError, f"keep[{i}]", f"expected no more than {pattern} leaves in each group")
        masks.append(mask & ~gone[i] if gone else mask)
    removed = absent + sum(map(n_removed, masks))
    return SelectedMasks(tuple(masks), removed, removed, absent + sum(mask.size for mask in masks))


def _units_of(score: Floats, keep: Bools | None, gone: Bools | None, pattern: Pattern, threads: int) -> LayerUnits:
    """Score a layer's units. A block stays if a weight of it must; it is gone when all its weights are."""
    if gone is not None and pattern.unit == "weight":
        score = np.where(gone, 0, score)  # what has gone counts for nothing in its block
    units = pattern.units(score, threads)
    if keep is None and gone is None:  # the usual case: nothing to look at but the scores
        return LayerUnits(units, None, None)

    def touched(mask: Bools) -> Bools:
        return pattern.units(mask.astype(np.float32), threads) > 0

    gone_units = np.zeros(units.shape, np.bool_) if gone is None else ~touched(~gone)
    free = ~gone_units if keep is None else ~gone_units & ~touched(keep)
    return LayerUnits(units, free, gone_units)


def _removable(layer: LayerUnits, whole: tuple[int, ...], limit: float | None, *, allow_empty: bool) -> Removable:
    size, there = prod(whole), layer.scores.size
    gone, most, free = size - there, there, layer.scores
    if layer.free is not None and layer.gone is not None:
        gone, most = gone + int(np.count_nonzero(layer.gone)), int(np.count_nonzero(layer.free))
        free = layer.scores if most == there else layer.scores[layer.free]
    if limit is not None:
        most = max(min(most, floor(round(limit * size, 9)) - gone), 0)  # of .29 * 100, which is below 29, 29
    return Removable(free, whole, gone, most if allow_empty else max(min(most, size - gone - 1), 0), most)


def _possible(n_remove: int, removables: list[Removable]) -> int:
    """Return how many more can go: fewer than asked for only where no layer may be emptied."""
    n_free = sum(removable.scores.size for removable in removables)
    if n_remove > n_free:
        raise check.error(
            ValueError, "keep", f"expected room for removing {n_remove} units, got {n_free} that need not stay"
        )
    n_allowed = sum(removable.allowed for removable in removables)
    if n_remove > n_allowed:
        raise check.error(
            ValueError, "max_layer_sparsity", f"expected room for removing {n_remove} units, got {n_allowed}"
        )
    return min(n_remove, sum(removable.most for removable in removables))


def _below(removables: list[Removable], threshold: float, threads: int) -> tuple[list[Bools], int]:
    """Return masks of the free scores, and how many units were wanted, gone ones included."""
    scores = [removable.scores for removable in removables]
    with np.errstate(over="ignore"):  # beyond the range of float32 it is infinite, and right
        masks = _core.mask_threshold(scores, float(scores[0].dtype.type(threshold)), threads)
    wanted = sum(n_removed(mask) + removable.gone for mask, removable in zip(masks, removables, strict=True))
    return [
        mask if n_removed(mask) <= removable.most else lowest([removable], [removable.most], threads)[0]
        for mask, removable in zip(masks, removables, strict=True)
    ], wanted


def _scattered(layer: LayerUnits, of_free: Bools) -> Bools:
    """Return the mask of all units from that of the free ones."""
    if layer.free is None or layer.gone is None:
        return of_free
    kept = ~layer.gone
    kept[layer.free] = of_free.ravel()
    return kept
