"""The benchmarks run, check every answer, and say what they found. No time is asserted."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import prunus

ROOT = Path(__file__).parents[1]


def test_quick_run(tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    command = [sys.executable, "-m", "bench.run", "--quick", "--json", str(lines)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    rows = [json.loads(line) for line in lines.read_text().splitlines()]
    found = {(row["case"].split(",")[0], row["contender"]) for row in rows}
    assert {("score and mask 200", "prunus"), ("score and mask 200", "NumPy")} <= found
    mlp = {name for case, name in found if case == "784-300-100-10"}
    assert {"prunus", "NumPy dense", "SciPy CSR", "scikit-learn predict"} <= mlp
    assert any(name.startswith("prunus on ") for name in mlp)  # in a process of its own
    for row in rows:
        assert 0 < row["minimum_us"] <= row["median_us"]
        assert row["fraction_of_limit"] > 0
        if row["contender"] == "prunus":
            assert row["ratio_of_minima"] == row["ratio_of_medians"] == 1
    assert "GFLOP/s" in result.stdout
    assert "| NumPy dense" in result.stdout


WRONG = """
import bench.contenders.numpy_dense as rival
from bench.contenders.base import Contender
right = rival.CONTENDERS
def lie(case):
    good = next(c for c in right if c.kind == case.kind).build(case)
    return lambda data: lambda: {spoil}
rival.CONTENDERS = [Contender({liar!r}, {name!r}, lie)]
import bench.run, sys
sys.argv = ["run", "--quick", "--case", {name!r}]
bench.run.main()
"""


@pytest.mark.parametrize(
    ("name", "spoil"),
    [("mask", "~good(data)()"), ("mlp", "good(data)() * 1.01"), ("mask", "good(data)() | True")],
)
def test_a_wrong_answer_of_ours_ends_the_run_and_that_of_a_rival_is_left_out(name: str, spoil: str) -> None:
    results = []
    for liar in ("prunus, lying", "liar"):
        code = WRONG.format(name=name, spoil=spoil, liar=liar)
        command = [sys.executable, "-c", code]
        results.append(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False))
    ours, rivals = results
    assert ours.returncode != 0
    assert "AssertionError" in ours.stderr
    assert rivals.returncode == 0, rivals.stderr
    assert "the answer of liar is wrong; it is left out" in rivals.stderr
    assert "| liar" not in rivals.stdout
    assert "| prunus" in rivals.stdout


def test_variables_that_slow_a_rival_are_unset() -> None:
    environment = {**os.environ, "OPENBLAS_CORETYPE": "Nehalem"}
    command = [sys.executable, "-m", "bench.run", "--quick", "--case", "mask"]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "OPENBLAS_CORETYPE would slow NumPy: unset for this run" in result.stderr


@pytest.mark.parametrize("n", [1, 2, 3, 4, 11])
def test_nobody_runs_again_before_half_of_the_others(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from bench.run import Order

    names = [*"abcdefghijk"[:n]]
    order = Order("a case")
    rounds = [order.next(names) for _ in range(200)]
    assert all(sorted(turns) == names for turns in rounds)
    turns = list(itertools.chain(*rounds))
    for i in range(len(turns) - n // 2):
        assert turns[i] not in turns[i + 1 : i + 1 + n // 2]
    pairs = set(itertools.pairwise(turns))
    assert len(pairs) == max(n * (n - 1), n == 1)  # everyone runs after everyone else


def test_a_slow_rival_sits_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its share of the time, and is compared with as many rounds of ours."""
    monkeypatch.syspath_prepend(str(ROOT))
    from bench import report, run
    from bench.cases import CASES
    from bench.contenders import Contender
    from bench.worker import Workers

    def build(seconds: float) -> Any:
        def ready(case: Any) -> Any:
            engine = prunus.compile(case.network, threads=1)

            def call(data: Any) -> Any:
                time.sleep(seconds)
                return engine(data)

            return lambda data: lambda: call(data)

        return ready

    both = [Contender("prunus", "mlp", build(0.0)), Contender("slow", "mlp", build(0.03))]
    monkeypatch.setattr(run, "contenders", lambda _: both)
    machine: Any = SimpleNamespace(
        peak=lambda _: 1e9, bandwidth=lambda _: 1e9, cache_bandwidth=lambda _: 1e9, last_cache=1
    )
    with Workers() as workers:
        rows = run.measure(next(CASES["mlp"].variants(1, quick=True)), machine, workers, rounds=50, seconds=0.05)
    ours, slow = rows
    assert ours.rounds >= 5
    assert slow.rounds in (1, 2)
    assert f"slow ({slow.rounds} rounds)" in report.as_table(rows)


def test_a_contender_with_a_python_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from bench.cases import CASES
    from bench.contenders import contenders
    from bench.worker import Workers

    cases = list(CASES["mlp"].variants(1, quick=True))
    contender = next(c for c in contenders(cases[0]) if c.name == "NumPy dense")
    contender = dataclasses.replace(contender, python=sys.executable)
    with Workers() as workers:
        runners = set()
        for case in cases:
            runner = workers.runner(contender, case)
            runners.add(runner)
            data = case.data(0)
            for _ in range(2):
                seconds, result = runner.time_once(data, want_result=True)
                assert seconds > 0
                case.check(data, result)
    assert len(cases) > len(runners) == 1


def test_tables_and_plots(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.syspath_prepend(str(ROOT))
    from bench import plot

    lines = []
    for batch, sparsity, ours, dense in ((1, 0.5, 10.0, 20.0), (1, 0.9, 5.0, 20.0), (16, 0.9, 30.0, 27.0)):
        parameters = {
            "kind": "mlp", "network_name": "tiny", "sparsity": sparsity, "batch": batch, "threads": 1, "block_rows": 1
        }  # fmt: skip
        for name, is_dense, shortest in (("prunus", False, ours), ("Slow", True, 2 * dense), ("Fast", True, dense)):
            line = {
                "case": "3-2, x", "parameters": parameters, "contender": name, "is_dense": is_dense, "minimum_us": shortest,
                "ratio_of_minima": shortest / ours, "fraction_of_limit": 0.25, "cpu": "a CPU, target x86-64-v4",
            }  # fmt: skip
            lines.append(json.dumps(line))
    (tmp_path / "lines").write_text("\n".join(lines))
    monkeypatch.setattr(sys, "argv", ["plot", str(tmp_path / "lines"), str(tmp_path / "out")])
    plot.main()
    text = (tmp_path / "out" / "README.md").read_text()
    assert "2.00x 10 µs 25%" in text
    assert "4.00x 5 µs 25%" in text
    assert "Slowest cell against the best dense: 0.90 (batch 16, 90% zeros)" in text
    assert "batch 16" in (tmp_path / "out" / "tiny-x86-64-v4-1-threads.svg").read_text()


def test_more_instructions_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from bench.instructions import KEPT, compare

    kept = {"a": 1000, "b": 1000, "gone": 1}
    found = compare(kept, {"a": 1030, "b": 1031, "new": 5})
    assert [line.split(":")[0] for line in found] == ["gone", "b", "new"]
    assert all(json.loads(KEPT.read_text()).values())


def test_shapes_of_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from bench.cases import CASES

    for kind in CASES.values():
        for case in kind.variants(2, quick=True):
            assert case.kind
            assert "2 threads" in case.title
            data = case.data(0)
            samples = data[0] if isinstance(data, tuple) else data
            assert samples is None or samples.dtype == np.float32
