"""The folds of an estimator that validates: its splitter, and the metadata that `fit` passes on to it."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import KFold, check_cv
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _raise_for_params,
    _routing_enabled,
    get_routing_for_object,
    process_routing,
)

from prunus._base import Doubles, Places, check


class Splitting(BaseEstimator):  # type: ignore[misc]
    """An estimator with a parameter `cv`, whose `fit` takes `groups` and other metadata for the splitter, as RFECV's does."""

    # A splitter that asks for groups gets them; set_fit_request(groups=True) routes them to `fit` whatever that asks for.
    __metadata_request__fit = {"groups": False}  # noqa: RUF012

    def __setattr__(self, name: str, value: Any) -> None:
        """Store a generator that is given as `cv` as the list of its folds, which can be copied and used twice."""
        super().__setattr__(name, list(value) if name == "cv" and isinstance(value, Iterator) else value)

    def get_metadata_routing(self) -> Any:
        """Return what `fit` takes for itself, sample_weight, and what for the splitter.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRouter
        """
        splits = MethodMapping().add(caller="fit", callee="split").add(caller="fit_transform", callee="split")
        own = MetadataRouter(owner=type(self).__name__).add_self_request(self)
        return own.add(splitter=check_cv(self.cv), method_mapping=splits)


def splitter_of(cv: Any, n_samples: int) -> Any:
    """Return a splitter of what scikit-learn takes as `cv`."""
    if cv is None:
        return KFold(min(5, n_samples))
    if isinstance(cv, numbers.Integral):
        return KFold(check.integer("cv", cv, minimum=2))
    if isinstance(cv, str) or not (hasattr(cv, "split") or isinstance(cv, Iterable)):
        raise check.error(
            TypeError,
            "cv",
            f"expected None, an integer, a splitter or an iterable of (train, test), got {check.describe(cv)}",
        )
    return check_cv(cv)


def metadata_of(estimator: Any, params: Mapping[str, Any], n_samples: int) -> Mapping[str, Any]:
    """Return what the splitter gets of the metadata that `fit` was given: as it asks for, where metadata are routed."""
    given = {name: value for name, value in params.items() if value is not None}
    if "groups" in given:
        check.per_sample("groups", given["groups"], n_samples)
    _raise_for_params({name: value for name, value in given.items() if name != "groups"}, estimator, "fit")
    return process_routing(estimator, "fit", **given).splitter.split if _routing_enabled() else given


def folds_of(
    splitter: Any, X: Any, y: Any, weight: Doubles, metadata: Mapping[str, Any]
) -> list[tuple[Places, Places]]:
    """Return the samples of each fold by their numbers; masks and negative numbers are what they are in scikit-learn."""
    every = np.arange(len(weight))
    try:
        folds = [(every[_rows(train)], every[_rows(test)]) for train, test in splitter.split(X, y, **metadata)]
    except IndexError as error:
        raise check.error(
            ValueError, "cv", f"expected masks or numbers of {len(every)} samples, got others: {error}"
        ) from None
    except (TypeError, ValueError) as error:
        raise check.error(ValueError, "cv", f"{error}{_way_on(splitter, metadata)}") from error
    if not all(weight[train].any() for train, _ in folds):
        raise check.error(ValueError, "cv", "expected a training sample of positive weight in every fold, got none")
    return folds


def _way_on(splitter: Any, metadata: Mapping[str, Any]) -> str:
    missing = get_routing_for_object(splitter).consumes("split", ["groups"]) and "groups" not in metadata
    return " Give a label for each sample to fit, as groups=." if missing else ""


def _rows(which: Any) -> Any:
    rows = np.asarray(which)
    return rows if rows.size else rows.astype(np.int64)
