"""A column that no weight reads may hold anything: NaN and infinity in it change no bit, in any format, on any target."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

import prunus
from prunus import _core
from strategies import DTYPES

BAD = (np.nan, np.inf, -np.inf, 1e30)
KINDS = [("sell", "sell"), ("dense rows", "dense panels"), ("blocks", "blocks")]
KINDS += [(kind, "sell") for kind in ("csr", "bitmap", "lookup")]
BATCHES = (1, 3, 17, 130)


def network(rng: np.random.Generator, dtype: Any, density: float, *, selects: bool, n_in: int = 70) -> tuple[Any, Any]:
    """A network that reads some columns of X, by its `inputs` or by its weights alone, and which it reads."""
    read = rng.random(n_in) < 0.6
    read[[0, -1]] = False
    weight = rng.standard_normal((40, n_in)) * (rng.random((40, n_in)) < density)
    weight[0] = 1
    weight[:, ~read] = 0
    first = prunus.Layer((weight[:, read] if selects else weight).astype(dtype), rng.standard_normal(40), "tanh")
    last = prunus.Layer(rng.standard_normal((3, 40)).astype(dtype))
    return prunus.Network([first, last], inputs=read if selects else None), read


def spoiled(X: Any, read: Any) -> Any:
    Z = X.copy()
    Z[:, ~read] = np.resize(np.asarray(BAD, X.dtype), (len(X), (~read).sum()))
    return Z


def check_every_format() -> None:
    """Run what an engine may choose: all formats are forced in turn, by the density and by the number of samples."""
    rng = np.random.default_rng(0)
    for dtype in DTYPES:
        for density in (0.02, 0.3, 1.0):
            for selects in (False, True):
                model, read = network(rng, dtype, density, selects=selects)
                engine = prunus.compile(model, threads=2)
                for n in BATCHES:
                    X = rng.standard_normal((n, len(read))).astype(dtype)
                    Z, clean = spoiled(X, read), engine(X)
                    expected, bound = model.forward(X), model.error_bound(X)
                    assert np.all(np.abs(clean - expected) <= bound)
                    assert np.array_equal(engine(Z), clean), (dtype, density, selects, n)
                    assert np.array_equal(engine(Z.astype(np.longdouble)), clean)
                    out = np.empty_like(clean)
                    assert engine(Z, out=out) is out
                    assert np.array_equal(out, clean)
                    sparse = engine(scipy.sparse.csr_array(X))
                    assert np.all(np.abs(sparse - expected) <= bound)
                    assert np.array_equal(engine(scipy.sparse.csr_array(Z)), sparse)
                    assert np.array_equal(model.forward(Z), expected)
                    assert np.array_equal(
                        model.forward(scipy.sparse.coo_array(Z)), model.forward(scipy.sparse.coo_array(X))
                    )
                    assert np.array_equal(model.error_bound(Z), bound)
                    with_nan = X.copy()
                    with_nan[n // 2, np.flatnonzero(read)[3]] = np.nan  # which the first output reads
                    assert np.isnan(engine(with_nan)).all(axis=1).tolist() == [i == n // 2 for i in range(n)]


@pytest.mark.parametrize("target", _core.supported_targets())
def test_engines_of_every_target(target: str) -> None:
    environment = {**os.environ, "PRUNUS_TARGET": target}
    command = [sys.executable, "-c", "import test_unread_columns; test_unread_columns.check_every_format()"]
    folder = Path(__file__).parent
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("panels_from", [0, 1000])
@pytest.mark.parametrize("kinds", KINDS)
def test_every_packed_format(kinds: tuple[str, str], panels_from: int, dtype: Any, rng: np.random.Generator) -> None:
    if (kinds[0] == "bitmap" and not _core.has_expand()) or (
        kinds[0] == "lookup" and not _core.lookup_columns()[DTYPES.index(dtype)]
    ):
        pytest.skip("not on this target")
    w = (rng.standard_normal((300, 90)) * (rng.random((300, 90)) < 0.2)).astype(dtype)
    read = rng.random(90) < 0.5
    w[:, ~read] = 0
    matrix = (_core.CsrMatrixF32 if dtype == np.float32 else _core.CsrMatrixF64).from_dense(w, None, 1)
    rows, panels = (_core.pack(matrix, kind, 16, 1) for kind in kinds)
    kind: Any = _core.ExecutorF32 if dtype == np.float32 else _core.ExecutorF64
    executor = kind([(rows, rows, panels, panels, np.zeros(300, dtype), 0, 0.0)], panels_from, *4 * (1e9,), 3, read)
    for n in BATCHES:
        X = rng.standard_normal((n, 90)).astype(dtype)
        clean, again = (np.empty((n, 300), dtype) for _ in range(2))
        executor.run(X, clean, 1)
        # a product and a sum for each entry, of at most 90
        assert np.all(np.abs(clean - X.astype(float) @ w.T) <= 91 * np.finfo(dtype).eps * (np.abs(X) @ np.abs(w.T)))
        for threads in (1, 2, 7):
            executor.run(spoiled(X, read), again, threads)
            assert np.array_equal(clean, again)


def test_what_is_read_fits_the_first_layer() -> None:
    w = np.ones((2, 3))
    sell = _core.pack(_core.CsrMatrixF64.from_dense(w, None, 1), "sell", 16, 1)
    layers: Any = [(sell, sell, sell, sell, np.zeros(2), 0, 0.0)]
    for wrong in (np.ones(4, np.bool_), np.ones((1, 3), np.bool_)):
        with pytest.raises(ValueError, match="read"):
            _core.ExecutorF64(layers, 1, 1.0, 1.0, 1.0, 1.0, 1, wrong)
    with pytest.raises(TypeError):
        _core.ExecutorF64(layers, 1, 1.0, 1.0, 1.0, 1.0, 1, np.ones(3))  # type: ignore[arg-type]


def test_slabs_of_a_wide_input(rng: np.random.Generator) -> None:
    """So wide that panels are turned piece by piece."""
    model, read = network(rng, np.float32, 0.02, selects=True, n_in=9000)
    X = rng.standard_normal((130, 9000)).astype(np.float32)
    engine = prunus.compile(model)
    assert np.array_equal(engine(spoiled(X, read)), engine(X))


def test_a_network_that_reads_nothing(rng: np.random.Generator) -> None:
    engine = prunus.compile(prunus.Network([prunus.Layer(np.zeros((2, 5)), [1.0, 2.0])]))
    for X in (np.full((3, 5), np.nan), scipy.sparse.csr_array(np.full((3, 5), np.nan))):
        assert engine(X).tolist() == engine.network.forward(X).tolist() == [[1, 2]] * 3


def test_inputs_that_were_pruned(digits: Any, digits_mlp: Any) -> None:
    X, y = digits
    pruned = prunus.prune(digits_mlp, X, y, sparsity=0.6, pattern="input")
    Z = spoiled(X, pruned.masks[0])
    assert pruned.score(Z, y) == pruned.score(X, y)
    assert pruned.network.loss(Z, y) == pruned.network.loss(X, y)
    assert pruned.network.loss(Z.astype(np.float32), y) == pruned.network.loss(X.astype(np.float32), y)
    for model in (pruned, pruned.network, pruned.engine, copy.deepcopy(pruned.engine)):
        for n in (1, len(X)):
            assert np.array_equal(model.predict(Z[:n]), model.predict(X[:n]))
            assert np.array_equal(model.predict_proba(Z[:n]), model.predict_proba(X[:n]))


# What cannot be told ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("output", "n_out"), [("sigmoid", 1), ("sigmoid", 3), ("softmax", 3), ("ovr", 3)])
@pytest.mark.parametrize("call", ["predict", "predict_proba", "score"])
@pytest.mark.parametrize("through", ["network", "engine", "pruned"])
def test_no_label_comes_out_of_nan(output: str, n_out: int, call: str, through: str) -> None:
    net = prunus.Network([prunus.Layer(np.eye(n_out, 3) + 1)], output=output, classes=range(max(n_out, 2)))
    pruned = prunus.prune(net, sparsity=0.0)
    model: Any = {"network": net, "engine": prunus.compile(net), "pruned": pruned}[through]
    X = np.ones((5, 3))
    labels = net.predict(X)
    X[[2, 4], 0] = np.nan
    if call == "score" and through != "pruned":
        pytest.skip("has no score")
    run: Callable[[Any], Any] = (
        (lambda x: pruned.score(x, labels[: len(x)])) if call == "score" else getattr(model, call)
    )
    with pytest.raises(ValueError, match="X: expected rows from which numbers come out, got NaN from row 2"):
        run(X)
    run(X[:2])


def test_a_regression_returns_nan() -> None:
    net = prunus.Network([prunus.Layer([[1.0, 2.0]])])
    X = [[1.0, 1.0], [np.nan, 1.0], [np.inf, 1.0]]
    for model in (net, prunus.compile(net), prunus.prune(net, sparsity=0.0)):
        assert np.array_equal(model.predict(X), [3.0, np.nan, np.inf], equal_nan=True)
