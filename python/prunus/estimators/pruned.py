"""A scikit-learn estimator and its pruning, as one estimator that predicts through the engine."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import MethodType
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, column_or_1d, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from prunus import _core
from prunus._base import Floats, check
from prunus.convert import apart, from_sklearn, to_sklearn
from prunus.data import Encoding, naming_columns
from prunus.pruning import Pruned, prune

_TARGETS = ("threshold", "max_accuracy_drop", "max_bytes", "max_latency_us")


def _seed(estimator: Any, random_state: int) -> None:
    """Set the random states of an estimator and its parts that have none."""
    rng = np.random.RandomState(random_state)
    for name, value in sorted(estimator.get_params().items()):
        if value is None and name.rpartition("__")[2] == "random_state":
            estimator.set_params(**{name: int(rng.randint(2**31))})


def _has(name: str) -> Any:
    """Whether the estimator predicts in that way."""

    def has(self: _Wrapper) -> bool:
        if self.estimator is not None:
            getattr(self.estimator, name)  # the AttributeError says what is missing
        return True

    return has


def _takes_weights(estimator: Any) -> bool:
    """Whether its fit, or that of a pipeline's last step, takes sample_weight."""
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    return last is None or isinstance(last, FrozenEstimator) or has_fit_parameter(last, "sample_weight")


class _Fit:
    """`fit`, with sample_weight for an estimator that takes any, as its signature says to those who ask."""

    def __init__(self, weighted: Callable[..., Any]) -> None:
        def fit(self: _Wrapper, X: Any, y: Any, **params: Any) -> Any:
            return weighted(self, X, y, None, **params)

        weighted.__name__, fit.__doc__ = fit.__name__, weighted.__doc__
        self._weighted, self._unweighted = weighted, fit

    def __get__(self, instance: Any, owner: type) -> Any:
        function = self._weighted if instance is None or _takes_weights(instance.estimator) else self._unweighted
        return function if instance is None else MethodType(function, instance)


