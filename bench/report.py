"""What a run prints: a table for people, JSON lines for programs."""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

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
    facts: Mapping[str, float]  # the case's, the means over the answers that were checked


def line(
    case: Case,
    contender: Contender,
    times: list[float],
    ours: list[float],
    limit: tuple[str, float],
    facts: Sequence[Mapping[str, float]] = (),
) -> Line:
    """Sum up the seconds of one contender, beside ours, and the facts of its answers."""
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
        {name: statistics.fmean(some[name] for some in facts) for name in (facts[0] if facts else ())},
    )


def as_json(row: Line, cpu: str) -> str:
    """Return a line of JSON."""
    return json.dumps({**row._asdict(), "cpu": cpu})


def as_table(rows: Sequence[Line]) -> str:
    """Return a Markdown table of one case."""
    header = [
        "contender",
        "min µs",
        "median µs",
        "min / ours",
        "median / ours",
        f"of the {rows[0].limit} limit",
        *rows[0].facts,
    ]
    body = [
        [
            row.contender if row.rounds == rows[0].rounds else f"{row.contender} ({row.rounds} rounds)",
            f"{row.minimum_us:,.1f}",
            f"{row.median_us:,.1f}",
            f"{row.ratio_of_minima:.2f}",
            f"{row.ratio_of_medians:.2f}",
            f"{row.fraction_of_limit:.1%}",
            *(f"{value:.3g}" for value in row.facts.values()),
        ]
        for row in rows
    ]
    return "\n".join([f"{rows[0].case} ({rows[0].rounds} rounds)", "", markdown(header, body)])


def extrapolations(rows: Sequence[Line]) -> list[str]:
    """Say how long those would take with the most features `p` of some cases that took part with fewer only.

    By the power of p that the two largest of their cases show. It is less than the truth rather than more: what a small case
    costs beside its arithmetic makes the power smaller.
    """
    rows = [row for row in rows if "p" in row.parameters]
    largest = max((row.parameters["p"] for row in rows), default=0)
    there = {row.contender: row for row in rows if row.parameters["p"] == largest}
    found = []
    for name in dict.fromkeys(row.contender for row in rows if row.contender not in there):
        some = sorted((row for row in rows if row.contender == name), key=lambda row: row.parameters["p"])[-2:]
        if len(some) < 2:
            continue
        sizes, times = [row.parameters["p"] for row in some], [row.minimum_us for row in some]
        power = float(np.log(times[1] / times[0]) / np.log(sizes[1] / sizes[0]))
        time = times[1] * (largest / sizes[1]) ** power
        ours = [row for row in there.values() if row.contender.startswith("prunus")]
        factors = ", ".join(f"{time / row.minimum_us:,.0f} times {row.contender}" for row in ours)
        text = f"{name}, extrapolated from p = {sizes[0]} and {sizes[1]} to {largest} by p^{power:.2f}"
        found.append(f"{text}: {time / 1e6:,.1f} s, {factors}")
    return found


def markdown(header: list[str], body: list[list[str]]) -> str:
    """Return a table, its first column to the left and the others to the right."""
    widths = [max(len(cells[i]) for cells in (header, *body)) for i in range(len(header))]

    def text(cells: list[str]) -> str:
        first, *rest = cells
        padded = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
        return f"| {' | '.join(padded)} |"

    rule = f"| {'-' * widths[0]} | {' | '.join('-' * (width - 1) + ':' for width in widths[1:])} |"
    return "\n".join([text(header), rule, *map(text, body)])
