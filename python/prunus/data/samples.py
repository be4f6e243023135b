"""Samples as a network takes them: checked as a whole, converted batch by batch, so that they need not fit in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus._base import Bools, Floats, check, names_of, scipy
from prunus.data.scaling import Scaling

# Values that a batch holds of each layer at most, 32 MB of float64, in at most 4096 and at least 64 rows.
_VALUES, _MOST_ROWS, _LEAST_ROWS = 1 << 22, 4096, 64


@dataclass(frozen=True)
class Samples:
    """Samples, checked for one network, and what each counts for."""

    source: Any  # (n_samples, n_in): an array of any real type, in memory or mapped from a file, or SciPy's csr_array
    share: npt.NDArray[np.float64]  # (n_samples,), sums to 1
    weight: float  # the sum of what the shares were made of: the number of samples where none was weighted
    dtype: np.dtype[Any]  # of what `rows` returns
    inputs: Bools | None  # the columns that the network reads; None: all
    scaling: Scaling | None  # how they are standardized; None: not

    def __len__(self) -> int:
        return int(self.source.shape[0])

    def weighted(self, sample_weight: Any) -> Samples:
        """Return the samples with these weights; None: all count the same."""
        share = check.sample_weights(sample_weight, len(self))
        total = float(share.sum())
        weight = total if sample_weight is None else total * float(np.max(np.asarray(sample_weight)))
        return replace(self, share=share / (total or 1), weight=weight)

    def rows(self, which: Any) -> Any:
        """Return these samples, (n, n_in of the first layer): C-contiguous, or a csr_array where the source is one."""
        x = self.source[which]
        if self.inputs is not None:
            x = x[:, self.inputs]
        if is_sparse(x):
            return _scaled(x, self.scaling).astype(self.dtype, copy=False)
        if self.scaling is not None:
            x = (x - self.scaling.shift) / self.scaling.scale
        return check.float_array("X", x, dtype=self.dtype)

    def batches(self, width: int = 1) -> Iterator[slice]:
        """Yield the rows of each batch, for layers of at most that width."""
        widest = max(width, 1 if is_sparse(self.source) else self.source.shape[1])
        step = min(max(_VALUES // widest, _LEAST_ROWS), _MOST_ROWS)
        for begin in range(0, len(self), step):
            yield slice(begin, min(begin + step, len(self)))


@dataclass(frozen=True)
class Data(Samples):
    """Samples with their labels, encoded for one network."""

    target: Floats  # (n_samples, n_out)


def is_sparse(X: Any) -> bool:
    """Whether it is a SciPy sparse matrix or array."""
    return hasattr(X, "tocsr")


def require_names(name: str, X: Any, fitted: list[str] | None) -> None:
    """Refuse a DataFrame whose columns have not the names that the model was fitted with, in order."""
    own = names_of(X)
    if own is None or fitted is None or own == fitted:
        return
    apart = next((pair for pair in zip(fitted, own, strict=False) if pair[0] != pair[1]), (len(fitted), len(own)))
    raise check.error(
        ValueError,
        name,
        f"expected the columns that the model was fitted with, in order, got {apart[1]!r} for {apart[0]!r}",
    )


def source_of(name: str, X: Any, n_in: int, fitted: list[str] | None = None) -> Any:
    """Return X as an array of its own type, or as `canonical` does, without a copy where none is needed."""
    require_names(name, X, fitted)
    array = canonical(name, X) if is_sparse(X) else check.real_array(name, X, ndim=2)
    if array.shape[1] != n_in:
        raise check.error(ValueError, name, f"expected {n_in} columns, got {check.describe(array)}")
    return array


def unchecked(X: Any, n_in: int, dtype: Any, inputs: Bools | None = None, fitted: list[str] | None = None) -> Samples:
    """Return samples to be predicted: NaN and infinity are let through, and none counts for anything."""
    return Samples(source_of("X", X, n_in, fitted), np.ones(0), 0.0, np.dtype(dtype), inputs, None)


def read_by(weight: Floats) -> Bools | None:
    """Return which columns some weight (n_out, n_in) reads, (n_in,); None: all."""
    read = np.asarray(weight.any(axis=0))
    return None if read.all() else read


def only_read(x: Any, read: Bools | None) -> Any:
    """Return samples with zeros for what may be NaN or infinite in columns that are not read: multiplied by zero it counts."""
    if read is None:
        return x
    if is_sparse(x):
        if np.isfinite(x.data).all():
            return x
        return type(x)((np.where(read[x.indices], x.data, 0), x.indices, x.indptr), shape=x.shape)
    return x if np.isfinite(x).all() else np.where(read, x, 0)


def checked_samples(name: str, samples: Samples, columns: Sequence[str] | None) -> Samples:
    """Return the samples if there are any and all are finite, in their dtype; in one pass, batch by batch.

    The error names the column where all have names.
    """
    if len(samples) == 0:
        raise check.error(ValueError, name, f"expected at least one element, got {check.describe(samples.source)}")
    if is_sparse(samples.source) and samples.scaling is not None and samples.scaling.shift.any():
        raise check.error(
            ValueError, name, f"expected a dense array, since the model subtracts means; use {name}.toarray()"
        )
    whole = samples.source
    # Read as a whole, of a narrower type, and not scaled, it is finite in the samples' dtype if it is in its own.
    is_whole = samples.inputs is None and samples.scaling is None
    as_it_is = is_whole and whole.dtype.kind in "biuf" and np.can_cast(whole.dtype, samples.dtype, "safe")
    if as_it_is and whole.dtype.kind in "biu":
        return samples
    for batch in samples.batches():
        with np.errstate(over="ignore"):  # what is too large for the dtype is refused by name
            x = whole[batch] if as_it_is else samples.rows(batch)
        array = check.float_array(name, x.data if is_sparse(x) else x)
        try:
            check.finite(name, array)
        except ValueError as error:
            if columns is None:
                raise
            read = np.arange(len(columns)) if as_it_is or samples.inputs is None else np.flatnonzero(samples.inputs)
            first = read[int(np.argmin(np.isfinite(array).all(axis=0)))]
            problem = f"{str(error).removeprefix(f'{name}: ')}, in column {columns[first]!r}"
            raise check.error(ValueError, name, problem) from None
    return samples


def canonical(name: str, X: Any) -> Any:
    """Return sparse X as a csr_array whose rows have each column once, in order; without a copy where it is so already.

    Entries of one place count together, as in SciPy, but are added up in a type that holds the sum. SciPy would sort the
    caller's own arrays; they stay as they are.
    """
    if X.ndim != 2:
        raise check.error(ValueError, name, f"expected 2 dimensions, got {check.describe(X)}")
    if X.dtype.kind not in "biuf":
        raise check.error(TypeError, name, f"expected real numbers, got {check.describe(X)} of dtype {X.dtype}")
    wide = np.float32 if X.dtype == np.float32 else np.float64
    if X.format in ("coo", "bsr"):  # adds up what it holds twice when it becomes another
        coo = X.tocoo()
        X = scipy.coo_array((coo.data.astype(wide), (coo.row, coo.col)), shape=X.shape)
    rows = scipy.csr_array(X)
    if rows.has_canonical_format:
        return rows
    rows = scipy.csr_array((rows.data.astype(wide), rows.indices.copy(), rows.indptr.copy()), shape=rows.shape)
    try:
        rows.check_format()  # SciPy sorts what it has not checked
    except ValueError as error:
        raise check.error(ValueError, name, f"{error}") from None
    rows.sum_duplicates()  # sorts, too
    return rows


def _scaled(x: Any, scaling: Scaling | None) -> Any:
    if scaling is None:
        return x
    return type(x)((x.data / scaling.scale[x.indices], x.indices, x.indptr), shape=x.shape)
