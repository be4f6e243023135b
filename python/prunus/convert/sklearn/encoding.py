"""Steps that work on single columns of a table: encoders, imputers, scalers, selectors, and ColumnTransformers of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectFdr, SelectFpr, SelectFwe, SelectKBest, SelectPercentile, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

from prunus.convert.sklearn.base import entry_of
from prunus.convert.sklearn.front import STEPS, is_nothing
from prunus.data import NOWHERE, Encoding, Lookup, Numbers


class _UnknownError(Exception):
    """A step does what no Encoding does."""


@dataclass(frozen=True)
class _Number:
    """A column that comes out as (x - shift) / scale; NaN: nothing is filled in."""

    column: int
    fill: Any = np.nan
    shift: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, eq=False)
class _Values:
    """The values of a column, each with a place."""

    column: int
    entries: dict[Any, int]
    n: int  # places, those of what is missing and unknown among them
    missing: int | None
    unknown: int | None


@dataclass(frozen=True)
class _Cell:
    """One column that comes out of values: the number of each place that leaves an entry here."""

    values: _Values
    numbers: dict[int, float]

    @property
    def is_full(self) -> bool:
        return len(self.numbers) == self.values.n


_Out = _Number | _Cell


def encoding_of(steps: Pipeline) -> Encoding | None:
    """Return what the steps do; None where they do more than that."""
    first = next((step for _, step in steps.steps if not is_nothing(step)), None)
    n_columns, names = getattr(first, "n_features_in_", None), getattr(first, "feature_names_in_", None)
    if n_columns is None:
        return None
    try:
        outs = _through(steps, [_Number(i) for i in range(n_columns)])
        return _finished(outs, n_columns, None if names is None else [str(name) for name in names], steps)
    except _UnknownError:
        return None


def _through(step: Any, outs: Sequence[_Out]) -> list[_Out]:
    """Return what comes out of a step."""
    if is_nothing(step):
        return list(outs)
    if type(step) is Pipeline:
        for _, part in step.steps:
            outs = _through(part, outs)
        return list(outs)
    if entry_of(STEPS, step) is not None and not getattr(step, "clip", False):
        return _scaled(step, outs)
    known = _KNOWN.get(type(step))
    if known is None:
        raise _UnknownError
    return known(step, outs)


def _scaled(step: Any, outs: Sequence[_Out]) -> list[_Out]:
    support = getattr(step, "support_", None)
    if support is not None:
        return [out for out, is_there in zip(outs, support, strict=True) if is_there]
    shifts, scales = STEPS[type(step).__name__].fold(step)
    shifts = np.zeros(len(outs)) if shifts is None else shifts
    scales = np.ones(len(outs)) if scales is None else scales
    return [_affine(out, float(a), float(b)) for out, a, b in zip(outs, shifts, scales, strict=True)]


def _affine(out: _Out, shift: float, scale: float) -> _Out:
    if isinstance(out, _Number):
        return replace(out, shift=out.shift + out.scale * shift, scale=out.scale * scale)
    if shift != 0 and not out.is_full:  # where there is no entry there would be one
        raise _UnknownError
    return replace(out, numbers={k: (number - shift) / scale for k, number in out.numbers.items()})


def _selected(step: Any, outs: Sequence[_Out]) -> list[_Out]:
    return [out for out, is_there in zip(outs, step.get_support(), strict=True) if is_there]


def _imputed(step: SimpleImputer, outs: Sequence[_Out]) -> list[_Out]:
    is_nan = isinstance(step.missing_values, float) and np.isnan(step.missing_values)
    if not is_nan or step.add_indicator:
        raise _UnknownError
    found: list[_Out] = []
    for out, value in zip(outs, step.statistics_, strict=True):
        if value is None or value != value:  # it would leave the column out
            raise _UnknownError
        if isinstance(out, _Cell):
            if not out.is_full or any(number != number for number in out.numbers.values()):
                raise _UnknownError
            found.append(out)
        elif isinstance(out.fill, float) and np.isnan(out.fill):
            numeric = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
            if not numeric and (out.shift, out.scale) != (0.0, 1.0):
                raise _UnknownError
            found.append(replace(out, fill=float(value) * out.scale + out.shift if numeric else value))
        else:
            found.append(out)
    return found


def _raw(out: _Out) -> _Number:
    """Return a column that comes as it is, but for what is filled in."""
    if isinstance(out, _Cell) or (out.shift, out.scale) != (0.0, 1.0):
        raise _UnknownError
    return out


def _places(categories: Any) -> tuple[dict[Any, int], int | None]:
    """Return the place of each category, and that of NaN."""
    if categories.dtype.kind not in "biufUO":
        raise _UnknownError
    values = categories.tolist()
    missing = next((k for k, value in enumerate(values) if value is not None and value != value), None)
    entries = {value: k for k, value in enumerate(values) if k != missing}
    if not all(value is None or isinstance(value, (str, int, float, bool)) for value in entries):
        raise _UnknownError
    return entries, missing


def _values(out: _Number, categories: Any, unknown: bool) -> _Values:
    entries, missing = _places(categories)
    n = len(categories)
    of_unknown = n if unknown else None
    is_filled = not (isinstance(out.fill, float) and np.isnan(out.fill))
    if is_filled:
        missing = entries.get(out.fill, of_unknown)
        if missing is None:
            raise _UnknownError
    elif missing is None:
        missing = of_unknown
    return _Values(out.column, entries, n + unknown, missing, of_unknown)


def _grouped(step: Any, i: int) -> list[int]:
    """Return the rank of each category of a column once those that are rare are one, the last."""
    categories = step.categories_[i]
    if not _has_rare(step, i):
        return list(range(len(categories)))
    if _places(categories)[1] is not None:
        raise _UnknownError
    is_rare = np.isin(categories, step.infrequent_categories_[i])
    ranks = np.cumsum(~is_rare) - 1
    return [int((~is_rare).sum()) if gone else int(rank) for gone, rank in zip(is_rare, ranks, strict=True)]


def _one_hot(step: OneHotEncoder, outs: Sequence[_Out]) -> list[_Out]:
    if step.handle_unknown == "warn" or (step.drop is not None and step.handle_unknown != "error"):
        raise _UnknownError  # they warn
    found: list[_Out] = []
    for i, (out, categories) in enumerate(zip(outs, step.categories_, strict=True)):
        ranks = _grouped(step, i)
        values = _values(_raw(out), categories, step.handle_unknown != "error")
        if values.unknown is not None and _has_rare(step, i) and step.handle_unknown == "infrequent_if_exist":
            ranks.append(max(ranks))
        if all(rank == 0 for rank in ranks) and step.drop_idx_ is not None and step.drop_idx_[i] is not None:
            raise _UnknownError  # nothing comes out, but unknown values are refused
        dropped = None if step.drop_idx_ is None or step.drop_idx_[i] is None else ranks[int(step.drop_idx_[i])]
        found += [
            _Cell(values, {k: 1.0 for k, own in enumerate(ranks) if own == rank})
            for rank in range(max(ranks) + 1)
            if rank != dropped
        ]
    return found


def _has_rare(step: Any, i: int) -> bool:
    rare = getattr(step, "infrequent_categories_", None)
    return rare is not None and rare[i] is not None


def _ordinal(step: OrdinalEncoder, outs: Sequence[_Out]) -> list[_Out]:
    found: list[_Out] = []
    for i, (out, categories) in enumerate(zip(outs, step.categories_, strict=True)):
        if _has_rare(step, i):
            raise _UnknownError
        values = _values(_raw(out), categories, step.handle_unknown != "error")
        numbers = {k: float(k) for k in range(len(categories))}
        if (missing := _places(categories)[1]) is not None:
            numbers[missing] = float(step.encoded_missing_value)
        if values.unknown is not None:
            numbers[values.unknown] = float(step.unknown_value)
        found.append(_Cell(values, numbers))
    return found


def _by_columns(step: ColumnTransformer, outs: Sequence[_Out]) -> list[_Out]:
    found: list[_Out] = []
    for name, part, _ in step.transformers_:
        columns = step._transformer_to_input_indices[name]
        if (isinstance(part, str) and part == "drop") or len(columns) == 0:
            continue
        weight = (step.transformer_weights or {}).get(name, 1)
        if not weight:
            raise _UnknownError
        found += [_affine(out, 0.0, 1 / weight) for out in _through(part, [outs[column] for column in columns])]
    return found


def _as_they_are(step: FunctionTransformer, outs: Sequence[_Out]) -> list[_Out]:
    """What "passthrough" becomes in a ColumnTransformer."""
    if step.func is not None:
        raise _UnknownError
    return list(outs)


_KNOWN: dict[type, Callable[[Any, Sequence[_Out]], list[_Out]]] = {
    ColumnTransformer: _by_columns,
    FunctionTransformer: _as_they_are,
    OneHotEncoder: _one_hot,
    OrdinalEncoder: _ordinal,
    SimpleImputer: _imputed,
    **dict.fromkeys((SelectFdr, SelectFpr, SelectFwe, SelectKBest, SelectPercentile, VarianceThreshold), _selected),
}


def _finished(outs: Sequence[_Out], n_columns: int, names: list[str] | None, steps: Pipeline) -> Encoding:
    """Return the encoding of what comes out."""
    numbers = [(i, out) for i, out in enumerate(outs) if isinstance(out, _Number)]
    if any(not isinstance(out.fill, float) for _, out in numbers):
        raise _UnknownError  # a word in a column of numbers
    tables: dict[_Values, list[tuple[int, _Cell]]] = {}
    for i, out in enumerate(outs):
        if isinstance(out, _Cell):
            tables.setdefault(out.values, []).append((i, out))
    parts = Numbers(
        np.array([out.column for _, out in numbers], dtype=np.int64),
        np.array([out.fill for _, out in numbers]),
        np.array([out.shift for _, out in numbers]),
        np.array([out.scale for _, out in numbers]),
        np.array([i for i, _ in numbers], dtype=np.int64),
    )
    lookups = tuple(_lookup(values, cells) for values, cells in tables.items())
    return Encoding(n_columns, names, parts, lookups, len(outs), _is_dense(steps), steps)


def _lookup(values: _Values, cells: list[tuple[int, _Cell]]) -> Lookup:
    outs, numbers = np.full(values.n, NOWHERE, dtype=np.int64), np.zeros(values.n)
    for i, cell in cells:
        for k, number in cell.numbers.items():
            if outs[k] != NOWHERE:  # one column is there twice
                raise _UnknownError
            outs[k], numbers[k] = i, number
    return Lookup(values.column, values.entries, outs, numbers, values.missing, values.unknown)


def _is_dense(steps: Pipeline) -> bool:
    """Whether an array comes out of them."""
    dense = True
    for _, step in steps.steps:
        if type(step) is OneHotEncoder:
            dense = not step.sparse_output
        elif type(step) is ColumnTransformer:
            dense = not step.sparse_output_
    return dense
