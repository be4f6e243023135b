"""Samples as SciPy sparse matrices: the same answers as dense ones, and never made dense."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

import prunus
from prunus import _core
from prunus.linear_model import PrunedLinearRegression
from prunus.statistics.gram import GramAccumulator
from strategies import networks, options_of, seeds

FORMATS = ["csr_array", "csr_matrix", "csc_array", "coo_matrix"]


def draw(rng: np.random.Generator, n: int, n_in: int, density: float, dtype: Any = np.float64) -> Any:
    X = (rng.standard_normal((n, n_in)) * (rng.random((n, n_in)) < density)).astype(dtype)
    X[: n // 5] = 0
    return X


@given(network=networks(), seed=seeds, density=st.sampled_from([0.0, 0.05, 0.5, 1.0]), n=st.sampled_from([0, 1, 5, 70]))
def test_engine(network: prunus.Network, seed: int, density: float, n: int) -> None:
    X = draw(np.random.default_rng(seed), n, network.n_in, density)
    expected, bound = network.forward(X), network.error_bound(X)
    for kind in FORMATS:
        sparse = getattr(scipy.sparse, kind)(X)
        engine = prunus.compile(network, threads=2)
        got = engine(sparse)
        assert got.dtype == network.dtype
        assert got.shape == expected.shape
        assert np.all(np.abs(got - expected) <= 2 * bound)  # X itself is rounded to the dtype
        assert np.array_equal(got, prunus.compile(network, threads=1)(sparse))
        out = np.empty_like(got)
        assert engine(sparse, out=out) is out
        assert np.array_equal(out, got)
        assert np.all(np.abs(network.forward(sparse) - expected) <= bound)
        assert np.allclose(network.error_bound(sparse), bound, rtol=1e-9, atol=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_thin_weights_and_many_samples(dtype: Any, rng: np.random.Generator) -> None:
    weight = draw(rng, 300, 2000, 0.02, dtype)
    layers = [
        prunus.Layer(weight, rng.standard_normal(300), "gelu"),
        prunus.Layer(rng.standard_normal((4, 300)).astype(dtype)),
    ]
    network = prunus.Network(layers, output="softmax", classes=list("abcd"))
    X = draw(rng, 500, 2000, 0.01, dtype)
    sparse = scipy.sparse.csr_array(X)
    engine = prunus.compile(network)
    assert np.all(np.abs(engine(sparse) - network.forward(X)) <= network.error_bound(X))
    assert np.array_equal(engine(sparse), copy.deepcopy(engine)(sparse))
    clear = np.ptp(np.sort(network.forward(X), axis=1)[:, -2:], axis=1) > 2 * network.error_bound(X).max(axis=1)
    assert clear.any()
    assert np.array_equal(engine.predict(sparse)[clear], network.predict(X)[clear])
    assert np.allclose(engine.predict_proba(sparse), network.predict_proba(X), rtol=0, atol=1e-3)


def test_selected_inputs_and_scaling_without_a_shift(rng: np.random.Generator) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler

    X = draw(rng, 200, 12, 0.4)
    y = (X @ rng.standard_normal(12) > 0).astype(int)
    network = prunus.from_sklearn(make_pipeline(MaxAbsScaler(), LogisticRegression()).fit(X, y))
    sparse = scipy.sparse.csr_array(X)
    for pattern in ("weight", "input"):
        pruned = prunus.prune(network, sparse, y, sparsity=0.5, pattern=pattern, fine_tune=2, random_state=0)
        dense = prunus.prune(network, X, y, sparsity=0.5, pattern=pattern, fine_tune=2, random_state=0)
        assert all(map(np.array_equal, pruned.masks, dense.masks))
        assert np.allclose(pruned.network.layers[0].weight, dense.network.layers[0].weight, rtol=1e-9, atol=1e-12)
        bound = pruned.network.error_bound(X)
        assert np.all(np.abs(pruned.engine(sparse) - pruned.network.forward(X)) <= bound)


@pytest.mark.parametrize("name", [name for name, kind in prunus.criteria().items()])
def test_criteria(name: str, rng: np.random.Generator) -> None:
    layers = [
        prunus.Layer(rng.standard_normal((5, 30)), rng.standard_normal(5), "relu"),
        prunus.Layer(rng.standard_normal((3, 5)), rng.standard_normal(3)),
    ]
    network = prunus.Network(layers, output="softmax", classes=[0, 1, 2])
    X, y, weight = draw(rng, 90, 30, 0.1), rng.integers(0, 3, 90), rng.random(90)
    options = options_of(name, network)
    dense, sparse = (
        prunus.importance(network, name, X=samples, y=y, sample_weight=weight, **options)
        for samples in (X, scipy.sparse.csr_matrix(X))
    )
    for a, b in zip(dense, sparse, strict=True):
        # sums of at most 90 * 30 terms in another order; GraSP divides a difference of such by its step, 6e-6
        steep = 1e6 if name == "grasp" else 1
        assert np.allclose(a, b, rtol=0, atol=steep * 2700 * np.finfo(np.float64).eps * max(np.abs(a).max(), 1))


def test_nothing_is_made_dense(rng: np.random.Generator) -> None:
    """Dense, X would take 160 GB."""
    n, n_in = 20_000, 1_000_000
    columns = rng.integers(0, n_in, 3 * n)
    X = scipy.sparse.csr_array((np.ones(3 * n, np.float32), (np.repeat(np.arange(n), 3), columns)), (n, n_in))
    y = np.where(columns.reshape(n, 3).min(axis=1) < n_in // 5, "low", "high")
    weight = rng.standard_normal((2, n_in)).astype(np.float32) / 10
    network = prunus.Network([prunus.Layer(weight)], output="softmax", classes=["high", "low"])
    options: dict[str, Any] = {"fine_tune": prunus.FineTune(1, batch_size=5000), "random_state": 0}
    pruned = prunus.prune(network, X, y, sparsity=0.9, criterion="saliency", **options)
    assert pruned.network.n_nonzero <= 200_000
    assert pruned.predict(X).shape == (n,)
    small = prunus.importance(network, "input_contribution", X=X[:2000], y=y[:2000], absolute=True)
    assert (small[0] > 0).sum() == len(np.unique(X[:2000].indices))


@pytest.mark.parametrize("kind", ["coo_array", "coo_matrix", "bsr_array", "csc_array"])
def test_entries_given_twice_are_added_up_without_overflow(kind: str) -> None:
    """Of int8, 100 and 100 are 200."""
    rows, columns, values = [0, 0, 1, 2, 2, 3], [1, 1, 0, 2, 2, 1], np.array([100, 100, 7, 90, 90, -3], np.int8)
    whole = np.zeros((4, 3))
    np.add.at(whole, (rows, columns), values.astype(float))
    X: Any = scipy.sparse.coo_array((values, (rows, columns)), shape=(4, 3))
    if kind == "bsr_array":
        X = scipy.sparse.bsr_array((values[:, None, None], [1, 1, 0, 2, 2, 1], [0, 2, 3, 5, 6]), shape=(4, 3))
    elif kind == "csc_array":  # of a column one after the other
        X = scipy.sparse.csc_array((values[[2, 0, 1, 5, 3, 4]], [1, 0, 0, 3, 2, 2], [0, 1, 4, 6]), shape=(4, 3))
    else:
        X = getattr(scipy.sparse, kind)(X)
    assert X.nnz == 6
    assert prunus.SparseMatrix.from_scipy(X).to_scipy().toarray().tolist() == whole.tolist()
    assert X.nnz == 6
    gram = GramAccumulator().update(X, np.arange(4.0)).gram(fit_intercept=False)
    assert np.allclose(gram.xx, whole.T @ whole, rtol=1e-12)
    y = whole @ [1.0, 2.0, 3.0] + [0.5, 0.0, -0.5, 0.25]
    fitted = PrunedLinearRegression(2, fit_intercept=False).fit(X, y)
    dense = PrunedLinearRegression(2, fit_intercept=False).fit(whole, y)
    assert np.allclose(fitted.coef_, dense.coef_, rtol=1e-9)
    assert np.allclose(fitted.predict(X), whole @ fitted.coef_, rtol=1e-12)
    network = prunus.Network([prunus.Layer([[1.0, 2.0, 3.0]])])
    expected = whole @ [[1.0], [2.0], [3.0]]
    assert np.array_equal(network.forward(X), expected)
    assert np.array_equal(prunus.compile(network)(X), expected)
    assert X.nnz == 6


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("density", [0.02, 0.6])
@pytest.mark.parametrize("weights", [0.03, 0.5])
def test_however_the_samples_lie(weights: float, density: float, dtype: Any, rng: np.random.Generator) -> None:
    """Few and many entries, which are made dense where that is faster; indices of 32 and 64 bits; unread columns."""
    weight = draw(rng, 60, 300, weights, dtype)
    weight[:, ::7] = 0
    layers = [prunus.Layer(weight, rng.standard_normal(60), "relu"), prunus.Layer(draw(rng, 3, 60, 1, dtype))]
    network = prunus.Network(layers)
    engines = [prunus.compile(network, threads=threads) for threads in (1, 2, None)]
    for n in (1, 2, 300, 2500):
        X = draw(rng, n, 300, density, dtype)
        expected, bound = network.forward(X), network.error_bound(X)
        X[:, ::7] = np.where(X[:, ::7] != 0, np.nan, 0)
        sparse = scipy.sparse.csr_array(X)
        wide = scipy.sparse.csr_array(X)
        wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
        results = [engine(kind) for engine in engines for kind in (sparse, wide)]
        assert np.all(np.abs(results[0] - expected) <= bound)
        assert all(np.array_equal(results[0], other) for other in results)


def test_what_is_wrong_with_them() -> None:
    engine = prunus.compile(prunus.Network([prunus.Layer([[1.0, 2.0, 3.0]]), prunus.Layer([[1.0]])]))
    X = scipy.sparse.csr_array(np.array([[1.0, 0, 2.0], [0, 3.0, 0]]))
    lying = scipy.sparse.csr_array((np.array([1.0, 2.0]), np.array([2, 0]), np.array([0, 2])), shape=(1, 3))
    lying.has_canonical_format = lying.has_sorted_indices = True
    beyond = scipy.sparse.csr_array(X)
    beyond.indices = np.array([0, 2**40, 1])
    with pytest.raises(ValueError, match="X: expected 3 columns"):
        engine(X[:, :2])
    with pytest.raises(ValueError, match="X: expected in each row columns that ascend and lie below 3"):
        engine(beyond)
    assert engine(lying).tolist() == [[5.0]]  # what SciPy is told of the order is not relied on
    with pytest.raises(ValueError, match=r"out: expected a writeable.* of shape \(2, 1\)"):
        engine(X, out=np.empty((1, 1)))
    with pytest.raises(ValueError, match="out: expected memory of its own"):
        engine(X, out=X.data[:2, None])
    out = np.full((4, 1), -1.0)
    assert engine(X, out=out[1:3]).tolist() == [[7.0], [6.0]]
    assert out.ravel().tolist() == [-1, 7, 6, -1]
    assert engine(scipy.sparse.csr_array((0, 3))).shape == (0, 1)


@pytest.mark.parametrize(("widths", "densities"), [((2000, 500, 10), (0.1, 0.1)), ((300, 60), (0.5, 0.6))])
def test_equal_samples_of_a_call_have_equal_bits(
    widths: tuple[int, ...], densities: tuple[float, float], rng: np.random.Generator
) -> None:
    """However many are computed together: the last of them are not, as they would be alone."""
    layers = [
        prunus.Layer(draw(rng, n_out, n_in, densities[0], np.float32)) for n_in, n_out in itertools.pairwise(widths)
    ]
    engine = prunus.compile(prunus.Network(layers), threads=1)
    row = draw(rng, 5, widths[0], densities[1], np.float32)[-1]
    for n in (65, 129, 257, 961, 1025):
        got = engine(scipy.sparse.csr_array(np.tile(row, (n, 1))))
        assert (got == got[0]).all(), n


def test_where_the_output_may_go(tmp_path: Path, rng: np.random.Generator) -> None:
    X = scipy.sparse.csr_array(draw(rng, 50, 40, 0.2, np.float32))
    engine = prunus.compile(prunus.Network([prunus.Layer(draw(rng, 3, 40, 1, np.float32))]))
    expected = engine(X)
    mapped = np.memmap(tmp_path / "out", np.float32, "w+", shape=(50, 3))
    assert engine(X, out=mapped) is mapped
    assert np.array_equal(mapped, expected)
    indices = X.indices.copy()
    for own in (X.indices, X.data):
        with pytest.raises(ValueError, match="out: expected memory of its own"):
            engine(X, out=own.view(np.float32)[:150].reshape(50, 3))
    assert np.array_equal(X.indices, indices)


def test_the_core_refuses_what_would_crash() -> None:
    kind, bias, costs = _core.SparseExecutorF32, np.zeros(2, np.float32), (1.0, 1.0, 1.0)
    csr = _core.CsrMatrixF32.from_dense(np.ones((2, 3), np.float32), None, 1)
    sell = _core.pack(csr, "sell", 16, 1)
    whole = _core.ExecutorF32([(*4 * (sell,), bias, 0, 0.0)], 9, 1.0, 1.0, 1.0, 1.0, 1)
    turned = np.ones((3, 2), np.float32)
    wrong: list[tuple[tuple[Any, ...], str]] = [
        ((None, bias, 0, 0.0, whole, None, costs, None), "w: expected an array or its entries"),
        ((turned.T.copy(), bias, 0, 0.0, whole, None, costs, None), "w: expected the shape"),
        ((turned, bias[:1], 0, 0.0, whole, None, costs, None), "w: expected the shape"),
        ((csr, bias, 0, 0.0, whole, None, costs, None), "w: expected the shape"),
        ((turned, bias, 99, 0.0, whole, None, costs, None), "activation"),
        ((turned, bias, 0, 0.0, None, None, costs, None), "whole: expected the executor"),
        ((turned, bias, 0, 0.0, whole, whole, costs, None), "rest: expected the layers that follow"),
        ((turned, bias, 0, 0.0, whole, None, costs, np.ones(2, np.bool_)), "read: expected one for each column"),
    ]
    for arguments, message in wrong:
        with pytest.raises(ValueError, match=message):
            kind(*arguments)
    out = np.zeros((2, 4), np.float32)
    with pytest.raises(ValueError, match="x: expected a row for each column of w"):
        _core.multiply_csr(csr, np.zeros((2, 4), np.float32), out, 1)
    with pytest.raises(ValueError, match="out: expected a row for each of w"):
        _core.multiply_csr(csr, np.zeros((3, 5), np.float32), out, 1)
