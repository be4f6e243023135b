"""Every pattern and allocation: exact counts, ties, nesting, threads, and what is left of the network."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import prunus
import reference
from prunus._functions import ACTIVATIONS
from prunus.masking.allocations import shares
from strategies import dtypes, seeds

PATTERNS, ALLOCATIONS = list(prunus.patterns()), list(prunus.allocations())
SPARSITIES = (0, 0.1, 0.5, 0.77, 0.9, 1)


def scores_for(pattern: str, seed: int, dtype: Any, *, ties: bool = False) -> list[Any]:
    rng = np.random.default_rng(seed)
    shapes: list[Any] = [(7, 9), (1, 7), (5, 1)] if prunus.patterns()[pattern].ndim == 2 else [(9,), (1,), (6,)]
    scores = [np.abs(rng.standard_normal(shape)).astype(dtype) for shape in shapes]
    return [np.round(s) for s in scores] if ties else scores


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("allocation", ALLOCATIONS)
@given(seed=seeds, dtype=dtypes, ties=st.booleans())
def test_sparsity(pattern: str, allocation: str, seed: int, dtype: Any, ties: bool) -> None:
    scores = scores_for(pattern, seed, dtype, ties=ties)
    n = sum(s.size for s in scores)
    before = None
    for sparsity in SPARSITIES:
        masks = prunus.mask(scores, sparsity=sparsity, pattern=pattern, allocation=allocation)
        assert sum(int((~m).sum()) for m in masks) == round(sparsity * n)
        assert [m.shape for m in masks] == [s.shape for s in scores]
        assert all(m.dtype == np.bool_ for m in masks)
        if allocation == "global":
            expected = reference.mask_remove(scores, round(sparsity * n))
        else:
            counts = reference.uniform_shares(round(sparsity * n), [s.size for s in scores])
            expected = [reference.mask_remove([s], k)[0] for s, k in zip(scores, counts, strict=True)]
        assert all(map(np.array_equal, masks, expected))
        if before is not None and allocation == "global":
            assert all((low <= high).all() for low, high in zip(masks, before, strict=True))  # nested
        before = masks


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("allocation", ALLOCATIONS)
@given(seed=seeds, dtype=dtypes, ties=st.booleans())
def test_threshold(pattern: str, allocation: str, seed: int, dtype: Any, ties: bool) -> None:
    scores = scores_for(pattern, seed, dtype, ties=ties)
    for threshold in (0.0, 0.5, float(scores[0].flat[1]), 1e300, -1e300, np.inf):
        masks = prunus.mask(scores, threshold=threshold, pattern=pattern, allocation=allocation)
        with np.errstate(over="ignore"):
            expected = reference.mask_threshold(scores, dtype(threshold))
        assert all(map(np.array_equal, masks, expected))


@given(n=st.integers(0, 10_000), sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=6))
def test_shares_add_up(n: int, sizes: list[int]) -> None:
    n = min(n, sum(sizes))
    result = shares(n, sizes)
    assert sum(result) == n
    assert all(abs(share - n * size / sum(sizes)) < 1 for share, size in zip(result, sizes, strict=True))
    assert all(0 <= share <= size for share, size in zip(result, sizes, strict=True))


def test_masks_are_the_same_for_every_number_of_threads(
    digits_network: prunus.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = prunus.importance(digits_network)
    results = []
    for threads in ("1", "2", "7"):
        monkeypatch.setenv("PRUNUS_NUM_THREADS", threads)
        results.append(prunus.mask(scores, sparsity=0.9))
    assert all(np.array_equal(a, b) and np.array_equal(a, c) for a, b, c in zip(*results, strict=True))


def test_scores_of_several_types_are_compared_as_numbers() -> None:
    masks = prunus.mask([[[3, 1]], np.array([[2.5]], np.float32), np.array([[2.75]])], sparsity=0.5)
    assert [m.tolist() for m in masks] == [[[True, False]], [[False]], [[True]]]


def keep_some(network: prunus.Network, pattern: str, rng: np.random.Generator, share: float) -> tuple[Any, ...]:
    kind = prunus.patterns()[pattern]
    masks = []
    for i, layer in enumerate(network.layers):
        shape = layer.weight.shape if kind.ndim == 2 else (layer.n_out,)
        masks.append(rng.random(shape) < share if i in kind.prunable(network) else np.ones(shape, np.bool_))
    return tuple(masks)


@pytest.mark.parametrize("share", [1.0, 0.6, 0.2, 0.0])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_apply_computes_what_the_masked_network_does(
    pattern: str, activation: str, share: float, rng: np.random.Generator
) -> None:
    widths = [6, 9, 8, 7, 3]
    layers = [
        prunus.Layer(rng.standard_normal((n_out, n_in)), rng.standard_normal(n_out), activation, negative_slope=0.3)
        for n_in, n_out in itertools.pairwise(widths)
    ]
    dead = layers[1].weight.copy()
    dead[2] = 0  # a neuron that was constant already
    layers[1] = layers[1].replace(dead)
    network = prunus.Network(layers)
    masks = keep_some(network, pattern, rng, share)
    result = prunus.patterns()[pattern].apply(network, masks)
    X = rng.standard_normal((11, 6))
    masked = reference.masked_layers(layers, masks)
    expected, bound = reference.forward(masked, X, np.float64)
    # the removed terms are summed first and rounded once more
    assert np.all(np.abs(result.forward(X) - expected) <= 2 * bound)
    kept = prunus.patterns()[pattern].kept_weights(network, masks)
    if pattern == "weight":
        assert kept == [int(m.sum()) for m in masks]
    elif all(m.any() for m in masks):
        assert [layer.n_out for layer in result.layers] == [int(m.sum()) for m in masks]
        assert kept == [layer.weight.size for layer in result.layers]


def test_permuting_neurons_permutes_masks(digits_network: prunus.Network, rng: np.random.Generator) -> None:
    order = rng.permutation(digits_network.layers[0].n_out)
    first, second, *rest = digits_network.layers
    permuted = digits_network.replace(
        [first.replace(first.weight[order], first.bias[order]), second.replace(second.weight[:, order]), *rest]
    )
    masks = prunus.mask(prunus.importance(digits_network), sparsity=0.8)
    others = prunus.mask(prunus.importance(permuted), sparsity=0.8)
    assert np.array_equal(others[0], masks[0][order])
    assert np.array_equal(others[1], masks[1][:, order])
