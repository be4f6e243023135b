"""The samples of a linear model as its own fit counted them: by their classes, too, and each output's alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from prunus._base import Doubles, Places, check
from prunus.data import Data

if TYPE_CHECKING:
    from prunus.network.network import Network


def as_fitted(network: Network, data: Data) -> Data:
    """Return the samples, each counting for what its class does, too.

    A classifier by least squares has targets of -1 and 1, as scikit-learn's RidgeClassifier.
    """
    table = _class_weights(network, data)
    if table is not None:
        data = _times(data, table[_classes(data)])
    if network.classes is None or network.provenance.loss != "squared" or data.target is None:
        return data
    return replace(data, target=2 * data.target - 1)


def of_output(network: Network, data: Data, j: int) -> Data:
    """Return the samples of one output. One class against the rest: what its weight says is for it alone."""
    table = _class_weights(network, data)
    if table is not None:
        index = _classes(data)
        data = _times(data, table[index] if network.labels.is_binary else np.where(index == j, table[j], 1.0))
    assert data.target is not None
    return replace(data, target=data.target[:, j : j + 1])


def _times(data: Data, factors: Doubles) -> Data:
    assert data.share is not None
    return data.weighted(data.share * data.weight * factors)


def _class_weights(network: Network, data: Data) -> Doubles | None:
    given = network.provenance.class_weight
    if given is None or network.classes is None or network.is_multilabel or data.target is None:
        return None
    if isinstance(given, list):
        if len(given) != len(network.classes):
            raise check.error(
                ValueError,
                "origin.provenance.class_weight",
                f"expected one for each of {len(network.classes)} classes, got {len(given)}",
            )
        return np.array(given)
    assert data.share is not None
    by_weight = data.share * data.weight if given == "balanced by weight" else None
    counts = np.bincount(_classes(data), by_weight, len(network.classes))
    return np.asarray(counts.sum() / (np.count_nonzero(counts) * np.where(counts > 0, counts, 1)))


def _classes(data: Data) -> Places:
    """Return the number of each sample's class."""
    assert data.target is not None
    target = data.target
    return np.asarray(target[:, 0] if target.shape[1] == 1 else target.argmax(axis=1)).astype(np.intp)
