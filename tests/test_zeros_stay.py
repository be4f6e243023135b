"""Zeros that a model comes with stay zero while what is left of it is trained or refitted, and the report says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Lasso

import prunus
from prunus.scheduling import Iterative


def masked(network: prunus.Network, rng: np.random.Generator) -> tuple[prunus.Network, list[Any]]:
    """The network with 74 % of its weights multiplied by zero, as other libraries do it."""
    masks = [rng.random(layer.weight.shape) < 0.26 for layer in network.layers]
    layers = [layer.replace(layer.weight * mask) for layer, mask in zip(network.layers, masks, strict=True)]
    return network.replace(layers), masks


@pytest.mark.parametrize(
    "options",
    [
        {"sparsity": 0.5, "fine_tune": 2},
        {"sparsity": 0.0, "fine_tune": 1},
        {"sparsity": 0.5, "schedule": Iterative(2, fine_tune=1)},
        {"sparsity": 0.9, "fine_tune": 1},
        {"pattern": "2:4", "fine_tune": 1},
        {"pattern": "block:4x1", "sparsity": 0.3, "fine_tune": 1},
    ],
)
def test_training_leaves_them(
    options: Any, digits: Any, digits_network: prunus.Network, rng: np.random.Generator
) -> None:
    network, masks = masked(digits_network, rng)
    pruned = prunus.prune(network, *digits, random_state=0, **options)
    for layer, before, kept in zip(pruned.network.layers, masks, pruned.masks, strict=True):
        assert not layer.weight[~before].any()
        assert not layer.weight[~kept].any()
    zeros = sum(int((kept & ~before).sum()) for kept, before in zip(pruned.masks, masks, strict=True))
    told = [note for note in pruned.report["notes"] if "zero before" in note]
    assert bool(told) == (zeros > 0)
    assert all(note.startswith(f"{zeros} weights that stay were zero before, and are still") for note in told)


@pytest.mark.parametrize("pattern", ["neuron", "input"])
def test_so_it_does_where_matrices_get_smaller(
    pattern: str, digits: Any, digits_network: prunus.Network, rng: np.random.Generator
) -> None:
    network, masks = masked(digits_network, rng)
    pruned = prunus.prune(network, *digits, sparsity=0.3, pattern=pattern, fine_tune=1, random_state=0)
    rows = [*pruned.masks] if pattern == "neuron" else [np.ones(mask.shape[0], np.bool_) for mask in masks]
    columns = [pruned.masks[0]] if pattern == "input" else [np.ones(64, np.bool_)]
    columns += rows[:-1]
    for layer, before, row, column in zip(pruned.network.layers, masks, rows, columns, strict=True):
        assert not layer.weight[~before[row][:, column]].any()
    assert any("zero before" in note for note in pruned.report["notes"])


def test_refitting_leaves_them(rng: np.random.Generator) -> None:
    X = rng.standard_normal((100, 10))
    y = X[:, :3] @ [3.0, 2.0, 1.0] + rng.standard_normal(100)
    lasso = Lasso(alpha=0.3).fit(X, y)
    there = np.flatnonzero(lasso.coef_)
    assert 3 <= len(there) < 9
    pruned = prunus.prune(lasso, X, y, sparsity=0.1, criterion="obs")
    weight = pruned.network.layers[0].weight[0]
    assert np.array_equal(np.flatnonzero(weight), there)
    assert np.array_equal(weight[there], Lasso(alpha=0.3).fit(X[:, there], y).coef_)


def test_without_zeros_or_training_nothing_is_said(
    digits: Any, digits_network: prunus.Network, rng: np.random.Generator
) -> None:
    assert all(layer.weight.all() for layer in digits_network.layers)
    trained = prunus.prune(digits_network, *digits, sparsity=0.5, fine_tune=1, random_state=0)
    untrained = prunus.prune(masked(digits_network, rng)[0], *digits, sparsity=0.5, compensate="none")
    for pruned in (trained, untrained):
        assert not [note for note in pruned.report["notes"] if "were zero before" in note]
