"""How a mechanism finds its parts by name: a read-only mapping in the order in which they are listed, which prints them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import ClassVar, Protocol, TypeVar


class Named(Protocol):
    """What can be registered: it has a name, and its docstring says what it does."""

    name: ClassVar[str]


_Kind = TypeVar("_Kind")
_Part = TypeVar("_Part", bound=Named)


class Registry(Mapping[str, _Kind]):
    """Name -> class, read-only; prints as a table of the names and the first lines of the docstrings."""

    def __init__(self, table: Mapping[str, _Kind]) -> None:
        self._table = dict(table)

    def __getitem__(self, name: str) -> _Kind:
        return self._table[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        width = max(map(len, self), default=0)
        first = {name: (kind.__doc__ or "").strip().partition("\n")[0] for name, kind in self.items()}
        return "\n".join(f"{name.ljust(width)}  {line}".rstrip() for name, line in first.items())


def registry(*parts: type[_Part]) -> Registry[type[_Part]]:
    """Return name -> class. A class without a docstring of its own, or with a name that is taken, is a mistake.

    (Under ``python -OO`` no class has one.)
    """
    table: dict[str, type[_Part]] = {}
    for part in parts:
        if part.name in table or not (part.__doc__ or sys.flags.optimize > 1):
            raise RuntimeError(f"{part.__qualname__} needs a docstring and a name of its own")
        table[part.name] = part
    return Registry(table)
