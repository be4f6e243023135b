"""Two threads of one engine against two processes of one thread each: samples a second, at once and in turns.

python -m bench.scaling            784-300-100-10 and 1024-1024-1024-1024, 1024 samples a call
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from typing import Any

import prunus
from bench.cases.mlp import NETWORKS, MlpCase

BATCH = 1024
SECONDS = 1.0
ROUNDS = 5


class _Engine:
    def __init__(self, case: MlpCase) -> None:
        self._run = prunus.compile(case.network, threads=case.threads)
        self._X = case.data(0)
        self._out = self._run(self._X)
        case.check(None, self._out)

    def samples_a_second(self) -> float:
        begin, n_calls = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - begin) < SECONDS:
            self._run(self._X, out=self._out)
            n_calls += 1
        return n_calls * BATCH / elapsed


def _process(case: MlpCase, barrier: Any, results: Any) -> None:
    """Take part in the rounds of the parent: wait for its turn, then compute beside the other process."""
    engine = _Engine(case)
    for _ in range(ROUNDS):
        barrier.wait()
        barrier.wait()
        results.put(engine.samples_a_second())


def measure(network: str, sparsity: float) -> tuple[float, float]:
    """Return the medians of both, samples a second: of two threads, and of two processes together."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(3, timeout=60), context.Queue()  # none waits for one that failed
    single = MlpCase(network, sparsity, BATCH, 1)
    processes = [context.Process(target=_process, args=(single, barrier, results)) for _ in range(2)]
    for process in processes:
        process.start()
    engine = _Engine(MlpCase(network, sparsity, BATCH, 2))
    threads, together = [], []
    for _ in range(ROUNDS):
        barrier.wait()
        threads.append(engine.samples_a_second())
        barrier.wait()
        together.append(sum(results.get() for _ in processes))
    for process in processes:
        process.join()
    return statistics.median(threads), statistics.median(together)


def main() -> None:
    """Print a line for each network and sparsity."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, action="append")
    parser.add_argument("--sparsity", type=float, action="append")
    options = parser.parse_args()
    for network in options.network or ("digits", "wide"):
        for sparsity in options.sparsity or (0.0, 0.9, 0.98):
            threads, together = measure(network, sparsity)
            print(
                f"{'-'.join(map(str, NETWORKS[network]))}, {sparsity:.0%} sparse: two threads {threads:,.0f} samples a second, "
                f"two processes {together:,.0f}: {threads / together:.1%}"
            )


if __name__ == "__main__":
    main()
