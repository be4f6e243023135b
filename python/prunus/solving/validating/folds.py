"""The folds of a cross-validation by their moments: what the core needs to go through them, several at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from prunus import _core
from prunus._base import Doubles, Places
from prunus.solving.searching.backward import FLOOR, WORST_INFLATION
from prunus.solving.systems import lengths
from prunus.solving.units import Units
from prunus.statistics import EPS, GramAccumulator, Sums, constant_of


class Fold(NamedTuple):
    """What a fold is trained on, and the samples that it has not seen, both about the means of the former."""

    train: Sums
    held: Sums
    inverse_scale: Doubles  # (k,) of the columns that are looked at; zero where one is constant
    total: float  # squared length of the outputs held out


def fold_of(
    whole: GramAccumulator,
    less: GramAccumulator | None,
    held: GramAccumulator,
    columns: Places,
    alpha: float,
    centre: bool,
) -> Fold:
    """Return the fold that is trained on `whole` less `less`, which are about one centre, and tested on `held`. O(p)."""
    last, noise = whole._sums[:, -1], whole._noise
    if less is not None:
        last, noise = last - less._sums[:, -1], noise + less._noise
    weight, p = last[-1], whole.n_features
    mean = whole._shift + last[:-1] / weight if centre else np.zeros(len(whole._shift))
    train = whole.about(mean, less)
    noise = noise + 4 * EPS * weight * train.shift**2
    squares = train.diagonal[:p]
    constant = constant_of(squares, mean[:p], weight, noise[:p])[columns]
    scale = lengths(squares[columns], alpha, constant)
    unseen = held.about(mean)
    return Fold(train, unseen, np.where(constant, 0.0, 1 / scale), float(unseen.diagonal[p:].sum()))


def backward_errors(folds: Sequence[Fold], units: Units, n_out: int, threads: int) -> list[Doubles | None]:
    """Return the squared errors of each fold's path on samples that it has not seen, from the smallest size to the largest.

    None where the Gram matrix has not the digits for it. A fold is one thread's work, so that several go on at the same time.
    """
    found = _core.eliminate_folds(
        [
            (*fold.train, fold.held.sums, fold.held.shift, fold.held.last, fold.inverse_scale, fold.total)
            for fold in folds
        ],
        units.columns,
        n_out,
        units.start,
        units.stays,
        EPS * max(len(units.columns), 100),
        WORST_INFLATION,
        FLOOR,
        threads,
    )
    return [None if error is None else error[::-1] for error in found]
