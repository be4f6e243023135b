"""What the JSON of a file holds, beside the tensors."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class LayerRow:
    """A layer: where its tensors are."""

    shape: list[int]
    format: str  # csr or dense
    bias: bool  # whether it has a tensor; zeros else
    activation: str
    negative_slope: float


@dataclass(frozen=True)
class BoolsRow:
    """Bools, and how they lie."""

    shape: list[int]
    format: str  # all, weights, bits or positions


@dataclass(frozen=True)
class ClassesRow:
    """Labels."""

    dtype: str
    labels: list[Any]


@dataclass(frozen=True)
class Document:
    """A network, and for a pruned one the masks and the report."""

    version: int
    dtype: str
    output: str
    classes: ClassesRow | None
    inputs: BoolsRow | None
    scaling: bool  # whether it has tensors
    origin: dict[str, Any] | None
    layers: list[LayerRow]
    masks: list[BoolsRow] | None
    report: dict[str, Any] | None
    structure: list[BoolsRow] | None = None  # None: as the masks say
    encoding: dict[str, Any] | None = None  # see files/encoding.py

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, without a structure that the masks tell and an encoding that is not there."""
        row = asdict(self)
        for name in ("structure", "encoding"):
            if row[name] is None:
                del row[name]
        return row


@dataclass(frozen=True)
class BoolsRowOfVersion1:
    """Bools as the first version said how they lie."""

    shape: list[int]
    all: bool  # else bits
