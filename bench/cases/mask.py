"""Score weights by magnitude and mask the lowest: what is pruned when nothing but the weights is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.cases.base import Case
from bench.machine import Machine

_COLUMNS = 1000


@dataclass(frozen=True)
class MaskCase(Case):
    """`n` normal float32 weights, fresh in every round, of which `sparsity` is masked: single ones, two of four, or blocks."""

    n: int
    sparsity: float
    threads: int
    pattern: str = "weight"  # or 2:4, at a sparsity of a half, or block:4x1
    kind = "mask"

    @classmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:  # noqa: D102
        for pattern, sparsity in (("weight", 0.5), ("weight", 0.9), ("2:4", 0.5), ("block:4x1", 0.9)):
            yield cls(200_000 if quick else 10_000_000, sparsity, threads, pattern)

    @property
    def title(self) -> str:  # noqa: D102
        how = "" if self.pattern == "weight" else f", {self.pattern}"
        return f"score and mask {self.n:,} weights{how}, {self.sparsity:.0%}, {self.threads} threads"

    @property
    def n_remove(self) -> int:
        """How many units are masked."""
        return round(self.sparsity * self.n / (4 if self.pattern == "block:4x1" else 1))

    def data(self, seed: int) -> Any:  # noqa: D102
        rng = np.random.default_rng(seed)
        return rng.standard_normal((self.n // _COLUMNS, _COLUMNS), dtype=np.float32)

    def check(self, data: Any, result: Any) -> None:  # noqa: D102
        scores, mask = np.abs(data), np.asarray(result).astype(bool)
        assert mask.shape == scores.shape
        if self.pattern == "2:4":
            groups, kept = scores.reshape(-1, 4), mask.reshape(-1, 4)
            assert (kept.sum(axis=1) == 2).all()
            assert (np.where(kept, groups, np.inf).min(axis=1) >= np.where(kept, -np.inf, groups).max(axis=1)).all()
            return
        if self.pattern == "block:4x1":
            scores, strips = (
                scores.astype(np.float64).reshape(-1, 4, _COLUMNS).sum(axis=1),
                mask.reshape(-1, 4, _COLUMNS),
            )
            mask = np.asarray(strips.any(axis=1))
            assert (strips.all(axis=1) == mask).all()
        removed = int(mask.size - np.count_nonzero(mask))
        # Equal scores at the cut leave room for a choice to those who have no rule about them; so does one weight more. A
        # sum of four may be rounded otherwise.
        cut = np.partition(scores.ravel(), self.n_remove)[self.n_remove]
        rounding = 0 if self.pattern == "weight" else 4 * np.finfo(np.float32).eps * cut
        assert abs(removed - self.n_remove) <= max(int((np.abs(scores - cut) <= rounding).sum()), 1), (
            f"{removed} removed"
        )
        assert scores[mask].min() >= scores[~mask].max() - rounding

    def limit(self, machine: Machine) -> tuple[str, float]:  # noqa: D102
        moved = self.n * (4 + 1)  # every weight read once, every mask byte written once
        return "memory", moved / machine.bandwidth(self.threads) * 1e6
