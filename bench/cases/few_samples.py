"""One layer alone, where zeros do not pay by themselves: a few samples of a layer that is half full, or a tiny layer."""

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
class FewSamplesCase(Case):
    """A linear layer with weights zeroed at random; beside itself with more weights, which it must not be slower than."""

    n_in: int
    n_out: int
    n_weights: int
    batch: int
    dtype: str
    threads: int
    kind = "few-samples"

    @classmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:  # noqa: D102
        if quick:
            yield cls(30, 20, 300, 3, "float64", threads)
            return
        for sparsity in (0.2, 0.4, 0.6):
            for batch in (2, 3):
                yield cls(1024, 512, round((1 - sparsity) * 1024 * 512), batch, "float64", threads)
        for n_weights in (3, 5, 20):
            yield cls(20, 10, n_weights, 1000, "float32", threads)

    @property
    def title(self) -> str:  # noqa: D102
        weights = f"{self.n_weights} of {self.n_in * self.n_out} weights"
        return f"{self.n_in}-{self.n_out}, {self.dtype}, {weights}, batch {self.batch}, {self.threads} threads"

    @property
    def network(self) -> prunus.Network:
        """The layer, as it is."""
        return _network(self.n_in, self.n_out, self.n_weights, self.dtype)

    def with_weights(self, n_weights: int) -> prunus.Network:
        """Return the layer with so many weights, those of this one among them."""
        return _network(self.n_in, self.n_out, n_weights, self.dtype)

    @property
    def more(self) -> dict[str, int]:
        """Numbers of weights to be beside: half of the zeros filled, and all of them."""
        size = self.n_in * self.n_out
        return {"half of the zeros": (self.n_weights + size) // 2, "no zeros": size}

    def data(self, seed: int) -> Any:  # noqa: D102, ARG002 - only weights are packed beforehand
        return np.random.default_rng(1).standard_normal((self.batch, self.n_in)).astype(self.dtype)

    def check(self, data: Any, result: Any) -> None:
        """The output, and the network that it is of."""
        output, network = result
        assert output.dtype == self.dtype
        assert np.all(np.abs(output - network.forward(data)) <= network.error_bound(data))

    def limit(self, machine: Machine) -> tuple[str, float]:  # noqa: D102
        size = np.dtype(self.dtype).itemsize
        moved = self.n_weights * (size + 1) + self.batch * (self.n_in + self.n_out) * size
        return "memory", moved / machine.cache_bandwidth(self.threads) * 1e6


@functools.lru_cache(maxsize=4)
def _network(n_in: int, n_out: int, n_weights: int, dtype: str) -> prunus.Network:
    rng = np.random.default_rng(0)
    weight, order = rng.standard_normal(n_in * n_out), rng.permutation(n_in * n_out)
    weight[order[n_weights:]] = 0
    return prunus.Network([prunus.Layer(weight.reshape(n_out, n_in).astype(dtype))])
