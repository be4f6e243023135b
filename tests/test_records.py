"""Dataclasses out of JSON: what does not fit is refused, and the error names the place."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from prunus._base import record


@dataclass(frozen=True)
class Inner:
    shape: list[int]
    name: str | None = None


@dataclass(frozen=True)
class Outer:
    flag: bool
    number: float
    count: int
    rows: list[Inner]
    one: Inner | None
    free: dict[str, Any] | None = None
    anything: Any = field(default=None)


WHOLE: dict[str, Any] = {
    "flag": True,
    "number": 1,
    "count": 2,
    "rows": [{"shape": [1, 2]}, {"shape": [], "name": "b"}],
    "one": None,
}


def test_what_fits_comes_back() -> None:
    made = record(Outer, "file", WHOLE)
    assert made == Outer(True, 1, 2, [Inner([1, 2]), Inner([], "b")], None)
    assert record(Outer, "file", asdict(made)) == made
    assert record(Outer, "file", {**WHOLE, "free": {"a": [1]}, "anything": {1}}).free == {"a": [1]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"flag": 1}, "file.flag: expected bool, got 1"),
        ({"number": True}, "file.number: expected float, got True"),
        ({"number": "1"}, "file.number: expected float, got '1'"),
        ({"count": 1.0}, r"file.count: expected int, got 1\.0"),
        ({"count": False}, "file.count: expected int, got False"),
        ({"rows": {"shape": [1]}}, "file.rows: expected list"),
        ({"rows": [3]}, r"file.rows.0: expected Inner, got 3"),
        ({"rows": [{"shape": [1, "2"]}]}, r"file.rows.0.shape.1: expected int, got '2'"),
        ({"rows": [{}]}, r"file.rows.0: expected the keys name, shape, got "),
        ({"one": {"shape": [1], "more": 1}}, r"file.one: expected the keys name, shape, got more, shape"),
        ({"one": 3}, r"file.one: expected Inner or NoneType, got 3"),
        ({"free": [1]}, r"file.free: expected dict or NoneType"),
        ({"extra": 1}, r"file: expected the keys "),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=rf"^{message}"):
        record(Outer, "file", {**WHOLE, **changes})


def test_what_is_no_object_is_refused() -> None:
    rows: list[Any] = [None, [], "flag"]
    for row in rows:
        with pytest.raises(ValueError, match=r"^file: expected the keys"):
            record(Outer, "file", row)
