"""Plots of a subset selection: its loss, its errors by size, and its coefficients. Needs Matplotlib, the extra ``plot``."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from prunus._base import check
from prunus.estimators.linear_regression import PrunedLinearRegression

__all__ = ["plot_coefficients", "plot_path", "plot_validation"]

_COLOURS = 10  # of Matplotlib's cycle


def plot_path(model: PrunedLinearRegression, *, ax: Any = None) -> Any:
    """Draw the share of the variance that the models of all sizes explain on their own data, and mark this one.

    Parameters
    ----------
    model : PrunedLinearRegression
        Fitted.
    ax : matplotlib.axes.Axes, optional
        Where to draw; None: a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If the model is none.
    ImportError
        Without Matplotlib.

    Examples
    --------
    >>> ax = plot_path(model)
    >>> ax.get_xlabel()
    'number of features'
    """
    measures, axes = _measures(model), _axes(ax)
    axes.plot(measures["n_nonzero"], measures["r2"], marker=".", color="C0")
    _mark(axes, model, measures, "r2")
    axes.set(xlabel="number of features", ylabel="R², on the data of the fit")
    return axes


def plot_validation(model: PrunedLinearRegression, *, ax: Any = None) -> Any:
    """Draw what chose the size, for every size: cross-validation errors with a standard error, or a criterion.

    Parameters
    ----------
    model : PrunedLinearRegression
        Fitted, with n_nonzero="auto".
    ax : matplotlib.axes.Axes, optional
        Where to draw; None: a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If the model is none.
    ValueError
        If its size was given: then there is nothing to draw.
    ImportError
        Without Matplotlib.

    Examples
    --------
    >>> ax = plot_validation(model)
    >>> ax.get_ylabel()
    'mean squared error, cross-validation'
    """
    measures, axes = _measures(model), _axes(ax)
    if model.n_nonzero != "auto":
        raise check.error(
            ValueError,
            "model",
            f"expected one that chose its size (n_nonzero='auto'), got n_nonzero={model.n_nonzero!r}",
        )
    sizes = measures["n_nonzero"]
    name = {"cv": "cv_mean"}.get(model.select, model.select)
    values = measures[name]
    seen = np.isfinite(values)
    axes.plot(sizes[seen], values[seen], marker=".", color="C0")
    if model.select == "cv":
        spread = measures["cv_std_error"]
        axes.fill_between(
            sizes[seen], (values - spread)[seen], (values + spread)[seen], color="C0", alpha=0.2, linewidth=0
        )
    _mark(axes, model, measures, name)
    label = {"cv": "mean squared error, cross-validation", "loo": "mean squared error, leave-one-out"}
    axes.set(xlabel="number of features", ylabel=label.get(model.select, model.select.upper()))
    return axes


def plot_coefficients(model: PrunedLinearRegression, *, n_labels: int = 10, ax: Any = None) -> Any:
    """Draw how the coefficients change from the smallest model to the largest, of several outputs the first one's.

    Parameters
    ----------
    model : PrunedLinearRegression
        Fitted. Coefficients are in the units of its columns.
    n_labels : int, default 10
        Name so many features at most, first those that stay, then the last to leave; the others are grey.
    ax : matplotlib.axes.Axes, optional
        Where to draw; None: a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said.
    ImportError
        Without Matplotlib.

    Examples
    --------
    >>> ax = plot_coefficients(model, n_labels=3)
    >>> len(ax.get_legend().get_texts())
    3
    """
    measures, axes = _measures(model), _axes(ax)
    n_labels = check.integer("n_labels", n_labels, minimum=0)
    sizes, coef = measures["n_nonzero"], model.path_.coefficients()
    coef = coef if coef.ndim == 2 else coef[:, 0]
    names = getattr(model, "feature_names_in_", np.arange(coef.shape[1]))
    features = np.concatenate([model.path_.kept, model.elimination_order_[::-1]])
    exchanged = np.setdiff1d(np.flatnonzero(coef.any(axis=0)), features)  # into the chosen model alone
    features = np.concatenate([features, exchanged])
    named, others = features[:n_labels], features[n_labels:]
    axes.plot(sizes, coef[:, others], color="0.8", linewidth=0.8)
    for i, feature in enumerate(named):
        axes.plot(sizes, coef[:, feature], color=f"C{i % _COLOURS}", label=str(names[feature]))
    axes.axvline(model.n_nonzero_, color="0.4", linestyle=":")
    axes.set(xlabel="number of features", ylabel="coefficient")
    if len(named):
        axes.legend(fontsize="small")
    return axes


def _measures(model: Any) -> dict[str, Any]:
    if not isinstance(model, PrunedLinearRegression):
        raise check.error(TypeError, "model", f"expected a PrunedLinearRegression, got {check.describe(model)}")
    check_is_fitted(model)
    return model.path_.measures


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots()[1]


def _mark(axes: Any, model: PrunedLinearRegression, measures: dict[str, Any], name: str) -> None:
    at = measures["n_groups"] == model.n_groups_
    axes.axvline(model.n_nonzero_, color="0.4", linestyle=":")
    axes.plot(
        measures["n_nonzero"][at], measures[name][at], marker="o", color="C1", label=f"chosen: {model.n_nonzero_}"
    )
    axes.legend()
