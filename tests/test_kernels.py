"""Elementwise kernels, reductions and activations against their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

import reference
from prunus import _core
from prunus.network.functions import ACTIVATION_NUMBER, ACTIVATIONS
from strategies import DTYPES, dtypes, seeds, sizes

LENGTHS = (0, 1, 3, 7, 8, 9, 31, 2048, 32768, 32769, 100_003)
THREADS = (1, 2, 7)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", LENGTHS)
def test_absolute(n: int, dtype: Any, rng: np.random.Generator) -> None:
    a, b = rng.standard_normal((2, n)).astype(dtype)
    for threads in THREADS:
        assert np.array_equal(_core.absolute(a, threads), reference.magnitude(a))
        assert np.array_equal(_core.absolute_product(a, b, threads), np.abs(a * b))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("n", LENGTHS[1:])
def test_all_finite_finds_one_bad_number_anywhere(n: int, bad: float, dtype: Any, rng: np.random.Generator) -> None:
    a = rng.standard_normal(n).astype(dtype)
    a[n // 2] = np.finfo(dtype).max
    assert _core.all_finite(a, 2)
    for i in {0, n // 3, n - 1}:
        spoiled = a.copy()
        spoiled[i] = bad
        assert not _core.all_finite(spoiled, 2)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", LENGTHS)
def test_count_nonzero(n: int, dtype: Any, rng: np.random.Generator) -> None:
    a = (rng.standard_normal(n) * (rng.random(n) < 0.3)).astype(dtype)
    a[::7] = -0.0
    assert {_core.count_nonzero(a, threads) for threads in THREADS} == {int(np.count_nonzero(a))}


@given(seed=seeds, n_rows=sizes, n_cols=sizes, dtype=dtypes)
def test_column_dot(seed: int, n_rows: int, n_cols: int, dtype: Any) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((2, n_rows, n_cols)).astype(dtype)
    bound = n_rows * np.finfo(np.float64).eps * np.abs(a.astype(np.float64) * b).sum(axis=0)
    for absolute in (False, True):
        results = [_core.column_dot(a, b, absolute, threads) for threads in THREADS]
        assert np.all(np.abs(results[0] - reference.column_dot(a, b, absolute)) <= bound)
        assert all(np.array_equal(results[0], other) for other in results)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name: str, dtype: Any) -> None:
    limit = float(np.log(np.finfo(dtype).max))
    z = np.concatenate([np.linspace(-20, 20, 4001), [-0.0, 0.0, limit * 2, -limit * 2, 1e-30, -1e-30]]).astype(dtype)
    eps = np.finfo(dtype).eps
    expected = reference.activation(name, z, 0.1)
    bound = max(reference.OWN_ULPS[name], 1) * eps * np.maximum(np.abs(z.astype(np.float64)), 1)
    for got in (_core.activate(z, ACTIVATION_NUMBER[name], 0.1, 2), ACTIVATIONS[name].value(z, 0.1)):
        assert got.dtype == dtype
        assert np.all(np.abs(got - expected) <= bound)
    assert np.isnan(_core.activate(np.array([np.nan], dtype), ACTIVATION_NUMBER[name], 0.1, 1)).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slope_of_activation(name: str) -> None:
    z = np.concatenate([np.linspace(-4, -0.01, 50), np.linspace(0.01, 4, 50)])
    step = 1e-6
    numerical = (reference.activation(name, z + step, 0.1) - reference.activation(name, z - step, 0.1)) / (2 * step)
    slope = ACTIVATIONS[name].slope(z, ACTIVATIONS[name].value(z, 0.1), 0.1)
    # rounding of the difference eps * |f| / step, and its third-order term step^2 / 6 * |f'''| with |f'''| < 10
    assert np.all(np.abs(slope - numerical) <= 4 * np.finfo(np.float64).eps * 4 / step + step**2 * 10)


@pytest.mark.parametrize("dtype", DTYPES)
def test_apply_mask_leaves_no_negative_zero(dtype: Any, rng: np.random.Generator) -> None:
    w = -np.abs(rng.standard_normal((67, 33))).astype(dtype)
    mask = rng.random(w.shape) < 0.5
    for threads in THREADS:
        result = _core.apply_mask(w, mask, threads)
        assert np.array_equal(result, np.where(mask, w, 0))
        assert not np.signbit(result[~mask]).any()


def test_core_refuses_other_types_instead_of_copying() -> None:
    for array in (np.arange(3), np.ones(3, np.float16), np.asfortranarray(np.ones((3, 2))), np.ones((6,))[::2]):
        with pytest.raises(TypeError, match="incompatible function arguments"):
            _core.absolute(array, 1)  # type: ignore[arg-type]
