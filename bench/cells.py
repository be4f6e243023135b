"""Figures of a run of hours, kept in a file: a run that was cut off goes on where it ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


class Cells:
    """Figures by what was measured, one to a line of JSON. Without a file they are kept while the run lasts.

    A figure that is there is not measured again, whatever has changed since: a new revision wants a new file.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._found: dict[str, Mapping[str, float]] = {}
        if path is not None:
            path.touch()  # what cannot be written is said now, not after an hour
            whole, _, _ = path.read_text().rpartition("\n")  # a line that was cut off is measured again
            path.write_text(whole + "\n" * bool(whole))
            self._found.update(json.loads(line) for line in whole.splitlines())

    def get(self, key: Mapping[str, Any], measure: Callable[[], Mapping[str, float]]) -> Mapping[str, float]:
        """Return the figures of this name, measured now where they are not known."""
        name = json.dumps(key, sort_keys=True)
        if name not in self._found:
            self._found[name] = measure()
            line = json.dumps([name, self._found[name]])
            print(line, flush=True)
            if self._path is not None:
                with self._path.open("a") as file:
                    file.write(line + "\n")
        return self._found[name]
