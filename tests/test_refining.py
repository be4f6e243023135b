"""Refining what is left, all layers together: curvature products, and steps that are exact where a network is linear."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import LinearRegression, Ridge

import prunus
from prunus import Refine

N, WIDTHS = 300, (9, 12, 8, 4)


@pytest.fixture
def X(rng: np.random.Generator) -> Any:  # noqa: N802
    X = rng.standard_normal((N, WIDTHS[0])) @ rng.standard_normal((WIDTHS[0], WIDTHS[0])) + 0.5
    return np.where(rng.random(X.shape) < 0.3, 0, X)


def network_of(rng: np.random.Generator, output: str = "softmax", biased: bool = True) -> Any:
    layers = []
    for i, (n_in, n_out) in enumerate(pairwise(WIDTHS)):
        bias = rng.standard_normal(n_out) if biased else np.zeros(n_out)
        activation = "tanh" if i < len(WIDTHS) - 2 else "identity"
        layers.append(prunus.Layer(rng.standard_normal((n_out, n_in)) / np.sqrt(n_in), bias, activation))
    classes = None if output == "identity" else np.arange(WIDTHS[-1])
    return prunus.Network(layers, output=output, classes=classes)


@pytest.mark.parametrize("output", ["softmax", "identity", "ovr"])
def test_curvature_product(output: str, X: Any, rng: np.random.Generator) -> None:
    """J' H J by central differences of the raw outputs, and of the gradient of the loss by them."""
    network, step = network_of(rng, output), 1e-5
    change = [(rng.standard_normal(layer.weight.shape), rng.standard_normal(layer.n_out)) for layer in network.layers]
    share = rng.random(N) / N
    data = network.samples(X, share)
    share = share / share.sum()

    def moved(changes: Any, t: float) -> Any:
        return network.replace(
            [
                layer.replace(layer.weight + t * weight, layer.bias + t * bias)
                for layer, (weight, bias) in zip(network.layers, changes, strict=True)
            ]
        ).forward(X)

    def raw_change(changes: Any) -> Any:
        return (moved(changes, step) - moved(changes, -step)) / (2 * step)

    raw, by_change = network.forward(X), raw_change(change)
    if output == "softmax":
        p = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
        curved = p * (by_change - (p * by_change).sum(axis=1, keepdims=True))
    else:
        p = 1 / (1 + np.exp(-raw))
        curved = p * (1 - p) * by_change if output == "ovr" else 2 / raw.shape[1] * by_change
    found = network.curvature(data).product(change)
    for i, (weight, bias) in enumerate(found):
        for place in [(0, 0), (1, 2), (weight.shape[0] - 1, weight.shape[1] - 1)]:
            one = [(np.zeros(w.shape), np.zeros(b.shape)) for w, b in change]
            one[i][0][place] = 1
            assert np.isclose(weight[place], share @ (raw_change(one) * curved).sum(axis=1), rtol=1e-6, atol=1e-8)
        one = [(np.zeros(w.shape), np.zeros(b.shape)) for w, b in change]
        one[i][1][1] = 1
        assert np.isclose(bias[1], share @ (raw_change(one) * curved).sum(axis=1), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_of_a_linear_network_one_step_is_least_squares(fit_intercept: bool, X: Any, rng: np.random.Generator) -> None:
    y = X @ rng.standard_normal((WIDTHS[0], 2)) + rng.standard_normal((N, 2)) + 1
    model = LinearRegression(fit_intercept=fit_intercept).fit(X, y)
    for towards, target, alpha in (("outputs", model.predict(X), 0.0), ("labels", y, 0.0), ("labels", y, 0.1)):
        settings = Refine(1, towards, products=50, damping=0, alpha=alpha)
        pruned = prunus.prune(model, X, y, sparsity=0.5, criterion="magnitude", refine=settings)
        assert pruned.report["refine"]["towards"] == towards
        for j, kept in enumerate(pruned.masks[0]):
            # The loss is the mean over samples and both outputs.
            again = Ridge(alpha * N * 2 / 2, fit_intercept=fit_intercept).fit(X[:, kept], target[:, j])
            layer = pruned.network.layers[0]
            assert not layer.weight[j, ~kept].any()
            # The network of a LinearRegression computes in float64: conjugate gradients end at rounding.
            assert np.allclose(layer.weight[j, kept], again.coef_, rtol=1e-7, atol=1e-8)
            assert np.isclose(layer.bias[j], again.intercept_, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("pattern", ["weight", "2:4", "block:4x1", "neuron", "input"])
@pytest.mark.parametrize("output", ["softmax", "identity", "ovr"])
def test_outputs_come_nearer(pattern: str, output: str, X: Any, rng: np.random.Generator) -> None:
    network = network_of(rng, output)
    options: dict[str, Any] = {} if pattern == "2:4" else {"sparsity": 0.5}
    wanted = network.imitated(network.samples(X))
    off = []
    for refine in (None, 1, 4):
        pruned = prunus.prune(network, X, pattern=pattern, compensate="refit", refine=refine, **options)
        off.append(pruned.network.with_all_inputs().loss_of(wanted) - network.loss_of(wanted))
        if pattern == "weight":
            for layer, mask in zip(pruned.network.layers, pruned.masks, strict=True):
                assert not layer.weight[~mask].any()
    assert 0 < off[2] < off[1] < off[0]


def test_at_the_end_the_gradient_is_small(X: Any, rng: np.random.Generator) -> None:
    network = network_of(rng, "identity")
    pruned = prunus.prune(network, X, sparsity=0.7, criterion="obs", refine=Refine(40, products=40))
    data = network.imitated(network.samples(X))
    begin = prunus.prune(network, X, sparsity=0.7, criterion="obs").network
    slopes = [
        np.sqrt(sum(np.sum(g[mask] ** 2) for g, mask in zip(n.gradients(data).weights, pruned.masks, strict=True)))
        for n in (begin, pruned.network)
    ]
    assert pruned.network.loss_of(data) < 0.7 * begin.loss_of(data)
    # It ends where a step lets the loss fall by less than a thousandth.
    assert slopes[1] < 0.5 * slopes[0]


def test_a_network_that_is_sure_of_its_classes(X: Any, rng: np.random.Generator) -> None:
    """Its probabilities are 0 and 1 alone; its logits still tell."""
    network = network_of(rng)
    last = network.layers[-1]
    network = network.replace([*network.layers[:-1], last.replace(20 * last.weight, 20 * last.bias)])
    off = []
    for refine in (None, 4):
        pruned = prunus.prune(network, X, sparsity=0.6, criterion="obs", refine=refine)
        difference = pruned.network.forward(X) - network.forward(X)
        off.append(np.var(difference, axis=1).mean())  # what is added to all classes alike is nothing
    assert off[1] < 0.7 * off[0]


def test_biases_that_are_not_there_stay_zero(X: Any, rng: np.random.Generator) -> None:
    pruned = prunus.prune(network_of(rng, biased=False), X, sparsity=0.5, compensate="refit", refine=2)
    assert not any(layer.bias.any() for layer in pruned.network.layers)


def test_samples_dense_and_sparse_weighted_and_repeated(X: Any, rng: np.random.Generator) -> None:
    network, count = network_of(rng), rng.integers(0, 3, N)
    settings: dict[str, Any] = {"sparsity": 0.5, "criterion": "magnitude", "refine": 3}
    weighted = prunus.prune(network, X, sample_weight=count, **settings).network
    repeated = prunus.prune(network, np.repeat(X, count, axis=0), **settings).network
    compressed = prunus.prune(network, scipy.sparse.csr_array(X), sample_weight=count, **settings).network
    scale = np.abs(weighted.forward(X)).max()
    for other in (repeated, compressed):
        # In float64: other orders of sums, of which conjugate gradients make a little more.
        assert np.abs(other.forward(X) - weighted.forward(X)).max() < 1e-7 * scale


def test_rounds_are_refined_each(X: Any, rng: np.random.Generator) -> None:
    network = network_of(rng, "identity")
    options: dict[str, Any] = {"sparsity": 0.8, "criterion": "obs", "refine": 3}
    once = prunus.prune(network, X, **options)
    more = prunus.prune(network, X, schedule="iterative", **options)
    assert len(more.report["rounds"]) > 1
    assert more.masks[0].sum() != once.masks[0].sum() or not np.array_equal(more.masks[0], once.masks[0])
    assert "refined in 3 steps" in str(more.report)
    assert [mask.shape for mask in more.masks] == [layer.weight.shape for layer in network.layers]


def test_constant_and_dead_neurons(X: Any, rng: np.random.Generator) -> None:
    network = network_of(rng)
    first = network.layers[0]
    weight, bias = first.weight.copy(), first.bias.copy()
    weight[[2, 4]], bias[4] = 0, 0
    network = network.replace([first.replace(weight, bias), *network.layers[1:]])
    pruned = prunus.prune(network, X, sparsity=0.5, criterion="obs", refine=3)
    assert np.isfinite(pruned.network.forward(X)).all()


@pytest.mark.parametrize("seed", range(6))
def test_one_sample(seed: int) -> None:
    """It tells of as many directions as there are logits, less one: products beyond them would go along rounding errors."""
    rng = np.random.default_rng(seed)
    network, X = network_of(rng), rng.standard_normal((1, WIDTHS[0]))
    few, many = (
        prunus.prune(network, X, sparsity=0.5, criterion="magnitude", compensate="none", refine=Refine(3, products=n))
        for n in (10, 40)
    )
    for one, other in zip(few.network.layers, many.network.layers, strict=True):
        assert np.array_equal(one.weight, other.weight)
        assert np.array_equal(one.bias, other.bias)
    unrefined = prunus.prune(network, sparsity=0.5, criterion="magnitude").network
    # What is added to all logits alike changes nothing.
    off = [np.ptp(pruned.forward(X) - network.forward(X)) for pruned in (few.network, unrefined)]
    assert off[0] < off[1] / 10


def test_nothing_left(X: Any, rng: np.random.Generator) -> None:
    network = network_of(rng, biased=False)
    pruned = prunus.prune(network, X, sparsity=1.0, criterion="magnitude", refine=2, allow_empty=True)
    assert not any(layer.weight.any() for layer in pruned.network.layers)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"refine": 0}, ValueError, "refine: expected at least 1, got 0"),
        ({"refine": "much"}, TypeError, "refine: expected an integer, got 'much'"),
        ({"refine": 2, "X": None}, ValueError, "X: expected data, which refine needs, got None"),
        ({"refine": Refine(2, "labels")}, ValueError, "y: expected data beside X, got None"),
    ],
)
def test_refused(options: Any, error: Any, text: str, X: Any, rng: np.random.Generator) -> None:
    with pytest.raises(error, match=text):
        prunus.prune(network_of(rng), **{"X": X, "sparsity": 0.5, "criterion": "magnitude", **options})


