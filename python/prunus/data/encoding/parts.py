"""What becomes of columns: numbers stay numbers, shifted and scaled; values are looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus._base import Doubles, check
from prunus.data.encoding.table import Table

NOWHERE = -1  # of a value that leaves no entry


@dataclass(frozen=True)
class Numbers:
    """Columns of numbers: what is missing is filled in, and they come out as (x - shift) / scale."""

    columns: npt.NDArray[np.int64]
    fills: Doubles  # NaN: what is missing stays so
    shifts: Doubles
    scales: Doubles
    outs: npt.NDArray[np.int64]

    def of(self, table: Table) -> Doubles:
        """Return them, (n_samples, k)."""
        x = table.numbers(self.columns)
        missing = np.isnan(x)
        if missing.any():
            x = np.where(missing, self.fills, x)
        return (x - self.shifts) / self.scales


@dataclass(frozen=True)
class Lookup:
    """A column whose values are looked up: each has an entry, in one column of those that come out, or none.

    `entries`: by value its place in `outs` and `numbers`. NaN, which equals nothing, has a place of its own, and so has what is
    unknown; None: it is refused.
    """

    column: int
    entries: Mapping[Any, int]
    outs: npt.NDArray[np.int64]  # NOWHERE: no entry
    numbers: Doubles
    missing: int | None
    unknown: int | None

    def of(self, table: Table) -> npt.NDArray[np.intp]:
        """Return the place of each value, (n_samples,)."""
        values = table.values(self.column).tolist()
        get = self.entries.get
        try:
            places = [get(value, -1) for value in values]
        except TypeError:  # a list is no key
            places = [-1] * len(values)
        if -1 in places:
            places = [
                self._beside(table.name, value) if place < 0 else place
                for value, place in zip(values, places, strict=True)
            ]
        return np.array(places, dtype=np.intp)

    def _beside(self, name: str, value: Any) -> int:
        """Return the place of a value that is no key."""
        is_missing = type(value).__name__ == "NAType" or value != value
        place = self.missing if is_missing else self.unknown
        if place is None:
            kind = "a value" if is_missing else "a known category"
            raise check.error(ValueError, name, f"expected {kind} in column {self.column}, got {value!r}")
        return place
