"""What the machine can do at best, measured in the same run."""

from __future__ import annotations

import functools
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from prunus import _core


def fastest(function: Callable[[], Any], seconds: float) -> float:
    """Return the shortest time of calls that go on for so long, at least five."""
    times: list[float] = []
    while len(times) < 5 or sum(times) < seconds:
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return min(times)


class Machine:
    """Limits by the number of threads, measured once each; roughly if it has to be quick."""

    def __init__(self, *, quick: bool = False) -> None:
        self._seconds = 0.05 if quick else 0.5  # for one limit
        self._bytes = 40_000_000 if quick else 400_000_000

    @property
    def cpu(self) -> str:
        """The CPU's name, its family and model (a virtual machine may name but the brand), and the target in use."""
        lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
        pairs = [line.partition(":") for line in lines]
        fields = {name.strip(): value.strip() for name, _, value in pairs}
        kind = f", family {fields['cpu family']} model {fields['model']}" if "cpu family" in fields else ""
        n_cpus = sum(line.startswith("processor") for line in lines)
        name = fields.get("model name", platform.processor())
        return f"{name}{kind} ({n_cpus} CPUs), target {_core.active_target()}"

    @functools.cache  # noqa: B019 - there is one machine
    def bandwidth(self, threads: int) -> float:
        """Bytes a second, reading 400 MB (40 if quick) in one pass with so many threads."""
        array = np.ones(self._bytes // 4, np.float32)
        return array.nbytes / fastest(lambda: _core.all_finite(array, threads), self._seconds)

    @functools.cache  # noqa: B019
    def cache_bandwidth(self, threads: int) -> float:
        """Bytes a second, reading half of the last cache again and again, at most 8 MB."""
        array = np.ones(min(self.last_cache // 2, 8_000_000) // 4, np.float32)
        return array.nbytes / fastest(lambda: _core.all_finite(array, threads), self._seconds)

    @functools.cached_property
    def last_cache(self) -> int:
        """Bytes of the last cache; 4 MB if the system does not say."""
        sizes = sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"))
        return int(sizes[-1].read_text().strip().removesuffix("K")) * 1024 if sizes else 4_000_000

    @functools.cache  # noqa: B019
    def peak(self, threads: int) -> float:
        """Floating point operations a second: float32 multiplications and additions in registers alone."""
        operations = 24 * 1_000_000 * _core.lanes()[0] * threads  # csrc/kernels/peak.h
        return operations / fastest(lambda: _core.multiply_and_add(1_000_000, threads), self._seconds)

    def describe(self, threads: int) -> str:
        """Return a line for the report."""
        return (
            f"{self.cpu}; with {threads} threads: memory {self.bandwidth(threads) / 1e9:.0f} GB/s, "
            f"cache {self.cache_bandwidth(threads) / 1e9:.0f} GB/s, arithmetic {self.peak(threads) / 1e9:.0f} GFLOP/s"
        )
