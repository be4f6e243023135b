"""What the estimators that choose features have in common: their parameters, checked, and the search."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import KFold, check_cv
from sklearn.utils.validation import _check_sample_weight

from prunus import _check, _threads
from prunus._samples import is_sparse
from prunus.solving.gram import Doubles
from prunus.solving.methods import METHODS
from prunus.solving.problem import Regression
from prunus.solving.selecting import SELECTIONS, Options, Selection, select_subset
from prunus.solving.systems import Places
from prunus.solving.units import groups_of, keep_of, units_of

# What scikit-learn checks of X and y, and turns them into.
VALIDATION: dict[str, Any] = {
    "accept_sparse": "csr",
    "dtype": [np.float64, np.float32],
    "multi_output": True,
    "y_numeric": True,
    "ensure_min_samples": 2,
}


def search(
    X: Any,
    y: Any,
    sample_weight: Any,
    *,
    n_nonzero: Any,
    name: str,
    method: Any,
    select: Any,
    one_se: Any,
    cv: Any,
    groups: Any,
    keep: Any,
    alpha: Any,
    fit_intercept: Any,
    max_nonzero: Any,
) -> tuple[Selection, Doubles]:
    """Return the selection, and by how much its intercepts have to be moved; X and y have been validated by scikit-learn.

    `name` is that of the parameter n_nonzero in messages.
    """
    n_features = X.shape[1]
    _check.one_of("method", method, ["auto", *METHODS])
    _check.one_of("select", select, SELECTIONS)
    targets = np.ascontiguousarray(y.reshape(len(y), -1), np.float64)
    labels, stays = groups_of(groups, n_features), keep_of(keep, n_features)
    if method != "auto":
        _require_fit(method, labels is not None, targets.shape[1])
    units = units_of(np.arange(n_features), labels, stays, n_features)
    options = Options(
        _size(name, n_nonzero, n_features, units.n, units.n_stay),
        method,
        select,
        _check.flag("one_se", one_se),
        None if max_nonzero is None else _check.integer("max_nonzero", max_nonzero, minimum=units.n_stay),
        _threads.resolve(None),
    )
    penalty = _check.number("alpha", alpha, 0, np.finfo(np.float64).max)
    weight = _weight(X, sample_weight)
    # A constant y is then zero to the last digit.
    offset = targets[0].copy() if _check.flag("fit_intercept", fit_intercept) else np.zeros(targets.shape[1])
    data = Regression(canonical(X), targets - offset, weight, bool(fit_intercept), penalty, labels, stays)
    needs_folds = options.n_nonzero is None and select == "cv"
    folds = _folds(_splitter(cv, len(y), y).split(X, y), weight) if needs_folds else []
    return select_subset(data, folds, options), offset


def _require_fit(method: str, has_groups: bool, n_out: int) -> None:
    takes = METHODS[method]
    if has_groups and not takes.takes_groups:
        raise ValueError(
            f"groups: expected None with method {method!r}, which chooses single features; 'obs' takes them"
        )
    if n_out > 1 and not takes.takes_outputs:
        raise ValueError(f"method: expected one of obs, forward, swap, iht for {n_out} outputs, got {method!r}")


def _size(name: str, value: Any, n_features: int, n_units: int, n_stay: int) -> int | None:
    """Return how many units are wanted; None: choose."""
    if isinstance(value, str):
        _check.one_of(name, value, ["auto"])
        return None
    if isinstance(value, (float, np.floating)):
        size = round(_check.number(name, value, 0, 1) * n_units)
    else:
        size = _check.integer(name, value, minimum=0)
    if size > n_units:
        count = f"n_features={n_units}" if n_units == n_features else f"n_groups={n_units}"
        raise ValueError(f"{name}: expected at most {count}, got {size}")
    if size < n_stay:
        raise ValueError(f"{name}: expected at least {n_stay}, the number of features or groups in keep, got {size}")
    return size


def _weight(X: Any, sample_weight: Any) -> Doubles:
    weight = np.asarray(_check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True))
    if not weight.any():
        raise ValueError("sample_weight: expected nonnegative numbers that are not all zero")
    return weight


def canonical(X: Any) -> Any:
    """Return sparse X as a csr_array whose rows have each column once, in order; anything else as it is."""
    if not is_sparse(X):
        return X
    from scipy.sparse import csr_array

    rows = csr_array(X, dtype=np.float64)
    if not rows.has_canonical_format:  # entries of one place count together, as in SciPy; the caller's stay as they are
        rows = rows.copy()
        rows.sum_duplicates()
    return rows


def _folds(splits: Any, weight: Doubles) -> list[tuple[Places, Places]]:
    """Return the samples of each fold by their numbers; masks and negative numbers are what they are in scikit-learn."""
    every = np.arange(len(weight))
    folds = [(every[_rows(train)], every[_rows(test)]) for train, test in splits]
    if not all(weight[train].any() for train, _ in folds):
        raise ValueError("cv: expected a training sample of positive weight in every fold, got none")
    return folds


def _rows(which: Any) -> Any:
    rows = np.asarray(which)
    return rows if rows.size else rows.astype(np.int64)


def _splitter(cv: Any, n_samples: int, y: Any) -> Any:
    if cv is None:
        return KFold(min(5, n_samples))
    return check_cv(cv, y, classifier=False)
