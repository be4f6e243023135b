"""What the machine can do at best, measured in the same run."""

from __future__ import annotations

import functools
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from prunus import _core


def fastest(function: Callable[[], Any], seconds: float = 0.5) -> float:
    """Return the shortest time of calls that go on for so long, at least five."""
    times: list[float] = []
    while len(times) < 5 or sum(times) < seconds:
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return min(times)


class Machine:
    """Limits by the number of threads, measured once each."""

    @property
    def cpu(self) -> str:
        """The CPU's name."""
        lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        return f"{names[0] if names else platform.processor()} ({len(names)} CPUs), target {_core.active_target()}"

    @functools.cache  # noqa: B019 - there is one machine
    def bandwidth(self, threads: int) -> float:
        """Bytes a second, reading 400 MB in one pass with so many threads."""
        array = np.ones(100_000_000, np.float32)
        return array.nbytes / fastest(lambda: _core.all_finite(array, threads))

    @functools.cache  # noqa: B019
    def flops(self, threads: int) -> float:
        """Floating point operations a second: the best dense float32 product of NumPy's BLAS, a little below the peak."""
        a = np.ones((1024, 1024), np.float32)
        with threadpool_limits(threads):
            return 2 * 1024**3 / fastest(lambda: a @ a)

    def describe(self, threads: int) -> str:
        """Return a line for the report."""
        return (
            f"{self.cpu}; with {threads} threads: memory {self.bandwidth(threads) / 1e9:.0f} GB/s, "
            f"arithmetic {self.flops(threads) / 1e9:.0f} GFLOP/s"
        )
