"""Activations, and what becomes of a network's raw output: probabilities and losses. Plain NumPy, any floating dtype."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from prunus import _core
from prunus._base import Floats


def sigmoid(z: Floats) -> Floats:
    """1 / (1 + exp(-z)), by an exponential of negative numbers only."""
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z < 0, e, 1) / (1 + e))


def _normal_cdf(z: Floats) -> Floats:
    # erfc, since 1 + erf cancels for negative z
    return _core.erfc(np.ascontiguousarray(-z / np.sqrt(2), dtype=np.float64), 1).astype(z.dtype) / 2


def _normal_pdf(z: Floats) -> Floats:
    return np.exp(-(z**2) / 2) / z.dtype.type(np.sqrt(2 * np.pi))


_GELU_SLOPE = float(np.sqrt(2 / np.pi))
_GELU_CUBIC = 0.044715  # Hendrycks and Gimpel, "Gaussian error linear units", 2016


def _gelu_tanh_inner(z: Floats) -> Floats:
    return np.tanh(_GELU_SLOPE * (z + _GELU_CUBIC * z**3))


def _gelu_tanh_slope(z: Floats, o: Floats, negative_slope: float) -> Floats:
    t = _gelu_tanh_inner(z)
    return (1 + t) / 2 + z / 2 * (1 - t**2) * _GELU_SLOPE * (1 + 3 * _GELU_CUBIC * z**2)


def _silu_slope(z: Floats, o: Floats, negative_slope: float) -> Floats:
    s = sigmoid(z)
    return s + o * (1 - s)


class Activation(NamedTuple):
    """An activation, its derivative, and what it does to errors."""

    value: Callable[[Floats, float], Floats]  # of z and negative_slope
    slope: Callable[
        [Floats, Floats, float], Floats
    ]  # d value / d z, of z, value and negative_slope; at a kink from the left
    steepest: float = 1.0  # a bound of |slope|
    own_error: float = 0.0  # how far value may be off, in units of eps * max(|z|, 1) * max(steepest, 1)


# In the order of the enum in csrc/formats.h.
ACTIVATIONS: Mapping[str, Activation] = {
    "identity": Activation(lambda z, _: z, lambda z, o, _: np.ones_like(z)),
    "relu": Activation(lambda z, _: np.maximum(z, 0), lambda z, o, _: (z > 0).astype(z.dtype)),
    "tanh": Activation(lambda z, _: np.tanh(z), lambda z, o, _: 1 - o**2, 1.0, 4.0),
    "sigmoid": Activation(lambda z, _: sigmoid(z), lambda z, o, _: o * (1 - o), 0.25, 4.0),
    "gelu": Activation(lambda z, _: z * _normal_cdf(z), lambda z, o, _: _normal_cdf(z) + z * _normal_pdf(z), 1.13, 4.0),
    "gelu_tanh": Activation(lambda z, _: z / 2 * (1 + _gelu_tanh_inner(z)), _gelu_tanh_slope, 1.13, 4.0),
    "silu": Activation(lambda z, _: z * sigmoid(z), _silu_slope, 1.1, 4.0),
    "leaky_relu": Activation(
        lambda z, a: np.where(z > 0, z, z * z.dtype.type(a)),
        lambda z, o, a: np.where(z > 0, 1, a).astype(z.dtype),
        1.0,
        1.0,
    ),
}
ACTIVATION_NUMBER = {name: number for number, name in enumerate(ACTIVATIONS)}


def _softmax(raw: Floats) -> Floats:
    e = np.exp(raw - raw.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]


def _one_versus_rest(raw: Floats) -> Floats:
    p = sigmoid(raw)
    total = p.sum(axis=1, keepdims=True)
    # Where every class says no to the last bit, all are as likely as each other (scikit-learn divides 0 by 0 there).
    return np.divide(p, total, out=np.full_like(p, 1 / p.shape[1]), where=total > 0)  # type: ignore[no-any-return]


def _cross_entropy(raw: Floats, target: Floats) -> Floats:
    shifted = raw - raw.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - (shifted * target).sum(axis=1)  # type: ignore[no-any-return]


def _binary_cross_entropy(raw: Floats, target: Floats) -> Floats:
    # log(1 + exp(raw)) - raw * target, without overflow
    return (np.maximum(raw, 0) - raw * target + np.log1p(np.exp(-np.abs(raw)))).sum(axis=1)  # type: ignore[no-any-return]


def _bernoulli_root(raw: Floats, mix: Floats) -> Floats:
    p = sigmoid(raw)
    return mix * np.sqrt(p * (1 - p))


def _softmax_root(raw: Floats, mix: Floats) -> Floats:
    p = _softmax(raw)
    mixed = mix * np.sqrt(p)
    return mixed - mixed.sum(axis=1, keepdims=True) * p  # type: ignore[no-any-return]


def _softmax_curved(raw: Floats, change: Floats) -> Floats:
    p = _softmax(raw)
    moved = p * change
    return moved - p * moved.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]


def _bernoulli_curved(raw: Floats, change: Floats) -> Floats:
    p = sigmoid(raw)
    return p * (1 - p) * change


class Output(NamedTuple):
    """What the raw output means: its link, the loss of each sample, d loss / d raw, and the second derivative.

    With H the second derivative of a sample's loss by its raw output, `curved` of (raw, change) is H change; with R a matrix
    whose R R' is H, the root of (raw, mix) is R mix. `target` is what the loss is least for, where raw outputs are wanted.
    """

    link: Callable[[Floats], Floats]
    loss: Callable[[Floats, Floats], Floats]
    gradient: Callable[[Floats, Floats], Floats]
    root: Callable[[Floats, Floats], Floats]
    curved: Callable[[Floats, Floats], Floats]
    target: Callable[[Floats], Floats]


def _bernoulli(link: Callable[[Floats], Floats]) -> Output:
    """Return an output whose loss is that of a label of its own for each."""
    return Output(
        link,
        _binary_cross_entropy,
        lambda raw, target: sigmoid(raw) - target,
        _bernoulli_root,
        _bernoulli_curved,
        sigmoid,
    )


OUTPUTS: Mapping[str, Output] = {
    "identity": Output(
        lambda raw: raw,
        lambda raw, target: ((raw - target) ** 2).mean(axis=1),
        lambda raw, target: 2 / raw.dtype.type(raw.shape[1]) * (raw - target),
        lambda raw, mix: np.broadcast_to(mix * np.sqrt(2 / len(mix)), raw.shape),
        lambda raw, change: 2 / raw.dtype.type(raw.shape[1]) * change,
        lambda raw: raw,
    ),
    "sigmoid": _bernoulli(sigmoid),
    "softmax": Output(
        _softmax,
        _cross_entropy,
        lambda raw, target: _softmax(raw) - target,
        _softmax_root,
        _softmax_curved,
        _softmax,
    ),
    "ovr": _bernoulli(_one_versus_rest),
}
