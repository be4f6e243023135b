"""SparseMatrix: products against the reference, to and from SciPy, errors."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from scipy.sparse import coo_array, csr_array, csr_matrix, lil_array

import prunus
import reference
from strategies import DTYPES, batches, densities, dtypes, seeds, sizes, weights


@given(seed=seeds, n_out=sizes, n_in=sizes, n=batches, density=densities, dtype=dtypes)
def test_products(seed: int, n_out: int, n_in: int, n: int, density: float, dtype: Any) -> None:
    rng = np.random.default_rng(seed)
    w = weights(rng, n_out, n_in, density, dtype)
    X = rng.standard_normal((n, n_in)).astype(dtype)
    value, bound = reference.forward([prunus.Layer(w)], X, dtype)
    W = prunus.SparseMatrix.from_dense(w)
    assert W.shape == w.shape
    assert W.nnz == np.count_nonzero(w)
    assert W.nbytes >= W.nnz * w.itemsize
    for result in (X @ W.T, (W @ np.ascontiguousarray(X.T)).T, (W @ X.T).T):
        assert result.shape == (n, n_out)
        assert result.dtype == dtype
        assert np.all(np.abs(result - value) <= bound)
    for x, v, b in zip(X[:2], value, bound, strict=False):
        for result in (W @ x, x @ W.T):
            assert result.shape == (n_out,)
            assert np.all(np.abs(result - v) <= b)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", [csr_array, csr_matrix, coo_array, lil_array])
def test_scipy_and_back(kind: Any, dtype: Any, rng: np.random.Generator) -> None:
    w = weights(rng, 20, 30, 0.3, dtype)
    W = prunus.SparseMatrix.from_scipy(kind(w))
    assert W.dtype == dtype
    back = W.to_scipy()
    assert back.has_canonical_format
    assert np.array_equal(back.toarray(), w)
    assert np.array_equal(pickle.loads(pickle.dumps(W)).to_scipy().toarray(), w)


def test_what_scipy_allows_is_made_canonical() -> None:
    """Unsorted columns, entries given twice, zeros; the argument is left alone."""
    given = csr_array((np.array([1.0, 2.0, 4.0, 0.0]), np.array([2, 0, 2, 1]), np.array([0, 3, 4])), shape=(2, 3))
    W = prunus.SparseMatrix.from_scipy(given)
    assert W.nnz == 2
    assert W.to_scipy().toarray().tolist() == [[2, 0, 5], [0, 0, 0]]
    assert given.data.tolist() == [1, 2, 4, 0]
    small = csr_array((np.array([100, 100], np.int8), np.array([0, 0]), np.array([0, 2])), shape=(1, 1))
    assert prunus.SparseMatrix.from_scipy(small).to_scipy().toarray().tolist() == [[200]]


def test_conversions(rng: np.random.Generator) -> None:
    W = prunus.SparseMatrix.from_dense([[1, 0], [2, 3]])
    assert W.dtype == np.float64
    assert (W @ [1, 10]).tolist() == [1, 32]
    assert (np.array([[1, 10]]) @ W.T).tolist() == [[1, 32]]
    assert W.T.shape == (2, 2)
    assert W.T.T is W
    assert "2x2, 3 entries, float64" in repr(W)
    assert repr(W.T).endswith(".T")


def test_errors() -> None:
    W = prunus.SparseMatrix.from_dense([[1.0, 0.0, 2.0]])
    X = np.ones((2, 2))
    cases: list[tuple[Any, type[Exception], str]] = [
        (lambda: W @ X, ValueError, r"X: expected the shape \(3,\) or \(3, n\), got \(2, 2\)"),
        (lambda: X @ W.T, ValueError, r"X: expected the shape \(3,\) or \(n, 3\), got \(2, 2\)"),
        (lambda: W @ 1.0, ValueError, "X: expected"),
        (lambda: W @ ["a", "b", "c"], TypeError, "X: expected an array of real"),
        (lambda: X @ W, TypeError, r"expected W\.T on the right"),
        (lambda: W.T @ X, TypeError, "expected W on the left"),
        (lambda: prunus.SparseMatrix.from_dense([1.0]), ValueError, "w: expected 2 dimensions"),
        (lambda: prunus.SparseMatrix.from_dense([[np.nan]]), ValueError, "w: expected finite"),
        (lambda: prunus.SparseMatrix.from_dense(np.zeros((0, 3))), ValueError, "w: expected at least one"),
        (lambda: prunus.SparseMatrix([[1.0]]), TypeError, "made by from_dense or from_scipy"),  # type: ignore[arg-type]
        (lambda: prunus.SparseMatrix.from_scipy(X), TypeError, "matrix: expected a SciPy sparse matrix"),
        (lambda: prunus.SparseMatrix.from_scipy(csr_array([[1j]])), TypeError, "matrix: expected real numbers"),
        (lambda: prunus.SparseMatrix.from_scipy(csr_array([[np.inf]])), ValueError, "matrix: expected finite"),
        (lambda: prunus.SparseMatrix.from_scipy(csr_array((0, 3))), ValueError, "matrix: expected at least one row"),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=message):
            call()


@pytest.mark.parametrize("dtype", DTYPES)
def test_samples_in_columns_do_not_depend_on_those_beside_them(dtype: Any, rng: np.random.Generator) -> None:
    w = weights(rng, 300, 400, 0.02, dtype)
    W = prunus.SparseMatrix.from_dense(w)
    X = rng.standard_normal((400, 150)).astype(dtype)
    whole = W @ X
    bound = (np.count_nonzero(w, axis=1).max() + 1) * np.finfo(dtype).eps * (np.abs(w) @ np.abs(X))
    assert np.all(np.abs(whole - w.astype(np.float64) @ X) <= bound)
    for n in range(2, 150):
        assert np.array_equal(W @ np.ascontiguousarray(X[:, -n:]), whole[:, -n:]), n
    assert (W @ X[:, :0]).shape == (300, 0)
