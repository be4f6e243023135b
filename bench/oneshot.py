"""Measure what pruning at once costs in accuracy, without gradient training, by method, pattern and sparsity.

python -m bench.oneshot                          all networks that there are data for: some hours
python -m bench.oneshot --cells cells.jsonl      the same, and what was measured is kept: cut off, it goes on where it ended
python -m bench.oneshot --network lenet --seeds 0 1 --output lenet.md
python -m bench.oneshot --quick                  to see that it works; no figure to quote

The networks are trained by `bench.oneshot_networks` before anything is pruned, each from a seed. Methods look at 10,000 samples
of the training data, and at labels only where a row says so, then at as many as it says. Test data choose nothing: settings
of the methods were compared by `bench.oneshot_settings`, on other networks. The text (trec) has folds in the place of seeds,
two for each, and keeps no cells.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import prunus
from bench import oneshot_text
from bench.cells import Cells
from bench.machine import Machine
from bench.oneshot_networks import NETWORKS, Network, Recipe, trained
from bench.report import markdown
from bench.trained import is_there
from prunus import Refine
from prunus.scheduling import Iterative


@dataclasses.dataclass(frozen=True)
class Method:
    """How to prune."""

    name: str
    options: Mapping[str, Any]
    patterns: tuple[str, ...] | None = None  # None: all
    labels: bool = False  # whether prune is handed any
    networks: tuple[str, ...] | None = None  # None: all
    sparsities: tuple[float, ...] | None = None  # None: all
    n_samples: int = 10_000  # of the training data, at most

    def is_at(self, sparsity: float | None) -> bool:
        """Whether this sparsity is measured."""
        return self.sparsities is None or sparsity in self.sparsities


_SMALL = "small", "small-converged"

METHODS = [
    Method("`magnitude`", {"criterion": "magnitude", "compensate": "none"}, ("weight", "2:4", "block:4x1"), True),
    Method("`wanda`", {"criterion": "wanda", "compensate": "none"}, ("weight", "2:4", "block:4x1")),
    Method("`fisher`, labels", {"criterion": "fisher", "compensate": "none"}, ("weight", "2:4", "block:4x1"), True),
    Method("`activation_variance`", {"criterion": "activation_variance", "compensate": "none"}, ("neuron",)),
    Method("the same, `refit`", {"criterion": "activation_variance", "compensate": "refit"}, ("neuron",)),
    Method("`wanda`, `refit`", {"criterion": "wanda", "compensate": "refit"}, ("weight", "2:4", "block:4x1")),
    Method("`wanda`, `fast`", {"criterion": "wanda", "compensate": "fast"}, ("weight", "2:4", "block:4x1")),
    Method("`obs`", {"criterion": "obs"}),
    *(
        Method(
            f"`obs`, allocation `{name}`",
            {"criterion": "obs", "allocation": name},
            ("weight",),
            sparsities=(0.8, 0.9, 0.95),
        )
        for name in ("uniform", "erk", "lamp")
    ),
    Method("`obs`, `refine=4`", {"criterion": "obs", "refine": 4}),
    Method(
        "`obs`, eight rounds, `refine=3`",
        {"criterion": "obs", "refine": 3, "schedule": Iterative(rounds=8)},
        ("weight",),
        networks=_SMALL,
        sparsities=(0.8, 0.9, 0.95, 0.98),
    ),
    Method(
        "`obs`, 15 steps towards 60,000 labels",
        {"criterion": "obs", "refine": Refine(15, "labels", alpha=1e-3)},
        ("weight",),
        labels=True,
        networks=("small",),
        sparsities=(0.5, 0.8, 0.9),
        n_samples=60_000,
    ),
    Method(
        "`obs`, 16 rounds of 3 steps towards them",
        {"criterion": "obs", "refine": Refine(3, "labels", alpha=2e-3), "schedule": Iterative(rounds=16)},
        ("weight",),
        labels=True,
        networks=("small",),
        sparsities=(0.95, 0.98),
        n_samples=60_000,
    ),
]

_SPARSITIES: Mapping[str, tuple[float | None, ...]] = {
    "weight": (0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98),
    "2:4": (None,),
    "block:4x1": (0.8, 0.9, 0.95),
    "neuron": (0.25, 0.5, 0.75),
}

_SPEED = Method("engine", {"criterion": "obs"})  # what is timed
_BATCHES, _ROUNDS = (1, 128), 300


@dataclasses.dataclass(frozen=True)
class Table:
    """Networks of one recipe, a seed each, pruned by one pattern."""

    name: str
    recipe: Recipe
    pattern: str
    seeds: Sequence[int]
    cells: Cells

    @property
    def methods(self) -> list[Method]:
        """Its rows."""
        return [
            method
            for method in METHODS
            if (method.patterns is None or self.pattern in method.patterns)
            and (method.networks is None or self.name in method.networks)
        ]

    @property
    def sparsities(self) -> tuple[float | None, ...]:
        """Its columns."""
        return _SPARSITIES[self.pattern]

    def cell(self, method: Method, sparsity: float | None, seed: int) -> Mapping[str, float]:
        """Return the error in per cent of the test samples, and the seconds that pruning took."""
        return self._get(method, sparsity, seed, self._pruned)

    def speed(self, sparsity: float | None) -> Mapping[str, float]:
        """Return the engine's microseconds for a call, dense and pruned, by batch, of the first network."""
        return self._get(_SPEED, sparsity, self.seeds[0], self._timed)

    def _get(self, method: Method, sparsity: float | None, seed: int, measure: Any) -> Mapping[str, float]:
        key = {"network": self.name, "pattern": self.pattern, "method": method.name, "at": sparsity, "seed": seed}
        return self.cells.get(key, lambda: measure(trained(self.recipe, seed), method, sparsity, seed))

    def _pruned(self, model: Network, method: Method, sparsity: float | None, seed: int) -> Mapping[str, float]:
        begin = time.perf_counter()
        network = self._prune(model, method, sparsity, seed)
        seconds = time.perf_counter() - begin
        return {"error": model.error(network), "seconds": seconds}

    def _timed(self, model: Network, method: Method, sparsity: float | None, seed: int) -> Mapping[str, float]:
        engines = {"dense": prunus.compile(model.network, threads=1)}
        engines["pruned"] = prunus.compile(self._prune(model, method, sparsity, seed), threads=1)
        found: dict[str, float] = {}
        for batch in _BATCHES:
            X = np.ascontiguousarray(model.test[0][:batch])
            times: dict[str, list[float]] = {name: [] for name in engines}
            for _ in range(_ROUNDS):
                for name, engine in engines.items():
                    begin = time.perf_counter()
                    engine(X)
                    times[name].append(time.perf_counter() - begin)
            found |= {f"{name} {batch}": 1e6 * min(taken) for name, taken in times.items()}
        return found

    def _prune(self, model: Network, method: Method, sparsity: float | None, seed: int) -> prunus.Network:
        rows = np.random.default_rng(seed).permutation(len(model.train[0]))[: method.n_samples]
        X, y = (part[rows] for part in model.train)
        given = y if method.labels else None
        return prunus.prune(model.network, X, given, sparsity=sparsity, pattern=self.pattern, **method.options).network

    def measure(self, seed: int) -> None:
        """Measure all of one network."""
        for sparsity in self.sparsities:
            for method in self.methods:
                if method.is_at(sparsity):
                    self.cell(method, sparsity, seed)
            if seed == self.seeds[0]:
                self.speed(sparsity)

    def text(self, errors: Mapping[int, float]) -> str:
        """Return by how many points the error rises, the mean over the networks, and the standard deviation."""
        body = [self._row(method, errors) for method in self.methods]
        speeds = [self.speed(sparsity) for sparsity in self.sparsities]
        for batch in _BATCHES:
            dense = np.median([speed[f"dense {batch}"] for speed in speeds])
            times = [f"{speed[f'pruned {batch}']:.1f}" for speed in speeds]
            body.append([f"(µs for {batch} samples; dense {dense:.1f})", *times, ""])
        columns = (self.pattern if at is None else f"{at:.0%}" for at in self.sparsities)
        header = ["rise of the error, points", *columns, "seconds"]
        return f"### {self.name}, `{self.pattern}`\n\n{markdown(header, body)}"

    def _row(self, method: Method, errors: Mapping[int, float]) -> list[str]:
        cells, seconds = [], []
        for sparsity in self.sparsities:
            if not method.is_at(sparsity):
                cells.append("")
                continue
            found = {seed: self.cell(method, sparsity, seed) for seed in self.seeds}
            cells.append(_summary([cell["error"] - errors[seed] for seed, cell in found.items()]))
            seconds += [cell["seconds"] for cell in found.values()]
        return [method.name, *cells, f"{np.mean(seconds):.1f}"]


