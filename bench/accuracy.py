"""Measure which criterion keeps how much accuracy: by pattern, sparsity and allocation, on networks of several seeds.

python -m bench.accuracy                        digits, and MNIST where the folder PRUNUS_DATA has it: a quarter of an hour
python -m bench.accuracy --data digits --output digits.md
python -m bench.accuracy --quick                to see that it works; no figure to quote
"""

from __future__ import annotations

import argparse
import dataclasses
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sklearn

import prunus
from bench.report import markdown
from bench.trained import RECIPES, Recipe, Trained, is_there, trained
from prunus._base.arrays import Floats
from prunus.masking import pattern_of
from prunus.scheduling import Iterative
from prunus.scoring import Criterion

_WEIGHTS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)


@dataclasses.dataclass(frozen=True)
class Table:
    """What is removed, and how much."""

    title: str
    pattern: str
    sparsities: tuple[float | None, ...] = (None,)  # None: the pattern says it
    allocations: tuple[str, ...] = ("global",)
    criteria: tuple[str, ...] | None = None  # None: all that score what the pattern removes
    fine_tuned: bool = False


TABLES = [
    Table("Single weights", "weight", _WEIGHTS),
    Table(
        "Single weights, other allocations",
        "weight",
        _WEIGHTS,
        ("global", "uniform", "erk", "lamp", "normalized"),
        ("magnitude", "synflow", "wanda", "saliency", "fisher", "adam", "movement"),
    ),
    Table("Single weights, then fine-tuned", "weight", (0.95, 0.98), ("global", "lamp"), fine_tuned=True),
    Table("Two of four weights", "2:4", allocations=("auto",)),
    Table("Blocks of four rows", "block:4x1", (0.5, 0.8, 0.9), ("global", "lamp")),
    Table("Neurons", "neuron", (0.2, 0.5, 0.8), ("global", "uniform", "lamp", "normalized")),
    Table("Inputs", "input", (0.25, 0.5, 0.75)),
]


class Row(NamedTuple):
    """Who says what goes."""

    criterion: str  # with its options
    needs: str
    allocation: str


class Scored(NamedTuple):
    """A criterion's scores, computed once for all sparsities."""

    name: str
    needs: str
    unit: str
    scores: tuple[Floats, ...]


def scored(model: Trained) -> list[Scored]:
    """Score a network by every criterion there is, and neurons and inputs by chance."""
    X, y = model.sample
    found = []
    for name, kind in prunus.criteria().items():
        for text, options in _variants(kind, model):
            scores = prunus.importance(model.network, name, X=X, y=y, **options)
            found.append(Scored(f"{name}{text}", _needs(kind, model.network), kind.unit, scores))
    rng = np.random.default_rng(model.options["random_state"])
    for unit, axis in (("neuron", 0), ("input", 1)):
        chance: tuple[Floats, ...] = tuple(
            rng.random(layer.weight.shape[axis : axis + 1]) for layer in model.network.layers
        )
        found.append(Scored("(random)", "-", unit, chance))
    return found


