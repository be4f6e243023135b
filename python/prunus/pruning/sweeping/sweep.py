"""sweep(): a model in, a curve out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from prunus._base import check, checked_threads, resolve_threads
from prunus.engine import Engine
from prunus.masking import Pattern, pattern_of
from prunus.pruning.asking import request_of
from prunus.pruning.measuring import microseconds
from prunus.pruning.outcome import size_before
from prunus.pruning.pruned import Pruned
from prunus.pruning.request import Request
from prunus.pruning.sweeping.curve import Point, Sweep
from prunus.pruning.sweeping.options import checked_options, listed, several
from prunus.pruning.sweeping.staged import Staged, stages_of
from prunus.pruning.sweeping.trials import Attempt, Held, Trials


def sweep(
    model: Any,
    X: Any = None,
    y: Any = None,
    *,
    sparsities: Sequence[float] = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98),
    pattern: str | Pattern | Sequence[str | Pattern] = "weight",
    X_val: Any = None,
    y_val: Any = None,
    cv: int = 5,
    batches: Sequence[int] = (1, 64),
    latency_threads: int = 1,
    **options: Any,
) -> Sweep:
    """Prune at many sparsities: what each costs in accuracy, and what it gains in bytes and time.

    The weights are scored once, and what each row loses first serves every sparsity.

    Parameters
    ----------
    model : Network, Pruned, fitted scikit-learn estimator or Pipeline, or path of a .safetensors file
    X, y : array_like, optional
        As for `prunus.prune`. Without X_val the scores are those of samples that were held out from pruning, fold by fold; the
        model has seen them when it was trained, so that its own score, and all others, are better than on new data.
    sparsities : sequence of float in [0, 1]
        Of the units of the pattern.
    pattern : str or Pattern, or a sequence of them, default "weight"
        Side by side. "neuron+weight" and "neuron+block:RxC": first half as large a part of the neurons as is to go of the
        weights, then weights of what is left, until the sparsity is reached. A criterion that is named must score both.
    X_val, y_val : array_like, optional
        Data for scores and losses, which pruning does not see. Without them and without y there are none.
    cv : int, default 5
        Number of folds where there is no X_val; each prunes once more.
    batches : sequence of int, default (1, 64)
        Rows of the calls that are timed.
    latency_threads : int, default 1
        Threads of these.
    **options
        Those of `prunus.prune`: criterion, allocation, schedule, compensate, refine, fine_tune, sample_weight, class_weight,
        scoring, layers, keep, max_layer_sparsity, allow_empty, random_state, progress.

    Returns
    -------
    Sweep
        It prints as a table; `.table()`, `.plot()`, and `.at(sparsity)`, the Pruned.

    Raises
    ------
    TypeError, ValueError, NotSupportedError
        As of `prunus.prune`.

    Notes
    -----
    Cost: without rounds and training, that of one pruning and for each sparsity the least squares fits of what is left, and the
    elimination of the layers behind the first; with "neuron+" before a pattern that of all layers. All pruned networks are
    kept, and of the samples what the layers summed up, where that is no more than 256 MB of each layer.

    Examples
    --------
    >>> curve = prunus.sweep(network, X[:200], y[:200], X_val=X[200:], y_val=y[200:], pattern=["weight", "neuron"])
    >>> print(curve)
    pattern  sparsity  removed  accuracy     drop       ±     loss   bytes  µs, 1 rows  µs, 64 rows
    ...
    >>> pruned = curve.at(0.9, "weight")
    """
    checked_options(options)
    chosen = several("sparsities", sparsities, 0, 1)
    rows = tuple(check.integer("batches", value, minimum=1) for value in listed("batches", batches))
    threads, n_folds = checked_threads("latency_threads", latency_threads), check.integer("cv", cv, minimum=2)
    patterns = [pattern] if isinstance(pattern, (str, Pattern)) else listed("pattern", pattern)

    def asked(kind: Pattern) -> Request:
        return request_of(
            model,
            X,
            y,
            sparsity=chosen[0] if kind.takes_target else None,
            pattern=kind,
            X_val=X_val,
            y_val=y_val,
            latency_batch=rows[0],
            latency_threads=threads,
            **options,
        )

    trials = {}
    for kind in patterns:
        stages = stages_of(kind, options) if isinstance(kind, str) else None
        trials[str(kind)] = Trials.of(_attempt(stages or [pattern_of(kind)], asked), n_folds)
    first = next(iter(trials.values()))
    points = [_point(first, None, None, first.held_before(), rows, threads)]
    for name, own in trials.items():
        for sparsity in chosen if own.request.what.pattern.takes_target else [None]:
            pruned = own.pruned(sparsity)
            points.append(_point(own, name, pruned, own.held(sparsity), rows, threads, sparsity))
    held = first.held_before()
    return Sweep(points, trials, None if held is None else held.metric, rows)


def _attempt(patterns: Sequence[Pattern], asked: Callable[[Pattern], Request]) -> Attempt:
    """Return one of a pattern, or of two in turn."""
    first, *others = map(asked, patterns)
    threads = resolve_threads(None)
    if not others:
        return Attempt(first, threads)
    return Staged(first, threads, then=replace(others[0], on=first.on))  # the data once


def _point(
    trials: Trials,
    name: str | None,
    pruned: Pruned | None,
    held: Held | None,
    batches: tuple[int, ...],
    threads: int,
    sparsity: float | None = None,
) -> Point:
    engine = Engine(trials.before) if pruned is None else pruned.engine
    data = trials.request.on.data
    return Point(
        pattern=name,
        sparsity=sparsity,
        removed=trials.gone_before if pruned is None else pruned.sparsity,
        score=None if held is None else held.score,
        drop=None if held is None else held.drop.value,
        drop_error=None if held is None else held.drop.error,
        loss=None if held is None else held.loss,
        bytes=size_before(trials.request, trials.before) if pruned is None else pruned.report["bytes"]["after"],
        microseconds=tuple(microseconds(engine, data, batch, threads) for batch in batches),
    )
