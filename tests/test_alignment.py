"""Arrays whose elements are not aligned: the core refuses them, in every argument; what is public takes or names them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

import prunus
from prunus import _core
from prunus.linear_model import PrunedLinearRegression

DTYPES = (np.float32, np.float64)
RNG = np.random.default_rng(0)


def misaligned(a: Any) -> Any:
    """The same array in memory that begins one byte late."""
    memory = np.empty(a.nbytes + 1, np.uint8)
    result = memory[1:].view(a.dtype).reshape(a.shape)
    result[...] = a
    assert not result.flags.aligned
    assert result.flags.c_contiguous
    return result


def of(t: Any, *shape: int) -> Any:
    return RNG.standard_normal(shape).astype(t)


def csr(t: Any, *shape: int) -> Any:
    return matrix_type(t).from_dense(of(t, *shape), None, 1)


def matrix_type(t: Any) -> Any:
    return _core.CsrMatrixF32 if t == np.float32 else _core.CsrMatrixF64


def layers(t: Any) -> Any:
    operand = _core.pack(csr(t, 3, 4), "sell", 16, 1)
    return [(*4 * (operand,), of(t, 3), 0, 0.0)]


def executor_type(t: Any) -> Any:
    return _core.ExecutorF32 if t == np.float32 else _core.ExecutorF64


def executor(t: Any) -> Any:
    return executor_type(t)(layers(t), 2, 1e9, 1e9, 1e9, 1e9, 1)


def ints(*values: int) -> Any:
    return np.array(values, np.int64)


def stay(n: int) -> Any:
    return np.zeros(n, np.bool_)


def of_sums() -> dict[str, Any]:
    """Sums of the products of (x, y, 1) of four features and an output."""
    x = np.hstack([RNG.standard_normal((20, 5)), np.ones((20, 1))])
    return {"sums": x.T @ x, "shift": np.zeros(5), "last": np.zeros(5)}


def fold() -> Any:
    train, held = of_sums(), of_sums()
    scale = 1 / np.sqrt(train["sums"].diagonal()[:4])
    sums = (train["sums"], np.zeros((6, 6)), train["shift"], train["last"], *held.values())
    return (*sums, scale, float(held["sums"][4, 4]))


Call = tuple[Callable[..., Any], dict[str, Any]]


def calls(t: Any) -> dict[str, Call]:
    """A call of everything in the core that takes arrays, by the arguments' names."""
    kept = np.ones((4, 6), np.bool_)
    square, one = np.eye(4), {"threads": 1}
    groups = {"start": ints(0, 1, 2, 3, 4), "stays": stay(4)}
    folds = {
        "y": of(np.float64, 4, 2),
        "root": np.ones(4),
        "shift": np.zeros(8),
        "row": ints(3, 0),
        "start": ints(0, 2),
    }
    first = {"activation": 0, "negative_slope": 0.0, **one}
    search = {"products": of(np.float64, 1, 4), "total": 9.0, "keep": stay(4), "tolerance": 0.0, "patience": 1, **one}
    arrays = {"row_start": ints(0, 1, 2), "column": np.array([0, 1], np.int32), "value": of(t, 2)}
    run, matrix = executor(t), matrix_type(t)
    return {
        "absolute": (_core.absolute, {"a": of(t, 9), **one}),
        "absolute_product": (_core.absolute_product, {"a": of(t, 9), "b": of(t, 9), **one}),
        "all_finite": (_core.all_finite, {"a": of(t, 9), **one}),
        "count_nonzero": (_core.count_nonzero, {"a": of(t, 9), **one}),
        "column_dot": (_core.column_dot, {"a": of(t, 2, 3), "b": of(t, 2, 3), "take_absolute": False, **one}),
        "activate": (_core.activate, {"a": of(t, 9), **first}),
        "erfc": (_core.erfc, {"a": of(np.float64, 9), **one}),
        "mask_threshold": (_core.mask_threshold, {"scores": [of(t, 9), of(t, 3)], "threshold": 0.0, **one}),
        "mask_remove": (_core.mask_remove, {"scores": [of(t, 9), of(t, 3)], "n_remove": 5, **one}),
        "mask_best_of_groups": (_core.mask_best_of_groups, {"scores": of(t, 4, 6), "n": 1, "m": 2, **one}),
        "block_sums": (_core.block_sums, {"scores": of(t, 4, 6), "rows": 2, "columns": 2, **one}),
        "lamp_counts": (_core.lamp_counts, {"scores": [of(t, 9), of(t, 3)], "n_remove": 5, **one}),
        "cut_of": (_core.cut_of, {"scores": of(t, 4, 6), "mask": kept}),
        "apply_mask": (_core.apply_mask, {"w": of(t, 4, 6), "mask": kept, **one}),
        "CsrMatrix.from_dense": (matrix.from_dense, {"w": of(t, 4, 6), "mask": kept, **one}),
        "CsrMatrix.from_arrays": (matrix.from_arrays, {**arrays, "n_rows": 2, "n_cols": 2}),
        "Executor.run": (run.run, {"x": of(t, 5, 4), "out": of(t, 5, 3), **one}),
        "Executor.run_columns": (run.run_columns, {"x": of(t, 4, 5), "out": of(t, 3, 5), **one}),
        "Executor": (
            executor_type(t),
            {"layers": layers(t), "panels_from": 2, "one_cycles": 1, "few_cycles": 1, "few_more_cycles": 1}
            | {"panel_cycles": 1, "panels_together": 1},
        ),
        "SparseExecutor.__init__": (
            _core.SparseExecutorF32 if t == np.float32 else _core.SparseExecutorF64,
            {"w": of(t, 4, 3), "bias": of(t, 3), "activation": 0, "negative_slope": 0.0, "whole": run, "rest": None}
            | {"costs": (1.0, 1.0, 1.0), "read": None},
        ),
        "multiply_csr": (_core.multiply_csr, {"w": csr(t, 3, 4), "x": of(t, 4, 5), "out": of(t, 3, 5), **one}),
        "eliminate": (
            _core.eliminate,
            {"inverse": square.copy(), "coef": of(np.float64, 1, 4), **groups, "n_remove": 2, "floor": 0.0}
            | {"rounding": 0.0, **one},
        ),
        "sum_folds": (_core.sum_folds, {"x": of(t, 4, 6), **folds, **one}),
        "moments": (_core.moments, {**of_sums(), "n_out": 1}),
        "eliminate_folds": (
            _core.eliminate_folds,
            {"folds": [fold()], "number": ints(0, 1, 2, 3), "n_out": 1, **groups}
            | {"least_pivot": 0.0, "most": 1e9, "floor": 0.0, **one},
        ),
        "inverse": (_core.inverse, {"gram": square, "least": 0.0, **one}),
        "inverse_root": (_core.inverse_root, {"gram": square, "least": 0.0, **one}),
        "eliminate_columns": (
            _core.eliminate_columns,
            {"root": square, "w": of(np.float64, 3, 4), "there": np.ones((3, 4), np.bool_)}
            | {"kept": np.ones((3, 4), np.bool_), "width": 2, **one},
        ),
        "eliminate_rows": (
            _core.eliminate_rows,
            {"gram": square, "inverse": square.copy(), "w": of(np.float64, 3, 4)}
            | {
                "there": np.ones((3, 4), np.bool_),
                "n_rows": 2,
                "n_columns": 1,
                "kept": 0,
                "among": 1,
                "least": 0.0,
                **one,
            },
        ),
        "fit_rows": (
            _core.fit_rows,
            {
                "gram": square,
                "products": of(np.float64, 3, 4),
                "support": np.ones((3, 4), np.bool_),
                "least": 0.0,
                **one,
            },
        ),
        "sums_left_out": (
            _core.sums_left_out,
            {"q": of(np.float64, 9, 2), "z": of(np.float64, 2, 1), "y": of(np.float64, 1, 9), "base": np.zeros(9)}
            | {"least": 1e-9, **one},
        ),
        "grow": (
            _core.grow,
            {"gram": square, "products": of(np.float64, 1, 4), **groups, "n_add": 2, "tolerance": 0.0, "rounding": 0.0},
        ),
        "multiply_columns": (_core.multiply_columns, {"x": of(np.float64, 9, 4), "q": of(np.float64, 2, 9), **one}),
        "advance": (
            _core.advance,
            {"x": of(np.float64, 9, 4), "q": of(np.float64, 2, 9), "factor": of(np.float64, 2, 1)}
            | {"bar": np.zeros((2, 4)), "limit": np.zeros((2, 4)), "norms": np.ones((2, 4))}
            | {"alone": np.zeros((2, 4)), "rounding": np.zeros(2), "products": of(np.float64, 2, 1, 4), **one},
        ),
        "exchange": (_core.exchange, {"rows": lambda places: square[places], "starts": [ints(0, 3)], **search}),
        "exchange_sizes": (
            _core.exchange_sizes,
            {"gram": square, "orders": [ints(0, 3)], "first": 1, "last": 2, **search},
        ),
    }


