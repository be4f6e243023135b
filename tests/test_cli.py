"""The command line: output, exit status, and one line for an error."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

import prunus
from conftest import Result

COMMANDS = ["demo", "info", "prune"]


def prunus_command(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from prunus.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def strict(text: str) -> Any:
    """Parse one JSON value that has no NaN and no infinity."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"JSON with {name}"))


@pytest.fixture
def network_file(digits_network: prunus.Network, tmp_path: Path) -> Path:
    path = tmp_path / "network.safetensors"
    prunus.save(digits_network, path)
    return path


@pytest.fixture
def pickled(digits_mlp: MLPClassifier, tmp_path: Path) -> Path:
    path = tmp_path / "mlp.joblib"
    joblib.dump(digits_mlp, path)
    return path


def test_demo(tmp_path: Path) -> None:
    result = prunus_command("demo", cwd=tmp_path)
    assert result.returncode == 0
    assert result.stderr == ""  # no progress bar without a terminal
    rows = re.findall(
        r"│ (\S.*?)\s*│\s*([\d.]+) (\S+)\s*│\s*(\d+) │\s*(\d+) │\s*([\d.]+) │\s*([\d.]+) │", result.stdout
    )
    assert [row[0] for row in rows] == [
        "digits, dense",
        "digits, pruned",
        "digits, fine-tuned",
        "diabetes, dense",
        "diabetes, pruned",
    ]
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert [int(row[3]) for row in rows] == [50200, 5020, 5020, 10, 5]
    dense, pruned, tuned = (float(row[1]) for row in rows[:3])
    assert pruned > dense - 0.02
    assert tuned > dense - 0.02
    curve = re.findall(r"│ (\d+)%\s*│\s*([\d.]+) │\s*(\d+) │\s*([\d.]+) │\s*([\d.]+) │", result.stdout)
    assert [int(row[0]) for row in curve] == [0, 50, 60, 70, 80, 90, 95, 98]
    assert float(curve[5][1]) == pruned
    assert int(rows[1][4]) < int(rows[0][4]) / 4
    folder = tmp_path / "prunus-demo"
    assert sorted(p.name for p in folder.iterdir()) == [
        "diabetes.safetensors",
        "diabetes.txt",
        "digits-at-once.safetensors",
        "digits-at-once.txt",
        "digits-sweep.txt",
        "digits.safetensors",
        "digits.txt",
    ]
    model = prunus.load(folder / "digits.safetensors")
    assert isinstance(model, prunus.Pruned)
    assert (folder / "digits.txt").read_text() == f"{model.report}\n"

    info = prunus_command("info", str(folder / "digits.safetensors"))
    assert info.returncode == 0
    assert "Network(64-300-100-10, 5020 of 50200 weights" in info.stdout
    assert "sell" in info.stdout
    assert str(model.report) in info.stdout
    assert prunus_command("demo", "--output", str(folder / "digits.txt")).returncode == 1  # a file is in the way


def test_demo_as_json(tmp_path: Path) -> None:
    result = prunus_command("demo", "--json", "--output", str(tmp_path / "models"))
    assert result.returncode == 0
    value = strict(result.stdout)
    assert value["output"] == str(tmp_path / "models")
    assert value["batches"] == [1, 1024]
    assert [model["n_nonzero"] for model in value["models"]] == [50200, 5020, 5020, 10, 5]
    assert [point["sparsity"] for point in value["sweep"]] == [None, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98]
    assert all(len(model["microseconds"]) == 2 for model in value["models"])


def test_info_of_a_network(tmp_path: Path) -> None:
    path = tmp_path / "network.safetensors"
    prunus.save(prunus.Network([prunus.Layer([[1.0, 0.0]])]), path)
    result = prunus_command("info", str(path))
    assert result.returncode == 0
    assert "Network(2-1, 1 of 2 weights" in result.stdout


def test_info_of_a_pickled_estimator(pickled: Path) -> None:
    result = prunus_command("info", "--trust-pickle", str(pickled))
    assert result.returncode == 0
    assert "Network(64-40-20-10" in result.stdout


def test_info_as_json(network_file: Path, digits_network: prunus.Network) -> None:
    value = strict(prunus_command("info", str(network_file), "--json").stdout)
    assert value["network"] == {
        "widths": [64, 40, 20, 10],
        "n_weights": digits_network.n_weights,
        "n_nonzero": digits_network.n_nonzero,
        "sparsity": digits_network.sparsity,
        "dtype": "float32",
        "output": "softmax",
        "classes": list(range(10)),
        "activations": ["relu", "relu", "identity"],
    }
    plan = [asdict(row) for row in prunus.compile(digits_network).plan]
    assert value["plan"] == json.loads(json.dumps(plan))
    assert value["report"] is None

    path = network_file.with_name("pruned.safetensors")
    pruned = prunus.prune(digits_network, threshold=float("inf"), allow_empty=True)
    pruned.save(path)
    value = strict(prunus_command("info", str(path), "--json").stdout)
    assert value["network"]["n_nonzero"] == 0
    assert value["report"] == {**pruned.report, "target": {"threshold": None}}  # JSON knows no infinity


