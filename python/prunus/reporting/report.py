"""Report: what pruning removed, why, and what it cost, as a dict and as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prunus._base import check, record, table


class Report(dict[str, Any]):
    """What happened, in plain JSON values; ``print(report)`` shows it as text.

    Keys
    ----
    criterion, pattern, schedule : str
    compensation : str or None
        None in a file of 0.1, which did not say.
    allocation : str or None
        None for a pattern that says itself how much goes.
    target : dict
        ``{"sparsity": ...}``, ``{"threshold": ...}``, or nothing for a pattern that says itself how much goes.
    sparsity : float
        Fraction of the original weights that are gone.
    weights : dict
        ``before``, ``after``: number of weights that the masks keep.
    layers : list of dict
        For each layer ``shape``, ``units`` (of the mask: weights, neurons or inputs), ``removed``, ``highest_removed`` and
        ``lowest_kept`` (the scores on both sides of the cut in the last round; None where nothing was removed or the layer is
        not pruned).
    rounds : list of dict
        For each round the ``sparsity`` asked for (None without one), the units ``removed`` until then, and after training the
        ``loss`` of its last epoch.
    loss, score : dict or None
        ``before``, ``after``, and for the score its ``metric``; None without data. ``data`` says on which data; on the training
        data with their weights. Where it was asked for, ``control``: of the unpruned model, trained equally long.
    bytes : dict
        ``before``, ``after``: of the saved file.
    latency_us : dict
        ``before`` (NumPy, dense), ``after`` (the engine; sparse X as it is), microseconds for one call of ``batch`` rows on
        ``threads`` threads. ``numpy_threads`` are those of NumPy, or None where their number could not be set, which takes
        the package threadpoolctl. ``front``: of what stands before the model, where there is such a thing.
    refine : dict or None
        The settings.
    fine_tune : dict or None
        The settings and the training ``loss`` after the last epoch.
    explanation : list of dict or None
        For each layer, and for each removed neuron, by how much the loss was ``predicted`` to rise and by how much it rises
        (``actual``): of a layer with nothing else removed, of a neuron when it goes after those of its layer that cost less.
        ``layer``, and ``neuron``, None of a whole layer. None: it was not asked for.
    front : str or None
        What stands before the model and is no part of it: a table that is encoded, or steps that run as they are.
    feature_names : list of str or None
        Of the columns of X, where the model was fitted or pruned with a DataFrame.
    removed_inputs : list of str or None
        The names of the inputs that were read before and are no more; None where they have no names.
    notes : list of str
        What did not go as asked.
    """

    @classmethod
    def checked(cls, value: Any) -> Report:
        """Return a report that has every key and can be shown. Raises ValueError or what a malformed one makes Python raise."""
        report = cls(vars(record(_Content, "report", value)))
        if not 0 <= report["sparsity"] <= 1:
            raise check.error(ValueError, "report.sparsity", f"expected 0 to 1, got {report['sparsity']!r}")
        str(report)
        return report

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return dict(self)

    def __str__(self) -> str:
        lines = [
            _headline(self),
            "",
            *table(_layer_rows(self), right_from=1),
            "",
            *table(_summary_rows(self), right_from=1),
        ]
        if self["explanation"]:
            lines += ["", *table(_explanation_rows(self), right_from=1)]
        if self["removed_inputs"]:
            lines.append(f"inputs removed: {_listed(self['removed_inputs'])}")
        lines += [f"note: {note}" for note in (*_of_training(self), *self["notes"])]
        return "\n".join(lines)


@dataclass
class _Content:
    """What a file says of a report; what has a default those of 0.1 did not say."""

    criterion: str
    pattern: str
    allocation: str | None
    target: dict[str, float]
    sparsity: float
    weights: dict[str, int]
    layers: list[dict[str, Any]]
    loss: dict[str, Any] | None
    score: dict[str, Any] | None
    bytes: dict[str, Any] | None
    latency_us: dict[str, Any] | None
    fine_tune: dict[str, Any] | None
    feature_names: list[str] | None
    notes: list[str]
    schedule: str = "one-shot"
    rounds: list[dict[str, Any]] = field(default_factory=list)
    removed_inputs: list[str] | None = None
    compensation: str | None = None
    refine: dict[str, Any] | None = None
    explanation: list[dict[str, Any]] | None = None
    front: str | None = None


_MOST_NAMES = 50  # that are printed


def in_words(request: Mapping[str, Any], n_rounds: int) -> str:
    """Say what was asked for: criterion, pattern, allocation, target, schedule and training, as a report has them."""
    target = [f"{name} {value:g}" for name, value in request["target"].items()]
    allocation = [] if request["allocation"] is None else [request["allocation"]]
    refit = [] if request["compensation"] in (None, "none") else [f"compensated by {request['compensation']}"]
    steps = [] if request["refine"] is None else [f"refined in {request['refine']['steps']} steps"]
    schedule = [] if request["schedule"] == "one-shot" else [f"{request['schedule']} in {n_rounds} rounds"]
    how = ", ".join(
        [f"{request['criterion']} by {request['pattern']}", *allocation, *target, *schedule, *refit, *steps]
    )
    tuned = request["fine_tune"]
    return how + (f", then {tuned['epochs']} epochs of fine-tuning" if tuned else "")


def _headline(report: Mapping[str, Any]) -> str:
    how = in_words(report, len(report["rounds"]))
    return f"Pruned {report['sparsity']:.2%} of {report['weights']['before']} weights: {how}"


def _layer_rows(report: Mapping[str, Any]) -> list[list[str]]:
    rows = [["layer", "shape", "units", "removed", "share", "highest removed", "lowest kept"]]
    for i, layer in enumerate(report["layers"]):
        share = f"{layer['removed'] / layer['units']:.1%}"
        cut = [_number(layer["highest_removed"]), _number(layer["lowest_kept"])]
        rows.append(
            [str(i), "x".join(map(str, layer["shape"])), str(layer["units"]), str(layer["removed"]), share, *cut]
        )
    return rows


def _explanation_rows(report: Mapping[str, Any]) -> list[list[str]]:
    rows = [["layer alone", "predicted rise of the loss", "actual"]]
    layers = [row for row in report["explanation"] if row["neuron"] is None]
    return rows + [[str(row["layer"]), f"{row['predicted']:.3g}", f"{row['actual']:.3g}"] for row in layers]


def _summary_rows(report: Mapping[str, Any]) -> list[list[str]]:
    loss, score, latency = report["loss"], report["score"], report["latency_us"]
    columns = ["before", "control", "after"] if loss and "control" in loss else ["before", "after"]

    def row(name: str, values: Mapping[str, Any], form: str) -> list[str]:
        return [name, *(format(values[column], form) if column in values else "" for column in columns)]

    rows = [["", *columns], row("weights", report["weights"], "d")]
    if loss:
        rows.append(row(f"loss ({loss['data']})", loss, ".4g"))
        rows.append(row(f"{score['metric']} ({loss['data']})", score, ".4f"))
    rows.append(row("bytes on disk", report["bytes"], "d"))
    anyhow = "" if latency.get("numpy_threads") == latency["threads"] else " on any number of threads"
    rows.append(row(f"microseconds, {latency['batch']} rows (NumPy dense{anyhow}, engine)", latency, ".1f"))
    if latency.get("front") is not None:
        same = {"before": latency["front"], "after": latency["front"]}
        rows.append(row(f"microseconds, {latency['batch']} rows, of the steps before", same, ".1f"))
    return rows


def _of_training(report: Mapping[str, Any]) -> list[str]:
    """Say what loss and score mean where something was trained."""
    if not report["loss"] or not (report["fine_tune"] or any("loss" in row for row in report["rounds"])):
        return []
    if "control" in report["loss"]:
        return ["after is pruned and trained; control is the model as it was, trained equally long"]
    return ["loss and score after include the training: control=True shows what it does to the unpruned model"]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
