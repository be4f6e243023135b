"""Compare settings of pruning at once, by images that no training, no pruning and no table's test data have any of.

python -m bench.oneshot_settings                        some forty minutes
python -m bench.oneshot_settings --setting logits damping --seeds 20 21 --cells settings.jsonl

Networks as `bench.oneshot_networks` has them are trained on the first 50,000 of MNIST's training images, pruned by what these
say, and judged by the other 10,000. For each value of a setting: by how many points the error rises, the mean over seeds and
sparsities; beside it how much more that is than with the value in use, the first, with the standard error over the seeds. It
is replaced where the mean of all networks is lower with another, by more than two standard errors.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import prunus
from bench.cells import Cells
from bench.oneshot_networks import NETWORKS, Network, trained
from bench.report import markdown
from bench.trained import is_there
from prunus import Refine
from prunus.scheduling import Iterative

Options = Mapping[str, Any]

_CRITERIA: Mapping[str, Any] = prunus.criteria()
_COMPENSATIONS: Mapping[str, Any] = prunus.compensations()


@dataclasses.dataclass(frozen=True)
class Setting:
    """What may have one of some values, and where they are compared."""

    values: Sequence[Any]  # the first one is in use
    options: Callable[[Any, Network], Options]
    at: Mapping[str, Sequence[float | None]]  # sparsities, by network
    pattern: str = "weight"
    labels: bool = False


def _damped(damping: float, _: Network) -> Options:
    return {"criterion": _CRITERIA["obs"](damping=damping), "compensate": _COMPENSATIONS["obs"](damping=damping)}


def _refined(name: str) -> Callable[[Any, Network], Options]:
    return lambda value, _: {"criterion": "obs", "refine": Refine(4, **{name: value})}


def _in_rounds(steps: int, value: tuple[int, float], _: Network) -> Options:
    rounds, alpha = value
    return {
        "criterion": "obs",
        "refine": Refine(steps, "labels", alpha=alpha),
        "schedule": Iterative(rounds=rounds) if rounds > 1 else "one-shot",
    }


def _neighbours(choice: str, model: Network) -> Options:
    """Of four neighbours two go as the elimination comes to them; or it goes on, and at its end those stay that went last.

    It does the latter where any weight has to stay: the first of all, here.
    """
    keep = [np.zeros(layer.weight.shape, dtype=bool) for layer in model.network.layers]
    keep[0][0, 0] = True
    return {"criterion": "obs"} | ({} if choice == "in turn" else {"keep": keep})


_ALL = {"lenet": (0.8, 0.9, 0.95, 0.98), "small": (0.8, 0.9, 0.95, 0.98), "small-converged": (0.8, 0.9, 0.95, 0.98)}
_HIGH = {"lenet": (0.9, 0.95, 0.98), "small": (0.9, 0.95, 0.98), "small-converged": (0.9, 0.95, 0.98)}

SETTINGS = {
    "damping": Setting((1e-3, 1e-4, 1e-2), _damped, _ALL),
    "fast damping": Setting(
        (1e-3, 1e-4, 1e-2),
        lambda damping, _: {"criterion": "wanda", "compensate": _COMPENSATIONS["fast"](damping=damping)},
        _ALL,
    ),
    "logits": Setting((2.0, 1.0, 4.0, 1e6), _refined("logits"), _HIGH),
    "refine damping": Setting((1e-3, 1e-4, 1e-2), _refined("damping"), _HIGH),
    "refine products": Setting((10, 5, 20), _refined("products"), _HIGH),
    "2:4": Setting(("in turn", "at the end"), _neighbours, {"lenet": (None,)}, "2:4"),
    "alpha": Setting(
        ((1, 1e-3), (1, 0.0), (1, 2e-4), (1, 5e-4), (1, 2e-3), (1, 4e-3)),
        functools.partial(_in_rounds, 15),
        {"small": (0.8, 0.9)},
        labels=True,
    ),
    "rounds": Setting(
        ((16, 2e-3), (16, 2e-4), (16, 1e-3), (16, 4e-3), (8, 2e-4)),
        functools.partial(_in_rounds, 3),
        {"small": (0.95,)},
        labels=True,
    ),
}

_HELD_OUT, _N_SAMPLES = 10_000, 10_000


@dataclasses.dataclass(frozen=True)
class Table:
    """One setting."""

    name: str
    setting: Setting
    seeds: Sequence[int]
    cells: Cells

    def measure(self, network: str, seed: int) -> None:
        """Measure all of one network."""
        for sparsity in self.setting.at.get(network, ()):
            for value in self.setting.values:
                self.rise(value, network, sparsity, seed)

    def rise(self, value: Any, network: str, sparsity: float | None, seed: int) -> float:
        """Return by how many points the error rises."""
        key = {"setting": self.name, "value": value, "network": network, "at": sparsity, "seed": seed}
        return self.cells.get(key, lambda: self._pruned(value, network, sparsity, seed))["rise"]

    def _pruned(self, value: Any, network: str, sparsity: float | None, seed: int) -> Mapping[str, float]:
        model = trained(NETWORKS[network], seed, _HELD_OUT)
        rows = np.random.default_rng(seed).permutation(len(model.train[0]))
        labels, pattern = self.setting.labels, self.setting.pattern
        X, y = (part[rows if labels else rows[:_N_SAMPLES]] for part in model.train)
        given, options = y if labels else None, self.setting.options(value, model)
        pruned = prunus.prune(model.network, X, given, sparsity=sparsity, pattern=pattern, **options)
        return {"rise": model.error(pruned.network) - model.error(model.network)}

    def text(self) -> str:
        """Return a row for each value; a column for each network, the mean of its sparsities, and their mean."""
        rises = np.array([[self._means(value, seed) for seed in self.seeds] for value in self.setting.values])
        body = []
        for value, of_value in zip(self.setting.values, rises, strict=True):
            more = of_value - rises[0]
            errors = more.std(axis=0, ddof=1) / np.sqrt(len(self.seeds))
            cells = zip(of_value.mean(axis=0), more.mean(axis=0), errors, strict=True)
            body.append([str(value), *(f"{mean:.2f} ({rise:+.2f} ± {error:.2f})" for mean, rise, error in cells)])
        where = [
            f"{name}, {', '.join(str(at or self.setting.pattern) for at in ats)}"
            for name, ats in self.setting.at.items()
        ]
        return f"### {self.name}\n\n{markdown([self.name, *where, 'mean'], body)}"

    def _means(self, value: Any, seed: int) -> list[float]:
        """Return the rise of each network, the mean of its sparsities, and their mean."""
        found = [
            float(np.mean([self.rise(value, name, at, seed) for at in ats])) for name, ats in self.setting.at.items()
        ]
        return [*found, float(np.mean(found))]


def main() -> None:
    """Print a table for each setting."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--setting", choices=[*SETTINGS], nargs="+", default=[*SETTINGS], help="only these")
    parser.add_argument("--seeds", type=int, nargs="+", default=[20, 21, 22], help="of the networks that are trained")
    parser.add_argument("--cells", type=Path, help="a file that keeps what was measured, and from which a run goes on")
    options = parser.parse_args()
    if not is_there("mnist"):
        parser.exit(message="left out: PRUNUS_DATA names no folder with MNIST\n")
    cells = Cells(options.cells)
    tables = [Table(name, SETTINGS[name], options.seeds, cells) for name in options.setting]
    for network in ("lenet", "small", "small-converged"):
        for seed in options.seeds:
            for table in tables:
                table.measure(network, seed)
    print("\n\n" + "\n\n".join(table.text() for table in tables))


if __name__ == "__main__":
    main()