def _summary(rises: Sequence[float]) -> str:
    spread = f" ± {np.std(rises, ddof=1):.2f}" if len(rises) > 1 else ""
    return f"{np.mean(rises):.2f}{spread}"


def report(name: str, recipe: Recipe, seeds: Sequence[int], cells: Cells) -> str:
    """Prune the network of each seed; return the tables in Markdown."""
    tables = [Table(name, recipe, pattern, seeds, cells) for pattern in recipe.patterns]
    errors = {}
    for seed in seeds:
        found = cells.get({"network": name, "seed": seed}, functools.partial(_error, recipe, seed))
        errors[seed] = found["error"]
        for table in tables:
            table.measure(seed)
    facts = (
        f"{recipe.text} Errors of the networks: {', '.join(f'{error:.2f}' for error in errors.values())} % of the test "
        f"samples; means of seeds {', '.join(map(str, seeds))}."
    )
    return "\n\n".join([f"## {name}", facts, *(table.text(errors) for table in tables)])


def _error(recipe: Recipe, seed: int) -> Mapping[str, float]:
    model = trained(recipe, seed)
    return {"error": model.error(model.network)}


def section(name: str, seeds: Sequence[int], cells: Cells, *, quick: bool) -> str | None:
    """Return what is said of one network, or of the text; None where the data are not there."""
    if name == "trec":
        return oneshot_text.report(2 * len(seeds)) if oneshot_text.is_there() else None
    recipe = NETWORKS[name]
    if not is_there(recipe.data):
        return None
    if quick:
        recipe = dataclasses.replace(recipe, epochs=1, patterns=("2:4",))
    return report(name, recipe, seeds[:1] if quick else seeds, cells)


