"""Subsets by hard thresholding and by the path of the lasso."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import lasso_path

from prunus.solving.searching.l1 import l1_order
from prunus.solving.searching.thresholding import complete, hard_threshold
from prunus.solving.systems import GramSystem
from test_swap import data_system, gram_system, problem, sparse_system


@pytest.mark.parametrize("n_out", [1, 2])
def test_orthogonal_features_are_recovered(n_out: int) -> None:
    rng = np.random.default_rng(0)
    X = np.linalg.qr(np.column_stack([np.ones(64), rng.standard_normal((64, 30))]))[0][:, 1:]
    true = np.array([3, 4, 11, 20, 29])
    y = X[:, true] @ rng.uniform(1, 2, (5, n_out)) + 1e-3 * rng.standard_normal((64, n_out))
    for system in gram_system(X, y), data_system(X, y), sparse_system(X, y):
        np.testing.assert_array_equal(hard_threshold(system, 5), true)


def test_easy_features_are_recovered_whatever_their_units() -> None:
    rng = np.random.default_rng(1)
    n_found = 0
    for _ in range(20):
        X = rng.standard_normal((200, 80)) * 10.0 ** rng.uniform(-3, 3, 80)
        true = np.sort(rng.permutation(80)[:8])
        y = X[:, true] @ (rng.choice([-1, 1], 8) / X[:, true].std(axis=0)) + 0.1 * rng.standard_normal(200)
        n_found += np.array_equal(hard_threshold(gram_system(X, y), 8), true)
    assert n_found == 20


@pytest.mark.parametrize("k", range(13))
def test_exactly_k_and_what_is_to_be_kept(k: int) -> None:
    X, y = problem(np.random.default_rng(k), n_out=1 + k % 2)
    keep = np.isin(np.arange(12), [2, 9][:k])
    for system in gram_system(X, y), data_system(X, y):
        found = hard_threshold(system, k, keep=keep)
        assert found.dtype == np.int64
        assert len(set(found.tolist())) == k
        assert (np.diff(found) > 0).all()
        assert set(np.flatnonzero(keep)) <= set(found.tolist())


def test_without_anything_to_explain() -> None:
    X, _ = problem(np.random.default_rng(2))
    assert len(hard_threshold(gram_system(X, np.zeros(60)), 4)) == 4
    assert [len(support) for support in l1_order(gram_system(X, np.zeros(60)), 4)] == [0, 1, 2, 3, 4]


def test_collinear_features_make_place() -> None:
    rng = np.random.default_rng(3)
    X, y = problem(rng, p=6, noise=0.1)
    twice = np.hstack([X, X])
    for system in gram_system(twice, y), data_system(twice, y):
        assert sorted(hard_threshold(system, 6) % 6) == list(range(6))
        with pytest.raises(np.linalg.LinAlgError, match="collinear"):
            hard_threshold(system, 7)
        with pytest.raises(np.linalg.LinAlgError, match="collinear"):
            hard_threshold(system, 4, keep=np.isin(np.arange(12), [1, 7]))
        supports = list(l1_order(system, 6))
        assert [len(set((support % 6).tolist())) for support in supports] == list(range(7))


def test_completion_is_forward_selection() -> None:
    rng = np.random.default_rng(4)
    X, y = problem(rng, p=15, n_out=2)
    system = gram_system(X, y)
    chosen: list[int] = []
    for _ in range(6):
        rest = [j for j in range(15) if j not in chosen]
        fits = {j: float(np.sum(system.products[:, [*chosen, j]] * system.coef([*chosen, j]))) for j in rest}
        chosen.append(max(fits, key=lambda j: fits[j]))
    np.testing.assert_array_equal(complete(system, [], 6), np.sort(chosen))
    np.testing.assert_array_equal(complete(system, chosen[:3], 6), np.sort(chosen))


def knots_of(X: Any, y: Any, system: GramSystem, max_size: int) -> list[Any]:
    """For each size the first active set of at least as many, on a fine grid."""
    scaled = (X - X.mean(axis=0)) / system.scale
    largest = np.abs(system.products).max() / len(y)
    alphas = largest * np.geomspace(1, 1e-4, 4000)
    _, coef, _ = lasso_path(scaled, y[:, 0] - y.mean(), alphas=alphas, tol=1e-12, max_iter=100000)
    n_active = np.count_nonzero(coef, axis=0)
    return [np.flatnonzero(coef[:, int(np.argmax(n_active >= k))]) for k in range(max_size + 1)]


def test_l1_is_the_path_of_the_lasso() -> None:
    X, y = problem(np.random.default_rng(5), p=15)
    system = gram_system(X, y)
    supports = list(l1_order(system, 15))
    for k, active in enumerate(knots_of(X, y, system, 15)):
        assert len(supports[k]) == k
        if len(active) == k:
            np.testing.assert_array_equal(supports[k], active)
    for first, other in zip(supports, l1_order(data_system(X, y), 15), strict=True):
        np.testing.assert_array_equal(first, other)


def test_l1_does_not_penalise_what_is_to_be_kept() -> None:
    X, y = problem(np.random.default_rng(6), p=10)
    keep = np.isin(np.arange(10), [4, 7])
    supports = list(l1_order(gram_system(X, y), 9, keep=keep))
    assert [len(support) for support in supports] == list(range(2, 10))
    assert all({4, 7} <= set(support.tolist()) for support in supports)


def test_l1_refusals() -> None:
    X, y = problem(np.random.default_rng(7), n_out=2)
    with pytest.raises(ValueError, match=r"^method: expected .*'l1' takes one output"):
        next(l1_order(gram_system(X, y), 3))
    wide = np.random.default_rng(8).standard_normal((3, 8001))
    with pytest.raises(ValueError, match=r"^X: expected at most 8000 features"):
        next(l1_order(data_system(wide, wide[:, 0]), 2))
