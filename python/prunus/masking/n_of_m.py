"""n weights of every m neighbours."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from prunus import _core
from prunus._base import Bools, Floats, check
from prunus.masking.base import Pattern
from prunus.masking.weight import WeightPattern


@dataclass(frozen=True)
class NofMPattern(WeightPattern):
    """The n best of every m consecutive weights of a row, ``"2:4"`` for example.

    What it does
    ------------
    Cuts each row of weights into groups of m, from the first input on, and keeps the n of each that score highest, of
    equal ones the earlier. A shorter last group keeps n of its weights, or all it has. It says itself how much goes, and
    takes neither a sparsity nor a threshold. `prune` leaves a layer of fewer than m inputs as it is.

    Why
    ---
    Every row keeps the same number of weights at nearly the same places: what sparse tensor cores read as 2:4.

    Cost
    ----
    One pass over the scores; m comparisons for each up to m = 32, a selection in each group beyond.

    When it fails
    -------------
    Where a row needs more than n neighbours: at the same sparsity single weights keep more accuracy, and on a CPU they
    run as fast.

    Examples
    --------
    >>> prunus.mask([[[0.1, 0.4, 0.2, 0.3, 0.5]]], pattern="2:4")
    (array([[False,  True, False,  True,  True]]),)

    References
    ----------
    A. Mishra, J. Latorre, J. Pool et al., "Accelerating sparse deep neural networks", 2021.
    """

    n: int = 2
    m: int = 4

    name = "n:m"
    takes_target = False

    def __post_init__(self) -> None:
        n = check.integer("n", self.n, minimum=1)
        check.put(self, n=n, m=check.integer("m", self.m, minimum=n))

    @classmethod
    def parse(cls, text: str) -> Pattern | None:
        found = re.fullmatch(r"(\d{1,9}):(\d{1,9})", text)
        if not found:
            return None
        n, m = int(found[1]), int(found[2])
        if not 1 <= n <= m:
            raise check.error(ValueError, "pattern", f"expected n:m with 1 <= n <= m, got {text!r}")
        return cls(n, m)

    def __str__(self) -> str:
        return f"{self.n}:{self.m}"

    def fits(self, shape: tuple[int, ...]) -> bool:
        return self.m <= shape[1]

    def check(self, shape: tuple[int, ...]) -> None:
        if not self.fits(shape):
            raise check.error(
                ValueError,
                "pattern",
                f"expected layers of at least {self.m} inputs for {self}, got one of {shape[1]}; "
                "prune others alone (layers)",
            )

    @property
    def quota(self) -> tuple[int, int]:
        return self.n, self.m

    @property
    def neighbours(self) -> int:
        return self.m if self.m <= 256 else 1  # more the core does not compare

    def chosen_again(self, score: Floats, kept: Bools, there: Bools, stays: Bools | None, threads: int) -> Bools:
        score = np.where(there, score, -np.inf)
        return self.choose(score if stays is None else np.where(stays, np.inf, score), threads)

    def choose(self, score: Floats, threads: int) -> Bools:
        return _core.mask_best_of_groups(score, self.n, self.m, threads)
