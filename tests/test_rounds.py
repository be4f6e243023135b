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
    if pattern == "weight":
        options["criterion"] = "magnitude"
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
    # what "auto" is: with fine-tuning, and for n:m, magnitude
    criteria = {"weight": "magnitude", "neuron": "output_contribution", "input": "input_contribution"}
    absolute = {} if how.unit == "weight" else {"absolute": True}
    scores = prunus.importance(digits_network, criteria[how.unit], X=digits[0], y=digits[1], **absolute)
    expected = prunus.mask([scores[i] for i in prunable], allocation="lamp", **options_for(pattern))
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
    n_weights = digits_network.n_weights
    assert int(sum((~m).sum() for m in weights.masks)) == round(0.8 * n_weights)
    more = prunus.prune(weights, *digits, sparsity=0.9, criterion="random", fine_tune=1, random_state=0)
    assert all((a <= b).all() for a, b in zip(more.masks, weights.masks, strict=True))
    assert int(sum((~m).sum() for m in more.masks)) == round(0.9 * n_weights)
    assert more.sparsity == pytest.approx(1 - more.network.n_nonzero / n_weights, abs=1e-12)
    fewer = prunus.prune(more, *digits, sparsity=0.5)
    assert all(map(np.array_equal, fewer.masks, more.masks))
    assert "had been removed before" in fewer.report["notes"][0]
    # and neurons again: what was zero stays so in what is left, through training
    again = prunus.prune(more, *digits, sparsity=0.5, pattern="neuron", fine_tune=2, random_state=0)
    assert sum(int((~mask).sum()) for mask in again.masks) == 30
    there = [mask[before] for mask, before in zip(again.masks, neurons.masks, strict=True)]
    kept = [np.ones(64, np.bool_), *there[:-1]]
    for layer, old, rows, columns in zip(again.network.layers, more.network.layers, there, kept, strict=False):
        assert not layer.weight[old.weight[rows][:, columns] == 0].any()
    assert all(map(np.array_equal, before, [layer.weight for layer in digits_network.layers]))  # nothing was changed


def test_blocks_of_a_network_that_was_pruned_by_weights(digits: Any, digits_network: prunus.Network) -> None:
    weights = prunus.prune(digits_network, sparsity=0.5)
    blocks = prunus.prune(weights, sparsity=0.6, pattern="block:4x1", allocation="global")
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


@pytest.mark.parametrize("layers", [[2, 0], [0, 2], np.array([2, 0])])
def test_limits_are_those_of_the_layers_as_given(layers: Any, digits_network: prunus.Network) -> None:
    limit = {0: 0.8, 2: 0.1}
    in_order: Any = [limit[int(i)] for i in layers]
    n = {i: digits_network.layers[i].weight.size for i in limit}
    # all that may go, so that each layer loses as much as its own limit says
    most = {i: round(share * n[i]) for i, share in limit.items()}
    options: dict[str, Any] = {"sparsity": sum(most.values()) / sum(n.values()), "max_layer_sparsity": in_order}
    pruned = prunus.prune(digits_network, layers=layers, **options)
    assert [int((~mask).sum()) for mask in pruned.masks] == [most[0], 0, most[2]]


def test_masks_go_out_and_in(digits: Any, digits_network: prunus.Network) -> None:
    for pattern in PATTERNS:
        pruned = prunus.prune(digits_network, *digits, **options_for(pattern, compensate="none"))
        arrays = [np.array(mask.tolist()) for mask in pruned.masks]
        assert prunus.apply_masks(digits_network, arrays, pattern=pattern) == pruned.network


def test_auto_is_what_the_data_allow(digits: Any, digits_network: prunus.Network) -> None:
    cases: list[tuple[str, str, bool, str]] = [
        ("weight", "", False, "magnitude"),
        ("weight", "X", False, "obs"),
        ("weight", "Xy", False, "obs"),
        ("weight", "Xy", True, "magnitude"),
        ("block:4x1", "X", False, "obs"),
        ("block:4x1", "Xy", False, "obs"),
        ("2:4", "X", False, "obs"),
        ("2:4", "Xy", False, "obs"),
        ("neuron", "", False, "weight_norm"),
        ("neuron", "X", False, "obs"),
        ("neuron", "Xy", False, "obs"),
        ("neuron", "Xy", True, "output_contribution"),
        ("input", "", False, "input_norm"),
        ("input", "X", False, "obs"),
        ("input", "Xy", False, "obs"),
        ("input", "Xy", True, "input_contribution"),
    ]
    for pattern, given, trains, expected in cases:
        data = digits[: len(given)]
        options = options_for(pattern, fine_tune=1 if trains else None, random_state=0)
        pruned = prunus.prune(digits_network, *data, **options)
        assert pruned.report["criterion"] == expected
        absolute = {"absolute": True} if expected.endswith("contribution") else {}
        chosen = prunus.criteria()[expected](**absolute)
        named = prunus.prune(digits_network, *digits, **{**options, "criterion": chosen})
        assert all(map(np.array_equal, pruned.masks, named.masks))
        assert (pruned.report["loss"] is None) == (given != "Xy")


