"""scikit-learn: its own predict of the same network; eliminations by refits, the lasso and matching pursuit."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.feature_selection import RFE, RFECV
from sklearn.linear_model import LassoCV, LinearRegression, OrthogonalMatchingPursuitCV
from sklearn.neural_network import MLPClassifier

import prunus
from bench.cases.regression_validation import N_FOLDS
from bench.cases.regression_wide import N_FOLDS as N_WIDE_FOLDS
from bench.contenders.base import Contender


def _mlp(case: Any) -> Any:
    estimator = prunus.to_sklearn(case.network, like=MLPClassifier())
    return lambda data: lambda: estimator.predict(data)


def _pipeline(case: Any) -> Any:
    estimator = prunus.to_sklearn(case.pruned)
    return lambda data: lambda: estimator.predict(data)


def _eliminate(case: Any) -> Any:  # noqa: ARG001
    rfe = RFE(LinearRegression(), n_features_to_select=1, step=1)
    return lambda data: lambda: rfe.fit(*data)


def _eliminate_in_folds(case: Any) -> Any:
    rfe = RFECV(LinearRegression(), step=1, cv=N_FOLDS, n_jobs=case.threads)
    return lambda data: lambda: rfe.fit(*data)


def _lasso(case: Any) -> Any:
    lasso = LassoCV(cv=N_WIDE_FOLDS, n_jobs=case.threads)
    return lambda data: lambda: lasso.fit(*data[:2])


def _pursue(case: Any) -> Any:
    pursuit = OrthogonalMatchingPursuitCV(cv=N_WIDE_FOLDS, max_iter=case.largest, n_jobs=case.threads)
    return lambda data: lambda: pursuit.fit(*data[:2])


def _support(model: Any) -> Any:
    return np.flatnonzero(model.coef_), False


CONTENDERS = [
    Contender("scikit-learn predict", "mlp", _mlp, takes=lambda case: case.network_name == "digits"),
    Contender("scikit-learn predict", "pipeline", _pipeline),
    Contender(
        "scikit-learn RFE",
        "regression-path",
        _eliminate,
        lambda result: result.ranking_,
        takes=lambda case: case.with_elimination,
    ),
    Contender(
        "scikit-learn RFECV",
        "regression-validation",
        _eliminate_in_folds,
        lambda result: result.cv_results_["mean_test_score"],
        takes=lambda case: case.with_elimination,
    ),
    Contender("scikit-learn LassoCV", "regression-wide", _lasso, _support),
    Contender("scikit-learn OrthogonalMatchingPursuitCV", "regression-wide", _pursue, _support),
]
