"""What came of a pruning: the Pruned, and its report."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from prunus import files
from prunus._base import Bools
from prunus.engine import Engine
from prunus.masking import n_removed
from prunus.network import Network
from prunus.pruning import choices
from prunus.pruning.front import described
from prunus.pruning.judging import Judged, judged
from prunus.pruning.measuring import latency, quality
from prunus.pruning.pruned import Pruned
from prunus.pruning.request import Request
from prunus.pruning.rounds import Outcome
from prunus.reporting import Report


def layer_row(shape: tuple[int, ...], mask: Bools, cut: tuple[float | None, float | None]) -> dict[str, Any]:
    """Say what a layer lost, and where its cut lies."""
    return {
        "shape": list(shape),
        "units": int(mask.size),
        "removed": n_removed(mask),
        "highest_removed": cut[0],
        "lowest_kept": cut[1],
    }


def removed_inputs(before: Network, after: Network, names: list[str] | None) -> list[str] | None:
    """Return the names of the inputs that were read before and are no more; None where they have none."""
    if names is None or len(names) != before.n_in:
        return None
    was, still = ((network.with_all_inputs().layers[0].weight != 0).any(axis=0) for network in (before, after))
    return [name for name, gone in zip(names, was & ~still, strict=True) if gone]


def pruned_of(
    request: Request, outcome: Outcome, engine: Engine | None = None, known: Mapping[str, Judged] | None = None
) -> Pruned:
    """Return what came of it, with its report; with its engine and what networks are worth, where that is known."""
    earlier, what = request.earlier, request.what
    before, after = outcome.networks["before"], outcome.networks["after"]
    masks = earlier.structure.original(what.pattern.unit, outcome.masks)
    n_weights = sum(map(prod, earlier.structure.shapes))
    engine = engine_of(request, outcome) if engine is None else engine
    report = Report(
        **request.described(),
        sparsity=1 - outcome.n_kept / n_weights,
        weights={"before": n_weights, "after": outcome.n_kept},
        layers=_layer_rows(request, outcome, masks),
        rounds=outcome.rounds,
        **_measured(request, outcome, engine, known or {}),
        bytes={"before": size_before(request, before), "after": 0},
        latency_us=_latency(request, before, engine),
        front=None if request.front is None else described(request.front.steps),
        feature_names=request.on.names,
        explanation=outcome.explanation,
        removed_inputs=removed_inputs(before, after, request.on.names),
        notes=[
            *request.how.notes,
            *(choices.too_small(what.pattern, i, before) for i in what.too_small),
            *outcome.notes,
        ],
    )
    if report["fine_tune"] is not None:
        report["fine_tune"]["loss"] = outcome.loss
    structure = earlier.structure.without(what.pattern.unit, masks)
    front = None if request.front is None else request.front.steps
    pruned = Pruned(after, masks, report, structure, request.scoring, front)
    pruned.engine = engine
    tell_size(pruned)
    return pruned


def engine_of(request: Request, outcome: Outcome) -> Engine:
    """Return what runs the pruned network."""
    after = outcome.networks["after"]
    return Engine(after, feature_names=request.on.names or after.feature_names)


def size_before(request: Request, network: Network) -> int:
    """Return the bytes of a file of the network that nothing was removed from, and of what stands before it."""
    front = request.front
    return files.size_of(files.Contents(network, encoding=None if front is None else front.encoding))


def _latency(request: Request, before: Network, engine: Engine) -> dict[str, Any]:
    """Return that of the network before and after, and of what stands before it."""
    found = latency(before, engine, request.on.data, request.latency)
    return found if request.front is None else {**found, "front": request.front.microseconds()}


def _measured(request: Request, outcome: Outcome, engine: Engine, known: Mapping[str, Judged]) -> dict[str, Any]:
    """Return loss and score, if there is data to tell them by."""
    data, where = request.on.data, "training"
    if request.on.validation is not None:
        data, where = request.on.validation, "validation"
    if data is None or data.target is None:
        return {"loss": None, "score": None}
    networks = outcome.networks
    engines = {
        name: engine if name == "after" else Engine(network) for name, network in networks.items() if name not in known
    }
    found = {**known, **(judged(engines, data, request.scoring) if engines else {})}
    return quality({name: found[name] for name in networks}, where)


def _layer_rows(request: Request, outcome: Outcome, masks: tuple[Bools, ...]) -> list[dict[str, Any]]:
    structure = request.earlier.structure
    cuts = dict(zip(structure.places, outcome.cuts, strict=True))
    return [
        layer_row(shape, mask, cuts.get(i, (None, None)))
        for i, (shape, mask) in enumerate(zip(structure.shapes, masks, strict=True))
    ]


def tell_size(pruned: Pruned) -> None:
    """Put the size of the file into the report, which is part of the file: its own digits are not counted."""
    report = pruned.report
    report["bytes"]["after"] = files.size_of(pruned.contents())
    grew = "the file grew: the report and the masks take more bytes than the zeros save"
    if report["bytes"]["after"] > report["bytes"]["before"] and grew not in report["notes"]:
        report["notes"].append(grew)
        report["bytes"]["after"] = files.size_of(pruned.contents())
