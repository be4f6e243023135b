"""How a mechanism finds its parts by name: a read-only mapping that keeps the order in which they are listed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Protocol, TypeVar


class Named(Protocol):
    """What can be registered: it has a name, and its docstring says what it does."""

    name: ClassVar[str]


_Part = TypeVar("_Part", bound=Named)


def registry(*parts: type[_Part]) -> Mapping[str, type[_Part]]:
    """Return name -> class. A class without a docstring of its own, or with a name that is taken, is a mistake.

    (Under ``python -OO`` no class has one.)
    """
    table: dict[str, type[_Part]] = {}
    for part in parts:
        if part.name in table or not (part.__doc__ or sys.flags.optimize > 1):
            raise RuntimeError(f"{part.__qualname__} needs a docstring and a name of its own")
        table[part.name] = part
    return MappingProxyType(table)
