"""All at once."""

from __future__ import annotations

from dataclasses import dataclass

from prunus.scheduling.base import Schedule


@dataclass(frozen=True)
class OneShot(Schedule):
    """All in one round.

    What it does
    ------------
    Scores once and removes all that is to go.

    Why
    ---
    It is the cheapest, and all there is to do without training.

    Cost
    ----
    One scoring.

    When it fails
    -------------
    At high sparsity with criteria whose scores change as others go.

    Examples
    --------
    >>> pruned = prunus.prune(network, sparsity=0.9, schedule="one-shot")

    References
    ----------
    N. Lee, T. Ajanthan, P. Torr, "SNIP: single-shot network pruning based on connection sensitivity", 2019.
    """

    name = "one-shot"

    def sparsities(self, start: float, end: float) -> list[float]:
        return [end]
