"""A contender in a process of its own, with its own variables or its own Python, driven through a pipe.

The parent waits while the worker computes, so that they take turns as contenders of one process do. The time is taken in the
worker, around the call alone.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.cases import Case
from bench.contenders import Contender, contenders

ROOT = Path(__file__).parents[1]


class Worker:
    """The parent's side; `time_once` is what it has in common with a contender of this process."""

    def __init__(self, contender: Contender, case: Case) -> None:
        command = [contender.python or sys.executable, "-m", "bench.worker"]
        environment = {**os.environ, **contender.environment}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._send((contender.name, case))

    def _send(self, message: Any) -> None:
        assert self._process.stdin
        pickle.dump(message, self._process.stdin)
        self._process.stdin.flush()

    def time_once(self, data: Any, *, want_result: bool) -> tuple[float, Any]:
        """Return seconds, and the result if it is wanted."""
        self._send((data, want_result))
        assert self._process.stdout
        seconds, result = pickle.load(self._process.stdout)
        return float(seconds), result

    def close(self) -> None:
        """Let the process end."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Local:
    """A contender of this process."""

    def __init__(self, contender: Contender, case: Case) -> None:
        self._contender = contender
        self._ready = contender.build(case)

    def time_once(self, data: Any, *, want_result: bool) -> tuple[float, Any]:
        """Return seconds, and the result if it is wanted."""
        call = self._ready(data)
        seconds, result = timed(call)
        return seconds, self._contender.finish(result) if want_result else None

    def close(self) -> None:
        """Nothing to do."""


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return seconds and result of one call."""
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


def _serve() -> None:
    """The worker's side: the case first, then one message for each round, until the pipe is closed."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get into the pipe
    name, case = pickle.load(sys.stdin.buffer)
    contender = next(c for c in contenders(case) if c.name == name)
    local = Local(contender, case)
    while True:
        try:
            data, want_result = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(local.time_once(data, want_result=want_result), pipe)
        pipe.flush()


if __name__ == "__main__":
    _serve()
