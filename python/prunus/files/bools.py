"""How bools lie in a file: those that follow from the weights take no bytes, the others the fewest there are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from prunus._base import Bools, FormatError, record
from prunus.files.container import Tensors
from prunus.files.document import BoolsRow, BoolsRowOfVersion1
from prunus.files.layers import smallest, take
from prunus.network import Layer


def write_bools(name: str, mask: Bools, tensors: Tensors, layer: Layer | None = None) -> BoolsRow:
    """Return the description; `layer` is the one whose weight the mask may follow from."""
    if mask.all():
        form = "all"
    elif layer is not None and np.array_equal(mask, layer.weight != 0):
        form = "weights"
    else:
        n, index = int(np.count_nonzero(mask)), smallest(mask.size - 1)
        form = "positions" if n * np.dtype(index).itemsize < -(-mask.size // 8) else "bits"
        tensors[name] = np.flatnonzero(mask).astype(index) if form == "positions" else np.packbits(mask)
    return BoolsRow(list(mask.shape), form)


def read_bools(name: str, row: BoolsRow, tensors: Tensors, layer: Layer | None = None) -> Bools:
    """Return what was written."""
    shape, form = tuple(row.shape), row.format
    if form == "all":
        return np.ones(shape, np.bool_)
    if form == "weights" and layer is not None and shape == layer.weight.shape:
        return np.asarray(layer.weight != 0)
    if form not in ("bits", "positions"):
        raise FormatError(f"{name}: expected format all, bits, positions or, of a layer's shape, weights, got {form!r}")
    return (_from_bits if form == "bits" else _from_positions)(name, math.prod(shape), tensors).reshape(shape)


def _from_bits(name: str, size: int, tensors: Tensors) -> Bools:
    packed = take(tensors, name, (-(-size // 8),), np.dtype(np.uint8))
    mask = np.unpackbits(packed, count=size).astype(np.bool_)
    if not np.array_equal(np.packbits(mask), packed):
        raise FormatError(f"{name}: expected zeros behind the last bit, got others")
    return mask


def _from_positions(name: str, size: int, tensors: Tensors) -> Bools:
    positions = take(tensors, name, None, np.dtype(smallest(size - 1)))
    if (positions[1:] <= positions[:-1]).any() or (len(positions) and positions[-1] >= size):
        raise FormatError(f"{name}: expected positions that ascend and lie below {size}, got others")
    mask = np.zeros(size, np.bool_)
    mask[positions] = True
    return mask


def of_version_1(place: str, row: Any) -> dict[str, Any]:
    """Return a description of the first version, which knew all and bits, as one of today."""
    old = record(BoolsRowOfVersion1, place, row)
    return {"shape": old.shape, "format": "all" if old.all else "bits"}
