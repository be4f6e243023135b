"""Sparse samples, such as counts of words, through a pruned network: beside the same samples dense."""

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
class SparseSamplesCase(Case):
    """A layer in float32 of which a tenth of the weights are there, and samples of so many entries each, in rows."""

    n_in: int
    n_out: int
    n_entries: int
    batch: int
    threads: int
    density = 0.1
    kind = "sparse-samples"

    @classmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:  # noqa: D102
        if quick:
            yield cls(300, 20, 10, 3, threads)
            return
        for n_in, n_out in ((10_000, 100), (10_000, 2), (300, 100)):
            n_entries = 100 if n_in > 1000 else 30
            yield from (cls(n_in, n_out, n_entries, batch, threads) for batch in (1, 10, 1000))

    @property
    def title(self) -> str:  # noqa: D102
        samples = f"{self.batch} samples of {self.n_entries} entries"
        return f"{self.n_in}-{self.n_out}, {self.density:.0%} of the weights, {samples}, {self.threads} threads"

    @property
    def network(self) -> prunus.Network:
        """The same in every process."""
        return _network(self.n_in, self.n_out, self.density)

    def data(self, seed: int) -> Any:
        """Return the samples, sparse and dense."""
        return _samples(self.n_in, self.n_entries, self.batch, seed)

    def check(self, data: Any, result: Any) -> None:  # noqa: D102
        result = result.toarray() if hasattr(result, "toarray") else result
        expected, bound = self.network.forward(data[1]), self.network.error_bound(data[1])
        assert np.all(np.abs(result - expected) <= bound)

    def limit(self, machine: Machine) -> tuple[str, float]:  # noqa: D102
        moved = self.batch * (self.n_entries * (8 + self.density * self.n_out * 8) + self.n_out * 4)
        return "memory", moved / machine.cache_bandwidth(self.threads) * 1e6


@functools.lru_cache(maxsize=1)
def _network(n_in: int, n_out: int, density: float) -> prunus.Network:
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((n_out, n_in), dtype=np.float32) * (rng.random((n_out, n_in)) < density)
    return prunus.Network([prunus.Layer(weight)])


@functools.lru_cache(maxsize=2)
def _samples(n_in: int, n_entries: int, batch: int, seed: int) -> Any:
    from scipy.sparse import csr_array

    rng = np.random.default_rng(seed)
    columns = np.sort([rng.choice(n_in, n_entries, replace=False) for _ in range(batch)])
    values = rng.standard_normal(batch * n_entries, dtype=np.float32)
    sparse = csr_array((values, columns.ravel(), np.arange(0, batch * n_entries + 1, n_entries)), shape=(batch, n_in))
    return sparse, sparse.toarray()
