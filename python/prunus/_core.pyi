"""The compiled core. Every array is C-contiguous; an array of another type is refused, never converted."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.floating[Any]]
_Bools = NDArray[np.bool_]

version: str
compiler: str
openmp: bool
panel_vectors: int
slice_rows: int

def compiled_targets() -> list[str]: ...
def supported_targets() -> list[str]: ...
def active_target() -> str: ...
def cpu_is_intel() -> bool: ...
def active_instructions() -> str: ...
def lanes() -> tuple[int, int]: ...
def has_expand() -> bool: ...
def lookup_columns() -> tuple[int, int]: ...
def multiply_and_add(n: int, threads: int) -> None: ...
def absolute(a: _Floats, threads: int) -> _Floats: ...
def absolute_product(a: _Floats, b: _Floats, threads: int) -> _Floats: ...
def all_finite(a: _Floats, threads: int) -> bool: ...
def count_nonzero(a: _Floats, threads: int) -> int: ...
def column_dot(a: _Floats, b: _Floats, take_absolute: bool, threads: int) -> _Doubles: ...
def activate(a: _Floats, activation: int, negative_slope: float, threads: int) -> _Floats: ...
def erfc(a: _Doubles, threads: int) -> NDArray[np.float64]: ...
def mask_threshold(scores: Sequence[_Floats], threshold: float, threads: int) -> list[_Bools]: ...
def mask_remove(scores: Sequence[_Floats], n_remove: int, threads: int) -> list[_Bools]: ...
def mask_best_of_groups(scores: _Floats, n: int, m: int, threads: int) -> _Bools: ...
def block_sums(scores: _Floats, rows: int, columns: int, threads: int) -> _Floats: ...
def spread_blocks(kept: _Bools, rows: int, columns: int, n_rows: int, n_cols: int, threads: int) -> _Bools: ...
def lamp_counts(scores: Sequence[_Floats], n_remove: int, threads: int) -> list[int]: ...
def cut_of(scores: _Floats, mask: _Bools) -> tuple[float, float]: ...
def apply_mask(w: _Floats, mask: _Bools, threads: int) -> _Floats: ...

_Doubles = NDArray[np.float64]
_Exchanged = tuple[NDArray[np.int64], float, bool]

def eliminate(
    inverse: _Doubles,
    coef: _Doubles,
    start: NDArray[np.int64],
    stays: _Bools,
    n_remove: int,
    floor: float,
    rounding: float,
    threads: int,
) -> tuple[NDArray[np.int64], _Doubles]: ...
def sum_folds(
    x: NDArray[np.float32] | _Doubles,
    y: _Doubles,
    root: _Doubles,
    shift: _Doubles,
    row: NDArray[np.int64],
    start: NDArray[np.int64],
    threads: int,
) -> list[_Doubles]: ...
def moments(sums: _Doubles, shift: _Doubles, last: _Doubles, n_out: int) -> tuple[_Doubles, _Doubles]: ...
def eliminate_folds(
    folds: Sequence[
        tuple[_Doubles, _Doubles | None, _Doubles, _Doubles, _Doubles, _Doubles, _Doubles, _Doubles, float]
    ],
    number: NDArray[np.int64],
    n_out: int,
    start: NDArray[np.int64],
    stays: _Bools,
    least_pivot: float,
    most: float,
    floor: float,
    threads: int,
) -> list[_Doubles | None]: ...
def inverse(gram: _Doubles, least: float, threads: int) -> _Doubles | None: ...
def inverse_root(gram: _Doubles, least: float, threads: int) -> _Doubles | None: ...
def eliminate_columns(
    root: _Doubles, w: _Doubles, there: _Bools, kept: _Bools, width: int, threads: int
) -> tuple[_Doubles, _Bools]: ...
def eliminate_rows(
    gram: _Doubles,
    inverse: _Doubles | None,
    w: _Doubles,
    there: _Bools,
    n_rows: int,
    n_columns: int,
    kept: int,
    among: int,
    least: float,
    threads: int,
) -> tuple[_Doubles, _Bools]: ...
def fit_rows(
    gram: _Doubles, products: _Doubles, support: _Bools, least: float, threads: int
) -> tuple[_Doubles, _Bools]: ...
def sums_left_out(q: _Doubles, z: _Doubles, y: _Doubles, base: _Doubles, least: float, threads: int) -> _Doubles: ...
def grow(
    gram: _Doubles,
    products: _Doubles,
    start: NDArray[np.int64],
    stays: _Bools,
    n_add: int,
    tolerance: float,
    rounding: float,
) -> NDArray[np.int64]: ...
def multiply_columns(x: _Doubles, q: _Doubles, threads: int) -> _Doubles: ...
def advance(
    x: _Doubles,
    q: _Doubles,
    factor: _Doubles,
    bar: _Doubles,
    limit: _Doubles,
    alone: _Doubles,
    rounding: _Doubles,
    norms: _Doubles,
    products: _Doubles,
    threads: int,
) -> NDArray[np.int64]: ...
def exchange(
    rows: Callable[[NDArray[np.int64]], _Doubles],
    products: _Doubles,
    total: float,
    starts: Sequence[NDArray[np.int64]],
    keep: _Bools,
    tolerance: float,
    patience: int,
    threads: int,
) -> _Exchanged | None: ...
def exchange_sizes(
    gram: _Doubles,
    products: _Doubles,
    total: float,
    orders: Sequence[NDArray[np.int64]],
    first: int,
    last: int,
    keep: _Bools,
    tolerance: float,
    patience: int,
    threads: int,
) -> list[_Exchanged | None]: ...

class _CsrMatrix:
    @staticmethod
    def from_dense(w: _Floats, mask: _Bools | None, threads: int) -> _CsrMatrix: ...
    @staticmethod
    def from_arrays(
        row_start: NDArray[np.int64], column: NDArray[np.int32], value: _Floats, n_rows: int, n_cols: int
    ) -> _CsrMatrix: ...
    def to_dense(self) -> _Floats: ...
    def to_arrays(self) -> tuple[NDArray[np.int64], NDArray[np.int32], _Floats]: ...
    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def nnz(self) -> int: ...
    @property
    def n_blocks(self) -> int: ...

class CsrMatrixF32(_CsrMatrix): ...
class CsrMatrixF64(_CsrMatrix): ...

class _Operand:
    @property
    def n_stored(self) -> int: ...
    @property
    def nbytes(self) -> int: ...

class OperandF32(_Operand): ...
class OperandF64(_Operand): ...

def pack(matrix: _CsrMatrix, format: str, tile_columns: int, threads: int) -> _Operand: ...  # noqa: A002
def multiply_csr(w: _CsrMatrix, x: _Floats, out: _Floats, threads: int) -> None: ...

class _Executor:
    def __init__(
        self,
        layers: list[tuple[_Operand, _Operand, _Operand, _Operand, _Floats, int, float]],
        panels_from: int,
        one_cycles: float,
        few_cycles: float,
        few_more_cycles: float,
        panel_cycles: float,
        panels_together: int,
        read: _Bools | None = None,
    ) -> None: ...
    def run(self, x: _Floats, out: _Floats, threads: int) -> None: ...
    def run_plain(self, x: Any, out: Any, threads: int) -> _Floats | None: ...
    def run_columns(self, x: _Floats, out: _Floats, threads: int) -> None: ...

class ExecutorF32(_Executor): ...
class ExecutorF64(_Executor): ...

class _SparseExecutor:
    def __init__(
        self,
        w: _Floats | _CsrMatrix,
        bias: _Floats,
        activation: int,
        negative_slope: float,
        whole: _Executor,
        rest: _Executor | None,
        costs: tuple[float, float, float],
        read: _Bools | None,
    ) -> None: ...
    def run(self, row_start: Any, column: Any, value: Any, out: Any, threads: int) -> _Floats | None: ...

class SparseExecutorF32(_SparseExecutor): ...
class SparseExecutorF64(_SparseExecutor): ...
