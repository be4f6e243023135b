"""Prune linear regression from all features to none: the models of all sizes, in one call of fit."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.cases.base import Case
from bench.machine import Machine
from prunus._base.arrays import Doubles
from prunus.linear_model import PrunedLinearRegression


@dataclass(frozen=True)
class RegressionPathCase(Case):
    """`n` samples of `p` independent normal features in float64, of which a tenth have a coefficient."""

    n: int
    p: int
    threads: int
    with_elimination: bool  # by refits, which takes half an hour and more for thousands of features
    kind = "regression-path"

    @classmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:  # noqa: D102
        n, sizes = (300, (20, 40, 60)) if quick else (10_000, (200, 400, 2000))
        yield from (cls(n, p, threads, p < sizes[-1]) for p in sizes)

    @property
    def title(self) -> str:  # noqa: D102
        return f"all {self.p} sizes, {self.n} x {self.p}, {self.threads} threads"

    def data(self, seed: int) -> Any:  # noqa: D102, ARG002 - nothing is kept from one round to the next
        return sample(self.n, self.p)

    def check(self, data: Any, result: Any) -> None:
        """Ours gives the loss of every size; NumPy the Gram matrix and its inverse; scikit-learn a ranking."""
        if isinstance(result, PrunedLinearRegression):
            check_losses(data, result)
        elif isinstance(result, tuple):
            gram, inverse = result
            assert np.allclose(gram @ inverse, np.eye(self.p), rtol=0, atol=1e-9)
        else:
            assert np.array_equal(np.sort(result), np.arange(1, self.p + 1))

    def limit(self, machine: Machine) -> tuple[str, float]:  # noqa: D102
        return "arithmetic, float64", path_flops(self.n, self.p) / (machine.peak(self.threads) / 2) * 1e6


def path_flops(n: int, p: int) -> float:
    """Return the operations of the Gram matrix (half of it: it is symmetric), its inverse, and the downdates (a third)."""
    return n * p**2 + p**3 + 2 / 3 * p**3


@functools.lru_cache(maxsize=1)
def sample(n: int, p: int) -> tuple[Doubles, Doubles]:
    """Return X and y."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p))
    b = np.where(rng.random(p) < 0.1, rng.standard_normal(p), 0.0)
    return X, X @ b + rng.standard_normal(n)


def check_losses(data: Any, model: PrunedLinearRegression) -> None:
    """Compare the losses of all sizes with refits: by one QR factorization, since the models are nested."""
    X, y = data
    order = model.elimination_order_[::-1]
    assert np.array_equal(np.sort(order), np.arange(X.shape[1]))
    columns = np.column_stack([np.ones(len(y)), X[:, order], y])
    root = np.asarray(np.linalg.qr(columns, mode="r"))
    left = root[1:, -1] ** 2
    expected = np.cumsum(left[::-1])[::-1]
    assert np.allclose(np.asarray(model.path_.table()["rss"]), expected, rtol=1e-9, atol=0)
