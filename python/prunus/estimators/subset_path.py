"""The models of all sizes that a search for subsets of features went through."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from prunus._base import Doubles, Places, check, frame_of
from prunus.solving import NestedPath, SubsetSelection

# Makes a fitted model of a size, from the columns of X that it reads, its coefficients (n_out, k) and intercepts (n_out,).
Make = Callable[[int, Places, Doubles, Doubles], Any]


class Features(NamedTuple):
    """What was searched."""

    n: int
    names: npt.NDArray[Any] | None
    are_grouped: bool


class SubsetPath:
    """The models of all sizes that a search went through. It stays as it is when its estimator is fitted again."""

    def __init__(
        self, selection: SubsetSelection, features: Features, offset: Doubles, is_flat: bool, make: Make
    ) -> None:
        self._selection, self._features, self._offset, self._is_flat = selection, features, offset, is_flat
        self._make = make

    @property
    def sizes(self) -> Any:
        """Sizes of the models, ascending: numbers of features, or of groups where there are any, as `n_nonzero` is."""
        return self._selection.path.sizes

    @property
    def measures(self) -> dict[str, Any]:
        """What `table` has of numbers, a new dict of str to ndarray."""
        return dict(self._selection.table)

    @property
    def kept(self) -> Places:
        """Features of every model, those of the smallest."""
        return self._selection.support(0)

    def table(self) -> Any:
        """Return a row for each model.

        Returns
        -------
        pandas.DataFrame, or dict of str to ndarray without pandas
            n_nonzero; n_groups; rss, the residual sum of squares; r2; df, the degrees of freedom; aic, aicc, bic, ebic, gic,
            cp; what chose the size, loo or cv_mean, mean squared errors, and cv_std and cv_std_error, their standard deviation
            over the folds and standard error; added and removed, the features by which the model differs from the one before,
            by their names where X has any; chosen. rss, loo and cv_mean are summed over the outputs.
        """
        columns = self.measures
        columns["added"], columns["removed"] = self._changes()
        columns["chosen"] = np.arange(len(self.sizes)) == self._selection.index
        return frame_of(columns)

    def at(self, n_nonzero: int) -> Any:
        """Return the fitted model of this size, of `sizes`, without its data. O(n_nonzero**2) on a nested path.

        Raises TypeError if the size is no integer, ValueError if the path has no model of it.
        """
        size = check.integer("n_nonzero", n_nonzero, minimum=0)
        found = np.flatnonzero(self.sizes == size)
        if not len(found):
            raise check.error(ValueError, "n_nonzero", f"expected one of the path's sizes, {self._range()}, got {size}")
        i = int(found[0])
        columns, coef, intercept, _ = self._selection.fit(i)
        model = self._make(size, columns, coef, intercept + self._offset)
        model.path_, model.optimality_ = self, self._selection.optimality(i)
        return model

    def coefficients(self) -> Doubles:
        """Return all models' coefficients, (n_models, n_features), of several outputs (n_models, n_outputs, n_features)."""
        whole = np.zeros((len(self.sizes), len(self._offset), self._features.n))
        for i in range(len(self.sizes)):
            columns, coef, _, _ = self._selection.fit(i)
            whole[i][:, columns] = coef
        return whole[:, 0] if self._is_flat else whole

    def _changes(self) -> tuple[list[Any], list[Any]]:
        """Return which features come and which go with each model."""
        selection, path = self._selection, self._selection.path
        n = len(path.sizes)
        changed: Iterable[int] = range(n)
        added, removed = [np.zeros(0, np.int64)] * n, [np.zeros(0, np.int64)] * n
        if isinstance(path, NestedPath):  # none goes, but for what was exchanged
            added = np.split(path.system.features[path.places[: path.n_features[-1]]], path.n_features[:-1])
            changed = sorted({i for j in selection.exchanged for i in (j, j + 1) if i < n})
        for i in changed:
            now, before = selection.support(i), selection.support(i - 1) if i else np.zeros(0, np.int64)
            added[i], removed[i] = np.setdiff1d(now, before), np.setdiff1d(before, now)
        return [self._named(some) for some in added], [self._named(some) for some in removed]

    def _named(self, features: Places) -> list[Any]:
        names = self._features.names
        ordered = np.sort(features)
        return list(ordered.tolist() if names is None else names[ordered])

    def _range(self) -> str:
        sizes, what = self.sizes, "groups" if self._features.are_grouped else "features"
        is_gapless = np.array_equal(sizes, np.arange(sizes[0], sizes[-1] + 1))
        return f"{sizes[0]} to {sizes[-1]} {what}" if is_gapless else f"{sizes} {what}"

    def __repr__(self) -> str:
        return f"SubsetPath({len(self.sizes)} models of {self._range()})"
