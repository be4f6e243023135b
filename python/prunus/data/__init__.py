"""X, y and the weights of samples: checked once, and read in batches from memory, a mapped file or a sparse matrix."""

from prunus.data.columns import naming_columns
from prunus.data.data import Data, require_finite, unchecked
from prunus.data.encoding import NOWHERE, Encoding, Lookup, Numbers
from prunus.data.scaling import Scaling
from prunus.data.source import (
    canonical,
    dense,
    is_sparse,
    only_read,
    operand,
    read_by,
    require_names,
    source_of,
    sparse,
)
from prunus.data.weights import relative_weights, sample_weights

__all__ = [
    "NOWHERE",
    "Data",
    "Encoding",
    "Lookup",
    "Numbers",
    "Scaling",
    "canonical",
    "dense",
    "is_sparse",
    "naming_columns",
    "only_read",
    "operand",
    "read_by",
    "relative_weights",
    "require_finite",
    "require_names",
    "sample_weights",
    "source_of",
    "sparse",
    "unchecked",
]
