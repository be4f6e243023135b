"""The examples run, and print what they promise."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name: str) -> str:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_every_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {
        "best_subset.py",
        "prune_linear_regression.py",
        "prune_neurons.py",
        "mnist.py",
    }


def test_best_subset() -> None:
    out = run("best_subset.py")
    assert "features: [3, 141, 592, 653, 1589]" in out
    scores = [float(score) for score in re.findall(r": (0\.\d+)", out)]
    assert scores[0] > 0.9
    assert scores[0] == scores[2] > scores[1]


def test_prune_linear_regression() -> None:
    out = run("prune_linear_regression.py")
    assert "kept features: [0, 1, 2, 3]" in out
    assert (
        float(re.findall(r"mean squared error: ([\d.]+)", out)[0]) < 0.013
    )  # the noise's 0.01, of 500 samples, ± 0.0006


def test_prune_neurons() -> None:
    out = run("prune_neurons.py")
    assert out.count("largest difference from the masked network") == 2
    differences = [float(d) for d in re.findall(r"masked network: (\S+)", out)]
    assert max(differences) < 1e-5  # float32 sums of some hundred terms below 10
    widths = [w.split("-") for w in re.findall(r": (\d+-\d+-\d+-\d+)\n", out)]
    assert all(int(w[1]) < 100 for w in widths)
    signed, absolute = (float(a) for a in re.findall(r"-> ([\d.]+)", out))
    assert absolute > 0.9
    assert absolute > signed


def test_mnist(data_folder: Path) -> None:
    out = run("mnist.py")
    assert float(re.findall(r"pruned ([\d.]+)%", out)[0]) <= 2.0
    assert "of which beyond the error bound: 0 " in out
    assert re.search(r"Pruned 90\.00% of 266200 weights", out)
