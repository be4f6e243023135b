"""Score weights by magnitude and mask the lowest: what is pruned when nothing but the weights is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.cases.base import Case
from bench.machine import Machine


@dataclass(frozen=True)
class MaskCase(Case):
    """`n` normal float32 weights, fresh in every round, of which `sparsity` is masked."""

    n: int
    sparsity: float
    threads: int
    kind = "mask"

    @classmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:  # noqa: D102
        for sparsity in (0.5, 0.9):
            yield cls(200_000 if quick else 10_000_000, sparsity, threads)

    @property
    def title(self) -> str:  # noqa: D102
        return f"score and mask {self.n:,} weights, {self.sparsity:.0%}, {self.threads} threads"

    @property
    def n_remove(self) -> int:
        """How many are masked."""
        return round(self.sparsity * self.n)

    def data(self, seed: int) -> Any:  # noqa: D102
        rng = np.random.default_rng(seed)
        return rng.standard_normal((self.n // 1000, 1000), dtype=np.float32)

    def check(self, data: Any, result: Any) -> None:  # noqa: D102
        scores, mask = np.abs(data).ravel(), np.asarray(result).ravel().astype(bool)
        assert mask.shape == scores.shape
        removed = int(mask.size - np.count_nonzero(mask))
        # Equal scores at the cut leave room for a choice to those who have no rule about them; so does one weight more.
        cut = np.partition(scores, self.n_remove)[self.n_remove]
        assert abs(removed - self.n_remove) <= max(int((scores == cut).sum()), 1), f"{removed} removed"
        assert scores[mask].min() >= scores[~mask].max()

    def limit(self, machine: Machine) -> tuple[str, float]:  # noqa: D102
        moved = self.n * (4 + 1)  # every weight read once, every mask byte written once
        return "memory", moved / machine.bandwidth(self.threads) * 1e6
