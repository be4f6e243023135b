"""What a report tells of quality and latency, before and after."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from prunus.data import Data, is_sparse
from prunus.engine import Engine
from prunus.network import OUTPUTS, Network, outputs_of
from prunus.pruning.judging import Judged
from prunus.pruning.request import Latency


def quality(found: Mapping[str, Judged], where: str) -> dict[str, Any]:
    """Return what a report tells of loss and score."""
    scores = {name: one.score for name, one in found.items()}
    return {
        "loss": {**{name: one.loss for name, one in found.items()}, "data": where},
        "score": {"metric": found["before"].metric, **scores, "data": where},
    }


def latency(before: Network, engine: Engine, data: Data | None, call: Latency) -> dict[str, Any]:
    """Microseconds of one call: dense, as NumPy would compute it in the network's dtype, and through the engine.

    Of sparse X the engine takes the rows as they are, and NumPy the same rows dense.
    """
    rows = _rows(before, data, call.batch)
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


def microseconds(engine: Engine, data: Data | None, batch: int, threads: int) -> float:
    """The shortest of some calls of an engine."""
    return _microseconds(_call(engine, data, batch, threads))


def steady_microseconds(engine: Engine, data: Data | None, batch: int, threads: int) -> float:
    """The median of many calls."""
    call = _call(engine, data, batch, threads)
    times: list[float] = []
    begin = time.perf_counter()
    while len(times) < 20 or (time.perf_counter() - begin < 5e-3 and len(times) < 500):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(np.median(times)) * 1e6


def _call(engine: Engine, data: Data | None, batch: int, threads: int) -> Callable[[], object]:
    network, run = engine.network, engine.on(threads)
    rows = _rows(network, data, batch)
    return lambda: OUTPUTS[network.output].link(run(rows))


def _rows(network: Network, data: Data | None, batch: int) -> Any:
    """Return so many rows of X as it is."""
    if data is None:
        return np.random.default_rng(0).standard_normal((batch, network.n_in)).astype(network.dtype)
    return replace(data, inputs=None, scaling=None).rows(np.arange(batch) % len(data))
