"""Layer: what a network is made of."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus._base import Floats, check
from prunus.network.functions import ACTIVATIONS


def read_only(array: Any) -> Any:
    """Mark an array that nobody else holds as read-only."""
    array.flags.writeable = False
    return array


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Layer:
    """One layer: ``activation(x @ weight.T + bias)``.

    Parameters
    ----------
    weight : array_like of shape (n_out, n_in)
        float32 stays float32, every other real type becomes float64. Copied; -0, which multiplying by a mask leaves behind,
        becomes +0.
    bias : array_like of shape (n_out,), optional
        Zeros if None. Takes the weight's dtype.
    activation : str, default "identity"
        identity, relu, tanh, sigmoid, gelu (exact), gelu_tanh, silu or leaky_relu.
    negative_slope : float, default 0.01
        Of leaky_relu.

    Raises
    ------
    TypeError
        If an array is not of a real type.
    ValueError
        If a shape does not fit, an array is empty, or a number is NaN or infinite.

    Examples
    --------
    >>> layer = prunus.Layer([[1.0, 0.0], [0.5, -2.0]], activation="relu")
    >>> layer.n_out, layer.n_in
    (2, 2)
    """

    __slots__ = ("activation", "bias", "negative_slope", "weight")
    weight: Floats
    bias: Floats
    activation: str
    negative_slope: float

    def __init__(
        self,
        weight: npt.ArrayLike,
        bias: npt.ArrayLike | None = None,
        activation: str = "identity",
        *,
        negative_slope: float = 0.01,
    ) -> None:
        w = check.float_array("weight", weight, ndim=2)
        check.not_empty("weight", w)
        with np.errstate(over="ignore"):  # what is too large for the weight's dtype is refused by name
            b = np.zeros(len(w), w.dtype) if bias is None else check.float_array("bias", bias, ndim=1, dtype=w.dtype)
        if len(b) != len(w):
            raise check.error(
                ValueError, "bias", f"expected {len(w)} entries, one for each row of weight, got {len(b)}"
            )
        check.put(
            self,
            weight=read_only(check.finite("weight", w + 0)),  # a copy; -0 + 0 is +0 (IEEE 754, 6.3)
            bias=read_only(check.finite("bias", b + 0)),
            activation=check.one_of("activation", activation, ACTIVATIONS),
            negative_slope=check.number("negative_slope", negative_slope, -1e6, 1e6),
        )

    @property
    def n_in(self) -> int:
        """Number of inputs."""
        return int(self.weight.shape[1])

    @property
    def n_out(self) -> int:
        """Number of outputs (neurons)."""
        return int(self.weight.shape[0])

    def replace(self, weight: npt.ArrayLike, bias: npt.ArrayLike | None = None) -> Layer:
        """Return a layer with this weight, and this bias unless it is None, and otherwise like this one."""
        bias = self.bias if bias is None else bias
        return Layer(weight, bias, self.activation, negative_slope=self.negative_slope)

    def __reduce__(self) -> tuple[Any, ...]:
        make = functools.partial(Layer, negative_slope=self.negative_slope)
        return make, (self.weight, self.bias, self.activation)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Layer):
            return NotImplemented
        return (
            (self.activation, self.negative_slope) == (other.activation, other.negative_slope)
            and same(self.weight, other.weight)
            and same(self.bias, other.bias)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Layer({self.n_in} -> {self.n_out}, {self.activation}, {self.weight.dtype})"


def same(a: npt.NDArray[Any] | None, b: npt.NDArray[Any] | None) -> bool:
    """Whether two arrays, or Nones, are equal in dtype, shape and every element."""
    if a is None or b is None:
        return a is b
    return a.dtype == b.dtype and a.shape == b.shape and bool((a == b).all())
