"""Information criteria by their articles' formulas, and which size they choose."""

from __future__ import annotations

from math import comb, inf, log, nan

import numpy as np
import pytest

from prunus.solving.validating.sizes import best_size, information_criteria, residual_variance

RSS, SIZES = np.array([90.0, 40.0, 25.0, 24.0]), np.arange(4.0)
CRITERIA = ["aic", "aicc", "bic", "ebic", "gic"]


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_corrected_criterion_is_that_of_the_article(fit_intercept: bool) -> None:
    """n log(s2) + n (1 + m / n) / (1 - (m + 2) / n), m parameters of the mean, but for what is the same for every size."""
    n, m = 12, SIZES + fit_intercept
    expected = n * np.log(RSS / n) + n * (1 + m / n) / (1 - (m + 2) / n)
    found = information_criteria(RSS, SIZES, n, 9, fit_intercept=fit_intercept)["aicc"]
    np.testing.assert_allclose(found - found[0], expected - expected[0], rtol=1e-12)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_fits_without_a_degree_of_freedom(fit_intercept: bool) -> None:
    """Two outputs of three samples: an intercept takes the place of a coefficient."""
    found = information_criteria(RSS, SIZES, 3, 9, 2, fit_intercept=fit_intercept)
    left = 3 - SIZES - fit_intercept
    for name in ("aic", "bic", "ebic", "gic"):
        assert np.array_equal(np.isfinite(found[name]), left > 0)
    assert np.array_equal(np.isfinite(found["aicc"]), 2 * left - 2 > 0)
    assert [residual_variance(8.0, d, 3, 2, fit_intercept=fit_intercept) for d in (1.0, 3.0)] == [
        8.0 / (2 if fit_intercept else 4),
        None,
    ]


def test_extended_criterion_counts_the_subsets() -> None:
    expected = [20 * log(rss / 20) + log(20) * d + 2 * log(comb(30, d)) for d, rss in enumerate(RSS)]
    np.testing.assert_allclose(information_criteria(RSS, SIZES, 20, 30)["ebic"], expected, rtol=1e-12)
    # Outputs share their subset.
    expected = [40 * log(rss / 40) + log(40) * 2 * d + 2 * log(comb(30, d)) for d, rss in enumerate(RSS)]
    np.testing.assert_allclose(information_criteria(RSS, SIZES, 20, 30, 2)["ebic"], expected, rtol=1e-12)


def test_fits_that_leave_nothing() -> None:
    rss = np.array([4.0, 0.0, 0.0, 0.0])
    found = information_criteria(rss, SIZES, 4, 10, noise=0.0)
    for name in ("aic", "bic", "ebic", "gic"):
        assert found[name].tolist()[1:] == [-inf, -inf, inf]
    assert np.isinf(information_criteria(rss, SIZES, 5, 10)["aicc"]).tolist() == [False, True, True, True]
    assert found["cp"].tolist() == [inf, 0.0, 2.0, 4.0]  # the least that explains all
    assert best_size(found["cp"], select="cp") == best_size(found["bic"]) == 1


def test_mallows_needs_the_noise() -> None:
    np.testing.assert_allclose(
        information_criteria(RSS, SIZES, 20, 30, noise=1.5)["cp"], RSS / 1.5 - 20 + 2 * SIZES + 2
    )
    with pytest.raises(ValueError, match=r"^select: expected .*got 'cp', which needs more samples than features"):
        best_size(information_criteria(RSS, SIZES, 20, 30)["cp"], select="cp")


@pytest.mark.parametrize("name", CRITERIA)
def test_no_size_is_chosen_where_none_has_a_value(name: str) -> None:
    error = information_criteria(RSS, SIZES, 1, 9)[name]
    assert not (error < inf).any()
    with pytest.raises(ValueError, match=rf"^select: expected .*got '{name}', .*of 1 whose weight is not zero"):
        best_size(error, select=name, n_samples=1)
    with pytest.raises(ValueError, match=r"^select: expected .*got 'loo', which is infinite or NaN for all"):
        best_size(np.array([inf, nan]), select="loo", n_samples=1)


def test_best_size() -> None:
    error = np.array([nan, 3.0, 1.5, 1.0, 1.0, 2.0])
    assert best_size(error) == 3
    assert best_size(error, np.full(6, 0.5)) == 2
    assert best_size(error, floor=0.5) == 2
    assert best_size(error, np.full(6, 1.0), floor=1.0) == 1
    assert best_size(np.array([1.0, -inf, -inf]), floor=1e-9) == 1
