"""Whether other samples of the same data would have kept the same, and predicted the same."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus._base import Bools, Doubles, check, frame_of, resolve_threads, table
from prunus.engine import Engine
from prunus.masking import Pattern
from prunus.pruning.asking import request_of
from prunus.pruning.request import Request
from prunus.pruning.rounds import run
from prunus.pruning.sweeping.options import checked_options
from prunus.reporting import axes_of, draw_frequencies


@dataclass(frozen=True)
class LayerStability:
    """How alike the masks of a layer are."""

    layer: int
    units: int  # that were there
    kept: float  # of them, the mean over the resamples
    always: int  # units that every resample kept
    never: int
    overlap: float  # of two resamples, what both keep of what either keeps: the mean over all pairs
    stability: float  # 1: all masks are the same; 0: as alike as masks drawn at random


class Stability:
    """What `prunus.stability` returns: it prints as a table.

    Attributes
    ----------
    frequencies : tuple of ndarray
        Of each layer, how often each unit was kept, of the shape of its mask.
    layers : tuple of LayerStability
    churn : float
        How much the predictions of two resamples differ for X, the mean over all pairs: of a classifier the share of samples
        whose label differs, of a regression the mean squared difference by the variance of the model's own predictions.
    n_resamples : int

    Examples
    --------
    >>> found = prunus.stability(network, X, sparsity=0.9, n_resamples=3)
    >>> found.churn < 0.5
    True
    """

    def __init__(
        self, frequencies: tuple[Doubles, ...], layers: Sequence[LayerStability], churn: float, n_resamples: int
    ) -> None:
        self.frequencies, self.layers, self.churn, self.n_resamples = frequencies, tuple(layers), churn, n_resamples

    def table(self) -> Any:
        """Return a row for each layer: a pandas.DataFrame, or without pandas a dict of str to ndarray."""
        names = ("layer", "units", "kept", "always", "never", "overlap", "stability")
        return frame_of({name: np.array([getattr(row, name) for row in self.layers]) for name in names})

    def plot(self, ax: Any = None) -> Any:
        """Draw how many units of each layer were kept how often. Needs Matplotlib, the extra ``plot``.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; None: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        named = {f"layer {row.layer}": self.frequencies[row.layer] for row in self.layers}
        return draw_frequencies(axes_of(ax), named, self.n_resamples)

    def __str__(self) -> str:
        rows = [["layer", "units", "kept", "always", "never", "overlap", "stability"]]
        rows += [
            [
                str(row.layer),
                str(row.units),
                f"{row.kept:.1f}",
                str(row.always),
                str(row.never),
                f"{row.overlap:.1%}",
                f"{row.stability:.3f}",
            ]
            for row in self.layers
        ]
        return "\n".join([*table(rows, right_from=0), f"churn {self.churn:.2%}, {self.n_resamples} resamples"])


