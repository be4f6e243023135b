"""What each layer alone bears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from prunus._base import check, frame_of, resolve_threads, table
from prunus.masking import Pattern, pattern_of
from prunus.pruning.asking import request_of
from prunus.pruning.request import Request
from prunus.pruning.sweeping.options import checked_options, several
from prunus.pruning.sweeping.trials import Attempt, Trials
from prunus.reporting import axes_of, draw_curves


@dataclass(frozen=True)
class LayerPoint:
    """One layer pruned to one sparsity, the others as they were."""

    layer: int
    sparsity: float
    removed: float  # fraction of the layer's units, what was gone before among them
    loss: float
    score: float
    drop: float
    drop_error: float


class Sensitivity:
    """What `prunus.sensitivity` returns: a row for each layer and sparsity; it prints as a table.

    Attributes
    ----------
    points : tuple of LayerPoint
    metric : str
        What `score` is.
    data : str
        On which data.

    Examples
    --------
    >>> found = prunus.sensitivity(network, X, y, sparsities=(0.5, 0.9))
    >>> ax = found.plot()
    """

    def __init__(self, points: Sequence[LayerPoint], metric: str, data: str) -> None:
        self.points, self.metric, self.data = tuple(points), metric, data

    def table(self) -> Any:
        """Return a row for each point: a pandas.DataFrame, or without pandas a dict of str to ndarray."""
        names = ("layer", "sparsity", "removed", "loss", "score", "drop", "drop_error")
        return frame_of({name: np.array([getattr(point, name) for point in self.points]) for name in names})

    def plot(self, ax: Any = None) -> Any:
        """Draw the score of each layer against what is left of it. Needs Matplotlib, the extra ``plot``.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; None: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        curves = {}
        for layer in sorted({point.layer for point in self.points}):
            own = [point for point in self.points if point.layer == layer]
            curves[f"layer {layer}"] = (
                [1 - point.removed for point in own],
                [point.score for point in own],
                [point.drop_error for point in own],
            )
        return draw_curves(axes_of(ax), curves, f"{self.metric}, {self.data}", "units of the layer that are left")

    def __str__(self) -> str:
        rows = [["layer", "sparsity", "removed", "loss", self.metric, "drop", "±"]]
        rows += [
            [
                str(point.layer),
                f"{point.sparsity:g}",
                f"{point.removed:.2%}",
                f"{point.loss:.4g}",
                f"{point.score:.4f}",
                f"{point.drop:.4f}",
                f"{point.drop_error:.4f}",
            ]
            for point in self.points
        ]
        return "\n".join([*table(rows, right_from=0), f"scores and losses: {self.data}"])


def sensitivity(
    model: Any,
    X: Any,
    y: Any,
    *,
    sparsities: Sequence[float] = (0.5, 0.8, 0.9, 0.95, 0.98),
    pattern: str | Pattern = "weight",
    X_val: Any = None,
    y_val: Any = None,
    cv: int = 5,
    **options: Any,
) -> Sensitivity:
    """Prune each layer alone at many sparsities: which of them bear it, and which do not.

    Parameters
    ----------
    model, X, y : Network, Pruned or estimator, and array_like
        As for `prunus.prune`.
    sparsities : sequence of float in [0, 1]
        Of a layer's units.
    pattern : str or Pattern, default "weight"
        One that takes a sparsity.
    X_val, y_val, cv : array_like, array_like, int, default 5
        As for `prunus.sweep`.
    **options
        Those of `prunus.prune` that `prunus.sweep` takes.

    Returns
    -------
    Sensitivity
        `.table()`, `.plot()`.

    Raises
    ------
    TypeError, ValueError, NotSupportedError
        As of `prunus.sweep`.

    Notes
    -----
    Cost: of one sweep for each layer, whose scores are computed once for all.

    References
    ----------
    H. Li, A. Kadav, I. Durdanovic, H. Samet, H. Graf, "Pruning filters for efficient ConvNets", 2017.

    Examples
    --------
    >>> print(prunus.sensitivity(network, X[:200], y[:200], sparsities=(0.9,), X_val=X[200:], y_val=y[200:]))
    layer  sparsity  removed     loss  accuracy     drop       ±
    ...
    """
    checked_options(options)
    chosen = several("sparsities", sparsities, 0, 1)
    n_folds, threads = check.integer("cv", cv, minimum=2), resolve_threads(None)
    if not pattern_of(pattern).takes_target:
        raise check.error(ValueError, "pattern", f"expected one that takes a sparsity, got {str(pattern)!r}")
    check.needed("sensitivity", ("X", "y"), X, y)
    request = request_of(model, X, y, sparsity=chosen[0], pattern=pattern, X_val=X_val, y_val=y_val, **options)
    whole = Trials.of(Attempt(request, threads), n_folds)
    points = []
    for i in request.what.layers:
        trials = whole.changed(partial(_of_layer, k=request.what.layers.index(i)))
        for sparsity in chosen:
            held = trials.held(sparsity)
            assert held is not None
            mask = trials.pruned(sparsity).masks[request.earlier.structure.places[i]]
            points.append(
                LayerPoint(i, sparsity, 1 - float(mask.mean()), held.loss, held.score, held.drop.value, held.drop.error)
            )
    before = whole.held_before()
    assert before is not None
    return Sensitivity(points, before.metric, whole.where)


def _of_layer(request: Request, k: int) -> Request:
    """Return the request to prune the k-th of its layers alone."""
    what, limits = request.what, request.goal.limits
    units = what.units._replace(whole=what.units.whole and [what.units.whole[k]], elsewhere=0)
    return replace(
        request,
        what=what._replace(layers=[what.layers[k]], too_small=[], units=units),
        goal=request.goal._replace(limits=limits and (limits[k],)),
    )
