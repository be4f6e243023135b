"""A description and tensors in one safetensors file with a checksum, written whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError

from prunus._base import MAKE_ONE, FormatError

Tensors = dict[str, npt.NDArray[Any]]
_KEY, _CHECKSUM = "prunus", "sha256"


def pack(document: Mapping[str, Any], tensors: Tensors) -> bytes:
    """Return the file's bytes."""
    blank = "0" * hashlib.sha256().digest_size * 2
    raw = safetensors.numpy.save(tensors, _metadata(document, blank))
    place = _checksum_place(raw, blank)
    return raw[:place] + hashlib.sha256(raw).hexdigest().encode() + raw[place + len(blank) :]


def size(document: Mapping[str, Any], tensors: Tensors) -> int:
    """Return the number of the file's bytes, from the header of a file whose tensors are empty."""
    blank = "0" * hashlib.sha256().digest_size * 2
    empty = {name: np.zeros(0, array.dtype) for name, array in tensors.items()}
    text = safetensors.numpy.save(empty, _metadata(document, blank))[8:].rstrip(b" ")
    length, end = len(text), 0
    for name in json.loads(text):  # in the order in which they lie in the file
        if name in tensors:
            begin, end = end, end + tensors[name].nbytes
            shape, offsets = ",".join(map(str, tensors[name].shape)), f"{begin},{end}"
            length += len(shape) - len("0") + len(offsets) - len("0,0")
    return 8 + -(-length // 8) * 8 + end  # the header's own length stands before it; spaces fill it up


def write_whole(raw: bytes, path: str | os.PathLike[str]) -> None:
    """Write beside the place, flush to disk, and rename: the old file or the new one, never a part.

    A device or a pipe is written to; it is not replaced by a file. An OSError names the path that was asked for.
    """
    try:
        place = Path(path)
        if place.exists() and not place.is_file() and not place.is_dir():
            place.write_bytes(raw)
        else:
            _replace(raw, Path(os.path.realpath(path)))
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


def _replace(raw: bytes, target: Path) -> None:
    part = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            part.chmod(stat.S_IMODE(target.stat().st_mode))
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def malformed() -> Any:
    """Turn what a malformed document makes Python raise into a FormatError."""
    try:
        yield
    except FormatError:
        raise
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError) as error:
        raise FormatError(f"expected a well-formed description, got one with {type(error).__name__}: {error}") from None


def unpack(raw: bytes) -> tuple[dict[str, Any], Tensors]:
    """Return the description and the tensors of a file whose checksum is right."""
    try:
        tensors = safetensors.numpy.load(raw)
        header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
        metadata = header.get("__metadata__")
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError(f"expected a safetensors file, got one that cannot be read ({error}); {MAKE_ONE}") from None
    if not isinstance(metadata, dict) or not {_KEY, _CHECKSUM} <= metadata.keys():
        raise FormatError(f"expected a file saved by prunus, got a foreign safetensors file; {MAKE_ONE}")
    checksum = metadata[_CHECKSUM]
    place = _checksum_place(raw, checksum)
    blanked = raw[:place] + b"0" * len(checksum) + raw[place + len(checksum) :]
    if hashlib.sha256(blanked).hexdigest() != checksum:
        raise FormatError("expected contents that fit the checksum, got altered ones: the file is damaged")
    with malformed():
        document = json.loads(metadata[_KEY])
        if not isinstance(document, dict):
            raise FormatError("expected a description that is an object")
        return document, dict(tensors)


def _metadata(document: Mapping[str, Any], checksum: str) -> dict[str, str]:
    return {_KEY: json.dumps(document, allow_nan=True), _CHECKSUM: checksum}


def _checksum_place(raw: bytes, checksum: str) -> int:
    """Where the checksum stands in the file's bytes."""
    needle = f'"{_CHECKSUM}":"{checksum}"'.encode()
    header = raw[: 8 + int.from_bytes(raw[:8], "little")]
    if header.count(needle) != 1:
        raise FormatError("expected one checksum in the header, got none or several")
    return header.index(needle) + len(needle) - 1 - len(checksum)
