"""The same fraction of what is left in every round."""

from __future__ import annotations

from dataclasses import dataclass

from prunus._base import check
from prunus.scheduling.base import Schedule, check_rounds
from prunus.scheduling.settings import FineTune


@dataclass(frozen=True)
class Iterative(Schedule):
    """In `rounds` rounds, each removing the same fraction of what is left.

    What it does
    ------------
    Scores anew in every round, what has gone being zero, and removes so much that 1 - sparsity falls geometrically.
    `fine_tune`: a number of epochs, or a FineTune, between the rounds.

    Why
    ---
    What was removed changes what the rest is worth; a round can see it, and training can make up for it.

    Cost
    ----
    A scoring for each round, and the training between them.

    When it fails
    -------------
    With magnitude and no training it is one-shot at `rounds` times the cost: scores do not change.

    Examples
    --------
    >>> from prunus.scheduling import Iterative
    >>> pruned = prunus.prune(network, X, y, sparsity=0.9, schedule=Iterative(rounds=3, fine_tune=1), random_state=0)
    >>> [row["removed"] for row in pruned.report["rounds"]][-1] == round(0.9 * network.n_weights)
    True

    References
    ----------
    S. Han, J. Pool, J. Tran, W. Dally, "Learning both weights and connections for efficient neural networks", 2015.
    """

    rounds: int = 5
    fine_tune: int | FineTune | None = None

    name = "iterative"

    def __post_init__(self) -> None:
        check.put(self, rounds=check_rounds(self.rounds, self.fine_tune))

    def sparsities(self, start: float, end: float) -> list[float]:
        left = (1 - end) / (1 - start) if start < 1 else 1.0
        return [1 - (1 - start) * left ** (i / self.rounds) for i in range(1, self.rounds)] + [end]
