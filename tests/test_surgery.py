"""Optimal brain surgery of units: blocks, inputs and neurons by criterion, and rows that choose again by compensation."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise, repeat, starmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

import prunus
import reference
from prunus import _core, solving
from prunus.compensating import Obs
from prunus.masking import pattern_of
from prunus.scoring.layer_costs import costs_of_rows

N, WIDTHS, DAMPING = 200, (7, 6, 5, 3), 1e-3


@pytest.fixture
def X(rng: np.random.Generator) -> Any:  # noqa: N802
    return rng.standard_normal((N, WIDTHS[0])) @ rng.standard_normal((WIDTHS[0], WIDTHS[0])) + 0.5


@pytest.fixture
def network(rng: np.random.Generator) -> prunus.Network:
    layers = [
        prunus.Layer(rng.standard_normal((n_out, n_in)) / np.sqrt(n_in), rng.standard_normal(n_out), "tanh")
        for n_in, n_out in pairwise(WIDTHS)
    ]
    layers[-1] = prunus.Layer(layers[-1].weight, layers[-1].bias)
    return prunus.Network(layers, output="softmax", classes=np.arange(WIDTHS[-1]))


def inputs_of(network: prunus.Network, X: Any) -> list[Any]:
    found = [X]
    for layer in network.layers:
        found.append(reference.activation(layer.activation, found[-1] @ layer.weight.T + layer.bias))
    return found


def gram_of(x: Any) -> Any:
    """Return the mean squares and products about the means, with the damping."""
    x = x - x.mean(axis=0)
    gram = x.T @ x / len(x)
    return gram + DAMPING * np.mean(gram.diagonal()) * np.eye(len(gram))


def scaled(network: prunus.Network, X: Any, i: int) -> Any:
    """Return a layer's weights, each row times the root of half its neuron's mean curvature."""
    curvature = network.curvatures(network.samples(X))[i]
    return network.layers[i].weight * np.sqrt(curvature / 2)[:, None]


@pytest.mark.parametrize("block", [(2, 1), (4, 1), (1, 2), (3, 2), (100, 100)])
def test_blocks_go_from_all_their_rows(block: tuple[int, int], network: prunus.Network, X: Any) -> None:
    for i, score in enumerate(prunus.importance(network, "obs", X=X, block=block)):
        gram, weight = gram_of(inputs_of(network, X)[i]), scaled(network, X, i)
        for begin in range(0, len(weight), block[0]):
            rows = slice(begin, begin + block[0])
            expected = reference.eliminated(gram, weight[rows], block[1])
            for j in range(0, len(gram), block[1]):
                # The weights of a block share its cost.
                assert np.isclose(score[rows, j : j + block[1]].sum(), expected[j], rtol=1e-8)
                assert np.ptp(score[rows, j : j + block[1]]) == 0


def test_inputs_and_neurons(network: prunus.Network, X: Any) -> None:
    by_input = prunus.importance(network, "obs", X=X, unit="input")
    by_neuron = prunus.importance(network, "obs", X=X, unit="neuron")
    for i, x in enumerate(inputs_of(network, X)[:-1]):
        assert np.allclose(by_input[i], reference.eliminated(gram_of(x), scaled(network, X, i)), rtol=1e-8)
        if i > 0:
            assert np.array_equal(by_neuron[i - 1], by_input[i])
    last, gram = scaled(network, X, len(WIDTHS) - 2), gram_of(inputs_of(network, X)[-2])
    assert np.allclose(by_neuron[-1], [row @ gram @ row for row in last], rtol=1e-8)


@pytest.mark.parametrize("pattern", ["weight", "2:4", "block:2x1", "block:2x2", "neuron", "input"])
def test_prune_hands_the_pattern_on(pattern: str, network: prunus.Network, X: Any) -> None:
    sparsity = None if pattern == "2:4" else 0.5
    kind = pattern_of(pattern)
    scores = prunus.importance(network, "obs", X=X, unit=kind.unit, block=kind.block)
    at = {"neuron": [0, 1], "input": [0]}.get(pattern, [0, 1, 2])
    expected = prunus.mask([scores[i] for i in at], sparsity=sparsity, pattern=pattern)
    pruned = prunus.prune(network, X, criterion="obs", pattern=pattern, sparsity=sparsity, compensate="refit")
    for i, mask in zip(at, expected, strict=True):
        assert np.array_equal(pruned.masks[i], mask)


@pytest.mark.parametrize("pattern", ["2:4", "1:3"])
def test_of_neighbours_no_more_go_than_may(pattern: str, network: prunus.Network, X: Any) -> None:
    n, m = map(int, pattern.split(":"))
    pruned = prunus.prune(network, X, criterion="obs", pattern=pattern)
    before, now = inputs_of(network, X)[1], inputs_of(pruned.network, X)[1]
    layer, gram = network.layers[1], gram_of(now)
    sums = before @ layer.weight.T
    ridge = gram - np.cov(now.T, bias=True)
    best = np.linalg.solve(gram, (now - now.mean(axis=0)).T @ (sums - sums.mean(axis=0)) / N + ridge @ layer.weight.T).T
    for row, mask in zip(best, pruned.masks[1], strict=True):
        there = list(range(len(row)))

        def may_go(j: int, there: list[int] = there) -> bool:
            return sum(k // m == j // m for k in there) > n

        while any(may_go(j) for j in there):
            part = np.ix_(there, there)
            left = np.linalg.solve(gram[part], gram[there] @ row)
            rise = left**2 / np.linalg.inv(gram[part]).diagonal()
            there.pop(int(np.argmin([r if may_go(j) else np.inf for j, r in zip(there, rise, strict=True)])))
        assert np.array_equal(np.flatnonzero(mask), there)


def test_neighbours_that_have_to_stay(network: prunus.Network, X: Any) -> None:
    """Then the criterion's choice stands, and no other takes the room of what stays."""
    keep = [np.zeros(layer.weight.shape, np.bool_) for layer in network.layers]
    keep[0][:, [0, 4]] = True
    masks = {}
    for compensate in ("refit", "obs"):
        pruned = prunus.prune(network, X, criterion="obs", pattern="2:4", keep=keep, compensate=compensate, layers=[0])
        masks[compensate] = pruned.masks[0]
    assert masks["obs"][keep[0]].all()
    assert (masks["obs"].sum(axis=1) == 4).all()
    assert np.array_equal(masks["obs"], masks["refit"])


