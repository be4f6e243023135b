"""What Hypothesis draws: shapes around the vector length, densities from 0 to 1, empty rows, empty batches."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from hypothesis import strategies as st

import prunus
from prunus import _core
from prunus.network.functions import ACTIVATIONS

DTYPES = (np.float32, np.float64)
_LANES = _core.lanes()[0]

# One, and one less, as many, and one more than fit one vector and a panel.
sizes = st.sampled_from(sorted({1, 2, 3, _LANES - 1, _LANES, _LANES + 1, 2 * _LANES, 33, 67}))
batches = st.sampled_from(sorted({0, 1, 2, _LANES - 1, _LANES, _LANES + 1, 8 * _LANES - 1, 8 * _LANES, 8 * _LANES + 1}))
densities = st.sampled_from([0.0, 0.02, 0.1, 0.5, 1.0])
dtypes = st.sampled_from(DTYPES)
seeds = st.integers(0, 2**32 - 1)


def spread(rng: np.random.Generator, n_out: int, n_in: int, density: float, dtype: Any) -> Any:
    """A matrix of that density."""
    return (rng.standard_normal((n_out, n_in)) * (rng.random((n_out, n_in)) < density)).astype(dtype)


def weights(rng: np.random.Generator, n_out: int, n_in: int, density: float, dtype: Any) -> Any:
    """A matrix of that density with some rows empty."""
    w = spread(rng, n_out, n_in, density, dtype)
    w[rng.random(n_out) < 0.2] = 0
    return w


@st.composite
def networks(draw: Any, output: str = "identity") -> prunus.Network:
    """One to three layers of any activation."""
    rng = np.random.default_rng(draw(seeds))
    dtype, density = draw(dtypes), draw(densities)
    widths = draw(st.lists(sizes, min_size=2, max_size=4))
    layers = []
    for n_in, n_out in itertools.pairwise(widths):
        w = weights(rng, n_out, n_in, density, dtype)
        b = rng.standard_normal(n_out).astype(dtype)
        layers.append(prunus.Layer(w, b, draw(st.sampled_from(list(ACTIVATIONS))), negative_slope=0.1))
    return prunus.Network(layers, output=output)


def options_of(name: str, network: prunus.Network) -> dict[str, Any]:
    """What a criterion cannot do without, but for X and y."""
    rng = np.random.default_rng(1)
    weights = [layer.weight for layer in network.layers]
    if name == "random":
        return {"random_state": 0}
    if name == "adam":
        return {"second_moment": [rng.random(w.shape) for w in weights]}
    if name == "movement":
        return {"history": [[w + rng.standard_normal(w.shape) for w in weights] for _ in range(3)]}
    return {}
