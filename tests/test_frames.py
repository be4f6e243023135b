"""DataFrames of bools, of numbers that may be missing, and not of pandas: as arrays; what is no number is named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import prunus

NAN = float("nan")
NETWORK = prunus.Network(
    [
        prunus.Layer([[1.0, -2.0, 0.5, 3.0], [0.5, 1.0, -1.0, 2.0]], [0.1, -0.2], "tanh"),
        prunus.Layer([[1.0, 2.0], [-1.0, 1.0]]),
    ],
    output="softmax",
    classes=["a", "b"],
)
COLUMNS: dict[str, list[Any]] = {
    "flag": [True, False, True, True, False],
    "count": [3, -1, 4, 1, 5],
    "size": [0.5, 1.5, -2.5, 0.25, 3.0],
    "seen": [False, True, True, False, True],
}
ARRAY = np.array([[float(v) for v in column] for column in COLUMNS.values()]).T
Y = ["a", "b", "a", "b", "b"]


class Column:
    """A column as small as one can be."""

    def __init__(self, values: list[Any]) -> None:
        self.values = np.array(values)
        self.dtype = self.values.dtype.name

    def to_numpy(self) -> Any:
        return self.values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self.values.astype(dtype or self.values.dtype)


class Frame:
    """A table that is known by polars' names, and has none of pandas' own."""

    def __init__(self, columns: dict[str, list[Any]]) -> None:
        self.columns = list(columns)
        self._columns = {name: Column(values) for name, values in columns.items()}
        self.dtypes = [column.dtype for column in self._columns.values()]

    def __getitem__(self, name: str) -> Column:
        return self._columns[name]

    def to_numpy(self) -> Any:
        return np.array([column.values.astype(object) for column in self._columns.values()]).T

    __array__ = to_numpy


def polars(columns: dict[str, list[Any]]) -> Any:
    return pytest.importorskip("polars").DataFrame(columns)


def nullable(columns: dict[str, list[Any]]) -> Any:
    types = {bool: "boolean", int: "Int64", float: "Float64"}
    kinds = {name: types.get(type(values[0])) for name, values in columns.items()}
    return pd.DataFrame({name: pd.array(values, kinds[name]) for name, values in columns.items()})


def arrow(columns: dict[str, list[Any]]) -> Any:
    return pd.DataFrame(columns).convert_dtypes(dtype_backend="pyarrow")


MAKERS: list[Callable[..., Any]] = [pd.DataFrame, nullable, arrow, polars, Frame]


@pytest.mark.parametrize("make", MAKERS)
def test_a_frame_is_taken_for_its_numbers(make: Any) -> None:
    X = make(COLUMNS)
    for of in (NETWORK.forward, NETWORK.predict, prunus.compile(NETWORK), prunus.compile(NETWORK).predict_proba):
        assert np.array_equal(of(X), of(ARRAY))
    for a, b in zip(*(prunus.importance(NETWORK, "saliency", X=x, y=Y) for x in (X, ARRAY)), strict=True):
        assert np.array_equal(a, b)
    assert prunus.fit(NETWORK, X, Y, epochs=2, random_state=0) == prunus.fit(
        NETWORK, ARRAY, Y, epochs=2, random_state=0
    )
    options: dict[str, Any] = {"sparsity": 0.5, "fine_tune": 1, "random_state": 0, "y_val": Y}
    pruned, expected = (prunus.prune(NETWORK, x, Y, X_val=x, **options) for x in (X, ARRAY))
    assert pruned.network == expected.network
    assert pruned.report["feature_names"] == list(COLUMNS)
    assert pruned.score(X, Y) == expected.score(ARRAY, Y)


def with_missing(columns: dict[str, list[Any]], name: str) -> dict[str, list[Any]]:
    return {**columns, name: [*columns[name][:-2], None, columns[name][-1]]}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("make", [nullable, arrow, polars])
def test_what_is_missing_is_nan(make: Any, name: str) -> None:
    X = make(with_missing(COLUMNS, name))
    expected = ARRAY.copy()
    expected[3, list(COLUMNS).index(name)] = NAN
    for of in (NETWORK.forward, prunus.compile(NETWORK)):
        assert np.array_equal(of(X), of(expected), equal_nan=True)
        assert np.isnan(of(X)).all(axis=1).tolist() == [False, False, False, True, False]
    for refused in (
        lambda: prunus.prune(NETWORK, X, Y, sparsity=0.5),
        lambda: prunus.prune(NETWORK, ARRAY, Y, sparsity=0.5, X_val=X, y_val=Y),
        lambda: prunus.fit(NETWORK, X, Y, epochs=1),
        lambda: prunus.importance(NETWORK, "wanda", X=X),
        lambda: NETWORK.loss(X, Y),
    ):
        with pytest.raises(ValueError, match=f"^X(_val)?: expected finite numbers.*, in column '{name}'$"):
            refused()


def test_the_column_is_named_of_those_that_are_read() -> None:
    X = pd.DataFrame(ARRAY, columns=list(COLUMNS))
    X["size"] = [1.0, np.inf, 2, 3, 4]
    first = prunus.Layer([[1.0, 2.0]])
    network = prunus.Network([first], inputs=[False, True, True, False])
    with pytest.raises(ValueError, match=r"X: expected finite numbers.*, in column 'size'$"):
        network.loss(X, ARRAY[:, 0])
    with pytest.raises(ValueError, match=r"X: expected finite numbers.*, in column 'size'$"):
        network.astype(np.float32).data(X, ARRAY[:, 0], dtype=np.float32)


DATES = [dt.date(2020, 1, day) for day in range(1, 6)]
OTHERS: dict[str, list[Any]] = {"words": Y, "dates": DATES, "complex": [1j, 2, 3, 4, 5]}


@pytest.mark.parametrize("others", [["words"], ["dates"], ["complex"], ["words", "dates"]])
@pytest.mark.parametrize("make", [pd.DataFrame, polars, Frame])
def test_a_column_that_is_no_numbers_is_named(make: Any, others: list[str]) -> None:
    if make is polars and "complex" in others:
        pytest.skip("polars has none")
    four = {**{name: COLUMNS[name] for name in list(COLUMNS)[len(others) :]}, **{name: OTHERS[name] for name in others}}
    X = make(four)
    if make is pd.DataFrame and "dates" in others:
        X["dates"] = pd.to_datetime(X["dates"])
    named = ", ".join(f"'{name}' of dtype .*" for name in others)
    for refused in (NETWORK.forward, prunus.compile(NETWORK), lambda X: prunus.prune(NETWORK, X, Y, sparsity=0.5)):
        with pytest.raises(TypeError, match=f"^X: expected columns of numbers, got {named}$"):
            refused(X)


@pytest.mark.parametrize("make", [pd.DataFrame, polars, Frame])
def test_no_column_is_numbers(make: Any) -> None:
    with pytest.raises(
        TypeError, match=r"X: expected columns of numbers, got '0' .* '4' of dtype [a-zA-Z0-9]+ and 2 more"
    ):
        NETWORK.forward(make({str(i): Y for i in range(7)}))


def test_columns_of_one_name() -> None:
    X = pd.DataFrame({"a": [True, False], "b": [1, 2], "c": [0.5, 1.5], "d": ["x", "y"]})
    X.columns = pd.Index(["a", "a", "b", "a"])
    with pytest.raises(TypeError, match="got 'a' of dtype"):
        NETWORK.forward(X)
    X.isetitem(3, [1.0, 2.0])
    assert np.array_equal(NETWORK.forward(X), NETWORK.forward([[1, 1, 0.5, 1], [0, 2, 1.5, 2]]))


def test_columns_of_one_type_are_not_copied() -> None:
    from prunus._base.check import real_array

    array = np.arange(8.0).reshape(4, 2)
    frame = pd.DataFrame(array, copy=False)
    assert np.shares_memory(real_array("X", frame), array)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_targets_and_weights_may_be_series(library: str) -> None:
    make = pytest.importorskip(library).Series
    network = prunus.Network([prunus.Layer([[1.0, -2.0, 0.5, 3.0]])])
    kinds: Any = {"dtype": "Int64"} if library == "pandas" else {}
    y, weight = make([1, 2, 3, 4, 5], **kinds), make([1, 0, 2, 1, 1], **kinds)
    expected = network.loss(ARRAY, np.arange(1.0, 6), [1, 0, 2, 1, 1])
    assert network.loss(ARRAY, y, weight) == expected
    missing = make([1, 2, None, 4, 5], **kinds)
    with pytest.raises(ValueError, match="y: expected finite numbers"):
        network.loss(ARRAY, missing)
    with pytest.raises(ValueError, match="sample_weight: expected finite numbers"):
        network.loss(ARRAY, y, missing)
    with pytest.raises(TypeError, match="y: expected an array of real numbers"):
        network.loss(ARRAY, make(Y))
