"""Tables and plots of what `python -m bench.run --grid --json FILE` wrote.

python -m bench.plot grid.jsonl FOLDER

For every network, thread count and target: a plot of the speed-up over the best dense rival of the same cell against sparsity,
one panel for each batch size, and a Markdown table of ours. Cells are ratios of minima within one run.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

from bench.report import markdown

Cell = Mapping[str, dict[str, Any]]  # contender -> its line
Grid = Mapping[tuple[int, float], Cell]  # (batch, sparsity) -> cell
OURS = "prunus"


def read(path: Path) -> dict[tuple[str, int, str], Grid]:
    """Return the grids by (network, threads, cpu); of a cell measured twice the last one."""
    grids: dict[tuple[str, int, str], dict[tuple[int, float], dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    for text in path.read_text().splitlines():
        row = json.loads(text)
        case = row["parameters"]
        if case["kind"] == "mlp" and case["block_rows"] == 1:
            grid = grids[case["network_name"], case["threads"], row["cpu"]]
            grid[case["batch"], case["sparsity"]][row["contender"]] = row
    return dict(grids)


def best_dense(cell: Cell) -> float:
    """Return the microseconds of the fastest dense rival."""
    return float(min((row["minimum_us"] for row in cell.values() if row["is_dense"]), default=float("nan")))


def table(grid: Grid) -> str:
    """Return a Markdown table: speed-up over the best dense rival, microseconds, and the fraction of the limit."""
    batches, sparsities = _axes(grid)
    body = []
    for batch in batches:
        cells = []
        for sparsity in sparsities:
            cell = grid.get((batch, sparsity))
            if cell is None:
                cells.append("")
                continue
            ours = cell[OURS]
            ratio = best_dense(cell) / ours["minimum_us"]
            cells.append(f"{ratio:.2f}x {ours['minimum_us']:,.0f} µs {ours['fraction_of_limit']:.0%}")
        body.append([str(batch), *cells])
    return markdown(["batch", *(f"{sparsity:.0%}" for sparsity in sparsities)], body)


def rivals_table(grid: Grid, sparsity: float) -> str:
    """Return a Markdown table: how many times as long as ours each contender takes at one sparsity."""
    batches, _ = _axes(grid)
    names = sorted({name for key, cell in grid.items() if key[1] == sparsity for name in cell} - {OURS})
    body = []
    for batch in batches:
        cell = grid.get((batch, sparsity), {})
        body.append([str(batch), *(f"{cell[name]['ratio_of_minima']:.2f}" if name in cell else "" for name in names)])
    return markdown(["batch", *names], body)


def plot(grid: Grid, title: str, path: Path) -> None:
    """Draw a panel for each batch size."""
    batches, sparsities = _axes(grid)
    columns = min(3, len(batches))
    rows = -(-len(batches) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4.6 * columns, 3.6 * rows), squeeze=False, sharex=True)
    names = sorted({name for cell in grid.values() for name, row in cell.items() if not row["is_dense"]} - {OURS})
    colours = dict(zip([OURS, *names], plt.rcParams["axes.prop_cycle"].by_key()["color"] * 2, strict=False))
    places = range(len(sparsities))
    for axis, batch in zip(axes.flat, batches, strict=False):
        for name in [*names, OURS]:
            speed = [_speed_up(grid.get((batch, sparsity), {}), name) for sparsity in sparsities]
            width = 2.4 if name == OURS else 1.2
            axis.plot(places, speed, marker="o", markersize=3, linewidth=width, color=colours[name], label=name)
        axis.axhline(1, color="black", linewidth=0.8)
        axis.set_yscale("log")
        axis.set_title(f"batch {batch}", fontsize=10)
        axis.set_xticks(list(places), [f"{sparsity:.0%}" for sparsity in sparsities], fontsize=8)
        axis.grid(visible=True, which="both", linewidth=0.3)
    for axis in list(axes.flat)[len(batches) :]:
        axis.set_visible(False)
    for row in axes:
        row[0].set_ylabel("times as fast as the best dense", fontsize=9)
    figure.suptitle(title, fontsize=11)
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="lower center", ncols=len(names) + 1, fontsize=8)
    figure.tight_layout(rect=(0, 0.04, 1, 1))
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _axes(grid: Grid) -> tuple[list[int], list[float]]:
    return sorted({batch for batch, _ in grid}), sorted({sparsity for _, sparsity in grid})


def _speed_up(cell: Cell, name: str) -> float:
    return best_dense(cell) / cell[name]["minimum_us"] if name in cell else float("nan")


def main() -> None:
    """Write README.md and a plot for each grid."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    mpl.rcParams["svg.hashsalt"] = "prunus"  # the same file for the same figures
    parts = [
        "# Benchmarks",
        "Layers with ReLU and zeros at random, float32, end to end: X row-major in, result out, weights alone packed "
        "beforehand. In each cell all contenders ran in turn in one run, on the same data and number of threads, and the "
        "first and the last answer of each were checked against their error bound; a rival whose answer was wrong is left "
        "out. A cell: how many times as fast as the fastest dense rival of that cell (NumPy, PyTorch, ONNX Runtime, "
        "OpenVINO), our shortest time, and the fraction of the physical limit (the larger of arithmetic at the peak rate and "
        "bytes at the measured bandwidth) that this is. Made by `python -m bench.run --case mlp --grid --json grid.jsonl` "
        "and `python -m bench.plot grid.jsonl FOLDER`.",
    ]
    for (network, threads, cpu), grid in sorted(read(options.lines).items()):
        name = f"{network}-{cpu.rpartition(' ')[2]}-{threads}-threads"
        if f"![speed-up]({name}.svg)" in parts:
            parser.error(f"two processors of one target, {name}: draw them into folders of their own")
        shape = next(iter(next(iter(grid.values())).values()))["case"].split(",")[0]
        plot(grid, f"{shape}, {threads} thread{'s' * (threads > 1)}, {cpu}", options.folder / f"{name}.svg")
        parts += [f"## {shape}, {threads} thread{'s' * (threads > 1)}", f"{cpu}", table(grid)]
        slowest = min(grid, key=lambda key, grid=grid: _speed_up(grid[key], OURS))  # type: ignore[misc]
        parts.append(
            f"Slowest cell against the best dense: {_speed_up(grid[slowest], OURS):.2f} (batch {slowest[0]}, "
            f"{slowest[1]:.0%} zeros). Times as long as ours, at 90 % zeros:"
        )
        parts += [rivals_table(grid, 0.9), f"![speed-up]({name}.svg)"]
    (options.folder / "README.md").write_text("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
