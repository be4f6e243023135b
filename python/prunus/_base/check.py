"""Every check and conversion of an argument.

A wrong kind is a TypeError, a wrong value or shape a ValueError; either names the argument, what was expected and what came.
`error` makes them, so that every one tells the argument's name as its `argument`, too.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from prunus import _core
from prunus._base import frames
from prunus._base.arrays import Bools, Floats
from prunus._base.errors import about as about
from prunus._base.errors import error as error
from prunus._base.errors import warn as warn

# What to say where there is no converter.
MAKE_ONE = "a model of another library is a prunus.Network of one prunus.Layer(weight, bias, activation) for each of its layers"

_Value = TypeVar("_Value")


def describe(value: object) -> str:
    """Say in a few words what came instead of what was expected."""
    if value is None or isinstance(value, (bool, int, float, str, np.generic)):
        return repr(value)
    if isinstance(shape := getattr(value, "shape", None), tuple):
        kind = "an array" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
        dtype = getattr(value, "dtype", None)
        return f"{kind} of shape {tuple(shape)}" + ("" if dtype is None else f" and dtype {dtype}")
    return f"an object of type {type(value).__module__}.{type(value).__qualname__}"


def real_array(name: str, value: Any, *, ndim: int | None = None) -> npt.NDArray[Any]:
    """Return `value` as an array of a real type (bool, integer or floating), without a copy where none is needed.

    A DataFrame or Series may hold bools beside numbers, and what is missing is NaN.
    """
    value = frames.plain(name, value)
    if isinstance(value, np.ma.MaskedArray):
        raise error(TypeError, name, "expected an array without a mask, got a masked array; fill it first")
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        raise error(ValueError, name, "expected a rectangular array, got rows of different lengths") from None
    if array.dtype.kind not in "biuf":
        got = describe(array) if array.ndim else describe(value)
        raise error(TypeError, name, f"expected an array of real numbers, got {got}")
    if ndim is not None and array.ndim != ndim:
        raise error(ValueError, name, f"expected {ndim} dimension{'s' * (ndim != 1)}, got {describe(array)}")
    return array


def float_array(name: str, value: Any, *, ndim: int | None = None, dtype: npt.DTypeLike | None = None) -> Floats:
    """Return `value` C-contiguous and of `dtype`; None keeps float32 and makes everything else float64.

    NaN and infinity stay as they are; a number that the dtype cannot hold is refused.
    """
    array = real_array(name, value, ndim=ndim)
    if dtype is None:
        dtype = np.float32 if array.dtype.newbyteorder("=") == np.float32 else np.float64
    if array.dtype == dtype and array.flags.c_contiguous and array.flags.aligned:
        return array
    with np.errstate(over="ignore"):  # what it would warn of is looked for
        converted = np.require(array, dtype, ["C", "A"]) if array.ndim else array.astype(dtype)
    if converted.dtype.itemsize < array.dtype.itemsize and not _core.all_finite(converted, 1):
        lost = np.isinf(converted) & np.isfinite(array)
        if lost.any():
            got = f"{np.asarray(array)[lost].flat[0]:.6g}; use float64"
            raise error(ValueError, name, f"expected finite numbers in the range of {converted.dtype}, got {got}")
    return converted


def finite(name: str, array: Floats) -> Floats:
    """Refuse NaN and infinity."""
    if not _core.all_finite(array, 1):
        got = "NaN" if np.isnan(array).any() else "infinity"
        if got == "infinity" and array.dtype == np.float32:  # and may have become so on the way
            got += " or numbers beyond it; use float64"
        raise error(ValueError, name, f"expected finite numbers in the range of {array.dtype}, got {got}")
    return array


def not_empty(name: str, array: npt.NDArray[Any]) -> None:
    """Refuse an array with no element."""
    if array.size == 0:
        raise error(ValueError, name, f"expected at least one element, got {describe(array)}")


def per_sample(name: str, value: Any, n_samples: int) -> npt.NDArray[Any]:
    """Return `value` as an array with one entry or row for each sample."""
    array = np.asarray(value)
    if array.ndim == 0 or len(array) != n_samples:
        raise error(ValueError, name, f"expected {n_samples} entries, one for each row of X, got {describe(array)}")
    return array


def needed(asks: str, needs: Iterable[str], X: Any, y: Any) -> None:
    """Refuse to go without X or y where they are needed; `asks` says by what."""
    for name, value in (("X", X), ("y", y)):
        if name in needs and value is None:
            raise error(ValueError, name, f"expected data, which {asks} needs, got None")


def bools(name: str, value: Any, shape: tuple[int, ...]) -> Bools:
    """Return a C-contiguous bool array of exactly this shape."""
    array = np.asarray(value)
    if array.dtype != np.bool_:
        raise error(TypeError, name, f"expected an array of bool, got {describe(array)}")
    if array.shape != shape:
        raise error(ValueError, name, f"expected the shape {shape}, got {describe(array)}")
    return np.ascontiguousarray(array)


def flag(name: str, value: Any) -> bool:
    """Return a bool; nothing else is one."""
    if not isinstance(value, (bool, np.bool_)):
        raise error(TypeError, name, f"expected a bool, got {describe(value)}")
    return bool(value)


def floating(name: str, value: Any) -> np.dtype[Any]:
    """Return the dtype float32 or float64."""
    try:
        dtype = np.dtype(value)
    except TypeError:
        dtype = np.dtype(object)
    if value is None or dtype.name not in ("float32", "float64"):
        raise error(ValueError, name, f"expected float32 or float64, got {describe(value)}")
    return np.dtype(np.float32 if dtype.name == "float32" else np.float64)


def generator(name: str, value: Any) -> np.random.Generator:
    """Return a random generator: one that is given, one seeded by an integer, or for None one that nobody can repeat."""
    if isinstance(value, np.random.Generator):
        return value
    return np.random.default_rng(None if value is None else integer(name, value, minimum=0))


def integer(name: str, value: Any, *, minimum: int) -> int:
    """Return an int of at least `minimum`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise error(TypeError, name, f"expected an integer, got {describe(value)}")
    if value < minimum:
        raise error(ValueError, name, f"expected at least {minimum}, got {value}")
    return int(value)


