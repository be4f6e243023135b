"""DataFrames and Series as arrays of numbers, by what pandas' and polars' have in common; neither is needed."""

from __future__ import annotations

import numbers
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus._base.errors import error

_MOST_NAMED = 5  # columns in an error


def frame_of(columns: dict[str, Any]) -> Any:
    """Return a pandas.DataFrame of these columns; without pandas, which nothing else needs, themselves."""
    return columns if find_spec("pandas") is None else import_module("pandas").DataFrame(columns)


def is_frame(value: Any) -> bool:
    """Whether it is a DataFrame: a table that knows its columns and can be an array."""
    return hasattr(value, "to_numpy") and hasattr(value, "columns")


def columns_of(value: Any) -> list[str] | None:
    """Return the names of a DataFrame's columns; None if it is none."""
    return [str(column) for column in value.columns] if is_frame(value) else None


def names_of(value: Any) -> list[str] | None:
    """Return the names of a DataFrame's columns; None where there are none, or numbers from 0 on in their place."""
    columns = columns_of(value)
    return None if columns is None or list(value.columns) == list(range(len(columns))) else columns


def plain(name: str, value: Any) -> Any:
    """Return a DataFrame or a Series of numbers as an array, NaN where a number is missing; anything else as it is.

    Columns of one type, none of them missing, are not copied where the DataFrame holds them together. Bools count as 0 and 1
    beside numbers. A column of anything else is a TypeError that names it.
    """
    if is_frame(value):
        return _table(name, value)
    column = _numbers(value) if hasattr(value, "to_numpy") else None
    return value if column is None else column


def _table(name: str, frame: Any) -> npt.NDArray[Any]:
    kinds = {dtype.kind if isinstance(dtype, np.dtype) else "" for dtype in frame.dtypes}
    if kinds <= set("iuf") or kinds == {"b"}:
        return np.asarray(frame.to_numpy())
    # Beside numbers, NumPy takes bools for objects, and what may be missing too. Of pandas' columns two may have one name.
    columns = [frame.iloc[:, i] if hasattr(frame, "iloc") else frame[label] for i, label in enumerate(frame.columns)]
    arrays = [_numbers(column) for column in columns]
    others = [
        f"{str(label)!r} of dtype {column.dtype}"
        for label, column, array in zip(frame.columns, columns, arrays, strict=True)
        if array is None
    ]
    if others:
        rest = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
        raise error(TypeError, name, f"expected columns of numbers, got {', '.join(others[:_MOST_NAMED])}{rest}")
    return np.column_stack([array for array in arrays if array is not None])


def _numbers(column: Any) -> npt.NDArray[Any] | None:
    """Return a column as an array of numbers, None if it holds anything else."""
    array = np.asarray(column)
    if array.dtype.kind in "biuf":
        return array
    if getattr(column.dtype, "kind", "") in {*"biuf"}:  # of pandas' types that know what is missing
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if array.dtype.kind == "O" and all(v is None or isinstance(v, (numbers.Real, np.bool_)) for v in array):
        return np.array([np.nan if v is None else v for v in array], np.float64)
    return None
