"""Files of data: arrays by name (.npz), and tables whose columns are the inputs and y (.npy, .csv, .parquet)."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from prunus._base import check
from prunus.cli.errors import UsageError, naming
from prunus.network import Network

_GAPS = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "<NA>"]  # in columns of X that may have any


class Data(NamedTuple):
    """What a file holds. X is a DataFrame where its columns have names."""

    X: Any = None
    y: Any = None
    sample_weight: Any = None


class Takes(NamedTuple):
    """What the model takes."""

    network: Network
    n_columns: int
    known: Mapping[int, Sequence[str]] = {}  # of columns of words alone: those that there are
    words: bool = False  # whether columns of X may hold words, and gaps
    is_flat: bool = False  # whether X is one column, not a table: texts


class _Columns(NamedTuple):
    """Where a table has what."""

    inputs: list[int]
    targets: list[int]


def read(option: str, path: Path, takes: Takes, target: Sequence[str]) -> Data:
    """Read a file, given by this option; `target` names the columns of y in a table. Nothing is unpickled."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"{option}: expected a file {', '.join(sorted(_READERS))}, got {path}")
    with naming(path):
        return reader(path, takes, target)


def is_table(path: Path) -> bool:
    """Whether the file's columns are to be told apart."""
    return path.suffix.lower() != ".npz"


def _read_npz(path: Path, _takes: Takes, _target: Sequence[str]) -> Data:
    import zipfile

    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError("expected a .npz archive, got another kind of file")
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            if "X" not in arrays:
                raise ValueError(f"expected an array X, got {', '.join(arrays) or 'none'}")
            return Data(*(arrays.get(name) for name in Data._fields))


def _read_npy(path: Path, takes: Takes, target: Sequence[str]) -> Data:
    # Mapped, so that X need not fit in memory.
    array = np.lib.format.open_memmap(path, mode="r")
    if array.ndim != 2:
        raise ValueError(f"expected 2 dimensions, got {check.describe(array)}")
    columns = _columns(path, [str(i) for i in range(array.shape[1])], takes, target)
    return Data(array[:, _run(columns.inputs)], _flat(array[:, _run(columns.targets)]))


def _read_csv(path: Path, takes: Takes, target: Sequence[str]) -> Data:
    with _needing("pandas"):
        import pandas as pd

        names = list(pd.read_csv(path, nrows=0).columns)
        _refuse_separator(names)
        header = pd.read_csv(path, header=None, nrows=1, dtype=str).iloc[0]  # without dots to tell equal ones apart
        try:
            columns = _columns(path, names, takes, target)
        except UsageError:  # the name of a column, where there may be none
            _refuse_numbers(header.tolist(), len(names))
            raise
        _refuse_numbers(header.iloc[columns.inputs].tolist(), len(names))
        # As they are written: a class may be called 007, or NA, and so may a word that the model knows.
        text = [names[i] for i in columns.targets if _has_words(takes.network)]
        known = {names[columns.inputs[i]]: set(values) for i, values in takes.known.items()}
        gaps = {names[i]: [gap for gap in _GAPS if gap not in known.get(names[i], ())] for i in columns.inputs}
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the header
            table = pd.read_csv(
                path,
                index_col=False,
                dtype=dict.fromkeys([*text, *known], str) or None,
                keep_default_na=not (text or takes.words),
                na_values=gaps if takes.words else None,
            )
    return _split(table, columns, takes)


def _refuse_separator(names: Sequence[str]) -> None:
    """Refuse one name in which others are told apart by something else."""
    words = {";": "semicolons", "\t": "tabs"}
    found = next((mark for mark in words if len(names) == 1 and mark in names[0]), None)
    if found:
        way = f"pandas.read_csv(..., sep={found!r}).to_csv(..., index=False) changes it"
        raise ValueError(f"expected a comma as the separator of columns, got {words[found]}; {way}")


