"""What the README shows is what happens."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

import prunus

README = Path(__file__).parents[1] / "README.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)


def shape(text: str) -> str:
    """Numbers may differ in digits from machine to machine, not the words and not how they stand."""
    return re.sub(r" +", " ", re.sub(r"\d[\d.e+-]*", "#", text)).strip()


def test_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for block in blocks("python"):
            exec(block, names)
    (shown,) = blocks("text")
    assert shape(printed.getvalue()) == shape(shown)
    pruned = names["pruned"]
    assert isinstance(pruned, prunus.Pruned)
    assert shown.splitlines()[0] == str(pruned.report).splitlines()[0]  # the numbers of the first line are exact
    before, after = re.search(r"accuracy \(validation\) +([\d.]+) +([\d.]+)", shown).groups()  # type: ignore[union-attr]
    score = pruned.report["score"]
    # of 450 test images three may fall otherwise where sums are rounded otherwise
    assert abs(score["before"] - float(before)) <= 3 / 450
    assert abs(score["after"] - float(after)) <= 3 / 450
    three = next(b for b in blocks("python") if b.startswith("import prunus"))
    assert len([line for line in three.splitlines() if line]) == 3


def test_the_two_commands() -> None:
    assert blocks("bash") == ['pip install ".[demo]" && prunus demo\n', 'pip install ".[test]" && pytest\n']


def test_links_and_names_exist() -> None:
    text = README.read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("http") or (README.parent / target).exists(), target
    for name in re.findall(r"prunus\.([a-z_]+)\b", text):
        assert hasattr(prunus, name) or name in ("safetensors",), name
