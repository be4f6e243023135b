"""What the estimators that choose features have in common: their parameters, checked, and the search."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import KFold, check_cv
from sklearn.utils.validation import _check_sample_weight, validate_data

from prunus import _check, _threads
from prunus._samples import is_sparse
from prunus.solving.gram import Doubles
from prunus.solving.methods import METHODS
from prunus.solving.problem import Regression
from prunus.solving.selecting import SELECTIONS, Options, Selection, select_subset
from prunus.solving.systems import Places
from prunus.solving.units import Units, groups_of, keep_of, units_of

# Outputs between it and its inverse have squares that are numbers, also a trillionth of them and a trillion of them together.
_LEAST = 1e-140


class Found(NamedTuple):
    """What came of a search."""

    selection: Selection
    offset: Doubles  # (n_out,) to be added to the intercepts
    is_flat: bool  # y had one dimension


def search(estimator: Any, size: str, X: Any, y: Any, sample_weight: Any) -> Found:
    """Check the data and an estimator's parameters, and search; `size` names the parameter that says how many features.

    Of a subclass the parameters are these too, whatever its constructor takes.
    """
    X, y = _validated(estimator, X, y)
    n_features, is_flat = X.shape[1], y.ndim == 1
    method = _check.one_of("method", estimator.method, ["auto", *METHODS])
    select = _check.one_of("select", estimator.select, SELECTIONS)
    targets = _check.finite("y", y.reshape(len(y), -1))
    labels = groups_of(estimator.groups, n_features)
    stays = keep_of(estimator.keep, n_features, getattr(estimator, "feature_names_in_", None))
    if method != "auto":
        _require_fit(method, labels is not None, targets.shape[1])
    units = units_of(np.arange(n_features), labels, stays, n_features)
    n_nonzero, most = getattr(estimator, size), estimator.max_nonzero
    options = Options(
        _size(size, n_nonzero, units, labels is not None),
        method,
        select,
        _check.flag("one_se", estimator.one_se),
        None if most is None else _check.integer("max_nonzero", most, minimum=units.n_stay),
        _threads.resolve(None),
    )
    if options.one_se and select != "cv":
        raise ValueError(f"one_se: expected False with select {select!r}, got True: there are no folds")
    penalty = _check.number("alpha", estimator.alpha, 0, np.finfo(np.float64).max)
    weight = _weight(X, sample_weight)
    fit_intercept = _check.flag("fit_intercept", estimator.fit_intercept)
    # A constant y is then zero to the last digit.
    offset = targets[0].copy() if fit_intercept else np.zeros(targets.shape[1])
    centred: Doubles = targets - offset
    largest = float(np.abs(centred).max())
    if largest and not _LEAST < largest < 1 / _LEAST:
        raise ValueError(f"y: expected numbers whose squares can be summed, got {largest} for the largest distance")
    data = Regression(canonical(X), centred, weight, fit_intercept, penalty, labels, stays)
    splitter = _splitter(estimator.cv, len(y), y)
    needs_folds = options.n_nonzero is None and select == "cv"
    folds = _folds(splitter, X, y, weight) if needs_folds else []
    return Found(select_subset(data, folds, options), offset, is_flat)


def _validated(estimator: Any, X: Any, y: Any) -> tuple[Any, Doubles]:
    """Return what scikit-learn makes of X and y, y in float64."""
    if is_sparse(y):
        raise TypeError(f"y: expected a dense array, got {_check.describe(y)}; use y.toarray()")
    X, y = validate_data(
        estimator,
        X,
        y,
        accept_sparse="csr",
        dtype=[np.float64, np.float32],
        multi_output=True,
        ensure_min_samples=2,
    )
    try:
        return X, np.require(y, np.float64, ["C", "A"])
    except (TypeError, ValueError) as error:
        raise type(error)(f"y: {error}") from None


def _require_fit(method: str, has_groups: bool, n_out: int) -> None:
    takes = METHODS[method]
    if has_groups and not takes.takes_groups:
        raise ValueError(
            f"groups: expected None with method {method!r}, which chooses single features; 'obs' takes them"
        )
    if n_out > 1 and not takes.takes_outputs:
        raise ValueError(f"method: expected one of obs, forward, swap, iht for {n_out} outputs, got {method!r}")


def _size(name: str, value: Any, units: Units, has_groups: bool) -> int | None:
    """Return how many units are wanted; None: choose."""
    if isinstance(value, str):
        _check.one_of(name, value, ["auto"])
        return None
    if isinstance(value, (float, np.floating)):
        share = _check.number(name, value, 0, 1)
        size = max(int(share * units.n), int(share > 0))  # as scikit-learn's selectors, but not down to nothing
    else:
        size = _check.integer(name, value, minimum=0)
    what = "groups" if has_groups else "features"
    if size > units.n:
        raise ValueError(f"{name}: expected at most n_{what}={units.n}, got {size}")
    if size < units.n_stay:
        raise ValueError(f"{name}: expected at least {units.n_stay}, the number of {what} in keep, got {size}")
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


def _folds(splitter: Any, X: Any, y: Any, weight: Doubles) -> list[tuple[Places, Places]]:
    """Return the samples of each fold by their numbers; masks and negative numbers are what they are in scikit-learn."""
    every = np.arange(len(weight))
    try:
        folds = [(every[_rows(train)], every[_rows(test)]) for train, test in splitter.split(X, y)]
    except IndexError as error:
        raise ValueError(f"cv: expected masks or numbers of {len(every)} samples, got others: {error}") from None
    except (TypeError, ValueError) as error:
        raise ValueError(f"cv: {error}") from error
    if not all(weight[train].any() for train, _ in folds):
        raise ValueError("cv: expected a training sample of positive weight in every fold, got none")
    return folds


def _rows(which: Any) -> Any:
    rows = np.asarray(which)
    return rows if rows.size else rows.astype(np.int64)


def _splitter(cv: Any, n_samples: int, y: Any) -> Any:
    if cv is None:
        return KFold(min(5, n_samples))
    if isinstance(cv, numbers.Integral):
        return KFold(_check.integer("cv", cv, minimum=2))
    if isinstance(cv, str) or not (hasattr(cv, "split") or isinstance(cv, Iterable)):
        raise TypeError(
            f"cv: expected None, an integer, a splitter or an iterable of (train, test), got {_check.describe(cv)}"
        )
    return check_cv(cv, y, classifier=False)
