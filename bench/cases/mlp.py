"""Run a pruned multilayer perceptron: X in, raw output out, nothing packed beforehand but the weights."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import prunus
from bench.cases.base import Case
from bench.machine import Machine


@dataclass(frozen=True)
class MlpCase(Case):
    """ReLU layers with weights zeroed at random."""

    widths: tuple[int, ...]
    sparsity: float
    batch: int
    threads: int
    kind = "mlp"

    @classmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:  # noqa: D102
        for batch in (1, 7) if quick else (1, 128, 1024, 10_000):
            yield cls((784, 300, 100, 10), 0.9, batch, threads)

    @property
    def title(self) -> str:  # noqa: D102
        shape = "-".join(map(str, self.widths))
        return f"{shape}, {self.sparsity:.0%} sparse, batch {self.batch}, {self.threads} threads"

    @functools.cached_property
    def network(self) -> prunus.Network:
        """The same network in every process."""
        rng = np.random.default_rng(0)
        layers = []
        last = len(self.widths) - 2
        for i in range(last + 1):
            shape = (self.widths[i + 1], self.widths[i])
            weight = rng.standard_normal(shape) / np.sqrt(shape[1] * (1 - self.sparsity))
            weight = np.where(rng.random(shape) < self.sparsity, 0, weight).astype(np.float32)
            bias = rng.standard_normal(shape[0]).astype(np.float32) / 10
            layers.append(prunus.Layer(weight, bias, "identity" if i == last else "relu"))
        return prunus.Network(layers, output="softmax", classes=np.arange(self.widths[-1]))

    def data(self, seed: int) -> Any:  # noqa: D102, ARG002 - the same in every round: only weights are packed beforehand
        return np.random.default_rng(1).standard_normal((self.batch, self.widths[0]), dtype=np.float32)

    def check(self, data: Any, result: Any) -> None:  # noqa: D102
        raw = self.network.forward(data)
        result = np.asarray(result)
        bound = self.network.error_bound(data)
        if result.ndim == 1:  # labels: right wherever the two best outputs are further apart than rounding can turn
            second, first = np.sort(raw, axis=1)[:, -2:].T
            sure = first - second > 2 * bound.max(axis=1)
            assert np.array_equal(result[sure], raw.argmax(axis=1)[sure])
        else:
            assert np.all(np.abs(result - raw) <= bound)

    def limit(self, machine: Machine) -> tuple[str, float]:  # noqa: D102
        seconds = {
            "arithmetic": 2 * self.network.n_nonzero * self.batch / machine.flops(self.threads),
            # a weight and a column of two bytes; X and the output
            "memory": (self.network.n_nonzero * 6 + self.batch * (self.widths[0] + self.widths[-1]) * 4)
            / machine.bandwidth(self.threads),
        }
        name = max(seconds, key=seconds.__getitem__)
        return name, seconds[name] * 1e6
