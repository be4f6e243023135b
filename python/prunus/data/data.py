"""Data: samples checked as a whole and converted batch by batch, so that they need not fit in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from prunus._base import Bools, Doubles, Floats, check
from prunus.data.scaling import Scaling
from prunus.data.source import is_sparse, source_of
from prunus.data.weights import relative_weights

# Values that a batch holds of each layer at most, 32 MB of float64, in at most 4096 and at least 64 rows.
_VALUES, _MOST_ROWS, _LEAST_ROWS = 1 << 22, 4096, 64


@dataclass(frozen=True)
class Data:
    """Samples as a network takes them, what each counts for, and their labels where there are any."""

    source: Any  # (n_samples, n_in): an array of any real type, in memory or mapped from a file, or SciPy's csr_array
    dtype: np.dtype[Any]  # of what `rows` and `targets` return
    inputs: Bools | None = None  # the columns that the network reads; None: all
    scaling: Scaling | None = None  # how they are standardized; None: not
    share: Doubles | None = None  # (n_samples,), sums to 1; None: they are to be predicted, and count for nothing
    weight: float = 0.0  # the sum of what the shares were made of: the number of samples where none was weighted
    target: Floats | None = None  # (n_samples, n_out), labels as the network encodes them

    def __len__(self) -> int:
        return int(self.source.shape[0])

    def weighted(self, sample_weight: Any) -> Data:
        """Return the samples with these weights; None: all count the same."""
        share = relative_weights(sample_weight, len(self))
        total = float(share.sum())
        weight = total if sample_weight is None else total * float(np.max(np.asarray(sample_weight)))
        return replace(self, share=share / (total or 1), weight=weight)

    def some(self, which: Any) -> Data:
        """Return these samples, which have shares."""
        assert self.share is not None
        share = self.share[which]
        total = float(share.sum())
        target = None if self.target is None else self.target[which]
        return replace(
            self, source=self.source[which], share=share / (total or 1), weight=self.weight * total, target=target
        )

    def columns(self, kept: Bools) -> Data:
        """Return the samples without the other ones of the columns that the network takes."""
        if kept.all():
            return self
        inputs = np.ones(self.source.shape[1], np.bool_) if self.inputs is None else self.inputs.copy()
        inputs[inputs] = kept
        scaling = None if self.scaling is None else Scaling(*(part[kept] for part in self.scaling))
        return replace(self, inputs=inputs, scaling=scaling)

    def taken_once(self) -> Data:
        """Return the samples as the network takes them, in memory, so that many passes convert them once."""
        source = self.rows(slice(None))
        return replace(self, source=source, inputs=None, scaling=None)

    def rows(self, which: Any) -> Any:
        """Return these samples, (n, n_in of the first layer): C-contiguous, or a csr_array where the source is one."""
        return self.taken(self.source[which])

    def taken(self, x: Any) -> Any:
        """Return what the network takes of rows of the source."""
        if self.inputs is not None:
            x = x[:, self.inputs]
        if is_sparse(x):
            if self.scaling is not None:
                x = type(x)((x.data / self.scaling.scale[x.indices], x.indices, x.indptr), shape=x.shape)
            return x.astype(self.dtype, copy=False)
        if self.scaling is not None:
            x = (x - self.scaling.shift) / self.scaling.scale
        return check.float_array("X", x, dtype=self.dtype)

    def targets(self, which: Any) -> Floats:
        """Return the labels of these samples, (n, n_out)."""
        assert self.target is not None
        return np.asarray(self.target[which], self.dtype)

    def shares(self, which: Any) -> Floats:
        """Return what these samples count for, (n,)."""
        assert self.share is not None
        return np.asarray(self.share[which], self.dtype)

    def batches(self, width: int = 1) -> Iterator[slice]:
        """Yield the rows of each batch, for layers of at most that width."""
        widest = max(width, 1 if is_sparse(self.source) else self.source.shape[1])
        step = min(max(_VALUES // widest, _LEAST_ROWS), _MOST_ROWS)
        for begin in range(0, len(self), step):
            yield slice(begin, min(begin + step, len(self)))


def unchecked(X: Any, n_in: int, dtype: Any, inputs: Bools | None = None, fitted: list[str] | None = None) -> Data:
    """Return samples to be predicted: NaN and infinity are let through."""
    return Data(source_of("X", X, n_in, fitted), np.dtype(dtype), inputs)


def require_finite(name: str, data: Data, forms: Sequence[Data], columns: Sequence[str] | None) -> None:
    """Refuse no samples, and any that are not finite in each of the forms in which they will be asked for.

    In one pass over the source, batch by batch. The error names the column where all have names.
    """
    if len(data) == 0:
        raise check.error(ValueError, name, f"expected at least one element, got {check.describe(data.source)}")
    for form in forms:
        if is_sparse(data.source) and form.scaling is not None and form.scaling.shift.any():
            raise check.error(
                ValueError, name, f"expected a dense array, since the model subtracts means; use {name}.toarray()"
            )
    # Of integers and bools there is nothing to look at where they are taken as they are.
    forms = [form for form in forms if not (_is_whole(form) and data.source.dtype.kind in "biu")]
    for batch in data.batches() if forms else ():
        x = data.source[batch]
        for form in forms:
            _require_finite(name, x, form, columns)


def _is_whole(form: Data) -> bool:
    """Whether it has all of the source in a type that holds whatever the source's does: then that is finite if this is."""
    kind = form.source.dtype
    is_read_as_it_is = form.inputs is None and form.scaling is None
    return is_read_as_it_is and kind.kind in "biuf" and np.can_cast(kind, form.dtype, "safe")


def _require_finite(name: str, x: Any, form: Data, columns: Sequence[str] | None) -> None:
    with np.errstate(over="ignore"):  # what is too large for the dtype is refused by name
        x = x if _is_whole(form) else form.taken(x)
    array = check.float_array(name, x.data if is_sparse(x) else x)
    try:
        check.finite(name, array)
    except ValueError as error:
        if columns is None:
            raise
        read = np.arange(len(columns)) if form.inputs is None else np.flatnonzero(form.inputs)
        first = read[int(np.argmin(np.isfinite(array).all(axis=0)))]
        problem = f"{str(error).removeprefix(f'{name}: ')}, in column {columns[first]!r}"
        raise check.error(ValueError, name, problem) from None
