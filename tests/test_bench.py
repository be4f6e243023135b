"""The benchmarks run, check every answer, and say what they found. No time is asserted."""

from __future__ import annotations

import dataclasses
import importlib.util
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LassoCV, LinearRegression

import prunus
from prunus.linear_model import PrunedLinearRegression

ROOT = Path(__file__).parents[1]
MACHINE: Any = SimpleNamespace(peak=lambda _: 1e9, bandwidth=lambda _: 1e9, cache_bandwidth=lambda _: 1e9, last_cache=1)


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
    path = {name for case, name in found if case == "all 20 sizes"}
    assert {"prunus", "NumPy X.T @ X and scipy.linalg.inv", "scikit-learn RFE"} <= path
    validation = {name for case, name in found if case == "validate all 10 sizes"}
    assert validation == {"prunus, path alone", "prunus, leave-one-out", "prunus, 10 folds", "scikit-learn RFECV"}
    wide = {row["contender"]: row["facts"] for row in rows if row["parameters"]["kind"] == "regression-wide"}
    assert {"prunus", "scikit-learn LassoCV", "scikit-learn OrthogonalMatchingPursuitCV"} <= wide.keys()
    assert {name in wide for name in ("abess", "skglm lasso") if importlib.util.find_spec(name.split()[0])} <= {True}
    assert wide["prunus"]["F1"] > 0.8
    assert "scikit-learn RFE, extrapolated from p = 20 and 40 to 60 by p^" in result.stdout
    for row in rows:
        assert 0 < row["minimum_us"] <= row["median_us"]
        assert row["fraction_of_limit"] > 0
        if row["contender"] == "prunus":
            assert row["ratio_of_minima"] == row["ratio_of_medians"] == 1
    assert "GFLOP/s" in result.stdout
    assert "| NumPy dense" in result.stdout


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [("mask", lambda good: ~good), ("mlp", lambda good: good * 1.01), ("mask", lambda good: good | True)],
)
def test_a_wrong_answer_of_ours_ends_the_run_and_that_of_a_rival_is_left_out(
    kind: str, spoil: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from bench import run
    from bench.cases import CASES
    from bench.contenders import Contender, contenders
    from bench.worker import Workers

    case = next(CASES[kind].variants(1, quick=True))
    ours, right = (c for c in contenders(case) if c.name in ("prunus", "NumPy", "NumPy dense"))

    def lie(case: Any) -> Any:
        ready = right.build(case)
        return lambda data: lambda: spoil(right.finish(ready(data)()))

    def measured(liar: str) -> list[str]:
        monkeypatch.setattr(run, "contenders", lambda _: [ours, right, Contender(liar, kind, lie)])
        with Workers() as workers:
            rows = run.measure(case, MACHINE, workers, rounds=3, seconds=0)
        return [row.contender for row in rows]

    with pytest.raises(AssertionError):
        measured("prunus, lying")
    assert measured("liar") == ["prunus", right.name]
    assert "the answer of liar is wrong; it is left out" in capsys.readouterr().err


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
    with Workers() as workers:
        rows = run.measure(next(CASES["mlp"].variants(1, quick=True)), MACHINE, workers, rounds=50, seconds=0.05)
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
            usual = "float64" if case.kind.startswith("regression-") else "float32"
            assert not isinstance(samples, np.ndarray) or samples.dtype == getattr(case, "dtype", usual)


def test_extrapolation_by_the_power_of_the_two_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from bench.report import Line, extrapolations

    def line(contender: str, p: int, minimum: float) -> Line:
        return Line("a case", {"p": p}, contender, False, minimum, minimum, 1.0, 1.0, "arithmetic", 1.0, 3, {})

    ours = [line("prunus", p, 2.0 * p) for p in (10, 20, 40, 80)]
    rivals = [line("Cubic", p, 1000.0 * p**3) for p in (20, 40)] + [line("Cubic", 10, 1e9), line("Once", 10, 1.0)]
    assert extrapolations([*ours, *rivals]) == [
        "Cubic, extrapolated from p = 20 and 40 to 80 by p^3.00: 512.0 s, 3,200,000 times prunus"
    ]
    assert extrapolations(ours) == []


@pytest.mark.parametrize("name", ["regression-path", "regression-validation", "regression-wide"])
def test_wrong_regressions_are_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from bench.cases import CASES
    from bench.contenders import contenders

    case = next(CASES[name].variants(1, quick=True))
    data = case.data(0)
    for contender in contenders(case):
        if not contender.name.startswith("prunus"):
            continue
        result = contender.build(case)(data)()
        case.check(data, contender.finish(result))
        if name == "regression-wide":
            result.support_[data[2][0]] = False
        elif getattr(result, "select", None) == "bic":
            result.path_._selection.table["rss"][3] *= 1 + 1e-8
        else:
            column = "loo" if result.select == "loo" else "cv_mean"
            result.path_._selection.table[column][-1] *= 1 + 1e-8
        with pytest.raises(AssertionError):
            case.check(data, contender.finish(result))


def test_subsets_of_a_given_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from bench import subsets
    from bench.designs import f1

    monkeypatch.setattr(sys, "argv", ["subsets", "--seeds", "1", "--output", str(tmp_path / "table")])
    subsets.main()
    lines = (tmp_path / "table").read_text().splitlines()
    assert lines[-1].startswith("| all ")
    cells = [cell.strip() for cell in lines[-1].strip("|").split("|")]
    assert cells[2] == "8"
    assert cells[5] == "8 (100.0%)"  # certified
    assert f1(np.array([1, 2]), np.array([2, 3])) == 0.5


def test_supports_and_losses_of_designs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from bench.designs import DESIGNS
    from bench.subsets import loss

    for design in DESIGNS.values():
        large = dataclasses.replace(design, n=20_000, p=30)
        X, y, truth = large.draw((1,))
        assert len(truth) == design.n_true
        found = float(np.corrcoef(X[:, 0], X[:, 2]).ravel()[1])
        assert found == pytest.approx(design.rho ** (2 if design.correlation == "neighbours" else 1), abs=0.03)
        total, left = ((y - y.mean()) ** 2).sum(), loss(X, y, truth)
        assert (total - left) / max(left, 1e-9 * total) == pytest.approx(min(design.snr, 1e9), rel=0.05)


def test_real_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from bench import real

    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4))
    y = X[:, 0] - X[:, 1] + rng.standard_normal(60) / 10
    np.savez(tmp_path / "small.npz", X=X, y=y)
    monkeypatch.setenv("PRUNUS_DATA", str(tmp_path))
    models = {
        real.LASSO: LassoCV,
        "all": LinearRegression,
        "ours": lambda: PrunedLinearRegression(one_se=True),
    }
    text = real.report(real.Table("small", 2, 1, models), 2, quick=False)
    assert "60 samples, 14 features; 10 folds, split 2 times" in text
    rows = {cells[0]: cells for line in text.splitlines() if len(cells := [c.strip() for c in line.split("|")[1:]]) > 1}
    assert [rows[name][5] for name in models] == ["", "no", "yes"]
    assert float(rows["all"][3]) == 14
    assert float(rows["ours"][1].split()[0]) > 0.9
    monkeypatch.delenv("PRUNUS_DATA")
    monkeypatch.setattr(sys, "argv", ["real"])
    real.main()
    assert "riboflavin: left out, PRUNUS_DATA names no folder with riboflavin.npz" in capsys.readouterr().out


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux alone tells the peak of memory")
def test_memory_of_a_fit() -> None:
    command = [sys.executable, "-m", "bench.regression", "memory", "--n", "2000", "--p", "200"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "path of all 200 sizes, 2000 x 200 float64, 2 threads: X 3 MB, the fit at its peak" in result.stdout


def test_pruning_at_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Each method in its row; networks without biases are trained without; what was measured is not measured again."""
    from bench import oneshot, oneshot_networks
    from bench.cells import Cells

    recipe = dataclasses.replace(oneshot_networks.NETWORKS["small"], data="digits", widths=(64, 12, 8, 10), epochs=20)
    recipe = dataclasses.replace(recipe, standardized=False, learning_rate=0.1, falls=True, patterns=("neuron",))
    model = oneshot_networks.trained(recipe, 0)
    assert not any(layer.bias.any() for layer in model.network.layers)
    assert model.error(model.network) < 60
    oneshot_networks.trained.cache_clear()
    assert oneshot_networks.trained(recipe, 0).network == model.network
    monkeypatch.setattr(oneshot, "_ROUNDS", 2)
    cells = tmp_path / "cells.jsonl"
    text = oneshot.report("small", recipe, [0, 1], Cells(cells))
    names = [method.name for method in oneshot.METHODS if method.patterns in (None, ("neuron",))]
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    assert rows[2:-2] == names  # behind the header and its rule, before the engine
    measured = 2 + 2 * 3 * len(names) + 3  # the networks, pruned, timed
    assert len(cells.read_text().splitlines()) == measured
    assert capsys.readouterr().out.count("small") == measured
    with cells.open("a") as file:
        file.write('["cut off')
    monkeypatch.setattr(oneshot, "trained", None)
    assert oneshot.report("small", recipe, [0, 1], Cells(cells)) == text
    assert not capsys.readouterr().out


@pytest.mark.parametrize("order", ["exact", "columns"])
def test_wrong_surgery_is_noticed(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours and NumPy's are right; another order, and a weight that is not refitted, are wrong."""
    monkeypatch.syspath_prepend(str(ROOT))
    from bench.cases import CASES
    from bench.contenders import contenders

    case = next(case for case in CASES["surgery"].variants(2, quick=True) if case.title.startswith(order))
    data = case.data(0)
    for contender in contenders(case):
        result = contender.finish(contender.build(case)(data)())
        case.check(data, result)
        found, other = result
        all_wrong = (
            [(found[:, ::-1], other), (found, 1.01 * other), (found[:0], other[:0])]
            if order == "exact"
            else [(np.where(other, data[1], 0), other), (found, ~other)]
        )
        for wrong in all_wrong:
            with pytest.raises(AssertionError):
                case.check(data, wrong)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux alone tells the peak of memory")
def test_what_pruning_at_once_costs() -> None:
    command = [sys.executable, "-m", "bench.oneshot_cost", "--n", "50", "--widths", "30", "20", "5", "--rounds", "1"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "30-20-5, 50 samples, 2 threads: one target 0." in result.stdout
    assert "MB beside X" in result.stdout
    # Of 3000 samples of 784 the Gram matrix and its inverse alone take 10 MB.
    large = [*command[:3], "--n", "3000", "--widths", "784", "10", "10", "--peak"]
    result = subprocess.run(large, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert 8e6 < int(result.stdout) < 100e6
