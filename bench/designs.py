"""Regressions drawn at random, of whose coefficients a few are not zero."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from prunus._base.arrays import Doubles, Places


class Drawn(NamedTuple):
    """A sample, and the truth."""

    X: Doubles  # (n, p)
    y: Doubles  # (n,)
    truth: Places  # the columns whose coefficients are not zero, ascending


@dataclass(frozen=True)
class Design:
    """How correlated the columns are, and what the coefficients are like.

    "neighbours": correlation rho^|i - j|; "equal": rho between any two. Coefficients as T. Hastie, R. Tibshirani and
    R. Tibshirani, "Best subset, forward stepwise or lasso?", 2020, number them: "1", ones at equal distances; "2", ones in the
    first columns; "3", from 10 down to 0.5 in the first columns; and "signs", from 0.5 to 1.5 of either sign, anywhere. `snr`
    is the variance of X @ b over that of the noise.
    """

    correlation: str
    rho: float
    coefficients: str
    n_true: int
    snr: float
    n: int = 100
    p: int = 300

    def draw(self, seed: tuple[int, ...]) -> Drawn:
        """Return a sample."""
        rng = np.random.default_rng(seed)
        b = self._coefficients(rng)
        Z = rng.standard_normal((self.n, self.p))
        truth = np.flatnonzero(b)
        if self.correlation == "neighbours":
            X, distance = neighbours(Z, self.rho), np.abs(truth[:, None] - truth)
            covariance = self.rho**distance
        else:
            X = equal(Z, rng.standard_normal((self.n, 1)), self.rho)
            covariance = np.where(np.eye(len(truth), dtype=np.bool_), 1.0, self.rho)
        noise = math.sqrt(b[truth] @ covariance @ b[truth] / self.snr)
        return Drawn(X, X @ b + noise * rng.standard_normal(self.n), truth)

    def _coefficients(self, rng: np.random.Generator) -> Doubles:
        b, k = np.zeros(self.p), self.n_true
        if self.coefficients == "1":
            b[np.round(np.linspace(1, self.p, k)).astype(int) - 1] = 1.0
        elif self.coefficients == "2":
            b[:k] = 1.0
        elif self.coefficients == "3":
            b[:k] = np.linspace(10, 0.5, k)
        else:
            b[rng.permutation(self.p)[:k]] = rng.choice([-1.0, 1.0], k) * rng.uniform(0.5, 1.5, k)
        return b


def neighbours(Z: Doubles, rho: float) -> Doubles:
    """Return columns of correlation rho^|i - j|, from independent ones."""
    X = np.empty_like(Z)
    X[:, 0] = Z[:, 0]
    for j in range(1, Z.shape[1]):
        X[:, j] = rho * X[:, j - 1] + math.sqrt(1 - rho**2) * Z[:, j]
    return X


def equal(Z: Doubles, common: Doubles, rho: float) -> Doubles:
    """Return columns of correlation rho, from independent ones and one that they have in common."""
    return math.sqrt(rho) * common + math.sqrt(1 - rho) * Z


DESIGNS: Mapping[str, Design] = {
    **{
        f"neighbours {rho}, coefficients {kind}, SNR 6": Design("neighbours", rho, kind, 10, 6.0)
        for rho in (0.35, 0.7)
        for kind in ("1", "2", "3")
    },
    "equal 0.9, SNR 6": Design("equal", 0.9, "signs", 10, 6.0),
    "equal 0.95, no noise": Design("equal", 0.95, "signs", 12, math.inf),
}


def abess_design(rho: float, seed: int, n: int, p: int, n_true: int) -> Drawn:
    """Return a sample of the design of abess's own comparison: a very strong signal, noise of variance 1."""
    rng = np.random.default_rng((20, seed))
    X = equal(rng.standard_normal((n, p)), rng.standard_normal((n, 1)), rho)
    least = 5 * math.sqrt(2 * math.log(p) / n)
    truth = np.sort(rng.permutation(p)[:n_true])
    return Drawn(X, X[:, truth] @ rng.uniform(least, 100 * least, n_true) + rng.standard_normal(n), truth)


def f1(chosen: Places, truth: Places) -> float:
    """Return the harmonic mean of precision and recall of a support."""
    return 2 * len(np.intersect1d(chosen, truth)) / max(len(chosen) + len(truth), 1)
