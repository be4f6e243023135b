"""Networks to be pruned at once: how each is trained, by a seed, before anything is pruned."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from typing import Any

import numpy as np

import prunus
from bench.trained import split


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What is trained, how, and by what patterns it is pruned."""

    text: str
    data: str
    widths: tuple[int, ...]
    epochs: int
    learning_rate: float
    momentum: float | None = None  # of plain gradient descent without biases; None: by prunus.fit
    falls: bool = True  # whether the learning rate falls to zero, along half a cosine
    standardized: bool = False
    patterns: tuple[str, ...] = ("weight", "2:4", "block:4x1", "neuron")


NETWORKS = {
    "digits": Recipe(
        "64-300-100-10, relu, 30 epochs of Adam, three quarters of scikit-learn's digits.",
        "digits",
        (64, 300, 100, 10),
        epochs=30,
        learning_rate=1e-3,
    ),
    "lenet": Recipe(
        "784-300-100-10, relu, 40 epochs of Adam on MNIST's 60,000 training images.",
        "mnist",
        (784, 300, 100, 10),
        epochs=40,
        learning_rate=1e-3,
    ),
    # Ends where the networks of published tables do, at 93.7 to 94.3 % accuracy.
    "small": Recipe(
        "784-40-20-10, relu, no biases, 24 epochs of gradient descent on MNIST's 60,000 training images.",
        "mnist",
        (784, 40, 20, 10),
        epochs=24,
        learning_rate=2e-3,
        momentum=0.0,
        falls=False,
        standardized=True,
        patterns=("weight",),
    ),
    "small-converged": Recipe(
        "784-40-20-10, relu, no biases, 25 epochs of gradient descent with momentum on MNIST's 60,000 training images.",
        "mnist",
        (784, 40, 20, 10),
        epochs=25,
        learning_rate=0.03,
        momentum=0.9,
        standardized=True,
        patterns=("weight",),
    ),
}

_BATCH = {"adam": 128, "descent": 64}
_MEAN, _DEVIATION = 0.1307, 0.3081  # of MNIST's pixels


@dataclasses.dataclass(frozen=True)
class Network:
    """A trained network and its data."""

    network: prunus.Network
    train: tuple[Any, Any]
    test: tuple[Any, Any]  # had no part in the training

    def error(self, network: prunus.Network) -> float:
        """Return how many of a hundred test samples are predicted wrongly."""
        X, y = self.test
        return 100 * float(np.mean(prunus.compile(network).predict(X) != y))


@functools.lru_cache(maxsize=1)
def trained(recipe: Recipe, seed: int, n_held_out: int = 0) -> Network:
    """Train: the seed decides the first weights and the order of the samples, and for digits the split.

    Where something is to be chosen, `n_held_out` samples, the last of the training data, are in the place of the test data.
    The last network is kept: one after the other costs no memory, and each is trained once.
    """
    X, X_test, y, y_test = split(recipe.data, seed)
    if n_held_out:
        n = len(X) - n_held_out
        X, X_test, y, y_test = X[:n], X[n:], y[:n], y[n:]
    if recipe.standardized:
        X, X_test = ((part - np.float32(_MEAN)) / np.float32(_DEVIATION) for part in (X, X_test))
    rng = np.random.default_rng(seed)
    network = _untrained(recipe, rng)
    if recipe.momentum is None:
        network, _ = prunus.fit(
            network,
            X,
            y,
            epochs=recipe.epochs,
            batch_size=_BATCH["adam"],
            learning_rate=recipe.learning_rate,
            random_state=rng,
        )
    else:
        network = _descended(network, X, y, recipe, rng)
    return Network(network, (X, y), (X_test, y_test))


def _untrained(recipe: Recipe, rng: np.random.Generator) -> prunus.Network:
    """Return weights as K. He et al., 2015, draw them; without biases as torch.nn.Linear does."""
    weights = [
        rng.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)
        if recipe.momentum is None
        else rng.uniform(-1, 1, (n_out, n_in)) / np.sqrt(n_in)
        for n_in, n_out in itertools.pairwise(recipe.widths)
    ]
    layers = [
        prunus.Layer(weight.astype(np.float32), activation="relu" if i < len(weights) - 1 else "identity")
        for i, weight in enumerate(weights)
    ]
    return prunus.Network(layers, output="softmax", classes=np.arange(recipe.widths[-1]))


def _descended(network: prunus.Network, X: Any, y: Any, recipe: Recipe, rng: np.random.Generator) -> prunus.Network:
    """Train the weights alone, by stochastic gradient descent."""
    assert recipe.momentum is not None
    weights = [layer.weight.copy() for layer in network.layers]
    speeds = [np.zeros_like(weight) for weight in weights]
    size, step = _BATCH["descent"], 0
    n_steps = recipe.epochs * -(-len(X) // size)
    for _ in range(recipe.epochs):
        order = rng.permutation(len(X))
        for begin in range(0, len(X), size):
            rows = order[begin : begin + size]
            rate = recipe.learning_rate * ((1 + np.cos(np.pi * step / n_steps)) / 2 if recipe.falls else 1)
            step += 1
            for weight, speed, gradient in zip(weights, speeds, _gradients(weights, X[rows], y[rows]), strict=True):
                speed *= np.float32(recipe.momentum)
                speed += gradient
                weight -= np.float32(rate) * speed
    return network.replace([layer.replace(weight) for layer, weight in zip(network.layers, weights, strict=True)])


def _gradients(weights: list[Any], x: Any, y: Any) -> list[Any]:
    """Return those of the mean cross-entropy of a relu network without biases."""
    inputs = [x]
    for weight in weights[:-1]:
        inputs.append(np.maximum(inputs[-1] @ weight.T, 0))
    raw = inputs[-1] @ weights[-1].T
    delta = np.exp(raw - raw.max(axis=1, keepdims=True))
    delta /= delta.sum(axis=1, keepdims=True)
    delta[np.arange(len(y)), y] -= 1
    delta /= len(y)
    found = [delta.T @ inputs[-1]]
    for i in reversed(range(len(weights) - 1)):
        delta = (delta @ weights[i + 1]) * (inputs[i + 1] > 0)
        found.insert(0, delta.T @ inputs[i])
    return found
