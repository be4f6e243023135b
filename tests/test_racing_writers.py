"""Another thread writes to an array while the core reads it: an answer of that moment or an error, never memory that is
not ours. Each case runs in a process of its own: what is wrong here ends it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from prunus import _core

RNG = np.random.default_rng(0)
SECONDS = 0.5


def race(array: Any, states: list[Any], call: Callable[[], Any], is_right: Callable[[Any], bool]) -> None:
    """Call again and again while the array changes between these states; it may say that it did, or must be right."""
    is_over = threading.Event()

    def write() -> None:
        while not is_over.is_set():
            for state in states:
                np.copyto(array, state)  # without the interpreter's lock, as the core reads

    writer = threading.Thread(target=write)
    writer.start()
    try:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            with suppress(RuntimeError, ValueError):  # that it changed, or that a number is wrong
                result = call()
                assert is_right(result), result
    finally:
        is_over.set()
        writer.join()


def from_dense() -> None:
    shape = (512, 2048)
    w, ones = np.zeros(shape, np.float32), np.ones(shape, np.float32)

    def is_right(matrix: Any) -> bool:
        starts, columns, _ = matrix.to_arrays()
        rows = np.repeat(np.arange(shape[0]), np.diff(starts))
        return bool(starts[0] == 0 and starts[-1] == len(columns) and (np.diff(rows * shape[1] + columns) > 0).all())

    race(w, [ones, 0 * ones], lambda: _core.CsrMatrixF32.from_dense(w, None, 2), is_right)


def from_dense_mask() -> None:
    w, mask = np.ones((512, 2048), np.float32), np.zeros((512, 2048), np.bool_)
    call = lambda: _core.CsrMatrixF32.from_dense(w, mask, 2)  # noqa: E731
    race(mask, [~mask, mask.copy()], call, lambda matrix: bool((matrix.to_arrays()[1] < 2048).all()))


def from_arrays() -> None:
    n = 200_000
    starts, columns, values = np.array([0, n], np.int64), np.arange(n, dtype=np.int32), np.ones(n)
    call = lambda: _core.CsrMatrixF64.from_arrays(starts, columns, values, 1, n)  # noqa: E731
    race(columns, [columns + n, columns.copy()], call, lambda m: bool(np.array_equal(m.to_arrays()[1], np.arange(n))))


def lamp_counts() -> None:
    scores = RNG.random(300_000)
    call = lambda: _core.lamp_counts([scores], 150_000, 2)  # noqa: E731
    race(scores, [scores**8, scores.copy()], call, lambda counts: counts == [150_000])


def mask_remove() -> None:
    scores = RNG.random(300_000)
    call = lambda: _core.mask_remove([scores], 150_000, 2)[0]  # noqa: E731
    # Of scores that change between its passes it may keep more or fewer; it must end, and write to the mask alone.
    race(scores, [scores.round(1), scores.copy()], call, lambda mask: mask.shape == (300_000,))


def mask_best_of_groups() -> None:
    scores = RNG.random((100, 2000))
    states = [-scores, scores.copy()]
    call = lambda: _core.mask_best_of_groups(scores, 500, 1000, 2)  # noqa: E731
    race(scores, states, call, lambda mask: bool((mask.reshape(100, 2, 1000).sum(axis=2) == 500).all()))


def sum_folds() -> None:
    n = 2000
    x, y, row = RNG.random((n, 20)), RNG.random((n, 1)), np.arange(n)
    start, ones = np.array([0, n]), np.ones(n)
    expected = x.T @ x

    def call() -> Any:
        return _core.sum_folds(x, y, ones, np.zeros(21), row, start, 2)[0]

    bound = 2 * n * np.finfo(float).eps * expected
    is_right = lambda sums: bool((np.abs(np.triu(sums[:20, :20] - expected)) <= bound).all())  # noqa: E731
    race(row, [row + (1 << 40), row.copy()], call, is_right)


def groups() -> None:
    p = 300
    start, stays = np.arange(p + 1), np.zeros(p, np.bool_)
    gram = np.eye(p)

    def call() -> Any:
        return _core.eliminate(gram.copy(), np.ones((1, p)), start, stays, p, 0.0, 0.0, 2)[0]

    race(start, [start + (1 << 40), start.copy()], call, lambda order: sorted(order) == list(range(p)))


CASES = {
    case.__name__: case
    for case in (
        from_dense,
        from_dense_mask,
        from_arrays,
        lamp_counts,
        mask_remove,
        mask_best_of_groups,
        sum_folds,
        groups,
    )
}


@pytest.mark.parametrize("name", CASES)
def test_the_core_survives(name: str) -> None:
    result = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{result.returncode}\n{result.stderr}"


if __name__ == "__main__":
    CASES[sys.argv[1]]()
