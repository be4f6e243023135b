"""Remove weights of a layer one after the other, the rest refitted: all sparsities exactly, or one in the order of columns."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bench.cases.base import Case
from bench.machine import Machine
from prunus._base.arrays import Bools, Doubles

WIDTH = 128  # of the blocks of columns in which rows choose
_KEPT = 13  # of each block
_CHECKED = 3  # rows that are computed anew


@dataclass(frozen=True)
class SurgeryCase(Case):
    """`n_rows` neurons of `p` inputs, whose Gram matrix is given, in float64."""

    order: str  # "exact": what each row loses first; "columns": the best nine tenths of each block
    n_rows: int
    p: int
    threads: int
    kind = "surgery"
    dtype: ClassVar[str] = "float64"

    @classmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:  # noqa: D102
        if quick:
            yield from (cls("exact", 8, 60, threads), cls("columns", 128, 128, threads))
        else:
            # Rows have nothing to do with one another: NumPy takes a second for each.
            yield from (cls("exact", 20, 784, threads), cls("columns", 1024, 1024, threads))

    @classmethod
    def grid(cls, threads: int) -> Iterator[Case]:  # noqa: D102
        yield from (cls("exact", 300, 784, threads), cls("columns", 1024, 1024, threads))
        yield cls("columns", 4096, 4096, threads)

    @property
    def title(self) -> str:  # noqa: D102
        return f"{self.order}, {self.n_rows} rows of {self.p} inputs, {self.threads} threads"

    def data(self, seed: int) -> Any:  # noqa: D102, ARG002 - nothing is kept from one round to the next
        return layer(self.n_rows, self.p)

    def check(self, data: Any, result: Any) -> None:
        """Exact: each row's order, and its costs in it. Columns: the weights of rows that chose alike."""
        gram, weights, kept = data
        some = weights[:_CHECKED]
        if self.order == "exact":
            orders, costs = result
            assert len(orders) == len(costs) == len(weights)
            expected, highest = exact(gram, some)
            # Products of p terms; two weights that are about as good may change their turns.
            assert np.mean(orders[:_CHECKED] == expected) > 0.98
            assert np.allclose(costs[:_CHECKED], highest, rtol=1e-6, atol=0)
            return
        found, mask = result
        assert np.array_equal(
            mask.reshape(len(mask), -1, WIDTH).sum(axis=2), kept.reshape(len(kept), -1, WIDTH).sum(axis=2)
        )
        expected, chosen = in_columns(gram, some, kept[:_CHECKED])
        alike = (chosen == mask[:_CHECKED]).all(axis=1)
        assert alike.any()
        assert np.allclose(found[:_CHECKED][alike], expected[alike], rtol=0, atol=1e-8 * np.abs(some).max())

    def limit(self, machine: Machine) -> tuple[str, float]:
        """Multiplications and additions: p^3 / 4 for each row; n p^2 / 2 for the weights, p^3 / 2 for the factor."""
        p = self.p
        flops = self.n_rows * p**3 / 2 if self.order == "exact" else self.n_rows * p**2 + p**3
        return "arithmetic, float64", flops / (machine.peak(self.threads) / 2) * 1e6


@functools.lru_cache(maxsize=1)
def layer(n_rows: int, p: int) -> tuple[Doubles, Doubles, Bools]:
    """Return the Gram matrix of correlated inputs, with a ridge, the weights, and how many each block of columns keeps."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2 * p, p)) + rng.standard_normal((2 * p, 1))
    gram = X.T @ X / len(X) + 1e-2 * np.eye(p)
    kept = np.tile(np.arange(p) % WIDTH < _KEPT, (n_rows, 1))
    return gram, rng.standard_normal((n_rows, p)), kept


def exact(gram: Doubles, weights: Doubles) -> tuple[Any, Doubles]:
    """Return for each row the order in which weights go, and what the loss rises by at most until then.

    E. Frantar, D. Alistarh, "Optimal brain compression", 2022.
    """
    whole = np.linalg.inv(gram)
    orders, highest = np.empty(weights.shape, np.intp), np.empty(weights.shape)
    for row, order, rises in zip(weights, orders, highest, strict=True):
        w, inverse = row.copy(), whole.copy()
        there = np.ones(len(w), np.bool_)
        for step in range(len(w)):
            costs = np.where(there, w**2 / inverse.diagonal(), np.inf)
            j = int(np.argmin(costs))
            order[step], rises[step] = j, costs[j]
            w -= inverse[:, j] * (w[j] / inverse[j, j])
            inverse -= np.outer(inverse[:, j], inverse[j] / inverse[j, j])
            there[j] = False
            w[j], inverse[j], inverse[:, j], inverse[j, j] = 0, 0, 0, 1
    return orders, np.maximum.accumulate(highest, axis=1)


def in_columns(gram: Doubles, weights: Doubles, kept: Bools) -> tuple[Doubles, Bools]:
    """Return the weights that are left and which: column by column (E. Frantar, D. Alistarh, "SparseGPT", 2023)."""
    root = np.ascontiguousarray(np.linalg.cholesky(np.linalg.inv(gram)).T)
    w, mask = weights.copy(), np.zeros(kept.shape, np.bool_)
    for begin in range(0, len(gram), WIDTH):
        end = min(begin + WIDTH, len(gram))
        part, u = w[:, begin:end].copy(), root[begin:end, begin:end]
        scores = (part / u.diagonal()) ** 2
        rank = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1)
        stays = rank < kept[:, begin:end].sum(axis=1)[:, None]
        lost = np.zeros(part.shape)
        for j in range(end - begin):
            value = np.where(stays[:, j], part[:, j], 0)
            lost[:, j] = (part[:, j] - value) / u[j, j]
            part[:, j:] -= np.outer(lost[:, j], u[j, j:])
            part[:, j] = value
        w[:, begin:end], mask[:, begin:end] = part, stays
        w[:, end:] -= lost @ root[begin:end, end:]
    return w, mask
