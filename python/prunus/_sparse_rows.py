"""The first layer of an engine, for sparse samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from prunus import _core, _packed, _samples
from prunus._check import Floats
from prunus._functions import ACTIVATION_NUMBER
from prunus._layer import Layer

# Nanoseconds for an entry of a sample: for each output of a dense weight; and of a sparse one, for each of its entries and for
# the row (AMD EPYC 7003, AVX2: 500, 100 and 64 outputs, densities from 0.02 to 1). Above 2 to 7 % density dense is faster.
_DENSE_OUTPUT, _SPARSE_ENTRY, _SPARSE_ROW = 0.12, 1.5, 11.0


class SparseRows:
    """A layer with its weight transposed, so that what an entry of a sample is multiplied by lies together."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        transposed = np.ascontiguousarray(layer.weight.T)
        sparse = _packed.csr_of(transposed)
        is_thin = _SPARSE_ENTRY * sparse.nnz + _SPARSE_ROW * layer.n_in < _DENSE_OUTPUT * transposed.size
        self._weight: Floats | _core._CsrMatrix = sparse if is_thin else transposed
        self._read = None if is_thin else _samples.read_by(layer.weight)  # what is not there is not multiplied

    def __call__(self, X: Any, threads: int) -> Floats:
        """Return the layer's output for a canonical csr_array of the weight's dtype."""
        X = _samples.only_read(X, self._read)
        starts, columns = X.indptr.astype(np.int64), X.indices.astype(np.int32)
        x = _packed.csr_type(X.dtype).from_arrays(starts, columns, X.data, *X.shape)
        layer = self._layer
        return _core.multiply_sparse_rows(
            x, self._weight, layer.bias, ACTIVATION_NUMBER[layer.activation], layer.negative_slope, threads
        )
