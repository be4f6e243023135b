"""Many threads of Python call one engine, one matrix and one criterion at once, with nothing but the hard dependencies.

On a free-threaded interpreter the module must leave its lock off, where numpy and safetensors do.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import safetensors.numpy


def is_locked() -> bool:
    """Whether the interpreter runs one thread at a time."""
    return not sysconfig.get_config_var("Py_GIL_DISABLED") or bool(getattr(sys, "_is_gil_enabled", lambda: True)())


assert safetensors.numpy
WAS_LOCKED = is_locked()

import prunus  # noqa: E402 - only now: what prunus brings may not change it

N_CALLERS, N_CALLS = 8, 40


def cases() -> list[Callable[[], Any]]:
    """Calls of all lengths: some keep the interpreter's lock, some release it, some have helpers."""
    rng = np.random.default_rng(0)
    shapes = ((120, 200), (60, 120), (5, 60))
    layers = [prunus.Layer(rng.standard_normal(shape), rng.standard_normal(shape[0]), "relu") for shape in shapes]
    network = prunus.prune(prunus.Network(layers), sparsity=0.9).network
    engine = prunus.compile(network, threads=2)
    matrix = prunus.SparseMatrix.from_dense(network.layers[0].weight)
    batches = [rng.standard_normal((n, 200)) for n in (1, 3, 40, 500)]
    return [
        *(lambda X=X: engine(X) for X in batches),
        lambda: matrix @ batches[2].T,
        lambda: np.concatenate([scores.ravel() for scores in prunus.importance(network)]),
        lambda: np.concatenate([mask.ravel() for mask in prunus.mask(prunus.importance(network), sparsity=0.5)]),
        lambda: prunus.prune(network, sparsity=0.95).network.forward(batches[1]),
    ]


def main() -> None:
    """Call alone and together; raise where that makes a difference."""
    assert is_locked() == WAS_LOCKED, "the interpreter has taken its lock back"
    calls = cases()
    alone = [call() for call in calls]

    def repeat(first: int) -> None:
        for i in range(first, first + N_CALLS):
            which = i % len(calls)
            assert np.array_equal(calls[which](), alone[which]), which

    with ThreadPoolExecutor(N_CALLERS) as pool:
        list(pool.map(repeat, range(N_CALLERS)))
    print("callers: passed")  # noqa: T201


if __name__ == "__main__":
    main()