def test_prune(network_file: Path, digits_network: prunus.Network) -> None:
    output = network_file.with_name("pruned.safetensors")
    result = prunus_command("prune", str(network_file), "--sparsity", ".9", "-o", str(output))
    assert (result.returncode, result.stderr) == (0, "")
    pruned = prunus.load(output)
    assert isinstance(pruned, prunus.Pruned)
    assert result.stdout == f"{pruned.report}\n\nThe pruned model is in {output}\n"
    same_pruning(pruned, prunus.prune(digits_network, sparsity=0.9))


def test_prune_is_seeded(command: Callable[..., Result], network_file: Path) -> None:
    outputs = [str(network_file.with_name(f"{i}.safetensors")) for i in range(3)]
    for output, seed in zip(outputs, ([], [], ["--random-state", "1"]), strict=True):
        arguments = ("prune", str(network_file), "--sparsity", ".5", "--criterion", "random", "-o", output, *seed)
        assert command(*arguments).status == 0
    first, again, other = (prunus.load(output) for output in outputs)
    same_pruning(first, again)  # type: ignore[arg-type]
    assert first != other
    assert not np.array_equal(first.masks[0], other.masks[0])  # type: ignore[union-attr]


def same_pruning(a: Any, b: prunus.Pruned) -> None:
    assert isinstance(a, prunus.Pruned)
    assert all(np.array_equal(mine, other) for mine, other in zip(a.masks, b.masks, strict=True))
    assert a.network == b.network


def test_every_option_reaches_prune(network_file: Path, digits: Any) -> None:
    X, y = digits
    folder = network_file.parent
    np.savez(folder / "data.npz", X=X[:300], y=y[:300], sample_weight=np.arange(300.0))
    np.savez(folder / "validation.npz", X=X[300:400], y=y[300:400])
    arguments = (
        "prune network.safetensors --data data.npz --validation validation.npz -o pruned.safetensors --threshold 1e-3"
        " --criterion output_contribution --pattern neuron --allocation uniform --fine-tune 2 --allow-empty"
        " --random-state 3 --control --latency-batch 5 --latency-threads 2 --json"
    )
    result = prunus_command(*arguments.split(), cwd=folder)
    assert (result.returncode, result.stderr) == (0, "")
    pruned = prunus.load(folder / "pruned.safetensors")
    assert isinstance(pruned, prunus.Pruned)
    assert strict(result.stdout) == {**pruned.report, "output": "pruned.safetensors"}
    expected = prunus.prune(
        network_file,
        X[:300],
        y[:300],
        sample_weight=np.arange(300.0),
        X_val=X[300:400],
        y_val=y[300:400],
        threshold=1e-3,
        criterion="output_contribution",
        pattern="neuron",
        allocation="uniform",
        fine_tune=2,
        allow_empty=True,
        random_state=3,
        control=True,
        latency_batch=5,
        latency_threads=2,
    )
    same_pruning(pruned, expected)
    varying = {"latency_us": None}
    assert {**pruned.report, **varying} == {**expected.report, **varying, "bytes": pruned.report["bytes"]}
    assert (pruned.report["latency_us"]["batch"], pruned.report["latency_us"]["threads"]) == (5, 2)


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ("--pattern 2:4", {"pattern": "2:4"}),
        (
            "--pattern block:4x1 --sparsity .8 --allocation lamp",
            {"pattern": "block:4x1", "sparsity": 0.8, "allocation": "lamp"},
        ),
        ("--sparsity .8 --schedule cubic --layers 0,2", {"sparsity": 0.8, "schedule": "cubic", "layers": [0, 2]}),
        ("--sparsity .8 --max-layer-sparsity .9", {"sparsity": 0.8, "max_layer_sparsity": 0.9}),
        (
            "--sparsity .5 --criterion saliency --class-weight balanced --data data.npz",
            {"sparsity": 0.5, "criterion": "saliency", "class_weight": "balanced"},
        ),
    ],
)
def test_patterns_rounds_and_parts(arguments: str, options: dict[str, Any], network_file: Path, digits: Any) -> None:
    folder, data = network_file.parent, [array[:300] for array in digits]
    np.savez(folder / "data.npz", X=data[0], y=data[1])
    result = prunus_command("prune", network_file.name, "-o", "out.safetensors", *arguments.split(), cwd=folder)
    assert (result.returncode, result.stderr) == (0, "")
    pruned = prunus.load(folder / "out.safetensors")
    assert isinstance(pruned, prunus.Pruned)
    same_pruning(pruned, prunus.prune(network_file, *(data if "data.npz" in arguments else ()), **options))


