"""Dense to compressed sparse rows and back; arrays from elsewhere are checked before they are believed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

import reference
from prunus import _core
from strategies import densities, dtypes, seeds, sizes, weights


def matrix_type(dtype: Any) -> Any:
    return _core.CsrMatrixF32 if dtype == np.float32 else _core.CsrMatrixF64


@given(seed=seeds, n_out=sizes, n_in=sizes, density=densities, dtype=dtypes)
def test_round_trip(seed: int, n_out: int, n_in: int, density: float, dtype: Any) -> None:
    rng = np.random.default_rng(seed)
    w = weights(rng, n_out, n_in, density, dtype)
    for mask in (None, rng.random(w.shape) < 0.5):
        packed = matrix_type(dtype).from_dense(w, mask, 2)
        starts, columns, values = reference.csr(w, mask)
        assert [a.tolist() for a in packed.to_arrays()] == [starts, columns, values]
        assert packed.nnz == len(values)
        assert packed.shape == w.shape
        assert np.array_equal(packed.to_dense(), w if mask is None else np.where(mask, w, 0))
        again = matrix_type(dtype).from_arrays(*packed.to_arrays(), *w.shape)
        assert np.array_equal(again.to_dense(), packed.to_dense())


@pytest.mark.parametrize(
    ("starts", "columns", "values", "shape", "message"),
    [
        ([0, 1], [0], [1.0], (2, 2), "row_start: expected n_rows"),
        ([1, 1, 1], [0], [1.0], (2, 2), "row_start: expected to begin at 0"),
        ([0, 1, 2], [0], [1.0], (2, 2), "row_start: expected to begin at 0 and to end at 1"),
        ([0, 5, 1], [0], [1.0], (2, 2), "row_start: expected not to decrease"),
        ([0, -1, 1], [0], [1.0], (2, 2), "row_start: expected not to decrease"),
        ([0, 1, 1], [2], [1.0], (2, 2), "column: expected to ascend"),
        ([0, 1, 1], [-1], [1.0], (2, 2), "column: expected to ascend"),
        ([0, 2, 2], [1, 1], [1.0, 1.0], (2, 2), "column: expected to ascend"),
        ([0, 1, 1], [0], [1.0, 2.0], (2, 2), "column, value"),
        ([0, 1, 1], [0], [1.0], (-1, 2), "n_rows: expected a number from 0 to 2147483647, got -1"),
        ([0, 0], [], [], (1, 2**31), "n_cols: expected a number from 0 to 2147483647, got 2147483648"),
        ([0, 0], [], [], (2**31, 1), "n_rows: expected a number from 0 to 2147483647, got 2147483648"),
        ([0, 0], [], [], (2**63 - 1, 1), "n_rows: expected a number from 0 to 2147483647"),
    ],
)
def test_arrays_are_checked(starts: Any, columns: Any, values: Any, shape: tuple[int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _core.CsrMatrixF64.from_arrays(
            np.array(starts, np.int64), np.array(columns, np.int32), np.array(values, np.float64), *shape
        )


@pytest.mark.parametrize("shape", [(2**31, 0), (0, 2**31)])
def test_more_rows_or_columns_than_an_index_can_say(shape: tuple[int, int]) -> None:
    name = "n_rows" if shape[0] else "n_cols"
    with pytest.raises(ValueError, match=f"{name}: expected a number from 0 to 2147483647, got 2147483648"):
        _core.CsrMatrixF32.from_dense(np.empty(shape, np.float32), None, 1)


def test_results_too_large_for_any_memory() -> None:
    n = 2**40
    with pytest.raises(MemoryError):
        _core.spread_blocks(np.ones((1, 1), np.bool_), n, n, n, n, 1)


def test_a_shape_whose_product_overflows_32_bits() -> None:
    n = 70_000  # n * n = 4.9e9
    starts = np.zeros(n + 1, np.int64)
    starts[1:] = 1
    starts[-1] = 2
    packed = _core.CsrMatrixF32.from_arrays(starts, np.array([3, n - 1], np.int32), np.array([2, 5], np.float32), n, n)
    operand = _core.pack(packed, "sell", 512, 2)
    executor = _core.ExecutorF32([(*4 * (operand,), np.zeros(n, np.float32), 0, 0.0)], 2, 1e9, 1e9, 1e9, 1e9, 1)
    for rows in (1, 3):
        x = np.tile(np.arange(n, dtype=np.float32), (rows, 1))
        out = np.full((rows, n), -1, np.float32)
        executor.run(x, out, 2)
        expected = np.zeros(n, np.float32)
        expected[0], expected[-1] = 2 * 3, 5 * (n - 1)
        assert np.array_equal(out, np.tile(expected, (rows, 1)))
