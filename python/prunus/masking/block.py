"""Blocks of neighbouring weights."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from prunus import _core
from prunus._base import Bools, Floats, check
from prunus.masking.base import Pattern
from prunus.masking.weight import WeightPattern


@dataclass(frozen=True)
class BlockPattern(WeightPattern):
    """Blocks of R rows and C columns of a weight, ``"block:4x1"`` for example.

    What it does
    ------------
    Cuts every weight into blocks from its first row and column on (those at the far edges may be smaller), scores each by
    the sum of its weights' scores, and removes whole blocks. A block is one unit, whatever its size. `prune` leaves
    a layer that is smaller than a block as it is.

    Why
    ---
    Weights that stay together are loaded together: the engine runs blocks of four rows and one column (or any that are
    made of such) two to three times as fast as as many single weights.

    Cost
    ----
    One pass over the scores, and a selection among the blocks.

    When it fails
    -------------
    At high sparsity with large blocks: a good weight stays only if its neighbours are good enough, too.

    Examples
    --------
    >>> prunus.mask([np.arange(8.0).reshape(4, 2)], sparsity=0.5, pattern="block:2x2")[0].astype(int)
    array([[0, 0],
           [0, 0],
           [1, 1],
           [1, 1]])

    References
    ----------
    S. Narang, E. Undersander, G. Diamos, "Block-sparse recurrent neural networks", 2017.
    """

    n_rows: int = 4
    n_columns: int = 1

    name = "block:RxC"

    def __post_init__(self) -> None:
        n_rows = check.integer("n_rows", self.n_rows, minimum=1)
        check.put(self, n_rows=n_rows, n_columns=check.integer("n_columns", self.n_columns, minimum=1))

    @classmethod
    def parse(cls, text: str) -> Pattern | None:
        found = re.fullmatch(r"block:(\d{1,9})x(\d{1,9})", text)
        if not found:
            return None
        if not (int(found[1]) and int(found[2])):
            raise check.error(ValueError, "pattern", f"expected block:RxC with R and C of at least 1, got {text!r}")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"block:{self.n_rows}x{self.n_columns}"

    @property
    def block(self) -> tuple[int, int]:
        return self.n_rows, self.n_columns

    @property
    def neighbours(self) -> int:
        return 1  # rows have to agree

    def fits(self, shape: tuple[int, ...]) -> bool:
        return self.n_rows <= shape[0] and self.n_columns <= shape[1]

    def check(self, shape: tuple[int, ...]) -> None:
        if not self.fits(shape):
            raise check.error(
                ValueError,
                "pattern",
                f"expected layers of at least the size of {self}, got one of {shape[0]}x{shape[1]}; "
                "prune others alone (layers)",
            )

    def units(self, score: Floats, threads: int) -> Floats:
        sums = _core.block_sums(score, self.n_rows, self.n_columns, threads)
        if not _core.all_finite(sums, threads) and np.isnan(sums).any() and not np.isnan(score).any():
            raise check.error(ValueError, "scores", "expected no block with plus and minus infinity, got one")
        return sums

    def spread(self, kept: Bools, shape: tuple[int, ...], threads: int) -> Bools:
        n_rows, n_columns = shape
        return _core.spread_blocks(kept, self.n_rows, self.n_columns, n_rows, n_columns, threads)
