"""Plots of a subset selection: its loss, its errors by size, and its coefficients. Needs Matplotlib, the extra ``plot``."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from prunus import _check
from prunus.linear_model import PrunedLinearRegression

_COLOURS = 10  # of Matplotlib's cycle


def plot_path(model: PrunedLinearRegression, *, ax: Any = None) -> Any:
    """Draw the share of the variance that the models of all sizes explain on their own data, and mark the chosen one.

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
    table, axes = _table(model), _axes(ax)
    axes.plot(table["n_nonzero"], table["r2"], marker=".", color="C0")
    _mark(axes, table, "r2")
    axes.set(xlabel="number of features", ylabel="R², on the data of the fit")
    return axes


def plot_validation(model: PrunedLinearRegression, *, ax: Any = None) -> Any:
    """Draw what chose the size, for every size: cross-validation errors with a standard error, or a criterion.

    Parameters, returned value and errors are those of `plot_path`; of a model whose size was given there is nothing to draw: a
    ValueError.

    Examples
    --------
    >>> ax = plot_validation(model)
    >>> ax.get_ylabel()
    'mean squared error, cross-validation'
    """
    table, axes = _table(model), _axes(ax)
    if model.n_nonzero != "auto":
        raise ValueError(
            f"model: expected one that chose its size (n_nonzero='auto'), got n_nonzero={model.n_nonzero!r}"
        )
    sizes = np.asarray(table["n_nonzero"])
    name = {"cv": "cv_mean"}.get(model.select, model.select)
    values = np.asarray(table[name])
    seen = np.isfinite(values)
    axes.plot(sizes[seen], values[seen], marker=".", color="C0")
    if model.select == "cv":
        spread = np.asarray(table["cv_std_error"])
        axes.fill_between(
            sizes[seen], (values - spread)[seen], (values + spread)[seen], color="C0", alpha=0.2, linewidth=0
        )
    _mark(axes, table, name)
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
        Name so many features at most, those that are the last to leave; the others are grey.
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
    table, axes = _table(model), _axes(ax)
    n_labels = _check.integer("n_labels", n_labels, minimum=0)
    sizes, coef = np.asarray(table["n_nonzero"]), model.path_.coefficients()
    coef = coef if coef.ndim == 2 else coef[:, 0]
    names = getattr(model, "feature_names_in_", np.arange(coef.shape[1]))
    named = model.elimination_order_[::-1][:n_labels]
    for feature in model.elimination_order_:
        if feature not in named:
            axes.plot(sizes, coef[:, feature], color="0.8", linewidth=0.8)
    for i, feature in enumerate(named):
        axes.plot(sizes, coef[:, feature], color=f"C{i % _COLOURS}", label=str(names[feature]))
    axes.axvline(model.n_nonzero_, color="0.4", linestyle=":")
    axes.set(xlabel="number of features", ylabel="coefficient")
    if len(named):
        axes.legend(fontsize="small")
    return axes


def _table(model: Any) -> Any:
    if not isinstance(model, PrunedLinearRegression):
        raise TypeError(f"model: expected a PrunedLinearRegression, got {_check.describe(model)}")
    check_is_fitted(model)
    return model.path_.table()


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots()[1]


def _mark(axes: Any, table: Any, name: str) -> None:
    at = int(np.flatnonzero(table["chosen"])[0])
    size, value = np.asarray(table["n_nonzero"])[at], np.asarray(table[name])[at]
    axes.axvline(size, color="0.4", linestyle=":")
    axes.plot([size], [value], marker="o", color="C1", label=f"chosen: {size}")
    axes.legend()