def test_weights_that_may_not_fall_below_zero_are_not_refined(X: Any, rng: np.random.Generator) -> None:
    y = X @ rng.random(WIDTHS[0]) + rng.standard_normal(N)
    model = LinearRegression(positive=True).fit(X, y)
    with pytest.raises(prunus.NotSupportedError, match="refine: expected a model without positive=True"):
        prunus.prune(model, X, y, sparsity=0.5, criterion="magnitude", refine=1)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"steps": 0}, "steps: expected at least 1, got 0"),
        ({"towards": "labels or so"}, "towards: expected one of labels, outputs, got 'labels or so'"),
        ({"products": 0}, "products: expected at least 1, got 0"),
        ({"damping": -1}, "damping: expected"),
        ({"alpha": np.nan}, "alpha: expected"),
        ({"logits": 0}, "logits: expected a finite number above 0, got 0"),
    ],
)
def test_bad_settings(options: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Refine(**options)


def test_the_report_survives_a_file(X: Any, rng: np.random.Generator, tmp_path: Any) -> None:
    pruned = prunus.prune(network_of(rng), X, sparsity=0.5, criterion="magnitude", refine=1)
    prunus.save(pruned, tmp_path / "refined.safetensors")
    again = prunus.load(tmp_path / "refined.safetensors")
    assert isinstance(again, prunus.Pruned)
    assert again.report["refine"] == {
        "steps": 1,
        "towards": "outputs",
        "products": 10,
        "damping": 1e-3,
        "alpha": 0.0,
        "logits": 2.0,
    }
