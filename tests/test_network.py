"""Layer and Network: what they are, what they compute, and their gradients."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import prunus
import reference
from prunus.data.scaling import Scaling
from prunus.network.functions import ACTIVATIONS
from strategies import DTYPES, networks, seeds


def small(output: str, activation: str, n_out: int, rng: np.random.Generator) -> prunus.Network:
    classes = None if output == "identity" else np.arange(max(n_out, 2))
    layers = [
        prunus.Layer(rng.standard_normal((4, 3)), rng.standard_normal(4), activation, negative_slope=0.2),
        prunus.Layer(rng.standard_normal((n_out, 4)), rng.standard_normal(n_out)),
    ]
    return prunus.Network(layers, output=output, classes=classes)


def targets(network: prunus.Network, n: int, rng: np.random.Generator) -> Any:
    if network.classes is None:
        return rng.standard_normal((n, network.n_out))
    if network.is_multilabel:
        return rng.integers(0, 2, (n, network.n_out))
    return rng.choice(network.classes, n)


@given(network=networks(), seed=seeds)
def test_forward(network: prunus.Network, seed: int) -> None:
    X = np.random.default_rng(seed).standard_normal((5, network.n_in))
    value, bound = reference.forward(network.layers, X, np.float64)
    got = network.forward(X)
    assert got.dtype == np.float64
    assert np.all(np.abs(got - value) <= bound)
    for dtype in DTYPES:
        rounded = network.astype(dtype)
        expected = reference.forward(rounded.layers, X, dtype)[1]
        assert np.allclose(rounded.error_bound(X), expected, rtol=1e-9, atol=0)


OUTPUTS = [("identity", 1), ("identity", 3), ("sigmoid", 1), ("sigmoid", 3), ("softmax", 3), ("ovr", 3)]


@pytest.mark.parametrize(("output", "n_out"), OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_against_finite_differences(
    output: str, n_out: int, activation: str, rng: np.random.Generator
) -> None:
    network = small(output, activation, n_out, rng)
    X, weight = rng.standard_normal((6, 3)), rng.random(6)
    y = targets(network, 6, rng)
    data = network.data(X, y, weight)
    target = data.targets(slice(None))

    def loss(layers: list[prunus.Layer]) -> float:
        return reference.loss(output, reference.forward(layers, X, np.float64)[0], target, weight)

    gradients = network.gradients(data)
    assert gradients.loss == pytest.approx(loss(list(network.layers)), rel=1e-13)
    assert network.loss(X, y, weight) == pytest.approx(gradients.loss, rel=1e-13)
    # rounding of the difference, some 100 eps of a loss below 100 over the step, and the step's square
    tolerance = 100 * 100 * np.finfo(np.float64).eps / 1e-6
    for i, layer in enumerate(network.layers):

        def with_weight(w: Any, i: int = i, layer: prunus.Layer = layer) -> float:
            return loss([*network.layers[:i], layer.replace(w), *network.layers[i + 1 :]])

        def with_bias(b: Any, i: int = i, layer: prunus.Layer = layer) -> float:
            return loss([*network.layers[:i], layer.replace(layer.weight, b), *network.layers[i + 1 :]])

        assert np.allclose(
            gradients.weights[i], reference.numerical_gradient(with_weight, layer.weight), atol=tolerance, rtol=0
        )
        assert np.allclose(
            gradients.biases[i], reference.numerical_gradient(with_bias, layer.bias), atol=tolerance, rtol=0
        )


@pytest.mark.parametrize(("output", "n_out"), OUTPUTS)
def test_predictions(output: str, n_out: int, rng: np.random.Generator) -> None:
    network = small(output, "tanh", n_out, rng)
    X = rng.standard_normal((50, 3))
    raw = network.forward(X)
    if output == "identity":
        assert np.array_equal(network.predict(X), raw[:, 0] if n_out == 1 else raw)
        with pytest.raises(ValueError, match="predict_proba"):
            network.predict_proba(X)
        return
    p = network.predict_proba(X)
    assert p.shape == (50, max(n_out, 2) if n_out == 1 else n_out)
    assert ((p >= 0) & (p <= 1)).all()
    if network.is_multilabel:
        assert np.array_equal(network.predict(X), (p > 0.5).astype(int))
    else:
        assert np.allclose(p.sum(axis=1), 1, rtol=0, atol=n_out * 4 * np.finfo(np.float64).eps)
        assert np.array_equal(network.predict(X), p.argmax(axis=1))


def test_probabilities_far_out_are_finite() -> None:
    for output, n_out in OUTPUTS[2:]:
        layer = prunus.Layer(np.linspace(1, 2, n_out)[:, None])
        network = prunus.Network([layer], output=output, classes=np.arange(max(n_out, 2)))
        p = network.predict_proba([[-1e6], [1e6]])
        assert np.isfinite(p).all()
        y = np.zeros((2, n_out)) if network.is_multilabel else [0, 1]
        assert np.isfinite(network.loss([[-1e6], [1e6]], y))


def test_string_labels_in_any_order() -> None:
    network = prunus.Network(
        [prunus.Layer(np.eye(3))], output="softmax", classes=np.array(["pear", "apple", "fig"], object)
    )
    assert network.predict(np.eye(3)).tolist() == ["pear", "apple", "fig"]
    assert network.encode(np.array(["fig", "pear"], object), 2).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_inputs_select_columns(rng: np.random.Generator) -> None:
    inputs = np.array([True, False, True, True, False])
    layer = prunus.Layer(rng.standard_normal((2, 3)))
    network = prunus.Network([layer], inputs=inputs)
    X = rng.standard_normal((4, 5))
    assert network.n_in == 5
    expected = X[:, inputs] @ layer.weight.T
    assert np.array_equal(network.forward(X), expected)
    full = network.with_all_inputs()
    assert full.inputs is None
    assert np.allclose(full.forward(X), expected, rtol=1e-15, atol=1e-15)
    assert np.allclose(prunus.compile(network)(X), expected, rtol=1e-14, atol=1e-14)


@settings(max_examples=20)
@given(seed=seeds, dtype=st.sampled_from(DTYPES))
def test_scaling_folds_and_unfolds(seed: int, dtype: Any) -> None:
    rng = np.random.default_rng(seed)
    trained = prunus.Network([prunus.Layer(rng.standard_normal((4, 6)).astype(dtype), rng.standard_normal(4), "relu")])
    scaling = Scaling(rng.standard_normal(6), rng.random(6) + 0.5)
    folded = prunus.Network(trained.layers, scaling=scaling).refolded(trained)
    X = rng.standard_normal((5, 6))
    terms = (
        np.abs(folded.layers[0].weight) @ (np.abs(X).T + np.abs(scaling.shift)[:, None])
        + np.abs(trained.layers[0].bias)[:, None]
    )
    # each weight and bias is rounded once more, to the dtype
    bound = 10 * np.finfo(dtype).eps * terms.T
    assert np.all(np.abs(folded.forward(X) - trained.forward((X - scaling.shift) / scaling.scale)) <= bound)
    back = folded.unfolded()
    assert back.scaling is None
    assert np.all(np.abs(back.forward((X - scaling.shift) / scaling.scale) - folded.forward(X)) <= bound)


def test_everything_is_read_only(digits_network: prunus.Network) -> None:
    layer = digits_network.layers[0]
    for array in (layer.weight, layer.bias, digits_network.classes):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    for thing, name in ((layer, "weight"), (digits_network, "layers")):
        with pytest.raises(AttributeError, match="cannot assign"):
            setattr(thing, name, None)
        with pytest.raises(AttributeError, match="cannot delete"):
            delattr(thing, name)


def test_a_layer_does_not_follow_the_array_it_was_made_of() -> None:
    weight, bias = np.ones((2, 2)), np.ones(2)
    layer = prunus.Layer(weight, bias)
    weight[0, 0] = bias[0] = 7
    assert layer.weight[0, 0] == layer.bias[0] == 1


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))])
def test_copies_are_equal(duplicate: Any, digits_network: prunus.Network) -> None:
    twin = duplicate(digits_network)
    assert twin == digits_network
    assert twin is not digits_network
    assert not twin.layers[0].weight.flags.writeable
    last = digits_network.layers[-1].replace(np.ones((10, 20), np.float32))
    assert digits_network.replace([*digits_network.layers[:-1], last]) != twin


def test_counts() -> None:
    network = prunus.Network([prunus.Layer([[1.0, 0.0], [0.0, 2.0]]), prunus.Layer([[0.0, -1.0]])])
    assert (network.n_in, network.n_out, network.n_weights, network.n_nonzero, network.sparsity) == (2, 1, 6, 3, 0.5)
    assert network.dtype == np.float64
    assert network.astype("float32").dtype == np.float32
