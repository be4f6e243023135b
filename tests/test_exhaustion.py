"""Memory or threads run out: a MemoryError, or fewer threads, and what comes next is right. In a process of its own, whose
address space is limited."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prunus import _core

RNG = np.random.default_rng(0)
THREADS = 2


@contextmanager
def at_most(more: int) -> Iterator[None]:
    """This process may have so many more bytes of addresses than it has."""
    own = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (own + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def starve(call: Callable[[], Any], bytes_of_call: int) -> None:
    """Call with no memory, with a little more, and so on up to twice what it needs."""
    expected = call()  # the threads are there, too
    n_lacking = n_right = 0
    for step in range(17):
        try:
            with at_most(bytes_of_call * step // 8):
                result = call()
        except MemoryError:
            n_lacking += 1
        else:
            n_right += 1
            assert all(map(np.array_equal, result, expected)), step
    assert n_lacking > 0, "it had enough memory every time"
    assert n_right > 0, "it never had enough"
    assert all(map(np.array_equal, call(), expected))


def sparse(n_rows: int, n_cols: int, density: float) -> Any:
    w = RNG.standard_normal((n_rows, n_cols)).astype(np.float32)
    return np.where(RNG.random((n_rows, n_cols)) < density, w, 0)


def from_dense() -> None:
    w = sparse(1000, 2000, 0.3)
    starve(lambda: _core.CsrMatrixF32.from_dense(w, None, THREADS).to_arrays(), 10 << 20)


def packed(kind: str) -> Callable[[], None]:
    def case() -> None:
        matrix = _core.CsrMatrixF32.from_dense(sparse(1000, 2000, 0.3), None, 1)
        x, bias = RNG.standard_normal((3, 2000)).astype(np.float32), np.zeros(1000, np.float32)
        panel = _core.pack(matrix, "dense panels", 64, 1)
        out = np.empty((3, 1000), np.float32)

        def call() -> Any:
            operand = _core.pack(matrix, kind, 64, THREADS)
            _core.ExecutorF32([(operand, operand, panel, panel, bias, 0, 0.0)], 99, *4 * (1e9,), 1).run(x, out, THREADS)
            return [out.copy()]

        starve(call, 12 << 20)

    return case


def lamp_counts() -> None:
    scores = RNG.random(2 << 20)
    starve(lambda: [_core.lamp_counts([scores], 100, THREADS)], 8 << 20)


def mask_remove() -> None:
    scores = RNG.random(2 << 20)
    starve(lambda: [m.copy() for m in _core.mask_remove([scores], 1 << 20, THREADS)], 8 << 20)


def mask_best_of_groups() -> None:
    scores = RNG.random((4, 1 << 17))
    starve(lambda: [_core.mask_best_of_groups(scores, 1000, 1 << 17, THREADS)], 8 << 20)


def block_sums() -> None:
    scores = RNG.random((8, 1 << 18))
    starve(lambda: [_core.block_sums(scores, 2, 2, THREADS)], 16 << 20)


def sum_folds() -> None:
    n, p = 100, 1000
    x, y, one = RNG.random((n, p)), RNG.random((n, 1)), np.ones(n)
    row, start = np.arange(n), np.arange(0, n + 1, 25)
    starve(lambda: _core.sum_folds(x, y, one, np.zeros(p + 1), row, start, THREADS), 48 << 20)


def sums_left_out() -> None:
    n, k = 5000, 500
    q, z, y, base = RNG.random((n, k)) / n, RNG.random((k, 1)), RNG.random((1, n)), np.zeros(n)
    starve(lambda: [_core.sums_left_out(q, z, y, base, 1e-9, THREADS)], 2 << 20)


def threads_of(call: Callable[[Any], Any], expected: Callable[[Any], Any]) -> Callable[[], None]:
    """A thousand threads where only some can be started: 8 MB of addresses each, by the usual limit of the stack."""

    def case() -> None:
        w = sparse(3000, 40, 0.3)
        right = expected(w)
        for megabytes in (9, 20, 33, 100, 300):
            with at_most(megabytes << 20):
                got = call(w)
            assert np.array_equal(got, right)

    return case


CASES: dict[str, Callable[[], None]] = {
    "from_dense": from_dense,
    "sell": packed("sell"),
    "blocks": packed("blocks"),
    "dense rows": packed("dense rows"),
    "lookup": packed("lookup"),
    "lamp_counts": lamp_counts,
    "mask_remove": mask_remove,
    "mask_best_of_groups": mask_best_of_groups,
    "block_sums": block_sums,
    "sum_folds": sum_folds,
    "sums_left_out": sums_left_out,
    "threads of from_dense": threads_of(
        lambda w: _core.CsrMatrixF32.from_dense(w, None, 1000).to_arrays()[2], lambda w: w[w != 0]
    ),
    "threads of multiply_and_add": threads_of(lambda _: _core.multiply_and_add(10, 1000), lambda _: None),
}


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space")
@pytest.mark.parametrize("name", CASES)
def test_the_core_survives(name: str) -> None:
    # What is freed goes back to the system, so that it is not there for the call.
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    command = [sys.executable, __file__, name]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{result.returncode}\n{result.stderr}"


if __name__ == "__main__":
    CASES[sys.argv[1]]()
