"""What prune() is asked for, as one frozen object: what, how much, how, and on which data, checked as a whole."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from prunus._base import Bools, check, checked_threads
from prunus.compensating import Compensation, NoCompensation, Refine, refine_of
from prunus.data import Data
from prunus.masking import (
    Allocation,
    Goal,
    Pattern,
    limits_of,
    masks_of,
    require_there,
)
from prunus.network import Network
from prunus.pruning import choices
from prunus.pruning.budget import Budget
from prunus.pruning.earlier import Earlier, OriginalUnits
from prunus.pruning.front import Front
from prunus.pruning.judging import Scoring
from prunus.reporting import in_words
from prunus.scheduling import FineTune, Schedule, settings_of
from prunus.scoring import Criterion, pricer


class What(NamedTuple):
    """What may go."""

    pattern: Pattern
    layers: list[int]  # ascending
    too_small: list[int]  # layers that the pattern does not fit, and nobody named
    units: OriginalUnits
    keep: list[Bools] | None  # of all layers, of the scores' shapes


class How(NamedTuple):
    """By what is chosen, from where, in how many rounds, and what is trained."""

    criterion: Criterion
    is_auto: bool  # whether it is prune's own choice
    compensation: Compensation
    refine: Refine | None
    allocation: type[Allocation]
    schedule: Schedule
    fine_tune: FineTune | None
    control: bool  # whether the unpruned network is trained, too
    notes: list[str]  # on what was chosen

    @property
    def trains(self) -> bool:
        """Whether anything is trained."""
        return self.fine_tune is not None or self.schedule.fine_tune is not None

    @property
    def is_priced(self) -> bool:
        """Whether scores are exchanged for what the loss rises by."""
        return self.allocation.by_loss and not self.criterion.are_prices

    @property
    def is_in_order(self) -> bool:
        """Whether the scores put each row's weights in the order in which the compensation would remove them."""
        damping = getattr(self.compensation, "damping", None)
        return self.criterion.are_prices and damping == getattr(self.criterion, "damping", None)

    @property
    def compensates(self) -> bool:
        """Whether what is left gets new values at once."""
        return not isinstance(self.compensation, NoCompensation)

    @property
    def changes(self) -> bool:
        """Whether what is left gets other values in the last round, or after it."""
        return self.compensates or self.refine is not None or self.fine_tune is not None


class On(NamedTuple):
    """On which data."""

    data: Data | None  # with labels or without
    validation: Data | None
    names: list[str] | None  # of the columns of X


class Latency(NamedTuple):
    """Of what call the report tells the latency."""

    batch: int
    threads: int


@dataclass(frozen=True)
class Request:
    """What `prune` is to do. It prints as the report's headline does."""

    network: Network
    front: Front | None  # what runs before it
    earlier: Earlier
    what: What
    goal: Goal  # how much
    budget: Budget | None  # by what the sparsity of the goal is chosen
    how: How
    on: On
    latency: Latency
    scoring: Scoring | None  # of the report; None: accuracy or R²
    explain: bool  # whether what each layer costs is told beside what was predicted
    rng: np.random.Generator
    progress: bool

    @cached_property
    def trains(self) -> list[Bools] | None:
        """Which weights may change: what was zero stays so; None: all."""
        return self.earlier.alive or choices.nonzero(self.network)

    def described(self) -> dict[str, Any]:
        """Return what a report says of it."""
        how, takes_target = self.how, self.what.pattern.takes_target
        return {
            "criterion": how.criterion.name,
            "compensation": how.compensation.name,
            "pattern": str(self.what.pattern),
            "allocation": how.allocation.name if takes_target else None,
            "schedule": how.schedule.name,
            "target": {
                **({} if self.budget is None else {self.budget.name: self.budget.limit}),
                **{
                    name: value for name in ("sparsity", "threshold") if (value := getattr(self.goal, name)) is not None
                },
            },
            "refine": None if how.refine is None else asdict(how.refine),
            "fine_tune": None if how.fine_tune is None else asdict(how.fine_tune),
        }

    def __str__(self) -> str:
        return in_words(self.described(), len(self.how.schedule.sparsities(0.0, 1.0)))


