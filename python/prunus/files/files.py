"""What the file of a network says: written from a network, and believed only after every check.

The format is described in docs/formats.md.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from prunus._base import Bools, FormatError, check, record
from prunus.data import Encoding, Scaling
from prunus.engine import PRECISIONS
from prunus.files import container
from prunus.files.bools import of_version_1, read_bools, write_bools
from prunus.files.container import Tensors
from prunus.files.document import BoolsRow, ClassesRow, Document
from prunus.files.encoding import read_encoding, write_encoding
from prunus.files.layers import Entries, csr_arrays, csr_sizes, read_layer, take, write_layer
from prunus.network import OUTPUTS, WIDEST, Network, Structure
from prunus.reporting import Report

VERSION = 2


class Contents(NamedTuple):
    """What a file holds: a network, and for a pruned one the masks, the report, and what it does with a table."""

    network: Network
    masks: tuple[Bools, ...] | None = None
    report: Report | None = None
    structure: Structure | None = None  # None: as the masks say
    encoding: Encoding | None = None  # of a table, before the network


def to_bytes(contents: Contents) -> bytes:
    """Return the file's bytes."""
    return container.pack(*_described(contents, csr_arrays))


def size_of(contents: Contents) -> int:
    """Return the number of the file's bytes, without making them."""
    return container.size(*_described(contents, csr_sizes))


def _described(contents: Contents, entries: Entries) -> tuple[dict[str, Any], Tensors]:
    """Return the description and the tensors; `entries` makes those of a sparse layer."""
    network, tensors = contents.network, Tensors()
    inputs = None if network.inputs is None else write_bools("inputs", network.inputs, tensors)
    scaling = network.scaling is not None and _write_scaling(network.scaling, tensors)
    layers = [write_layer(i, layer, tensors, entries) for i, layer in enumerate(network.layers)]
    masks, structure = _write_pruning(contents, tensors)
    document = Document(
        version=VERSION,
        dtype=network.dtype.name,
        output=network.output,
        classes=None if network.classes is None else _write_classes(network.classes),
        inputs=inputs,
        scaling=scaling,
        origin=None if network.origin is None else dict(network.origin),
        layers=layers,
        masks=masks,
        report=contents.report,
        structure=structure,
        encoding=None if contents.encoding is None else write_encoding(contents.encoding),
    )
    return document.to_json(), tensors


def save(contents: Contents, path: str | os.PathLike[str]) -> None:
    """Write the file beside its place, flush it to disk, and rename it: the old file or the new one, never a part."""
    container.write_whole(to_bytes(contents), path)


def load(path: str | os.PathLike[str]) -> Contents:
    """Read a file, or raise FormatError. Nothing in it is executed."""
    raw = Path(path).read_bytes()
    try:
        return from_bytes(raw)
    except FormatError as error:
        raise FormatError(f"{os.fspath(path)}: {error}") from None


def from_bytes(raw: bytes) -> Contents:
    """Return what the bytes of a file hold, or raise FormatError."""
    document, tensors = container.unpack(raw)
    with container.malformed():
        if document["version"] == 1:
            document = _of_version_1(document)
        if document["version"] != VERSION:
            raise FormatError(
                f"expected format version {VERSION}, got {document['version']!r}; it needs a newer prunus"
            )
        return _read(record(Document, "description", document), tensors)


def _read(document: Document, tensors: Tensors) -> Contents:
    dtype = np.dtype(check.one_of("dtype", document.dtype, [dtype.name for dtype in PRECISIONS]))
    _require_room(document, dtype)
    layers = [read_layer(i, row, tensors, dtype) for i, row in enumerate(document.layers)]
    network = Network(
        layers,
        output=check.one_of("output", document.output, OUTPUTS),
        classes=None if document.classes is None else _read_classes(document.classes),
        inputs=None if document.inputs is None else read_bools("inputs", document.inputs, tensors),
        scaling=_read_scaling(layers[0].n_in, tensors) if document.scaling else None,
        origin=document.origin,
    )
    masks, report, structure = _read_pruning(document, network, tensors)
    encoding = None if document.encoding is None else read_encoding(document.encoding, network.n_in)
    if encoding is not None and masks is None:
        raise FormatError("encoding: expected none without masks")
    if tensors:
        raise FormatError(f"expected no tensor beside those described, got {', '.join(sorted(tensors))}")
    return Contents(network, masks, report, structure, encoding)


