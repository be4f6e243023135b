"""What is pruned again counts from the original: sparsity, masks, what the report says was there before."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import prunus
from prunus.masking import pattern_of

PATTERNS = ["weight", "neuron", "input", "block:4x1", "2:4"]
TARGETED = PATTERNS[:-1]


def options_for(pattern: str, sparsity: float, **options: Any) -> dict[str, Any]:
    return {"pattern": pattern, **({"sparsity": sparsity} if pattern in TARGETED else {}), **options}


@pytest.fixture
def network(rng: np.random.Generator) -> prunus.Network:
    widths = (24, 40, 16, 8)
    layers = [
        prunus.Layer(rng.standard_normal((n_out, n_in)), rng.standard_normal(n_out), "sigmoid")
        for n_in, n_out in pairwise(widths)
    ]
    return prunus.Network([*layers[:-1], prunus.Layer(layers[-1].weight, layers[-1].bias)])


def shapes_of(pattern: str, network: prunus.Network) -> list[tuple[int, ...]]:
    shapes: list[Any] = [layer.weight.shape for layer in network.layers]
    unit = pattern_of(pattern).unit
    return shapes if unit == "weight" else [s[:1] if unit == "neuron" else s[1:] for s in shapes]


@pytest.mark.parametrize(("first", "second"), [*product(PATTERNS, PATTERNS)])
def test_twice(first: str, second: str, network: prunus.Network, rng: np.random.Generator, tmp_path: Path) -> None:
    X = rng.standard_normal((50, 24))
    once = prunus.prune(network, **options_for(first, 0.25))
    twice = prunus.prune(once, **options_for(second, 0.5))
    report = twice.report
    assert [mask.shape for mask in twice.masks] == shapes_of(second, network)
    assert report["weights"] == {
        "before": network.n_weights,
        "after": twice.network.n_nonzero,
    }  # none is zero by itself
    assert twice.sparsity == 1 - twice.network.n_nonzero / network.n_weights
    assert [row["shape"] for row in report["layers"]] == [list(layer.weight.shape) for layer in network.layers]
    assert [row["units"] for row in report["layers"]] == [mask.size for mask in twice.masks]
    assert [row["removed"] for row in report["layers"]] == [int((~mask).sum()) for mask in twice.masks]
    how = pattern_of(second)
    if second in ("weight", "neuron", "input"):
        masks = [twice.masks[i] for i in how.prunable(network)]
        assert sum(int((~mask).sum()) for mask in masks) == round(0.5 * sum(mask.size for mask in masks))
    if pattern_of(first).unit == how.unit:
        assert all((b <= a).all() for a, b in zip(once.masks, twice.masks, strict=True))
    # what the masks keep is what the network has, of the original's own numbers
    if how.unit == "weight":
        kept = [layer.weight[mask] for layer, mask in zip(network.layers, twice.masks, strict=True)]
        there = [layer.weight[layer.weight != 0] for layer in twice.network.layers]
        assert all(map(np.array_equal, kept, there))
    if second == "2:4":  # in the matrices that there are now, which an engine reads
        for layer in twice.network.layers:
            assert np.add.reduceat(layer.weight != 0, np.arange(0, layer.n_in, 4), axis=1).max() <= 2
    twice.save(tmp_path / "twice.safetensors")
    back = prunus.load(tmp_path / "twice.safetensors")
    assert isinstance(back, prunus.Pruned)
    assert (back.network, back.structure, back.report) == (twice.network, twice.structure, twice.report)
    assert np.all(np.abs(twice.engine(X) - twice.network.forward(X)) <= twice.network.error_bound(X))
    assert prunus.prune(back, **options_for(second, 0.5)).network == twice.network  # nothing more goes


@pytest.mark.parametrize("pattern", TARGETED)
def test_in_two_steps_as_in_one(pattern: str, network: prunus.Network) -> None:
    """By the sizes of weights, which pruning leaves as they are."""
    names = {"neuron": "weight_norm", "input": "input_norm"}
    options = {"criterion": names.get(pattern, "magnitude"), "allocation": "global"}
    if pattern == "neuron":  # of the second layer the norms change with the first
        options["layers"] = [0]  # type: ignore[assignment]
    whole = prunus.prune(network, **options_for(pattern, 0.6, **options))
    for steps in ([0.3, 0.6], [0.1, 0.2, 0.6]):
        model: Any = network
        for sparsity in steps:
            model = prunus.prune(model, **options_for(pattern, sparsity, **options))
        assert all(map(np.array_equal, model.masks, whole.masks))
        for layer, expected in zip(model.network.layers, whole.network.layers, strict=True):
            assert np.array_equal(layer.weight, expected.weight)
            # of what constants add, at most 40 terms below 5 in another order
            assert np.allclose(layer.bias, expected.bias, rtol=0, atol=40 * 5 * 40 * np.finfo(np.float64).eps)
        assert model.report["weights"] == whole.report["weights"]
        assert model.report["rounds"][-1]["removed"] == whole.report["rounds"][-1]["removed"]
    less = prunus.prune(whole, **options_for(pattern, 0.2, **options))
    assert less.network == whole.network
    assert "had been removed before, more than a sparsity of 0.2 asks for" in less.report["notes"][0]


@pytest.mark.parametrize("allocation", [name for name, kind in prunus.allocations().items() if not kind.by_loss])
@pytest.mark.parametrize("pattern", ["weight", "neuron", "input"])
@pytest.mark.parametrize("first", ["neuron", "input"])
def test_allocations_count_from_the_original(
    first: str, pattern: str, allocation: str, network: prunus.Network
) -> None:
    once = prunus.prune(network, sparsity=0.25, pattern=first)
    twice = prunus.prune(once, sparsity=0.7, pattern=pattern, allocation=allocation)
    masks = [twice.masks[i] for i in pattern_of(pattern).prunable(network)]
    removed = [int((~mask).sum()) for mask in masks]
    assert sum(removed) == round(0.7 * sum(mask.size for mask in masks))
    if allocation == "uniform":
        assert all(abs(n - 0.7 * mask.size) <= 1 for n, mask in zip(removed, masks, strict=True))
    limited = prunus.prune(
        once,
        sparsity=0.5,
        pattern=pattern,
        allocation=allocation,
        max_layer_sparsity=0.55 if pattern != "input" else 0.5,
    )
    for i in pattern_of(pattern).prunable(network):
        assert np.mean(~limited.masks[i]) <= max(0.55, np.mean(~once.masks[i]) if first == pattern else 0)


def test_neurons_inputs_and_neurons_again(network: prunus.Network) -> None:
    neurons = prunus.prune(network, sparsity=0.25, pattern="neuron")
    inputs = prunus.prune(neurons, sparsity=0.25, pattern="input")
    assert all(map(np.array_equal, inputs.masks[1:], neurons.masks[:-1]))
    again = prunus.prune(inputs, sparsity=0.5, pattern="neuron")
    assert all((b <= a).all() for a, b in zip(neurons.masks, again.masks, strict=True))
    assert sum(int((~mask).sum()) for mask in again.masks) == 28
    weights = prunus.prune(again, sparsity=0.8)
    rows, columns = again.masks, [inputs.masks[0], *again.masks[:-1]]
    for mask, row, column in zip(weights.masks, rows, columns, strict=True):
        assert not mask[~row].any()
        assert not mask[:, ~column].any()
    assert sum(int((~mask).sum()) for mask in weights.masks) == round(0.8 * network.n_weights)
    last = prunus.prune(weights, sparsity=0.5, pattern="input")
    assert np.array_equal(last.masks[0] | inputs.masks[0], inputs.masks[0])
    assert int(last.masks[0].sum()) == 12
    assert last.network.n_nonzero == last.report["weights"]["after"]


def test_rounds_begin_where_the_earlier_pruning_ended(network: prunus.Network, rng: np.random.Generator) -> None:
    once = prunus.prune(network, sparsity=0.25, pattern="neuron")
    kinds: Any = prunus.schedules()
    pruned = prunus.prune(once, sparsity=0.75, pattern="neuron", schedule=kinds["cubic"](rounds=3))
    planned = kinds["cubic"](rounds=3).sparsities(0.25, 0.75)
    assert [row["sparsity"] for row in pruned.report["rounds"]] == planned
    assert [row["removed"] for row in pruned.report["rounds"]] == [round(56 * sparsity) for sparsity in planned]


def test_keep_is_of_the_originals_shapes(network: prunus.Network) -> None:
    once = prunus.prune(network, sparsity=0.25, pattern="neuron")
    keep = [np.zeros(40, np.bool_), None, None]
    there = np.flatnonzero(once.masks[0])
    worst = prunus.prune(once, sparsity=0.75, pattern="neuron")
    keep[0][there[~worst.masks[0][there]][0]] = True  # type: ignore[index]
    assert prunus.prune(once, sparsity=0.75, pattern="neuron", keep=keep).masks[0][keep[0]].all()
    keep[0] = ~once.masks[0]
    with pytest.raises(ValueError, match=r"keep\[0\]: expected what is still there, got something that was removed"):
        prunus.prune(once, sparsity=0.75, pattern="neuron", keep=keep)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("emptied", ["neuron", "input", "one layer"])
def test_after_a_layer_was_emptied(emptied: str, pattern: str, network: prunus.Network, tmp_path: Path) -> None:
    options: dict[str, Any] = {"sparsity": 1.0, "allow_empty": True, "pattern": emptied}
    if emptied == "one layer":
        options.update(pattern="neuron", layers=[1])
    once = prunus.prune(network, **options)
    assert once.report["weights"]["after"] == once.network.n_nonzero
    options = options_for(pattern, 1.0, allow_empty=True)
    if (emptied, pattern) == ("neuron", "neuron"):
        with pytest.raises(ValueError, match="pattern: expected a network with something to remove by 'neuron'"):
            prunus.prune(once, **options)
        return
    twice = prunus.prune(once, **options)
    assert [mask.shape for mask in twice.masks] == shapes_of(pattern, network)
    assert twice.report["weights"] == {"before": network.n_weights, "after": twice.network.n_nonzero}
    if pattern in TARGETED:
        units = {"weight": 1728, "neuron": 56, "input": 24, "block:4x1": 432}
        assert twice.report["rounds"][-1]["removed"] == units[pattern]
    twice.save(tmp_path / "twice.safetensors")
    assert prunus.load(tmp_path / "twice.safetensors").network == twice.network  # type: ignore[union-attr]


def test_a_square_network(rng: np.random.Generator, tmp_path: Path) -> None:
    """Where neurons and inputs have masks of the same shapes."""
    layers = [prunus.Layer(rng.standard_normal((6, 6)), None, "relu") for _ in range(3)]
    for first, second in product(["neuron", "input"], repeat=2):
        once = prunus.prune(prunus.Network(layers), sparsity=0.34, pattern=first)
        once.save(tmp_path / "once.safetensors")
        back = prunus.load(tmp_path / "once.safetensors")
        assert isinstance(back, prunus.Pruned)
        assert back.structure == once.structure
        twice = prunus.prune(back, sparsity=0.5, pattern=second)
        assert int((~twice.masks[0]).sum()) + int((~twice.masks[1]).sum()) * (second == "neuron") == (
            6 if second == "neuron" else 3
        )


def test_a_file_whose_masks_keep_what_is_not_there(network: prunus.Network, tmp_path: Path) -> None:
    once = prunus.prune(network, sparsity=0.25, pattern="neuron")
    for second in PATTERNS:
        twice = prunus.prune(once, **options_for(second, 0.5))
        wrong = [mask.copy() for mask in twice.masks]
        gone = np.flatnonzero(~once.masks[0])[0]
        if second == "input":
            wrong[1][gone] = True
        else:
            wrong[0][gone] = True
        prunus.Pruned(twice.network, tuple(wrong), twice.report, twice.structure).save(tmp_path / "wrong.safetensors")
        with pytest.raises(prunus.FormatError, match="masks: expected some that fit the network"):
            prunus.load(tmp_path / "wrong.safetensors")