def _variants(kind: type[Criterion], model: Trained) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the options of a criterion, and how they are shown: those that it cannot do without, and both signs."""
    fields = _options(kind)
    needed = {name: value for name, value in model.options.items() if name in fields}
    yield "", needed
    if "absolute" in fields:
        yield ", absolute", {**needed, "absolute": True}


def _options(kind: type[Criterion]) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else set()


def _needs(kind: type[Criterion], network: prunus.Network) -> str:
    of_training = _options(kind) & {"history", "second_moment"}
    return "training" if of_training else ", ".join(kind().needs_for(network)) or "-"


def as_criterion(ready: Scored) -> Criterion:
    """Return a criterion that says what was computed before."""

    class Ready(Criterion):
        name = ready.name
        unit = ready.unit
        needs = ()

        def scores(self, *_: Any) -> tuple[Floats, ...]:
            return ready.scores

    return Ready()


def measure(model: Trained, table: Table, scores: list[Scored], rounds: int) -> dict[Row, list[float]]:
    """Return the accuracy of every row of a table, for each of its sparsities."""
    unit = pattern_of(table.pattern).unit
    chosen = [s for s in scores if s.unit == unit and (table.criteria is None or s.name in table.criteria)]
    result = {}
    for ready in chosen:
        for allocation in table.allocations:
            options = {"criterion": as_criterion(ready), "pattern": table.pattern, "allocation": allocation}
            result[Row(ready.name, ready.needs, allocation)] = _accuracies(model, table, options)
    if table.pattern == "weight" and table.criteria is None:
        options = {"criterion": "synflow", "schedule": Iterative(rounds=rounds), "allocation": "global"}
        result[Row(f"synflow, {rounds} rounds", "-", "global")] = _accuracies(model, table, options)
    return result


def _accuracies(model: Trained, table: Table, options: dict[str, Any]) -> list[float]:
    result = []
    for sparsity in table.sparsities:
        pruned = prunus.prune(model.network, sparsity=sparsity, **options)
        result.append(model.accuracy(model.fine_tuned(pruned) if table.fine_tuned else pruned.network))
    return result


def as_table(table: Table, runs: list[dict[Row, list[float]]]) -> str:
    """Return a Markdown table: percent of the test data, the mean over the runs and the standard deviation."""
    several = len(table.allocations) > 1
    header = ["criterion", *(["allocation"] if several else []), "needs"]
    header += ["accuracy" if sparsity is None else f"{sparsity:.0%}" for sparsity in table.sparsities]
    body = [
        [row.criterion, *([row.allocation] if several else []), row.needs]
        + [_cell([run[row][i] for run in runs]) for i in range(len(table.sparsities))]
        for row in runs[0]
    ]
    return f"### {table.title} (`{table.pattern}`)\n\n{markdown(header, body)}"


def _cell(values: list[float]) -> str:
    spread = f" ± {100 * np.std(values, ddof=1):.1f}" if len(values) > 1 else ""
    return f"{100 * np.mean(values):.1f}{spread}"


def report(name: str, recipe: Recipe, seeds: range, rounds: int) -> str:
    """Train and prune a network for each seed; return what came of it, in Markdown."""
    runs: list[list[dict[Row, list[float]]]] = []
    dense = []
    for seed in seeds:
        model = trained(name, recipe, seed)
        scores = scored(model)
        dense.append(model.accuracy(model.network))
        runs.append([measure(model, table, scores, rounds) for table in TABLES])
        print(f"{name}, seed {seed}: dense {dense[-1]:.2%}", flush=True)
    facts = (
        f"{'-'.join(map(str, recipe.widths))}, relu, {recipe.epochs} epochs of Adam; seeds {seeds[0]} to {seeds[-1]}; "
        f"{len(model.train[0])} training and {len(model.test[0])} test samples, {len(model.sample[0])} of the training samples "
        f"for criteria; where the title says so, {recipe.fine_tune} epochs of fine-tuning. "
        f"Dense: {_cell(dense)} % of the test samples."
    )
    tables = [as_table(table, [run[i] for run in runs]) for i, table in enumerate(TABLES)]
    return "\n\n".join([f"## {name}", facts, *tables])


def main() -> None:
    """Print the tables of each set of data."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--data", choices=RECIPES, action="append", help="only this one (may be repeated)")
    parser.add_argument("--seeds", type=int, default=5, help="how many networks are trained")
    parser.add_argument("--output", type=Path, help="write the tables to this file, too")
    parser.add_argument("--quick", action="store_true", help="digits, one seed, few epochs")
    options = parser.parse_args()

    versions = {"prunus": prunus.__version__, "NumPy": np.__version__, "scikit-learn": sklearn.__version__}
    parts = [
        ", ".join(f"{name} {version}" for name, version in {**versions, "Python": platform.python_version()}.items())
    ]
    seeds = range(1 if options.quick else options.seeds)
    for name in ["digits"] if options.quick else options.data or RECIPES:
        if not is_there(name):
            print(f"{name}: left out, PRUNUS_DATA names no folder with {name}.npz")
            continue
        recipe = RECIPES[name]
        if options.quick:
            recipe = dataclasses.replace(recipe, epochs=3, fine_tune=1)
        parts.append(report(name, recipe, seeds, rounds=3 if options.quick else 100))
    text = "\n\n".join(parts) + "\n"
    print(f"\n{text}", end="")
    if options.output:
        options.output.write_text(text)


if __name__ == "__main__":
    main()
