"""Foreign models to networks and back: one file or package for each library, imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy.typing as npt

from prunus._base import Doubles, check
from prunus.network import Network

Score = Callable[[Any, Any, Any, "Doubles | None"], float]
OwnFit = Callable[[Any, Doubles, "Doubles | None"], tuple[Doubles, float]]


def from_sklearn(estimator: Any, *, dtype: npt.DTypeLike | None = None) -> Network:
    """Return the network of a fitted scikit-learn estimator.

    Parameters
    ----------
    estimator : estimator, or Pipeline of scalers, PruneSelector and one
        Regressions: LinearRegression, Ridge, Lasso, ElasticNet, Lars, LassoLars, OrthogonalMatchingPursuit and their CV
        forms, BayesianRidge, HuberRegressor, SGDRegressor, LinearSVR, MLPRegressor, and prunus' PrunedLinearRegression.
        Classifiers: LogisticRegression and RidgeClassifier and their CV forms, SGDClassifier, LinearSVC, Perceptron,
        MLPClassifier. Scalers: StandardScaler, MinMaxScaler, MaxAbsScaler and RobustScaler, any number of them, without
        clipping. They are folded into the first layer, so the network takes what the pipeline takes. Of a PruneSelector
        among them the network keeps as its `inputs` which columns it selects. Of a search or a FrozenEstimator what is within.
    dtype : float32 or float64, optional
        None: float64 for a linear model, float32 with hidden layers. A scaler that shifts by thousands of times its scale
        loses accuracy when it is folded in float32: there is a warning, and float64 helps.

    Returns
    -------
    Network
        Its labels are the estimator's, and its probabilities where the estimator has any. LinearSVC, Perceptron,
        RidgeClassifier and SGDClassifier without log_loss have margins only; `predict_proba` puts these through the sigmoid
        and, for more than two classes, divides by the sum. These numbers are not calibrated.

    Raises
    ------
    NotSupportedError
        If a part cannot be represented; the message names it.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.

    Examples
    --------
    >>> network = prunus.from_sklearn(LinearRegression().fit(X, y))
    """
    network: Network = _sklearn().from_sklearn(estimator, dtype)
    return network


def to_sklearn(network: Any, *, like: Any = None) -> Any:
    """Return a fitted scikit-learn estimator that predicts what the network does.

    Parameters
    ----------
    network : Network or Pruned
    like : estimator, optional
        Whose class and parameters to take, any that `from_sklearn` takes; in a Pipeline the scalers must be fitted. None:
        those of the estimator that the network came from.

    Returns
    -------
    estimator
        Of the same class, with the same parameters but for the widths of the hidden layers, and behind the same scalers; of a
        Pruned that has a front, the whole pipeline.
        Of the other fitted attributes the short ones come back, n_iter_, alpha_ or C_, say; no path of a cross-validation does.
        It can be trained further, by partial_fit or fit with warm_start, where its class can: averaged SGD goes on from the
        average, and an MLP's moments of gradients and curves begin anew.

    Raises
    ------
    ValueError
        If the network came from elsewhere and there is no `like`, or its file says of the estimator what cannot be.
    NotSupportedError
        If the class cannot represent the network.

    Examples
    --------
    >>> smaller = prunus.to_sklearn(prunus.prune(estimator, sparsity=0.9))
    """
    network = getattr(network, "pruned_", network)  # of an estimator that prunes what it fits
    try:
        return _sklearn().to_sklearn(getattr(network, "network", network), like, getattr(network, "front", None))
    except (LookupError, AttributeError) as error:
        if like is not None:
            raise
        raise check.error(
            ValueError,
            "network",
            f"expected an origin that from_sklearn made, got one with {type(error).__name__}: {error}",
        ) from error


def apart(model: Any) -> tuple[Any, Any]:
    """Return what stands before a model of scikit-learn and no network represents, or None; and the model behind it."""
    found: tuple[Any, Any] = _sklearn().apart(model)
    return found


def own_fit(network: Network, seed: int = 0) -> OwnFit | None:
    """Return the fit of one output of the estimator that the network came from; None: there is none here."""
    if network.provenance.library != "sklearn" or find_spec("sklearn") is None:
        return None
    fit: OwnFit | None = _sklearn().own_fit(network, seed)
    return fit


def scorer(scoring: Any) -> tuple[str, Score]:
    """Return the name and the function of one of scikit-learn's scorers, or of a callable of an estimator, X and y."""
    found: tuple[str, Score] = _sklearn().scorer(scoring)
    return found


def as_estimator(pruned: Any) -> Any:
    """Return an estimator of scikit-learn that predicts what a Pruned does, through its engine."""
    return _sklearn().as_estimator(pruned)


def provided_by(module: str) -> None:
    """Import this module before a model of scikit-learn is converted: it registers converters of its own."""
    _PROVIDERS.append(module)


_PROVIDERS: list[str] = []


def _sklearn() -> Any:
    from prunus.convert import sklearn

    for module in _PROVIDERS:
        import_module(module)
    return sklearn


__all__ = ["apart", "as_estimator", "from_sklearn", "own_fit", "provided_by", "scorer", "to_sklearn"]
