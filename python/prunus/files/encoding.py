"""An encoding in the JSON of a file."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from prunus._base import FormatError, record
from prunus.data import Encoding, Lookup, Numbers


@dataclass(frozen=True)
class NumbersRow:
    """Columns of numbers; NaN where nothing is filled in."""

    columns: list[int]
    fills: list[float]
    shifts: list[float]
    scales: list[float]
    outs: list[int]


@dataclass(frozen=True)
class LookupRow:
    """A column whose values are looked up: each value's place among the outputs and numbers."""

    column: int
    values: list[Any]
    places: list[int]
    outs: list[int]  # -1: none
    numbers: list[float]
    missing: int | None
    unknown: int | None


@dataclass(frozen=True)
class EncodingRow:
    """What stands before a network and takes a table."""

    n_columns: int
    names: list[str] | None
    numbers: NumbersRow
    lookups: list[LookupRow]
    n_out: int
    is_dense: bool


def write_encoding(encoding: Encoding) -> dict[str, Any]:
    """Return plain JSON values."""
    numbers = {name: values.tolist() for name, values in vars(encoding.numbers).items()}
    lookups = [
        LookupRow(
            lookup.column,
            list(lookup.entries),
            list(lookup.entries.values()),
            lookup.outs.tolist(),
            lookup.numbers.tolist(),
            lookup.missing,
            lookup.unknown,
        )
        for lookup in encoding.lookups
    ]
    row = EncodingRow(
        encoding.n_columns, encoding.names, NumbersRow(**numbers), lookups, encoding.n_out, encoding.is_dense
    )
    return asdict(row)


def read_encoding(value: Any, n_in: int) -> Encoding:
    """Return the encoding before a network of n_in inputs; whatever a file says of one that cannot be is refused."""
    row = record(EncodingRow, "encoding", value)
    if not row.n_columns > 0 or row.n_out != n_in or (row.names is not None and len(row.names) != row.n_columns):
        raise FormatError("encoding: expected columns, names for all or none, and what the network takes")
    numbers = _numbers(row)
    lookups = tuple(_lookup(i, one, row) for i, one in enumerate(row.lookups))
    taken = [set(numbers.outs.tolist()), *(set(lookup.outs[lookup.outs >= 0].tolist()) for lookup in lookups)]
    if sum(map(len, taken)) != len(set().union(*taken)) or len(taken[0]) != len(numbers.outs):
        raise FormatError("encoding: expected each column to come from one place")
    return Encoding(row.n_columns, row.names, numbers, lookups, row.n_out, row.is_dense)


def _numbers(row: EncodingRow) -> Numbers:
    own = row.numbers
    if len({len(values) for values in vars(own).values()}) != 1:
        raise FormatError("encoding.numbers: expected lists of one length")
    _require_below("encoding.numbers.columns", own.columns, 0, row.n_columns)
    _require_below("encoding.numbers.outs", own.outs, 0, row.n_out)
    if not all(math.isfinite(number) for number in (*own.shifts, *own.scales)) or 0 in own.scales:
        raise FormatError("encoding.numbers: expected finite shifts, and scales other than 0")
    return Numbers(
        np.array(own.columns, np.int64),
        np.array(own.fills, np.float64),
        np.array(own.shifts, np.float64),
        np.array(own.scales, np.float64),
        np.array(own.outs, np.int64),
    )


def _lookup(i: int, own: LookupRow, row: EncodingRow) -> Lookup:
    name = f"encoding.lookups.{i}"
    n = len(own.outs)
    _require_below(f"{name}.column", [own.column], 0, row.n_columns)
    _require_below(f"{name}.outs", own.outs, -1, row.n_out)
    special = [place for place in (own.missing, own.unknown) if place is not None]
    _require_below(f"{name}.places", [*own.places, *special], 0, n)
    if len(own.values) != len(own.places) or len(own.numbers) != n:
        raise FormatError(f"{name}: expected a place for each value, and an output and a number for each place")
    if not all(value is None or type(value) in (str, int, float, bool) for value in own.values):
        raise FormatError(f"{name}.values: expected words and numbers")
    entries = dict(zip(own.values, own.places, strict=True))
    if len(entries) != len(own.values):
        raise FormatError(f"{name}.values: expected each once")
    outs, numbers = np.array(own.outs, np.int64), np.array(own.numbers, np.float64)
    return Lookup(own.column, entries, outs, numbers, own.missing, own.unknown)


def _require_below(name: str, values: list[int], low: int, high: int) -> None:
    if not all(low <= value < high for value in values):
        raise FormatError(f"{name}: expected numbers from {low} to {high - 1}")
