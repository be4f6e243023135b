"""What an estimator and its pruning, as one estimator, have in common: the fit of both, and predictions through the engine."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import MethodType
from typing import Any, NamedTuple

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from prunus import _core
from prunus._base import Floats, check
from prunus.convert import apart, from_sklearn, to_sklearn
from prunus.data import Encoding, naming_columns
from prunus.network import Network
from prunus.pruning import prune

TARGETS = ("threshold", "max_accuracy_drop", "max_bytes", "max_latency_us")


def _seed(estimator: Any, random_state: int) -> None:
    """Set the random states of an estimator and its parts that have none."""
    rng = np.random.RandomState(random_state)
    for name, value in sorted(estimator.get_params().items()):
        if value is None and name.rpartition("__")[2] == "random_state":
            estimator.set_params(**{name: int(rng.randint(2**31))})


def has(name: str) -> Any:
    """Whether the estimator predicts in that way."""

    def is_there(self: Wrapper) -> bool:
        if self.estimator is not None:
            getattr(self.estimator, name)  # the AttributeError says what is missing
        return True

    return is_there


def _takes_weights(estimator: Any) -> bool:
    """Whether its fit, or that of a pipeline's last step, takes sample_weight."""
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if isinstance(last, BaseSearchCV):
        return _takes_weights(last.estimator)
    return last is None or isinstance(last, FrozenEstimator) or has_fit_parameter(last, "sample_weight")


class _Fit:
    """`fit`, with sample_weight for an estimator that takes any, as its signature says to those who ask."""

    def __init__(self, weighted: Callable[..., Any]) -> None:
        def fit(self: Wrapper, X: Any, y: Any, **params: Any) -> Any:
            if "sample_weight" in params:
                expected = f"expected none for {type(self.estimator).__name__}, whose fit takes none"
                raise check.error(
                    TypeError, "sample_weight", f"{expected}, got {check.describe(params['sample_weight'])}"
                )
            return weighted(self, X, y, None, **params)

        weighted.__name__, fit.__doc__ = fit.__name__, weighted.__doc__
        self._weighted, self._unweighted = weighted, fit

    def __get__(self, instance: Any, owner: type) -> Any:
        function = self._weighted if instance is None or _takes_weights(instance.estimator) else self._unweighted
        return function if instance is None else MethodType(function, instance)


class _Fitted(NamedTuple):
    """A fitted estimator, as `prune` takes one."""

    front: Any
    network: Network

    def __prunus_network__(self) -> Network:
        return self.network


