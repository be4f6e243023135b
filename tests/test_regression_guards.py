"""What keeps subset selection right where features nearly replace one another: it is seen, refactored, refused or told."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from prunus import _core
from prunus.linear_model import PrunedLinearRegression


@pytest.mark.filterwarnings("ignore:X is ill-conditioned:RuntimeWarning")
@pytest.mark.parametrize(("n", "n_more", "part"), [(80, 2, 0.1), (400, 2, 0.1), (400, 27, 0.01)])
def test_an_exact_combination_is_found(n: int, n_more: int, part: float) -> None:
    """Also by the QR factorization that a Gram matrix without digits leads to, whose rounding grows with the samples."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        a, z = rng.standard_normal((2, n))
        X = np.column_stack([a, a + part * z, z, rng.standard_normal((n, n_more))])
        y = z + X[:, 3] + rng.standard_normal(n)
        model = PrunedLinearRegression(X.shape[1] - 1, method="obs").fit(X, y)
        assert len(model.collinear_features_) == 1
        error = np.abs(model.predict(X) - LinearRegression().fit(X, y).predict(X)).max()
        assert error <= 1e-10 / part  # the condition of what is left is some 1 / part


@pytest.mark.filterwarnings("ignore:X is ill-conditioned:RuntimeWarning")
@pytest.mark.parametrize("method", ["obs", "forward", "swap"])
def test_of_a_combination_what_stays_stays(method: str, rng: np.random.Generator) -> None:
    """Though what may go is the larger part of it."""
    a, z = rng.standard_normal((2, 40))
    X = np.column_stack([a, a + 0.05 * z, z, rng.standard_normal((40, 2))])
    y = X[:, 2] + X[:, 3] + rng.standard_normal(40)
    model = PrunedLinearRegression(3, method=method, keep=[0, 1]).fit(X, y)
    assert model.support_[:2].all()
    assert model.path_.sizes[0] == 2
    if method == "obs":
        assert model.collinear_features_.tolist() == [2]


@pytest.mark.parametrize("p", [126, 132, 260])
def test_an_inverse_without_digits_removes_nothing(p: int) -> None:
    """Of two columns a billionth apart one goes first, for nothing; what goes next is told by a new inverse."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        Q = np.linalg.qr(rng.standard_normal((400, p)))[0]
        X = Q.copy()
        X[:, p - 1] = Q[:, p - 2] + 1e-9 * Q[:, p - 1]
        X[:, p - 3] = Q[:, p - 4] + 1e-6 * Q[:, p - 3]
        coef = np.arange(p, 0, -1.0) + 5
        coef[p - 2], coef[p - 1], coef[0], coef[p - 4 : p - 2] = 1, 0, 0.5**0.5, 50
        with pytest.warns(RuntimeWarning, match="ill-conditioned"):
            model = PrunedLinearRegression(5, method="obs", fit_intercept=False).fit(X, Q @ coef)
        assert set(model.elimination_order_[:1]) <= {p - 1, p - 2}
        assert model.elimination_order_[1] == 0  # costs 0.5; the other of the pair 1


def test_left_out_of_a_fit_through_it() -> None:
    """A sample alone in its column says nothing, though nothing is left of it exactly."""
    one = np.ones((1, 1))
    assert _core.sums_left_out(one, 2 * one, 2 * one, np.zeros(1), 1e-12, 1).tolist() == [4, np.inf]
    X, y = np.eye(6)[:, :4] + np.arange(6)[:, None] * [0, 0, 1, 1], np.arange(6.0)
    table = PrunedLinearRegression("auto", select="loo", fit_intercept=False).fit(X, y).path_.table()
    assert not np.isnan(np.asarray(table["loo"])).any()


@pytest.mark.filterwarnings("ignore:the largest model that was searched:RuntimeWarning")
def test_cp_does_not_depend_on_the_largest_size(rng: np.random.Generator) -> None:
    """The variance it compares with is that of the fit on all features, and without one it says so."""
    X = rng.standard_normal((60, 40))
    y = X[:, :5].sum(axis=1) + rng.standard_normal(60)
    models = [
        PrunedLinearRegression(method=method, select="cp", max_nonzero=k).fit(X, y)
        for method, k in (("forward", 8), ("forward", 20), ("forward", 40), ("obs", 20), ("obs", 40))
    ]
    first, *others = [np.asarray(model.path_.table()["cp"]) for model in models[:3]]
    for other in others:
        np.testing.assert_allclose(other[: len(first)], first, rtol=1e-9)
    whole = models[-1].path_.table()
    assert np.asarray(whole["cp"])[-1] == pytest.approx(41, rel=1e-9)  # as many as coefficients
    with pytest.raises(
        ValueError, match="select: expected what is finite for a size, got 'cp', which needs more samples"
    ):
        PrunedLinearRegression(method="forward", select="cp").fit(X[:40], y[:40])


@pytest.mark.parametrize("select", ["aic", "aicc", "bic", "ebic", "gic"])
def test_too_few_samples_of_positive_weight_are_refused(select: str, rng: np.random.Generator) -> None:
    """Those of weight zero are none: of so few, none is left for a fit."""
    X = rng.standard_normal((100, 10))
    y = X[:, :3].sum(axis=1) + rng.standard_normal(100)
    with pytest.raises(ValueError, match=r"select: .*two samples more than parameters, of 1 whose weight is not zero"):
        PrunedLinearRegression(method="forward", select=select).fit(X, y, sample_weight=np.arange(100) == 7)
    PrunedLinearRegression(select=select).fit(X, y, sample_weight=np.full(100, 0.01))


@pytest.mark.parametrize("noise", [0.0, 1e-7])
def test_rounding_is_not_preferred(noise: float) -> None:
    """Where five features explain all but rounding, five are chosen."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((200, 50))
        y = X[:, :5] @ rng.uniform(1, 5, 5) + noise * rng.standard_normal(200)
        for select in ("cv", "bic"):
            assert PrunedLinearRegression(select=select).fit(X, y).n_nonzero_ == 5


@pytest.mark.parametrize("scale", [1e-165, 1e-150, 1e150, 1e200])
def test_outputs_without_squares_are_refused(scale: float, rng: np.random.Generator) -> None:
    X = rng.standard_normal((40, 8))
    y = X[:, 1] + X[:, 5] + 0.1 * rng.standard_normal(40)
    with pytest.raises(ValueError, match="y: expected numbers whose squares can be summed, got "):
        PrunedLinearRegression(2).fit(X, scale * y)
    near = 1e-135 if scale < 1 else 1e135
    assert np.flatnonzero(PrunedLinearRegression(2).fit(X, near * y).support_).tolist() == [1, 5]
    assert PrunedLinearRegression().fit(X, np.full(40, scale)).n_nonzero_ == 0  # constant, whatever its size


@pytest.mark.parametrize("method", ["auto", "obs", "forward", "swap", "iht", "l1"])
def test_a_smaller_model_than_was_asked_for_is_told(method: str, rng: np.random.Generator) -> None:
    X = rng.standard_normal((60, 6))
    with pytest.warns(RuntimeWarning, match="a model of 10 was asked for, and has 6: no more can be told apart"):
        model = PrunedLinearRegression(10, method=method).fit(np.c_[X, X], X[:, 0] + rng.standard_normal(60))
    assert model.n_nonzero_ == 6
