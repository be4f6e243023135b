"""Every criterion of the registry against its definition."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import prunus
import reference

CRITERIA = list(prunus.criteria())


def definition(name: str, network: prunus.Network, X: Any, y: Any, weight: Any, options: dict[str, Any]) -> list[Any]:
    """The scores from the definition, with gradients by finite differences."""
    if name == "magnitude":
        return [reference.magnitude(layer.weight) for layer in network.layers]
    target = network.encode(y, len(X))
    layers = network.layers

    def loss_of(changed: list[prunus.Layer], start: int = 0, x: Any = X) -> float:
        raw = reference.forward(changed[start:], x, np.float64)[0] if start < len(changed) else x
        return reference.loss(network.output, raw, target, weight)

    def loss_with_output(i: int, o: Any) -> float:
        return loss_of(list(layers), i + 1, o)

    def loss_with_weight(i: int, w: Any) -> float:
        return loss_of([*layers[:i], layers[i].replace(w), *layers[i + 1 :]])

    scores = []
    for i, layer in enumerate(layers):
        if name == "output_contribution":
            o = reference.forward(layers[: i + 1], X, np.float64)[0]
            gradient = reference.numerical_gradient(functools.partial(loss_with_output, i), o)
            scores.append(reference.column_dot(gradient, o, options.get("absolute", False)))
            continue
        gradient = reference.numerical_gradient(functools.partial(loss_with_weight, i), layer.weight)
        scores.append(np.abs(gradient if name == "gradient" else gradient * layer.weight))
    return scores


@pytest.mark.parametrize("options", [{}, {"absolute": True}])
@pytest.mark.parametrize("name", CRITERIA)
def test_definition(name: str, options: dict[str, Any], rng: np.random.Generator) -> None:
    if options and name != "output_contribution":
        options = {}
    layers = [
        prunus.Layer(rng.standard_normal((5, 3)), rng.standard_normal(5), "tanh"),
        prunus.Layer(rng.standard_normal((4, 5)), rng.standard_normal(4), "gelu"),
        prunus.Layer(rng.standard_normal((3, 4)), rng.standard_normal(3)),
    ]
    network = prunus.Network(layers, output="softmax", classes=[0, 1, 2])
    X, y, weight = rng.standard_normal((7, 3)), rng.integers(0, 3, 7), rng.random(7)
    scores = prunus.importance(network, name, X=X, y=y, sample_weight=weight, **options)
    expected = definition(name, network, X, y, weight, options)
    for score, want, layer in zip(scores, expected, layers, strict=True):
        unit = prunus.criteria()[name].unit
        assert score.shape == (layer.weight.shape if unit == "weight" else (layer.n_out,))
        # a finite difference is off by some 100 eps of the loss over the step; times weights and outputs below 5, 7 samples
        assert np.allclose(score, want, rtol=0, atol=100 * 10 * np.finfo(np.float64).eps / 1e-6 * 5 * 7)


@pytest.mark.parametrize("name", CRITERIA)
def test_more_samples_than_a_batch_and_threads(
    name: str, digits: Any, digits_network: prunus.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = np.tile(digits[0], (3, 1)), np.tile(digits[1], 3)  # three times over is the same mean
    results = []
    for threads in ("1", "2", "7"):
        monkeypatch.setenv("PRUNUS_NUM_THREADS", threads)
        results.append(prunus.importance(digits_network, name, X=X, y=y))
    once = prunus.importance(digits_network, name, X=digits[0], y=digits[1])
    for first, second, third, single in zip(*results, once, strict=True):
        assert np.array_equal(first, second)
        assert np.array_equal(first, third)
        # sums of 1797 terms in another order, each below 1
        assert np.allclose(
            first, single, rtol=0, atol=3 * 1797 * np.finfo(np.float64).eps * max(np.abs(single).max(), 1)
        )


def test_a_folded_scaler_changes_no_score(digits: Any, rng: np.random.Generator) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = digits
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X, y)
    folded, alone = prunus.from_sklearn(pipeline), prunus.from_sklearn(pipeline[-1])
    Z = pipeline[0].transform(X)
    for name in CRITERIA:
        with_scaler = prunus.importance(folded, name, X=X, y=y)[0]
        without = prunus.importance(alone, name, X=Z, y=y)[0]
        # folding and unfolding round a weight three times
        assert np.allclose(with_scaler, without, rtol=1e-9, atol=1e-12)


def test_a_criterion_with_its_options_set(digits: Any, digits_network: prunus.Network) -> None:
    X, y = digits
    ready = prunus.criteria()["output_contribution"](absolute=True)
    a = prunus.importance(digits_network, ready, X=X, y=y)
    b = prunus.importance(digits_network, "output_contribution", X=X, y=y, absolute=True)
    assert all(map(np.array_equal, a, b))
    assert all((s >= 0).all() for s in a)


@pytest.mark.parametrize(
    "part", [*prunus.criteria().values(), *prunus.patterns().values(), *prunus.allocations().values()]
)
def test_every_part_says_what_it_does(part: Any) -> None:
    for heading in ("What it does", "Why", "Cost", "When it fails", "Examples", "References"):
        assert f"\n    {heading}\n    {'-' * len(heading)}\n" in part.__doc__