def chosen_again(network: prunus.Network, X: Any, pruned: prunus.Pruned, i: int) -> Any:
    """Return the mask that each row of a layer chooses, of as many as it has, on the inputs that the pruned layers make."""
    before, now = inputs_of(network, X)[i], inputs_of(pruned.network, X)[i]
    layer, gram = network.layers[i], gram_of(now)
    sums = before @ layer.weight.T
    ridge = gram - np.cov(now.T, bias=True)
    products = (now - now.mean(axis=0)).T @ (sums - sums.mean(axis=0)) / N + ridge @ layer.weight.T
    best = np.linalg.solve(gram, products).T
    found = np.zeros(layer.weight.shape, bool)
    for r, row in enumerate(best):
        there = list(range(len(row)))
        while len(there) > np.count_nonzero(pruned.masks[i][r]):
            # By the surgeon's own rule, on an inverse made anew.
            part = np.ix_(there, there)
            left = np.linalg.solve(gram[part], gram[there] @ row)
            there.pop(int(np.argmin(left**2 / np.linalg.inv(gram[part]).diagonal())))
        found[r, there] = True
    return found


def test_each_row_chooses_again_on_what_layers_before_put_out(network: prunus.Network, X: Any) -> None:
    fixed = prunus.prune(network, X, sparsity=0.5, criterion="magnitude", compensate="refit")
    pruned = prunus.prune(network, X, sparsity=0.5, criterion="magnitude", compensate="obs")
    assert pruned.report["compensation"] == "obs"
    moved: list[Any] = []
    for i, (mask, before) in enumerate(zip(pruned.masks, fixed.masks, strict=True)):
        assert np.array_equal(mask.sum(axis=1), before.sum(axis=1))
        assert np.array_equal(mask, chosen_again(network, X, pruned, i))
        assert not pruned.network.layers[i].weight[~mask].any()
        moved.extend(np.flatnonzero(mask & ~before))
    assert len(moved) > 5
    off = [np.mean((p.network.forward(X) - network.forward(X)) ** 2) for p in (pruned, fixed)]
    assert off[0] < off[1]