def _refuse_numbers(names: Sequence[str], n_columns: int) -> None:
    """Refuse a row of numbers in the place of the names, unless they number the columns."""
    try:
        numbers = [float(name) for name in names]
    except ValueError:
        return
    if numbers != sorted(set(numbers) & set(range(n_columns + 1))):
        raise ValueError(f"expected names of columns in the first line, got numbers: {', '.join(map(str, names[:5]))}")


def _read_parquet(path: Path, takes: Takes, target: Sequence[str]) -> Data:
    with _needing("pandas and pyarrow"):
        import pandas as pd

        table = pd.read_parquet(path, engine="pyarrow")
    return _split(table, _columns(path, [str(name) for name in table.columns], takes, target), takes)


_READERS = {".npz": _read_npz, ".npy": _read_npy, ".csv": _read_csv, ".parquet": _read_parquet}


@contextlib.contextmanager
def _needing(libraries: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ImportError(f"reading it needs {libraries}: pip install 'prunus[data]'") from error


# Which column is y ------------------------------------------------------------------------------------------------------


def _columns(path: Path, names: Sequence[str], takes: Takes, target: Sequence[str]) -> _Columns:
    """Tell the inputs from y: the named columns, else the last ones if there are just as many more than inputs."""
    n_in = takes.n_columns
    if not target:
        n_targets = takes.network.n_out if takes.network.classes is None or takes.network.is_multilabel else 1
        if len(names) not in (n_in, n_in + n_targets):
            raise ValueError(f"expected {n_in} columns, or {n_in + n_targets} with y, got {len(names)}")
        places = list(range(len(names)))
        return _Columns(places[:n_in], places[n_in:])
    targets = [_place(path, names, name) for name in target]
    inputs = [i for i in range(len(names)) if i not in targets]
    if len(inputs) != n_in:
        raise ValueError(f"expected {n_in} columns beside {', '.join(target)}, got {len(inputs)}")
    return _Columns(inputs, targets)


def _place(path: Path, names: Sequence[str], target: str) -> int:
    """Where a column is that the user gave by name, or by number."""
    if target in names:
        return names.index(target)
    try:
        return range(len(names))[int(target)]
    except (ValueError, IndexError):
        some = [*map(repr, names[:5]), "..."] if len(names) > 5 else map(repr, names)
        raise UsageError(
            f"--target: expected a column of {path} ({', '.join(some)}) or its number, got {target!r}"
        ) from None


def _has_words(network: Network) -> bool:
    return network.classes is not None and network.classes.dtype.kind in "UO"


# Arrays out of tables ---------------------------------------------------------------------------------------------------


def _run(places: list[int]) -> slice | list[int]:
    """Columns that follow one another are a view: what is mapped stays so."""
    if not places:
        return slice(0)
    run = slice(places[0], places[-1] + 1)
    return run if list(range(run.start, run.stop)) == places else places


def _flat(y: Any) -> Any:
    """No column: no y. One column: one dimension."""
    return None if y.shape[1] == 0 else y[:, 0] if y.shape[1] == 1 else np.ascontiguousarray(y)


def _split(table: Any, columns: _Columns, takes: Takes) -> Data:
    if table.empty:  # its columns are of no kind
        raise ValueError("expected at least one row, got none")
    X, y = table.iloc[:, columns.inputs], table.iloc[:, columns.targets]
    if not takes.words:
        kinds = {name: kind.kind for name, kind in X.dtypes.items()}
        if words := [repr(name) for name, kind in kinds.items() if kind not in "biuf"]:
            raise ValueError(f"expected columns of numbers, got {', '.join(words[:5])} of other kinds")
        _refuse_gaps(X)
    _refuse_gaps(y)
    if takes.is_flat:
        X = X.iloc[:, 0]
    if _has_words(takes.network):
        y = y.astype({name: str for name, kind in y.dtypes.items() if kind.kind in "iu"})
    return Data(X, _flat(y.to_numpy()))


def _refuse_gaps(table: Any) -> None:
    gaps = table.isna().to_numpy()
    if gaps.any():
        row, column = np.argwhere(gaps)[0]
        raise ValueError(
            f"expected a value in every cell, got a missing value in column {table.columns[column]!r}, row {row + 1}"
        )
