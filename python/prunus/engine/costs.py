"""Which packed format runs a weight fastest: a model of cycles, and the choice it makes.

The figures it reckons with are in `cycles`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from prunus import _core
from prunus.engine.cycles import Cycles, of_target
from prunus.engine.precisions import PRECISIONS

# How samples go through an engine: one alone; a few as they come; in a panel of one or two vectors; in panels of four vectors.
REGIMES = ("one", "few", "narrow", "wide")

_DENSE_DENSITY = 0.85  # above, nothing but the dense kernel is tried
_WIDE_DENSITY = 0.65  # above, sell in wide panels gains up to 15 % where caches are quiet, else it loses 10 %
_LAST_CACHE = 16e6  # bytes of a layer that come from memory at every call; fewer may be in a cache, or not
_FAR = 8e6  # bytes of a network's weights for wide panels that do not stay in a cache from one panel to the next
_TOGETHER = 4  # samples of dense rows and of bitmap (csrc/kernels); of a single dense row eight, which no choice needs
_WORTH_PACKING = 0.95  # of the time of the format that is there already, or of the dense one
# Times the cycles of float32 for a vector of float64 in a panel, whose weights are more bytes; and in one of sell.
_DOUBLE, _DOUBLE_SELL = 1.2, 1.35
_DOUBLE_MORE = 1.4  # and for each of many samples of dense rows, which load their weights again and again from beyond
_NEAR = 1e6  # so many bytes
_GROUP = 25  # cycles of a group of rows of lookup, beside its tiles
_TILE_ENTRIES = 20  # of a row in a tile of sell, on average: with fewer the row's sum, loaded and stored, takes longer
_ROW_ENTRIES, _COLUMN_ENTRIES = 8, 2  # for each of a matrix, up to which samples in columns take no panels
_MOST_COLUMNS = 65536  # of a tile: places take 16 bits
_FEW_ROWS = 16  # of a layer alone: many samples count, if one takes no longer than the call around it, in any format;
_FEW_ENTRIES = 512  # which it does up to so many entries of csr, as it computes a whole vector of samples for one


class Choice(NamedTuple):
    """A format, and the cycles of a sample: of a call with one, or in a full panel that is there already."""

    format: str
    cycles: float


class _Work(NamedTuple):
    """What a format takes: cycles with the weights in a cache, the bytes that are read once, and how fast from memory."""

    computed: float
    stored: float = 0.0
    rate: float = 1.0  # where bytes are stored
    more: float | None = None  # cycles of each of many samples; None: as many as one alone
    together: int = 1  # samples for which the weights are loaded once,
    beside: float = 0.0  # and cycles of each of them but the first

    @property
    def further(self) -> float:
        """Cycles of each of many samples."""
        return self.computed if self.more is None else self.more

    def call(self, n_samples: int) -> float:
        """Return the cycles of a call with so many samples: the first of those that go together pays for the weights."""
        if self.together == 1:
            return self.cycles + (n_samples - 1) * self.further
        loads = -(-n_samples // self.together)
        return self.cycles + (loads - 1) * self.computed + (n_samples - loads) * self.beside

    @property
    def cycles(self) -> float:
        """As in a call: from memory, or the mean of both where the weights may be in a cache."""
        fetched = max(self.computed, self.stored / self.rate)
        return fetched if self.stored > _LAST_CACHE else (self.computed + fetched) / 2


_Formats = dict[str, _Work]


class LayerChoice(NamedTuple):
    """How one weight should run."""

    tile_columns: int  # of sell
    one: Choice
    few: Choice
    few_work: _Work
    narrow: Choice
    wide: Choice
    turns: tuple[float, float]  # cycles that turn a sample's inputs into a panel, and the outputs back


def choose(matrix: _core._CsrMatrix, dtype: np.dtype[Any], *, alone: bool) -> LayerChoice:
    """Return the cheapest format of each regime for the target in use. `alone`: the network has no other layer."""
    cycles = of_target()
    lanes = PRECISIONS[dtype].lanes
    n_rows, n_cols = matrix.shape
    tile_columns = _tile_columns(matrix.nnz / (n_rows * n_cols), lanes * dtype.itemsize)
    n_blocks = matrix.n_blocks if matrix.nnz < _DENSE_DENSITY * n_rows * n_cols else 0
    narrow, wide = _panel_formats(cycles, matrix, n_blocks, dtype, tile_columns)
    row_formats = _row_formats(cycles, matrix, n_blocks, dtype, tile_columns)
    one, work = _cheapest(row_formats)
    in_narrow, in_wide = _in_panel(narrow, lanes), _in_panel(wide, _core.panel_vectors * lanes)
    turn = cycles.turn * dtype.itemsize / 4
    turns = turn * n_cols, turn * n_rows
    few = _for_few(row_formats, one, in_narrow.cycles * lanes, lanes)
    few_work = row_formats[few]
    if alone and n_rows <= _FEW_ROWS:
        many = row_formats | _of_many(cycles, matrix)
        name = min(many, key=lambda name: many[name].further)
        if many[name].further <= in_wide.cycles + sum(turns):  # for any number of samples, and one costs about a call
            one, work = few, few_work = name, many[name]
    return LayerChoice(
        tile_columns, Choice(one, work.cycles), Choice(few, few_work.cycles), few_work, in_narrow, in_wide, turns
    )


def _row_formats(
    cycles: Cycles, matrix: _core._CsrMatrix, n_blocks: int, dtype: np.dtype[Any], tile_columns: int
) -> _Formats:
    (n_rows, n_cols), nnz = matrix.shape, matrix.nnz
    size = n_rows * n_cols
    words = dtype.itemsize / 4
    of_weight, of_row, of_sample = cycles.row_dense_more
    more = of_weight * size * words + of_row * n_rows + of_sample
    call = cycles.row_call
    computed = cycles.row[2] * size * words
    beside = (_TOGETHER * more - computed) / (_TOGETHER - 1)
    if dtype == np.float64 and size * dtype.itemsize > _NEAR:
        more *= _DOUBLE_MORE
    formats = {"dense": _Work(computed, size * dtype.itemsize, cycles.memory[0], more, _TOGETHER, beside)}
    if nnz >= _DENSE_DENSITY * size:
        return formats
    entries = nnz * max(n_rows, _core.slice_rows) / n_rows
    sums = n_rows * -(-n_cols // tile_columns)
    rate = cycles.memory[1]
    formats["sell"] = _Work(
        cycles.row[0] * entries + cycles.row_sum * sums + call, entries * (dtype.itemsize + 2), rate
    )
    formats["blocks"] = _Work(
        cycles.row[1] * n_blocks + cycles.row_sum * n_rows + call, n_blocks * (4 * dtype.itemsize + 2), rate
    )
    if _core.has_expand():
        whole_rows = -(-n_rows // 4) * 4  # of groups of four
        steps = whole_rows * -(-n_cols // PRECISIONS[dtype].lanes)
        stored = nnz * dtype.itemsize + whole_rows * -(-n_cols // 64) * 8
        alone, beside = cycles.row_bitmap[0], cycles.row_bitmap[1] * words
        more = (alone + 3 * beside) / 4  # of many, four go together
        formats["bitmap"] = _Work(
            alone * steps + call, stored, rate, more * steps + call, _TOGETHER, beside * steps + call
        )
    if columns := _core.lookup_columns()[PRECISIONS[dtype].place]:
        values, tiles = _expected_lookup(nnz / size, n_rows, n_cols, PRECISIONS[dtype].lanes, columns)
        groups = -(-n_rows // PRECISIONS[dtype].lanes)
        computed = cycles.row_lookup[0] * values + cycles.row_lookup[1] * tiles + _GROUP * groups + call
        formats["lookup"] = _Work(computed, values * (dtype.itemsize + (0.5 if columns < 16 else 1.0)), rate)
    return formats


def _panel_formats(
    cycles: Cycles, matrix: _core._CsrMatrix, n_blocks: int, dtype: np.dtype[Any], tile_columns: int
) -> tuple[_Formats, _Formats]:
    (n_rows, n_cols), nnz = matrix.shape, matrix.nnz
    size = -(-n_rows // 4) * 4 * n_cols  # of groups of four rows
    rate, (slow, slow_sell) = cycles.memory[1], (_DOUBLE, _DOUBLE_SELL) if dtype == np.float64 else (1.0, 1.0)
    narrow = {"dense": _Work(slow * cycles.narrow[2] * size, size * dtype.itemsize, rate)}
    wide = {"dense": _Work(slow * cycles.wide[2] * size)}  # the weights are used often enough
    if nnz < _DENSE_DENSITY * n_rows * n_cols:
        sums = n_rows * -(-n_cols // tile_columns)
        entries, blocks = nnz * (dtype.itemsize + 2), n_blocks * (4 * dtype.itemsize + 2)
        narrow["sell"] = _Work(slow_sell * (cycles.narrow[0] * nnz + cycles.narrow_sum * sums), entries, rate)
        narrow["blocks"] = _Work(slow * (cycles.narrow[1] * n_blocks + cycles.narrow_sum * n_rows), blocks, rate)
        if nnz < _WIDE_DENSITY * n_rows * n_cols:
            wide["sell"] = _Work(slow_sell * (cycles.wide[0] * nnz + cycles.wide_sum * sums))
        wide["blocks"] = _Work(slow * (cycles.wide[1] * n_blocks + cycles.wide_sum * n_rows))
    return narrow, wide


def _of_many(cycles: Cycles, matrix: _core._CsrMatrix) -> _Formats:
    """Return what takes many samples as they come: a vector of them costs as much as one."""
    if matrix.nnz > _FEW_ENTRIES:
        return {}
    return {"csr": _Work(cycles.row_csr[0] * matrix.nnz + cycles.row_csr[1] * matrix.shape[0])}


def _for_few(formats: _Formats, one: str, panel: float, lanes: int) -> str:
    """Return the format that comes nearest to the cheapest one at every number of samples, where a panel may take over.

    That of one sample, unless another is faster by some per cent: it would be packed beside it.
    """
    counts = range(2, lanes + 1)
    least = [min(panel, *(work.call(n) for work in formats.values())) for n in counts]

    def regret(name: str) -> float:
        work = formats[name]
        return max(min(panel, work.call(n)) / at_best for n, at_best in zip(counts, least, strict=True))

    best = min(formats, key=regret)
    return best if regret(best) < _WORTH_PACKING * regret(one) else one


def _cheapest(formats: _Formats) -> tuple[str, _Work]:
    return min(formats.items(), key=lambda item: item[1].cycles)


def takes_columns(matrix: _core._CsrMatrix) -> bool:
    """Whether samples in columns are multiplied where they are, not turned into panels: each entry takes longer so.

    On one thread of an Intel Xeon, from 4 to 128 samples: with 20 entries in each row of 1000 x 1000 panels take 0.4 to 1.2
    times as long, of 20,000 x 20,000 0.8 to 1.3, with 10 entries 1.2 to 3. Every entry of a column reads its samples again,
    512 of them: of dense rows of 4000 one takes half the time of panels, seven 3.5 times as long.
    """
    n_rows, n_cols = matrix.shape
    return matrix.nnz <= _ROW_ENTRIES * n_rows + _COLUMN_ENTRIES * n_cols


def panels_from(layers: list[LayerChoice], lanes: int) -> int | None:
    """Return the number of samples from which panels are faster than rows: more than `lanes` fill one; None: never."""
    turned = layers[0].turns[0] + layers[-1].turns[1]
    if sum(layer.few_work.further for layer in layers) <= sum(layer.wide.cycles for layer in layers) + turned:
        return None
    panel = (sum(layer.narrow.cycles for layer in layers) + turned) * lanes
    for n in range(2, lanes + 1):
        if sum(layer.few_work.call(n) for layer in layers) >= panel:
            return n
    return lanes + 1


def panels_together(stored: float) -> int:
    """Return how many panels may go through a layer together, of a network with so many bytes for wide panels.

    128 samples, one thread of an EPYC 7003, one panel by one and four together: 4096-4096 at half density 39.7 and 34.0 ms,
    10000-500 12.2 and 10.7; two gained half of that, eight as much. But more panels are more memory: with 2 to 5 MB of
    weights four were up to a fifth slower (784-300-100-10 at 80 %: 304 and 372 us).
    """
    return 4 if stored > _FAR else 1


def moved(n_activations: int, dtype: np.dtype[Any]) -> float:
    """Return the cycles that so many activations take from memory, or to it."""
    return n_activations * dtype.itemsize / of_target().memory[1]


def _in_panel(formats: _Formats, samples: int) -> Choice:
    name, work = _cheapest(formats)
    if work.cycles > _WORTH_PACKING * formats["dense"].cycles:
        name, work = "dense", formats["dense"]
    return Choice(name, work.cycles / samples)


def _tile_columns(density: float, vector_bytes: int) -> int:
    """Columns whose part of a wide panel stays in L1, or in the near end of L2 where tiles hold few entries a row."""
    steps = ((0.3, 16), (0.15, 24), (0.07, 32), (0.03, 48), (0.015, 64))
    kib = next((kib for least, kib in steps if density >= least), 128)
    if vector_bytes == 64:  # twice as many samples, of which sums are stored and loaded: Zen 4, up to 4 % faster
        kib += kib // 2
    columns = kib * 1024 // (_core.panel_vectors * vector_bytes)
    return min(max(columns, int(_TILE_ENTRIES / max(density, 1e-9))), _MOST_COLUMNS)


def _expected_lookup(density: float, n_rows: int, n_cols: int, lanes: int, columns: int) -> tuple[float, float]:
    """Values and tiles stored if entries lie at random: a tile has as many steps as its fullest row has entries."""
    counts = np.arange(columns + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, columns + 1)))])
    d = min(max(density, 1e-9), 1 - 1e-9)
    binomial = np.exp(logs[-1] - logs - logs[::-1] + counts * np.log(d) + (columns - counts) * np.log1p(-d))
    below = np.minimum(np.cumsum(binomial), 1) ** lanes  # the chance that no row has more
    tiles = -(-n_rows // lanes) * -(-n_cols // columns)
    return tiles * lanes * float((1 - below).sum()), tiles * float(1 - below[0])
