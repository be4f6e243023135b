"""An engine for sparse samples: the first layer multiplies what they have, the others run as for dense ones."""

from __future__ import annotations

import numpy as np

from prunus import _core
from prunus.data import read_by
from prunus.engine import packed
from prunus.engine.precisions import PRECISIONS
from prunus.network import ACTIVATION_NUMBER, Layer

# Cycles of an entry of a sample: for each output of a dense weight; and of a sparse one, for each of its entries and for the
# row. Above 2 to 7 % density dense is faster. Then those of a sample, for each output; and of an activation made dense.
# (AMD EPYC 7003, AVX2, 3.2 GHz: 500, 100 and 64 outputs, densities from 0.02 to 1.)
_DENSE_OUTPUT, _SPARSE_ENTRY, _SPARSE_ROW = 0.38, 4.8, 35.0
_SAMPLE_OUTPUT, _ACTIVATION = 0.5, 0.5


def sparse_executor(layer: Layer, whole: _core._Executor, rest: _core._Executor | None) -> _core._SparseExecutor:
    """Return what runs `layer` on sparse samples and `rest` on what it puts out; or `whole`, where that takes less."""
    transposed = np.ascontiguousarray(layer.weight.T)
    sparse = packed.csr_of(transposed)
    of_sparse = _SPARSE_ENTRY * sparse.nnz / layer.n_in + _SPARSE_ROW
    of_dense = _DENSE_OUTPUT * layer.n_out
    is_thin = of_sparse < of_dense
    return PRECISIONS[layer.weight.dtype].sparse_executor(
        sparse if is_thin else transposed,
        layer.bias,
        ACTIVATION_NUMBER[layer.activation],
        layer.negative_slope,
        whole,
        rest,
        (min(of_sparse, of_dense), _SAMPLE_OUTPUT * layer.n_out, _ACTIVATION),
        None if is_thin else read_by(layer.weight),  # what is not there is not multiplied
    )
