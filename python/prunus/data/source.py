"""X as it comes, as something that rows can be taken of: an array of its own type, or SciPy's compressed sparse rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from prunus._base import Bools, Floats, check, names_of, scipy


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


def source_of(name: str, X: Any, n_in: int | None = None, fitted: list[str] | None = None) -> Any:
    """Return X (n_samples, n_in) as an array of its own type, or as `canonical` does, without a copy where none is needed."""
    require_names(name, X, fitted)
    array = canonical(name, X) if is_sparse(X) else check.real_array(name, X, ndim=2)
    if n_in is not None and array.shape[1] != n_in:  # before a conversion that may not fit the memory
        raise check.error(ValueError, name, f"expected {n_in} columns, got {check.describe(array)}")
    return array


def dense(name: str, X: Any, n_in: int, dtype: npt.DTypeLike) -> Floats:
    """Return X (n_samples, n_in): itself where it already is C-contiguous and of `dtype`, else converted once."""
    if is_sparse(X):
        raise check.error(TypeError, name, f"expected a dense array, got {check.describe(X)}; use {name}.toarray()")
    return check.float_array(name, source_of(name, X, n_in), dtype=dtype)


def sparse(name: str, X: Any, n_in: int, dtype: npt.DTypeLike) -> tuple[Any, Any, Floats]:
    """Return the arrays of sparse X (n_samples, n_in): where its rows start, their columns, and values of `dtype`."""
    rows = source_of(name, X, n_in)
    return rows.indptr, rows.indices, check.float_array(name, rows.data, dtype=dtype)


def operand(name: str, X: Any, n: int, axis: int, dtype: npt.DTypeLike) -> Floats:
    """Return X of one dimension, n, or of two, n along that axis, as the other side of a product."""
    array = check.float_array(name, X, dtype=dtype)
    if array.ndim not in (1, 2) or array.shape[axis if array.ndim == 2 else 0] != n:
        shapes = f"({n},) or " + (f"({n}, n)" if axis == 0 else f"(n, {n})")
        raise check.error(ValueError, name, f"expected the shape {shapes}, got {array.shape}")
    return array


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
