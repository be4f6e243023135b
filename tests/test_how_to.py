"""What docs/how-to says is enough: one file and its line in a registry, in a copy of the package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import pytest

import prunus

ROOT = Path(__file__).parents[1]
PACKAGE = Path(prunus.__file__).parent
PAGES = {
    # registry, name, generic tests
    "add-a-criterion": ("criteria", "distance_from_mean", ["test_docstrings.py", "test_pruning.py"]),
    "add-a-pattern": ("patterns", "rows", ["test_docstrings.py", "test_masking.py::test_sparsity"]),
    "add-a-schedule": ("schedules", "linear", ["test_docstrings.py"]),
    "add-a-compensation": ("compensations", "keep_means", ["test_docstrings.py"]),
    "add-a-statistic": ("statistics.statistics", "absolute_outputs", ["test_docstrings.py", "test_statistics.py"]),
}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / f"docs/how-to/{page}.md").read_text(), re.DOTALL)


def add_lines(text: str, diff: str) -> str:
    """Add each line marked + below the one that the diff shows above it."""
    lines, place = text.splitlines(), -1
    for line in diff.splitlines():
        if line.startswith("+"):
            place += 1
            lines.insert(place, line[1:])
        else:
            assert lines.count(line[1:]) == 1, line
            place = lines.index(line[1:])
    return "\n".join(lines) + "\n"


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def run(folder: Path, *arguments: str) -> str:
    """Run Python with the package in that folder."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "300", "PYTEST_ADDOPTS": ""}
    command = [sys.executable, *arguments]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(page: str, tmp_path: Path) -> Path:
    """Where the package has what the page adds."""
    copy = shutil.copytree(PACKAGE, tmp_path / "prunus", ignore=shutil.ignore_patterns("__pycache__"))
    new, registry = re.findall(r"`python/prunus/([\w/]+\.py)`", (ROOT / f"docs/how-to/{page}.md").read_text())
    assert not (copy / new).exists()
    code, _ = blocks(page, "python")
    (diff,) = blocks(page, "diff")
    (copy / new).write_text(code)
    (copy / registry).write_text(add_lines((copy / registry).read_text(), diff))

    before, after = files(PACKAGE), files(copy)
    assert {name for name in after if after[name] != before.get(name)} == {new, registry}
    assert set(before) < set(after)
    assert after[registry].count(b"\n") == before[registry].count(b"\n") + 2  # the import and the line
    return tmp_path


def test_it_works_by_name(page: str, folder: Path) -> None:
    _, use = blocks(page, "python")
    (shown,) = blocks(page, "text")
    registry, name, _ = PAGES[page]
    kinds = ("criteria", "patterns", "allocations", "schedules", "compensations", "statistics.statistics")
    known = {kind: list(attrgetter(kind)(prunus)()) for kind in kinds}
    known[registry].append(name)
    code = f"""
{use}
import pathlib
from operator import attrgetter
assert pathlib.Path(prunus.__file__).parent.parent == pathlib.Path({str(folder)!r}), prunus.__file__
for kind, names in {known}.items():
    assert list(attrgetter(kind)(prunus)()) == names, kind
"""
    assert run(folder, "-c", code) == shown


def test_others_find_it(page: str, folder: Path) -> None:
    _, name, tests = PAGES[page]
    chosen = [f"tests/{test}" for test in tests]
    out = run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen, "-k", name)
    assert int(re.findall(r"(\d+) passed", out)[0]) >= len(tests)
    if "." in PAGES[page][0]:  # nothing that the command line names
        return
    out = run(folder, "-c", "import sys, prunus.cli; sys.argv = ['prunus', 'prune', '--help']; prunus.cli.main()")
    assert re.search(rf"\b{name}\b", out)


def test_what_is_added_passes_the_linter(page: str) -> None:
    ruff = shutil.which("ruff")
    if ruff is None:
        pytest.skip("ruff is not installed")
    _, registry = re.findall(r"`(python/prunus/[\w/]+\.py)`", (ROOT / f"docs/how-to/{page}.md").read_text())
    code, _ = blocks(page, "python")
    (diff,) = blocks(page, "diff")
    for name, text in (
        (str(Path(registry).with_name("new.py")), code),
        (registry, add_lines((ROOT / registry).read_text(), diff)),
    ):
        for command in (["check"], ["format", "--check"]):
            arguments = [ruff, *command, "--no-cache", "--stdin-filename", name, "-"]
            result = subprocess.run(arguments, cwd=ROOT, input=text, capture_output=True, text=True, check=False)
            assert result.returncode == 0, result.stdout + result.stderr
