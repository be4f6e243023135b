"""The curve of a sweep: a row for each sparsity, as a table, as text, as a drawing; and the models on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from prunus._base import check, frame_of, table
from prunus.pruning.pruned import Pruned
from prunus.pruning.sweeping.trials import Trials
from prunus.reporting import axes_of, draw_curves


@dataclass(frozen=True)
class Point:
    """One model of a sweep."""

    pattern: str | None  # None: the model as it was
    sparsity: float | None  # that was asked for, of the pattern's units; None: the pattern says it
    removed: float  # fraction of the weights
    score: float | None  # None: nothing was there to judge by
    drop: float | None  # of the score, against the model as it was
    drop_error: float | None  # its standard error
    loss: float | None
    bytes: int  # of the file
    microseconds: tuple[float, ...]  # of a call, for each batch


class Sweep:
    """What `prunus.sweep` returns.

    Attributes
    ----------
    points : tuple of Point
        The model as it was, then the pruned ones, pattern by pattern.
    metric : str or None
        What `score` is.
    data : str or None
        On which data: "validation", or how many folds that pruning did not see; the model has, when it was trained.
    batches : tuple of int
        Rows of the calls that were timed.

    Examples
    --------
    >>> curve = prunus.sweep(network, X, sparsities=(0.5, 0.9))
    >>> curve.at(0.9).save("smaller.safetensors")
    """

    def __init__(
        self, points: Sequence[Point], trials: dict[str, Trials], metric: str | None, batches: tuple[int, ...]
    ) -> None:
        self.points, self.metric, self.batches = tuple(points), metric, batches
        self._trials = trials
        self.data = None if metric is None else next(iter(trials.values())).where

    def table(self) -> Any:
        """Return a row for each model.

        Returns
        -------
        pandas.DataFrame, or dict of str to ndarray without pandas
            pattern; sparsity, as asked for; removed, the fraction of the weights that is gone; score, drop, drop_error (its
            standard error, of the paired difference) and loss, NaN without labels; bytes, of the file; microseconds_1, say, of
            a call of one row.
        """
        columns: dict[str, Any] = {
            "pattern": np.array([point.pattern or "" for point in self.points], dtype=object),
            **{
                name: np.array([np.nan if (value := getattr(point, name)) is None else value for point in self.points])
                for name in ("sparsity", "removed", "score", "drop", "drop_error", "loss", "bytes")
            },
        }
        for i, batch in enumerate(self.batches):
            columns[f"microseconds_{batch}"] = np.array([point.microseconds[i] for point in self.points])
        return frame_of(columns)

    def at(self, sparsity: float | None, pattern: str | None = None) -> Pruned:
        """Return the model of that sparsity, one of the sweep's or any other, pruned by all data.

        Parameters
        ----------
        sparsity : float in [0, 1]
            None: of a pattern that says itself how much goes.
        pattern : str, optional
            One of the sweep's; may be left out if there is one.

        Raises
        ------
        TypeError, ValueError
            If the sparsity is none, or the sweep has no such pattern.
        """
        names = list(self._trials)
        if pattern is None and len(names) == 1:
            pattern = names[0]
        name = check.one_of("pattern", pattern, names)
        if self._trials[name].request.what.pattern.takes_target:
            return self._trials[name].pruned(check.number("sparsity", sparsity, 0, 1))
        if sparsity is not None:
            raise check.error(ValueError, "sparsity", f"expected None for pattern {name}, got {sparsity!r}")
        return self._trials[name].pruned(None)

    def plot(self, ax: Any = None) -> Any:
        """Draw the score, or without labels the bytes, against the weights that are left. Needs Matplotlib, the extra ``plot``.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; None: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        first, *others = self.points
        curves = {}
        for name in self._trials:
            points = [first, *(point for point in others if point.pattern == name)]
            values = [(point.bytes if point.score is None else point.score) for point in points]
            errors = [point.drop_error or 0.0 for point in points]
            curves[name] = ([1 - point.removed for point in points], values, errors)
        label = "bytes" if self.metric is None else f"{self.metric}, {self.data}"
        return draw_curves(axes_of(ax), curves, label)

    def __str__(self) -> str:
        header = ["pattern", "sparsity", "removed", self.metric or "score", "drop", "±", "loss", "bytes"]
        rows = [[*header, *(f"µs, {batch} rows" for batch in self.batches)]]
        rows += [_row(point) for point in self.points]
        lines = table(rows, right_from=1)
        return "\n".join(lines if self.data is None else [*lines, f"scores and losses: {self.data}"])

    def __repr__(self) -> str:
        return f"Sweep({len(self.points)} models, {', '.join(self._trials)})"


def _row(point: Point) -> list[str]:
    return [
        point.pattern or "(none)",
        _cell(point.sparsity, "g"),
        f"{point.removed:.2%}",
        _cell(point.score, ".4f"),
        _cell(point.drop, ".4f"),
        _cell(point.drop_error, ".4f"),
        _cell(point.loss, ".4g"),
        str(point.bytes),
        *(f"{time:.1f}" for time in point.microseconds),
    ]


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