def what_of(earlier: Earlier, network: Network, pattern: Pattern, layers: Any, keep: Any) -> tuple[What, list[int]]:
    """Return what may go, and the layers in the order in which they were named."""
    named, small = choices.layers_of(layers, pattern, network)
    prunable = sorted(named)
    units = earlier.units(pattern, prunable, layers is None)
    stay = None
    if keep is not None:
        stay = masks_of("keep", keep, units.shapes, default=False)
        require_there(stay, [~there for there in earlier.structure.original(pattern.unit, units.start)])
        stay = earlier.present(pattern.unit, stay)
    return What(pattern, prunable, small, units, stay), named


def within_limits(goal: Goal, pattern: Pattern, named: list[int], limits: Any, allow_empty: Any) -> Goal:
    """Return the goal with the limits of the layers, which are in the order in which these were named."""
    checked = limits_of(pattern, limits, len(named))
    return goal._replace(
        limits=checked and tuple(checked[named.index(i)] for i in sorted(named)),
        allow_empty=check.flag("allow_empty", allow_empty),
    )


def how_of(
    network: Network,
    pattern: Pattern,
    goal: Goal,
    given: tuple[bool, bool],
    criterion: str | Criterion,
    allocation: str,
    schedule: str | Schedule,
    compensate: str | Compensation,
    refine: int | Refine | None,
    fine_tune: Any,
    control: Any,
) -> How:
    """Return how to prune; `given`: whether X and y are there."""
    rounds = choices.schedule_for(schedule, goal, given[0])
    settings = settings_of(fine_tune)
    trains = settings is not None or rounds.fine_tune is not None
    choice, is_auto = choices.criterion_for(network, pattern, criterion, *given, trains)
    chosen = choice.criterion
    chosen.require(network)
    share_out = choices.allocation_of(allocation, pattern, chosen)
    compensation = choices.compensation_for(network, compensate, choice, given[1])
    compensation.require(network)
    if check.flag("control", control) and not trains:
        raise check.error(
            ValueError, "control", "expected fine_tune, or a schedule that trains, beside it, got neither"
        )
    steps = refine_of(refine)
    if steps is not None:
        steps.require(network)
    notes = [] if choice.note is None else [choice.note]
    return How(chosen, is_auto, compensation, steps, share_out, rounds, settings, control, notes)


def on_of(
    network: Network,
    pattern: Pattern,
    how: How,
    fitted: list[str] | None,
    X: Any,
    y: Any,
    sample_weight: Any,
    class_weight: Any,
    X_val: Any,
    y_val: Any,
) -> On:
    """Check the data, once: what is used late, or not at all, is wrong at once if it is wrong."""
    criterion_needs, compensation_needs = how.criterion.needs_for(network), how.compensation.needs_for(network)
    pricing = pricer(pattern.unit, pattern.block).needs_for(network) if how.is_priced else ()
    refine_needs = () if how.refine is None else how.refine.needs
    needs = {*criterion_needs, *compensation_needs, *pricing, *refine_needs}
    without_labels = y is None and not how.trains and (how.is_auto or needs == {"X"})
    if not without_labels:
        choices.require_both("X", X, "y", y)
    if how.trains and X is None:
        raise check.error(ValueError, "X", "expected data to fine-tune on, got None")
    check.needed(f"criterion {how.criterion.name!r}", criterion_needs, X, y)
    check.needed(f"compensation {how.compensation.name!r}", compensation_needs, X, y)
    check.needed(f"allocation {how.allocation.name!r}", pricing, X, y)
    check.needed("refine", refine_needs, X, y)
    choices.require_both("X_val", X_val, "y_val", y_val)
    choices.require_for_weights(X, y, sample_weight, class_weight)
    names = choices.feature_names(fitted, X=X, X_val=X_val)
    data = validation = None
    standardized = how.trains or bool(needs)
    if X is not None and y is not None:
        data = network.data(
            X, y, sample_weight, class_weight=class_weight, dtype=network.dtype, standardized=standardized
        )
    elif X is not None:
        data = network.samples(X, sample_weight, dtype=network.dtype, standardized=standardized)
    if X_val is not None:
        validation = network.data(X_val, y_val, dtype=network.dtype, names=("X_val", "y_val"))
    return On(data, validation, names)


def latency_of(batch: Any, threads: Any) -> Latency:
    """Return of what call the latency is told."""
    return Latency(check.integer("latency_batch", batch, minimum=1), checked_threads("latency_threads", threads))
