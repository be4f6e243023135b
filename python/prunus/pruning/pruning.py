"""prune(): a model in, a Pruned out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from prunus._base import resolve_threads
from prunus.compensating import Compensation, Refine
from prunus.masking import Pattern
from prunus.pruning.asking import request_of
from prunus.pruning.explaining import explained
from prunus.pruning.outcome import pruned_of
from prunus.pruning.pruned import Pruned
from prunus.pruning.rounds import beginning, run
from prunus.pruning.sweeping import within_budget
from prunus.scheduling import FineTune, Schedule
from prunus.scoring import Criterion


def prune(
    model: Any,
    X: Any = None,
    y: Any = None,
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
) -> Pruned:
    """Remove the least important weights, neurons or inputs of a trained model.

    Parameters
    ----------
    model : Network, Pruned, fitted scikit-learn estimator or Pipeline, or path of a .safetensors file
        It is not changed. Of a Pipeline the last step is pruned, on what the steps before it make of X; what these do is part
        of the network where it can be (scalers, selectors), and else runs as it is (`Pruned.front`). Of a search the best
        estimator is taken. What an earlier pruning removed from a Pruned, or set to zero, stays so and counts as removed: all
        numbers, and the shapes of masks, are those of the original, by every pattern. Zeros of any other model stay zero in
        training, too (the report says how many), but do not count.
    X : array_like, DataFrame or SciPy sparse matrix of shape (n_samples, n_in), optional
        Data for the criteria that need it, for fine-tuning, and for the loss and the score in the report. It is read in
        batches, so that an array mapped from a file (``numpy.load(..., mmap_mode="r")``) need not fit in memory. The columns
        of a DataFrame are numbers or bools, of types that may be missing too. A sparse matrix that is unsorted, or gives an
        entry in parts, is put in order once, in a copy. Before a Pipeline's own steps X is whatever these take.
    y : array_like of shape (n_samples,) or (n_samples, n_out), optional
        Labels or values, needed beside X; not for a criterion that looks at X alone, nor for "auto" without training, which
        leaves loss and score out of the report.
    sparsity : float in [0, 1], optional
        Fraction of the units to remove: of the weights, the hidden neurons, the inputs, or the blocks (of `layers` where it
        is given, else of all that the pattern fits).
    threshold : float, optional
        Remove what scores strictly below it. Exactly one of `sparsity`, `threshold` and the budgets that follow must be given;
        none for n:m, which says itself how much goes.
    max_accuracy_drop : float, optional
        Remove as much as lets the score fall by at most that, with one standard error of the difference: 0.005 is half a point
        of accuracy. On X_val, y_val; without them on samples of X that are held out from pruning, in five folds, though not
        from the training of the model. The sparsity is one of a grid, in steps of 0.01 up to 0.95 and of 0.005 above, of which
        the next does not hold.
    max_bytes : int, optional
        Remove as little as makes the saved file so small.
    max_latency_us : float, optional
        Remove as little as makes one call of `latency_batch` rows on `latency_threads` threads take so few microseconds, in the
        median, here and now.
    criterion : str or Criterion, default "auto"
        A name from `criteria()`, or one of its classes with its options set. "auto" is what kept most accuracy in
        docs/which-criterion.md. With X, if nothing is trained: obs with compensation obs, of networks with up to 4096 inputs
        of a layer (for weights wanda with compensation fast where obs would take long, which the report says). Else for weights
        wanda with X if nothing is trained, else magnitude; for neurons the absolute output_contribution with X and y,
        activation_variance with X alone, weight_norm without data; for inputs the absolute input_contribution with X and y,
        else input_norm. A linear model of known loss, with X and y, is refitted whatever chose, and before training too.
    pattern : str or Pattern, default "weight"
        A name from `patterns()`, with numbers in the place of letters: "2:4", "block:4x1". The neurons of the last layer are
        not pruned.
    allocation : str, default "auto"
        A name from `allocations()`: from which layers a sparsity is taken. "auto": loss for obs, whose scores are rises of the
        loss, lamp for the others.
    schedule : str or Schedule, default "one-shot"
        A name from `schedules()`, or one of its classes with its options set: in how many rounds, and how much training
        between them.
    compensate : str or Compensation, default "auto"
        A name from `compensations()`, or one of its classes with its options set: new values for the weights that are left.
        "auto": what the criterion reckons with, obs for obs, none for the others; of criterion "auto", what goes with it.
    refine : int or Refine, optional
        So many Gauss-Newton steps, or with these settings, on what is left, after each round: towards what the model put out
        before anything went, which needs no labels, or towards the labels.
    fine_tune : int or FineTune, optional
        Train under the mask afterwards: so many epochs, or with these settings.
    control : bool, default False
        Also train the model as it is, unpruned, equally long, and report its loss and score: what the training did.
    explain : bool, default False
        Also report what each layer alone, and each removed neuron at its turn, was predicted to cost and does: by how much the
        loss rises towards what the model put out before, of a linear model towards the labels. Where these differ by more than
        a factor of two, a note says so. For scores that are rises of the loss: criterion obs, allocation loss; not beside a
        budget. It takes a compensation for each row.
    sample_weight : array_like of shape (n_samples,), optional
        Nonnegative. It counts wherever X does, in the report's loss and score too.
    class_weight : mapping or "balanced", optional
        Weight of each label (others: 1), multiplied with sample_weight.
    X_val, y_val : array_like, optional
        Data for the loss and the score in the report, instead of X and y.
    scoring : str or callable, optional
        The score of the report, and of the Pruned: a name of scikit-learn's scorers, or a callable of (estimator, X, y), where
        the estimator has what a fitted one has: predict, predict_proba, decision_function, classes_. It gets sample_weight
        where it takes any. A file does not hold a callable. None: accuracy, or R².
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
    BudgetError
        If no sparsity of the grid was found that meets the budget; the message says how close one comes, and `closest` is that
        model.
    NotSupportedError
        If a part of the model cannot be represented; the message names it.

    Examples
    --------
    >>> pruned = prunus.prune(MLPClassifier().fit(X, y), X, y, sparsity=0.9, fine_tune=10)
    >>> print(pruned.report)
    Pruned 90.00% of 1480 weights: magnitude by weight, lamp, sparsity 0.9, then 10 epochs of fine-tuning
    ...
    """
    request = request_of(
        model,
        X,
        y,
        sparsity=sparsity,
        threshold=threshold,
        max_accuracy_drop=max_accuracy_drop,
        max_bytes=max_bytes,
        max_latency_us=max_latency_us,
        criterion=criterion,
        pattern=pattern,
        allocation=allocation,
        schedule=schedule,
        compensate=compensate,
        refine=refine,
        fine_tune=fine_tune,
        control=control,
        explain=explain,
        sample_weight=sample_weight,
        class_weight=class_weight,
        X_val=X_val,
        y_val=y_val,
        scoring=scoring,
        latency_batch=latency_batch,
        latency_threads=latency_threads,
        layers=layers,
        keep=keep,
        max_layer_sparsity=max_layer_sparsity,
        allow_empty=allow_empty,
        random_state=random_state,
        progress=progress,
    )
    threads = resolve_threads(None)
    if request.budget is not None:
        return within_budget(request, threads)
    begin = beginning(request, threads)
    outcome = run(request, threads, begin)
    if request.explain:
        rows, notes = explained(request, begin, outcome, threads)
        outcome = replace(outcome, explanation=rows, notes=[*outcome.notes, *notes])
    return pruned_of(request, outcome)
