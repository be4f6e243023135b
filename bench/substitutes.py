"""Our estimators behind the constructors of scikit-learn's, and a pytest plugin that puts them in their place.

Loaded by bench.conformance: pytest -p bench.substitutes --substitute linear_model.Ridge --outcomes FILE --pyargs MODULE. A test
module of scikit-learn that is collected then imports ours; scikit-learn itself has imported its own before.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import feature_selection
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import _routing_enabled, process_routing

from prunus.feature_selection import PruneSelector
from prunus.linear_model import PrunedLinearRegression

_used: list[str] = []  # substitutes that were fitted in this test


def _note(estimator: Any) -> None:
    _used.append(type(estimator).__name__)


class _Regression(PrunedLinearRegression):
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Any:
        _note(self)
        if getattr(self, "positive", False):
            pytest.skip("coefficients that are all positive")
        return super().fit(X, y, sample_weight, **params)


class LinearRegression(_Regression):
    """Least squares on all features."""

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        tol: float = 1e-6,
        n_jobs: int | None = None,
        positive: bool = False,
    ) -> None:
        super().__init__(1.0, fit_intercept=fit_intercept)
        self.copy_X, self.tol, self.n_jobs, self.positive = copy_X, tol, n_jobs, positive


class Ridge(_Regression):
    """A ridge penalty on all features."""

    def __init__(
        self,
        alpha: Any = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-4,
        solver: str = "auto",
        positive: bool = False,
        random_state: Any = None,
    ) -> None:
        super().__init__(1.0, alpha=alpha, fit_intercept=fit_intercept)
        self.copy_X, self.max_iter, self.tol, self.solver = copy_X, max_iter, tol, solver
        self.positive, self.random_state = positive, random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Any:
        """Skip what is another model."""
        _note(self)
        if np.ndim(self.alpha):
            pytest.skip("a penalty for each output")
        self.solver_ = self.solver  # which some tests ask for after the coefficients
        return super().fit(X, y, sample_weight, **params)


class Regressor(_Regression):
    """Any regressor, with the options of its constructor left out."""

    def __init__(self, n_nonzero: Any = "auto") -> None:
        super().__init__(n_nonzero)


def _choose(chosen: Any, selector: PruneSelector, X: Any, y: Any, **metadata: Any) -> None:
    """Let ours choose: what it has learnt becomes what `chosen` has."""
    _note(chosen)
    selector.fit(X, y, **metadata)
    vars(chosen).update({name: value for name, value in vars(selector).items() if name.endswith("_")})


class RFE(feature_selection.RFE):  # type: ignore[misc]
    """Choose by the rise of the loss, and fit the given estimator on what is chosen."""

    def fit(self, X: Any, y: Any, **params: Any) -> Any:
        """Choose, and fit."""
        size = 0.5 if self.n_features_to_select is None else self.n_features_to_select
        _choose(self, PruneSelector(size), X, y, sample_weight=params.get("sample_weight"))
        self.estimator_ = clone(self.estimator).fit(self.transform(X), y, **params)
        return self


class RFECV(feature_selection.RFECV):  # type: ignore[misc]
    """Choose by the cross-validated mean squared error, and fit the given estimator on what is chosen."""

    def fit(self, X: Any, y: Any, **params: Any) -> Any:
        """Choose, and fit."""
        routed = process_routing(self, "fit", **params).splitter.split if _routing_enabled() else params
        splitter = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        selector = PruneSelector(min_features_to_select=self.min_features_to_select, cv=splitter)
        _choose(self, selector, X, y, **routed)
        self.estimator_ = clone(self.estimator).fit(self.transform(X), y)
        return self


class SequentialFeatureSelector(feature_selection.SequentialFeatureSelector):  # type: ignore[misc]
    """Choose by the rise or the fall of the loss."""

    def fit(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Choose."""
        if self.tol is not None:
            pytest.skip("a tolerance that ends the search")
        if y is None:
            pytest.skip("no y")
        size = 0.5 if self.n_features_to_select == "auto" else self.n_features_to_select
        _choose(self, PruneSelector(size, method="forward" if self.direction == "forward" else "obs"), X, y, **params)
        self.n_features_to_select_ = self.n_features_
        return self


SUBSTITUTES: dict[str, Any] = {
    "linear_model.LinearRegression": LinearRegression,
    "linear_model.Ridge": Ridge,
    "neighbors.KNeighborsRegressor": Regressor,
    "svm.SVR": Regressor,
    "feature_selection.RFE": RFE,
    "feature_selection.RFECV": RFECV,
    "feature_selection.SequentialFeatureSelector": SequentialFeatureSelector,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take what to put in whose place, and where to write what came."""
    parser.addoption("--substitute", action="append", default=[])
    parser.addoption("--outcomes", type=Path)


def pytest_configure(config: pytest.Config) -> None:
    """Substitute, before a test module is imported."""
    for name in config.getoption("--substitute"):
        module, cls = name.rsplit(".", 1)
        setattr(importlib.import_module(f"sklearn.{module}"), cls, SUBSTITUTES[name])


def pytest_collection_modifyitems(config: pytest.Config, items: list[Any]) -> None:
    """Leave out what names none of them."""
    names = [name.rpartition(".")[2] for name in config.getoption("substitute")]
    found = re.compile(rf"\b({'|'.join(names)})\b")
    items[:] = [item for item in items if found.search(inspect.getsource(item.function))]


def pytest_runtest_setup() -> None:
    """Forget what the test before has used."""
    _used.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Write how a test ended that has fitted a substitute."""
    report: Any = yield
    if call.when == "call" and _used:
        row = {"test": item.nodeid, "outcome": report.outcome, "message": _message(report, call)}
        with item.config.getoption("--outcomes").open("a") as file:
            file.write(json.dumps(row) + "\n")
    return report


def _message(report: Any, call: pytest.CallInfo[None]) -> str:
    if report.passed or call.excinfo is None:
        return ""
    if not report.skipped:
        return call.excinfo.exconly().strip()
    return (
        "what scikit-learn expects to fail"
        if hasattr(report, "wasxfail")
        else str(call.excinfo.value) or "what scikit-learn leaves out"
    )