def by_columns(gram: Any, weight: Any, kept: Any, width: int) -> tuple[Any, Any]:
    """Return what is left of rows that lose weights from the first column on, those behind made up anew for each."""
    found, left = weight.copy(), kept.copy()
    for r, row in enumerate(found):
        for j in range(len(row)):
            behind = np.linalg.inv(gram[j:, j:])
            if j % width == 0:
                inverses = [np.linalg.inv(gram[k:, k:])[0, 0] for k in range(j, min(j + width, len(row)))]
                score = row[j : j + width] ** 2 / inverses
                order = np.argsort(-score, kind="stable")
                left[r, j : j + width] = False
                left[r, j + order[: np.count_nonzero(kept[r, j : j + width])]] = True
            if not left[r, j]:
                row[j:] -= row[j] / behind[0, 0] * behind[0]
                row[j] = 0
    return found, left


@pytest.mark.parametrize(("pattern", "width"), [("weight", 128), ("2:4", 4), ("block:2x1", 1)])
def test_fast_goes_column_by_column(pattern: str, width: int, network: prunus.Network, X: Any) -> None:
    target: dict[str, Any] = {} if pattern == "2:4" else {"sparsity": 0.4}
    plain = prunus.prune(network, X, criterion="wanda", pattern=pattern, compensate="none", **target)
    pruned = prunus.prune(network, X, criterion="wanda", pattern=pattern, compensate="fast", **target)
    assert pruned.report["compensation"] == "fast"
    for i, (layer, mask) in enumerate(zip(network.layers, plain.masks, strict=True)):
        before, now = inputs_of(network, X)[i], inputs_of(pruned.network, X)[i]
        gram, sums = gram_of(now), before @ layer.weight.T
        products = (now - now.mean(axis=0)).T @ (sums - sums.mean(axis=0)) / N
        products += (gram - np.cov(now.T, bias=True)) @ layer.weight.T
        scale = np.sqrt(gram.diagonal())  # what the core sees: columns of length one
        best = np.linalg.solve(gram, products).T * scale
        expected, left = by_columns(gram / np.outer(scale, scale), best, mask, width)
        assert np.array_equal(pruned.masks[i], left)
        assert np.allclose(pruned.network.layers[i].weight, expected / scale, rtol=1e-8, atol=1e-10)
        bias = (sums + layer.bias).mean(axis=0) - pruned.network.layers[i].weight @ now.mean(axis=0)
        assert np.allclose(pruned.network.layers[i].bias, bias, rtol=1e-8, atol=1e-10)


