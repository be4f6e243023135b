"""What a report says of a pruned network: layers, quality and latency, before and after."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from prunus import _core
from prunus._check import Bools, Floats
from prunus._functions import OUTPUTS
from prunus._layer import Layer
from prunus._passes import outputs_of
from prunus._samples import Samples, source_of
from prunus.engine import Engine
from prunus.network import Network
from prunus.pruned import score


def layer_row(layer: Layer, score: Floats, mask: Bools) -> dict[str, Any]:
    """Say what a layer lost, and where its cut lies."""
    removed = int(mask.size - np.count_nonzero(mask))
    row: dict[str, Any] = {
        "shape": [layer.n_out, layer.n_in],
        "units": int(mask.size),
        "removed": removed,
        "highest_removed": None,
        "lowest_kept": None,
    }
    if removed:
        row["highest_removed"], lowest = _core.cut_of(score, mask)
        row["lowest_kept"] = lowest if removed < mask.size else None
    return row


def quality(before: Network, after: Network, X: Any, y: Any, weights: Any, where: str) -> dict[str, Any]:
    """Return the (weighted) loss and score before and after."""
    (name, old), (_, new) = (score(network, Engine(network).predict(X), y, weights) for network in (before, after))
    return {
        "loss": {"before": before.loss(X, y, weights), "after": after.loss(X, y, weights), "data": where},
        "score": {"metric": name, "before": old, "after": new, "data": where},
    }


def latency(before: Network, after: Network, X: Any, batch: int, threads: int) -> dict[str, Any]:
    """Microseconds of one call: dense, as NumPy would compute it in the network's dtype, and through the engine."""
    if X is None:
        rows: Any = np.random.default_rng(0).standard_normal((batch, before.n_in)).astype(before.dtype)
    else:
        source = source_of("X", X, before.n_in)
        whole = Samples(source, np.ones(0), before.dtype, None, None)
        rows = whole.rows(np.arange(batch) % len(whole))
    engine = Engine(after, threads)
    dense = before.with_all_inputs()
    return {
        "before": _microseconds(lambda: OUTPUTS[dense.output].link(outputs_of(dense.layers, rows)[1][-1])),
        "after": _microseconds(lambda: OUTPUTS[after.output].link(engine(rows))),
        "batch": batch,
        "threads": threads,
    }


def _microseconds(call: Callable[[], object]) -> float:
    """The shortest of some calls: at least three, and so many as a millisecond allows."""
    times: list[float] = []
    while len(times) < 3 or (sum(times) < 1e-3 and len(times) < 100):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times) * 1e6


def feature_names(network: Network, X: Any, name: str = "X") -> list[str] | None:
    """Return the names of X's columns, or those that the model was fitted with. Where both have names they must agree."""
    origin = network.origin or {}
    rows = [*origin.get("scalers", []), *([origin["model"]] if "model" in origin else [])]
    fitted = next((row["feature_names"] for row in rows if row["feature_names"] is not None), None)
    if not hasattr(X, "columns"):
        return fitted
    own = [str(column) for column in X.columns]
    if fitted is not None and own != fitted:
        apart = next((pair for pair in zip(fitted, own, strict=False) if pair[0] != pair[1]), (len(fitted), len(own)))
        raise ValueError(
            f"{name}: expected the columns that the model was fitted with, in order, got {apart[1]!r} for {apart[0]!r}"
        )
    return own
