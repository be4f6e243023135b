"""The errors that are ours, and how errors and warnings are made."""

from __future__ import annotations

import contextlib
import inspect
import re
import warnings
from collections.abc import Iterator
from typing import TypeVar

_NOT_THE_CALLERS = ("prunus", "sklearn", "joblib")  # top-level names of modules
_Error = TypeVar("_Error", bound=Exception)


class FormatError(ValueError):
    """A file is not what it should be: foreign, truncated, altered, or of a newer format."""

    argument = "path"


class NotSupportedError(ValueError):
    """A model has a part that a Network cannot represent; the message names the part."""


def error(kind: type[_Error], place: str, problem: str) -> _Error:
    """Make an error about an argument, or about a place in it such as ``masks[1]`` or ``model.coef_``, where its text begins.

    `.argument` is the argument's name; it outlives a pickle, and so the way out of a worker process.
    """
    made = kind(f"{place}: {problem}")
    vars(made)["argument"] = re.split(r"[.[]", place, maxsplit=1)[0]
    return made


@contextlib.contextmanager
def about(argument: str) -> Iterator[None]:
    """Give what the core says of an argument its `argument`."""
    try:
        yield
    except ValueError as problem:
        vars(problem).setdefault("argument", argument)
        raise


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line that called the package, however deep the call; lines of scikit-learn that stand between are not it."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _NOT_THE_CALLERS:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
