"""What pruning at once costs: seconds of one target and of a sweep, in turn, and the memory that one target needs.

python -m bench.oneshot_cost                    784-300-100-10, 10,000 samples, statistics included
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import prunus
from bench.machine import Machine
from bench.regression import resident

_WIDTHS = (784, 300, 100, 10)
_SPARSITIES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.97, 0.98)

_HIDDEN, _BATCH = 40, 64  # what the inputs depend on; how many samples are made at once


def problem(widths: Sequence[int], n: int) -> tuple[prunus.Network, Any]:
    """Return a network of random weights, and inputs that depend on one another, of which every fifth is mostly zero."""
    rng = np.random.default_rng(0)
    layers = [
        prunus.Layer((rng.standard_normal((n_out, n_in)) / np.sqrt(n_in)).astype(np.float32), activation="relu")
        for n_in, n_out in itertools.pairwise(widths)
    ]
    layers[-1] = prunus.Layer(layers[-1].weight)
    mix = rng.standard_normal((_HIDDEN, widths[0]))
    X = np.empty((n, widths[0]), np.float32)
    for begin in range(0, n, _BATCH):  # in its place, so that nothing else has been the peak
        part = X[begin : begin + _BATCH]
        part[:] = rng.standard_normal((len(part), _HIDDEN)) @ mix + rng.standard_normal(part.shape)
        part[:, ::5] *= rng.random(part[:, ::5].shape) < 0.1
    return prunus.Network(layers, output="softmax", classes=np.arange(widths[-1])), X


def seconds(calls: Sequence[Callable[[], Any]], rounds: int) -> list[float]:
    """Return the median of each, which take turns."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, taken in zip(calls, times, strict=True):
            begin = time.perf_counter()
            call()
            taken.append(time.perf_counter() - begin)
    return [statistics.median(taken) for taken in times]


def peak(widths: Sequence[int], n: int) -> int:
    """Return the bytes that pruning has at most beside the data. To be called in a fresh process: a peak is never forgotten."""
    prunus.prune(*problem((20, 10, 5), 100), sparsity=0.5)  # loads what pruning loads
    network, X = problem(widths, n)
    before = resident("VmRSS")
    prunus.prune(network, X, sparsity=0.9)
    return max(resident("VmHWM") - before, 0)


def main() -> None:
    """Print a line of each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--widths", type=int, nargs="+", default=_WIDTHS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peak", action="store_true", help="print the bytes that one target needs, alone")
    options = parser.parse_args()
    os.environ["PRUNUS_NUM_THREADS"] = str(options.threads)
    with threadpool_limits(options.threads):
        if options.peak:
            print(peak(options.widths, options.n))
            return
        network, X = problem(options.widths, options.n)
        one, many = seconds(
            [
                lambda: prunus.prune(network, X, sparsity=0.9),
                lambda: prunus.sweep(network, X, sparsities=_SPARSITIES),
            ],
            options.rounds,
        )
    command = [sys.executable, "-m", "bench.oneshot_cost", "--peak", *sys.argv[1:]]
    n_bytes = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    name = "-".join(map(str, options.widths))
    print(
        f"{Machine().cpu}: {name}, {options.n} samples, {options.threads} threads: one target {one:.2f} s, "
        f"{len(_SPARSITIES)} sparsities {many:.2f} s ({many / one:.2f} times), at its peak {n_bytes / 1e6:.0f} MB beside X "
        f"({X.nbytes / 1e6:.0f} MB)"
    )


if __name__ == "__main__":
    main()
