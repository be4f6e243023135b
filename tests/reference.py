"""A readable float64 version of every operation, written from its definition; nothing here is fast."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]

# Activations ------------------------------------------------------------------------------------------------------------


def _each(function: Callable[[float], float]) -> Callable[[Array], Array]:
    return lambda z: np.array([function(float(v)) for v in z.ravel()]).reshape(z.shape)


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z > -700 else 0.0


def _gelu_tanh(z: float) -> float:
    return 0.5 * z * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))


def activation(name: str, z: Array, negative_slope: float = 0.01) -> Array:
    functions: dict[str, Callable[[float], float]] = {
        "identity": lambda v: v,
        "relu": lambda v: max(v, 0.0),
        "tanh": math.tanh,
        "sigmoid": _sigmoid,
        "gelu": lambda v: 0.5 * v * (1 + math.erf(v / math.sqrt(2))),
        "gelu_tanh": _gelu_tanh,
        "silu": lambda v: v * _sigmoid(v),
        "leaky_relu": lambda v: v if v > 0 else v * negative_slope,
    }
    return _each(functions[name])(np.asarray(z, dtype=np.float64))


# The steepest slope of each, and how many units in the last place of max(|z|, 1) it may itself be wrong by (times
# that slope, where it is above 1).
STEEPEST = {
    "identity": 1.0,
    "relu": 1.0,
    "tanh": 1.0,
    "sigmoid": 0.25,
    "gelu": 1.13,
    "gelu_tanh": 1.13,
    "silu": 1.1,
    "leaky_relu": 1.0,
}
OWN_ULPS = {name: {"identity": 0, "relu": 0, "leaky_relu": 1}.get(name, 4) for name in STEEPEST}


def forward(layers: Sequence[Any], X: Array, dtype: npt.DTypeLike) -> tuple[Array, Array]:
    """Output of the layers in float64, and a bound of the error of computing it in `dtype`.

    A sum of n products and a bias in any order, fused or not, is wrong by at most (n + 1) u / (1 - (n + 1) u) times the sum
    of the terms' absolute values, u = eps / 2 (N. Higham, "Accuracy and stability of numerical algorithms", 2002, chapter 3);
    (n + 2) eps is more than that. Zeros add no error. What the inputs are wrong by comes on top, times |W|.
    """
    eps = float(np.finfo(np.dtype(dtype)).eps)
    x = np.asarray(X, dtype=np.float64)
    error = np.zeros_like(x)
    for layer in layers:
        w, b = layer.weight.astype(np.float64), layer.bias.astype(np.float64)
        terms = (np.abs(x) + error) @ np.abs(w).T + np.abs(b)
        z = x @ w.T + b
        error = error @ np.abs(w).T + ((w != 0).sum(axis=1) + 2) * eps * terms
        slope = max(STEEPEST[layer.activation], abs(layer.negative_slope) if layer.activation == "leaky_relu" else 0)
        error = slope * error + max(slope, 1) * OWN_ULPS[layer.activation] * eps * np.maximum(np.abs(z), 1)
        x = activation(layer.activation, z, layer.negative_slope)
    return x, error


# Losses -----------------------------------------------------------------------------------------------------------------


def loss(output: str, raw: Array, target: Array, sample_weight: Array) -> float:
    """Weighted mean over the samples, from the definitions."""
    total = 0.0
    for row, t, share in zip(raw, target, sample_weight / sample_weight.sum(), strict=True):
        if output == "identity":
            value = float(np.mean((row - t) ** 2))
        elif output == "softmax":
            value = -float(np.log(np.exp(row - row.max())[t == 1].sum() / np.exp(row - row.max()).sum()))
        else:
            p = 1 / (1 + np.exp(-row))
            value = -float((t * np.log(p) + (1 - t) * np.log(1 - p)).sum())
        total += share * value
    return total


# Scores -----------------------------------------------------------------------------------------------------------------


def numerical_gradient(function: Callable[[Array], float], w: Array, step: float = 1e-6) -> Array:
    """Central differences, one entry after the other."""
    gradient = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += step
        down[i] -= step
        gradient[i] = (function(up) - function(down)) / (2 * step)
    return gradient


def eliminated(gram: Array, w: Array, width: int = 1) -> Array:
    """Return by how much (v - w)' G (v - w), at the best v on what is left, rises when each weight goes that costs least then.

    Or what one before it cost, where that is more. `w` is one row, or several that lose the same columns, `width` neighbours at
    once: then the sum over them.
    """
    rows = np.atleast_2d(w)

    def loss(there: list[int]) -> float:
        v = np.zeros(rows.shape)
        if there:
            v[:, there] = np.linalg.solve(gram[np.ix_(there, there)], gram[there] @ rows.T).T
        return float(np.sum(((v - rows) @ gram) * (v - rows)))

    there, cost = [int(j) for j in np.flatnonzero(rows.any(axis=0))], np.zeros(len(gram))
    before = highest = 0.0
    while there:
        groups = sorted({j // width for j in there})
        losses = [loss([k for k in there if k // width != group]) for group in groups]
        best = int(np.argmin(losses))
        gone = [k for k in there if k // width == groups[best]]
        cost[gone] = highest = max(losses[best] - before, highest)
        before = losses[best]
        there = [k for k in there if k not in gone]
    return cost


def exchanged(scores: Array, costs: Array) -> Array:
    """Return for the lowest score of each row its lowest cost, for the next the next; of equal scores the last is lowest."""
    found = np.zeros(costs.shape)
    for r, row in enumerate(scores):
        order = sorted(range(len(row)), key=lambda j: (row[j], -j))
        found[r, order] = sorted(costs[r])
    return found


def magnitude(w: Array) -> Array:
    return np.abs(w)


def column_dot(a: Array, b: Array, absolute: bool) -> Array:
    products = a.astype(np.float64) * b.astype(np.float64)
    return np.array([math.fsum(np.abs(c) if absolute else c) for c in products.T])


# Masks ------------------------------------------------------------------------------------------------------------------


def mask_threshold(scores: Sequence[Array], threshold: float) -> list[Bools]:
    return [~(s < threshold) for s in scores]


def mask_remove(scores: Sequence[Array], n_remove: int) -> list[Bools]:
    """Sort by score, and among equal scores the later position first; remove from the front."""
    flat = [(float(v), -layer, -i) for layer, s in enumerate(scores) for i, v in enumerate(s.ravel())]
    masks = [np.ones(s.shape, np.bool_) for s in scores]
    for _, layer, i in sorted(flat)[:n_remove]:
        masks[-layer].flat[-i] = False
    return masks


def webster(n: int, weights: Sequence[int], low: Sequence[int], high: Sequence[int]) -> list[int]:
    """One after the other goes where (2 * share + 1) / weight is lowest, the earlier of equals first."""
    shares = list(low)
    for _ in range(n - sum(low)):
        some_left = [i for i, share in enumerate(shares) if share < high[i]]
        shares[min(some_left, key=lambda i: (Fraction(2 * shares[i] + 1, weights[i]), i))] += 1
    return shares


def lamp(score: Array) -> Array:
    """score**2 over the sum of the squares of those that stand no lower in order, the later of equal ones lower."""
    squares = np.maximum(score.astype(np.float64), 0).ravel() ** 2
    order = sorted(range(score.size), key=lambda i: (float(score.flat[i]), -i))
    result = np.zeros(score.size)
    for place, i in enumerate(order):
        left = math.fsum(squares[order[place:]])
        result[i] = squares[i] / left if left else 0
    return result.reshape(score.shape)


def normalized(score: Array) -> Array:
    exact = score.astype(np.float64)
    largest = float(np.abs(exact).max())
    return exact / (largest * math.sqrt(np.mean((exact.ravel() / largest) ** 2))) if largest else exact


def counts_of(allocation: str, scores: Sequence[Array], n_remove: int) -> list[int]:
    """How many units each layer loses."""
    sizes, none = [s.size for s in scores], [0] * len(scores)
    if allocation == "uniform":
        return webster(n_remove, sizes, none, sizes)
    if allocation == "erk":
        kept = webster(sum(sizes) - n_remove, [sum(s.shape) for s in scores], none, sizes)
        return [size - k for size, k in zip(sizes, kept, strict=True)]
    by = {"global": lambda s: s, "loss": lambda s: s, "lamp": lamp, "normalized": normalized}[allocation]
    return [int((~mask).sum()) for mask in mask_remove([by(s) for s in scores], n_remove)]


def block_sums(score: Array, rows: int, columns: int) -> Array:
    return np.array(
        [
            [
                sum(
                    float(score[i : i + rows, c].astype(np.float64).sum())
                    for c in range(j, min(j + columns, score.shape[1]))
                )
                for j in range(0, score.shape[1], columns)
            ]
            for i in range(0, score.shape[0], rows)
        ]
    ).astype(score.dtype)


def best_of_groups(score: Array, n: int, m: int) -> Bools:
    mask = np.zeros(score.shape, np.bool_)
    for r in range(score.shape[0]):
        for begin in range(0, score.shape[1], m):
            group = range(begin, min(begin + m, score.shape[1]))
            for c in sorted(group, key=lambda c: (-float(score[r, c]), c))[:n]:
                mask[r, c] = True
    return mask


# Packed weights ---------------------------------------------------------------------------------------------------------


def csr(w: Array, mask: Bools | None) -> tuple[list[int], list[int], list[float]]:
    starts, columns, values = [0], [], []
    for r in range(w.shape[0]):
        for c in range(w.shape[1]):
            if w[r, c] != 0 and (mask is None or mask[r, c]):
                columns.append(c)
                values.append(float(w[r, c]))
        starts.append(len(columns))
    return starts, columns, values


# Patterns ---------------------------------------------------------------------------------------------------------------


def masked_layers(layers: Sequence[Any], masks: Sequence[Bools], unit: str) -> list[Any]:
    """The layers with what is removed set to zero: single weights, rows of neurons, or columns of inputs."""
    places: dict[str, Any] = {"weight": ..., "neuron": (slice(None), None), "input": None}
    place = places[unit]
    return [layer.replace(np.where(mask[place], layer.weight, 0)) for layer, mask in zip(layers, masks, strict=True)]
