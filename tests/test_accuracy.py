"""The benchmark of criteria runs, and has every criterion there is. No accuracy is asserted but that of the dense network."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import prunus

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def bench(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


def rows(text: str) -> list[list[str]]:
    """The cells of all tables, without their headers."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    return [
        row
        for i, row in enumerate(cells)
        if "---" not in row[0] and (i + 1 == len(cells) or "---" not in cells[i + 1][0])
    ]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    from bench import accuracy

    monkeypatch.setattr(sys, "argv", ["accuracy", *arguments])
    accuracy.main()


def test_quick_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from bench.accuracy import TABLES

    run(monkeypatch, "--quick", "--output", str(tmp_path / "tables.md"))
    text = (tmp_path / "tables.md").read_text()
    assert text in capsys.readouterr().out
    found = re.search(r"Dense: ([\d.]+) %", text)
    assert found
    assert 50 < float(found[1]) <= 100  # after three epochs
    assert len(re.findall(r"^### ", text, re.MULTILINE)) == len(TABLES)
    assert {row[0].split(",")[0] for row in rows(text)} == {
        "(random)",
        *(name for name, kind in prunus.criteria().items()),
    }
    accuracies = [float(cell) for row in rows(text) for cell in row if re.fullmatch(r"[\d.]+", cell)]
    assert len(accuracies) > 200
    assert 0 <= min(accuracies) <= max(accuracies) <= 100


def test_a_cell_is_what_prune_gives() -> None:
    from bench.accuracy import Row, Table, measure, scored
    from bench.trained import Recipe, trained

    model = trained("digits", Recipe((64, 12, 10), epochs=2, batch_size=64, n_samples=200, fine_tune=1), 0)
    scores = [s for s in scored(model) if s.name in ("wanda", "input_contribution, absolute")]
    for table, row, options in (
        (Table("", "weight", (0.5,), ("lamp",)), Row("wanda", "X", "lamp"), {"criterion": "wanda", "allocation": "lamp"}),
        (
            Table("", "input", (0.25,)),
            Row("input_contribution, absolute", "X, y", "global"),
            {"criterion": prunus.criteria()["input_contribution"](absolute=True), "allocation": "global"},
        ),
    ):  # fmt: skip
        everything: dict[str, Any] = {"sparsity": table.sparsities[0], "pattern": table.pattern, **options}
        pruned = prunus.prune(model.network, *model.sample, **everything)
        assert measure(model, table, scores, 1)[row] == [np.mean(pruned.predict(model.test[0]) == model.test[1])]


def test_seeds_are_summed_up() -> None:
    from bench.accuracy import Row, Table, as_table

    row = Row("magnitude", "-", "global")
    text = as_table(Table("Weights", "weight", (0.5, 0.9)), [{row: [0.9, 0.5]}, {row: [0.92, 0.5]}])
    assert rows(text) == [["magnitude", "-", "91.0 ± 1.4", "50.0 ± 0.0"]]


def test_mnist_is_left_out_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (None, str(tmp_path)):
        if folder is None:
            monkeypatch.delenv("PRUNUS_DATA", raising=False)
        else:
            monkeypatch.setenv("PRUNUS_DATA", folder)
        run(monkeypatch, "--data", "mnist")
        assert "mnist: left out, PRUNUS_DATA names no folder with mnist.npz" in capsys.readouterr().out
