"""Which column of X is not made of finite numbers: what scikit-learn's errors leave to be looked for."""

from __future__ import annotations

import contextlib
import reprlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus._base import check
from prunus.data.source import is_sparse

_ROWS = 4096  # looked at together, so that of X mapped from a file no copy is made


@contextlib.contextmanager
def naming_columns(X: Any) -> Iterator[None]:
    """Name the first column with anything but finite numbers, if X is refused within; refuse dates, which NumPy converts."""
    if _is_of_times(X):
        raise check.error(TypeError, "X", f"expected finite numbers, got {_found(X)}")
    try:
        yield
    except (TypeError, ValueError) as error:
        found = _found(X)
        if found is None:
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise check.error(kind, "X", f"expected finite numbers, got {found}. {error}") from error


def _is_of_times(X: Any) -> bool:
    """Return whether all columns are dates or durations: beside numbers they are refused anyway."""
    if is_sparse(X) or len(getattr(X, "shape", ())) != 2:
        return False
    return np.asarray(X[:1]).dtype.kind in "mM"


def _found(X: Any) -> str | None:
    """Return the first element that is no finite number, and where it is; None if there is none."""
    at = _in_sparse(X) if is_sparse(X) else _in_frame(X) if hasattr(X, "columns") else _in_array(X)
    if at is None:
        return None
    row, column, value = at
    return f"{reprlib.repr(str(value)) if isinstance(value, str) else value} in column {column}, row {row}"


_Place = tuple[int, str, Any]


def _in_sparse(X: Any) -> _Place | None:
    entries = X.tocoo()
    k = _first_of(entries.data)
    return None if k is None else (int(entries.row[k]), str(entries.col[k]), entries.data[k])


def _in_frame(X: Any) -> _Place | None:
    for j, name in enumerate(X.columns):
        values = np.asarray(X.iloc[:, j] if hasattr(X, "iloc") else X[name])  # of pandas' columns two may have one name
        row = _first_of(values)
        if row is not None:
            return row, repr(name), values[row]
    return None


def _in_array(X: Any) -> _Place | None:
    try:
        array = np.asarray(X)
    except ValueError:  # rows of different lengths
        return None
    if array.ndim != 2:
        return None
    for begin in range(0, len(array), _ROWS):
        rows = array[begin : begin + _ROWS]
        k = _first_of(rows.ravel())
        if k is not None:
            row, column = divmod(k, rows.shape[1])
            return begin + row, str(column), rows[row, column]
    return None


def _first_of(values: npt.NDArray[Any]) -> int | None:
    """Return the index of the first that is no finite number."""
    if values.dtype.kind in "biufc":
        is_bad = ~np.isfinite(values)
        return int(np.argmax(is_bad)) if is_bad.any() else None
    return next((k for k, value in enumerate(values) if not _is_finite(value)), None)


def _is_finite(value: Any) -> bool:
    if isinstance(value, (np.datetime64, np.timedelta64)):  # which float() takes
        return False
    try:
        return bool(np.isfinite(float(value)))
    except (TypeError, ValueError):
        return False
