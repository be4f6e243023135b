"""Pruning in rounds: score, choose, set to zero, perhaps train; at the end really remove."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from prunus import _core
from prunus._base import Bools, Floats, check
from prunus.compensating import Removal, refined
from prunus.convert import own_fit
from prunus.masking import Goal, SelectedMasks, full, select
from prunus.network import Network
from prunus.pruning.request import Request
from prunus.scheduling import FineTune, settings_of
from prunus.scoring import priced, scores_of
from prunus.training import train

Cut = tuple[float | None, float | None]  # highest score removed, lowest kept


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    networks: dict[str, Network]  # before, perhaps control, after
    masks: tuple[Bools, ...]
    cuts: list[Cut]  # of each layer, in the last round
    rounds: list[dict[str, Any]]
    loss: float | None  # of the last epoch of fine-tuning
    n_kept: int  # weights
    notes: list[str]
    explanation: list[dict[str, Any]] | None = None


@dataclass(frozen=True)
class Beginning:
    """What the first round sees, whatever it is to remove."""

    scores: tuple[Floats, ...]
    problems: dict[Any, Any] = field(default_factory=dict)  # of the compensation


def beginning(request: Request, threads: int) -> Beginning:
    """Return it: it serves every sparsity."""
    return Beginning(_scores(request, request.network, threads))


def run(request: Request, threads: int, begin: Beginning | None = None) -> Outcome:
    """Do what is asked for. The network is not changed."""
    begin = beginning(request, threads) if begin is None else begin
    network = request.network
    masks = request.what.units.start
    between = settings_of(request.how.schedule.fine_tune)
    goals = _goals(request, masks, threads)
    networks = {"before": network}
    if request.how.control:
        networks["control"] = _control(request, len(goals))
    rounds: list[dict[str, Any]] = []
    notes: list[str] = []
    for i, goal in enumerate(goals):
        scores, before = begin.scores if i == 0 else _scores(request, network, threads), masks
        there = _trainable(request, network, masks)
        masks, row, notes = _choose(request, goal, scores, masks, threads)
        network, masks = _without(request, network, there, masks, begin.problems if i == 0 else {}, threads)
        network = _refined(request, network, masks, threads)
        if between is not None and i < len(goals) - 1:
            network, row["loss"] = _trained(request, network, between, _trainable(request, network, masks), request.rng)
        rounds.append(row)
    kept = request.what.pattern.kept(network, masks)
    n_kept = sum(int(np.count_nonzero(layer)) for layer in _within(request.earlier.alive, network, kept))
    shrunk = request.what.pattern.shrink(network, masks)
    loss = None
    if request.how.fine_tune is not None:
        shrunk, loss = _trained(
            request, shrunk, request.how.fine_tune, _trainable_at_last(request, shrunk, masks), request.rng
        )
    if request.how.changes or any("loss" in row for row in rounds):
        notes = [*notes, *_zeros(request, network, kept)]
    cuts = [_cut(*layer) for layer in zip(scores, masks, before, strict=True)]
    networks["after"] = shrunk
    return Outcome(networks, masks, cuts, rounds, loss, n_kept, notes)


def _scores(request: Request, network: Network, threads: int) -> tuple[Floats, ...]:
    """Return the scores, and where the allocation asks for it what the loss rises by in their order."""
    how, pattern, data = request.how, request.what.pattern, request.on.data
    scores = scores_of(network, how.criterion, data)
    if not how.is_priced:
        return scores
    assert data is not None
    seen = network.view(data, standardized=True, dtype=np.float64)
    return priced(scores, network.unfolded(), seen, pattern.block, pattern.unit, threads)


def _trained(
    request: Request, network: Network, settings: FineTune, masks: list[Bools] | None, rng: np.random.Generator
) -> tuple[Network, float]:
    """Return the network, trained under the masks, and the loss of the last epoch."""
    assert request.on.data is not None
    tuned, history = train(network, request.on.data, settings, masks, rng, progress=request.progress)
    return tuned, history[-1]["loss"]


def _without(
    request: Request,
    dense: Network,
    there: list[Bools],
    masks: tuple[Bools, ...],
    problems: dict[Any, Any],
    threads: int,
) -> tuple[Network, tuple[Bools, ...]]:
    """Return the network without what the masks remove, with the new values of what is left; and the masks of that."""
    what, compensation = request.what, request.how.compensation
    sparse = what.pattern.apply(dense, masks)
    if not request.how.compensates:
        return sparse, masks
    data = None if request.on.data is None else sparse.view(request.on.data, standardized=True, dtype=np.float64)
    kept = _trainable(request, sparse, masks)
    seed = int(copy.deepcopy(request.rng).integers(2**31))
    fit = own_fit(request.network, seed) if request.network.provenance.loss == "own" else None
    removal = Removal(
        dense.unfolded(),
        kept,
        there,
        what.pattern,
        what.keep,
        data,
        threads,
        own_fit=fit,
        in_order=request.how.is_in_order,
        shared=problems,
    )
    compensated, left = compensation.apply(sparse.unfolded(), removal)
    if what.pattern.unit == "weight":  # other weights may have been chosen of those that were there
        masks = tuple((mask & ~before) | now for mask, before, now in zip(masks, there, left, strict=True))
    return sparse.refolded(compensated), masks


def has_room(request: Request, begin: Beginning, threads: int) -> bool:
    """Whether what must stay, and the limits of the layers, leave so much to remove."""
    masks = request.what.units.start
    try:
        _choose(request, _goals(request, masks, threads)[-1], begin.scores, masks, threads)
    except ValueError as error:
        if getattr(error, "argument", "") in ("keep", "max_layer_sparsity"):
            return False
        raise
    return True


def only_without(request: Request, masks: tuple[Bools, ...], begin: Beginning, threads: int) -> Network:
    """Return the network as it came without what these masks remove at once, with new values of what is left."""
    network = request.network
    there = _trainable(request, network, request.what.units.start)
    return _without(request, network, there, masks, begin.problems, threads)[0]


def _refined(request: Request, network: Network, masks: tuple[Bools, ...], threads: int) -> Network:
    """Return the network after the steps that are asked for."""
    settings, data = request.how.refine, request.on.data
    if settings is None:
        return network
    assert data is not None
    seen = network.view(data, standardized=True, dtype=network.dtype)
    kept = _trainable(request, network, masks)
    found = refined(network.unfolded(), request.network.unfolded(), kept, seen, settings, threads)
    return network.refolded(found)


def _control(request: Request, n_rounds: int) -> Network:
    """Return the network that was trained as the pruned one will be, in the same order of samples, and lost nothing."""
    network, rng = request.network, copy.deepcopy(request.rng)
    for settings in [settings_of(request.how.schedule.fine_tune)] * (n_rounds - 1) + [request.how.fine_tune]:
        if settings is not None:
            network, _ = _trained(request, network, settings, request.trains, rng)
    return network


def _cut(score: Floats, mask: Bools, before: Bools) -> Cut:
    """Return the scores on both sides of the cut, of what was there before the last round."""
    if mask.all() or np.array_equal(mask, before):
        return None, None
    here = score if before.all() else np.where(before, score, -np.inf).astype(score.dtype)
    highest, lowest = _core.cut_of(here, mask)
    return highest, lowest if mask.any() else None


def _goals(request: Request, masks: tuple[Bools, ...], threads: int) -> list[Goal]:
    """Return the goal of each round."""
    if request.goal.sparsity is None:
        return [request.goal]
    units = [request.what.pattern.units(masks[i].astype(np.float32), threads) > 0 for i in request.what.layers]
    there = sum(int(np.count_nonzero(layer)) for layer in units)
    whole = [
        request.what.pattern.units(np.zeros(shape, np.float32), threads) for shape in request.what.units.whole or ()
    ] or units
    start = min(1 - there / (request.what.units.elsewhere + sum(layer.size for layer in whole)), request.goal.sparsity)
    return [
        request.goal._replace(sparsity=check.number("sparsity", sparsity, 0, 1))
        for sparsity in request.how.schedule.sparsities(start, request.goal.sparsity)
    ]


def _choose(
    request: Request, goal: Goal, scores: tuple[Floats, ...], masks: tuple[Bools, ...], threads: int
) -> tuple[tuple[Bools, ...], dict[str, Any], list[str]]:
    """Return the masks after this round, what the report says of it, and why it may not be what was asked for."""
    gone = None if all(masks[i].all() for i in request.what.layers) else [~masks[i] for i in request.what.layers]

    def selected(goal: Goal) -> SelectedMasks:
        return select(
            [scores[i] for i in request.what.layers],
            request.what.pattern,
            request.how.allocation,
            goal,
            keep=None if request.what.keep is None else [request.what.keep[i] for i in request.what.layers],
            gone=gone,
            whole=request.what.units.whole,
            elsewhere=request.what.units.elsewhere,
            threads=threads,
        )

    chosen = selected(goal)
    result = list(masks)
    for i, mask in zip(request.what.layers, chosen.masks, strict=True):
        result[i] = mask
    notes = _at_the_floor(request, goal, chosen, selected)
    if chosen.removed < chosen.wanted:
        reason = "no layer may be emptied (allow_empty=False)"
        if goal.limits is not None:
            reason += " nor lose more than max_layer_sparsity"
        notes += [f"removed {chosen.removed} instead of {chosen.wanted}: {reason}"]
    elif goal.sparsity is not None and chosen.wanted > round(goal.sparsity * chosen.size):
        notes += [f"{chosen.removed} had been removed before, more than a sparsity of {goal.sparsity:g} asks for"]
    return tuple(result), {"sparsity": goal.sparsity, "removed": chosen.removed}, notes


def _at_the_floor(
    request: Request, goal: Goal, chosen: SelectedMasks, selected: Callable[[Goal], SelectedMasks]
) -> list[str]:
    """Name the layers that would have lost everything: of those with one unit left, a second selection tells which."""
    if not chosen.at_floor:
        return []
    free = selected(goal._replace(allow_empty=True)).masks
    return [
        f"layer {request.what.layers[i]} would have lost everything: its highest score stays (allow_empty=False)"
        for i in chosen.at_floor
        if not free[i].any()
    ]


def _trainable(request: Request, network: Network, masks: tuple[Bools, ...]) -> list[Bools]:
    """Return which weights may be trained between the rounds."""
    return _within(request.trains, network, request.what.pattern.trained(network, masks))


def _trainable_at_last(request: Request, shrunk: Network, masks: tuple[Bools, ...]) -> list[Bools] | None:
    if not request.what.pattern.shrinks:
        return _trainable(request, shrunk, masks)
    # What was zero still is, wherever its rows and columns are now; so is what stands for an emptied layer.
    if request.trains is None and all(mask.any() for mask in masks):
        return None
    return [layer.weight != 0 for layer in shrunk.layers]


def _within(weights: list[Bools] | None, network: Network, masks: list[Bools]) -> list[Bools]:
    whole = [full(mask, layer.weight.shape) for mask, layer in zip(masks, network.layers, strict=True)]
    return whole if weights is None else [mask & there for mask, there in zip(whole, weights, strict=True)]


def _zeros(request: Request, network: Network, kept: list[Bools]) -> list[str]:
    """Say how many weights that no mask removes were not trained, since they were zero."""
    before = sum(int(np.count_nonzero(mask)) for mask in _within(request.earlier.alive, network, kept))
    n_zero = before - sum(int(np.count_nonzero(mask)) for mask in _within(request.trains, network, kept))
    if n_zero == 0:
        return []
    return [f"{n_zero} weights that stay were zero before, and are still: prunus.fit, without masks, trains them too"]
