"""Blocks, and n of m, in networks with a layer that is smaller than one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import prunus
import reference


def network(rng: np.random.Generator, *widths: int) -> prunus.Network:
    shapes = zip(widths[1:], widths[:-1], strict=True)
    layers = [prunus.Layer(rng.standard_normal(shape), rng.standard_normal(shape[0]), "relu") for shape in shapes]
    return prunus.Network([*layers[:-1], prunus.Layer(layers[-1].weight)])


SMALL: list[tuple[tuple[int, ...], str, list[int]]] = [
    ((8, 8, 1), "block:4x1", [1]),  # a regression of one output
    ((8, 8, 3), "block:4x1", [1]),
    ((3, 8, 8, 2), "block:4x4", [0, 2]),
    ((3, 8, 8, 2), "2:4", [0]),
    ((3, 2, 8), "2:4", [0, 1]),
    ((8, 8, 4), "block:4x1", []),
]


def of_layers(pruned: prunus.Pruned) -> list[str]:
    """The notes, but for that of files, which grow where the networks are as small as here."""
    return [note for note in pruned.report["notes"] if "the file grew" not in note]


@pytest.mark.parametrize(("widths", "pattern", "small"), SMALL)
def test_a_small_layer_stays_dense(
    widths: tuple[int, ...], pattern: str, small: list[int], rng: np.random.Generator
) -> None:
    model = network(rng, *widths)
    target: dict[str, Any] = {} if ":" in pattern and not pattern.startswith("block") else {"sparsity": 0.5}
    if len(small) == len(model.layers):
        with pytest.raises(ValueError, match=r"pattern: expected layers of at least .*; prune others alone \(layers\)"):
            prunus.prune(model, pattern=pattern, **target)
        return
    pruned = prunus.prune(model, pattern=pattern, allocation="auto", **target)
    rest = [i for i in range(len(model.layers)) if i not in small]
    named = prunus.prune(model, pattern=pattern, layers=rest, **target)
    assert all(map(np.array_equal, pruned.masks, named.masks))
    for i, (layer, before, mask) in enumerate(zip(pruned.network.layers, model.layers, pruned.masks, strict=True)):
        assert mask.all() == (i in small)
        assert np.array_equal(layer.weight, np.where(mask, before.weight, 0))
    if target and pattern == "block:4x1":
        blocks = [reference.block_sums(pruned.masks[i].astype(float), 4, 1) > 0 for i in rest]
        assert sum(int((~block).sum()) for block in blocks) == round(0.5 * sum(block.size for block in blocks))
    shapes = ["x".join(map(str, layer.weight.shape)) for layer in model.layers]
    expected = [f"layer {i} stays as it is: {shapes[i]} is too small for {pattern}" for i in small]
    assert of_layers(pruned) == expected
    assert of_layers(named) == []
    assert all(f"note: {note}" in str(pruned.report) for note in expected)
    for i in small:  # who names it is told that it cannot be
        with pytest.raises(ValueError, match="pattern: expected layers of at least"):
            prunus.prune(model, pattern=pattern, layers=[i], **target)
        with pytest.raises(ValueError, match="pattern: expected layers of at least"):
            prunus.prune(model, pattern=pattern, layers=[*rest, i], **target)


def test_a_limit_for_each_pruned_layer(rng: np.random.Generator) -> None:
    model = network(rng, 8, 16, 16, 1)
    pruned = prunus.prune(model, pattern="block:4x1", sparsity=0.5, max_layer_sparsity=[1, 0.25])
    assert int((~pruned.masks[1]).sum()) <= 0.25 * 256
