"""Drawings of what a selection of features tells of every size, and a sweep of every sparsity.

Needs Matplotlib, the extra ``plot``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from prunus._base import Bools, Doubles, Places

_COLOURS = 10  # of Matplotlib's cycle


class Sizes(NamedTuple):
    """What is measured of the models of all sizes, a column each, and which of them was chosen."""

    measures: Mapping[str, Any]
    is_chosen: Bools
    n_nonzero: int  # features of the chosen one


def axes_of(ax: Any) -> Any:
    """Return where to draw; None: a new figure's."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots()[1]


def draw_loss(axes: Any, sizes: Sizes) -> Any:
    """Draw the share of the variance that is explained."""
    axes.plot(sizes.measures["n_nonzero"], sizes.measures["r2"], marker=".", color="C0")
    _mark(axes, sizes, "r2")
    axes.set(xlabel="number of features", ylabel="R², on the data of the fit")
    return axes


def draw_choice(axes: Any, sizes: Sizes, select: str) -> Any:
    """Draw what chose the size."""
    name = {"cv": "cv_mean"}.get(select, select)
    n, values = sizes.measures["n_nonzero"], sizes.measures[name]
    seen = np.isfinite(values)
    axes.plot(n[seen], values[seen], marker=".", color="C0")
    if select == "cv":
        spread = sizes.measures["cv_std_error"]
        axes.fill_between(n[seen], (values - spread)[seen], (values + spread)[seen], color="C0", alpha=0.2, linewidth=0)
    _mark(axes, sizes, name)
    label = {"cv": "mean squared error, cross-validation", "loo": "mean squared error, leave-one-out"}
    axes.set(xlabel="number of features", ylabel=label.get(select, select.upper()))
    return axes


def draw_coefficients(axes: Any, sizes: Sizes, coef: Doubles, labels: Sequence[str], named: Places) -> Any:
    """Draw the coefficients (n_models, n_features), those of `named` in colours, the others grey.

    Of the others those that are zero in every model are left out.
    """
    n = sizes.measures["n_nonzero"]
    others = np.setdiff1d(np.flatnonzero(coef.any(axis=0)), named)
    axes.plot(n, coef[:, others], color="0.8", linewidth=0.8)
    for i, feature in enumerate(named):
        axes.plot(n, coef[:, feature], color=f"C{i % _COLOURS}", label=labels[feature])
    axes.axvline(sizes.n_nonzero, color="0.4", linestyle=":")
    axes.set(xlabel="number of features", ylabel="coefficient")
    if len(named):
        axes.legend(fontsize="small")
    return axes


def draw_frequencies(axes: Any, frequencies: Mapping[str, Doubles], n: int) -> Any:
    """Draw for each name how many units were kept in how many of n resamples."""
    edges = np.arange(n + 2) - 0.5
    for i, (name, kept) in enumerate(frequencies.items()):
        axes.hist(np.round(kept.ravel() * n), edges, histtype="step", color=f"C{i % _COLOURS}", label=name)
    axes.set(xlabel=f"times kept, of {n}", ylabel="number of units", yscale="log")
    axes.legend()
    return axes


def draw_curves(
    axes: Any,
    curves: Mapping[str, tuple[list[float], list[float], list[float]]],
    label: str,
    what: str = "weights that are left",
) -> Any:
    """Draw for each name the fractions of what is left, and values with their errors."""
    for i, (name, (left, values, errors)) in enumerate(curves.items()):
        axes.errorbar(left, values, yerr=errors, marker=".", capsize=2, color=f"C{i % _COLOURS}", label=name)
    axes.set(xlabel=what, ylabel=label, xscale="log")
    axes.legend()
    return axes


def _mark(axes: Any, sizes: Sizes, name: str) -> None:
    at = sizes.is_chosen
    axes.axvline(sizes.n_nonzero, color="0.4", linestyle=":")
    n, values = sizes.measures["n_nonzero"][at], sizes.measures[name][at]
    axes.plot(n, values, marker="o", color="C1", label=f"chosen: {sizes.n_nonzero}")
    axes.legend()
