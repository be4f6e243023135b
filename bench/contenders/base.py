"""What a contender is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Contender:
    """One way to compute a kind of case.

    `build(case)` prepares what the weights allow and returns `ready`; `ready(data)` prepares a round, untimed, and returns
    the function that is timed. `finish` turns what that returns into what the case checks, untimed too. A contender with an
    environment, or with a Python of its own, runs in a worker process, in turn with the others.
    """

    name: str
    kind: str
    build: Callable[[Any], Callable[[Any], Callable[[], Any]]]
    finish: Callable[[Any], Any] = lambda result: result
    environment: Mapping[str, str] = field(default_factory=dict)
    python: str | None = None
    needs: str | None = None  # a module that `build` imports, where loading it here already would disturb the others
    takes: Callable[[Any], bool] = lambda _: True  # of its kind, the cases it is for
    is_dense: bool = False  # computes all products, those with zeros too
    ignores_target: bool = False  # takes the newest instructions there are: left out where the target is older
