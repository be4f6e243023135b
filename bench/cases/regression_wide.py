"""Find few features among thousands, how many by cross-validation: the comparison of abess's documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.cases.base import Case
from bench.designs import abess_design, f1
from bench.machine import Machine

N_FOLDS = 5


@dataclass(frozen=True)
class RegressionWideCase(Case):
    """Features of the same correlation `rho`, ten of them with large coefficients; fresh in every round."""

    n: int
    p: int
    rho: float
    largest: int  # size that is tried
    threads: int
    n_true: int = 10
    kind = "regression-wide"
    checks_every_round = True

    @classmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:  # noqa: D102
        n, p, largest = (150, 300, 20) if quick else (500, 8000, 99)
        yield from (cls(n, p, rho, largest, threads) for rho in (0.1, 0.7))

    @property
    def title(self) -> str:  # noqa: D102
        facts = f"{self.n} x {self.p}, correlation {self.rho}, sizes to {self.largest}, {N_FOLDS} folds"
        return f"find {self.n_true} features, {facts}, {self.threads} threads"

    def data(self, seed: int) -> Any:  # noqa: D102
        return abess_design(self.rho, seed, self.n, self.p, self.n_true)

    def check(self, data: Any, result: Any) -> None:
        """Ours must have all true features; a rival is right however near it comes. How near each comes, `facts` tell.

        What there is beside them is for cross-validation to say, which takes one or two features too many now and then, and
        so does abess: in one or two samples of twenty.
        """
        chosen, must_have_all = result
        assert len(chosen)
        assert not must_have_all or np.isin(data[2], chosen).all()

    def facts(self, data: Any, result: Any) -> Mapping[str, float]:  # noqa: D102
        return {"F1": f1(result[0], data[2]), "features": float(len(result[0]))}

    def limit(self, machine: Machine) -> tuple[str, float]:  # noqa: D102
        return "memory, X once", self.n * self.p * 8 / machine.bandwidth(self.threads) * 1e6
