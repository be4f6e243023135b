"""fit(): it learns, what is masked stays zero, and it can be repeated."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import prunus
from prunus.scheduling.settings import FineTune


def fresh(rng: np.random.Generator, widths: list[int], **options: Any) -> prunus.Network:
    layers = [
        prunus.Layer(
            (rng.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)).astype(np.float32),
            None,
            "identity" if i == len(widths) - 2 else "relu",
        )
        for i, (n_in, n_out) in enumerate(itertools.pairwise(widths))
    ]
    return prunus.Network(layers, **options)


def test_it_learns_digits_under_a_mask(digits: Any, rng: np.random.Generator) -> None:
    order = rng.permutation(len(digits[1]))
    X, y = digits[0][order], digits[1][order]
    network = fresh(rng, [64, 50, 10], output="softmax", classes=np.arange(10))
    masks = prunus.mask(prunus.importance(network), sparsity=0.8)
    trained, history = prunus.fit(
        network, X[:1500], y[:1500], epochs=20, learning_rate=0.01, masks=masks, random_state=0
    )
    assert trained.dtype == np.float32
    assert [row["epoch"] for row in history] == list(range(1, 21))
    assert history[-1]["loss"] < history[0]["loss"] / 5
    assert np.mean(trained.predict(X[1500:]) == y[1500:]) > 0.9
    for layer, mask in zip(trained.layers, masks, strict=True):
        assert (layer.weight[~mask] == 0).all()
        assert not np.signbit(layer.weight[~mask]).any()


@pytest.mark.parametrize("output", ["identity", "sigmoid", "ovr"])
def test_it_learns_every_output(output: str, rng: np.random.Generator) -> None:
    X = rng.standard_normal((400, 5))
    hidden = X @ rng.standard_normal((5, 3))
    classes = None if output == "identity" else [0, 1, 2]
    y: Any = {"identity": hidden, "sigmoid": (hidden > 0).astype(int), "ovr": hidden.argmax(axis=1)}[output]
    network = fresh(rng, [5, 3], output=output, classes=classes)
    trained, history = prunus.fit(network, X, y, epochs=60, batch_size=20, learning_rate=0.05, random_state=0)
    assert history[-1]["loss"] < history[0]["loss"] / 2
    assert trained.loss(X, y) == pytest.approx(history[-1]["loss"], rel=0.2)


def test_it_repeats_and_leaves_its_arguments_alone(digits: Any, digits_network: prunus.Network) -> None:
    X, y = digits
    before = digits_network.layers[0].weight.copy()
    a, b, c = (prunus.fit(digits_network, X, y, epochs=1, random_state=seed)[0] for seed in (0, 0, 1))
    assert a == b
    assert a != c
    assert np.array_equal(digits_network.layers[0].weight, before)


def test_one_full_batch_is_one_step_of_adam(rng: np.random.Generator) -> None:
    network = fresh(rng, [4, 3]).astype(np.float64)
    X, y, weight = rng.standard_normal((10, 4)), rng.standard_normal((10, 3)), rng.random(10)
    trained, history = prunus.fit(
        network, X, y, epochs=1, batch_size=10, learning_rate=0.1, sample_weight=weight, random_state=0
    )
    gradient = network.gradients(network.data(X, y, weight)).weights[0]
    # the first step of Adam moves every weight by the rate, against the sign of its gradient
    expected = network.layers[0].weight - 0.1 * gradient / (np.abs(gradient) + 1e-8)
    assert np.allclose(trained.layers[0].weight, expected, rtol=0, atol=1e-6 * 0.1)
    assert history[0]["loss"] == pytest.approx(network.loss(X, y, weight), rel=1e-12)


def test_sample_weight_zero_is_as_if_the_sample_were_not_there(rng: np.random.Generator) -> None:
    network = fresh(rng, [4, 3]).astype(np.float64)
    X, y = rng.standard_normal((20, 4)), rng.standard_normal((20, 3))
    y[10:] = 1e6
    weight = np.r_[np.ones(10), np.zeros(10)]
    assert network.loss(X, y, weight) == pytest.approx(network.loss(X[:10], y[:10]), rel=1e-13)
    trained, _ = prunus.fit(network, X, y, epochs=300, batch_size=20, learning_rate=0.05, sample_weight=weight)
    alone, _ = prunus.fit(network, X[:10], y[:10], epochs=300, batch_size=10, learning_rate=0.05)
    assert trained.loss(X[:10], y[:10]) == pytest.approx(alone.loss(X[:10], y[:10]), rel=1e-6)


def test_a_loss_that_explodes_is_an_error(rng: np.random.Generator) -> None:
    network = fresh(rng, [4, 3])
    X, y = rng.standard_normal((20, 4)) * 1e18, rng.standard_normal((20, 3))
    with np.errstate(over="ignore", invalid="ignore"), pytest.raises(FloatingPointError, match="learning_rate"):
        prunus.fit(network, X, y, epochs=2, learning_rate=1e15)


def test_progress_is_silent_without_a_terminal(digits: Any, digits_network: prunus.Network, capfd: Any) -> None:
    prunus.fit(digits_network, *digits, epochs=1, progress=True)
    assert capfd.readouterr() == ("", "")


def test_fine_tune_checks_itself() -> None:
    assert FineTune(3).learning_rate == 3e-3
    for wrong in ({"epochs": 0}, {"epochs": 1, "batch_size": 0}, {"epochs": 1, "optimizer": "sgd"}):
        with pytest.raises(ValueError, match="expected"):
            FineTune(**wrong)
    with pytest.raises(ValueError, match="learning_rate"):
        FineTune(1, learning_rate=float("nan"))
