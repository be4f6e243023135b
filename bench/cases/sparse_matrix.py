"""A matrix of few entries times samples: rows of X by `X @ W.T`, columns by `W @ X`."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.cases.base import Case
from bench.machine import Machine


@dataclass(frozen=True)
class SparseMatrixCase(Case):
    """`n` x `n` in float32, entries at random."""

    n: int
    density: float
    batch: int
    columns: bool
    threads: int
    kind = "sparse-matrix"

    @classmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:  # noqa: D102
        if quick:
            yield from (cls(300, 0.01, 5, columns, threads) for columns in (False, True))
            return
        for density in (0.001, 0.0005, 0.0001, 0.00002):
            for batch in (1, 16, 128):
                yield from (cls(20_000, density, batch, columns, threads) for columns in (False, True))

    @property
    def title(self) -> str:  # noqa: D102
        product = "W @ X" if self.columns else "X @ W.T"
        shape = f"{self.n:,} x {self.n:,} with {self.density:.3%} entries"
        return f"{product}, {shape}, {self.batch} samples, {self.threads} threads"

    def matrix(self, times: float = 1.0) -> Any:
        """Return SciPy's csr_array, with so many times the entries."""
        return _matrix(self.n, self.density * times)

    def data(self, seed: int) -> Any:  # noqa: D102, ARG002 - only the matrix is packed beforehand
        shape = (self.n, self.batch) if self.columns else (self.batch, self.n)
        return np.random.default_rng(1).standard_normal(shape, dtype=np.float32)

    def check(self, data: Any, result: Any) -> None:
        """The product, and how many times the entries it is of."""
        product, times = result
        matrix = self.matrix(times)
        X = (data if self.columns else data.T).astype(np.float64)
        expected, size = matrix.astype(np.float64) @ X, abs(matrix).astype(np.float64) @ np.abs(X)
        bound = (np.diff(matrix.indptr)[:, None] + 1) * np.finfo(np.float32).eps * size
        product = product if self.columns else product.T
        assert product.shape == expected.shape
        assert np.all(np.abs(product - expected) <= bound)

    def limit(self, machine: Machine) -> tuple[str, float]:  # noqa: D102
        moved = self.density * self.n**2 * (4 + 2) + 2 * self.n * self.batch * 4
        return "memory", moved / machine.bandwidth(self.threads) * 1e6


@functools.lru_cache(maxsize=2)
def _matrix(n: int, density: float) -> Any:
    from scipy.sparse import random_array

    matrix = random_array((n, n), density=density, format="csr", dtype=np.float32, rng=np.random.default_rng(0))
    matrix.sum_duplicates()
    return matrix