def number(name: str, value: Any, low: float = -np.inf, high: float = np.inf) -> float:
    """Return a real number in [low, high]; NaN is outside of every range."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise error(TypeError, name, f"expected a number, got {describe(value)}")
    if not low <= float(value) <= high:
        bounds = "a number, not NaN" if (low, high) == (-np.inf, np.inf) else f"a number in [{low:g}, {high:g}]"
        raise error(ValueError, name, f"expected {bounds}, got {value!r}")
    return float(value)


def positive(name: str, value: Any) -> float:
    """Return a finite number above zero."""
    if not 0 < number(name, value) < np.inf:
        raise error(ValueError, name, f"expected a finite number above 0, got {value!r}")
    return float(value)


def put(frozen: object, **checked: object) -> None:
    """Set fields of a frozen dataclass to what their checks returned: plain numbers, where NumPy's scalars came."""
    for name, value in checked.items():
        object.__setattr__(frozen, name, value)


def one_of(name: str, value: Any, options: Iterable[str]) -> str:
    """Return `value` if it is one of the names."""
    names = sorted(options)
    if not isinstance(value, str):
        raise error(TypeError, name, f"expected one of {', '.join(names)}, got {describe(value)}")
    if value not in names:
        raise error(ValueError, name, f"expected one of {', '.join(names)}, got {value!r}")
    return value


def look_up(name: str, key: Any, registry: Mapping[str, _Value]) -> _Value:
    """Return the entry of a registry; the error lists the names there are."""
    return registry[one_of(name, key, registry)]


def exactly_one(**targets: object) -> str:
    """Return the name of the one target that is not None."""
    given = [name for name, value in targets.items() if value is not None]
    if len(given) != 1:
        got = " and ".join(given) or "none"
        raise error(ValueError, next(iter(targets)), f"expected exactly one of {', '.join(targets)}, got {got}")
    return given[0]
