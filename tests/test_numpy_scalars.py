"""A NumPy scalar is a number, and np.False_ is false, wherever a parameter is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet, LinearRegression, Ridge, RidgeCV

import prunus
from prunus.masking.block import BlockPattern
from prunus.masking.n_of_m import NofMPattern
from prunus.scheduling import Cubic, Iterative
from prunus.scoring.contribution import OutputContribution
from prunus.scoring.second_order import Obs

# For signatures that say int, float and bool.
int8: Any = np.int8
int32: Any = np.int32
int64: Any = np.int64
float32: Any = np.float32
true: Any = np.True_


def regression(rng: np.random.Generator) -> tuple[Any, Any]:
    X = rng.standard_normal((60, 5)) + 3
    return X, X @ [2.0, 0.0, -1.0, 0.1, 0.0] + 7 + rng.standard_normal(60)


def refitted(estimator: Any, X: Any, y: Any) -> tuple[Any, Any]:
    """Prune by obs, and fit what is left with scikit-learn."""
    model = prunus.prune(estimator.fit(X, y), X, y, sparsity=0.6, criterion="obs")
    layer = model.network.layers[0]
    kept = np.flatnonzero(model.masks[0][0])
    again = type(estimator)(**estimator.get_params()).fit(X[:, kept], y)
    return (layer.weight[0, kept], layer.bias[0]), (again.coef_, again.intercept_)


@pytest.mark.parametrize("alpha", [np.float64(5), float32(5), int64(5), np.array(5.0)])
def test_obs_reads_the_penalty_of_ridge(alpha: Any, rng: np.random.Generator) -> None:
    (weight, bias), (coef, intercept) = refitted(Ridge(alpha=alpha), *regression(rng))
    assert np.allclose(weight, coef, rtol=1e-9)
    assert np.isclose(bias, intercept, rtol=1e-9)


@pytest.mark.parametrize("false", [False, np.False_])
@pytest.mark.parametrize("kind", [LinearRegression, Ridge])
def test_obs_fits_no_intercept_where_the_model_has_none(kind: Any, false: Any, rng: np.random.Generator) -> None:
    (weight, bias), (coef, _) = refitted(kind(fit_intercept=false), *regression(rng))
    assert bias == 0
    assert np.allclose(weight, coef, rtol=1e-9)


def test_obs_reads_what_a_file_says(tmp_path: Path, rng: np.random.Generator) -> None:
    X, y = regression(rng)
    prunus.save(prunus.from_sklearn(Ridge(alpha=np.float64(5), fit_intercept=np.False_).fit(X, y)), tmp_path / "a")
    pruned = prunus.prune(tmp_path / "a", X, y, sparsity=0.6, criterion="obs")
    kept = pruned.masks[0][0]
    again = Ridge(alpha=5, fit_intercept=False).fit(X[:, kept], y)
    assert np.allclose(pruned.network.layers[0].weight[0, kept], again.coef_, rtol=1e-9)
    assert pruned.network.layers[0].bias == 0


def test_obs_reads_the_penalty_that_was_chosen(rng: np.random.Generator) -> None:
    X, y = regression(rng)
    model = RidgeCV(alphas=np.array([5.0])).fit(X, y)
    pruned = prunus.prune(model, X, y, sparsity=0.6, criterion="obs")
    kept = pruned.masks[0][0]
    again = Ridge(alpha=5).fit(X[:, kept], y)
    assert np.allclose(pruned.network.layers[0].weight[0, kept], again.coef_, rtol=1e-9)


def test_obs_takes_a_model_that_may_be_negative(rng: np.random.Generator) -> None:
    X, y = regression(rng)
    for positive in (True, np.True_):
        with pytest.raises(prunus.NotSupportedError, match="positive=True"):
            prunus.prune(ElasticNet(positive=positive).fit(X, y), X, y, sparsity=0.6, criterion="obs")
    assert prunus.prune(ElasticNet(positive=np.False_).fit(X, y), X, y, sparsity=0.6, criterion="obs").sparsity == 0.6


@pytest.mark.parametrize(
    "options",
    [
        {"sparsity": float32(0.5)},
        {"sparsity": np.float64(0.5)},
        {"threshold": float32(0.1)},
        {"threshold": int64(1), "allow_empty": np.True_},
        {"sparsity": 0.5, "fine_tune": int64(1)},
        {"sparsity": 0.5, "fine_tune": prunus.FineTune(int64(1), int32(32), float32(0.001))},
        {"sparsity": 0.5, "schedule": Cubic(int64(2), int64(1)), "random_state": int64(0)},
        {"sparsity": 0.5, "schedule": Iterative(int64(2))},
        {
            "sparsity": 0.5,
            "max_layer_sparsity": [float32(0.75), np.float64(0.75)],
            "layers": [int64(1), int64(0)],
        },
        {"sparsity": 0.5, "latency_batch": int64(2), "latency_threads": int64(1)},
        {"sparsity": 0.5, "criterion": OutputContribution(absolute=true), "pattern": "neuron"},
        {"pattern": NofMPattern(int64(1), int64(2))},
        {"sparsity": 0.5, "pattern": BlockPattern(int64(2), int64(1))},
    ],
)
def test_pruning_takes_them_to_the_end(options: Any, tmp_path: Path, rng: np.random.Generator) -> None:
    layers = [prunus.Layer(rng.standard_normal((6, 4)), None, "relu"), prunus.Layer(rng.standard_normal((2, 6)))]
    X = rng.standard_normal((50, 4))
    pruned = prunus.prune(prunus.Network(layers), X, rng.standard_normal((50, 2)), **options)
    pruned.save(tmp_path / "pruned")
    back: Any = prunus.load(tmp_path / "pruned")
    assert back.report == pruned.report
    assert np.array_equal(back.predict(X), pruned.predict(X))


def test_options_are_kept_as_plain_numbers() -> None:
    """A float32 would drag what it meets into its own precision."""
    assert type(Obs(alpha=float32(0.5)).alpha) is float
    tuned = prunus.FineTune(int64(2), int32(16), float32(0.5))
    assert [type(value) for value in vars(tuned).values()] == [int, int, float, str]
    assert [type(n) for n in (Cubic(int64(3)).rounds, NofMPattern(int8(1), int8(2)).m)] == [int, int]
