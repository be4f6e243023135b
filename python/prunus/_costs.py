"""Which packed format runs a weight fastest: a model of cycles, and the choice it makes.

The figures are cycles of one core per unit of work, fitted to measurements of one layer of 1024 x 1024 at densities from 0.02
to 1 (x86-64-v3: AMD EPYC 7003; docs/design/engine.md has the table). Those of targets that could not be measured are derived
from the instructions of their kernels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from prunus import _core

# How samples go through an engine: one after the other; in panels one vector wide; in panels of two or four vectors.
REGIMES = ("rows", "narrow", "wide")

_DENSE_DENSITY = 0.85  # above, nothing but the dense kernel is tried
_MEMORY = 6.2  # bytes a cycle from beyond the caches: 20 GB/s


@dataclass(frozen=True)
class _Cycles:
    """Of a target's kernels, with the weights in a cache."""

    row: tuple[float, float, float]  # one sample: each entry, block, weight of a dense layer
    row_sum: float  # sell, one sample, each row of a tile of columns
    row_lookup: tuple[float, float]  # lookup, one sample: each value stored, and each tile of a group
    row_dense_more: float  # dense, each weight, for every other sample of the same call
    narrow: tuple[float, float, float]  # a panel of one vector: each entry, block, weight of a dense layer
    narrow_sum: float  # sell, each row of a tile of columns
    wide: tuple[float, float, float]  # a panel of four vectors
    wide_sum: float
    turn: float  # each activation that is turned into a panel or back


_CYCLES = {
    "x86-64-v2": _Cycles((1.3, 3.0, 0.5), 6, (0, 0), 0.5, (2.0, 5.0, 1.2), 8, (5.0, 18.0, 4.4), 28, 0.8),
    "x86-64-v3": _Cycles((1.03, 1.65, 0.19), 5, (0.28, 1.6), 0.11, (1.11, 3.8, 0.65), 5, (2.32, 9.3, 2.07), 18, 0.6),
    "x86-64-v4": _Cycles((1.03, 1.65, 0.14), 5, (0.29, 1.6), 0.06, (1.2, 4.2, 1.05), 6, (4.8, 17.0, 4.2), 20, 0.5),
    "aarch64": _Cycles((1.2, 2.0, 0.35), 5, (0, 0), 0.3, (1.6, 4.2, 1.05), 6, (4.6, 17.0, 4.2), 28, 0.8),
}


class Choice(NamedTuple):
    """A format, and the cycles of a sample: alone, or in a full panel."""

    format: str
    cycles: float


_Formats = dict[str, tuple[float, float]]  # name -> cycles with the weights in a cache, and bytes that are read once


class LayerChoice(NamedTuple):
    """How one weight should run."""

    tile_columns: int  # of sell
    rows: Choice
    rows_more: float  # cycles of another sample in the same call
    rows_stored: float  # bytes that the samples of a call read once
    narrow: Choice
    wide: Choice

    def rows_cycles(self, n_samples: int) -> float:
        """Return the cycles of a call with so many samples, row-major."""
        return _call(self.rows.cycles + (n_samples - 1) * self.rows_more, self.rows_stored)


