"""What is learnt from data by sums that are gathered in pieces, merged, and finished: one class and one line for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prunus._base import check, registry
from prunus.data import Data
from prunus.network import Network
from prunus.statistics.activations import Activity, Moments, SecondMoments
from prunus.statistics.base import Means, Statistic
from prunus.statistics.contributions import InputContributions, OutputContributions
from prunus.statistics.gradients import GradientSquares
from prunus.statistics.gram import (
    EPS,
    Gram,
    GramAccumulator,
    Sums,
    constant_of,
    gather_folds,
    gather_gram,
    merged,
    noise_of,
)
from prunus.statistics.layer_grams import LayerGrams

_STATISTICS: Mapping[str, type[Statistic]] = registry(
    SecondMoments,
    Activity,
    Moments,
    GradientSquares,
    OutputContributions,
    LayerGrams,
)


def statistics() -> Mapping[str, type[Statistic]]:
    """Return the statistics: name -> class, whose docstring says what it does, why, what it costs and when it fails.

    Examples
    --------
    >>> list(prunus.statistics.statistics())
    ['second_moments', 'activity', ...]
    """
    return _STATISTICS


def gather(network: Network, X: Any, y: Any, *statistics: Statistic, sample_weight: Any = None) -> None:
    """Add a piece of data to some statistics, in one pass.

    Parameters
    ----------
    network : Network
        One with a `scaling` is looked at as it was trained, on standardized inputs.
    X : array_like or SciPy sparse matrix of shape (n_samples, n_in)
        It is read in batches: an array mapped from a file need not fit in memory.
    y : array_like of shape (n_samples,) or (n_samples, n_out), or None
        Needed by statistics of gradients.
    *statistics : Statistic
        What is refused leaves nothing behind.
    sample_weight : array_like of shape (n_samples,), optional
        Nonnegative, as it is: weights of several pieces count beside one another.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, shape or value, or y is missing.

    Notes
    -----
    The same pieces give the same bits in one process and in several, whose statistics are merged in the same order.

    Examples
    --------
    >>> squares, activity = prunus.statistics.SecondMoments(), prunus.statistics.Activity()
    >>> prunus.statistics.gather(network, X, None, squares, activity)
    """
    with_labels = any("y" in statistic.needs for statistic in statistics)
    if with_labels and y is None:
        raise check.error(ValueError, "y", "expected labels, which statistics of gradients need, got None")
    data = (
        network.data(X, y, sample_weight, standardized=True)
        if with_labels
        else network.samples(X, sample_weight, standardized=True)
    )
    assert data.share is not None
    absolute = replace(data, share=data.share * data.weight)
    pieces = [statistic.empty() for statistic in statistics]
    collect(network.unfolded(), absolute, *pieces)
    for statistic, piece in zip(statistics, pieces, strict=True):
        statistic.merge(piece)


def collect(network: Network, data: Data, *statistics: Statistic) -> None:
    """Add data that were checked for the network, which takes them as they are, to some statistics, in one pass."""
    is_traced = any("y" in statistic.needs for statistic in statistics)
    for batch in network.traces(data) if is_traced else network.forwards(data):
        for statistic in statistics:
            statistic.gather(batch)


__all__ = [
    "EPS",
    "Activity",
    "GradientSquares",
    "Gram",
    "GramAccumulator",
    "InputContributions",
    "LayerGrams",
    "Means",
    "Moments",
    "OutputContributions",
    "SecondMoments",
    "Statistic",
    "Sums",
    "collect",
    "constant_of",
    "gather",
    "gather_folds",
    "gather_gram",
    "merged",
    "noise_of",
    "statistics",
]
