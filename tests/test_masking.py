"""Every pattern and allocation: exact counts, ties, nesting, what must stay, threads, and what is left of the network."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import prunus
import reference
from prunus.data.scaling import Scaling
from prunus.masking import pattern_of
from prunus.masking.removable import apportion
from prunus.network.functions import ACTIVATIONS
from strategies import dtypes, seeds

# Every pattern of the registry, those with parameters several times.
VARIANTS = {"n:m": ["2:4", "1:3", "4:4"], "block:RxC": ["block:4x1", "block:1x4", "block:2x3"]}
PATTERNS = [name for kind in prunus.patterns() for name in VARIANTS.get(kind, [kind])]
TARGETED = [name for name in PATTERNS if pattern_of(name).takes_target]
ALLOCATIONS = list(prunus.allocations())
SPARSITIES = (0, 0.1, 0.5, 0.77, 0.9, 1)


def scores_for(pattern: str, seed: int, dtype: Any, *, ties: bool = False) -> list[Any]:
    rng = np.random.default_rng(seed)
    shapes: list[Any] = [(7, 9), (4, 7), (5, 4)] if pattern_of(pattern).ndim == 2 else [(9,), (1,), (6,)]
    scores = [np.abs(rng.standard_normal(shape)).astype(dtype) for shape in shapes]
    return [np.round(s) for s in scores] if ties else scores


def unit_scores(pattern: str, scores: Any) -> list[Any]:
    kind: Any = pattern_of(pattern)
    if pattern.startswith("block"):
        return [reference.block_sums(s, kind.n_rows, kind.n_columns) for s in scores]
    return [kind.units(s, 1) for s in scores]


def units_of(pattern: str, masks: Any) -> list[Any]:
    """Whether each unit is kept, by what the masks say of its weights; they say one thing of each."""
    kept = [units > 0 for units in unit_scores(pattern, [m.astype(float) for m in masks])]
    gone = [units > 0 for units in unit_scores(pattern, [(~m).astype(float) for m in masks])]
    assert all((k != g).all() for k, g in zip(kept, gone, strict=True))
    return kept


@pytest.mark.parametrize("pattern", TARGETED)
@pytest.mark.parametrize("allocation", ALLOCATIONS)
@given(seed=seeds, dtype=dtypes, ties=st.booleans())
def test_sparsity(pattern: str, allocation: str, seed: int, dtype: Any, ties: bool) -> None:
    scores = scores_for(pattern, seed, dtype, ties=ties)
    of_units = unit_scores(pattern, scores)
    n = sum(s.size for s in of_units)
    before = None
    for sparsity in SPARSITIES:
        masks = prunus.mask(scores, sparsity=sparsity, pattern=pattern, allocation=allocation)
        assert [m.shape for m in masks] == [s.shape for s in scores]
        assert all(m.dtype == np.bool_ for m in masks)
        kept = units_of(pattern, masks)
        assert sum(int((~k).sum()) for k in kept) == round(sparsity * n)
        counts = reference.counts_of(allocation, of_units, round(sparsity * n))
        expected = [reference.mask_remove([s], k)[0] for s, k in zip(of_units, counts, strict=True)]
        assert all(map(np.array_equal, kept, expected))
        if before is not None:
            assert all((low <= high).all() for low, high in zip(masks, before, strict=True))  # nested
            again = prunus.mask(scores, sparsity=sparsity, pattern=pattern, allocation=allocation, within=before)
            if allocation not in ("lamp", "normalized"):  # those measure scores by what is there
                assert all(map(np.array_equal, masks, again))
        before = masks


@pytest.mark.parametrize("pattern", TARGETED)
@pytest.mark.parametrize("allocation", ALLOCATIONS)
@given(seed=seeds, dtype=dtypes, ties=st.booleans())
def test_threshold(pattern: str, allocation: str, seed: int, dtype: Any, ties: bool) -> None:
    scores = scores_for(pattern, seed, dtype, ties=ties)
    for threshold in (0.0, 0.5, float(scores[0].flat[1]), 1e300, -1e300, np.inf):
        masks = prunus.mask(scores, threshold=threshold, pattern=pattern, allocation=allocation)
        with np.errstate(over="ignore"):
            expected = reference.mask_threshold(unit_scores(pattern, scores), dtype(threshold))
        assert all(map(np.array_equal, units_of(pattern, masks), expected))


@pytest.mark.parametrize("pattern", [name for name in PATTERNS if name not in TARGETED])
@given(seed=seeds, dtype=dtypes, ties=st.booleans())
def test_pattern_without_target(pattern: str, seed: int, dtype: Any, ties: bool) -> None:
    scores = scores_for(pattern, seed, dtype, ties=ties)
    n, m = map(int, pattern.split(":"))
    masks = prunus.mask(scores, pattern=pattern)
    assert all(map(np.array_equal, masks, [reference.best_of_groups(s, n, m) for s in scores]))


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("allocation", ALLOCATIONS)
@given(seed=seeds, dtype=dtypes)
def test_what_must_stay_stays_and_what_has_gone_is_gone(pattern: str, allocation: str, seed: int, dtype: Any) -> None:
    scores = scores_for(pattern, seed, dtype)
    rng = np.random.default_rng(seed)
    target: dict[str, Any] = {"sparsity": 0.5} if pattern in TARGETED else {}
    keep = [rng.random(s.shape) < 0.02 for s in scores]
    if pattern not in TARGETED:  # no more than one of a group
        keep = [stay & (np.cumsum(stay, axis=-1) == 1) for stay in keep]
    within = [(rng.random(s.shape) < 0.7) | stay for s, stay in zip(scores, keep, strict=True)]
    masks = prunus.mask(scores, pattern=pattern, allocation=allocation, keep=keep, within=within, **target)
    for mask, stay, before in zip(masks, keep, within, strict=True):
        assert mask[stay].all()
        assert not mask[~before].any()
    n = sum(s.size for s in scores)
    if pattern in TARGETED and n == sum(
        s.size for s in unit_scores(pattern, scores)
    ):  # single weights, neurons, inputs
        assert sum(int((~m).sum()) for m in masks) == max(round(0.5 * n), sum(int((~b).sum()) for b in within))


@pytest.mark.parametrize("allocation", ALLOCATIONS)
@given(seed=seeds, dtype=dtypes, limits=st.tuples(*[st.floats(0.5, 1)] * 3))
def test_no_layer_loses_more_than_its_limit(allocation: str, seed: int, dtype: Any, limits: Any) -> None:
    scores = scores_for("weight", seed, dtype)
    scores[0] *= dtype(1e-3)  # all of it would go first
    most = [int(limit * s.size) for limit, s in zip(limits, scores, strict=True)]
    for sparsity in (0.4, sum(most) / 111):
        masks = prunus.mask(scores, sparsity=sparsity, allocation=allocation, max_layer_sparsity=limits)
        removed = [int((~m).sum()) for m in masks]
        assert sum(removed) == round(sparsity * 111)
        assert all(k <= limit * s.size + 1e-9 for k, limit, s in zip(removed, limits, scores, strict=True))
        expected = [reference.mask_remove([s], k)[0] for s, k in zip(scores, removed, strict=True)]
        assert all(map(np.array_equal, masks, expected))


@given(n=st.integers(0, 10_000), sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=6), seed=seeds)
def test_apportion(n: int, sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = [int(rng.integers(0, size + 1)) // 3 for size in sizes]
    high = [int(rng.integers(least, size + 1)) for least, size in zip(low, sizes, strict=True)]
    n = min(max(n, sum(low)), sum(high))
    result = apportion(n, sizes, low, high)
    assert sum(result) == n
    assert all(a <= share <= b for a, share, b in zip(low, result, high, strict=True))
    if n < sum(high):
        assert all(a <= b for a, b in zip(result, apportion(n + 1, sizes, low, high), strict=True))
    if n < 400:
        assert result == reference.webster(n, sizes, low, high)


@pytest.mark.parametrize("allocation", ALLOCATIONS)
@pytest.mark.parametrize("pattern", ["weight", "2:4", "block:4x1", "block:3x2"])
def test_masks_are_the_same_for_every_number_of_threads(
    pattern: str, allocation: str, digits_network: prunus.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = prunus.importance(digits_network)
    results = []
    for threads in ("1", "2", "7"):
        monkeypatch.setenv("PRUNUS_NUM_THREADS", threads)
        target: dict[str, Any] = {} if pattern == "2:4" else {"sparsity": 0.9}
        results.append(prunus.mask(scores, pattern=pattern, allocation=allocation, **target))
    assert all(np.array_equal(a, b) and np.array_equal(a, c) for a, b, c in zip(*results, strict=True))


def test_scores_of_several_types_are_compared_as_numbers() -> None:
    masks = prunus.mask([[[3, 1]], np.array([[2.5]], np.float32), np.array([[2.75]])], sparsity=0.5)
    assert [m.tolist() for m in masks] == [[[True, False]], [[False]], [[True]]]


def keep_some(network: prunus.Network, pattern: str, rng: np.random.Generator, share: float) -> tuple[Any, ...]:
    kind = pattern_of(pattern)
    masks = []
    for i, layer in enumerate(network.layers):
        shape = {"weight": layer.weight.shape, "neuron": (layer.n_out,), "input": (layer.n_in,)}[kind.unit]
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
    result = prunus.apply_masks(network, masks, pattern=pattern)
    X = rng.standard_normal((11, 6))
    kind = pattern_of(pattern)
    expected, bound = reference.forward(reference.masked_layers(layers, masks, kind.unit), X, np.float64)
    # the removed terms are summed first and rounded once more
    assert np.all(np.abs(result.forward(X) - expected) <= 2 * bound)
    assert result.n_in == network.n_in
    kept = [int(np.count_nonzero(m)) for m in kind.kept(network, masks)]
    if not kind.shrinks:
        assert kept == [int(m.sum()) for m in masks]
    elif kind.unit == "neuron" and all(m.any() for m in masks):
        assert [layer.n_out for layer in result.layers] == [int(m.sum()) for m in masks]
        assert kept == [layer.weight.size for layer in result.layers]
    elif kind.unit == "input":
        assert result.layers[0].n_in == max(int(masks[0].sum()), 1)


def test_removed_inputs_are_taken_for_their_means(rng: np.random.Generator) -> None:
    trained = prunus.Network([prunus.Layer(rng.standard_normal((4, 6)), rng.standard_normal(4), "tanh")])
    scaling = Scaling(rng.standard_normal(6), rng.random(6) + 0.5)
    network = prunus.Network(trained.layers, scaling=scaling).refolded(trained)
    kept = np.array([True, False, True, True, False, False])
    small = prunus.apply_masks(network, [kept], pattern="input")
    smaller = prunus.apply_masks(small, [np.array([False, True, True])], pattern="input")
    X = rng.standard_normal((5, 6))
    for result, read in ((small, kept), (smaller, np.isin(np.arange(6), (2, 3)))):
        expected = network.forward(np.where(read, X, scaling.shift))
        bound = network.error_bound(np.abs(X) + np.abs(scaling.shift)) * 4  # folding rounds weights and biases
        assert np.all(np.abs(result.forward(X) - expected) <= bound)
        assert result.inputs is not None
        assert np.array_equal(result.inputs, read)


def test_permuting_neurons_permutes_masks(digits_network: prunus.Network, rng: np.random.Generator) -> None:
    order = rng.permutation(digits_network.layers[0].n_out)
    first, second, *rest = digits_network.layers
    permuted = digits_network.replace(
        [first.replace(first.weight[order], first.bias[order]), second.replace(second.weight[:, order]), *rest]
    )
    for allocation in ALLOCATIONS:
        masks = prunus.mask(prunus.importance(digits_network), sparsity=0.8, allocation=allocation)
        others = prunus.mask(prunus.importance(permuted), sparsity=0.8, allocation=allocation)
        assert np.array_equal(others[0], masks[0][order])
        assert np.array_equal(others[1], masks[1][:, order])