def stability(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    n_resamples: int = 20,
    sparsity: float | None = None,
    threshold: float | None = None,
    pattern: str | Pattern = "weight",
    random_state: Any = None,
    **options: Any,
) -> Stability:
    """Prune by many resamples of the data: how often each weight, neuron or input is kept.

    A resample draws as many samples as there are, with replacement (the bootstrap): what is drawn twice counts twice.

    Parameters
    ----------
    model, X, y : Network, Pruned or estimator, and array_like
        As for `prunus.prune`.
    n_resamples : int, default 20
        At least two.
    sparsity, threshold : float, optional
        As for `prunus.prune`.
    pattern : str or Pattern, default "weight"
    random_state : int, Generator or None
        Seeds the resamples, and what else is random.
    **options
        Those of `prunus.prune` that `prunus.sweep` takes.

    Returns
    -------
    Stability
        `.frequencies`, `.layers`, `.churn`, `.table()`, `.plot()`.

    Raises
    ------
    TypeError, ValueError, NotSupportedError
        As of `prunus.sweep`.

    Notes
    -----
    Cost: that of so many prunings. 1 byte for each unit and resample, 17 for each of one layer at a time.

    References
    ----------
    S. Nogueira, K. Sechidis, G. Brown, "On the stability of feature selection algorithms", 2018; M. Milani Fard, Q. Cormier, K.
    Canini, M. Gupta, "Launch and iterate: reducing prediction churn", 2016.

    Examples
    --------
    >>> print(prunus.stability(network, X, sparsity=0.9, n_resamples=3))
    layer  units  kept  always  never  overlap  stability
    ...
    """
    checked_options(options)
    check.needed("stability", ("X",), X, y)
    n, threads = check.integer("n_resamples", n_resamples, minimum=2), resolve_threads(None)
    request = request_of(
        model, X, y, sparsity=sparsity, threshold=threshold, pattern=pattern, random_state=random_state, **options
    )
    rng = check.generator("random_state", random_state)
    masks, predictions = [], []
    for _ in range(n):
        own = _resampled(request, rng)
        outcome = run(own, threads)
        structure = request.earlier.structure
        masks.append(structure.original(request.what.pattern.unit, outcome.masks))
        predictions.append(_predicted(Engine(outcome.networks["after"]), request))
    places = [request.earlier.structure.places[i] for i in request.what.layers]
    by_layer = [np.array([mask[i] for mask in masks]) for i in range(len(masks[0]))]
    there = structure.original(request.what.pattern.unit, request.what.units.start)
    frequencies = tuple(layer.mean(axis=0) for layer in by_layer)
    before = _predicted(Engine(request.network), request)
    return Stability(
        frequencies, [_of_layer(i, by_layer[i][:, there[i]]) for i in places], _churn(request, predictions, before), n
    )


def _resampled(request: Request, rng: np.random.Generator) -> Request:
    """Return the request with weights that count how often each sample was drawn."""
    data = request.on.data
    assert data is not None
    assert data.share is not None
    counts = rng.multinomial(len(data), np.full(len(data), 1 / len(data)))
    if request.network.provenance.loss == "own":  # its own fit may take no weights
        weighted = data.some(np.repeat(np.arange(len(data)), counts))
    else:
        weighted = data.weighted(data.share * data.weight * counts)
    return replace(request, on=request.on._replace(data=weighted), rng=copy.deepcopy(request.rng))


def _predicted(engine: Engine, request: Request) -> npt.NDArray[Any]:
    data = request.on.data
    assert data is not None
    seen = replace(data, inputs=None, scaling=None)
    return np.concatenate([engine.predict(seen.rows(rows)) for rows in seen.batches()])


def _churn(request: Request, predictions: list[npt.NDArray[Any]], before: npt.NDArray[Any]) -> float:
    pairs = list(combinations(predictions, 2))
    if request.network.classes is not None:
        apart = [(one != other).reshape(len(one), -1).any(axis=1).mean() for one, other in pairs]
        return float(np.mean(apart))
    squares = [((one - other) ** 2).mean() for one, other in pairs]
    return float(np.mean(squares) / (before.var(axis=0).mean() or 1))


def _of_layer(i: int, masks: Bools) -> LayerStability:
    """Tell how alike the masks (n_resamples, ...) of a layer are."""
    flat = masks.reshape(len(masks), -1)
    n, size = flat.shape
    counts = flat.sum(axis=0)
    both = flat.astype(np.float64) @ flat.T.astype(np.float64)
    own = both.diagonal()
    either = own[:, None] + own - both
    pairs = np.triu_indices(n, 1)
    overlap = np.divide(both, either, out=np.ones_like(both), where=either > 0)[pairs].mean()
    frequency, kept = counts / n, own.mean() / size
    # Nogueira's measure: the variance of what is kept, of each unit, against that of masks drawn at random.
    spread, by_chance = (frequency * (1 - frequency)).mean() * n / (n - 1), kept * (1 - kept)
    return LayerStability(
        layer=i,
        units=size,
        kept=float(own.mean()),
        always=int(np.count_nonzero(counts == n)),
        never=int(np.count_nonzero(counts == 0)),
        overlap=float(overlap),
        stability=1.0 if by_chance == 0 else float(1 - spread / by_chance),
    )
