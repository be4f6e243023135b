"""abess: subsets of every size by splicing."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.cases.regression_wide import N_FOLDS
from bench.contenders.base import Contender


def _wide(case: Any) -> Any:
    from abess import LinearRegression

    sizes = range(case.largest + 1)
    model = LinearRegression(support_size=sizes, cv=N_FOLDS, thread=case.threads)
    return lambda data: lambda: model.fit(*data[:2])


CONTENDERS = [
    Contender("abess", "regression-wide", _wide, lambda result: (np.flatnonzero(result.coef_), False), needs="abess")
]
