"""Every packed format and kernel against the reference: sizes around tiles, vectors and parts; every activation and dtype;
1, 2 and 7 threads give the same bits."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import prunus
import reference
from prunus import _core
from prunus.network.functions import ACTIVATION_NUMBER, ACTIVATIONS
from strategies import DTYPES, weights

MUCH = 1e9  # cycles: work enough for every thread


def formats(dtype: Any) -> list[tuple[str, str]]:
    """Pairs for rows and for panels, each format once at least."""
    pairs = [("sell", "sell"), ("dense rows", "dense panels"), ("blocks", "blocks"), ("csr", "sell")]
    return [*pairs, *((kind, "sell") for kind in of_some_targets(dtype))]


def of_some_targets(dtype: Any) -> list[str]:
    """Formats for rows that the target in use has, and others have not."""
    has = {"bitmap": _core.has_expand(), "lookup": _core.lookup_columns()[DTYPES.index(dtype)] > 0}
    return [kind for kind in has if has[kind]]


def csr(w: Any) -> Any:
    matrix = _core.CsrMatrixF32 if w.dtype == np.float32 else _core.CsrMatrixF64
    return matrix.from_dense(w, None, 1)


def executor(layers: list[prunus.Layer], kinds: tuple[str, str], panels_from: int, tile_columns: int = 16) -> Any:
    """All layers in the same two formats."""
    rows, panels = kinds
    packed = []
    for layer in layers:
        matrix = csr(layer.weight)
        alone = _core.pack(matrix, rows, tile_columns, 2)
        tile = alone if rows == panels else _core.pack(matrix, panels, tile_columns, 2)
        packed.append((alone, alone, tile, tile, layer.bias, ACTIVATION_NUMBER[layer.activation], layer.negative_slope))
    kind = _core.ExecutorF32 if layers[0].weight.dtype == np.float32 else _core.ExecutorF64
    return kind(packed, panels_from, MUCH, MUCH, MUCH, MUCH, 3)


def run(executor: Any, X: Any, n_out: int, threads: int = 1) -> Any:
    out = np.full((len(X), n_out), np.nan, X.dtype)
    executor.run(X, out, threads)
    return out


def check(layers: list[prunus.Layer], batches: Any, tile_columns: int = 16) -> None:
    dtype = layers[0].weight.dtype.type
    rng = np.random.default_rng(7)
    for n in batches:
        X = rng.standard_normal((n, layers[0].n_in)).astype(dtype)
        value, bound = reference.forward(layers, X, dtype)
        for kinds, panels_from in itertools.product(formats(dtype), (0, n + 1)):
            made = executor(layers, kinds, panels_from, tile_columns)
            results = [run(made, X, layers[-1].n_out, threads) for threads in (1, 2, 7)]
            assert np.all(np.abs(results[0] - value) <= bound), (kinds, panels_from, n)
            assert all(np.array_equal(results[0], other) for other in results), (kinds, panels_from, n)
            if panels_from > n:  # as they come, a sample's bits do not depend on the others
                for k in range(1, min(n, 8)):
                    assert np.array_equal(run(made, X[-k:], layers[-1].n_out), results[0][-k:]), (kinds, n, k)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("density", [0.0, 0.05, 0.4, 1.0])
@pytest.mark.parametrize("n_out", [1, 3, 4, 5, 8, 9, 31])
def test_around_vectors_and_tiles(n_out: int, density: float, dtype: Any, rng: np.random.Generator) -> None:
    lanes = _core.lanes()[DTYPES.index(dtype)]
    for n_in in (1, 2, 15, 16, 17, 33, 65):
        layer = prunus.Layer(weights(rng, n_out, n_in, density, dtype), rng.standard_normal(n_out), "relu")
        check([layer], (1, 2, 3, 5, lanes, lanes + 1, 4 * lanes - 1, 4 * lanes + 1, 9 * lanes))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_out", [255, 256, 257, 700])
def test_around_parts(n_out: int, dtype: Any, rng: np.random.Generator) -> None:
    """Rows of very different lengths, in several parts, between two other layers."""
    w = rng.standard_normal((n_out, 40)) * (rng.random((n_out, 40)) < rng.random((n_out, 1)) ** 4)
    layers = [
        prunus.Layer(weights(rng, 40, 21, 0.5, dtype), rng.standard_normal(40), "relu"),
        prunus.Layer(w.astype(dtype), rng.standard_normal(n_out), "leaky_relu"),
        prunus.Layer(weights(rng, 3, n_out, 0.3, dtype), rng.standard_normal(3)),
    ]
    check(layers, (1, 3, 20, 70))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation: str, dtype: Any, rng: np.random.Generator) -> None:
    w = 3 * weights(rng, 37, 19, 0.5, dtype)
    check([prunus.Layer(w, rng.standard_normal(37), activation, negative_slope=-0.5)], (1, 2, 4, 50))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tile_columns", [1, 3, 64, 65536])
def test_tiles_of_any_width(tile_columns: int, dtype: Any, rng: np.random.Generator) -> None:
    check([prunus.Layer(weights(rng, 30, 70, 0.3, dtype), rng.standard_normal(30))], (1, 6, 40), tile_columns)


@pytest.mark.parametrize("dtype", DTYPES)
def test_columns_beyond_sixteen_bits(dtype: Any, rng: np.random.Generator) -> None:
    w = np.zeros((5, 70_001), dtype)
    w[:, [0, 1, 65_535, 65_536, 70_000]] = rng.standard_normal((5, 5))
    check([prunus.Layer(w)], (1, 3, 20), 65536)


@pytest.mark.parametrize("dtype", DTYPES)
def test_samples_in_columns(dtype: Any, rng: np.random.Generator) -> None:
    layer = prunus.Layer(weights(rng, 300, 33, 0.3, dtype), rng.standard_normal(300))
    lanes = _core.lanes()[DTYPES.index(dtype)]
    for n in (0, 1, 2, lanes, 4 * lanes + 3):
        X = rng.standard_normal((n, 33)).astype(dtype)
        value, bound = reference.forward([layer], X, dtype)
        for kinds in formats(dtype):
            made = executor([layer], kinds, 0)
            results = []
            for threads in (1, 2, 7):
                out = np.full((300, n), np.nan, dtype)
                made.run_columns(np.ascontiguousarray(X.T), out, threads)
                results.append(out)
            assert np.all(np.abs(results[0].T - value) <= bound)
            assert all(np.array_equal(results[0], other) for other in results)


@pytest.mark.parametrize("dtype", DTYPES)
def test_patterns_store_what_they_promise(dtype: Any, rng: np.random.Generator) -> None:
    """Blocks of four rows are stored without a zero; n:m of the look-up's width without padding."""
    w = rng.standard_normal((64, 64)).astype(dtype)
    blocks = (w * np.repeat(rng.random((16, 64)) < 0.3, 4, axis=0)).astype(dtype)
    assert csr(blocks).n_blocks * 4 == np.count_nonzero(blocks)
    assert _core.pack(csr(blocks), "blocks", 16, 1).n_stored == np.count_nonzero(blocks)
    columns = _core.lookup_columns()[DTYPES.index(dtype)]
    if columns:
        groups = rng.random((64, 64 // columns, columns))
        kept = np.argsort(groups, axis=2) < columns // 4
        n_m = (w * kept.reshape(64, 64)).astype(dtype)
        assert _core.pack(csr(n_m), "lookup", 16, 1).n_stored == np.count_nonzero(n_m) == 64 * 16
    assert _core.pack(csr(w), "sell", 16, 1).n_stored == w.size


def test_what_packing_and_executing_refuse(rng: np.random.Generator) -> None:
    matrix = csr(weights(rng, 5, 7, 0.5, np.float64))
    known = "sell, blocks, dense panels, dense rows, csr, bitmap, lookup"
    with pytest.raises(ValueError, match=f"format: expected one of {known}, got 'coo'"):
        _core.pack(matrix, "coo", 16, 1)
    for columns in (0, 65537):
        with pytest.raises(ValueError, match="tile_columns: expected a number from 1 to 65536"):
            _core.pack(matrix, "sell", columns, 1)
    for kind in {"bitmap", "lookup"} - {*of_some_targets(np.float64)}:
        with pytest.raises(ValueError, match="format: this target has no"):
            _core.pack(matrix, kind, 16, 1)
    sell, other = _core.pack(matrix, "sell", 16, 1), _core.pack(csr(np.eye(5)), "sell", 16, 1)
    bias = np.zeros(5)
    wrong: list[tuple[Any, str]] = [
        ((sell, sell, sell, sell, np.zeros(4), 0, 0.0), "a bias of 5"),
        ((sell, other, sell, sell, bias, 0, 0.0), "formats with columns of 7"),
        ((sell, sell, other, sell, bias, 0, 0.0), "formats with columns of 7"),
        ((sell, sell, sell, sell, bias, 99, 0.0), "activation"),
        ((sell, sell, sell, sell, bias, 0), "tuples of seven"),
    ]
    for layer, message in wrong:
        with pytest.raises(ValueError, match=message):
            _core.ExecutorF64([layer], 1, 1.0, 1.0, 1.0, 1.0, 1)
    with pytest.raises(ValueError, match="columns of 5 in layer 1"):
        _core.ExecutorF64([(sell, sell, sell, sell, bias, 0, 0.0)] * 2, 1, 1.0, 1.0, 1.0, 1.0, 1)
    with pytest.raises(ValueError, match="panels_together"):
        _core.ExecutorF64([(sell, sell, sell, sell, bias, 0, 0.0)], 1, 1.0, 1.0, 1.0, 1.0, 0)
    with pytest.raises(ValueError, match="at least one"):
        _core.ExecutorF64([], 1, 1.0, 1.0, 1.0, 1.0, 1)


def test_formats_out_of_place(rng: np.random.Generator) -> None:
    matrix, bias = csr(weights(rng, 5, 7, 0.5, np.float32)), np.zeros(5, np.float32)
    sell = _core.pack(matrix, "sell", 16, 1)
    for kind in ("dense rows", "csr", *of_some_targets(np.float32)):
        operand = _core.pack(matrix, kind, 16, 1)
        with pytest.raises(ValueError, match="formats that take panels"):
            _core.ExecutorF32([(sell, sell, operand, sell, bias, 0, 0.0)], 1, 1.0, 1.0, 1.0, 1.0, 1)
    panels = _core.pack(matrix, "dense panels", 16, 1)
    with pytest.raises(ValueError, match="a format that takes samples"):
        _core.ExecutorF32([(sell, panels, sell, sell, bias, 0, 0.0)], 1, 1.0, 1.0, 1.0, 1.0, 1)
    with pytest.raises(ValueError, match="a format that takes samples"):
        _core.ExecutorF32([(panels, sell, sell, sell, bias, 0, 0.0)], 1, 1.0, 1.0, 1.0, 1.0, 1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_sample_and_a_few_take_formats_of_their_own(dtype: Any, rng: np.random.Generator) -> None:
    layer = prunus.Layer(weights(rng, 50, 70, 0.5, dtype), rng.standard_normal(50))
    matrix = csr(layer.weight)
    sell, dense = _core.pack(matrix, "sell", 16, 1), _core.pack(matrix, "dense rows", 16, 1)
    kind = _core.ExecutorF32 if dtype == np.float32 else _core.ExecutorF64
    both = kind([(sell, dense, sell, sell, layer.bias, 0, 0.0)], 100, MUCH, MUCH, MUCH, MUCH, 1)
    by_sell, by_dense = (executor([layer], (name, "sell"), 100) for name in ("sell", "dense rows"))
    X = rng.standard_normal((66, 70)).astype(dtype)
    assert np.array_equal(run(both, X[:1], 50), run(by_sell, X[:1], 50))
    assert not np.array_equal(run(by_sell, X, 50), run(by_dense, X, 50))
    for n in (2, 65, 66):  # 64 samples, and one that is not alone
        assert np.array_equal(run(both, X[:n], 50), run(by_dense, X[:n], 50))
