"""Samples as a network takes them: checked as a whole, converted batch by batch, so that they need not fit in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus import _check
from prunus._check import Bools, Floats
from prunus._parts import Scaling

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

    def rows(self, which: Any) -> Any:
        """Return these samples, (n, n_in of the first layer): C-contiguous, or a csr_array where the source is one."""
        x = self.source[which]
        if self.inputs is not None:
            x = x[:, self.inputs]
        if is_sparse(x):
            return _scaled(x, self.scaling).astype(self.dtype, copy=False)
        if self.scaling is not None:
            x = (x - self.scaling.shift) / self.scaling.scale
        return _check.float_array("X", x, dtype=self.dtype)

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


def source_of(name: str, X: Any, n_in: int) -> Any:
    """Return X as an array of its own type, or a canonical csr_array, without a copy where none is needed."""
    array = _csr_of(name, X) if is_sparse(X) else _check.real_array(name, X, ndim=2)
    if array.shape[1] != n_in:
        raise _check.error(ValueError, name, f"expected {n_in} columns, got {_check.describe(array)}")
    return array


def unchecked(X: Any, n_in: int, dtype: Any, inputs: Bools | None = None) -> Samples:
    """Return samples to be predicted: NaN and infinity are let through, and none counts for anything."""
    return Samples(source_of("X", X, n_in), np.ones(0), 0.0, np.dtype(dtype), inputs, None)


def checked(name: str, samples: Samples) -> Samples:
    """Return the samples if there are any and all are finite, in their dtype; in one pass, batch by batch."""
    if len(samples) == 0:
        raise _check.error(ValueError, name, f"expected at least one element, got {_check.describe(samples.source)}")
    if is_sparse(samples.source) and samples.scaling is not None and samples.scaling.shift.any():
        raise _check.error(
            ValueError, name, f"expected a dense array, since the model subtracts means; use {name}.toarray()"
        )
    whole = samples.source
    # Of a narrower type, and not scaled, it is finite in the samples' dtype if it is in its own.
    as_it_is = (
        samples.scaling is None and whole.dtype.kind in "biuf" and np.can_cast(whole.dtype, samples.dtype, "safe")
    )
    if as_it_is and whole.dtype.kind in "biu":
        return samples
    for batch in samples.batches():
        with np.errstate(over="ignore"):  # what is too large for the dtype is refused by name
            x = whole[batch] if as_it_is else samples.rows(batch)
        _check.finite(name, _check.float_array(name, x.data if is_sparse(x) else x))
    return samples


def _csr_of(name: str, X: Any) -> Any:
    from scipy.sparse import csr_array

    if X.ndim != 2:
        raise _check.error(ValueError, name, f"expected 2 dimensions, got {_check.describe(X)}")
    csr = csr_array(X)
    if csr.data.dtype.kind not in "biuf":
        raise _check.error(TypeError, name, f"expected real numbers, got {_check.describe(X)}")
    if not csr.has_canonical_format:
        raise _check.error(
            ValueError,
            name,
            f"expected the columns of each row in order, each once, got others; call {name}.sum_duplicates()",
        )
    return csr


def _scaled(x: Any, scaling: Scaling | None) -> Any:
    if scaling is None:
        return x
    return type(x)((x.data / scaling.scale[x.indices], x.indices, x.indptr), shape=x.shape)