def _of_version_1(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description as one of today. Files of the first version say otherwise how bools lie."""
    inputs, masks = document["inputs"], document["masks"]
    return {
        **document,
        "version": VERSION,
        "inputs": None if inputs is None else of_version_1("inputs", inputs),
        "masks": None if masks is None else [of_version_1(f"masks.{i}", row) for i, row in enumerate(masks)],
    }


def _size(name: str, shape: list[int], ndim: tuple[int, ...]) -> int:
    """Return the number of elements of a shape that is one."""
    if len(shape) not in ndim or not all(n > 0 for n in shape):
        raise FormatError(f"{name}: expected a shape of positive integers, got {shape!r}")
    return math.prod(shape)


def _require_room(document: Document, dtype: np.dtype[Any]) -> None:
    """Refuse, before anything is made, what no machine of this size saved: a few bytes may stand for huge arrays."""
    size = 0
    for i, layer in enumerate(document.layers):
        size += 2 * _size(f"layers.{i}", layer.shape, (2,)) * dtype.itemsize  # as it is read, and in its Layer
    if document.classes is not None:
        size += 2 * len(document.classes.labels) * np.dtype(document.classes.dtype).itemsize
    bools = {f"masks.{i}": row for i, row in enumerate(document.masks or ())}
    bools |= {f"structure.{i}": row for i, row in enumerate(document.structure or ())}
    if document.inputs is not None:
        bools["inputs"] = document.inputs
    for name, row in bools.items():
        size += 2 * _size(name, row.shape, (1, 2))
    if size > _memory() // 2:
        raise FormatError(f"expected arrays that fit half of the memory there is, got {size} bytes of them")


def _memory() -> int:
    """Bytes that this machine has, or that the process's container may use."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, ValueError):
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return memory


# Scaling and labels ---------------------------------------------------------------------------------------------------------


def _write_scaling(scaling: Scaling, tensors: Tensors) -> bool:
    tensors["scaling.shift"], tensors["scaling.scale"] = scaling
    return True


def _read_scaling(n_in: int, tensors: Tensors) -> Scaling:
    float64 = np.dtype(np.float64)
    return Scaling(*(take(tensors, f"scaling.{name}", (n_in,), float64) for name in Scaling._fields))


def _write_classes(classes: npt.NDArray[Any]) -> ClassesRow:
    return ClassesRow(classes.dtype.str, classes.tolist())


def _read_classes(row: ClassesRow) -> npt.NDArray[Any]:
    dtype, labels = np.dtype(row.dtype), row.labels
    words = all(isinstance(label, str) for label in labels)
    is_wide = dtype.kind == "U" and words and dtype.itemsize > 4 * max(WIDEST, *map(len, labels))
    classes = None if is_wide or dtype.kind not in ("UO" if words else "biuf") else np.array(labels, dtype)
    if classes is None or classes.dtype.str != row.dtype or classes.tolist() != labels:
        raise FormatError(f"classes: expected labels of dtype {row.dtype!r}, got others")
    return classes


# What was pruned --------------------------------------------------------------------------------------------------------


def structure_of(masks: Sequence[Bools], report: Report) -> Structure:
    """Return what is left of the original if nothing else was pruned before: as the masks say."""
    whole = Structure.whole([tuple(row["shape"]) for row in report["layers"]])
    return whole.without(report["pattern"], masks)


def _write_pruning(contents: Contents, tensors: Tensors) -> tuple[list[BoolsRow] | None, list[BoolsRow] | None]:
    """Return the descriptions of masks and structure; of the latter none where the masks tell it."""
    masks, report, structure = contents.masks, contents.report, contents.structure
    if masks is None or report is None:
        return None, None
    layers = dict(enumerate(contents.network.layers))  # fewer than masks where all neurons of one have gone
    rows = [write_bools(f"masks.{i}", mask, tensors, layers.get(i)) for i, mask in enumerate(masks)]
    if structure is None or structure == structure_of(masks, report):
        return rows, None
    return rows, [write_bools(f"structure.{i}", part, tensors) for i, part in enumerate(structure)]


def _read_pruning(
    document: Document, network: Network, tensors: Tensors
) -> tuple[tuple[Bools, ...] | None, Report | None, Structure | None]:
    """Return masks, report and structure, all or none, that fit the network."""
    if (document.masks is None) != (document.report is None):
        raise FormatError("masks, report: expected both or neither")
    if document.masks is None:
        if document.structure is not None:
            raise FormatError("structure: expected none without masks")
        return None, None, None
    report = Report.checked(document.report)
    layers = dict(enumerate(network.layers))  # fewer than masks where all neurons of one have gone
    masks = tuple(read_bools(f"masks.{i}", row, tensors, layers.get(i)) for i, row in enumerate(document.masks))
    original = [tuple(row["shape"]) for row in report["layers"]]
    of_units = {"neuron": [shape[:1] for shape in original], "input": [shape[1:] for shape in original]}
    if not masks or [mask.shape for mask in masks] != of_units.get(report["pattern"], original):
        raise FormatError("masks: expected one for each layer, of the shape that the report tells")
    structure = structure_of(masks, report)
    if document.structure is not None:
        parts = [read_bools(f"structure.{i}", row, tensors) for i, row in enumerate(document.structure)]
        structure = Structure(tuple(parts[1:]), parts[0])
    if {part.ndim for part in structure} != {1} or structure.shapes != original:
        raise FormatError("structure: expected the neurons of each layer and the inputs that the report tells")
    shapes = [layer.weight.shape for layer in network.layers]
    if not structure.fits(shapes) or not structure.agrees(report["pattern"], masks, shapes):
        raise FormatError("masks: expected some that fit the network")
    return masks, report, structure