class _Wrapper(MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
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
        else:
            X = front.transform(X)
        self.pruned_ = prune(
            from_sklearn(model, dtype=self.dtype),
            X,
            self._labels(y),
            sample_weight=sample_weight,
            random_state=self.random_state,
            **self._how(),
        )
        self.pruned_.front = front
        for name in ("classes_", *([] if front is None else ["n_features_in_", "feature_names_in_"])):
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
        targets = {name: value for name in _TARGETS if (value := getattr(self, name)) is not None}
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
        return to_sklearn(self.pruned_)

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
        if not (is_plain and not hasattr(self, "feature_names_in_") and _core.all_finite(np.ascontiguousarray(X), 1)):
            with naming_columns(X):
                X = validate_data(self, X, accept_sparse="csr", dtype=dtype, reset=False)
        return engine(X)


class PrunedClassifier(ClassifierMixin, _Wrapper):  # type: ignore[misc]
    """A classifier and its pruning: fit trains it and prunes it; what is left predicts through the engine.

    Parameters
    ----------
    estimator : estimator
        A classifier that `prunus.from_sklearn` takes, or a Pipeline that ends in one. It is cloned and fitted, unless `prefit`,
        or it is a FrozenEstimator.
    sparsity : float in [0, 1] or None, default 0.9
        Fraction of the weights (neurons, inputs, blocks: see `pattern`) to remove. None beside one of the next four, and for
        n:m, which say how much goes.
    threshold, max_accuracy_drop, max_bytes, max_latency_us : optional
        As of `prunus.prune`; the drop is told by five folds of X that are held out from pruning, though not from the fit.
    criterion, pattern, allocation, schedule, compensate, refine, fine_tune
        As of `prunus.prune`.
    prefit : bool, default False
        The estimator is fitted: fit prunes it, on the X and y that it is given. scikit-learn's `clone` forgets what was fitted;
        a FrozenEstimator stays.
    dtype : {"float64", "float32"}, default "float64"
        Of the network. Estimators compare predictions to 1e-7; float32 is twice as fast and half as large.
    random_state : int, optional
        Of what is drawn in pruning and training. The estimator has its own.

    Attributes
    ----------
    pruned_ : Pruned
        Network, masks, report, engine. It is all that is kept of the fit, so that a pickle is about as large as its file.
    estimator_ : estimator
        The pruned model as an estimator of the class that was fitted, made when it is asked for.
    classes_, n_features_in_, feature_names_in_
        As in scikit-learn.

    Raises
    ------
    TypeError, ValueError
        By `fit`, if the estimator is no classifier, or a parameter or the data are not as said.
    NotSupportedError
        By `fit`, if a part of the estimator cannot be represented; the message names it.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.neural_network import MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = prunus.PrunedClassifier(MLPClassifier((64,), random_state=0), sparsity=0.8).fit(X, y)
    >>> round(model.pruned_.sparsity, 2)
    0.8
    >>> search = GridSearchCV(model, {"sparsity": [0.5, 0.9], "estimator__alpha": [1e-4, 1e-2]})
    """

    def __sklearn_tags__(self) -> Any:
        return self._like_the_estimator(super().__sklearn_tags__(), "classifier_tags")

    def _require(self, estimator: Any) -> None:
        if get_tags(estimator).estimator_type != "classifier":
            raise check.error(TypeError, "estimator", f"expected a classifier, got {type(estimator).__name__}")

    def _labels(self, y: Any) -> Any:
        y = np.asarray(y)
        return column_or_1d(y) if y.ndim == 2 and y.shape[1] == 1 else y

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return labels (n_samples,), or rows of 0 and 1 (n_samples, n_labels)."""
        raw = self._raw(X)
        return self.pruned_.network.labels.decide(raw)

    @available_if(_has("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Return probabilities (n_samples, n_classes)."""
        raw = self._raw(X)
        return self.pruned_.network.labels.probabilities(raw)

    @available_if(_has("predict_log_proba"))  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> npt.NDArray[Any]:
        """Return their logarithms (n_samples, n_classes)."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    @available_if(_has("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> npt.NDArray[Any]:
        """Return the network's outputs: (n_samples,) of two classes, else (n_samples, n_classes)."""
        raw = self._raw(X)
        return raw[:, 0] if self.pruned_.network.labels.is_binary else raw


class PrunedRegressor(RegressorMixin, _Wrapper):  # type: ignore[misc]
    """A regression and its pruning: fit trains it and prunes it; what is left predicts through the engine.

    Parameters
    ----------
    estimator : estimator
        A regression that `prunus.from_sklearn` takes, or a Pipeline that ends in one. It is cloned and fitted, unless `prefit`,
        or it is a FrozenEstimator.
    sparsity, threshold, max_accuracy_drop, max_bytes, max_latency_us
        How much goes: see `PrunedClassifier`. The accuracy is R².
    criterion, pattern, allocation, schedule, compensate, refine, fine_tune, prefit, dtype, random_state
        How: see `PrunedClassifier`.

    Attributes
    ----------
    pruned_, estimator_, n_features_in_, feature_names_in_
        See `PrunedClassifier`.

    Raises
    ------
    TypeError, ValueError
        By `fit`, if the estimator is no regression, or a parameter or the data are not as said.
    NotSupportedError
        By `fit`, if a part of the estimator cannot be represented; the message names it.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = prunus.PrunedRegressor(Ridge(), sparsity=0.5).fit(X, y)
    >>> model.predict(X[:3]).shape
    (3,)
    """

    def __sklearn_tags__(self) -> Any:
        return self._like_the_estimator(super().__sklearn_tags__(), "regressor_tags")

    def _require(self, estimator: Any) -> None:
        if get_tags(estimator).estimator_type != "regressor":
            raise check.error(TypeError, "estimator", f"expected a regression, got {type(estimator).__name__}")

    def _labels(self, y: Any) -> Any:
        return check_array(y, ensure_2d=False, dtype="numeric", input_name="y")

    def predict(self, X: Any) -> Floats:
        """Return values (n_samples,), or (n_samples, n_outputs)."""
        raw = self._raw(X)
        network = self.pruned_.network
        is_column = ((network.origin or {}).get("model") or {}).get("coef_ndim") == 2  # fitted to a y of one column
        return raw if is_column else network.labels.decide(raw)


def as_estimator(pruned: Pruned) -> PrunedClassifier | PrunedRegressor:
    """Return a fitted estimator that predicts what a Pruned does. Its parameters are what the report says by names."""
    network, report = pruned.network, pruned.report
    estimator = clone(to_sklearn(pruned)) if network.provenance.library == "sklearn" else None
    names = {"compensate": "compensation", "criterion": "criterion", "pattern": "pattern", "schedule": "schedule"}
    asked = {name: report[entry] for name, entry in names.items()} | {"allocation": report["allocation"] or "auto"}
    targets = {name: report["target"].get(name) for name in _TARGETS}
    sparsity = None if any(value is not None for value in targets.values()) else report["target"].get("sparsity")
    made = (PrunedRegressor if network.classes is None else PrunedClassifier)(
        estimator, sparsity=sparsity, **targets, **asked, dtype=network.dtype.name
    )
    front = pruned.front
    made.pruned_ = pruned
    made.n_features_in_ = (
        front.n_columns if isinstance(front, Encoding) else getattr(front, "n_features_in_", network.n_in)
    )
    if network.classes is not None:
        made.classes_ = np.arange(network.n_out) if network.labels.is_multilabel else network.classes
    if pruned.feature_names is not None:
        made.feature_names_in_ = np.array(pruned.feature_names, dtype=object)
    return made
