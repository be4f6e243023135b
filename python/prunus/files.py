"""What the file of a network says: written from a network, and believed only after every check.

The format is described in docs/formats.md.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from prunus import _check, _container, _packed
from prunus._check import Bools, Floats, FormatError
from prunus._container import Tensors
from prunus._functions import ACTIVATIONS, OUTPUTS
from prunus._layer import Layer
from prunus._parts import Scaling
from prunus.network import Network
from prunus.report import Report

VERSION = 1
_KEYS = frozenset({"version", "dtype", "output", "classes", "inputs", "scaling", "origin", "layers", "masks", "report"})
_LAYER_KEYS = frozenset({"shape", "format", "bias", "activation", "negative_slope"})
_BOOLS_KEYS = frozenset({"shape", "all"})
_UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)


_Entries = Callable[[Floats, Bools], Tensors]


class Contents(NamedTuple):
    """What a file holds: a network, and for a pruned one the masks and the report."""

    network: Network
    masks: tuple[Bools, ...] | None = None
    report: Report | None = None


def to_bytes(contents: Contents) -> bytes:
    """Return the file's bytes."""
    return _container.pack(*_described(contents, _csr_arrays))


def size_of(contents: Contents) -> int:
    """Return the number of the file's bytes, without making them."""
    return _container.size(*_described(contents, _csr_sizes))


def _described(contents: Contents, entries: _Entries) -> tuple[dict[str, Any], Tensors]:
    """Return the description and the tensors; `entries` makes those of a sparse layer."""
    network = contents.network
    tensors: Tensors = {}
    document: dict[str, Any] = {
        "version": VERSION,
        "dtype": network.dtype.name,
        "output": network.output,
        "classes": None if network.classes is None else _write_classes(network.classes),
        "inputs": None if network.inputs is None else _write_bools("inputs", network.inputs, tensors),
        "scaling": network.scaling is not None and _write_scaling(network.scaling, tensors),
        "origin": None if network.origin is None else dict(network.origin),
        "layers": [_write_layer(i, layer, tensors, entries) for i, layer in enumerate(network.layers)],
        "masks": None,
        "report": contents.report,
    }
    if contents.masks is not None:
        document["masks"] = [_write_bools(f"masks.{i}", mask, tensors) for i, mask in enumerate(contents.masks)]
    return document, tensors


def save(contents: Contents, path: str | os.PathLike[str]) -> None:
    """Write the file beside its place, flush it to disk, and rename it: the old file or the new one, never a part."""
    _container.write(to_bytes(contents), path)


def load(path: str | os.PathLike[str]) -> Contents:
    """Read a file, or raise FormatError. Nothing in it is executed."""
    raw = Path(path).read_bytes()
    try:
        return _parse(raw)
    except FormatError as error:
        raise FormatError(f"{os.fspath(path)}: {error}") from None


def _parse(raw: bytes) -> Contents:
    document, tensors = _container.unpack(raw)
    with _container.malformed():
        if document["version"] != VERSION:
            raise FormatError(
                f"expected format version {VERSION}, got {document['version']!r}; it needs a newer prunus"
            )
        _require_keys("description", document, _KEYS)
        dtype = np.dtype(_check.one_of("dtype", document["dtype"], ("float32", "float64")))
        _require_room(document, dtype)
        layers = [_read_layer(i, row, tensors, dtype) for i, row in enumerate(document["layers"])]
        network = Network(
            layers,
            output=_check.one_of("output", document["output"], OUTPUTS),
            classes=None if document["classes"] is None else _read_classes(document["classes"]),
            inputs=None if document["inputs"] is None else _read_bools("inputs", document["inputs"], tensors),
            scaling=_read_scaling(layers[0].n_in, tensors) if _flag(document, "scaling") else None,
            origin=document["origin"],
        )
        masks, report = _read_pruning(document, network, tensors)
        if tensors:
            raise FormatError(f"expected no tensor beside those described, got {', '.join(sorted(tensors))}")
        return Contents(network, masks, report)


def _require_keys(name: str, row: Mapping[str, Any], keys: frozenset[str]) -> None:
    if not isinstance(row, dict) or row.keys() != keys:
        got = ", ".join(sorted(row)) if isinstance(row, dict) else repr(row)
        raise FormatError(f"{name}: expected the keys {', '.join(sorted(keys))}, got {got}")


def _flag(row: Mapping[str, Any], key: str) -> bool:
    if not isinstance(row[key], bool):
        raise FormatError(f"{key}: expected true or false, got {row[key]!r}")
    return bool(row[key])


