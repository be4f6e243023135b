"""Where a warning points: at the line that called the package, whichever way led from there to the warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import prunus
from prunus.feature_selection import PruneSelector
from prunus.linear_model import PrunedLinearRegression


def fitted_far_from_zero() -> Any:
    X = np.random.default_rng(0).standard_normal((40, 3))
    model = make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(5,), max_iter=2, random_state=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X + 1e7, X[:, 0])


X = np.random.default_rng(0).standard_normal((60, 6))
TWICE = np.hstack([X, X])
Y = X[:, 0] + np.random.default_rng(1).standard_normal(60)
# Two columns a billionth apart, two a millionth.
Q = np.linalg.qr(np.random.default_rng(0).standard_normal((400, 126)))[0]
COEF = np.array([0.5**0.5, *np.arange(130.0, 9, -1), 50, 50, 1, 0])
CLOSE = Q.copy()
CLOSE[:, 125] = Q[:, 124] + 1e-9 * Q[:, 125]
CLOSE[:, 123] = Q[:, 122] + 1e-6 * Q[:, 123]
FAR = fitted_far_from_zero()


CALLS: dict[str, tuple[Callable[[], Any], str]] = {
    "from_sklearn": (lambda: prunus.from_sklearn(FAR), "loses accuracy"),
    "as_network": (lambda: prunus.as_network(FAR), "loses accuracy"),
    "prune": (lambda: prunus.prune(FAR, sparsity=0.5), "loses accuracy"),
    "fit": (lambda: PrunedLinearRegression(10).fit(TWICE, Y), "a model of 10 was asked for"),
    "select": (lambda: PruneSelector(10).fit(TWICE, Y), "a model of 10 was asked for"),
    "fit_transform": (lambda: PruneSelector(10).fit_transform(TWICE, Y), "a model of 10 was asked for"),
    "a pipeline": (
        lambda: make_pipeline(StandardScaler(), PrunedLinearRegression(10)).fit(TWICE, Y),
        "a model of 10 was asked for",
    ),
    "cross-validation": (
        lambda: cross_val_score(PrunedLinearRegression(10), TWICE, Y, cv=2),
        "a model of 10 was asked for",
    ),
    "ill-conditioned": (
        lambda: PrunedLinearRegression(5, method="obs", fit_intercept=False).fit(CLOSE, Q @ COEF),
        "ill-conditioned",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_warning_points_at_the_caller(name: str) -> None:
    call, message = CALLS[name]
    with pytest.warns(UserWarning if "loses" in message else RuntimeWarning, match=message) as caught:
        call()
    assert {(warning.filename, warning.lineno) for warning in caught} <= {
        (__file__, line) for line in range(call.__code__.co_firstlineno, call.__code__.co_firstlineno + 4)
    }