def main() -> None:
    """Print the tables of each network."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--network", choices=[*NETWORKS, "trec"], action="append", help="only this one (may be repeated)"
    )
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[10, 11, 12, 13, 14], help="of the networks that are trained"
    )
    parser.add_argument("--cells", type=Path, help="a file that keeps what was measured, and from which a run goes on")
    parser.add_argument("--output", type=Path, help="write the tables to this file, too")
    parser.add_argument("--quick", action="store_true", help="digits, one seed, one epoch")
    options = parser.parse_args()
    if options.quick and options.cells:
        parser.error("--cells: expected none beside --quick, whose networks are others of the same name")

    versions = {"prunus": prunus.__version__, "NumPy": np.__version__, "Python": platform.python_version()}
    parts = [", ".join(f"{name} {version}" for name, version in versions.items()) + f"; {Machine().cpu}"]
    cells = Cells(options.cells)
    for name in ["digits"] if options.quick else options.network or [*NETWORKS, "trec"]:
        found = section(name, options.seeds, cells, quick=options.quick)
        if found is None:
            print(f"{name}: left out, PRUNUS_DATA names no folder with its data")
            continue
        parts.append(found)
        if options.output:
            options.output.write_text("\n\n".join(parts) + "\n")
    print("\n\n" + "\n\n".join(parts))


if __name__ == "__main__":
    main()
