"""How many threads a call may use."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from prunus import _check


def resolve(threads: int | None) -> int:
    """Return `threads`, or for None as many as this process may use, asked anew at every call.

    None means PRUNUS_NUM_THREADS where it is set, else the smallest of the CPUs in the process's affinity, the CPU quota
    of its cgroup and OMP_NUM_THREADS (joblib sets that in its workers, so that n workers do not start n times n threads).
    """
    if threads is not None:
        return _check.integer("threads", threads, minimum=1)
    own = os.environ.get("PRUNUS_NUM_THREADS")
    if own:
        return _from_environment("PRUNUS_NUM_THREADS", own)
    limits = [_affinity(), _cgroup_quota()]
    openmp = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if openmp.isdigit():
        limits.append(max(int(openmp), 1))
    return min(limits)


def _from_environment(name: str, text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"{name}: expected an integer of at least 1, got {text!r}")
    return int(text)


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@functools.cache
def _cgroup_quota() -> int:
    """CPUs that the cgroup grants, rounded up; a large number where there is no limit."""
    for quota, period in (("cpu.max", None), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            words = Path("/sys/fs/cgroup", quota).read_text().split()
            if period is not None:
                words += Path("/sys/fs/cgroup", period).read_text().split()
            if words[0] in ("max", "-1"):
                break
            return max(-(-int(words[0]) // int(words[1])), 1)
        except (OSError, ValueError, IndexError):
            continue
    return 1 << 16
