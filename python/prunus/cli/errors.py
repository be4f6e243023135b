"""Errors of the command line that name what the user typed: an option, or a file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path


class UsageError(Exception):
    """An option, or what was given for it, is wrong."""

    exit_code = 2


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Begin an error's message with the file's name, unless it is there already.

    What the readers of other libraries raise for a damaged file is anything.
    """
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        message = str(error) or type(error).__name__
        raise ValueError(message if str(path) in message else f"{path}: {message}") from error
