"""Much at first, little at last."""

from __future__ import annotations

from dataclasses import dataclass

from prunus._base import check
from prunus.scheduling.base import Schedule, check_rounds
from prunus.scheduling.settings import FineTune


@dataclass(frozen=True)
class Cubic(Schedule):
    """In `rounds` rounds, much in the first ones and little in the last.

    What it does
    ------------
    After round i of k the sparsity is ``end + (start - end) * (1 - i / k)**3``, and every round scores anew. `fine_tune`: a
    number of epochs, or a FineTune, between the rounds.

    Why
    ---
    While there is much to choose from, much can go; near the end every weight matters, and training needs time.

    Cost
    ----
    A scoring for each round, and the training between them.

    When it fails
    -------------
    Without training between the rounds it hardly differs from one-shot.

    Examples
    --------
    >>> from prunus.scheduling import Cubic
    >>> pruned = prunus.prune(network, X, y, sparsity=0.9, schedule=Cubic(rounds=4, fine_tune=1), random_state=0)

    References
    ----------
    M. Zhu, S. Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model compression", 2017.
    """

    rounds: int = 10
    fine_tune: int | FineTune | None = None

    name = "cubic"

    def __post_init__(self) -> None:
        check.put(self, rounds=check_rounds(self.rounds, self.fine_tune))

    def sparsities(self, start: float, end: float) -> list[float]:
        return [end + (start - end) * (1 - i / self.rounds) ** 3 for i in range(1, self.rounds)] + [end]
