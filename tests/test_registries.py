"""What prunus.criteria() and its like are: mappings that nobody can change, and tables when they are printed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import pytest

import prunus

REGISTRIES = [prunus.criteria, prunus.patterns, prunus.allocations, prunus.schedules]


@pytest.mark.parametrize("registry", REGISTRIES)
def test_it_prints_names_and_first_lines(registry: Callable[[], Mapping[str, Any]]) -> None:
    parts = registry()
    for text in (str(parts), repr(parts)):
        lines = text.splitlines()
        assert [line.split()[0] for line in lines] == list(parts)
        first = [inspect.getdoc(kind).splitlines()[0] for kind in parts.values()]  # type: ignore[union-attr]
        starts = {line.index(words) for line, words in zip(lines, first, strict=True)}
        assert all(line.endswith(words) for line, words in zip(lines, first, strict=True))
        assert starts == {max(map(len, parts)) + 2}  # one column under the other


@pytest.mark.parametrize("registry", REGISTRIES)
def test_it_is_a_mapping_that_nobody_changes(registry: Callable[[], Mapping[str, Any]]) -> None:
    parts = registry()
    assert isinstance(parts, Mapping)
    assert {**parts} == dict(parts.items()) == parts
    assert [parts[name].name for name in parts] == list(parts)
    with pytest.raises(KeyError):
        parts["nothing"]
    with pytest.raises(TypeError):
        parts["new"] = object  # type: ignore[index]
