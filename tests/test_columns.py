"""Data that are no numbers: the error names the column of X, wherever X comes in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from prunus.feature_selection import PruneSelector
from prunus.linear_model import PrunedLinearRegression

pd = pytest.importorskip("pandas")

N = 4200  # more rows than are looked at together
DAYS = pd.date_range("2020-01-01", periods=N)


def column(*at: Any) -> Any:
    """Return a column of numbers with a value at its fourth place."""
    values = np.linspace(-1, 1, N).astype(object)
    values[3 : 3 + len(at)] = at
    return values


COLUMNS: dict[str, tuple[Any, Any, str]] = {
    "nan": (column(np.nan).astype(float), ValueError, "nan in column {}, row 3"),
    "two": (column(0.0, np.inf, np.nan).astype(float), ValueError, "inf in column {}, row 4"),
    "float32": (column(np.nan).astype(np.float32), ValueError, "nan in column {}, row 3"),
    "None": (column(None), ValueError, "(nan|None) in column {}, row 3"),
    "string": (column("Paris"), ValueError, "'Paris' in column {}, row 3"),
    "long string": (column("x" * 1000), ValueError, "'x+[.]+x+' in column {}, row 3"),
    "strings": (pd.array(["Paris", "Rome"] * (N // 2), dtype="string"), ValueError, "'Paris' in column {}, row 0"),
    "categories": (pd.Categorical(["Paris", "Rome"] * (N // 2)), ValueError, "'Paris' in column {}, row 0"),
    "dates": (DAYS, TypeError, "2020-01-01.* in column {}, row 0"),
    "dates of a zone": (DAYS.tz_localize("UTC"), TypeError, "2020-01-01.* in column {}, row 0"),
    "one date": (column(DAYS[7]), TypeError, "2020-01-08.* in column {}, row 3"),
    "durations": (DAYS - DAYS[0], TypeError, "0 .* in column {}, row 0"),
    "periods": (DAYS.to_period("D"), TypeError, "2020-01-01 in column {}, row 0"),
    "Int64": (
        pd.array([1, 2, None, *range(N - 3)], dtype="Int64"),
        (ValueError, TypeError),
        "(nan|<NA>) in column {}, row 2",
    ),
    "a list": (pd.Series([[1, 2]] * N), (ValueError, TypeError), r"\[1, 2\] in column {}, row 0"),
}


def calls(X: Any, good: Any) -> dict[str, Callable[[], Any]]:
    y = np.arange(float(N)) % 7
    return {
        "fit": lambda: PrunedLinearRegression(1).fit(X, y),
        "predict": lambda: PrunedLinearRegression(1).fit(good, y).predict(X),
        "score": lambda: PrunedLinearRegression(1).fit(good, y).score(X, y),
        "select": lambda: PruneSelector(1).fit(X, y),
    }


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_is_named(kind: str, rng: np.random.Generator) -> None:
    values, error, message = COLUMNS[kind]
    good = pd.DataFrame(rng.standard_normal((N, 3)), columns=["age", "city", "income"])
    frame = good.assign(city=values)
    for call in calls(frame, good).values():
        with pytest.raises(error, match="^X: expected finite numbers, got " + message.format("'city'")):
            call()
    array = frame.to_numpy(object)
    for call in calls(array, good.to_numpy()).values():
        with pytest.raises(error, match="^X: expected finite numbers, got " + message.format("1")):
            call()


@pytest.mark.parametrize("values", [DAYS, DAYS - DAYS[0]], ids=["dates", "durations"])
def test_dates_alone_are_no_numbers(values: Any, rng: np.random.Generator) -> None:
    """NumPy would take them for nanoseconds."""
    good = rng.standard_normal((N, 2))
    frame = pd.DataFrame({"seen": values, "born": values})
    for call in calls(frame, pd.DataFrame(good, columns=frame.columns)).values():
        with pytest.raises(TypeError, match=r"X: expected finite numbers, got .* in column 'seen', row 0"):
            call()
    for call in calls(np.stack([values.to_numpy()] * 2, axis=1), good).values():
        with pytest.raises(TypeError, match=r"X: expected finite numbers, got .* in column 0, row 0"):
            call()


def test_columns_of_one_name_and_without_one(rng: np.random.Generator) -> None:
    frame = pd.DataFrame(rng.standard_normal((N, 3)), columns=["a", "a", "b"])
    frame.iloc[4, 1] = np.nan
    with pytest.raises(ValueError, match="got nan in column 'a', row 4"):
        PrunedLinearRegression(1).fit(frame, np.arange(N))
    with pytest.raises(ValueError, match="got nan in column 1, row 4"):
        PrunedLinearRegression(1).fit(frame.set_axis(range(3), axis=1), np.arange(N))


@pytest.mark.parametrize("kind", [scipy.sparse.csr_array, scipy.sparse.csc_matrix, scipy.sparse.coo_array])
def test_columns_of_sparse_data(kind: Any, rng: np.random.Generator) -> None:
    X = rng.standard_normal((N, 3))
    good = X.copy()
    X[4150, 2] = np.nan
    for bad in (X, np.asfortranarray(X), kind(X)):
        for call in calls(bad, good).values():
            with pytest.raises(ValueError, match="got nan in column 2, row 4150"):
                call()


def test_a_selector_transforms(rng: np.random.Generator) -> None:
    frame = pd.DataFrame(rng.standard_normal((N, 3)), columns=list("abc"))
    selector = PruneSelector(1).fit(frame, frame["b"])
    with pytest.raises(ValueError, match="got nan in column 'c', row 3"):
        selector.transform(frame.assign(c=column(np.nan).astype(float)))
    for output in ("default", "pandas"):
        selector.set_output(transform=output)
        assert selector.transform(frame).shape == (N, 1)


def test_other_faults_keep_their_messages(rng: np.random.Generator) -> None:
    X, y = rng.standard_normal((N, 3)), np.arange(N)
    with pytest.raises(ValueError, match=r"^Found input variables with inconsistent numbers of samples"):
        PrunedLinearRegression(1).fit(X, y[1:])
    with pytest.raises(ValueError, match=r"^Input y contains NaN"):
        PrunedLinearRegression(1).fit(X, y * np.nan)
    with pytest.raises(ValueError, match=r"^Complex data not supported"):
        PrunedLinearRegression(1).fit(X * 1j, y)
    with pytest.raises(ValueError, match=r"^Expected 2D array, got 1D array instead"):
        PrunedLinearRegression(1).fit(np.full(N, np.nan), y)
    with pytest.raises(ValueError, match=r"inhomogeneous"):
        PrunedLinearRegression(1).fit([[1, 2], [1]], y[:2])
