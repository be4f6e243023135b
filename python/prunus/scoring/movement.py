"""Importance of weights by where training moved them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from prunus._base import Floats, check
from prunus.data import Data
from prunus.network import Network
from prunus.scoring.base import Criterion, per_layer


@dataclass(frozen=True)
class Movement(Criterion):
    """Sum over the steps of training of the weight times its change, ``sum w * dw``.

    What it does
    ------------
    Scores a weight high if training moved it away from zero, and low if it moved it towards zero. ``history`` are the
    weights at two times or more, oldest first: networks, or sequences with an array for each layer.

    Why
    ---
    While a trained model is fine-tuned for another task, what matters is where weights go, not how large they were.

    Cost
    ----
    One pass over the weights for each entry of the history.

    When it fails
    -------------
    For a model that is not being trained, or a history of so few times that little has moved.

    Examples
    --------
    >>> tuned, _ = prunus.fit(network, X, y, epochs=2)
    >>> scores = prunus.importance(tuned, "movement", history=[network, tuned])

    References
    ----------
    V. Sanh, T. Wolf, A. Rush, "Movement pruning: adaptive sparsity by fine-tuning", 2020.
    """

    history: Any = None

    name = "movement"
    unit = "weight"
    needs = ()

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        history = self.history
        if history is None:
            raise check.error(
                ValueError,
                "history",
                f"expected the weights of two times, which criterion {self.name!r} needs, got None",
            )
        if not isinstance(history, Sequence) or isinstance(history, str):
            raise check.error(
                TypeError, "history", f"expected a sequence of networks or weights, got {check.describe(history)}"
            )
        if len(history) < 2:
            raise check.error(ValueError, "history", f"expected the weights of two times at least, got {len(history)}")
        times = [per_layer(f"history[{t}]", _weights(entry), network, self.name) for t, entry in enumerate(history)]
        totals = tuple(np.zeros(layer.weight.shape, network.dtype) for layer in network.layers)
        for before, after in itertools.pairwise(times):
            for total, old, new in zip(totals, before, after, strict=True):
                total += old * (new - old)
        return totals


def _weights(entry: Any) -> Any:
    return [layer.weight for layer in entry.unfolded().layers] if isinstance(entry, Network) else entry