class Wrapper(MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """What the two have in common."""

    def __init__(
        self,
        estimator: Any,
        *,
        sparsity: float | None = 0.9,
        threshold: float | None = None,
        max_accuracy_drop: float | None = None,
        max_bytes: int | None = None,
        max_latency_us: float | None = None,
        criterion: Any = "auto",
        pattern: Any = "weight",
        allocation: str = "auto",
        schedule: Any = "one-shot",
        compensate: Any = "auto",
        refine: Any = None,
        fine_tune: Any = None,
        prefit: bool = False,
        dtype: Any = "float64",
        random_state: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.sparsity = sparsity
        self.threshold = threshold
        self.max_accuracy_drop = max_accuracy_drop
        self.max_bytes = max_bytes
        self.max_latency_us = max_latency_us
        self.criterion = criterion
        self.pattern = pattern
        self.allocation = allocation
        self.schedule = schedule
        self.compensate = compensate
        self.refine = refine
        self.fine_tune = fine_tune
        self.prefit = prefit
        self.dtype = dtype
        self.random_state = random_state

    def _like_the_estimator(self, tags: Any, kind: str) -> Any:
        """Return tags that say what the estimator takes."""
        if self.estimator is not None:
            of_estimator = get_tags(self.estimator)
            for name in ("input_tags", "target_tags", kind):
                if (own := getattr(of_estimator, name)) is not None:
                    setattr(tags, name, copy.deepcopy(own))
        tags.input_tags.allow_nan = False
        getattr(tags, kind).poor_score = True  # what is left of a small model need not predict well
        return tags

    def _fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Any:
        """Fit the estimator, unless it is fitted already, and prune it.

        Parameters
        ----------
        X : array_like, DataFrame or SciPy sparse matrix of shape (n_samples, n_features)
        y : array_like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array_like of shape (n_samples,), optional
            Of the fit and of the pruning. There is no such argument where the estimator's fit takes none.
        **params : dict
            Other metadata for the estimator's fit, where scikit-learn routes metadata.

        Returns
        -------
        self
        """
        if not hasattr(self.estimator, "fit"):
            expected = f"expected an estimator of scikit-learn, got {check.describe(self.estimator)}"
            raise check.error(TypeError, "estimator", expected)
        self._require(self.estimator)
        fitted = self._fitted(X, y, sample_weight, params)
        front, model = apart(fitted)
        if front is None:
            with naming_columns(X):
                X = validate_data(self, X, accept_sparse="csr", ensure_all_finite=False)
        self.pruned_ = prune(
            _Fitted(front, from_sklearn(model, dtype=self.dtype)),
            X,
            self._labels(y),
            sample_weight=sample_weight,
            random_state=self.random_state,
            **self._how(),
        )
        for name in ("classes_", *([] if front is None else ["n_features_in_", "feature_names_in_"])):
            if name in self.__dict__:
                delattr(self, name)  # of an earlier fit
            if hasattr(fitted, name):
                setattr(self, name, getattr(fitted, name))
        return self

    fit = _Fit(_fit)

    def _fitted(self, X: Any, y: Any, sample_weight: Any, params: dict[str, Any]) -> Any:
        """Return the fitted estimator."""
        if check.flag("prefit", self.prefit) or isinstance(self.estimator, FrozenEstimator):
            fitted = self.estimator.estimator if isinstance(self.estimator, FrozenEstimator) else self.estimator
            check_is_fitted(fitted)
            return fitted
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        if get_config()["enable_metadata_routing"]:
            own = process_routing(self, "fit", **params, **weights).estimator.fit
        elif params:
            raise check.error(
                TypeError, "fit", f"expected no argument {next(iter(params))!r} where no metadata is routed"
            )
        elif weights and isinstance(self.estimator, Pipeline):
            own = {f"{self.estimator.steps[-1][0]}__sample_weight": sample_weight}
        else:
            own = weights
        estimator = clone(self.estimator)
        if self.random_state is not None:
            _seed(estimator, self.random_state)
        return estimator.fit(X, y, **own)

    def _how(self) -> dict[str, Any]:
        """Return what `prune` is told beside the data."""
        targets = {name: value for name in TARGETS if (value := getattr(self, name)) is not None}
        if targets and self.sparsity is not None:
            raise check.error(
                ValueError, "sparsity", f"expected None beside {next(iter(targets))}, got {self.sparsity!r}"
            )
        names = ("criterion", "pattern", "allocation", "schedule", "compensate", "refine", "fine_tune")
        return {"sparsity": self.sparsity, **targets, **{name: getattr(self, name) for name in names}}

    @property
    def estimator_(self) -> Any:
        """The pruned estimator itself, made when it is asked for: see `prunus.to_sklearn`."""
        check_is_fitted(self)
        try:
            return to_sklearn(self.pruned_)
        except ValueError as error:  # of a pickle, which holds a table's steps as an Encoding alone
            raise AttributeError(str(error)) from error

    def __prunus_network__(self) -> Network:
        """What `prunus.as_network` gives."""
        check_is_fitted(self)
        return self.pruned_.network

    def get_metadata_routing(self) -> MetadataRouter:
        """What `fit` takes, and hands to the estimator's."""
        router = MetadataRouter(owner=type(self).__name__).add_self_request(self)
        return router.add(estimator=self.estimator, method_mapping=MethodMapping().add(caller="fit", callee="fit"))

    def _raw(self, X: Any) -> Floats:
        """Return the network's outputs."""
        check_is_fitted(self)
        engine, front = self.pruned_.engine, self.pruned_.front
        dtype = engine.network.dtype
        if isinstance(front, Encoding):
            rows = front.rows(X, dtype)
            check.finite("X", rows.data)
            return engine(rows)
        if front is not None:
            return engine(check_array(front.transform(X), accept_sparse="csr", dtype=dtype))
        # The checks below take ten times as long as a small network.
        is_plain = type(X) is np.ndarray and X.dtype == dtype and X.shape[1:] == (self.n_features_in_,) and len(X) > 0
        is_checked = is_plain and X.flags.c_contiguous and not hasattr(self, "feature_names_in_")
        if not (is_checked and _core.all_finite(X, 1)):
            with naming_columns(X):
                X = validate_data(self, X, accept_sparse="csr", dtype=dtype, reset=False)
        return engine(X)
