"""What a report says of a pruned network: layers, quality and latency, before and after."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from prunus import files
from prunus._base import Bools, names_of
from prunus.data import is_sparse, require_names, unchecked
from prunus.engine import Engine
from prunus.masking import n_removed
from prunus.network import OUTPUTS, Network, outputs_of, widest
from prunus.pruning.pruned import Pruned, score


def layer_row(shape: tuple[int, ...], mask: Bools, cut: tuple[float | None, float | None]) -> dict[str, Any]:
    """Say what a layer lost, and where its cut lies."""
    return {
        "shape": list(shape),
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
    """Microseconds of one call: dense, as NumPy would compute it in the network's dtype, and through the engine.

    Of sparse X the engine takes the rows as they are, and NumPy the same rows dense.
    """
    if X is None:
        rows: Any = np.random.default_rng(0).standard_normal((batch, before.n_in)).astype(before.dtype)
    else:
        whole = unchecked(X, before.n_in, before.dtype)
        rows = whole.rows(np.arange(batch) % len(whole))
    engine = Engine(after, threads)
    dense, dense_rows = before.with_all_inputs(), rows.toarray() if is_sparse(rows) else rows
    with _numpy_on(threads) as numpy_threads:
        numpy = _microseconds(lambda: OUTPUTS[dense.output].link(outputs_of(dense.layers, dense_rows)[1][-1]))
    return {
        "before": numpy,
        "after": _microseconds(lambda: OUTPUTS[after.output].link(engine(rows))),
        "batch": batch,
        "threads": threads,
        "numpy_threads": numpy_threads,
    }


@contextlib.contextmanager
def _numpy_on(threads: int) -> Iterator[int | None]:
    """Let NumPy's BLAS have so many threads; None where nothing is there that can tell it."""
    try:
        import threadpoolctl  # scikit-learn brings it
    except ImportError:
        yield None
        return
    if not any(library["user_api"] == "blas" for library in threadpoolctl.threadpool_info()):
        yield None
        return
    with threadpoolctl.threadpool_limits(threads, user_api="blas"):
        yield threads


def _microseconds(call: Callable[[], object]) -> float:
    """The shortest of some calls: at least three, and so many as a millisecond allows."""
    times: list[float] = []
    while len(times) < 3 or (sum(times) < 1e-3 and len(times) < 100):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times) * 1e6


def feature_names(fitted: list[str] | None, **given: Any) -> list[str] | None:
    """Return the names that the model was fitted with, or those of what is given. Where several have names they must agree."""
    for name, X in given.items():
        require_names(name, X, fitted)
        fitted = names_of(X) if fitted is None else fitted
    return fitted


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
