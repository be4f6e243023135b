"""skglm: the lasso, its strength by cross-validation, compiled when it is first called."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.cases.regression_wide import N_FOLDS
from bench.contenders.base import Contender


def _wide(case: Any) -> Any:  # noqa: ARG001
    from skglm import GeneralizedLinearEstimatorCV
    from skglm.datafits import Quadratic
    from skglm.penalties import L1
    from skglm.solvers import AndersonCD

    # On one thread: in processes it copies X for every one of a hundred strengths.
    solver = AndersonCD(fit_intercept=True, warm_start=True)
    model = GeneralizedLinearEstimatorCV(Quadratic(), L1(1.0), solver, cv=N_FOLDS, random_state=0)
    rng = np.random.default_rng(0)
    model.fit(rng.standard_normal((50, 60)), rng.standard_normal(50))  # compiles

    def ready(data: Any) -> Any:
        X, y, _ = data
        solver.tol = 1e-4 * np.abs(X.T @ y).max() / len(y)  # it is absolute, the others' are relative to y
        return lambda: model.fit(X, y)

    return ready


CONTENDERS = [
    Contender(
        "skglm lasso", "regression-wide", _wide, lambda result: (np.flatnonzero(result.coef_), False), needs="skglm"
    )
]
