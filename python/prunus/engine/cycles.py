"""What the kernels of each target take, in cycles of one core per unit of work.

Fitted to measurements of one layer of 1024 x 1024 at densities from 0.02 to 1 (x86-64-v3: AMD EPYC 7003, x86-64-v4: EPYC 9004,
both on an Intel Xeon, too; docs/design/engine.md has the table). Those of targets that could not be measured are derived from
the instructions of their kernels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from prunus import _core


@dataclass(frozen=True)
class Cycles:
    """Of a target's kernels, with the weights in a cache.

    Panels count by vectors of samples, so that their figures hold for both dtypes; those of dense rows are of float32.
    """

    row: tuple[float, float, float]  # one sample: each entry, block, weight of a dense layer
    row_call: float  # of a format other than dense, each sample beside what follows
    row_sum: float  # one sample, each row of a tile of columns of sell, or of blocks
    row_lookup: tuple[float, float]  # lookup, one sample: each value stored, and each tile of a group
    row_bitmap: tuple[
        float, float
    ]  # bitmap, a vector of columns of a row: one sample, each of the next three of float32
    row_dense_more: tuple[float, float, float]  # dense, each of many samples: a weight, a row, and the sample
    row_csr: tuple[float, float]  # csr, every sample of a vector of them: each entry, and each row
    narrow: tuple[float, float, float]  # a panel of one vector: each entry, block, weight of a dense layer
    narrow_sum: float  # likewise
    wide: tuple[float, float, float]  # a panel of four vectors
    wide_sum: float
    turn: float  # each activation of float32 that is turned into a panel or back
    memory: tuple[float, float]  # bytes a cycle of weights from memory: dense rows (eight streams), any other format


_CYCLES = {
    "x86-64-v2": Cycles(
        row=(1.3, 3.0, 0.4),
        row_call=100,
        row_sum=6,
        row_lookup=(0, 0),
        row_bitmap=(0, 0),
        row_dense_more=(0.38, 6, 50),
        row_csr=(1.1, 5),
        narrow=(2.0, 3.8, 1.2),
        narrow_sum=8,
        wide=(5.0, 17.0, 4.4),
        wide_sum=28,
        turn=0.8,
        memory=(8.5, 6.5),
    ),
    "x86-64-v3": Cycles(  # EPYC 7003 at 3.2 GHz: 27 and 21 GB/s from memory
        row=(0.9, 1.65, 0.19),
        row_call=100,
        row_sum=5,
        row_lookup=(0.28, 1.6),
        row_bitmap=(0, 0),
        row_dense_more=(0.09, 5, 50),
        row_csr=(0.75, 5),
        narrow=(1.11, 2.9, 0.64),
        narrow_sum=5,
        wide=(2.32, 8.9, 2.07),
        wide_sum=18,
        turn=0.6,
        memory=(8.5, 6.5),
    ),
    "x86-64-v4": Cycles(  # EPYC 9004 at 3.7 GHz: 22 GB/s from memory
        row=(0.85, 1.3, 0.17),
        row_call=100,
        row_sum=4,
        row_lookup=(0.34, 2.1),
        row_bitmap=(3.6, 0.8),
        row_dense_more=(0.08, 5, 50),
        row_csr=(0.75, 5),
        narrow=(1.55, 4.7, 1.06),
        narrow_sum=8,
        wide=(4.55, 17.0, 4.14),
        wide_sum=26,
        turn=0.5,
        memory=(6.0, 6.0),
    ),
    "aarch64": Cycles(
        row=(1.2, 2.0, 0.35),
        row_call=100,
        row_sum=5,
        row_lookup=(0, 0),
        row_bitmap=(0, 0),
        row_dense_more=(0.36, 6, 50),
        row_csr=(1.0, 5),
        narrow=(1.6, 3.4, 1.05),
        narrow_sum=6,
        wide=(4.6, 17.0, 4.2),
        wide_sum=28,
        turn=0.8,
        memory=(8.5, 6.5),
    ),
}

# Where Intel's processors differ: an entry that loads its activations takes longer beside a dense multiply-add. Measured on
# one, a Xeon of 2 MB L2 and two 512-bit units, 3.9 GHz, 30 GB/s from L3 and 19 from memory, and taken for all of them.
_INTEL = {
    "x86-64-v3": replace(
        _CYCLES["x86-64-v3"],
        row=(0.95, 1.65, 0.13),
        row_lookup=(0.33, 1.8),
        narrow=(1.42, 3.0, 0.65),
        narrow_sum=8,
        wide=(3.2, 10.0, 2.2),
        wide_sum=10,
        memory=(6.5, 6.0),
    ),
    "x86-64-v4": replace(
        _CYCLES["x86-64-v4"],
        row=(1.0, 1.65, 0.11),
        row_bitmap=(3.6, 0.45),
        row_dense_more=(0.06, 5, 50),
        narrow=(1.6, 3.9, 0.77),
        wide=(3.5, 10.5, 2.6),
        wide_sum=24,
        memory=(6.5, 6.0),
    ),
}


def of_target() -> Cycles:
    """Those of the target in use, on this processor."""
    target = _core.active_target()
    return _INTEL.get(target, _CYCLES[target]) if _core.cpu_is_intel() else _CYCLES[target]
