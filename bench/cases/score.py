"""Score weights and neurons over data, beside the passes through the network that the criterion cannot do without."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import prunus
from bench.cases.base import Case
from bench.cases.mlp import NETWORKS, MlpCase
from bench.machine import Machine

_PASSES = {"grasp": 3}  # of forward and backward; the others need one


@dataclass(frozen=True)
class ScoreCase(Case):
    """Samples through 784-300-100-10, dense and float32; scores are computed in float64."""

    criterion: str
    n_samples: int
    threads: int
    kind = "score"

    @classmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:  # noqa: D102
        # Not obs, which takes seconds where the others take milliseconds.
        names = [name for name, kind in prunus.criteria().items() if kind.needs and name != "obs"]
        yield from (cls(name, 300 if quick else 10_000, threads) for name in (names[:2] if quick else names))

    @property
    def title(self) -> str:  # noqa: D102
        passes = "forward" if not self.needs_labels else "forward and backward"
        times = f"{self.n_passes} x " if self.n_passes > 1 else ""
        return f"{self.criterion} ({times}{passes}), {self.n_samples} samples, {self.threads} threads"

    @property
    def network(self) -> prunus.Network:
        """The same network in every process."""
        return MlpCase("digits", 0.0, 1, self.threads).network

    @property
    def needs_labels(self) -> bool:
        """Whether it goes backward, too."""
        return "y" in prunus.criteria()[self.criterion].needs

    @property
    def n_passes(self) -> int:
        """How often it goes through the network."""
        return _PASSES.get(self.criterion, 1)

    def data(self, seed: int) -> Any:  # noqa: D102, ARG002 - the same in every round
        return _data(self.n_samples)

    def check(self, data: Any, result: Any) -> None:
        """Ours gives scores, of which each criterion's tests say what they are; the passes give losses or gradients."""
        scores, gradients = result
        if scores is not None:
            assert all(np.isfinite(score).all() for score in scores)
        elif self.needs_labels:
            expected = self.network.gradients(self.network.data(*data)).weights
            for got, want in zip(gradients, expected, strict=True):
                assert np.allclose(got, want, rtol=0, atol=1e-9 * np.abs(want).max())  # sums of 10,000 in another order
        else:
            assert np.allclose(gradients[-1], self.network.forward(data[0]), rtol=1e-9, atol=1e-9)

    def limit(self, machine: Machine) -> tuple[str, float]:  # noqa: D102
        products = 3 if self.needs_labels else 1
        flops = 2 * self.network.n_weights * self.n_samples * products * self.n_passes
        return "arithmetic, float64", 2 * flops / machine.peak(self.threads) * 1e6


@functools.lru_cache(maxsize=1)
def _data(n_samples: int) -> Any:
    rng = np.random.default_rng(2)
    widths = NETWORKS["digits"]
    return rng.standard_normal((n_samples, widths[0]), dtype=np.float32), rng.integers(0, widths[-1], n_samples)