def _size(name: str, shape: Any, ndim: tuple[int, ...]) -> int:
    """Return the number of elements of a shape that is one."""
    if not isinstance(shape, list) or len(shape) not in ndim or not all(type(n) is int and n > 0 for n in shape):
        raise FormatError(f"{name}: expected a shape of positive integers, got {shape!r}")
    return math.prod(shape)


def _require_room(document: Mapping[str, Any], dtype: np.dtype[Any]) -> None:
    """Refuse, before anything is made, what no machine of this size saved: a few bytes may stand for huge arrays."""
    size = 0
    for i, row in enumerate(document["layers"]):
        _require_keys(f"layers.{i}", row, _LAYER_KEYS)
        size += 2 * _size(f"layers.{i}", row["shape"], (2,)) * dtype.itemsize  # as it is read, and in its Layer
    bools = {f"masks.{i}": row for i, row in enumerate(document["masks"] or [])}
    if document["inputs"] is not None:
        bools["inputs"] = document["inputs"]
    for name, row in bools.items():
        _require_keys(name, row, _BOOLS_KEYS)
        size += 2 * _size(name, row["shape"], (1, 2))
    if size > _memory() // 2:
        raise FormatError(f"expected arrays that fit half of the memory there is, got {size} bytes of them")


def _memory() -> int:
    """Bytes that this machine has, or that the process's container may use."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, ValueError):
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return memory


# Layers -----------------------------------------------------------------------------------------------------------------


def _write_layer(i: int, layer: Layer, tensors: Tensors, entries: _Entries) -> dict[str, Any]:
    stored = _bits(layer.weight) != 0  # a negative zero is stored: what is loaded is what was saved, to the bit
    sizes = _csr_sizes(layer.weight, stored)
    sparse = sum(array.nbytes for array in sizes.values()) < layer.weight.nbytes
    if sparse:
        tensors |= {f"layers.{i}.{name}": array for name, array in entries(layer.weight, stored).items()}
    else:
        tensors[f"layers.{i}.weight"] = layer.weight
    if _bits(layer.bias).any():
        tensors[f"layers.{i}.bias"] = layer.bias
    return {
        "shape": [layer.n_out, layer.n_in],
        "format": "csr" if sparse else "dense",
        "bias": f"layers.{i}.bias" in tensors,
        "activation": layer.activation,
        "negative_slope": layer.negative_slope,
    }


def _csr_sizes(weight: Floats, stored: Bools) -> Tensors:
    """Return arrays of the types and shapes of those of compressed sparse rows, with nothing in them."""
    n_entries = int(np.count_nonzero(stored))
    columns, starts = np.zeros((), _smallest(weight.shape[1] - 1)), np.zeros((), _smallest(n_entries))
    return {
        "values": np.broadcast_to(np.zeros((), weight.dtype), n_entries),
        "columns": np.broadcast_to(columns, n_entries),
        "row_starts": np.broadcast_to(starts, len(weight) + 1),
    }


def _csr_arrays(weight: Floats, stored: Bools) -> Tensors:
    sizes = _csr_sizes(weight, stored)
    return {
        "values": weight[stored],
        "columns": np.nonzero(stored)[1].astype(sizes["columns"].dtype),
        "row_starts": np.concatenate([[0], np.cumsum(stored.sum(axis=1))]).astype(sizes["row_starts"].dtype),
    }


def _read_layer(i: int, row: Mapping[str, Any], tensors: Tensors, dtype: np.dtype[Any]) -> Layer:
    n_out, n_in = row["shape"]
    if row["format"] == "csr":
        weight = _read_csr(i, n_out, n_in, tensors, dtype)
    elif row["format"] == "dense":
        weight = _take(tensors, f"layers.{i}.weight", (n_out, n_in), dtype)
    else:
        raise FormatError(f"layers.{i}: expected format csr or dense, got {row['format']!r}")
    bias = _take(tensors, f"layers.{i}.bias", (n_out,), dtype) if _flag(row, "bias") else None
    activation = _check.one_of("activation", row["activation"], ACTIVATIONS)
    return Layer(weight, bias, activation, negative_slope=row["negative_slope"])


def _read_csr(i: int, n_out: int, n_in: int, tensors: Tensors, dtype: np.dtype[Any]) -> Floats:
    values = _take(tensors, f"layers.{i}.values", None, dtype)
    columns = _take(tensors, f"layers.{i}.columns", values.shape, np.dtype(_smallest(n_in - 1)))
    starts = _take(tensors, f"layers.{i}.row_starts", (n_out + 1,), np.dtype(_smallest(len(values))))
    matrix = _packed.csr_type(dtype)
    if n_in > np.iinfo(np.int32).max:
        raise FormatError(f"layers.{i}: expected at most 2147483647 columns, got {n_in}")
    # The core checks every start and every column.
    return matrix.from_arrays(starts.astype(np.int64), columns.astype(np.int32), values, n_out, n_in).to_dense()


def _take(tensors: Tensors, name: str, shape: tuple[int, ...] | None, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Take a tensor out; what is left at the end is not described."""
    if name not in tensors:
        raise FormatError(f"{name}: expected a tensor, got none")
    array = tensors.pop(name)
    if array.dtype != dtype or (array.ndim != 1 if shape is None else array.shape != shape):
        raise FormatError(f"{name}: expected {dtype} of shape {shape or '(n,)'}, got {_check.describe(array)}")
    return np.ascontiguousarray(array)


