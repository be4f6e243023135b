"""What a run prints: a table for people, JSON lines for programs."""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

from bench.cases import Case
from bench.contenders import Contender


class Line(NamedTuple):
    """One contender on one case."""

    case: str
    parameters: dict[str, Any]  # of the case
    contender: str
    is_dense: bool
    minimum_us: float
    median_us: float
    ratio_of_minima: float  # to ours: how many times as long
    ratio_of_medians: float
    limit: str
    fraction_of_limit: float  # the limit's time over the minimum
    rounds: int


def line(case: Case, contender: Contender, times: list[float], ours: list[float], limit: tuple[str, float]) -> Line:
    """Sum up the seconds of one contender, beside ours."""
    minimum, median = min(times) * 1e6, statistics.median(times) * 1e6
    return Line(
        case.title,
        {"kind": case.kind, **dataclasses.asdict(case)},  # type: ignore[call-overload]
        contender.name,
        contender.is_dense,
        minimum,
        median,
        minimum / (min(ours) * 1e6),
        median / (statistics.median(ours) * 1e6),
        limit[0],
        limit[1] / minimum,
        len(times),
    )


def as_json(row: Line, cpu: str) -> str:
    """Return a line of JSON."""
    return json.dumps({**row._asdict(), "cpu": cpu})


def as_table(rows: Sequence[Line]) -> str:
    """Return a Markdown table of one case."""
    header = ["contender", "min µs", "median µs", "min / ours", "median / ours", f"of the {rows[0].limit} limit"]
    body = [
        [
            row.contender if row.rounds == rows[0].rounds else f"{row.contender} ({row.rounds} rounds)",
            f"{row.minimum_us:,.1f}",
            f"{row.median_us:,.1f}",
            f"{row.ratio_of_minima:.2f}",
            f"{row.ratio_of_medians:.2f}",
            f"{row.fraction_of_limit:.1%}",
        ]
        for row in rows
    ]
    return "\n".join([f"{rows[0].case} ({rows[0].rounds} rounds)", "", markdown(header, body)])


def markdown(header: list[str], body: list[list[str]]) -> str:
    """Return a table, its first column to the left and the others to the right."""
    widths = [max(len(cells[i]) for cells in (header, *body)) for i in range(len(header))]

    def text(cells: list[str]) -> str:
        first, *rest = cells
        padded = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
        return f"| {' | '.join(padded)} |"

    rule = f"| {'-' * widths[0]} | {' | '.join('-' * (width - 1) + ':' for width in widths[1:])} |"
    return "\n".join([text(header), rule, *map(text, body)])