def with_one_misaligned(value: Any) -> Iterator[Any]:
    """The value, with one after the other of its arrays misaligned. A bool is a byte, and always aligned."""
    if isinstance(value, np.ndarray):
        if value.itemsize > 1:
            yield misaligned(value)
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            for other in with_one_misaligned(item):
                yield type(value)([*value[:i], other, *value[i + 1 :]])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", sorted(calls(np.float64)))
def test_the_core_refuses_misaligned_arrays(name: str, dtype: Any) -> None:
    function, arguments = calls(dtype)[name]
    function(**arguments)
    tried = 0
    for key in arguments:
        for value in with_one_misaligned(arguments[key]):
            with pytest.raises(ValueError, match="aligned"):
                function(**(arguments | {key: value}))
            tried += 1
    assert tried > 0


def test_every_function_of_the_core_is_tried() -> None:
    def takes_numbers(thing: Any) -> bool:
        signatures = re.findall(r"\w+\((.*?)\) -> ", thing.__doc__ or "")
        return any(re.search(r"NDArray\[numpy\.(float|int)", signature) for signature in signatures)

    names = set()
    for name, thing in vars(_core).items():
        members = vars(thing) if inspect.isclass(thing) else {}
        names |= {f"{name[:-3]}.{key}" for key in members if takes_numbers(getattr(thing, key))}
        names |= {name} if not members and takes_numbers(thing) else set()
    assert names == set(calls(np.float64)) - {"Executor"}, "its constructor has arrays inside of tuples"


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_short_way_leaves_them_to_python(dtype: Any) -> None:
    run, x, out = executor(dtype), of(dtype, 5, 4), np.empty((5, 3), dtype)
    assert run.run_plain(misaligned(x), None, 1) is None
    assert run.run_plain(x, misaligned(out), 1) is None
    assert run.run_plain(x, out, 1) is out


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_network_takes_them(dtype: Any) -> None:
    X, Y, weight = of(dtype, 50, 8), of(dtype, 50, 2), RNG.random(50)
    arrays = [of(dtype, 6, 8), of(dtype, 6), of(dtype, 2, 6)]

    def results(as_given: Callable[[Any], Any]) -> Iterator[Any]:
        W, b, V = map(as_given, arrays)
        network = prunus.Network([prunus.Layer(W, b, "relu"), prunus.Layer(V)])
        data = {"X": as_given(X), "y": as_given(Y), "sample_weight": as_given(weight)}
        yield network.predict(data["X"])
        yield network.loss(**data)
        engine = prunus.compile(network)
        yield engine(data["X"])
        yield engine(csr_array((as_given(sparse.data), sparse.indices, sparse.indptr), shape=X.shape))
        for criterion in ("magnitude", "saliency", "wanda", "fisher"):
            pruned = prunus.prune(network, **data, criterion=criterion, sparsity=0.5)
            yield from (layer.weight for layer in pruned.network.layers)
        matrix = prunus.SparseMatrix.from_dense(W)
        yield matrix @ as_given(X.T.copy())
        yield data["X"] @ matrix.T

    sparse = csr_array(np.where(X > 0, X, 0))
    for expected, got in zip(results(np.asarray), results(misaligned), strict=True):
        assert np.array_equal(got, expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", ["obs", "forward", "swap", "iht", "l1"])
def test_regression_takes_them(method: str, dtype: Any) -> None:
    X, weight = of(dtype, 60, 5), RNG.random(60)
    y = X[:, 0] - X[:, 1]
    model = PrunedLinearRegression(method=method)
    expected = model.fit(X, y, weight).coef_
    assert np.array_equal(model.fit(misaligned(X), misaligned(y), misaligned(weight)).coef_, expected)


def test_an_output_that_is_misaligned_is_named() -> None:
    engine = prunus.compile(prunus.Network([prunus.Layer([[1.0, 2.0]])]))
    with pytest.raises(ValueError, match="out: expected a writeable, aligned, C-contiguous array"):
        engine(np.ones((3, 2)), out=misaligned(np.empty((3, 1))))
