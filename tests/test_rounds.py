"""prune() in rounds and parts: schedules, patterns, layers, what must stay, and what was pruned before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import prunus
import reference
from prunus.masking import pattern_of
from prunus.masking.base import full
from test_masking import PATTERNS, TARGETED, unit_scores, units_of

SCHEDULES = [(kind, tuned) for kind in prunus.schedules().values() for tuned in (False, True)]


def options_for(pattern: str, **options: Any) -> dict[str, Any]:
    target = {"sparsity": 0.5} if pattern in TARGETED else {}
    return {"pattern": pattern, **target, **options}


@pytest.mark.parametrize("pattern", TARGETED)
@pytest.mark.parametrize(("kind", "tuned"), SCHEDULES)
def test_schedules(kind: Any, tuned: bool, pattern: str, digits: Any, digits_network: prunus.Network) -> None:
    X, y = digits[0][:300], digits[1][:300]
    schedule = kind() if kind.name == "one-shot" else kind(rounds=4, fine_tune=1 if tuned else None)
    options = options_for(pattern, schedule=schedule, random_state=0, allow_empty=True)
    pruned = prunus.prune(digits_network, X, y, **options)
    how = pattern_of(pattern)
    units = [units_of(pattern, [pruned.masks[i]])[0] for i in how.prunable(digits_network)]
    n = sum(unit.size for unit in units)
    planned = schedule.sparsities(0.0, 0.5)
    assert planned[-1] == 0.5
    assert planned == sorted(planned)
    assert [row["removed"] for row in pruned.report["rounds"]] == [round(s * n) for s in planned]
    assert [row["sparsity"] for row in pruned.report["rounds"]] == planned
    assert sum(int((~unit).sum()) for unit in units) == round(0.5 * n)
    assert ["loss" in row for row in pruned.report["rounds"]] == [tuned and kind.name != "one-shot"] * (
        len(planned) - 1
    ) + [False]
    whole = prunus.prune(digits_network, X, y, **{**options, "schedule": "one-shot"})
    if not tuned and pattern == "weight":  # magnitudes do not change
        assert all(map(np.array_equal, pruned.masks, whole.masks))
    if not how.shrinks:
        for layer, mask in zip(pruned.network.layers, pruned.masks, strict=True):
            assert not layer.weight[~mask].any()
    assert pruned.report["schedule"] == kind.name
    assert ("rounds" in str(pruned.report)) == (kind.name != "one-shot")


@pytest.mark.parametrize(("kind", "expected"), [("iterative", [0.5, 0.75, 0.875]), ("cubic", [0.0, 0.0, 0.0])])
def test_what_schedules_plan(kind: str, expected: list[float]) -> None:
    kinds: Any = prunus.schedules()
    schedule = kinds[kind](rounds=3)
    if kind == "cubic":
        expected = [0.875 + (0.25 - 0.875) * (1 - i / 3) ** 3 for i in (1, 2, 3)]
        assert np.allclose(schedule.sparsities(0.25, 0.875), expected, rtol=1e-15)
    else:
        assert np.allclose(schedule.sparsities(0.0, 0.875), expected, rtol=1e-15)
    assert schedule.sparsities(1.0, 1.0) == [1.0, 1.0, 1.0]
    assert schedule.sparsities(0.0, 0.0) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_through_prune(pattern: str, digits: Any, digits_network: prunus.Network) -> None:
    pruned = prunus.prune(digits_network, *digits, **options_for(pattern, fine_tune=1, random_state=0))
    how = pattern_of(pattern)
    prunable = how.prunable(digits_network)
    scores = prunus.importance(
        digits_network,
        {"weight": "magnitude", "neuron": "output_contribution", "input": "input_norm"}[how.unit],
        X=digits[0],
        y=digits[1],
        **({"absolute": True} if how.unit == "neuron" else {}),
    )
    expected = prunus.mask([scores[i] for i in prunable], **options_for(pattern))
    assert all(np.array_equal(pruned.masks[i], mask) for i, mask in zip(prunable, expected, strict=True))
    assert pruned.report["pattern"] == pattern
    assert pruned.report["rounds"][-1]["removed"] == sum(
        int((~unit).sum()) for unit in units_of(pattern, [pruned.masks[i] for i in prunable])
    )
    whole = zip(how.kept(digits_network, pruned.masks), digits_network.layers, strict=True)
    kept = sum(int(np.count_nonzero(full(mask, layer.weight.shape))) for mask, layer in whole)
    assert pruned.report["weights"]["after"] == kept
    if how.shrinks:
        assert pruned.network.n_weights == kept
    else:
        assert all(not layer.weight[~m].any() for layer, m in zip(pruned.network.layers, pruned.masks, strict=True))
    assert pruned.network.n_in == 64
    X = digits[0].astype(np.float32)
    assert np.all(np.abs(pruned.engine(X) - pruned.network.forward(X)) <= pruned.network.error_bound(X))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_it_comes_back_from_a_file(pattern: str, digits: Any, digits_network: prunus.Network, tmp_path: Any) -> None:
    pruned = prunus.prune(digits_network, *digits, **options_for(pattern))
    pruned.save(tmp_path / "model.safetensors")
    back = prunus.load(tmp_path / "model.safetensors")
    assert isinstance(back, prunus.Pruned)
    assert back.network == pruned.network
    assert all(map(np.array_equal, back.masks, pruned.masks))
    assert back.report == pruned.report


@pytest.mark.parametrize("pattern", TARGETED)
def test_some_layers(pattern: str, digits: Any, digits_network: prunus.Network) -> None:
    for layers in ([0], [1]) if pattern != "input" else ([0],):
        pruned = prunus.prune(digits_network, *digits, **options_for(pattern, layers=layers))
        for i, mask in enumerate(pruned.masks):
            assert mask.all() == (i not in layers)
        units = units_of(pattern, [pruned.masks[layers[0]]])[0]
        assert int((~units).sum()) == round(0.5 * units.size)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_keep(pattern: str, digits: Any, digits_network: prunus.Network, rng: np.random.Generator) -> None:
    plain = prunus.prune(digits_network, *digits, **options_for(pattern))
    gone = [np.flatnonzero(~mask) for mask in plain.masks]
    keep: list[Any] = [None] * len(plain.masks)
    keep[0] = np.zeros(plain.masks[0].shape, np.bool_)
    if pattern != "4:4":  # where nothing goes
        keep[0].flat[rng.choice(gone[0])] = True  # of a group no more than one
    pruned = prunus.prune(digits_network, *digits, **options_for(pattern, keep=tuple(keep)))
    assert pruned.masks[0][keep[0]].all()
    assert pruned.report["rounds"][-1]["removed"] == plain.report["rounds"][-1]["removed"]


def test_neurons_then_weights_then_more(digits: Any, digits_network: prunus.Network) -> None:
    before = [layer.weight.copy() for layer in digits_network.layers]
    neurons = prunus.prune(digits_network, *digits, sparsity=0.3, pattern="neuron", fine_tune=1, random_state=0)
    weights = prunus.prune(neurons, *digits, sparsity=0.8, fine_tune=1, random_state=0)
    assert weights.network.n_weights == neurons.network.n_weights
    assert int(sum((~m).sum() for m in weights.masks)) == round(0.8 * weights.network.n_weights)
    more = prunus.prune(weights, *digits, sparsity=0.9, criterion="random", fine_tune=1, random_state=0)
    assert all((a <= b).all() for a, b in zip(more.masks, weights.masks, strict=True))
    assert int(sum((~m).sum() for m in more.masks)) == round(0.9 * weights.network.n_weights)
    assert more.sparsity == pytest.approx(1 - more.network.n_nonzero / weights.network.n_weights, abs=1e-12)
    fewer = prunus.prune(more, *digits, sparsity=0.5)
    assert all(map(np.array_equal, fewer.masks, more.masks))
    assert "had been removed before" in fewer.report["notes"][0]
    # and neurons again: what was zero stays so in what is left, through training
    again = prunus.prune(more, *digits, sparsity=0.25, pattern="neuron", fine_tune=2, random_state=0)
    kept = [np.ones(64, np.bool_), *again.masks[:-1]]
    for layer, old, rows, columns in zip(again.network.layers, more.network.layers, again.masks, kept, strict=False):
        assert not layer.weight[old.weight[rows][:, columns] == 0].any()
    assert all(map(np.array_equal, before, [layer.weight for layer in digits_network.layers]))  # nothing was changed


def test_blocks_of_a_network_that_was_pruned_by_weights(digits: Any, digits_network: prunus.Network) -> None:
    weights = prunus.prune(digits_network, sparsity=0.5)
    blocks = prunus.prune(weights, sparsity=0.6, pattern="block:4x1")
    assert all((a <= b).all() for a, b in zip(blocks.masks, weights.masks, strict=True))
    scores = unit_scores("block:4x1", prunus.importance(weights.network))
    expected = reference.mask_remove(scores, round(0.6 * sum(s.size for s in scores)))
    kept = [reference.block_sums(m.astype(float), 4, 1) > 0 for m in blocks.masks]
    assert all(map(np.array_equal, kept, [e & (s > 0) for e, s in zip(expected, scores, strict=True)]))


def test_no_layer_loses_more_than_its_limit(digits: Any, digits_network: prunus.Network) -> None:
    pruned = prunus.prune(digits_network, sparsity=0.9, max_layer_sparsity=[1.0, 0.95, 0.5])
    removed = [int((~mask).sum()) for mask in pruned.masks]
    assert sum(removed) == round(0.9 * digits_network.n_weights)
    assert removed[2] <= 100


def test_masks_go_out_and_in(digits: Any, digits_network: prunus.Network) -> None:
    for pattern in PATTERNS:
        pruned = prunus.prune(digits_network, *digits, **options_for(pattern))
        arrays = [np.array(mask.tolist()) for mask in pruned.masks]
        assert prunus.apply_masks(digits_network, arrays, pattern=pattern) == pruned.network
