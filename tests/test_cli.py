"""The command line: output, exit status, and one line for an error."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import prunus


def prunus_command(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from prunus.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def test_demo(tmp_path: Path) -> None:
    result = prunus_command("demo", cwd=tmp_path)
    assert result.returncode == 0
    assert result.stderr == ""  # no progress bar without a terminal
    rows = re.findall(
        r"│ (\S.*?)\s*│\s*([\d.]+) (\S+)\s*│\s*(\d+) │\s*(\d+) │\s*([\d.]+) │\s*([\d.]+) │", result.stdout
    )
    assert [row[0].split(",")[0] for row in rows] == ["digits", "digits", "diabetes", "diabetes"]
    assert [int(row[3]) for row in rows] == [50200, 5020, 10, 5]
    dense, pruned = (float(row[1]) for row in rows[:2])
    assert pruned > dense - 0.02
    assert int(rows[1][4]) < int(rows[0][4]) / 4
    folder = tmp_path / "prunus-demo"
    assert sorted(p.name for p in folder.iterdir()) == [
        "diabetes.safetensors",
        "diabetes.txt",
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


def test_info_of_a_network(tmp_path: Path) -> None:
    path = tmp_path / "network.safetensors"
    prunus.save(prunus.Network([prunus.Layer([[1.0, 0.0]])]), path)
    result = prunus_command("info", str(path))
    assert result.returncode == 0
    assert "Network(2-1, 1 of 2 weights" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "status"),
    [((), 2), (("unknown",), 2), (("info",), 2), (("demo", "--unknown"), 2), (("info", "missing.safetensors"), 1)],
)
def test_errors(arguments: tuple[str, ...], status: int) -> None:
    result = prunus_command(*arguments)
    assert result.returncode == status
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert re.fullmatch(r"prunus: .+\n", result.stderr)


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(b"damaged")
    result = prunus_command("info", str(path))
    assert result.returncode == 1
    assert re.fullmatch(r"prunus: .*damaged\.safetensors: expected a safetensors file.*\n", result.stderr)


@pytest.mark.parametrize("arguments", [("--help",), ("demo", "--help"), ("info", "--help")])
def test_help(arguments: tuple[str, ...]) -> None:
    result = prunus_command(*arguments)
    assert result.returncode == 0
    assert "Usage" in result.stdout


def test_missing_extra_is_named() -> None:
    code = "import sys; sys.modules['typer'] = None; from prunus.cli import main; main()"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "pip install 'prunus[cli]'" in result.stderr
