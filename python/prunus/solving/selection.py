"""What comes of a subset selection: a fit of every size, and which was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from prunus._base import Doubles, Places
from prunus.solving.searching.paths import Path


class Fit(NamedTuple):
    """One model."""

    columns: Places  # of X, ascending
    coef: Doubles  # (n_out, k)
    intercept: Doubles  # (n_out,)
    is_optimal: bool  # whether no exchange of two features betters it


@dataclass(frozen=True)
class SubsetSelection:
    """What came of it."""

    path: Path  # as the search found it
    index: int  # of the chosen size
    exchanged: dict[int, Fit]  # in the place of the path's fits of these sizes
    method: str
    table: dict[str, Any]  # one entry for each size in each column
    fold_errors: Doubles  # (n_folds, n_sizes), mean squared errors of the search in each fold that tests anything
    x_mean: Doubles
    y_mean: Doubles
    constant: Places  # columns of X
    collinear: Places  # columns of X that the search left out as combinations of others

    def optimality(self, i: int) -> str:
        """Return what is known of the i-th fit: "1-swap" or "path"."""
        return "1-swap" if self.fit(i).is_optimal else "path"

    @property
    def columns(self) -> Places:
        """The columns of X of the chosen fit, ascending."""
        return self.support(self.index)

    def support(self, i: int) -> Places:
        """Return the columns of X of the i-th fit, ascending."""
        return self.exchanged[i].columns if i in self.exchanged else np.sort(columns_of(self.path, self.path.chosen(i)))

    def fit(self, i: int) -> Fit:
        """Return the i-th fit."""
        return self.exchanged[i] if i in self.exchanged else fit_of(self.path, i, self.x_mean, self.y_mean)

    @property
    def elimination_order(self) -> Places:
        """Columns of X in the order in which they leave the search's path, from its largest support to its smallest."""
        path, units = self.path, self.path.units
        first = np.full(units.n, len(path.sizes))
        for i in reversed(range(len(path.sizes))):
            first[path.chosen(i)] = i
        order = np.argsort(-first, kind="stable")
        leaves = (first[order] > 0) & (first[order] < len(path.sizes))
        return columns_of(path, order[leaves])


def columns_of(path: Path, units: Places) -> Places:
    """Return the columns of X of some units."""
    return np.asarray(path.system.features[path.units.places(units)])


def fit_of(path: Path, i: int, x_mean: Doubles, y_mean: Doubles) -> Fit:
    """Return the i-th fit of a path, with intercepts."""
    places, coef = path.coef(i)
    columns = path.system.features[places]
    order = np.argsort(columns)
    columns, coef = columns[order], np.ascontiguousarray(coef[:, order])
    return Fit(columns, coef, y_mean - coef @ x_mean[columns], path.is_optimal(i))
