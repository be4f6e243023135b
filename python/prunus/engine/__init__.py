"""A network, or a matrix, packed for the sparse kernels of this processor, and run."""

from prunus.engine.engine import Engine, compile
from prunus.engine.packed import csr_type
from prunus.engine.sparse_matrix import SparseMatrix

__all__ = ["Engine", "SparseMatrix", "compile", "csr_type"]
