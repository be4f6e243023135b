"""A network, or a matrix, packed for the sparse kernels of this processor, and run."""

from prunus.engine.engine import Engine, compile
from prunus.engine.precisions import PRECISIONS
from prunus.engine.sparse_matrix import SparseMatrix

__all__ = ["PRECISIONS", "Engine", "SparseMatrix", "compile"]
