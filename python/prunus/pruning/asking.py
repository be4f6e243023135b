"""From the arguments of prune() to a request."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from prunus._base import check
from prunus.compensating import Compensation, Refine
from prunus.masking import Pattern, goal_of, pattern_of
from prunus.pruning.budget import budget_of
from prunus.pruning.earlier import of
from prunus.pruning.explaining import require_prices
from prunus.pruning.front import Front, apart, behind, first_rows
from prunus.pruning.interop import as_network, load
from prunus.pruning.judging import scoring_of
from prunus.pruning.pruned import Pruned
from prunus.pruning.request import Request, how_of, latency_of, on_of, what_of, within_limits
from prunus.scheduling import FineTune, Schedule
from prunus.scoring import Criterion


def request_of(
    model: Any,
    X: Any,
    y: Any,
    *,
    sparsity: float | None = None,
    threshold: float | None = None,
    max_accuracy_drop: float | None = None,
    max_bytes: int | None = None,
    max_latency_us: float | None = None,
    criterion: str | Criterion = "auto",
    pattern: str | Pattern = "weight",
    allocation: str = "auto",
    schedule: str | Schedule = "one-shot",
    compensate: str | Compensation = "auto",
    refine: int | Refine | None = None,
    fine_tune: int | FineTune | None = None,
    control: bool = False,
    explain: bool = False,
    sample_weight: Any = None,
    class_weight: Any = None,
    X_val: Any = None,
    y_val: Any = None,
    scoring: Any = None,
    latency_batch: int = 1,
    latency_threads: int = 1,
    layers: Sequence[int] | None = None,
    keep: Sequence[Any] | None = None,
    max_layer_sparsity: float | Sequence[float] | None = None,
    allow_empty: bool = False,
    random_state: Any = None,
    progress: bool = False,
) -> Request:
    """Check all that `prunus.prune` is given, before any work is done."""
    if isinstance(model, (str, os.PathLike)):
        model = load(model)
    steps, model = apart(model)
    network = as_network(model)
    earlier = of(model, network)
    kind = pattern_of(pattern)
    budget = budget_of(
        kind,
        {"sparsity": sparsity, "threshold": threshold},
        max_accuracy_drop=max_accuracy_drop,
        max_bytes=max_bytes,
        max_latency_us=max_latency_us,
    )
    goal = goal_of(kind, sparsity if budget is None else 0.0, threshold)
    what, named = what_of(earlier, network, kind, layers, keep)
    goal = within_limits(goal, kind, named, max_layer_sparsity, allow_empty)
    rng = check.generator("random_state", random_state)
    given = X is not None, y is not None
    how = how_of(network, kind, goal, given, criterion, allocation, schedule, compensate, refine, fine_tune, control)
    latency = latency_of(latency_batch, latency_threads)
    front = None
    if steps is not None:
        front = Front(steps, None if X is None else first_rows(X, latency.batch))
        X, X_val = behind(steps, "X", X), behind(steps, "X_val", X_val)
    names = (model if isinstance(model, Pruned) else network).feature_names
    on = on_of(network, kind, how, names, X, y, sample_weight, class_weight, X_val, y_val)
    if budget is not None and budget.needs_labels and y is None and y_val is None:
        raise check.error(ValueError, "y_val", f"expected labels to tell {budget.name} by, got None")
    how = how._replace(criterion=how.criterion.seeded(rng))
    judge = scoring_of(scoring)
    request = Request(network, front, earlier, what, goal, budget, how, on, latency, judge, explain, rng, progress)
    if check.flag("explain", explain):
        if budget is not None:
            raise check.error(ValueError, "explain", f"expected False beside {budget.name}, got True")
        require_prices(request)
    return request
