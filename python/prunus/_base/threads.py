"""How many threads a call may use."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

from prunus._base import check

_MOST = 1024  # threads; more is a mistake


def resolve_threads(threads: int | None) -> int:
    """Return `threads`, or for None as many as this process may use. Its CPU quota is read once, the rest at every call.

    None means PRUNUS_NUM_THREADS where it is set, else the smallest of the CPUs in the process's affinity, the CPU quota
    of its cgroup and OMP_NUM_THREADS (joblib sets that in its workers, so that n workers do not start n times n threads).
    """
    if threads is not None:
        return checked_threads("threads", threads)
    own = os.environ.get("PRUNUS_NUM_THREADS")
    if own:
        return _from_environment("PRUNUS_NUM_THREADS", own)
    limits = [_affinity(), _cgroup_quota()]
    openmp = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if openmp.isascii() and openmp.isdigit():
        limits.append(max(int(openmp), 1))
    return min(limits)


def checked_threads(name: str, threads: Any) -> int:
    """Return a number of threads from 1 to 1024."""
    if (n := check.integer(name, threads, minimum=1)) > _MOST:
        raise check.error(ValueError, name, f"expected at most {_MOST} threads, got {n}")
    return n


def _from_environment(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise check.error(ValueError, name, f"expected an integer of at least 1, got {text!r}")
    return checked_threads(name, int(text))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@functools.cache
def _cgroup_quota() -> int:
    """CPUs that the process's cgroup and those above it grant, rounded up; _MOST where there is no limit."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return _MOST
    quotas = [_MOST]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2
            root, names = Path("/sys/fs/cgroup"), ["cpu.max"]
        elif "cpu" in controllers.split(","):
            root, names = Path("/sys/fs/cgroup/cpu"), ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
        else:
            continue
        folder = root / path.lstrip("/")
        quotas += [_quota(at, names) for at in (folder, *folder.parents) if at.is_relative_to(root)]
    return min(quotas)


def _quota(folder: Path, names: list[str]) -> int:
    try:
        quota, period = " ".join((folder / name).read_text() for name in names).split()
        return max(-(-int(quota) // int(period)), 1) if quota not in ("max", "-1") else _MOST
    except (OSError, ValueError, ZeroDivisionError):
        return _MOST
