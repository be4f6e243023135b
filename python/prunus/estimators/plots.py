"""Plots of a subset selection: its loss, its errors by size, and its coefficients. Needs Matplotlib, the extra ``plot``."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from prunus._base import check
from prunus.estimators.linear_regression import PrunedLinearRegression
from prunus.reporting import Sizes, axes_of, draw_choice, draw_coefficients, draw_loss


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
    return draw_loss(axes_of(ax), _sizes(model))


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
    sizes = _sizes(model)
    if model.n_nonzero != "auto":
        raise check.error(
            ValueError,
            "model",
            f"expected one that chose its size (n_nonzero='auto'), got n_nonzero={model.n_nonzero!r}",
        )
    return draw_choice(axes_of(ax), sizes, model.select)


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
    sizes = _sizes(model)
    n_labels = check.integer("n_labels", n_labels, minimum=0)
    coef = model.path_.coefficients()
    coef = coef if coef.ndim == 2 else coef[:, 0]
    labels = [str(name) for name in getattr(model, "feature_names_in_", range(coef.shape[1]))]
    features = np.concatenate([model.path_.kept, model.elimination_order_[::-1]])
    exchanged = np.setdiff1d(np.flatnonzero(coef.any(axis=0)), features)  # into the chosen model alone
    return draw_coefficients(axes_of(ax), sizes, coef, labels, np.concatenate([features, exchanged])[:n_labels])


def _sizes(model: Any) -> Sizes:
    if not isinstance(model, PrunedLinearRegression):
        raise check.error(TypeError, "model", f"expected a PrunedLinearRegression, got {check.describe(model)}")
    check_is_fitted(model)
    measures = model.path_.measures
    return Sizes(measures, measures["n_groups"] == model.n_groups_, model.n_nonzero_)