def test_what_was_pruned_before_stays_so(network_file: Path) -> None:
    folder = network_file.parent
    first = ("prune", network_file.name, "--sparsity", ".8", "-o", "first.safetensors")
    second = ("prune", "first.safetensors", "--sparsity", ".9", "--criterion", "random", "-o", "second.safetensors")
    assert [prunus_command(*command, cwd=folder).returncode for command in (first, second)] == [0, 0]
    masks = [prunus.load(folder / f"{name}.safetensors").masks for name in ("first", "second")]  # type: ignore[union-attr]
    assert all((after <= before).all() for before, after in zip(*masks, strict=True))


@pytest.mark.parametrize("suffix", [".safetensors", ".pkl", ".joblib"])
def test_prune_a_pickled_estimator(suffix: str, pickled: Path, digits_mlp: MLPClassifier, digits: Any) -> None:
    output = pickled.with_name(f"pruned{suffix}")
    result = prunus_command("prune", str(pickled), "--trust-pickle", "--sparsity", "0.5", "-o", str(output))
    assert (result.returncode, result.stderr) == (0, "")
    expected = prunus.prune(digits_mlp, sparsity=0.5)
    assert result.stdout.startswith(str(expected.report).split("bytes")[0])
    model = prunus.load(output) if suffix == ".safetensors" else joblib.load(output)
    assert np.array_equal(model.predict(digits[0]), expected.predict(digits[0]))
    assert sorted(path.name for path in pickled.parent.iterdir()) == ["mlp.joblib", output.name]


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["model.pkl", "model.pickle", "model.JOBLIB"])
def test_nothing_is_unpickled_unasked(name: str, tmp_path: Path) -> None:
    trace, path = tmp_path / "unpickled", tmp_path / name
    joblib.dump(Touch(trace), path)
    pruning = ("prune", str(path), "--sparsity", ".5", "-o", str(tmp_path / "out.safetensors"))
    for arguments in (("info", str(path)), pruning):
        result = prunus_command(*arguments)
        assert (result.returncode, result.stdout) == (2, "")
        assert re.fullmatch(r"prunus: .*runs code from the file.*--trust-pickle.*\n", result.stderr)
    assert not trace.exists()
    result = prunus_command("info", str(path), "--trust-pickle")
    assert (result.returncode, result.stdout) == (1, "")
    assert trace.exists()
    assert re.fullmatch(rf"prunus: .*{name}: model: expected a Network.*\n", result.stderr)


