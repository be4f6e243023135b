"""A weight in the packed formats that suit it, each made once."""

from __future__ import annotations

from prunus import _core
from prunus._base import Bools, Floats, resolve_threads
from prunus.engine import costs
from prunus.engine.precisions import PRECISIONS, precision_of_csr

_NEVER = 2**62  # samples


def csr_of(w: Floats) -> _core._CsrMatrix:
    """Return the entries that are not zero."""
    return PRECISIONS[w.dtype].csr.from_dense(w, None, resolve_threads(None))


class PackedWeight:
    """Compressed sparse rows, packed for one sample, for a vector of samples and for more."""

    def __init__(self, csr: _core._CsrMatrix, *, alone: bool) -> None:
        """Pack it. `alone`: it is the only weight of what runs it."""
        threads = resolve_threads(None)
        self.shape, self.nnz = csr.shape, csr.nnz
        precision = precision_of_csr(csr)
        assert precision is not None
        self.dtype = precision.weight
        self.choice = costs.choose(csr, self.dtype, alone=alone)
        self._formats = [getattr(self.choice, regime).format for regime in costs.REGIMES]
        self._kinds = [_kind(*pair) for pair in zip(costs.REGIMES, self._formats, strict=True)]
        self._packed = {kind: _core.pack(csr, kind, self.choice.tile_columns, threads) for kind in {*self._kinds}}

    @property
    def operands(self) -> tuple[_core._Operand, _core._Operand, _core._Operand, _core._Operand]:
        """For the executor."""
        one, few, narrow, wide = (self._packed[kind] for kind in self._kinds)
        return one, few, narrow, wide

    @property
    def nbytes(self) -> int:
        """Of all formats."""
        return sum(operand.nbytes for operand in self._packed.values())

    @property
    def format(self) -> str:
        """Names of the formats: for one sample / a few / a panel of one or two vectors / wider ones."""
        return "/".join(self._formats)

    @property
    def kernel(self) -> str:
        """Names of the kernels, likewise."""
        dtype = PRECISIONS[self.dtype].name
        return "/".join(
            f"{_kernel(kind, regime)}_{dtype}" for kind, regime in zip(self._kinds, costs.REGIMES, strict=True)
        )


def _kind(regime: str, name: str) -> str:
    """Return the core's name of a format: dense weights lie otherwise for panels."""
    return name if name != "dense" else "dense rows" if regime in ("one", "few") else "dense panels"


def _kernel(kind: str, regime: str) -> str:
    return f"{'spmv' if regime in ('one', 'few') else 'spmm'}_{kind.split()[0]}"


def executor(
    layers: list[tuple[PackedWeight, Floats, int, float]], read: Bools | None = None
) -> tuple[_core._Executor, int | None]:
    """Return what runs layers of (weight, bias, number of the activation, negative_slope).

    Beside it, from how many samples on it turns them into panels; None: never. read: which columns of X some weight reads;
    the others may hold anything. None: NaN may come from any.
    """
    choices = [weight.choice for weight, *_ in layers]
    dtype = layers[0][0].dtype
    precision = PRECISIONS[dtype]
    panels_from = costs.panels_from(choices, precision.lanes)
    moved = costs.moved(layers[0][0].shape[1] + layers[-1][0].shape[0], dtype)  # two threads read faster than one
    made = precision.executor(
        [(*weight.operands, *rest) for weight, *rest in layers],  # type: ignore[misc]
        _NEVER if panels_from is None else panels_from,
        max(moved, sum(choice.one.cycles for choice in choices)),
        max(moved, sum(choice.few.cycles for choice in choices)),
        max(moved, sum(choice.few_work.further for choice in choices)),
        max(moved, sum(choice.wide.cycles for choice in choices) + choices[0].turns[0] + choices[-1].turns[1]),
        costs.panels_together(sum(weight.operands[3].nbytes for weight, *_ in layers)),
        read,
    )
    return made, panels_from