def _write_scaling(scaling: Scaling, tensors: Tensors) -> bool:
    tensors["scaling.shift"], tensors["scaling.scale"] = scaling
    return True


def _read_scaling(n_in: int, tensors: Tensors) -> Scaling:
    float64 = np.dtype(np.float64)
    return Scaling(*(_take(tensors, f"scaling.{name}", (n_in,), float64) for name in Scaling._fields))


def _smallest(largest: int) -> type[np.unsignedinteger[Any]]:
    """The smallest unsigned type that holds numbers up to `largest`."""
    return next(kind for kind in _UNSIGNED if largest <= np.iinfo(kind).max)


def _bits(array: Floats) -> npt.NDArray[Any]:
    return array.view(np.uint32 if array.dtype == np.float32 else np.uint64)


# Labels and bools -------------------------------------------------------------------------------------------------------


def _write_classes(classes: npt.NDArray[Any]) -> dict[str, Any]:
    return {"dtype": classes.dtype.str, "labels": classes.tolist()}


def _read_classes(row: Mapping[str, Any]) -> npt.NDArray[Any]:
    _require_keys("classes", row, frozenset({"dtype", "labels"}))
    # As wide as the labels are, not as wide as the file says; then the two must agree.
    text = all(isinstance(label, str) for label in row["labels"])
    classes = np.array(row["labels"]) if text else np.array(row["labels"], dtype=np.dtype(row["dtype"]))
    if classes.dtype.kind not in "biufU" or classes.dtype.str != row["dtype"] or classes.tolist() != row["labels"]:
        raise FormatError(f"classes: expected labels of dtype {row['dtype']!r}, got others")
    return classes


def _write_bools(name: str, mask: Bools, tensors: Tensors) -> dict[str, Any]:
    if not mask.all():
        tensors[name] = np.packbits(mask)
    return {"shape": list(mask.shape), "all": name not in tensors}


def _read_bools(name: str, row: Mapping[str, Any], tensors: Tensors) -> Bools:
    shape, size = tuple(row["shape"]), _size(name, row["shape"], (1, 2))
    if _flag(row, "all"):
        return np.ones(shape, np.bool_)
    packed = _take(tensors, name, (-(-size // 8),), np.dtype(np.uint8))
    mask = np.unpackbits(packed, count=size).astype(np.bool_)
    if not np.array_equal(np.packbits(mask), packed):
        raise FormatError(f"{name}: expected zeros behind the last bit, got others")
    return mask.reshape(shape)


# What was pruned --------------------------------------------------------------------------------------------------------


def _read_pruning(
    document: Mapping[str, Any], network: Network, tensors: Tensors
) -> tuple[tuple[Bools, ...] | None, Report | None]:
    """Return masks and report, both or neither, that fit the network."""
    if (document["masks"] is None) != (document["report"] is None):
        raise FormatError("masks, report: expected both or neither")
    if document["masks"] is None:
        return None, None
    report = Report.checked(document["report"])
    masks = tuple(_read_bools(f"masks.{i}", row, tensors) for i, row in enumerate(document["masks"]))
    original = [tuple(row["shape"]) for row in report["layers"]]
    shapes, now = [mask.shape for mask in masks], [layer.weight.shape for layer in network.layers]
    weights = shapes == original == now
    neurons = shapes == [shape[:1] for shape in original]
    if neurons and all(mask.any() for mask in masks):
        neurons = [int(mask.sum()) for mask in masks] == [layer.n_out for layer in network.layers]
    inputs = shapes == [shape[1:] for shape in original] and max(int(masks[0].sum()), 1) == network.layers[0].n_in
    if not masks or not (weights or neurons or inputs):
        raise FormatError(
            "masks: expected one for each layer, of the shape that the report tells, and fitting the network"
        )
    return masks, report
