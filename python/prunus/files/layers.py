"""How a layer lies in a file: its weight dense or in compressed sparse rows, whichever has fewer bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus._base import Bools, Floats, FormatError, check
from prunus.engine import PRECISIONS
from prunus.files.container import Tensors
from prunus.files.document import LayerRow
from prunus.network import ACTIVATIONS, Layer

Entries = Callable[[Floats, Bools], Tensors]  # what makes the tensors of a sparse layer
_UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)


def write_layer(i: int, layer: Layer, tensors: Tensors, entries: Entries) -> LayerRow:
    """Return the description, and put the tensors among the others."""
    stored = layer.weight != 0  # of zeros a layer has +0 alone
    sizes = csr_sizes(layer.weight, stored)
    sparse = sum(array.nbytes for array in sizes.values()) < layer.weight.nbytes
    if sparse:
        tensors |= {f"layers.{i}.{name}": array for name, array in entries(layer.weight, stored).items()}
    else:
        tensors[f"layers.{i}.weight"] = layer.weight
    if layer.bias.any():
        tensors[f"layers.{i}.bias"] = layer.bias
    return LayerRow(
        [layer.n_out, layer.n_in],
        "csr" if sparse else "dense",
        f"layers.{i}.bias" in tensors,
        layer.activation,
        layer.negative_slope,
    )


def csr_sizes(weight: Floats, stored: Bools) -> Tensors:
    """Return arrays of the types and shapes of those of compressed sparse rows, with nothing in them."""
    n_entries = int(np.count_nonzero(stored))
    columns, starts = np.zeros((), smallest(weight.shape[1] - 1)), np.zeros((), smallest(n_entries))
    return {
        "values": np.broadcast_to(np.zeros((), weight.dtype), n_entries),
        "columns": np.broadcast_to(columns, n_entries),
        "row_starts": np.broadcast_to(starts, len(weight) + 1),
    }


def csr_arrays(weight: Floats, stored: Bools) -> Tensors:
    """Return the entries that are to be stored, in compressed sparse rows of the smallest types."""
    sizes = csr_sizes(weight, stored)
    return {
        "values": weight[stored],
        "columns": np.nonzero(stored)[1].astype(sizes["columns"].dtype),
        "row_starts": np.concatenate([[0], np.cumsum(stored.sum(axis=1))]).astype(sizes["row_starts"].dtype),
    }


def read_layer(i: int, row: LayerRow, tensors: Tensors, dtype: np.dtype[Any]) -> Layer:
    """Return what was written."""
    n_out, n_in = row.shape
    if row.format == "csr":
        weight = _read_csr(i, n_out, n_in, tensors, dtype)
    elif row.format == "dense":
        weight = take(tensors, f"layers.{i}.weight", (n_out, n_in), dtype)
    else:
        raise FormatError(f"layers.{i}: expected format csr or dense, got {row.format!r}")
    bias = take(tensors, f"layers.{i}.bias", (n_out,), dtype) if row.bias else None
    activation = check.one_of("activation", row.activation, ACTIVATIONS)
    return Layer(weight, bias, activation, negative_slope=row.negative_slope)


def _read_csr(i: int, n_out: int, n_in: int, tensors: Tensors, dtype: np.dtype[Any]) -> Floats:
    values = take(tensors, f"layers.{i}.values", None, dtype)
    columns = take(tensors, f"layers.{i}.columns", values.shape, np.dtype(smallest(n_in - 1)))
    starts = take(tensors, f"layers.{i}.row_starts", (n_out + 1,), np.dtype(smallest(len(values))))
    matrix = PRECISIONS[dtype].csr
    if max(n_out, n_in) > np.iinfo(np.int32).max:
        raise FormatError(f"layers.{i}: expected at most 2147483647 rows and columns, got {n_out} and {n_in}")
    # The core checks every start and every column.
    return matrix.from_arrays(starts.astype(np.int64), columns.astype(np.int32), values, n_out, n_in).to_dense()


def take(tensors: Tensors, name: str, shape: tuple[int, ...] | None, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Take a tensor out; what is left at the end is not described."""
    if name not in tensors:
        raise FormatError(f"{name}: expected a tensor, got none")
    array = tensors.pop(name)
    if array.dtype != dtype or (array.ndim != 1 if shape is None else array.shape != shape):
        raise FormatError(f"{name}: expected {dtype} of shape {shape or '(n,)'}, got {check.describe(array)}")
    return np.require(array, requirements=["C", "A"])


def smallest(largest: int) -> type[np.unsignedinteger[Any]]:
    """The smallest unsigned type that holds numbers up to `largest`."""
    return next(kind for kind in _UNSIGNED if largest <= np.iinfo(kind).max)
