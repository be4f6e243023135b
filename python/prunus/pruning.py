"""prune(): a model in, a Pruned out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from prunus import _check, files, masking, scoring
from prunus._check import Bools, Floats
from prunus._functions import OUTPUTS
from prunus._passes import outputs_of
from prunus.engine import Engine
from prunus.interop import as_network
from prunus.masking.patterns import Pattern
from prunus.network import Network
from prunus.pruned import Pruned, score
from prunus.report import Report
from prunus.scoring.base import Criterion
from prunus.training import FineTune, as_options, fit, settings_of

_AUTO_CRITERION = {"weight": "magnitude", "neuron": "output_contribution"}
_AUTO_OPTIONS = {"output_contribution": {"absolute": True}}


class _Goal(NamedTuple):
    """What prune() was asked to remove."""

    name: str  # sparsity or threshold
    value: float
    allow_empty: bool


def prune(
    model: Any,
    X: Any = None,
    y: Any = None,
    *,
    sparsity: float | None = None,
    threshold: float | None = None,
    criterion: str | Criterion = "auto",
    pattern: str = "weight",
    allocation: str = "auto",
    fine_tune: int | FineTune | None = None,
    sample_weight: Any = None,
    X_val: Any = None,
    y_val: Any = None,
    latency_batch: int = 1,
    latency_threads: int = 1,
    allow_empty: bool = False,
    random_state: Any = None,
    progress: bool = False,
) -> Pruned:
    """Remove the least important weights or neurons of a trained model.

    Parameters
    ----------
    model : Network, Pruned, fitted scikit-learn estimator or Pipeline, or path of a .safetensors file
        It is not changed.
    X : array_like of shape (n_samples, n_in), optional
        Data for the criteria that need it, for fine-tuning, and for the loss and the score in the report.
    y : array_like of shape (n_samples,) or (n_samples, n_out), optional
        Labels or values, needed beside X; not for a criterion that looks at X alone, which leaves loss and score out of the
        report.
    sparsity : float in [0, 1], optional
        Fraction of the units to remove: of the weights, or of the hidden neurons.
    threshold : float, optional
        Remove what scores strictly below it. Exactly one of `sparsity` and `threshold` must be given.
    criterion : str or Criterion, default "auto"
        A name from `criteria()`, or one of its classes with its options set. "auto": magnitude for weights, the absolute
        output_contribution for neurons.
    pattern : str, default "weight"
        A name from `patterns()`. The neurons of the last layer are not pruned.
    allocation : str, default "auto"
        A name from `allocations()`. "auto": global.
    fine_tune : int or FineTune, optional
        Train under the mask afterwards: so many epochs, or with these settings.
    sample_weight : array_like of shape (n_samples,), optional
        Nonnegative.
    X_val, y_val : array_like, optional
        Data for the loss and the score in the report, instead of X and y.
    latency_batch, latency_threads : int, default 1
        Rows of a call, and threads, for the latency in the report.
    allow_empty : bool, default False
        Whether a layer may lose everything. If not, its highest score stays, another unit goes instead, and the report says
        so where that kept the target from being reached.
    random_state : int, Generator or None
        Seeds the random criterion and fine-tuning.
    progress : bool, default False
        Show bars for what takes longer than a second, if there is a terminal.

    Returns
    -------
    Pruned

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, shape or value, or a name is unknown; the message lists the valid ones.
    NotSupportedError
        If a part of the model cannot be represented; the message names it.

    Examples
    --------
    >>> pruned = prunus.prune(MLPClassifier().fit(X, y), X, y, sparsity=0.9, fine_tune=10)
    >>> print(pruned.report)
    Pruned 90.00% of 1480 weights: magnitude by weight, global, sparsity 0.9, then 10 epochs of fine-tuning
    ...
    """
    network = as_network(model)
    target = _check.exactly_one(sparsity=sparsity, threshold=threshold)
    goal = _Goal(
        target,
        _check.number(target, sparsity if threshold is None else threshold),
        _check.flag("allow_empty", allow_empty),
    )
    how = _check.look_up("pattern", pattern, masking.patterns())
    chosen = _criterion(criterion, how)
    allocation = "global" if allocation == "auto" else _check.one_of("allocation", allocation, masking.allocations())
    settings = settings_of(fine_tune)
    without_labels = y is None and settings is None and chosen.needs == ("X",)
    data = None if without_labels else _both("X", X, "y", y)
    if settings is not None and data is None:
        raise ValueError("X: expected data to fine-tune on, got None")
    validation = _both("X_val", X_val, "y_val", y_val)
    # What is used late, or not at all, is wrong at once if it is wrong; the rest is checked by the first who needs it.
    if sample_weight is not None:
        if X is None:
            raise ValueError("X: expected data beside sample_weight, got None")
        _check.sample_weights(sample_weight, len(_check.samples("X", X, network.n_in, None)))
    if validation is not None:
        network.data(*validation, names=("X_val", "y_val"))
    rng = _check.generator("random_state", random_state)
    batch = _check.integer("latency_batch", latency_batch, minimum=1)
    threads = _check.integer("latency_threads", latency_threads, minimum=1)

    scores = scoring.importance(network, chosen.seeded(rng), X=X, y=y, sample_weight=sample_weight)
    prunable = how.prunable(network)
    if not prunable:
        raise ValueError(f"pattern: expected a network with something to remove by {pattern!r}, got {network!r}")
    kept, notes = _masks([scores[i] for i in prunable], goal, how.name, allocation)
    masks = tuple(
        kept[prunable.index(i)] if i in prunable else np.ones(score.shape, np.bool_) for i, score in enumerate(scores)
    )
    # Removed as the network was trained: with standardized inputs, what takes a removed weight's place is the input's mean.
    result = network.refolded(how.apply(network.unfolded(), masks))
    history: list[dict[str, float]] = []
    if settings is not None:
        trained = masks if how.unit == "weight" else None
        options = {"sample_weight": sample_weight, "random_state": rng, "progress": progress}
        result, history = fit(result, X, y, masks=trained, **as_options(settings), **options)
    n_kept = sum(how.kept_weights(network, masks))
    report = Report(
        criterion=chosen.name,
        pattern=how.name,
        allocation=allocation,
        target={goal.name: goal.value},
        sparsity=1 - n_kept / network.n_weights,
        weights={"before": network.n_weights, "after": n_kept},
        layers=[_layer_row(*row) for row in zip(network.layers, scores, masks, strict=True)],
        **_quality(network, result, data, validation),
        bytes={"before": len(files.to_bytes(files.Contents(network))), "after": 0},
        latency_us=_latency(network, result, X, batch, threads),
        fine_tune=None if settings is None else {**as_options(settings), "loss": history[-1]["loss"]},
        feature_names=_feature_names(network, X),
        notes=notes,
    )
    pruned = Pruned(result, masks, report)
    # The report is part of the file whose size it tells; its own digits are not counted.
    report["bytes"]["after"] = len(files.to_bytes(pruned.contents()))
    return pruned


def _criterion(criterion: str | Criterion, pattern: type[Pattern]) -> Criterion:
    """Return the criterion, if it scores what the pattern removes."""
    if criterion == "auto":
        criterion = _AUTO_CRITERION[pattern.unit]
        return scoring.criteria()[criterion](**_AUTO_OPTIONS.get(criterion, {}))
    chosen = scoring.base.make(criterion, scoring.criteria(), {})
    if chosen.unit != pattern.unit:
        valid = sorted(name for name, kind in scoring.criteria().items() if kind.unit == pattern.unit)
        raise ValueError(
            f"criterion: expected one that scores {pattern.unit}s for pattern {pattern.name!r} ({', '.join(valid)}), "
            f"got {chosen.name!r}"
        )
    return chosen


def _both(name_X: str, X: Any, name_y: str, y: Any) -> tuple[Any, Any] | None:
    """Return the pair, or None if neither is there."""
    if (X is None) != (y is None):
        missing, other = (name_X, name_y) if X is None else (name_y, name_X)
        raise ValueError(f"{missing}: expected data beside {other}, got None")
    return None if X is None else (X, y)


def _masks(scores: list[Floats], goal: _Goal, pattern: str, allocation: str) -> tuple[tuple[Bools, ...], list[str]]:
    """Return masks and what to say about them."""
    options = {goal.name: goal.value, "pattern": pattern, "allocation": allocation}
    masks = masking.mask(scores, **options)  # type: ignore[arg-type]
    emptied = [i for i, kept in enumerate(masks) if not kept.any()]
    if goal.allow_empty or not emptied:
        return masks, []
    # With its highest score out of reach, no layer can be emptied: every other unit goes before one of these does.
    protected = [array.copy() for array in scores]
    best = [int(array.argmax()) for array in scores]
    for array, i in zip(protected, best, strict=True):
        array.flat[i] = np.inf
    kept = masking.mask(protected, **options)  # type: ignore[arg-type]
    for keep, i in zip(kept, best, strict=True):
        keep.flat[i] = True
    removed, wanted = (sum(int((~keep).sum()) for keep in group) for group in (kept, masks))
    if removed == wanted:
        return kept, []
    return kept, [f"removed {removed} instead of {wanted}: no layer may be emptied (allow_empty=False)"]


def _layer_row(layer: Any, score: Floats, mask: Bools) -> dict[str, Any]:
    removed = int(mask.size - np.count_nonzero(mask))
    row: dict[str, Any] = {
        "shape": [layer.n_out, layer.n_in],
        "units": int(mask.size),
        "removed": removed,
        "highest_removed": None,
        "lowest_kept": None,
    }
    if removed:
        row["highest_removed"] = float(score.max(where=~mask, initial=-np.inf))
    if 0 < removed < mask.size:
        row["lowest_kept"] = float(score.min(where=mask, initial=np.inf))
    return row


def _quality(before: Network, after: Network, data: Any, validation: Any) -> dict[str, Any]:
    """Loss and score before and after, on the validation data if there are any."""
    X, y = validation or data or (None, None)
    if X is None:
        return {"loss": None, "score": None}
    where = "validation" if validation else "training"
    (name, old), (_, new) = (score(network, Engine(network).predict(X), y) for network in (before, after))
    return {
        "loss": {"before": before.loss(X, y), "after": after.loss(X, y), "data": where},
        "score": {"metric": name, "before": old, "after": new, "data": where},
    }


def _latency(before: Network, after: Network, X: Any, batch: int, threads: int) -> dict[str, Any]:
    """Microseconds of one call: dense, as NumPy would compute it in the network's dtype, and through the engine."""
    if X is None:
        rows = np.random.default_rng(0).standard_normal((batch, before.n_in)).astype(before.dtype)
    else:
        head = X.iloc[:batch] if hasattr(X, "iloc") else X[:batch]
        rows = np.resize(_check.samples("X", head, before.n_in, before.dtype), (batch, before.n_in))
    engine = Engine(after, threads)
    dense = before.with_all_inputs()
    return {
        "before": _microseconds(lambda: OUTPUTS[dense.output].link(outputs_of(dense.layers, rows)[1][-1])),
        "after": _microseconds(lambda: OUTPUTS[after.output].link(engine(rows))),
        "batch": batch,
        "threads": threads,
    }


def _microseconds(call: Callable[[], object]) -> float:
    """The shortest of some calls: at least three, and so many as 5 ms allow."""
    times: list[float] = []
    while len(times) < 3 or (sum(times) < 5e-3 and len(times) < 100):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times) * 1e6


def _feature_names(network: Network, X: Any) -> list[str] | None:
    """The names of X's columns, or those that the model was fitted with."""
    columns = getattr(X, "columns", None)
    if columns is not None:
        return [str(name) for name in columns]
    origin = network.origin or {}
    rows = [*origin.get("scalers", []), *([origin["model"]] if "model" in origin else [])]
    return next((row["feature_names"] for row in rows if row["feature_names"] is not None), None)
