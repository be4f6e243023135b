"""Importance by chance: what every other criterion has to beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from prunus._base import Floats, check
from prunus.data import Data
from prunus.network import Network
from prunus.scoring.base import Criterion


@dataclass(frozen=True)
class Random(Criterion):
    """Uniform random numbers.

    What it does
    ------------
    Scores every weight by a number drawn from [0, 1). ``random_state``: an integer makes it repeatable.

    Why
    ---
    As a baseline: a criterion that keeps no more accuracy than this one has found nothing.

    Cost
    ----
    One pass over the weights.

    When it fails
    -------------
    Always, next to magnitude.

    Examples
    --------
    >>> scores = prunus.importance(network, "random", random_state=0)

    References
    ----------
    S. Liu, T. Chen, X. Chen et al., "The unreasonable effectiveness of random pruning", 2022.
    """

    random_state: Any = None

    name = "random"
    unit = "weight"
    needs = ()

    def seeded(self, rng: np.random.Generator) -> Criterion:
        return self if self.random_state is not None else Random(rng)

    def scores(self, network: Network, data: Data | None, threads: int) -> tuple[Floats, ...]:
        rng = check.generator("random_state", self.random_state)
        return tuple(rng.random(layer.weight.shape, dtype=layer.weight.dtype) for layer in network.layers)
