"""The latency in the report: NumPy and the engine with the same number of threads, and what the row says is what was timed."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
import scipy.sparse

import prunus
from prunus.engine.engine import Engine
from prunus.network.passes import outputs_of
from prunus.pruning import measuring
from prunus.reporting.report import Report

NETWORK = prunus.Network([prunus.Layer([[1.0, 2.0, 3.0]] * 4, None, "tanh"), prunus.Layer([[1.0, -1.0, 2.0, 0.5]])])
DENSE = "microseconds, 2 rows (NumPy dense, engine)"
UNKNOWN = "microseconds, 2 rows (NumPy dense on any number of threads, engine)"


def seen(monkeypatch: pytest.MonkeyPatch, look: Any) -> list[Any]:
    """What `look` says of the rows at every call of NumPy's."""
    found: list[Any] = []

    def watched(layers: Any, rows: Any) -> Any:
        found.append(look(rows))
        return outputs_of(layers, rows)

    monkeypatch.setattr(measuring, "outputs_of", watched)
    return found


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_numpy_has_as_many_threads(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")

    def blas() -> list[int]:
        return [row["num_threads"] for row in threadpoolctl.threadpool_info() if row["user_api"] == "blas"]

    if not blas():
        pytest.skip("NumPy's BLAS is none that threadpoolctl knows")
    before, counts = blas(), seen(monkeypatch, lambda _: set(blas()))
    report = prunus.prune(NETWORK, sparsity=0.5, latency_batch=2, latency_threads=threads).report
    assert len(counts) >= 3
    assert all(count == {threads} for count in counts)
    assert blas() == before
    assert report["latency_us"]["threads"] == report["latency_us"]["numpy_threads"] == threads
    assert DENSE in str(report)


@pytest.mark.parametrize("missing", ["the library", "a BLAS that it knows"])
def test_else_the_report_says_so(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if missing == "the library":
        monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    else:
        monkeypatch.setattr(pytest.importorskip("threadpoolctl"), "threadpool_info", list)
    report = prunus.prune(NETWORK, sparsity=0.5, latency_batch=2).report
    assert report["latency_us"]["numpy_threads"] is None
    assert UNKNOWN in str(report)


def test_reports_of_earlier_versions_do_not_know() -> None:
    report = prunus.prune(NETWORK, sparsity=0.5, latency_batch=2).report
    del report["latency_us"]["numpy_threads"]
    assert UNKNOWN in str(Report.checked(dict(report)))


@pytest.mark.parametrize("batch", [1, 7])
def test_dense_is_dense(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of sparse X the engine runs what it is, and NumPy the same rows without a zero left out."""
    X = scipy.sparse.csr_array([[0.0, 1.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 3.0]])
    rows = seen(monkeypatch, lambda rows: rows)
    engine_rows: list[Any] = []
    run = Engine.__call__

    def watched(engine: Engine, X: Any, out: Any = None) -> Any:
        engine_rows.append(X)
        return run(engine, X, out)

    monkeypatch.setattr(Engine, "__call__", watched)
    prunus.prune(NETWORK, X, sparsity=0.5, criterion="wanda", latency_batch=batch)
    expected = X.toarray()[np.arange(batch) % 3]
    assert all(type(each) is np.ndarray and np.array_equal(each, expected) for each in rows)
    timed = [each for each in engine_rows if each.shape == (batch, 3)]
    assert timed
    assert all(scipy.sparse.issparse(each) and np.array_equal(each.toarray(), expected) for each in timed)
