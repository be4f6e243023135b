"""Pruning in rounds: score, choose, set to zero, perhaps train; at the end really remove."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from prunus import _core, scoring
from prunus._base import Bools, Floats, check
from prunus.masking import Allocation, Goal, Pattern, Selection, full, select
from prunus.network import Network
from prunus.pruning.earlier import Units
from prunus.scheduling import FineTune, Schedule, settings_of
from prunus.scoring import Criterion
from prunus.training import fit

Cut = tuple[float | None, float | None]  # highest score removed, lowest kept


@dataclass(frozen=True)
class Learning:
    """What criteria and training look at."""

    X: Any
    y: Any
    sample_weight: Any  # that of the classes in it
    rng: np.random.Generator
    progress: bool

    def fit(self, network: Network, settings: FineTune, masks: list[Bools] | None) -> tuple[Network, float]:
        """Return the network, trained under the masks, and the loss of the last epoch."""
        tuned, history = fit(
            network,
            self.X,
            self.y,
            masks=masks,
            sample_weight=self.sample_weight,
            random_state=self.rng,
            progress=self.progress,
            **asdict(settings),
        )
        return tuned, history[-1]["loss"]

    def importance(self, network: Network, criterion: Criterion) -> tuple[Floats, ...]:
        """Return the scores of a network."""
        return scoring.importance(network, criterion, X=self.X, y=self.y, sample_weight=self.sample_weight)

    def update(self, network: Network, criterion: Criterion, kept: list[Bools]) -> Network:
        """Return the network with the values that the criterion gives to what is kept."""
        data = network.data(self.X, self.y, self.sample_weight, standardized=True)
        return network.refolded(criterion.update(network.unfolded(), kept, data))


@dataclass(frozen=True)
class Plan:
    """How to prune."""

    pattern: Pattern
    criterion: Criterion
    allocation: type[Allocation]
    schedule: Schedule
    goal: Goal
    layers: list[int]
    keep: list[Bools] | None  # of all layers, of the scores' shapes
    alive: list[Bools] | None  # weights of all layers that an earlier pruning left; None: all
    trains: list[Bools] | None  # those that may change: what was zero stays so; None: all
    fine_tune: FineTune | None
    units: Units
    control: bool  # whether the unpruned network is trained, too


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


def run(network: Network, plan: Plan, learning: Learning, threads: int) -> Outcome:
    """Prune by the plan. The network is not changed."""
    masks = plan.units.start
    between = settings_of(plan.schedule.fine_tune)
    goals = _goals(plan, masks, threads)
    networks = {"before": network}
    if plan.control:
        networks["control"] = _control(network, plan, learning, len(goals))
    rounds: list[dict[str, Any]] = []
    notes: list[str] = []
    for i, goal in enumerate(goals):
        scores, before = learning.importance(network, plan.criterion), masks
        masks, row, notes = _choose(plan, goal, scores, masks, threads)
        network = plan.pattern.apply(network, masks)
        if plan.criterion.updates:
            network = learning.update(network, plan.criterion, _trainable(plan, network, masks))
        if between is not None and i < len(goals) - 1:
            network, row["loss"] = learning.fit(network, between, _trainable(plan, network, masks))
        rounds.append(row)
    kept = plan.pattern.kept(network, masks)
    n_kept = sum(int(np.count_nonzero(layer)) for layer in _within(plan.alive, network, kept))
    shrunk = plan.pattern.shrink(network, masks)
    loss = None
    if plan.fine_tune is not None:
        shrunk, loss = learning.fit(shrunk, plan.fine_tune, _trainable_at_last(plan, shrunk, masks))
    if plan.fine_tune is not None or plan.criterion.updates or any("loss" in row for row in rounds):
        notes = [*notes, *_zeros(plan, network, kept)]
    cuts = [_cut(*layer) for layer in zip(scores, masks, before, strict=True)]
    networks["after"] = shrunk
    return Outcome(networks, masks, cuts, rounds, loss, n_kept, notes)


def _control(network: Network, plan: Plan, learning: Learning, n_rounds: int) -> Network:
    """Return the network that was trained as the pruned one will be, in the same order of samples, and lost nothing."""
    learning = replace(learning, rng=copy.deepcopy(learning.rng))
    for settings in [settings_of(plan.schedule.fine_tune)] * (n_rounds - 1) + [plan.fine_tune]:
        if settings is not None:
            network, _ = learning.fit(network, settings, plan.trains)
    return network


def _cut(score: Floats, mask: Bools, before: Bools) -> Cut:
    """Return the scores on both sides of the cut, of what was there before the last round."""
    if mask.all() or np.array_equal(mask, before):
        return None, None
    here = score if before.all() else np.where(before, score, -np.inf).astype(score.dtype)
    highest, lowest = _core.cut_of(here, mask)
    return highest, lowest if mask.any() else None


def _goals(plan: Plan, masks: tuple[Bools, ...], threads: int) -> list[Goal]:
    """Return the goal of each round."""
    if plan.goal.sparsity is None:
        return [plan.goal]
    units = [plan.pattern.units(masks[i].astype(np.float32), threads) > 0 for i in plan.layers]
    there = sum(int(np.count_nonzero(layer)) for layer in units)
    whole = [plan.pattern.units(np.zeros(shape, np.float32), threads) for shape in plan.units.whole or ()] or units
    start = min(1 - there / (plan.units.elsewhere + sum(layer.size for layer in whole)), plan.goal.sparsity)
    return [
        plan.goal._replace(sparsity=check.number("sparsity", sparsity, 0, 1))
        for sparsity in plan.schedule.sparsities(start, plan.goal.sparsity)
    ]


def _choose(
    plan: Plan, goal: Goal, scores: tuple[Floats, ...], masks: tuple[Bools, ...], threads: int
) -> tuple[tuple[Bools, ...], dict[str, Any], list[str]]:
    """Return the masks after this round, what the report says of it, and why it may not be what was asked for."""
    gone = None if all(masks[i].all() for i in plan.layers) else [~masks[i] for i in plan.layers]

    def selected(goal: Goal) -> Selection:
        return select(
            [scores[i] for i in plan.layers],
            plan.pattern,
            plan.allocation,
            goal,
            keep=None if plan.keep is None else [plan.keep[i] for i in plan.layers],
            gone=gone,
            whole=plan.units.whole,
            elsewhere=plan.units.elsewhere,
            threads=threads,
        )

    chosen = selected(goal)
    result = list(masks)
    for i, mask in zip(plan.layers, chosen.masks, strict=True):
        result[i] = mask
    notes = _at_the_floor(plan, goal, chosen, selected)
    if chosen.removed < chosen.wanted:
        reason = "no layer may be emptied (allow_empty=False)"
        if goal.limits is not None:
            reason += " nor lose more than max_layer_sparsity"
        notes += [f"removed {chosen.removed} instead of {chosen.wanted}: {reason}"]
    elif goal.sparsity is not None and chosen.wanted > round(goal.sparsity * chosen.size):
        notes += [f"{chosen.removed} had been removed before, more than a sparsity of {goal.sparsity:g} asks for"]
    return tuple(result), {"sparsity": goal.sparsity, "removed": chosen.removed}, notes


def _at_the_floor(plan: Plan, goal: Goal, chosen: Selection, selected: Callable[[Goal], Selection]) -> list[str]:
    """Name the layers that would have lost everything: of those with one unit left, a second selection tells which."""
    if not chosen.at_floor:
        return []
    free = selected(goal._replace(allow_empty=True)).masks
    return [
        f"layer {plan.layers[i]} would have lost everything: its highest score stays (allow_empty=False)"
        for i in chosen.at_floor
        if not free[i].any()
    ]


def _trainable(plan: Plan, network: Network, masks: tuple[Bools, ...]) -> list[Bools]:
    """Return which weights may be trained between the rounds."""
    return _within(plan.trains, network, plan.pattern.trained(network, masks))


def _trainable_at_last(plan: Plan, shrunk: Network, masks: tuple[Bools, ...]) -> list[Bools] | None:
    if not plan.pattern.shrinks:
        return _trainable(plan, shrunk, masks)
    # What was zero still is, wherever its rows and columns are now; so is what stands for an emptied layer.
    if plan.trains is None and all(mask.any() for mask in masks):
        return None
    return [layer.weight != 0 for layer in shrunk.layers]


def _within(weights: list[Bools] | None, network: Network, masks: list[Bools]) -> list[Bools]:
    whole = [full(mask, layer.weight.shape) for mask, layer in zip(masks, network.layers, strict=True)]
    return whole if weights is None else [mask & there for mask, there in zip(whole, weights, strict=True)]


def _zeros(plan: Plan, network: Network, kept: list[Bools]) -> list[str]:
    """Say how many weights that no mask removes were not trained, since they were zero."""
    before = sum(int(np.count_nonzero(mask)) for mask in _within(plan.alive, network, kept))
    n_zero = before - sum(int(np.count_nonzero(mask)) for mask in _within(plan.trains, network, kept))
    if n_zero == 0:
        return []
    return [f"{n_zero} weights that stay were zero before, and are still: prunus.fit, without masks, trains them too"]
