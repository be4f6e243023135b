"""Validate the models of all sizes: leave-one-out and cross-validation, beside the path alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import KFold

from bench.cases.base import Case
from bench.cases.regression_path import check_losses, path_flops, sample
from bench.machine import Machine
from prunus._base.arrays import Doubles
from prunus.linear_model import PrunedLinearRegression

N_FOLDS = 10


@dataclass(frozen=True)
class RegressionValidationCase(Case):
    """As the path's; what takes part differs by `select`."""

    n: int
    p: int
    threads: int
    with_elimination: bool  # in every fold by refits, which takes half an hour for hundreds of features
    kind = "regression-validation"

    @classmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:  # noqa: D102
        n, sizes = (200, (10, 15, 20)) if quick else (5000, (100, 200, 500))
        yield from (cls(n, p, threads, p < sizes[-1]) for p in sizes)

    @property
    def title(self) -> str:  # noqa: D102
        return f"validate all {self.p} sizes, {self.n} x {self.p}, {self.threads} threads"

    def data(self, seed: int) -> Any:  # noqa: D102, ARG002 - nothing is kept from one round to the next
        return sample(self.n, self.p)

    def check(self, data: Any, result: Any) -> None:
        """Ours gives an error for every size; scikit-learn a score."""
        if not isinstance(result, PrunedLinearRegression):
            assert len(result) == self.p
            assert np.isfinite(result).all()
            return
        check_losses(data, result)
        X, y = data
        table = result.path_.table()
        if result.select == "loo":
            for k in {0, 1, self.p // 10, self.p // 2, self.p}:
                model = result.path_.at(k)
                expected = _left_out(X[:, model.support_], y)
                assert np.isclose(np.asarray(table["loo"])[k], expected, rtol=1e-9, atol=0)
        elif result.select == "cv":
            # With all features there is no search to repeat.
            errors = [_error(X[a], y[a], X[b], y[b]) for a, b in KFold(N_FOLDS).split(X)]
            assert np.isclose(np.asarray(table["cv_mean"])[-1], np.mean(errors), rtol=1e-9, atol=0)

    def limit(self, machine: Machine) -> tuple[str, float]:  # noqa: D102 - the path's, without validation
        return "path's arithmetic", path_flops(self.n, self.p) / (machine.peak(self.threads) / 2) * 1e6


def _left_out(x: Doubles, y: Doubles) -> float:
    q = np.linalg.qr(np.column_stack([np.ones(len(y)), x]))[0]
    error = (y - q @ (q.T @ y)) / (1 - (q**2).sum(axis=1))
    return float(np.mean(error**2))


def _error(x: Doubles, y: Doubles, other: Doubles, expected: Doubles) -> float:
    b = np.linalg.lstsq(np.column_stack([np.ones(len(y)), x]), y, rcond=None)[0]
    return float(np.mean((expected - b[0] - other @ b[1:]) ** 2))
