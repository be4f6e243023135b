"""A sample of weight zero is as if it were not there, whatever it holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse

from prunus.linear_model import PrunedLinearRegression
from prunus.solving import GramAccumulator

EPS = np.finfo(np.float64).eps
FAR = [1e3, 1e6, 1e9, 1e12, 1e100]


def drawn(rng: np.random.Generator, n: int = 60, p: int = 6, n_gone: int = 5) -> tuple[Any, Any, Any]:
    X = rng.standard_normal((n, p)) + 10
    weight = rng.uniform(0.5, 2, n)
    weight[:n_gone] = 0
    return X, X[:, :2] @ [1.0, -1.0] + 0.1 * rng.standard_normal(n), weight


@pytest.mark.parametrize("far", FAR)
@pytest.mark.parametrize("method", ["auto", "obs", "forward", "swap", "iht", "l1"])
@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
def test_what_weighs_nothing_changes_nothing(far: float, method: str, kind: Any, rng: np.random.Generator) -> None:
    X, y, weight = drawn(rng)
    roots = np.sqrt(weight[5:])
    expected = np.linalg.lstsq(roots[:, None] * np.c_[X[5:, :2], np.ones(55)], roots * y[5:], rcond=None)[0]
    values = X.copy()
    values[:5] *= far
    model = PrunedLinearRegression(2, method=method).fit(kind(values), np.r_[y[:5] * far, y[5:]], weight)
    assert np.flatnonzero(model.support_).tolist() == [0, 1]
    # The normal equations of 55 rows, whose means are some ten deviations from zero, and their condition.
    assert np.r_[model.coef_[:2], model.intercept_] == pytest.approx(expected, rel=55 * 1000 * EPS)


@pytest.mark.parametrize("select", ["cv", "loo", "bic"])
def test_sizes_are_chosen_as_without_them(select: str, rng: np.random.Generator) -> None:
    X, y, weight = drawn(rng)
    values, targets = X.copy(), y.copy()
    values[:5] *= 1e9
    targets[:5] *= 1e9
    folds = [(np.setdiff1d(np.arange(55), test), test) for test in np.array_split(np.arange(55), 5)]
    # The same folds; those of no weight are in the first one's test and all others' training.
    moved = [
        (train + 5 if i == 0 else np.r_[0:5, train + 5], np.r_[0:5, test + 5] if i == 0 else test + 5)
        for i, (train, test) in enumerate(folds)
    ]
    options: dict[str, Any] = {"method": "obs", "select": select}
    expected = PrunedLinearRegression(cv=folds, **options).fit(X[5:], y[5:], weight[5:])
    got = PrunedLinearRegression(cv=moved, **options).fit(values, targets, weight)
    assert np.array_equal(got.support_, expected.support_)
    name = {"cv": "cv_mean"}.get(select, select)
    assert np.allclose(got.path_.measures[name], expected.path_.measures[name], rtol=1e-9, atol=0)


@pytest.mark.filterwarnings("ignore:a model of 20 was asked for, and has 4:RuntimeWarning")
def test_an_exact_fit_with_more_features_than_samples(rng: np.random.Generator) -> None:
    """Where rounding decides between fits, no digits of it come from what weighs nothing."""
    for _ in range(20):
        X, y, weight = rng.random((10, 20)), rng.random(10), rng.uniform(0.01, 2, 10)
        weight[5:] = 0
        kept = PrunedLinearRegression(1.0).fit(X, y, weight)
        changed = PrunedLinearRegression(1.0).fit(np.r_[X[:5], 1e3 * X[5:]], np.r_[y[:5], 1e6 * y[5:]], weight)
        assert np.array_equal(changed.coef_, kept.coef_)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_centre_is_of_what_weighs(dtype: Any, rng: np.random.Generator) -> None:
    """Of more rows than are looked at together, all the first of which weigh nothing."""
    n, p = 40_000, 100
    X = (rng.standard_normal((n, p)) + 1000).astype(dtype)
    weight = np.r_[np.zeros(30_000), np.ones(10_000)]
    X[:30_000] = -1e6
    got = GramAccumulator().update(X, X[:, 0], weight).gram()
    centred = X[30_000:].astype(np.float64) - X[30_000:].mean(axis=0, dtype=np.float64)
    bound = 10_000 * EPS * (np.abs(centred).T @ np.abs(centred))
    assert (np.abs(got.xx - centred.T @ centred) <= bound).all()