@pytest.mark.parametrize("pattern", ["weight", "neuron", "input", "2:4"])
def test_training_needs_labels(pattern: str, digits: Any, digits_network: prunus.Network) -> None:
    with pytest.raises(ValueError, match="y: expected data beside X, got None"):
        prunus.prune(digits_network, digits[0], **options_for(pattern, fine_tune=1))


@pytest.mark.parametrize("pattern", ["neuron", "input"])
def test_what_stands_for_an_emptied_layer_is_not_trained(
    pattern: str, digits: Any, digits_network: prunus.Network
) -> None:
    options: dict[str, Any] = {"sparsity": 1.0, "pattern": pattern, "allow_empty": True, "random_state": 0}
    pruned = prunus.prune(digits_network, *digits, fine_tune=2, **options)
    assert not pruned.network.layers[0].weight.any()
    X = digits[0]
    assert np.all(
        np.ptp(pruned.network.forward(X), axis=0) <= pruned.network.astype(np.float64).error_bound(X).min(axis=0)
    )


def test_a_path_is_the_pruned_that_was_saved(digits: Any, digits_network: prunus.Network, tmp_path: Any) -> None:
    once = prunus.prune(digits_network, sparsity=0.8)
    once.save(tmp_path / "once.safetensors")
    for model in (once, tmp_path / "once.safetensors", str(tmp_path / "once.safetensors")):
        twice = prunus.prune(model, *digits, sparsity=0.2, fine_tune=1, random_state=0)
        assert all(map(np.array_equal, twice.masks, once.masks))
        assert twice.network.n_nonzero <= once.network.n_nonzero


def test_a_weight_that_is_zero_but_kept_has_not_gone() -> None:
    network = prunus.Network([prunus.Layer([[0.0, 0, 0, 1, 2, 3, 4, 5]])])
    once = prunus.prune(network, sparsity=0.125)
    twice = prunus.prune(once, sparsity=0.25)
    assert int((~twice.masks[0]).sum()) == 2
    assert not any("removed before" in note for note in twice.report["notes"])
    assert prunus.prune(once, sparsity=0.25, keep=[once.masks[0] & (np.arange(8) > 0)]).masks[0][0, 1:5].sum() == 3


def test_the_cut_in_the_report_is_that_of_the_last_round(digits_network: prunus.Network) -> None:
    options: dict[str, Any] = {"criterion": "random", "random_state": 0}
    pruned = prunus.prune(digits_network, sparsity=0.5, schedule="iterative", **options)
    for row in pruned.report["layers"]:
        assert row["highest_removed"] <= row["lowest_kept"]
    again = prunus.prune(pruned, sparsity=0.6, layers=[0], **options)
    assert [row["highest_removed"] is None for row in again.report["layers"]] == [False, True, True]


def test_rounds_of_blocks_start_from_blocks(digits_network: prunus.Network) -> None:
    scattered = prunus.prune(digits_network, sparsity=0.5, criterion="random", random_state=0)
    iterative: Any = prunus.schedules()["iterative"]
    pruned = prunus.prune(scattered, sparsity=0.8, pattern="block:4x1", schedule=iterative(rounds=3))
    planned = [row["sparsity"] for row in pruned.report["rounds"]]
    gone = 0.5**4  # of the blocks, where all four weights went; within five standard deviations
    n = digits_network.n_weights / 4
    start = 1 - (1 - planned[0]) ** 1.5 / (1 - 0.8) ** 0.5
    assert abs(start - gone) < 5 * np.sqrt(gone / n)


def test_limits_are_exact_fractions() -> None:
    network = prunus.Network([prunus.Layer(np.arange(1.0, 101)[None])])
    for limit in (0.29, 0.57, 0.58):
        pruned = prunus.prune(network, sparsity=limit, max_layer_sparsity=limit)
        assert int((~pruned.masks[0]).sum()) == round(100 * limit)


def test_infinite_scores_stay_themselves_in_groups() -> None:
    scores = [np.array([[np.inf, np.inf, 0, 0]])]
    keep = [np.array([[False, False, True, True]])]
    assert prunus.mask(scores, pattern="2:4", keep=keep)[0].tolist() == [[False, False, True, True]]
    scores = [np.array([[-np.inf, -np.inf, 1, 1]])]
    within = [np.array([[False, True, True, True]])]
    assert prunus.mask(scores, pattern="3:4", within=within)[0].tolist() == [[False, True, True, True]]