PRUNE = ("prune", "network.safetensors", "-o", "out.safetensors")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((), 2, ""),
        (("unknown",), 2, "unknown"),
        (("info",), 2, "MODEL"),
        (("demo", "--unknown"), 2, "--unknown"),
        (("info", "missing.safetensors"), 1, "missing.safetensors"),
        (("info", "missing.pkl", "--trust-pickle"), 1, "missing.pkl"),
        (("info", "."), 1, "directory"),
        (("prune", "network.safetensors", "--sparsity", "0.5"), 2, "--output"),
        (("prune", "missing.safetensors", "--sparsity", "0.5", "-o", "out.safetensors"), 1, "missing.safetensors"),
        (("prune", "missing.safetensors", "--sparsity", "0.5", "-o", "out.onnx"), 2, "--output: .*out.onnx"),
        (("prune", "missing.safetensors", "--sparsity", "0.5", "-o", "no/out.safetensors"), 2, "--output: .*no"),
        (("prune", "network.safetensors", "--sparsity", "0.5", "-o", "out.pkl"), 2, "--output: .*scikit-learn"),
        (PRUNE, 2, "exactly one of sparsity, threshold"),
        ((*PRUNE, "--sparsity", "0.5", "--threshold", "1"), 2, "exactly one of sparsity, threshold"),
        ((*PRUNE, "--sparsity", "1.5"), 2, "--sparsity"),
        ((*PRUNE, "--sparsity", "nan"), 2, "--sparsity"),
        ((*PRUNE, "--sparsity", "half"), 2, "--sparsity"),
        ((*PRUNE, "--threshold", "nan"), 2, "--threshold: expected a number, not NaN"),
        ((*PRUNE, "--sparsity", "0.5", "--criterion", "size"), 2, "--criterion: expected one of .* got 'size'"),
        ((*PRUNE, "--sparsity", "0.5", "--pattern", "row"), 2, "--pattern: .* got 'row'"),
        (
            (*PRUNE, "--sparsity", "0.5", "--pattern", "neuron", "--criterion", "weight_norm"),
            2,
            "--pattern: expected a network with something",
        ),
        ((*PRUNE, "--sparsity", "0.5", "--allocation", "fair"), 2, "--allocation: expected one of .* got 'fair'"),
        ((*PRUNE, "--sparsity", "0.5", "--schedule", "x"), 2, "--schedule: expected one of .* got 'x'"),
        ((*PRUNE, "--sparsity", "0.5", "--layers", "7"), 2, "--layers: expected some of"),
        ((*PRUNE, "--sparsity", "0.5", "--layers", "first"), 2, "--layers"),
        ((*PRUNE, "--sparsity", "0.5", "--pattern", "2:4"), 2, "--sparsity: expected None for pattern 2:4"),
        ((*PRUNE, "--sparsity", "0.5", "--fine-tune", "0"), 2, "--fine-tune"),
        ((*PRUNE, "--sparsity", "0.5", "--random-state", "-1"), 2, "--random-state"),
        ((*PRUNE, "--sparsity", "0.5", "--latency-batch", "0"), 2, "--latency-batch"),
        ((*PRUNE, "--sparsity", "0.5", "--latency-threads", "0"), 2, "--latency-threads"),
        ((*PRUNE, "--sparsity", "0.5", "--criterion", "gradient"), 2, "--data: expected data, which criterion"),
        ((*PRUNE, "--sparsity", "0.5", "--fine-tune", "1"), 2, "--data: expected data to fine-tune on"),
        ((*PRUNE, "--sparsity", "0.5", "--target", "y"), 2, "--target: expected a table"),
    ],
)
def test_errors(
    arguments: tuple[str, ...],
    status: int,
    message: str,
    command: Callable[..., Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    prunus.save(prunus.Network([prunus.Layer([[1.0, 0.0]])]), "network.safetensors")
    result = command(*arguments)
    assert (result.status, result.output) == (status, "")
    assert re.fullmatch(rf"prunus: .*{message}.*\n", result.errors)
    assert [path.name for path in tmp_path.iterdir()] == ["network.safetensors"]


def test_a_warning_takes_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    code = "import warnings; warnings.warn('look at\\nthis')"
    joblib.dump(Executed(code), path)
    result = prunus_command("info", str(path), "--trust-pickle")
    assert result.stderr.splitlines()[0] == "prunus: warning: look at this"


class Executed:
    """Unpickled, it runs code."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (self.code,)


def test_no_traceback_from_a_process_of_its_own() -> None:
    result = prunus_command("info", "missing.safetensors")
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(r"prunus: .*missing\.safetensors.*\n", result.stderr)


@pytest.mark.parametrize("content", [b"", b"damaged", b"(dp0\n", b"PK\x03\x04", b"a,b\n1,2\n", b"\x80\x05."])
def test_garbage_instead_of_a_pickle(content: bytes, command: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(content)
    result = command("info", str(path), "--trust-pickle")
    assert result.status == 1
    assert re.fullmatch(
        r"prunus: .*model\.pkl: expected a pickle, got a file that cannot be unpickled \(.+\)\n", result.errors
    )


@pytest.mark.parametrize(
    "command", [["-m", "prunus"], ["-OO", "-m", "prunus"], ["-c", "from prunus.cli import main; main()"]]
)
def test_version(command: list[str]) -> None:
    result = subprocess.run([sys.executable, *command, "--version"], capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == (f"prunus {prunus.__version__}\n", "")


def test_the_module_is_the_command(network_file: Path) -> None:
    command = [sys.executable, "-m", "prunus", "info", str(network_file)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == prunus_command("info", str(network_file)).stdout
    usage = subprocess.run(
        [sys.executable, "-m", "prunus", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert "Usage: prunus " in usage


def test_a_damaged_file(tmp_path: Path) -> None:
    for name, arguments in (("damaged.safetensors", ()), ("damaged.pkl", ("--trust-pickle",))):
        path = tmp_path / name
        path.write_bytes(b"damaged")
        result = prunus_command("info", str(path), *arguments)
        assert result.returncode == 1
        assert re.fullmatch(rf"prunus: .*{name}: .*\n", result.stderr)


@pytest.mark.parametrize("arguments", [("--help",), *((command, "--help") for command in COMMANDS)])
def test_help(arguments: tuple[str, ...], command: Callable[..., Result]) -> None:
    result = command(*arguments)
    assert (result.status, result.errors) == (0, "")
    assert "Usage" in result.output


def test_missing_extra_is_named() -> None:
    code = "import sys; sys.modules['typer'] = None; from prunus.cli import main; main()"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "pip install 'prunus[cli]'" in result.stderr
