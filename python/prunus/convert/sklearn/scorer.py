"""scikit-learn's scorers, of an engine."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.metrics._scorer import _BaseScorer

from prunus._base import Doubles, check
from prunus.engine import Engine

Score = Callable[[Engine, Any, Any, "Doubles | None"], float]


class _Running(BaseEstimator):  # type: ignore[misc]
    """What a scorer takes for an estimator."""

    def __init__(self, engine: Any = None) -> None:
        self.engine = engine

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: Any) -> npt.NDArray[Any]:
        return self.engine.predict(X)  # type: ignore[no-any-return]


class _Regression(RegressorMixin, _Running):  # type: ignore[misc]
    pass


class _Classification(ClassifierMixin, _Running):  # type: ignore[misc]
    @property
    def classes_(self) -> npt.NDArray[Any]:
        network = self.engine.network
        return np.arange(network.n_out) if network.is_multilabel else network.classes

    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        return self.engine.predict_proba(X)  # type: ignore[no-any-return]

    def decision_function(self, X: Any) -> npt.NDArray[Any]:
        raw = self.engine(X)
        return raw[:, 0] if self.engine.network.labels.is_binary else raw  # type: ignore[no-any-return]


def scorer(scoring: Any) -> tuple[str, Score]:
    """Return the name and the function of a scorer: of an engine, X, y and sample weights, None where all count the same."""
    if isinstance(scoring, str):
        check.one_of("scoring", scoring, get_scorer_names())
        name, function = scoring, get_scorer(scoring)
    else:
        metric = getattr(scoring, "_score_func", scoring)
        # No name of scikit-learn's, so that a file, which cannot hold the callable, is not scored by another one.
        name, function = f"{getattr(metric, '__name__', type(scoring).__name__)}()", scoring

    own = signature(function._score_func if isinstance(function, _BaseScorer) else function)
    parameters = own.parameters

    def score(engine: Engine, X: Any, y: Any, weights: Doubles | None) -> float:
        kind = _Regression if engine.network.classes is None else _Classification
        takes_weights = weights is not None and "sample_weight" in parameters
        value = function(kind(engine), X, y, **({"sample_weight": weights} if takes_weights else {}))
        return check.number("scoring", value)

    return name, score
