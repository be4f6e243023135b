"""The fit of the estimator that a network came from, of one output on the columns that are left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from prunus._base import Doubles, NotSupportedError, check
from prunus.convert.sklearn import codec, origin
from prunus.convert.sklearn.kinds import KINDS
from prunus.network import Network

OwnFit = Callable[[Any, Doubles, "Doubles | None"], tuple[Doubles, float]]

# What belongs to all columns and classes, or to an earlier fit.
_PLAIN = {"class_weight": None, "warm_start": False, "precompute": False, "n_jobs": None}


def own_fit(network: Network, seed: int) -> OwnFit | None:
    """Return what fits one output to samples (n, k), targets (n,) and weights (n,), or None for such as count the same.

    The targets of a classifier are 0 and 1. Returns coefficients (k,) and the intercept. `seed` stands for a random state that
    the estimator was not given. None: the network came from no estimator of scikit-learn.
    """
    source = network.origin
    if source is None or source.get("library") != "sklearn":
        return None
    row = source["model"]
    kind = KINDS[row["class"]]
    model = kind.alone(origin.unfitted(row), codec.restored(row.get("learnt", {})))
    params = model.get_params(deep=False)
    if "random_state" in params and params["random_state"] is None:
        model.set_params(random_state=seed)
    model.set_params(**{name: value for name, value in _PLAIN.items() if name in params})

    def fit(X: Any, target: Doubles, weights: Doubles | None) -> tuple[Doubles, float]:
        n, n_columns = X.shape
        fitted = clone(model)
        if n_columns == 0:
            X = np.zeros((n, 1))  # the intercept alone
        if not isinstance(X, np.ndarray) and not fitted.__sklearn_tags__().input_tags.sparse:
            X = X.toarray()
        y = target.astype(np.int64) if kind.classifier else target
        if kind.classifier and len(np.unique(y)) < 2:
            raise check.error(ValueError, "y", f"expected samples of two classes to fit {row['class']} to, got one")
        fitted.fit(X, y, **_weights(fitted, weights))
        return np.ravel(fitted.coef_)[:n_columns].astype(np.float64), float(np.ravel(fitted.intercept_)[0])

    return fit


def _weights(model: Any, weights: Doubles | None) -> dict[str, Doubles]:
    if weights is None:
        return {}
    if not has_fit_parameter(model, "sample_weight"):
        raise check.error(
            NotSupportedError,
            "sample_weight",
            f"expected None for the refit of {type(model).__name__}, which takes none",
        )
    return {"sample_weight": weights}
