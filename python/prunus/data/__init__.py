"""X, y and the weights of samples: checked once, and read in batches from memory, a mapped file or a sparse matrix."""

from prunus.data.samples import (
    Data,
    Samples,
    canonical,
    checked_samples,
    is_sparse,
    only_read,
    read_by,
    require_names,
    source_of,
    unchecked,
)
from prunus.data.scaling import Scaling

__all__ = [
    "Data",
    "Samples",
    "Scaling",
    "canonical",
    "checked_samples",
    "is_sparse",
    "only_read",
    "read_by",
    "require_names",
    "source_of",
    "unchecked",
]
