"""What the estimators that choose features have in common: their parameters, checked, and the search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import _check_sample_weight, column_or_1d, validate_data

from prunus._base import Doubles, check, resolve_threads
from prunus.data import canonical, is_sparse, naming_columns
from prunus.estimators.splitting import folds_of, metadata_of, splitter_of
from prunus.solving import (
    METHODS,
    SELECTIONS,
    Options,
    Regression,
    SubsetSelection,
    Units,
    groups_of,
    keep_of,
    select_subset,
    units_of,
)

# Outputs between it and its inverse have squares that are numbers, also a trillionth of them and a trillion of them together.
_LEAST = 1e-140


class SearchResult(NamedTuple):
    """What came of a search."""

    selection: SubsetSelection
    offset: Doubles  # (n_out,) to be added to the intercepts
    is_flat: bool  # y had one dimension
    least: int  # the smallest size that could be chosen


def search(estimator: Any, size: str, X: Any, y: Any, sample_weight: Any, metadata: Mapping[str, Any]) -> SearchResult:
    """Check the data and an estimator's parameters, and search; `size` names the parameter that says how many features.

    Of a subclass the parameters are these too, whatever its constructor takes.
    """
    method = check.one_of("method", estimator.method, ["auto", *METHODS])
    select = check.one_of("select", estimator.select, SELECTIONS)
    X, y = _validated(estimator, X, y)
    n_features, is_flat = X.shape[1], y.ndim == 1
    targets = check.finite("y", y.reshape(len(y), -1))
    labels = groups_of(estimator.groups, n_features)
    stays = keep_of(estimator.keep, n_features, getattr(estimator, "feature_names_in_", None))
    if method != "auto":
        _require_fit(method, labels is not None, targets.shape[1])
    units = units_of(np.arange(n_features), labels, stays, n_features)
    sizes = _sizes(estimator, size, units, "features" if labels is None else "groups")
    options = Options(
        sizes.wanted,
        method,
        select,
        check.flag("one_se", estimator.one_se),
        sizes.most,
        resolve_threads(None),
        sizes.least,
    )
    if options.one_se and select != "cv":
        raise check.error(ValueError, "one_se", f"expected False with select {select!r}, got True: there are no folds")
    penalty = check.number("alpha", estimator.alpha, 0, np.finfo(np.float64).max)
    weight = _weight(X, sample_weight)
    fit_intercept = check.flag("fit_intercept", estimator.fit_intercept)
    # A constant y is then zero to the last digit; of a sample that weighs nothing the others need not be near.
    offset = targets[np.argmax(weight > 0)].copy() if fit_intercept else np.zeros(targets.shape[1])
    centred: Doubles = targets - offset
    largest = float(np.abs(centred).max())
    if largest and not _LEAST < largest < 1 / _LEAST:
        raise check.error(
            ValueError, "y", f"expected numbers whose squares can be summed, got {largest} for the largest distance"
        )
    rows = X.astype(np.float64, copy=False) if is_sparse(X) else X
    data = Regression(rows, centred, weight, fit_intercept, penalty, labels, stays)
    splitter, given = splitter_of(estimator.cv, len(y)), metadata_of(estimator, metadata, len(y))
    needs_folds = options.n_nonzero is None and select == "cv"
    folds = folds_of(splitter, X, y, weight, given) if needs_folds else []
    return SearchResult(select_subset(data, folds, options), offset, is_flat, sizes.least)


def takes_outputs(method: Any) -> bool:
    """Return whether a method takes several outputs; what is none may."""
    return not isinstance(method, str) or method not in METHODS or METHODS[method].takes_outputs


def _validated(estimator: Any, X: Any, y: Any) -> tuple[Any, Doubles]:
    """Return what scikit-learn makes of X and y, y in float64."""
    if is_sparse(y):
        raise check.error(TypeError, "y", f"expected a dense array, got {check.describe(y)}; use y.toarray()")
    with naming_columns(X):
        X, y = validate_data(
            estimator,
            taken(X),
            y,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            multi_output=True,
            ensure_min_samples=2,
        )
    if y.ndim == 2 and y.shape[1] == 1 and not takes_outputs(estimator.method):
        y = column_or_1d(y, warn=True)
    try:
        return X, np.require(y, np.float64, ["C", "A"])
    except (TypeError, ValueError) as error:
        raise check.error(type(error), "y", str(error)) from None


def taken(X: Any) -> Any:
    """Return what to give to scikit-learn: sparse X canonical, which it would not make it; anything else as it is."""
    return canonical("X", X) if is_sparse(X) else X


def _require_fit(method: str, has_groups: bool, n_out: int) -> None:
    takes = METHODS[method]
    if has_groups and not takes.takes_groups:
        raise check.error(
            ValueError,
            "groups",
            f"expected None with method {method!r}, which chooses single features; 'obs' takes them",
        )
    if n_out > 1 and not takes.takes_outputs:
        raise check.error(
            ValueError, "method", f"expected one of obs, forward, swap, iht for {n_out} outputs, got {method!r}"
        )


class _Sizes(NamedTuple):
    """How many units a model may have."""

    wanted: int | None  # None: choose
    least: int  # of those to choose from, 0 where there is nothing to choose
    most: int | None  # to search


def _sizes(estimator: Any, name: str, units: Units, what: str) -> _Sizes:
    value, floor = getattr(estimator, name), "min_features_to_select"
    wanted = _wanted(name, value, units, what)
    least = check.integer(floor, getattr(estimator, floor, 0), minimum=0)  # a regression may be empty
    if least > units.n:
        check.warn(f"{floor}={least} is above n_{what}={units.n}: no choice is left")
        least = units.n
    asked, needed = (f"{floor}={least}", least) if wanted is None else (f"{name}={value}", wanted)
    most = estimator.max_nonzero
    if most is not None and check.integer("max_nonzero", most, minimum=units.n_stay) < needed:
        raise check.error(ValueError, "max_nonzero", f"expected at least {needed}, since {asked}, got {most}")
    return _Sizes(wanted, least if wanted is None else 0, None if most is None else int(most))


def _wanted(name: str, value: Any, units: Units, what: str) -> int | None:
    """Return how many units are wanted; None: choose."""
    if isinstance(value, str):
        check.one_of(name, value, ["auto"])
        return None
    if isinstance(value, (float, np.floating)):
        share = check.number(name, value, 0, 1)
        size = max(int(share * units.n), int(share > 0))  # as scikit-learn's selectors, but not down to nothing
    else:
        size = check.integer(name, value, minimum=0)
    if size > units.n:
        raise check.error(ValueError, name, f"expected at most n_{what}={units.n}, got {size}")
    if size < units.n_stay:
        raise check.error(
            ValueError, name, f"expected at least {units.n_stay}, the number of {what} in keep, got {size}"
        )
    return size


def _weight(X: Any, sample_weight: Any) -> Doubles:
    weight = np.asarray(_check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True))
    if not weight.any():
        raise check.error(ValueError, "sample_weight", "expected nonnegative numbers that are not all zero")
    return weight
