"""Networks to prune: trained on digits or MNIST from a seed, with all that criteria ask for."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import prunus


@dataclass(frozen=True)
class Recipe:
    """How a network is trained, and how many of its training samples criteria look at."""

    widths: tuple[int, ...]
    epochs: int
    batch_size: int
    n_samples: int
    fine_tune: int  # epochs


RECIPES = {
    "digits": Recipe((64, 100, 50, 10), epochs=30, batch_size=32, n_samples=1000, fine_tune=20),
    "mnist": Recipe((784, 300, 100, 10), epochs=8, batch_size=128, n_samples=5000, fine_tune=2),
}


@dataclass(frozen=True)
class Trained:
    """A trained network, its data, and what training knows that criteria may want."""

    network: prunus.Network
    recipe: Recipe
    train: tuple[Any, Any]
    sample: tuple[Any, Any]  # of the training data, for criteria
    test: tuple[Any, Any]  # chose nothing
    options: Mapping[str, Any]  # by the names of the criteria's options

    def accuracy(self, network: prunus.Network) -> float:
        """Return the accuracy on the test data."""
        X, y = self.test
        return float(np.mean(prunus.compile(network).predict(X) == y))

    def fine_tuned(self, pruned: prunus.Pruned) -> prunus.Network:
        """Return the network, trained under its masks."""
        epochs, batch_size = self.recipe.fine_tune, self.recipe.batch_size
        return prunus.fit(
            pruned.network, *self.train, masks=pruned.masks, epochs=epochs, batch_size=batch_size, random_state=0
        )[0]


def is_there(name: str) -> bool:
    """Tell whether the data can be had: digits come with scikit-learn, MNIST lies in the folder PRUNUS_DATA."""
    return name == "digits" or ("PRUNUS_DATA" in os.environ and _mnist().exists())


def trained(name: str, recipe: Recipe, seed: int) -> Trained:
    """Train: the seed decides the first weights, the order of the samples, and which of them criteria look at."""
    X, X_test, y, y_test = split(name, seed)
    rng = np.random.default_rng(seed)
    history: list[prunus.Network] = []
    network, _ = prunus.fit(
        _untrained(recipe.widths, rng),
        X,
        y,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        learning_rate=1e-3,
        record=history,
        random_state=rng,
    )
    rows = rng.permutation(len(X))[: recipe.n_samples]
    sample = X[rows], y[rows]
    options = {
        "history": history,
        "second_moment": _second_moment(network, *sample),
        "random_state": int(rng.integers(2**32)),  # not the seed, with whose numbers the weights began
    }
    return Trained(network, recipe, (X, y), sample, (X_test, y_test), options)


def _mnist() -> Path:
    return Path(os.environ["PRUNUS_DATA"]) / "mnist.npz"


def split(name: str, seed: int) -> tuple[Any, Any, Any, Any]:
    """Return training and test data. MNIST has a split of its own; digits are split anew for each seed."""
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        X_train, X_test, y_train, y_test = train_test_split(
            (X / 16).astype(np.float32), y, random_state=seed, stratify=y
        )
        return X_train, X_test, y_train, y_test
    with np.load(_mnist()) as file:
        images = [(file[part] / 255).astype(np.float32) for part in ("x_train", "x_test")]
        return *images, file["y_train"].astype(np.int64), file["y_test"].astype(np.int64)


def _untrained(widths: tuple[int, ...], rng: np.random.Generator) -> prunus.Network:
    """Return a relu network of random weights, as large as keeps the variance from layer to layer (K. He et al., 2015)."""
    weights = [
        (rng.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)).astype(np.float32)
        for n_in, n_out in itertools.pairwise(widths)
    ]
    layers = [prunus.Layer(weight, activation="relu") for weight in weights[:-1]]
    return prunus.Network([*layers, prunus.Layer(weights[-1])], output="softmax", classes=np.arange(widths[-1]))


def _second_moment(network: prunus.Network, X: Any, y: Any, batch_size: int = 128) -> list[Any]:
    """Return the mean squares of the gradients of batches: what Adam's running mean comes to where the weights rest."""
    starts = range(0, len(X), batch_size)
    batches = [network.data(X[i : i + batch_size], y[i : i + batch_size]) for i in starts]
    gradients = [network.gradients(batch).weights for batch in batches]
    return [np.mean([g**2 for g in of_layer], axis=0) for of_layer in zip(*gradients, strict=True)]
