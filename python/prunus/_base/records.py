"""Dataclasses out of JSON: every key that has no default there, none besides, every value of its type."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from typing import Any, TypeVar

from prunus._base.check import describe
from prunus._base.errors import error

_Record = TypeVar("_Record")


def record(kind: type[_Record], place: str, row: Any) -> _Record:
    """Return a dataclass made of what JSON holds; what does not fit is a ValueError that names the place.

    Fields are of bool, int, float, str, None, Any, of other dataclasses, or lists, dicts and unions of these.
    """
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    missing = dataclasses.MISSING
    needed = {name for name, field in fields.items() if field.default is missing and field.default_factory is missing}
    if not isinstance(row, dict) or not needed <= row.keys() <= fields.keys():
        got = ", ".join(sorted(map(str, row))) if isinstance(row, dict) else describe(row)
        raise error(ValueError, place, f"expected the keys {', '.join(sorted(fields))}, got {got}")
    as_any: Any = kind
    hints = _hints(as_any)
    return kind(**{name: _value(hints[name], f"{place}.{name}", value) for name, value in row.items()})


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _value(hint: Any, place: str, value: Any) -> Any:
    options = typing.get_args(hint) if typing.get_origin(hint) in (types.UnionType, typing.Union) else (hint,)
    option = next((option for option in options if _is_of(option, value)), None)
    if option is None:
        names = " or ".join(getattr(option, "__name__", str(option)) for option in options)
        raise error(ValueError, place, f"expected {names}, got {describe(value)}")
    if typing.get_origin(option) is list:
        (inner,) = typing.get_args(option)
        return [_value(inner, f"{place}.{i}", element) for i, element in enumerate(value)]
    return record(option, place, value) if isinstance(option, type) and dataclasses.is_dataclass(option) else value


def _is_of(option: Any, value: Any) -> bool:
    """Whether it is of that kind; what is in it is looked at later."""
    if option is Any:
        return True
    if option is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if dataclasses.is_dataclass(option):
        return isinstance(value, dict)
    kind = typing.get_origin(option) or option
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
