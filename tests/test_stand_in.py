"""Refitting the layers of networks: least squares on what is left, towards what a layer summed up before."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import prunus
from prunus import _core
from prunus.compensating import Refit
from reference import activation as activate

N, WIDTHS = 400, (12, 20, 15, 3)


def network_of(rng: np.random.Generator, biased: bool = True, activation: str = "tanh") -> prunus.Network:
    layers = []
    for i, (n_in, n_out) in enumerate(pairwise(WIDTHS)):
        bias = rng.standard_normal(n_out) if biased else np.zeros(n_out)
        name = activation if i < len(WIDTHS) - 2 else "identity"
        layers.append(prunus.Layer(rng.standard_normal((n_out, n_in)) / np.sqrt(n_in), bias, name))
    return prunus.Network(layers)


@pytest.fixture
def X(rng: np.random.Generator) -> Any:  # noqa: N802
    """Columns that have something in common, of which a half is zero."""
    X = rng.standard_normal((N, WIDTHS[0])) @ rng.standard_normal((WIDTHS[0], WIDTHS[0])) + 0.5
    return np.where(rng.random(X.shape) < 0.5, 0, X)


def refitted(dense: prunus.Network, kept: tuple[Any, ...], X: Any, weight: Any, damping: float = 0) -> list[Any]:
    """Return each layer's weight and bias, by NumPy's lstsq, one neuron after the other."""
    root = np.sqrt(np.ones(len(X)) if weight is None else weight)[:, None]
    fit_bias = any(layer.bias.any() for layer in dense.layers)
    now, before, found = X, X, []
    for layer, mask in zip(dense.layers, kept, strict=True):
        sums = before @ layer.weight.T + layer.bias
        new, bias = np.zeros(layer.weight.shape), layer.bias.copy()
        centre = np.average(now, axis=0, weights=root[:, 0] ** 2) if fit_bias else np.zeros(now.shape[1])
        ridge = damping * np.mean(np.average((now - centre) ** 2, axis=0, weights=root[:, 0] ** 2))
        for j, there in enumerate(mask):
            design = np.column_stack([now[:, there], np.ones(len(X))]) if fit_bias else now[:, there]
            rows = np.eye(design.shape[1])[: np.count_nonzero(there)] * np.sqrt(ridge * np.sum(root**2))
            drawn = rows[:, : np.count_nonzero(there)] @ layer.weight[j, there]
            coef = np.linalg.lstsq(
                np.vstack([design * root, rows]), np.concatenate([sums[:, j] * root[:, 0], drawn]), rcond=None
            )[0]
            new[j, there] = coef[: np.count_nonzero(there)]
            if fit_bias:
                bias[j] = coef[-1]
        found.append((new, bias))
        now = activate(layer.activation, now @ new.T + bias)
        before = activate(layer.activation, sums)
    return found


@pytest.mark.parametrize("damping", [0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csr_array])
def test_it_is_least_squares_on_the_support(
    form: Callable[[Any], Any], biased: bool, weighted: bool, damping: float, X: Any, rng: np.random.Generator
) -> None:
    network, weight = network_of(rng, biased), rng.random(N) if weighted else None
    pruned = prunus.prune(
        network, form(X), sparsity=0.5, criterion="magnitude", sample_weight=weight, compensate=Refit(damping=damping)
    )
    assert pruned.report["compensation"] == "refit"
    for layer, mask, (expected, bias) in zip(
        pruned.network.layers, pruned.masks, refitted(network, pruned.masks, X, weight, damping), strict=True
    ):
        assert not layer.weight[~mask].any()
        # Normal equations of condition some 10^4: eps times that, and what the layers before were off by.
        assert np.allclose(layer.weight, expected, rtol=1e-8, atol=1e-9)
        assert np.allclose(layer.bias, bias, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("pattern", ["weight", "2:4", "block:4x1", "neuron", "input"])
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_outputs_come_nearer(pattern: str, activation: str, X: Any, rng: np.random.Generator) -> None:
    network = network_of(rng, activation=activation)
    target: dict[str, Any] = {} if pattern == "2:4" else {"sparsity": 0.4}
    off = {}
    for compensate in ("none", "refit"):
        pruned = prunus.prune(network, X, pattern=pattern, compensate=compensate, **target)
        off[compensate] = np.mean((pruned.network.forward(X) - network.forward(X)) ** 2)
    # What four inputs of twelve told is lost, but for what they had in common with the others.
    assert off["refit"] < off["none"] * (0.9 if pattern == "input" else 0.5)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_what_never_varies_goes_at_no_loss(activation: str, X: Any, rng: np.random.Generator) -> None:
    """A neuron that is dead, one that is constant: what they put out goes into biases."""
    network = network_of(rng, activation=activation)
    layer = network.layers[0]
    weight, bias = layer.weight.copy(), layer.bias.copy()
    weight[3], bias[3] = 0, 0.7  # constant
    weight[5], bias[5] = 0, 0.0  # dead
    network = network.replace([layer.replace(weight, bias), *network.layers[1:]])
    keep = [np.ones(n, bool) for n in WIDTHS[1:]]
    keep[0][[3, 5]] = False
    pruned = prunus.prune(
        network, X, sparsity=2 / sum(WIDTHS[1:-1]), pattern="neuron", keep=keep, compensate=Refit(damping=0)
    )
    assert pruned.network.layers[0].n_out == WIDTHS[1] - 2
    assert np.allclose(pruned.network.forward(X), network.forward(X), rtol=1e-8, atol=1e-9)


def test_a_classifier_behind_a_scaler(digits: Any) -> None:
    X, y = digits
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(X, y)
    scores = [
        prunus.prune(model, X, sparsity=0.9, compensate=compensate).score(X, y) for compensate in ("none", "refit")
    ]
    assert scores[1] > scores[0]


def test_digits_keep_their_classes(digits: Any, digits_network: prunus.Network) -> None:
    X, y = digits
    scores = {
        (sparsity, compensate): prunus.prune(digits_network, X, sparsity=sparsity, compensate=compensate).score(X, y)
        for sparsity in (0.8, 0.9)
        for compensate in ("none", "refit")
    }
    assert scores[0.8, "refit"] > scores[0.8, "none"] + 0.05
    assert scores[0.9, "refit"] > scores[0.9, "none"] + 0.1


def test_one_sample_and_fewer_than_inputs(X: Any, rng: np.random.Generator) -> None:
    """With damping there is a fit all the same; without, it is refused. Of one sample nothing varies."""
    network = network_of(rng)
    for n in (1, 5):
        pruned = prunus.prune(network, X[:n], sparsity=0.5, criterion="magnitude", compensate="refit")
        assert np.allclose(pruned.network.forward(X[:n]), network.forward(X[:n]), atol=0.1)
    with pytest.raises(ValueError, match="X: expected inputs of layer 0 that are no combinations of others"):
        prunus.prune(network, X[:5], sparsity=0.2, criterion="magnitude", compensate=Refit(damping=0))


def test_threads_change_no_bit(rng: np.random.Generator) -> None:
    rows = rng.standard_normal((500, 90))
    gram, products = rows.T @ rows, rng.standard_normal((60, 90))
    support = rng.random((60, 90)) < 0.4
    support[:20] = support[0]  # neighbours that share a factorization
    support[30] = False
    first, is_done = _core.fit_rows(gram, products, support, 0.0, 1)
    assert is_done.all()
    for threads in (2, 7):
        assert np.array_equal(_core.fit_rows(gram, products, support, 0.0, threads)[0], first)
    for j, there in enumerate(support):
        expected = np.linalg.solve(gram[np.ix_(there, there)], products[j, there])
        assert np.allclose(first[j, there], expected, rtol=1e-11)
        assert not first[j, ~there].any()
    singular = gram.copy()
    singular[7], singular[:, 7] = singular[3], singular[:, 3]
    _, is_done = _core.fit_rows(singular, products, support, 1e-6, 2)
    assert np.array_equal(is_done, ~(support[:, 3] & support[:, 7]))
