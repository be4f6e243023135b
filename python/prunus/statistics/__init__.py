"""What is learnt from data by sums that are gathered in pieces, merged, and finished."""

from prunus.statistics.gram import (
    EPS,
    Gram,
    GramAccumulator,
    Sums,
    constant_of,
    gather,
    gather_folds,
    merged,
    noise_of,
)

__all__ = ["EPS", "Gram", "GramAccumulator", "Sums", "constant_of", "gather", "gather_folds", "merged", "noise_of"]
