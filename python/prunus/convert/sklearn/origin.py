"""Where a network came from: an estimator in plain JSON values, so that `to_sklearn` can make one like it."""

from __future__ import annotations

from typing import Any

import sklearn
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from prunus._base import NotSupportedError, check
from prunus.convert.sklearn import codec, front, learnt, objectives
from prunus.convert.sklearn.base import Row, feature_names, made
from prunus.convert.sklearn.kinds import KINDS, kind_of
from prunus.network import Provenance


def unwrapped(estimator: Any) -> Any:
    """Return the estimator within a search, the best one, or within what keeps it from being fitted again."""
    while isinstance(estimator, (FrozenEstimator, BaseSearchCV)):
        if isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        else:
            check_is_fitted(estimator, "best_estimator_")
            estimator = estimator.best_estimator_
    if isinstance(estimator, Pipeline) and isinstance(estimator.steps[-1][1], (FrozenEstimator, BaseSearchCV)):
        *before, (name, last) = estimator.steps
        return Pipeline([*before, (name, unwrapped(last))])
    return estimator


def steps_of(estimator: Any) -> list[tuple[str, Any]]:
    """Return the named steps that do something, fitted scalers and the model after them; a model alone has no name."""
    if not isinstance(estimator, Pipeline):
        return [("", estimator)]
    steps = [(name, step) for name, step in estimator.steps if not front.is_nothing(step)]
    if not steps:
        raise check.error(
            NotSupportedError, "estimator", "expected a Pipeline with a model in it, got one without steps"
        )
    for name, step in steps[:-1]:
        front.require(name, step)
    return steps


def described(estimator: Any) -> dict[str, Any]:
    """Return the origin of an estimator, fitted or not."""
    estimator = unwrapped(estimator)
    *before, (name, last) = steps_of(estimator)
    kind = kind_of(last)
    steps = [front.described(*step) for step in before]
    names = [step["feature_names"] for step in steps] + [feature_names(last)]
    return {
        "library": "sklearn",
        "version": sklearn.__version__,
        "pipeline": isinstance(estimator, Pipeline),
        "provenance": _provenance(last, next(filter(None, names), None)).to_json(),
        "scalers": steps,
        "model": {
            "class": type(last).__name__,
            "name": name,
            "params": codec.plain(last.get_params(deep=False)),
            "coef_ndim": _ndim(last, "coef_"),
            "intercept_ndim": _ndim(last, "intercept_"),
            "sparse": hasattr(getattr(last, "coef_", None), "toarray"),
            "learnt": learnt.described(last, kind.learns),
            "feature_names": names[-1],
        },
    }


def _provenance(model: Any, names: list[str] | None) -> Provenance:
    """Say of a model, fitted or not, what others than its converter may ask."""
    params = model.get_params(deep=False)
    positive = bool(params.get("positive", False))
    objective = (objectives.own if positive else kind_of(model).objective)(model)
    return Provenance(
        "sklearn",
        type(model).__name__,
        names,
        bool(params.get("fit_intercept", True)),
        positive=positive,
        **objective._asdict(),
    )


def unfitted(row: Row) -> Any:
    """Return an estimator with the parameters of one that was described."""
    return made(KINDS[row["class"]].cls, codec.restored(row["params"]))


def _ndim(estimator: Any, name: str) -> int | None:
    """Number of dimensions of a number, an array or a sparse one; None if there is none."""
    return getattr(getattr(estimator, name), "ndim", 0) if hasattr(estimator, name) else None