def test_wide_layers_are_not_eliminated_unasked(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [prunus.Layer(rng.standard_normal((6, 40)), activation="relu"), prunus.Layer(rng.standard_normal((3, 6)))]
    network, X = prunus.Network(layers), rng.standard_normal((100, 40))
    found = {}
    for most, widest in ((1e12, 4096), (1e3, 4096), (1e12, 39)):
        monkeypatch.setattr("prunus.pruning.choices._MOST_MULTIPLICATIONS", most)
        monkeypatch.setattr("prunus.pruning.choices._MOST_INPUTS", widest)
        report = prunus.prune(network, X, sparsity=0.5).report
        notes = [note for note in report["notes"] if "the file grew" not in note]
        found[most, widest] = report["criterion"], report["compensation"], notes
    note = "criterion wanda with compensation fast, since obs would take 1e+05 multiplications (more than 1e+03)"
    assert found == {
        (1e12, 4096): ("obs", "obs", []),
        (1e3, 4096): ("wanda", "fast", [note]),
        (1e12, 39): ("wanda", "none", []),
    }


@pytest.mark.parametrize("pattern", ["weight", "neuron", "input", "block:2x1"])
def test_any_order_is_priced(pattern: str, network: prunus.Network, X: Any) -> None:
    """By allocation "loss" each row, or layer, loses as many as by criterion obs, and the criterion says which."""
    criterion = {"neuron": "weight_norm", "input": "input_norm"}.get(pattern, "magnitude")
    options: dict[str, Any] = {"sparsity": 0.5, "pattern": pattern, "compensate": "none", "allow_empty": True}
    by_obs = prunus.prune(network, X, criterion="obs", **options)
    priced = prunus.prune(network, X, criterion=criterion, allocation="loss", **options)
    assert priced.report["allocation"] == by_obs.report["allocation"] == "loss"
    scores = prunus.importance(network, criterion)
    for mask, other, score in zip(priced.masks, by_obs.masks, scores, strict=True):
        assert np.array_equal(mask.sum(axis=-1), other.sum(axis=-1))
        if pattern == "weight":
            for kept, row in zip(mask, score, strict=True):
                assert row[kept].min(initial=np.inf) >= row[~kept].max(initial=0)
    with pytest.raises(ValueError, match="X: expected data, which allocation 'loss' needs, got None"):
        prunus.prune(network, criterion=criterion, allocation="loss", **options)


@pytest.mark.parametrize("compensate", ["obs", "fast"])
@pytest.mark.parametrize("pattern", ["weight", "2:4", "block:2x1"])
def test_what_must_stay_and_what_has_gone_do_so(
    pattern: str, compensate: str, network: prunus.Network, X: Any, rng: np.random.Generator
) -> None:
    keep = [np.zeros(layer.weight.shape, bool) for layer in network.layers]
    for mask in keep:
        mask[:, 0] = True
    target: dict[str, Any] = {} if pattern == "2:4" else {"sparsity": 0.6}
    first = prunus.prune(network, sparsity=0.2, criterion="random", keep=keep, random_state=rng)
    second = prunus.prune(
        first, X, criterion="obs", pattern=pattern, allocation="auto", compensate=compensate, keep=keep, **target
    )
    for mask, before, stays, layer in zip(second.masks, first.masks, keep, second.network.layers, strict=True):
        assert mask[stays].all()
        assert not (mask & ~before).any()
        assert not layer.weight[~mask].any()
    if pattern == "weight":
        assert sum(mask.sum() for mask in second.masks) == sum(mask.size for mask in keep) - round(0.6 * 87)


def test_layers_that_are_not_named_keep_all(network: prunus.Network, X: Any) -> None:
    pruned = prunus.prune(network, X, sparsity=0.5, criterion="obs", compensate="obs", layers=[1])
    assert pruned.masks[0].all()
    assert pruned.masks[2].all()
    # What is fitted to itself is itself but for rounding.
    assert np.allclose(pruned.network.layers[0].weight, network.layers[0].weight, rtol=1e-10, atol=1e-12)


def test_threads_choose_the_same(network: prunus.Network, X: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for threads in ("1", "2", "7"):
        monkeypatch.setenv("PRUNUS_NUM_THREADS", threads)
        found += [
            prunus.prune(network, X, sparsity=0.5, criterion="obs", pattern=pattern, compensate="obs").masks
            for pattern in ("weight", "block:2x2", "neuron")
        ]
    for masks, same in zip(found, found[:3] * 3, strict=True):
        assert all(map(np.array_equal, masks, same))


@pytest.mark.parametrize("options", [{}, {"compensate": "fast"}, {"pattern": "neuron"}, {"refine": 2}])
def test_it_matters_not_how_the_samples_come(options: Any, network: prunus.Network, X: Any, tmp_path: Path) -> None:
    """As an array, mapped from a file, sparse, and in another order: the same masks, and weights within rounding."""
    X = np.where(np.abs(X) < 0.3, 0, X)
    file = tmp_path / "X.npy"
    np.save(file, X)
    first, *others = (
        prunus.prune(network, samples, sparsity=0.5, criterion="obs", **options)
        for samples in (X, np.load(file, mmap_mode="r"), csr_array(X), X[::-1])
    )
    for other in others:
        assert all(map(np.array_equal, first.masks, other.masks))
        for layer, same in zip(first.network.layers, other.network.layers, strict=True):
            # Sums of N terms, in systems whose ridge is DAMPING of their mean diagonal element.
            assert np.allclose(layer.weight, same.weight, rtol=0, atol=N * np.finfo(np.float64).eps / DAMPING)


@pytest.mark.parametrize("block", [(1, 1), (2, 1)])
def test_costs_by_merged_statistics(block: tuple[int, int], network: prunus.Network, X: Any) -> None:
    """What several processes gathered says what each weight costs, as the criterion does of all samples."""
    grams = prunus.statistics.LayerGrams()
    for piece in (X[:40], X[40:150], X[150:]):
        part = prunus.statistics.LayerGrams()
        prunus.statistics.gather(network, piece, None, part)
        grams.merge(part)
    criterion = prunus.criteria()["obs"]()
    pattern = pattern_of(f"block:{block[0]}x{block[1]}")
    pruned = prunus.prune(network, X, sparsity=0.5, criterion=criterion, pattern=pattern, compensate="none", layers=[0])
    system = solving.layer_system(grams.finish()[0], DAMPING)
    weight = scaled(network, X, 0) * system.scale
    costs = costs_of_rows(0, system, weight, np.ones(weight.shape, np.bool_), block, 1)
    # Costs of blocks, and where they are cut, as the criterion's of all samples.
    kept = pruned.masks[0]
    assert costs[kept].min() > costs[~kept].max()


def test_dead_and_duplicate_inputs_go_first_at_no_loss(network: prunus.Network, X: Any) -> None:
    X = X.copy()
    X[:, 2] = 0.7  # never varies
    X[:, 5] = X[:, 1]
    pruned = prunus.prune(network, X, sparsity=2 / 7, criterion=prunus.criteria()["obs"](damping=1e-9), pattern="input")
    gone = np.flatnonzero(~pruned.masks[0])
    assert gone[0] in (1, 2)
    assert 2 in gone
    assert {1, 5} & set(gone)
    # The ridge draws the two of a pair to the weights that both had: of a millionth of the outputs' scale.
    assert np.allclose(pruned.network.forward(X), network.forward(X), atol=1e-5)


def test_bad_options() -> None:
    for options, error, text in (
        ({"unit": "layer"}, ValueError, "unit: expected one of input, neuron, weight, got 'layer'"),
        ({"block": 4}, TypeError, "block: expected a tuple of rows and columns, got 4"),
        ({"block": (0, 1)}, ValueError, "block: expected at least 1, got 0"),
    ):
        with pytest.raises(error, match=text):
            prunus.criteria()["obs"](**options)
    with pytest.raises(ValueError, match="damping: expected"):
        Obs(damping=-1)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell ignores interrupts for what it runs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_it(rng: np.random.Generator) -> None:
    p = 3000  # signals are looked for every 50 ms: an inverse of 1500 may take less
    samples = rng.standard_normal((p // 100, p))
    gram, w, there = samples.T @ samples + p * np.eye(p), rng.standard_normal((4, p)), np.ones((4, p), np.bool_)
    calls: dict[str, Callable[[], Any]] = {
        "rows": partial(_core.eliminate_rows, gram, None, w, there, 1, 1, 0, 1, 0.0, 2),
        "inverse": partial(_core.inverse, gram, 0.0, 2),
        "columns": partial(_core.inverse_root, gram, 0.0, 2),
    }
    for name, call in calls.items():
        done: list[Any] = []
        timer = threading.Timer(0.1, _thread.interrupt_main)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            # Between these calls Python looks at no signal: one of them has to.
            done.extend(starmap(call, repeat((), 100)))
        timer.join()
        assert len(done) < 100, name
