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

NETWORKS = {
    "digits": (784, 300, 100, 10),  # LeNet-300-100
    "wide": (1024, 1024, 1024, 1024),
    "huge": (4096, 4096),
    "text": (10_000, 500),  # a classifier on word counts
    "regression": (200, 1),
}
SPARSITIES = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
BATCHES = (1, 4, 16, 64, 128, 1024)


@dataclass(frozen=True)
class MlpCase(Case):
    """ReLU layers with weights zeroed at random; with `block_rows` of four, four rows at a time."""

    network_name: str
    sparsity: float
    batch: int
    threads: int
    block_rows: int = 1
    kind = "mlp"

    @classmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:  # noqa: D102
        if quick:
            yield from (cls("digits", 0.9, batch, threads) for batch in (1, 7))
            return
        yield from (cls("digits", 0.9, batch, threads) for batch in (1, 16, 128, 1024, 10_000))
        for sparsity in (0.5, 0.8, 0.9, 0.95, 0.98):
            yield from (cls("wide", sparsity, batch, threads) for batch in (1, 16, 128, 1024))
        yield from (cls("wide", 0.9, batch, threads, 4) for batch in (1, 128))

    @classmethod
    def grid(cls, threads: int) -> Iterator[Case]:
        """Every network at every sparsity and batch size."""
        for name in NETWORKS:
            for sparsity in SPARSITIES:
                yield from (cls(name, sparsity, batch, threads) for batch in BATCHES)

    @property
    def widths(self) -> tuple[int, ...]:
        """Of the layers, the inputs first."""
        return NETWORKS[self.network_name]

    @property
    def title(self) -> str:  # noqa: D102
        shape = "-".join(map(str, self.widths))
        zeros = f"{self.sparsity:.0%} sparse" + (f" in {self.block_rows}x1 blocks" if self.block_rows > 1 else "")
        return f"{shape}, {zeros}, batch {self.batch}, {self.threads} threads"

    @property
    def network(self) -> prunus.Network:
        """The same network in every process."""
        return _network(self.widths, self.sparsity, self.block_rows)

    def data(self, seed: int) -> Any:  # noqa: D102, ARG002 - the same in every round: only weights are packed beforehand
        return _inputs(self.batch, self.widths[0])

    def check(self, data: Any, result: Any) -> None:  # noqa: D102, ARG002
        raw, bound = _expected(self.widths, self.sparsity, self.block_rows, self.batch)
        result = np.asarray(result)
        if result.ndim == 1:  # labels: right wherever the two best outputs are further apart than rounding can turn
            second, first = np.sort(raw, axis=1)[:, -2:].T
            sure = first - second > 2 * bound.max(axis=1)
            assert np.array_equal(result[sure], raw.argmax(axis=1)[sure])
        else:
            assert result.shape == raw.shape
            assert np.all(np.abs(result - raw) <= bound)

    def limit(self, machine: Machine) -> tuple[str, float]:  # noqa: D102
        n_nonzero, n_weights = self.network.n_nonzero, self.network.n_weights
        # A weight and a column of one byte, or a bit for every weight, or the weights alone; X and the output.
        weights = min(n_nonzero * 5, n_nonzero * 4 + n_weights // 8, n_weights * 4)
        bytes_moved = weights + self.batch * (self.widths[0] + self.widths[-1]) * 4
        cached = machine.cache_bandwidth if bytes_moved < machine.last_cache else machine.bandwidth
        seconds = {
            "arithmetic": 2 * n_nonzero * self.batch / machine.peak(self.threads),
            "memory": bytes_moved / cached(self.threads),
        }
        name = max(seconds, key=seconds.__getitem__)
        return name, seconds[name] * 1e6


@functools.lru_cache(maxsize=1)
def _network(widths: tuple[int, ...], sparsity: float, block_rows: int) -> prunus.Network:
    rng = np.random.default_rng(0)
    layers = []
    last = len(widths) - 2
    for i in range(last + 1):
        shape = (widths[i + 1], widths[i])
        weight = rng.standard_normal(shape, dtype=np.float32) / np.sqrt(np.float32(shape[1] * (1 - sparsity)))
        kept = rng.random((-(-shape[0] // block_rows), shape[1])) >= sparsity
        weight *= np.repeat(kept, block_rows, axis=0)[: shape[0]]
        bias = rng.standard_normal(shape[0], dtype=np.float32) / 10
        layers.append(prunus.Layer(weight, bias, "identity" if i == last else "relu"))
    if widths[-1] == 1:
        return prunus.Network(layers)
    return prunus.Network(layers, output="softmax", classes=np.arange(widths[-1]))


@functools.lru_cache(maxsize=1)
def _inputs(batch: int, n_in: int) -> Any:
    return np.random.default_rng(1).standard_normal((batch, n_in), dtype=np.float32)


@functools.lru_cache(maxsize=1)
def _expected(widths: tuple[int, ...], sparsity: float, block_rows: int, batch: int) -> tuple[Any, Any]:
    network, X = _network(widths, sparsity, block_rows), _inputs(batch, widths[0])
    return network.forward(X), network.error_bound(X)