def choose(matrix: _core._CsrMatrix, dtype: np.dtype[Any]) -> LayerChoice:
    """Return the cheapest format of each regime for the target in use."""
    cycles = _CYCLES[_core.active_target()]
    of_type = 0 if dtype == np.float32 else 1
    lanes, columns = _core.lanes()[of_type], _core.lookup_columns()[of_type]
    n_rows, n_cols = matrix.shape
    size, density = n_rows * n_cols, matrix.nnz / (n_rows * n_cols)
    tile_columns = _tile_columns(density, lanes * dtype.itemsize)
    # Cycles with the weights in a cache, and their bytes.
    rows: _Formats = {"dense": (cycles.row[2] * size, size * dtype.itemsize)}
    narrow: _Formats = {"dense": (cycles.narrow[2] * size, size * dtype.itemsize)}
    wide: _Formats = {"dense": (cycles.wide[2] * size, 0.0)}  # the weights are used often enough
    if density < _DENSE_DENSITY:
        blocks, entries = matrix.n_blocks, matrix.nnz * max(n_rows, _core.slice_rows) / n_rows
        sums = n_rows * -(-n_cols // tile_columns)
        sell_bytes, block_bytes = entries * (dtype.itemsize + 2), blocks * (4 * dtype.itemsize + 4)
        rows["sell"] = cycles.row[0] * entries + cycles.row_sum * sums, sell_bytes
        rows["blocks"] = cycles.row[1] * blocks, block_bytes
        narrow["sell"] = cycles.narrow[0] * matrix.nnz + cycles.narrow_sum * sums, sell_bytes
        narrow["blocks"] = cycles.narrow[1] * blocks, block_bytes
        wide["sell"] = cycles.wide[0] * matrix.nnz + cycles.wide_sum * sums, 0.0
        wide["blocks"] = cycles.wide[1] * blocks, 0.0
        if columns:
            values, tiles = _expected_lookup(density, n_rows, n_cols, lanes, columns)
            computed = cycles.row_lookup[0] * values + cycles.row_lookup[1] * tiles
            rows["lookup"] = computed, values * (dtype.itemsize + (0.5 if columns < 16 else 1.0))
    alone, (computed, stored) = _cheapest(rows)
    turned = cycles.turn * (n_rows + n_cols)
    return LayerChoice(
        tile_columns,
        Choice(alone, computed),
        cycles.row_dense_more * size if alone == "dense" else computed,
        stored,
        _in_panel(narrow, turned, lanes),
        _in_panel(wide, turned, _core.panel_vectors * lanes),
    )


def _cheapest(formats: _Formats) -> tuple[str, tuple[float, float]]:
    return min(formats.items(), key=lambda item: _call(*item[1]))


def _call(computed: float, stored: float) -> float:
    """Few samples use each weight once. It may be in a cache or not: the mean of both."""
    return (computed + max(computed, stored / _MEMORY)) / 2


def panels_from(layers: list[LayerChoice], lanes: int) -> int:
    """Return the number of samples from which panels are faster than rows; more than `lanes` fill a panel anyway."""
    panel = sum(layer.narrow.cycles for layer in layers) * lanes
    for n in range(1, lanes + 1):
        if sum(layer.rows_cycles(n) for layer in layers) >= panel:
            return n
    return lanes + 1


def _in_panel(formats: _Formats, turned: float, samples: int) -> Choice:
    name, (computed, stored) = _cheapest(formats)
    return Choice(name, _call(computed, stored) / samples + turned)


def _tile_columns(density: float, vector_bytes: int) -> int:
    """Columns whose part of a wide panel stays in L1, or in the near end of L2 where tiles hold few entries a row."""
    kib = next((kib for least, kib in ((0.3, 16), (0.15, 24), (0.07, 32), (0.03, 48)) if density >= least), 64)
    return kib * 1024 // (_core.panel_vectors * vector_bytes)


def _expected_lookup(density: float, n_rows: int, n_cols: int, lanes: int, columns: int) -> tuple[float, float]:
    """Values and tiles stored if entries lie at random: a tile has as many steps as its fullest row has entries."""
    counts = np.arange(columns + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, columns + 1)))])
    d = min(max(density, 1e-9), 1 - 1e-9)
    binomial = np.exp(logs[-1] - logs - logs[::-1] + counts * np.log(d) + (columns - counts) * np.log1p(-d))
    below = np.minimum(np.cumsum(binomial), 1) ** lanes  # the chance that no row has more
    tiles = -(-n_rows // lanes) * -(-n_cols // columns)
    return tiles * lanes * float((1 - below).sum()), tiles * float(1 - below[0])
