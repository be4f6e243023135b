"""A scikit-learn estimator and its pruning, as one estimator that predicts through the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, RegressorMixin, clone
from sklearn.utils import check_array, column_or_1d, get_tags
from sklearn.utils.metaestimators import available_if

from prunus._base import Floats, check
from prunus.convert import to_sklearn
from prunus.data import Encoding
from prunus.estimators.wrapper import TARGETS, Wrapper, has
from prunus.pruning import Pruned


class PrunedClassifier(ClassifierMixin, Wrapper):  # type: ignore[misc]
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
        y = y.toarray() if hasattr(y, "toarray") else np.asarray(y)  # of several labels it may be sparse
        return column_or_1d(y) if y.ndim == 2 and y.shape[1] == 1 else y

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return labels (n_samples,), or rows of 0 and 1 (n_samples, n_labels)."""
        raw = self._raw(X)
        return self.pruned_.network.labels.decide(raw)

    @available_if(has("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Return probabilities (n_samples, n_classes)."""
        raw = self._raw(X)
        return self.pruned_.network.labels.probabilities(raw.astype(np.float64))

    @available_if(has("predict_log_proba"))  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> npt.NDArray[Any]:
        """Return their logarithms (n_samples, n_classes)."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    @available_if(has("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> npt.NDArray[Any]:
        """Return the network's outputs: (n_samples,) of two classes, else (n_samples, n_classes)."""
        raw = self._raw(X)
        return raw[:, 0] if self.pruned_.network.labels.is_binary else raw


class PrunedRegressor(RegressorMixin, Wrapper):  # type: ignore[misc]
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
    is_gone = isinstance(pruned.front, Encoding) and pruned.front.source is None  # the steps, of a file
    estimator = clone(to_sklearn(pruned)) if network.provenance.library == "sklearn" and not is_gone else None
    names = {"compensate": "compensation", "criterion": "criterion", "pattern": "pattern", "schedule": "schedule"}
    asked = {name: report[entry] for name, entry in names.items()} | {"allocation": report["allocation"] or "auto"}
    targets = {name: report["target"].get(name) for name in TARGETS}
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
