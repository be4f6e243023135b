"""prune(): a model in, a Pruned out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from math import prod
from typing import Any

from prunus import files, masking
from prunus._base import check, checked_threads, resolve_threads
from prunus.masking import Pattern, limits_of, masks_of, require_there
from prunus.pruning import choices as _choices
from prunus.pruning import earlier as _earlier
from prunus.pruning import outcome as _outcome
from prunus.pruning import rounds as _rounds
from prunus.pruning.interop import as_network, load
from prunus.pruning.pruned import Pruned
from prunus.reporting import Report
from prunus.scheduling import FineTune, Schedule, settings_of
from prunus.scoring import Criterion


def prune(
    model: Any,
    X: Any = None,
    y: Any = None,
    *,
    sparsity: float | None = None,
    threshold: float | None = None,
    criterion: str | Criterion = "auto",
    pattern: str | Pattern = "weight",
    allocation: str = "auto",
    schedule: str | Schedule = "one-shot",
    fine_tune: int | FineTune | None = None,
    control: bool = False,
    sample_weight: Any = None,
    class_weight: Any = None,
    X_val: Any = None,
    y_val: Any = None,
    latency_batch: int = 1,
    latency_threads: int = 1,
    layers: Sequence[int] | None = None,
    keep: Sequence[Any] | None = None,
    max_layer_sparsity: float | Sequence[float] | None = None,
    allow_empty: bool = False,
    random_state: Any = None,
    progress: bool = False,
) -> Pruned:
    """Remove the least important weights, neurons or inputs of a trained model.

    Parameters
    ----------
    model : Network, Pruned, fitted scikit-learn estimator or Pipeline, or path of a .safetensors file
        It is not changed. What an earlier pruning removed from a Pruned, or set to zero, stays so and counts as removed: all
        numbers, and the shapes of masks, are those of the original, by every pattern. Zeros of any other model stay zero in
        training, too (the report says how many), but do not count.
    X : array_like, DataFrame or SciPy sparse matrix of shape (n_samples, n_in), optional
        Data for the criteria that need it, for fine-tuning, and for the loss and the score in the report. It is read in
        batches, so that an array mapped from a file (``numpy.load(..., mmap_mode="r")``) need not fit in memory. The columns
        of a DataFrame are numbers or bools, of types that may be missing too. A sparse matrix that is unsorted, or gives an
        entry in parts, is put in order once, in a copy.
    y : array_like of shape (n_samples,) or (n_samples, n_out), optional
        Labels or values, needed beside X; not for a criterion that looks at X alone, nor for "auto" without training, which
        leaves loss and score out of the report.
    sparsity : float in [0, 1], optional
        Fraction of the units to remove: of the weights, the hidden neurons, the inputs, or the blocks (of `layers` where it
        is given, else of all that the pattern fits).
    threshold : float, optional
        Remove what scores strictly below it. Exactly one of `sparsity` and `threshold` must be given; neither
        for n:m, which says itself how much goes.
    criterion : str or Criterion, default "auto"
        A name from `criteria()`, or one of its classes with its options set. "auto" is what kept most accuracy in
        docs/which-criterion.md: for weights wanda with X if nothing is trained, else magnitude; for neurons the absolute
        output_contribution with X and y, activation_variance with X alone, weight_norm without data; for inputs the absolute
        input_contribution with X and y, else input_norm.
    pattern : str or Pattern, default "weight"
        A name from `patterns()`, with numbers in the place of letters: "2:4", "block:4x1". The neurons of the last layer are
        not pruned.
    allocation : str, default "auto"
        A name from `allocations()`: from which layers a sparsity is taken. "auto": lamp.
    schedule : str or Schedule, default "one-shot"
        A name from `schedules()`, or one of its classes with its options set: in how many rounds, and how much training
        between them.
    fine_tune : int or FineTune, optional
        Train under the mask afterwards: so many epochs, or with these settings.
    control : bool, default False
        Also train the model as it is, unpruned, equally long, and report its loss and score: what the training did.
    sample_weight : array_like of shape (n_samples,), optional
        Nonnegative. It counts wherever X does, in the report's loss and score too.
    class_weight : mapping or "balanced", optional
        Weight of each label (others: 1), multiplied with sample_weight.
    X_val, y_val : array_like, optional
        Data for the loss and the score in the report, instead of X and y.
    latency_batch, latency_threads : int, default 1
        Rows of a call, and threads, for the latency in the report: of the engine, and of NumPy where threadpoolctl is there.
    layers : sequence of int, optional
        Indices of the layers to prune. None: all that the pattern can prune; one that is smaller than a block, or than the m
        inputs of n:m, stays as it is, with a note in the report.
    keep : sequence of (array_like of bool or None), optional
        What must stay, one for each layer of the network (of a Pruned: of its original), of the shape of its mask.
    max_layer_sparsity : float in [0, 1], or one for each pruned layer in the order of `layers`, optional
        No layer loses a larger fraction of its units.
    allow_empty : bool, default False
        Whether a layer may lose everything. If not, its highest score stays, another unit goes instead, and the report says
        so where that kept the target from being reached.
    random_state : int, Generator or None
        Seeds the random criterion and training.
    progress : bool, default False
        Show bars for what takes longer than a second, if there is a terminal.

    Returns
    -------
    Pruned

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, shape or value, a name is unknown (the message lists the valid ones), or
        what must stay leaves too little to remove.
    NotSupportedError
        If a part of the model cannot be represented; the message names it.

    Examples
    --------
    >>> pruned = prunus.prune(MLPClassifier().fit(X, y), X, y, sparsity=0.9, fine_tune=10)
    >>> print(pruned.report)
    Pruned 90.00% of 1480 weights: magnitude by weight, lamp, sparsity 0.9, then 10 epochs of fine-tuning
    ...
    """
    if isinstance(model, (str, os.PathLike)):
        model = load(model)
    network = as_network(model)
    earlier = _earlier.of(model, network)
    how = masking.pattern_of(pattern)
    goal = masking.goal_of(how, sparsity, threshold)
    named, small = _choices.layers_of(layers, how, network)
    limits = limits_of(how, max_layer_sparsity, len(named))
    prunable = sorted(named)
    goal = goal._replace(
        limits=limits and tuple(limits[named.index(i)] for i in prunable),
        allow_empty=check.flag("allow_empty", allow_empty),
    )
    share_out = _choices.allocation_of(allocation, how)
    rounds = _choices.schedule_for(schedule, goal, X)
    settings = settings_of(fine_tune)
    learns = settings is not None or rounds.fine_tune is not None
    chosen, is_auto = _choices.criterion_for(how, criterion, X is not None, y is not None, learns)
    chosen.require(network)
    without_labels = y is None and not learns and (is_auto or chosen.needs == ("X",))
    data = None if without_labels else _choices.both("X", X, "y", y)
    if learns and data is None:
        raise check.error(ValueError, "X", "expected data to fine-tune on, got None")
    if check.flag("control", control) and not learns:
        raise check.error(
            ValueError, "control", "expected fine_tune, or a schedule that trains, beside it, got neither"
        )
    validation = _choices.both("X_val", X_val, "y_val", y_val)
    fitted = (model if isinstance(model, Pruned) else network).feature_names
    names = _outcome.feature_names(fitted, X=X, X_val=X_val)
    # What is used late, or not at all, is wrong at once if it is wrong; and X is converted, or sorted, once.
    if data is not None:
        X = network.data(X, y, sample_weight, class_weight=class_weight).source
    elif X is not None:
        X = network.samples(X, sample_weight).source
    weights = _choices.weights_of(network, X, y, sample_weight, class_weight)
    if validation is not None:
        validation = (network.data(*validation, names=("X_val", "y_val")).source, y_val)
    rng = check.generator("random_state", random_state)
    batch = check.integer("latency_batch", latency_batch, minimum=1)
    threads = checked_threads("latency_threads", latency_threads)
    units = earlier.units(how, prunable, layers is None)
    stay = None
    if keep is not None:
        stay = masks_of("keep", keep, units.shapes, default=False)
        require_there(stay, [~there for there in earlier.structure.original(how.unit, units.start)])
        stay = earlier.present(how.unit, stay)

    trains = earlier.alive or _choices.nonzero(network)
    plan = _rounds.Plan(
        how,
        chosen.seeded(rng),
        share_out,
        rounds,
        goal,
        prunable,
        stay,
        earlier.alive,
        trains,
        settings,
        units,
        control,
    )
    learning = _rounds.Learning(X, y, weights, rng, progress)
    outcome = _rounds.run(network, plan, learning, resolve_threads(None))
    after = outcome.networks["after"]
    masks = earlier.structure.original(how.unit, outcome.masks)
    cuts = dict(zip(earlier.structure.places, outcome.cuts, strict=True))
    n_weights = sum(map(prod, earlier.structure.shapes))
    quality: dict[str, Any] = {"loss": None, "score": None}
    if validation or data:
        measured = (*validation, None, "validation") if validation else (X, y, weights, "training")
        quality = _outcome.quality(outcome.networks, *measured)
    report = Report(
        criterion=chosen.name,
        pattern=str(how),
        allocation=share_out.name if how.takes_target else None,
        schedule=rounds.name,
        target={name: value for name in ("sparsity", "threshold") if (value := getattr(goal, name)) is not None},
        sparsity=1 - outcome.n_kept / n_weights,
        weights={"before": n_weights, "after": outcome.n_kept},
        layers=[
            _outcome.layer_row(shape, mask, cuts.get(i, (None, None)))
            for i, (shape, mask) in enumerate(zip(earlier.structure.shapes, masks, strict=True))
        ],
        rounds=outcome.rounds,
        **quality,
        bytes={"before": files.size_of(files.Contents(network)), "after": 0},
        latency_us=_outcome.latency(network, after, X, batch, threads),
        fine_tune=None if settings is None else {**asdict(settings), "loss": outcome.loss},
        feature_names=names,
        removed_inputs=_outcome.removed_inputs(network, after, names),
        notes=[*(_choices.too_small(how, i, network) for i in small), *outcome.notes],
    )
    pruned = Pruned(after, masks, report, earlier.structure.without(how.unit, masks))
    _outcome.tell_size(pruned)
    return pruned
