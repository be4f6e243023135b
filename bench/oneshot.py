"""Measure what pruning at once costs in accuracy, without gradient training, by method, pattern and sparsity.

python -m bench.oneshot                          all networks that there are data for: some hours
python -m bench.oneshot --network lenet --seeds 1 --output lenet.md
python -m bench.oneshot --quick                  to see that it works; no figure to quote

The networks are trained by `bench.oneshot_networks` before anything is pruned, each from a seed. Methods look at 10,000 samples
of the training data at most; at labels only where a row says so. The test data chose nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import platform
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import prunus
from bench import oneshot_text
from bench.machine import Machine
from bench.oneshot_networks import NETWORKS, Network, Recipe, trained
from bench.report import markdown
from bench.trained import is_there
from prunus import Refine
from prunus.scheduling import Iterative

_SAMPLES = 10_000


@dataclasses.dataclass(frozen=True)
class Method:
    """How to prune."""

    name: str
    options: Mapping[str, Any]
    patterns: tuple[str, ...] | None = None  # None: all
    labels: bool = False  # whether prune is handed any


METHODS = [
    Method("`magnitude`", {"criterion": "magnitude", "compensate": "none"}, ("weight", "2:4", "block:4x1"), True),
    Method("`wanda`", {"criterion": "wanda", "compensate": "none"}, ("weight", "2:4", "block:4x1")),
    Method("`fisher`, labels", {"criterion": "fisher", "compensate": "none"}, ("weight", "2:4", "block:4x1"), True),
    Method("`activation_variance`", {"criterion": "activation_variance", "compensate": "none"}, ("neuron",)),
    Method("the same, `refit`", {"criterion": "activation_variance", "compensate": "refit"}, ("neuron",)),
    Method("`wanda`, `refit`", {"criterion": "wanda", "compensate": "refit"}, ("weight", "2:4", "block:4x1")),
    Method("`wanda`, `fast`", {"criterion": "wanda", "compensate": "fast"}, ("weight", "2:4", "block:4x1")),
    Method("`obs`", {"criterion": "obs"}),
    Method("`obs`, `refine=4`", {"criterion": "obs", "refine": 4}),
    Method(
        "`obs`, eight rounds, `refine=3`",
        {"criterion": "obs", "refine": 3, "schedule": Iterative(rounds=8)},
        ("weight", "block:4x1", "neuron"),
    ),
    Method(
        "the same towards labels",
        {"criterion": "obs", "refine": Refine(3, "labels"), "schedule": Iterative(rounds=8)},
        ("weight",),
        True,
    ),
]

_SPARSITIES: Mapping[str, tuple[float | None, ...]] = {
    "weight": (0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98),
    "2:4": (None,),
    "block:4x1": (0.8, 0.9, 0.95),
    "neuron": (0.25, 0.5, 0.75),
}


@dataclasses.dataclass(frozen=True)
class Cell:
    """What came of one network, by one method, at one sparsity."""

    error: float  # per cent of the test samples
    microseconds: float  # of the engine, for one row
    seconds: float  # of prune


def measured(model: Network, method: Method, pattern: str, sparsity: float | None, seed: int) -> Cell:
    """Prune and look."""
    rows = np.random.default_rng(seed).permutation(len(model.train[0]))[:_SAMPLES]
    X, y = (part[rows] for part in model.train)
    begin = time.perf_counter()
    pruned = prunus.prune(
        model.network, X, y if method.labels else None, sparsity=sparsity, pattern=pattern, **method.options
    )
    seconds = time.perf_counter() - begin
    return Cell(model.error(pruned.network), pruned.report["latency_us"]["after"], seconds)


def table(name: str, pattern: str, models: Mapping[int, Network]) -> str:
    """Return by how many points the error rises, the mean over the networks, and the standard deviation."""
    sparsities = _SPARSITIES[pattern]
    methods = [method for method in METHODS if method.patterns is None or pattern in method.patterns]
    body, last = [], []
    for method in methods:
        cells = []
        seconds = []
        for sparsity in sparsities:
            found = {seed: measured(model, method, pattern, sparsity, seed) for seed, model in models.items()}
            rises = [cell.error - models[seed].error(models[seed].network) for seed, cell in found.items()]
            spread = f" ± {np.std(rises, ddof=1):.2f}" if len(rises) > 1 else ""
            cells.append(f"{np.mean(rises):.2f}{spread}")
            seconds.append(np.mean([cell.seconds for cell in found.values()]))
            if method.name == "`obs`":
                last.append(f"{np.median([cell.microseconds for cell in found.values()]):.1f}")
        body.append([method.name, *cells, f"{np.mean(seconds):.1f}"])
        print(f"{name}, {pattern}: {body[-1]}", flush=True)
    body.append(["(engine, one row, µs, `obs`)", *last, ""])
    header = ["rise of the error, points", *(pattern if s is None else f"{s:.0%}" for s in sparsities), "seconds"]
    return f"### {name}, `{pattern}`\n\n{markdown(header, body)}"


def report(name: str, recipe: Recipe, seeds: range) -> str:
    """Train a network for each seed, prune each; return the tables in Markdown."""
    models = {seed: trained(recipe, seed) for seed in seeds}
    errors = [model.error(model.network) for model in models.values()]
    facts = (
        f"{recipe.text} Errors of the networks: {', '.join(f'{error:.2f}' for error in errors)} % of "
        f"{len(next(iter(models.values())).test[0])} test samples; mean of seeds {seeds[0]} to {seeds[-1]}."
    )
    return "\n\n".join([f"## {name}", facts, *(table(name, pattern, models) for pattern in recipe.patterns)])


def section(name: str, n_seeds: int, *, quick: bool) -> str | None:
    """Return what is said of one network, or of the text; None where the data are not there."""
    if name == "trec":
        return oneshot_text.report(2 * n_seeds) if oneshot_text.is_there() else None
    recipe = NETWORKS[name]
    if not is_there(recipe.data):
        return None
    if quick:
        recipe = dataclasses.replace(recipe, epochs=1, patterns=("2:4",))
    return report(name, recipe, range(1 if quick else n_seeds))


def main() -> None:
    """Print the tables of each network."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--network", choices=[*NETWORKS, "trec"], action="append", help="only this one (may be repeated)"
    )
    parser.add_argument("--seeds", type=int, default=5, help="how many networks are trained")
    parser.add_argument("--output", type=Path, help="write the tables to this file, too")
    parser.add_argument("--quick", action="store_true", help="digits, one seed, one epoch")
    options = parser.parse_args()

    versions = {"prunus": prunus.__version__, "NumPy": np.__version__, "Python": platform.python_version()}
    parts = [", ".join(f"{name} {version}" for name, version in versions.items()) + f"; {Machine().cpu}"]
    for name in ["digits"] if options.quick else options.network or [*NETWORKS, "trec"]:
        found = section(name, options.seeds, quick=options.quick)
        if found is None:
            print(f"{name}: left out, PRUNUS_DATA names no folder with its data")
            continue
        parts.append(found)
        if options.output:
            options.output.write_text("\n\n".join(parts) + "\n")
    print("\n\n" + "\n\n".join(parts))


if __name__ == "__main__":
    main()
