"""Every criterion of the registry against its definition."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import prunus
import reference
from strategies import options_of

CRITERIA = [name for name, kind in prunus.criteria().items()]


class Definition:
    """Scores from their definitions, with gradients by finite differences."""

    def __init__(self, network: prunus.Network, X: Any, y: Any, weight: Any, options: dict[str, Any]) -> None:
        self.network, self.X, self.y, self.weight, self.options = network, X, y, weight, options
        self.share = weight / weight.sum()
        self.target = network.encode(y, len(X))
        self.outputs = [
            reference.forward(network.layers[: i + 1], X, np.float64)[0] for i in range(len(network.layers))
        ]
        self.inputs = [X, *self.outputs[:-1]]

    def loss(self, layers: Sequence[prunus.Layer], x: Any, rows: Any = slice(None)) -> float:
        raw = reference.forward(layers, x, np.float64)[0] if layers else x
        return reference.loss(self.network.output, raw, self.target[rows], self.weight[rows])

    def gradient(self, i: int, rows: Any = slice(None)) -> Any:
        layers = self.network.layers

        def loss_with(w: Any) -> float:
            return self.loss([*layers[:i], layers[i].replace(w), *layers[i + 1 :]], self.X[rows], rows)

        return reference.numerical_gradient(loss_with, layers[i].weight)

    def random(self, i: int) -> Any:
        rng = np.random.default_rng(self.options["random_state"])
        return [rng.random(layer.weight.shape, dtype=layer.weight.dtype) for layer in self.network.layers][i]

    def magnitude(self, i: int) -> Any:
        return reference.magnitude(self.network.layers[i].weight)

    def saliency(self, i: int) -> Any:
        return np.abs(self.gradient(i) * self.network.layers[i].weight)

    def fisher(self, i: int) -> Any:
        squares = [s * self.gradient(i, slice(k, k + 1)) ** 2 for k, s in enumerate(self.share)]
        return self.network.layers[i].weight ** 2 * sum(squares)

    def obs(self, i: int) -> Any:
        """By trying every weight at each step, and curvature by finite differences."""
        x = self.inputs[i] - self.share @ self.inputs[i]
        gram = (x * self.share[:, None]).T @ x
        gram += 1e-3 * np.mean(gram.diagonal()) * np.eye(len(gram))
        weight = self.network.layers[i].weight
        return np.array([reference.eliminated(gram, row) for row in weight]) * self.curvature(i)[:, None] / 2

    def curvature(self, i: int) -> Any:
        layers, step = self.network.layers, 1e-5
        sums = self.inputs[i] @ layers[i].weight.T + layers[i].bias

        def raw(changed: Any) -> Any:
            out = reference.activation(layers[i].activation, changed)
            return reference.forward(layers[i + 1 :], out, np.float64)[0] if i + 1 < len(layers) else out

        e = np.exp(raw(sums))
        p = e / e.sum(axis=1, keepdims=True)
        found = []
        for r in range(sums.shape[1]):
            slope = (raw(sums + step * np.eye(sums.shape[1])[r]) - raw(sums - step * np.eye(sums.shape[1])[r])) / (
                2 * step
            )
            found.append(self.share @ ((p * slope**2).sum(axis=1) - (p * slope).sum(axis=1) ** 2))
        return np.array(found)

    def adam(self, i: int) -> Any:
        return self.network.layers[i].weight ** 2 * self.options["second_moment"][i] ** 0.5

    def wanda(self, i: int) -> Any:
        return np.abs(self.network.layers[i].weight) * np.sqrt(self.share @ self.inputs[i] ** 2)

    def synflow(self, i: int) -> Any:
        weights = [np.abs(layer.weight) for layer in self.network.layers]

        def flow_with(w: Any) -> float:
            x = np.ones(self.network.n_in)
            for other in [*weights[:i], w, *weights[i + 1 :]]:
                x = other @ x
            return float(x.sum())

        return weights[i] * reference.numerical_gradient(flow_with, weights[i])

    def movement(self, i: int) -> Any:
        a, b, c = (time[i] for time in self.options["history"])
        return a * (b - a) + b * (c - b)

    def grasp(self, i: int) -> Any:
        layers = self.network.layers
        data = self.network.data(self.X, self.y, self.weight)

        def half_square_with(w: Any) -> float:
            changed = self.network.replace([*layers[:i], layers[i].replace(w), *layers[i + 1 :]])
            return sum(float((g**2).sum()) for g in changed.gradients(data).weights) / 2

        return layers[i].weight * reference.numerical_gradient(half_square_with, layers[i].weight)

    def output_contribution(self, i: int) -> Any:
        o = self.outputs[i]
        gradient = reference.numerical_gradient(lambda o: self.loss(self.network.layers[i + 1 :], o), o)
        return reference.column_dot(gradient, o, self.options.get("absolute", False))

    def apoz(self, i: int) -> Any:
        return 1 - self.share @ (self.outputs[i] == 0)

    def activation_norm(self, i: int) -> Any:
        return np.sqrt(self.share @ self.outputs[i] ** 2)

    def activation_variance(self, i: int) -> Any:
        return self.share @ (self.outputs[i] - self.share @ self.outputs[i]) ** 2

    def input_norm(self, i: int) -> Any:
        return np.sqrt((self.network.layers[i].weight ** 2).sum(axis=0))

    def input_contribution(self, i: int) -> Any:
        x = self.inputs[i]
        gradient = reference.numerical_gradient(lambda x: self.loss(self.network.layers[i:], x), x)
        return reference.column_dot(gradient, x, self.options.get("absolute", False))

    def weight_norm(self, i: int) -> Any:
        return np.sqrt((self.network.layers[i].weight ** 2).sum(axis=1))


CASES = [
    *((name, {}) for name in CRITERIA),
    ("output_contribution", {"absolute": True}),
    ("input_contribution", {"absolute": True}),
]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_definition(name: str, options: dict[str, Any], rng: np.random.Generator) -> None:
    layers = [
        prunus.Layer(rng.standard_normal((5, 3)), rng.standard_normal(5), "tanh"),
        prunus.Layer(rng.standard_normal((4, 5)), rng.standard_normal(4), "relu" if name == "apoz" else "gelu"),
        prunus.Layer(rng.standard_normal((3, 4)), rng.standard_normal(3)),
    ]
    network = prunus.Network(layers, output="softmax", classes=[0, 1, 2])
    X, y, weight = rng.standard_normal((7, 3)), rng.integers(0, 3, 7), rng.random(7)
    options = {**options_of(name, network), **options}
    scores = prunus.importance(network, name, X=X, y=y, sample_weight=weight, **options)
    definition = Definition(network, X, y, weight, options)
    for i, (score, layer) in enumerate(zip(scores, layers, strict=True)):
        want = np.abs(definition.gradient(i)) if name == "gradient" else getattr(definition, name)(i)
        shapes = {"weight": layer.weight.shape, "neuron": (layer.n_out,), "input": (layer.n_in,)}
        assert score.shape == shapes[prunus.criteria()[name].unit]
        # A finite difference is off by some 100 eps of the function over the step; times weights and outputs below 5, 7
        # samples. A square of one, a second derivative, and the flow through all paths are as many times larger.
        scale = max(float(np.abs(want).max()), 1)
        assert np.allclose(score, want, rtol=0, atol=scale * 100 * 10 * np.finfo(np.float64).eps / 1e-6 * 5 * 7)


@pytest.mark.parametrize("name", CRITERIA)
def test_more_samples_than_a_batch_and_threads(
    name: str, digits: Any, digits_network: prunus.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = np.tile(digits[0], (3, 1)), np.tile(digits[1], 3)  # three times over is the same mean
    options = options_of(name, digits_network)
    results = []
    for threads in ("1", "2", "7"):
        monkeypatch.setenv("PRUNUS_NUM_THREADS", threads)
        results.append(prunus.importance(digits_network, name, X=X, y=y, **options))
    once = prunus.importance(digits_network, name, X=digits[0], y=digits[1], **options)
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
        options = options_of(name, alone)
        with_scaler = prunus.importance(folded, name, X=X, y=y, **options)[0]
        without = prunus.importance(alone, name, X=Z, y=y, **options)[0]
        # folding and unfolding round a weight three times
        assert np.allclose(with_scaler, without, rtol=1e-9, atol=1e-12)


def test_a_criterion_with_its_options_set(digits: Any, digits_network: prunus.Network) -> None:
    X, y = digits
    ready = prunus.criteria()["output_contribution"](absolute=True)
    a = prunus.importance(digits_network, ready, X=X, y=y)
    b = prunus.importance(digits_network, "output_contribution", X=X, y=y, absolute=True)
    assert all(map(np.array_equal, a, b))
    assert all((s >= 0).all() for s in a)


REGISTRIES: list[Any] = [prunus.criteria, prunus.patterns, prunus.allocations, prunus.schedules]


@pytest.mark.parametrize("part", [part for registry in REGISTRIES for part in registry().values()])
def test_every_part_says_what_it_does(part: Any) -> None:
    doc = inspect.cleandoc(part.__doc__)  # Python 3.13 has cleaned it already
    for heading in ("What it does", "Why", "Cost", "When it fails", "Examples", "References"):
        assert f"\n{heading}\n{'-' * len(heading)}\n" in doc


@pytest.mark.parametrize("name", [name for name in CRITERIA if name != "random"])  # whose scores belong to places
def test_permuting_neurons_and_inputs_permutes_scores(name: str, rng: np.random.Generator) -> None:
    widths = [6, 9, 7, 3]
    layers = [
        prunus.Layer(rng.standard_normal((n_out, n_in)), rng.standard_normal(n_out), "relu")
        for n_in, n_out in itertools.pairwise(widths)
    ]
    network = prunus.Network(layers, output="softmax", classes=[0, 1, 2])
    X, y = rng.standard_normal((40, 6)), rng.integers(0, 3, 40)
    orders = [*(rng.permutation(n) for n in widths[:-1]), np.arange(3)]
    places: Any = [np.ix_(out, of_inputs) for of_inputs, out in itertools.pairwise(orders)]
    permuted = network.replace(
        [
            layer.replace(layer.weight[place], layer.bias[out])
            for layer, place, out in zip(layers, places, orders[1:], strict=True)
        ]
    )
    options = options_of(name, network)
    moved = {
        key: [
            place_all(entry, places) if isinstance(entry, list) else entry[places[i]] for i, entry in enumerate(value)
        ]
        for key, value in options.items()
    }
    before = prunus.importance(network, name, X=X, y=y, **options)
    after = prunus.importance(permuted, name, X=X[:, orders[0]], y=y, **moved)
    unit = prunus.criteria()[name].unit
    moves = {"weight": places, "neuron": orders[1:], "input": orders[:-1]}[unit]
    for old, new, move in zip(before, after, moves, strict=True):
        # sums of at most 40 * 9 terms in another order; GraSP divides a difference of such by its step, 6e-6
        steep = 1e6 if name == "grasp" else 1
        tolerance = steep * 360 * np.finfo(np.float64).eps * max(np.abs(old).max(), 1)
        assert np.allclose(new, old[move], rtol=0, atol=tolerance)


def place_all(arrays: Any, places: Any) -> Any:
    return [array[place] for array, place in zip(arrays, places, strict=True)]


def test_synflow_of_many_large_layers(rng: np.random.Generator) -> None:
    layers = [prunus.Layer((50 * rng.standard_normal((32, 32))).astype(np.float32)) for _ in range(30)]
    network = prunus.Network(layers)
    scores = prunus.importance(network, "synflow")
    exact = prunus.importance(network.astype(np.float64), "synflow")
    assert all(np.isfinite(score).all() for score in scores)
    # but for one factor; a score is a product of 30 sums of 32 terms
    factor = float(scores[0].max() / exact[0].max())
    for score, expected in zip(scores, exact, strict=True):
        assert np.allclose(score, factor * expected, rtol=4 * 30 * 34 * np.finfo(np.float32).eps)
