"""What a report says of a pruned network: layers, quality and latency, before and after."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from prunus import _check, files
from prunus._check import Bools
from prunus._functions import OUTPUTS
from prunus._layer import Layer
from prunus._passes import outputs_of, widest
from prunus._samples import unchecked
from prunus.engine import Engine
from prunus.masking.stock import n_removed
from prunus.network import Network
from prunus.pruned import Pruned, score


def layer_row(layer: Layer, mask: Bools, cut: tuple[float | None, float | None]) -> dict[str, Any]:
    """Say what a layer lost, and where its cut lies."""
    return {
        "shape": [layer.n_out, layer.n_in],
        "units": int(mask.size),
        "removed": n_removed(mask),
        "highest_removed": cut[0],
        "lowest_kept": cut[1],
    }


def quality(networks: Mapping[str, Network], X: Any, y: Any, weights: Any, where: str) -> dict[str, Any]:
    """Return the (weighted) loss and score of each network, by its name."""
    scores = {name: score(network, _predicted(network, X), y, weights) for name, network in networks.items()}
    return {
        "loss": {**{name: network.loss(X, y, weights) for name, network in networks.items()}, "data": where},
        "score": {
            "metric": scores["before"][0],
            **{name: value for name, (_, value) in scores.items()},
            "data": where,
        },
    }


def _predicted(network: Network, X: Any) -> Any:
    """Predict through the engine, batch by batch: X need not fit in memory in another type."""
    samples, engine = unchecked(X, network.n_in, network.dtype), Engine(network)
    raw = [engine(samples.rows(batch)) for batch in samples.batches(widest(network.layers))]
    return network.labels.decide(np.concatenate(raw))


def latency(before: Network, after: Network, X: Any, batch: int, threads: int) -> dict[str, Any]:
    """Microseconds of one call: dense, as NumPy would compute it in the network's dtype, and through the engine."""
    if X is None:
        rows: Any = np.random.default_rng(0).standard_normal((batch, before.n_in)).astype(before.dtype)
    else:
        whole = unchecked(X, before.n_in, before.dtype)
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
    fitted = _fitted_names(network.origin or {})
    if not hasattr(X, "columns"):
        return fitted
    own = [str(column) for column in X.columns]
    if fitted is not None and own != fitted:
        apart = next((pair for pair in zip(fitted, own, strict=False) if pair[0] != pair[1]), (len(fitted), len(own)))
        raise _check.error(
            ValueError,
            name,
            f"expected the columns that the model was fitted with, in order, got {apart[1]!r} for {apart[0]!r}",
        )
    return own


def removed_inputs(before: Network, after: Network, names: list[str] | None) -> list[str] | None:
    """Return the names of the inputs that were read before and are no more; None where they have none."""
    if names is None or len(names) != before.n_in:
        return None
    was, still = ((network.with_all_inputs().layers[0].weight != 0).any(axis=0) for network in (before, after))
    return [name for name, gone in zip(names, was & ~still, strict=True) if gone]


def tell_size(pruned: Pruned) -> None:
    """Put the size of the file into the report, which is part of the file: its own digits are not counted."""
    report = pruned.report
    report["bytes"]["after"] = files.size_of(pruned.contents())
    if report["bytes"]["after"] > report["bytes"]["before"]:
        report["notes"].append("the file grew: the report and the masks take more bytes than the zeros save")
        report["bytes"]["after"] = files.size_of(pruned.contents())


def _fitted_names(origin: Mapping[str, Any]) -> list[str] | None:
    """Of the first step of a scikit-learn model that has any. What an origin of elsewhere says is not for us to read."""
    if origin.get("library") != "sklearn":
        return None
    scalers, model = origin.get("scalers"), origin.get("model")
    steps = [*(scalers if isinstance(scalers, list) else []), model]
    found = (step.get("feature_names") for step in steps if isinstance(step, Mapping))
    return next((names for names in found if isinstance(names, list)), None)
