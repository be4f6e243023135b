"""Prune a network by what its weights say: the whole call, from the model to the pruned one."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import prunus
from bench.cases.base import Case
from bench.machine import Machine

WIDTHS = (784, 1024, 1024, 10)


@dataclass(frozen=True)
class PruneCase(Case):
    """A float32 network of ReLU layers, of whose weights nine tenths go, over all layers, by a criterion without data."""

    criterion: str
    threads: int
    kind = "prune"

    @classmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:  # noqa: D102
        names = [name for name, kind in prunus.criteria().items() if kind.unit == "weight" and not kind.needs]
        yield from (cls(name, threads) for name in (names[:1] if quick else names))

    @property
    def title(self) -> str:  # noqa: D102
        return f"prune {'-'.join(map(str, WIDTHS))} by {self.criterion}, 90%, {self.threads} threads"

    @property
    def network(self) -> prunus.Network:
        """The same network in every process."""
        return _network()

    @property
    def options(self) -> dict[str, Any]:
        """What the criterion needs beside the weights."""
        return _options(self.criterion)

    def data(self, seed: int) -> Any:  # noqa: D102, ARG002 - the weights are the data
        return None

    def check(self, data: Any, result: Any) -> None:  # noqa: D102, ARG002
        masks = [np.asarray(mask, dtype=bool) for mask in result]
        removed, n = sum(int((~mask).sum()) for mask in masks), self.network.n_weights
        if self.criterion == "random":
            assert abs(removed - round(0.9 * n)) <= 1
            return
        scores = prunus.importance(self.network, self.criterion, **self.options)
        ranked = np.sort(np.concatenate([score.ravel() for score in scores]))
        low, high = ranked[round(0.9 * n) - 1], ranked[round(0.9 * n)]
        assert abs(removed - round(0.9 * n)) <= max(int((ranked == low).sum()), 1)
        # Formulas are rounded in float32, sums of 1024 terms and products of three of them among them.
        rounding = 3 * 1024 * np.finfo(np.float32).eps * max(abs(low), abs(high))
        for score, mask in zip(scores, masks, strict=True):
            assert score[mask].min(initial=np.inf) >= low - rounding
            assert score[~mask].max(initial=-np.inf) <= high + rounding

    def limit(self, machine: Machine) -> tuple[str, float]:  # noqa: D102
        n = self.network.n_weights
        moved = n * (4 + 1 + 4)  # weights read, masks and weights written
        return "memory", moved / machine.bandwidth(self.threads) * 1e6


@functools.lru_cache(maxsize=1)
def _network() -> prunus.Network:
    rng = np.random.default_rng(0)
    layers = []
    for n_in, n_out in itertools.pairwise(WIDTHS):
        weight = rng.standard_normal((n_out, n_in), dtype=np.float32) / np.sqrt(np.float32(n_in))
        layers.append(prunus.Layer(weight, None, "identity" if n_out == WIDTHS[-1] else "relu"))
    return prunus.Network(layers, output="softmax", classes=np.arange(WIDTHS[-1]))


@functools.lru_cache(maxsize=1)
def _options(criterion: str) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    weights = [layer.weight for layer in _network().layers]
    if criterion == "adam":
        return {"second_moment": [rng.random(w.shape, dtype=np.float32) for w in weights]}
    if criterion == "movement":
        return {"history": [[w + 0.01 * rng.standard_normal(w.shape, dtype=np.float32) for w in weights], weights]}
    return {}
