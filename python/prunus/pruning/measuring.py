"""What a report tells of quality and latency, before and after."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from prunus._base import Floats
from prunus.data import Data, is_sparse
from prunus.engine import Engine
from prunus.network import OUTPUTS, Network, outputs_of, widest
from prunus.pruning.pruned import score_of
from prunus.pruning.request import Latency


def quality(engines: Mapping[str, Engine], data: Data, where: str) -> dict[str, Any]:
    """Return the (weighted) loss and score of each engine, by its name, in one pass over the data."""
    assert data.share is not None
    assert data.target is not None
    seen = replace(data, inputs=None, scaling=None)
    outputs: dict[str, list[Floats]] = {name: [] for name in engines}
    widths = [widest(engine.network.layers) for engine in engines.values()]
    for rows in seen.batches(max(widths)):
        x = seen.rows(rows)
        for name, engine in engines.items():
            outputs[name].append(engine(x))
    weights = data.share / data.share.max()  # ones where all count the same
    loss, scores = {}, {}
    for name, engine in engines.items():
        network, raw = engine.network, np.concatenate(outputs[name])
        loss[name] = float(OUTPUTS[network.output].loss(raw.astype(np.float64), data.target) @ data.share)
        scores[name] = score_of(network, network.labels.decide(raw), data.target, weights)
    metric = scores["before"][0]
    return {
        "loss": {**loss, "data": where},
        "score": {"metric": metric, **{name: value for name, (_, value) in scores.items()}, "data": where},
    }


def latency(before: Network, engine: Engine, data: Data | None, call: Latency) -> dict[str, Any]:
    """Microseconds of one call: dense, as NumPy would compute it in the network's dtype, and through the engine.

    Of sparse X the engine takes the rows as they are, and NumPy the same rows dense.
    """
    if data is None:
        rows: Any = np.random.default_rng(0).standard_normal((call.batch, before.n_in)).astype(before.dtype)
    else:
        rows = replace(data, inputs=None, scaling=None).rows(np.arange(call.batch) % len(data))
    dense, dense_rows = before.with_all_inputs(), rows.toarray() if is_sparse(rows) else rows
    after = engine.on(call.threads)
    with _numpy_on(call.threads) as numpy_threads:
        numpy = _microseconds(lambda: OUTPUTS[dense.output].link(outputs_of(dense.layers, dense_rows)[1][-1]))
    return {
        "before": numpy,
        "after": _microseconds(lambda: OUTPUTS[after.network.output].link(after(rows))),
        "batch": call.batch,
        "threads": call.threads,
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
