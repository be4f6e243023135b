"""A table's rows as rows of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from prunus._base import Floats, check
from prunus.data.encoding.parts import NOWHERE, Lookup, Numbers
from prunus.data.encoding.rows import Rows
from prunus.data.encoding.table import Table
from prunus.data.source import is_sparse


class _Layout(NamedTuple):
    """Where the parts put their entries in a row, so that columns ascend."""

    numbers: npt.NDArray[np.int64]  # places of the numbers among a row's entries
    lookups: list[int]
    n: int


@dataclass(frozen=True, eq=False)
class Encoding:
    """What encoders, imputers and scalers of single columns do, without them: a category is a column of what comes out.

    Attributes
    ----------
    n_columns : int
        Of X.
    names : list of str or None
        Of these columns, where they had any.
    numbers : Numbers
    lookups : tuple of Lookup
    n_out : int
        Columns that come out.
    is_dense : bool
        Whether `transform` returns an array, as the steps that it stands for do.
    source : Any
        These steps, as long as they are there.
    """

    n_columns: int
    names: list[str] | None
    numbers: Numbers
    lookups: tuple[Lookup, ...]
    n_out: int
    is_dense: bool
    source: Any = field(default=None, compare=False, repr=False)

    def transform(self, X: Any, name: str = "X") -> Any:
        """Return the rows of a table: an array, or SciPy's compressed sparse rows."""
        rows = self.rows(X, np.dtype(np.float64), name)
        return rows.toarray() if self.is_dense else rows.tocsr()

    def rows(self, X: Any, dtype: np.dtype[Any], name: str = "X") -> Rows:
        """Return what an engine reads: no row is longer than X is wide."""
        if is_sparse(X):
            raise check.error(TypeError, name, f"expected a table, got {check.describe(X)}; use {name}.toarray()")
        table = Table(name, X, self.n_columns, self.names, self._read)
        n, layout = len(table), self._layout
        columns, values = np.empty((n, layout.n), np.int32), np.empty((n, layout.n), dtype)
        if len(layout.numbers):
            columns[:, layout.numbers] = self.numbers.outs
            values[:, layout.numbers] = self.numbers.of(table)
        for place, lookup in zip(layout.lookups, self.lookups, strict=True):
            entries = lookup.of(table)
            columns[:, place] = lookup.outs[entries]
            values[:, place] = lookup.numbers[entries]
        return _compressed(columns, values, self.n_out)

    def is_like(self, other: Encoding) -> bool:
        """Whether the same comes out of every table."""
        facts = [(e.n_columns, e.names, e.n_out, e.is_dense, len(e.lookups)) for e in (self, other)]
        parts = zip((self.numbers, *self.lookups), (other.numbers, *other.lookups), strict=False)
        return facts[0] == facts[1] and all(_are_equal(vars(one), vars(two)) for one, two in parts)

    @cached_property
    def _read(self) -> list[int]:
        return [*self.numbers.columns.tolist(), *(lookup.column for lookup in self.lookups)]

    @cached_property
    def _layout(self) -> _Layout:
        firsts = [*self.numbers.outs, *(min(lookup.outs[lookup.outs >= 0], default=0) for lookup in self.lookups)]
        places = np.argsort(np.argsort(firsts, kind="stable"))
        n = len(self.numbers.outs)
        return _Layout(places[:n], places[n:].tolist(), len(firsts))


def _are_equal(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    return all(
        np.array_equal(value, two[name], equal_nan=True) if isinstance(value, np.ndarray) else value == two[name]
        for name, value in one.items()
    )


def _compressed(columns: npt.NDArray[np.int32], values: Floats, n_out: int) -> Rows:
    n, width = columns.shape
    there = columns != NOWHERE
    if there.all():
        starts = np.arange(0, n * width + 1, width, dtype=np.int32) if width else np.zeros(n + 1, np.int32)
        return Rows(starts, columns.ravel(), values.ravel(), (n, n_out))
    starts = np.zeros(n + 1, np.int32)
    np.cumsum(there.sum(axis=1), out=starts[1:])
    return Rows(starts, columns[there], values[there], (n, n_out))
