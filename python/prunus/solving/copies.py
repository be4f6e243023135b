"""Columns that are equal to others, to the last digit."""

from __future__ import annotations

from typing import Any

import numpy as np

from prunus._base import Bools, Doubles
from prunus.data import is_sparse

_ALIKE = 1e-9  # of the means and squares of columns that are compared


def copies_of_others(X: Any, mean: Doubles, squares: Doubles, keep: Bools | None) -> Bools:
    """Return which columns are copies of one that is taken for all of them: the earliest, or all that are kept.

    Columns whose means or sums of squares differ are not looked at: O(n_features log n_features), and O(n_samples) for every
    other one.
    """
    stays = np.zeros(len(mean), np.bool_) if keep is None else keep
    first: dict[bytes, int] = {}
    found = np.zeros(len(mean), np.bool_)
    places = np.flatnonzero(_has_alike(mean) & _has_alike(squares))
    for place in sorted(places.tolist(), key=lambda j: (not stays[j], j)):
        is_new = first.setdefault(_bytes(X, place), place) == place
        found[place] = not is_new and not stays[place]
    return found


def _has_alike(values: Doubles) -> Bools:
    """Return whether another one is as large, but for rounding."""
    order = np.argsort(values)
    near = np.diff(values[order]) <= _ALIKE * np.abs(values[order][1:])
    found = np.zeros(len(values), np.bool_)
    found[order] = np.append(near, False) | np.append(False, near)
    return found


def _bytes(X: Any, place: int) -> bytes:
    column = X[:, [place]].toarray() if is_sparse(X) else X[:, place]
    return bytes(np.ascontiguousarray(column + 0.0))  # of -0 and 0 the same
