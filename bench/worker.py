"""A contender in a process of its own, with its own variables or its own Python, driven through a pipe.

The parent waits while the worker computes, so that they take turns as contenders of one process do. The time is taken in the
worker, around the call alone.
"""

from __future__ import annotations

import contextlib
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

    def __init__(self, contender: Contender) -> None:
        self._name = contender.name
        command = [contender.python or sys.executable, "-m", "bench.worker"]
        environment = {**os.environ, **contender.environment}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def _send(self, message: Any) -> None:
        assert self._process.stdin
        pickle.dump(message, self._process.stdin)
        self._process.stdin.flush()

    def prepare(self, case: Case) -> None:
        """Let it make ready for a case, in place of the one before; it does so while others do."""
        self._send((self._name, case))

    def time_once(self, data: Any, *, want_result: bool) -> tuple[float, Any]:
        """Return seconds, and the result if it is wanted."""
        self._send((data, want_result))
        assert self._process.stdout
        seconds, result = pickle.load(self._process.stdout)
        return float(seconds), result

    def close(self) -> None:
        """Let the process end, whatever it is at."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdout.close()  # first: it may be writing an answer that nobody reads
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()


class Workers:
    """One for each contender that wants a process, from its first case to the end of the run: some take seconds to start."""

    def __init__(self) -> None:
        self._by_name: dict[str, Worker] = {}

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._by_name.values():
            worker.close()

    def runner(self, contender: Contender, case: Case) -> Worker | Local:
        """Return what runs the contender on the case."""
        if not (contender.environment or contender.python):
            return Local(contender, case)
        if contender.name not in self._by_name:
            self._by_name[contender.name] = Worker(contender)
        worker = self._by_name[contender.name]
        worker.prepare(case)
        return worker


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


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return seconds and result of one call."""
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


def _serve() -> None:
    """The worker's side: a contender's name and a case, or data and whether to return the result, until the pipe is closed."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get into the pipe
    local = None
    while True:
        try:
            first, second = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        if isinstance(second, Case):
            local = None  # before the next one needs memory
            local = Local(next(c for c in contenders(second) if c.name == first), second)
        else:
            assert local
            pickle.dump(local.time_once(first, want_result=second), pipe)
            pipe.flush()


if __name__ == "__main__":
    _serve()
