"""The columns of a DataFrame or an array, by number, as the steps of a pipeline would find them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus._base import check, names_of

_FEW = 16  # rows, up to which all columns are taken together: to ask a DataFrame for one takes some microseconds


class Table:
    """X, whose columns were fitted as numbers 0 to n - 1, by their names where they had any.

    A DataFrame may have them in another order, and others beside them.
    """

    def __init__(self, name: str, X: Any, n_columns: int, names: Sequence[str] | None, read: Sequence[int]) -> None:
        self.name = name  # the argument's
        own = names_of(X)
        self._places: Sequence[int] = range(n_columns)
        if own is None or names is None:
            X = X if hasattr(X, "columns") else _array(name, X)
            if (width := X.shape[1]) != n_columns:
                raise check.error(ValueError, name, f"expected {n_columns} columns, got {width}")
        elif own != names:
            if missing := [names[i] for i in read if names[i] not in own]:
                expected = "expected the columns that the model was fitted with"
                raise check.error(ValueError, name, f"{expected}, got none of the name {missing[0]!r}")
            at = {name: i for i, name in enumerate(own)}
            self._places = [at.get(name, -1) for name in names]
        self._frame: Any = X
        self._whole: npt.NDArray[Any] | None = None
        if isinstance(X, np.ndarray) or (len(X) <= _FEW and hasattr(X, "iloc")):
            self._whole = X if isinstance(X, np.ndarray) else X.to_numpy(dtype=object)

    def __len__(self) -> int:
        return len(self._frame)

    def values(self, column: int) -> npt.NDArray[Any]:
        """Return one of them, (n_samples,)."""
        place = self._places[column]
        if self._whole is not None:
            return np.asarray(self._whole[:, place])
        frame = self._frame
        return np.asarray(frame.iloc[:, place] if hasattr(frame, "iloc") else frame[frame.columns[place]])

    def numbers(self, columns: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return several of numbers, (n_samples, k); what is missing is NaN."""
        if self._whole is not None and self._whole.dtype.kind in "biuf":
            return np.asarray(self._whole[:, [self._places[column] for column in columns]], dtype=np.float64)
        found = np.empty((len(self), len(columns)))
        for j, column in enumerate(columns):
            values = self.values(column)
            try:
                found[:, j] = values
            except (TypeError, ValueError):
                found[:, j] = [_number(self.name, value, column) for value in values]
        return found


def _array(name: str, X: Any) -> npt.NDArray[Any]:
    """Return X as an array of its own type; rows of numbers and strings are objects, which NumPy would make strings."""
    if not isinstance(X, np.ndarray):
        try:
            X = np.array(X, dtype=object)
        except ValueError:
            raise check.error(ValueError, name, "expected rows of one length, got others") from None
    if X.ndim != 2:
        raise check.error(ValueError, name, f"expected 2 dimensions, got {check.describe(X)}")
    return np.asarray(X)


def _number(name: str, value: Any, column: int) -> float:
    if value is None or type(value).__name__ == "NAType":
        return np.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        raise check.error(ValueError, name, f"expected numbers in column {column}, got {value!r}") from None
