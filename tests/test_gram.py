"""Gram matrices of weighted data, gathered in pieces: the sums of plain formulas, whatever the pieces and their order."""

from __future__ import annotations

import pickle
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.sparse

from prunus.statistics.gram import Gram, GramAccumulator, gather_folds, gather_gram, merged

EPS = float(np.finfo(np.float64).eps)
NAN, INF = float("nan"), float("inf")


class Sums(NamedTuple):
    """What a Gram has, and the sums of the absolute values of all terms, which rounding is measured by."""

    xx: Any
    xy: Any
    yy: Any
    xx_size: Any
    xy_size: Any
    yy_size: Any


def plain(X: Any, y: Any, weight: Any, *, fit_intercept: bool = True, about: Any = 0.0) -> Sums:
    """By the definition, in extended precision; the sizes are those of the terms about another centre of X."""
    x, targets, w = (np.asarray(a, np.longdouble) for a in (X, y.reshape(len(y), -1), weight))
    x_mean, y_mean = (w @ x / w.sum(), w @ targets / w.sum()) if fit_intercept else (0, 0)
    xc, yc = x - x_mean, targets - y_mean
    xs, ys = np.abs(xc) + np.abs(x_mean - about), np.abs(yc) + np.abs(y_mean)
    found = [a.T @ (w[:, None] * b) for a, b in [(xc, xc), (yc, xc), (xs, xs), (ys, xs)]]
    return Sums(found[0], found[1], w @ yc**2, found[2], found[3], w @ ys**2)


def assert_right(gram: Gram, expected: Sums, n: int) -> None:
    # A sum of n products has an error of n units of rounding of the sum of their sizes; the shift and the mean double it.
    for name in ("xx", "xy", "yy"):
        error = np.abs(getattr(gram, name) - getattr(expected, name))
        assert np.all(error <= 4 * n * EPS * getattr(expected, f"{name}_size")), name


def same(a: Gram, b: Gram) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in Gram._fields)


def draw(rng: np.random.Generator, n: int, p: int, m: int) -> tuple[Any, Any, Any]:
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.5)
    return X, rng.standard_normal((n, m)), rng.integers(0, 3, n) * rng.random(n)


KINDS = {
    "float64": np.asarray,
    "float32": lambda X: X.astype(np.float32),
    "Fortran order": np.asfortranarray,
    "every other column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "big endian": lambda X: X.astype(">f8"),
    "CSR": scipy.sparse.csr_array,
    "CSR matrix": scipy.sparse.csr_matrix,
    "CSC": scipy.sparse.csc_array,
    "COO": scipy.sparse.coo_array,
    "CSR float32": lambda X: scipy.sparse.csr_array(X.astype(np.float32)),
}


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_equals_the_definition(kind: str, weighted: bool, fit_intercept: bool, rng: np.random.Generator) -> None:
    X, y, weight = draw(rng, 150, 7, 2)
    given = KINDS[kind](X)
    seen = given.toarray() if hasattr(given, "tocsr") else given
    gathered = GramAccumulator().update(given, y, weight if weighted else None)
    gram = gathered.gram(fit_intercept=fit_intercept)
    w = weight if weighted else np.ones(150)
    assert_right(gram, plain(seen, y, w, fit_intercept=fit_intercept), 150)
    assert gram.xx.shape == (7, 7)
    assert gram.xy.shape == (2, 7)
    assert np.array_equal(gram.xx, gram.xx.T)
    assert gram.n_samples == gathered.n_samples == np.count_nonzero(w)
    assert abs(gram.weight - w.sum()) <= 150 * EPS * w.sum()
    assert np.allclose(gram.x_mean, w @ seen / w.sum() * fit_intercept, rtol=0, atol=150 * EPS * np.abs(seen).max())
    assert np.allclose(gram.y_mean, w @ y / w.sum() * fit_intercept, rtol=0, atol=150 * EPS * np.abs(y).max())


def test_integers_and_bools(rng: np.random.Generator) -> None:
    X, y = rng.integers(-9, 9, (60, 4)), rng.integers(0, 5, 60)
    gram = GramAccumulator().update(X.astype(np.int8), y).gram(fit_intercept=False)
    assert np.allclose(gram.xx, X.T @ X, rtol=60 * EPS, atol=60 * EPS * 81 * 4)
    for kind in (np.asarray, scipy.sparse.csr_array):
        gram = GramAccumulator().update(kind(X > 0), y).gram(fit_intercept=False)
        assert np.allclose(gram.xx, (X > 0).T.astype(int) @ (X > 0), rtol=0, atol=4 * 60 * EPS * 60)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_far_from_zero(dtype: Any, rng: np.random.Generator) -> None:
    """The shift keeps the digits: the error is measured by the columns' lengths about the first piece's mean."""
    X, y = (1e6 + rng.standard_normal((500, 5))).astype(dtype), 1e6 + rng.standard_normal(500)
    gathered = GramAccumulator()
    for begin in range(0, 500, 100):
        gathered.update(X[begin : begin + 100], y[begin : begin + 100])
    gram, exact = gathered.gram(), plain(X, y, np.ones(500))
    length = np.sqrt(exact.xx.diagonal())
    assert np.all(np.abs(gram.xx - exact.xx) <= 8 * 500 * EPS * np.outer(length, length))
    assert np.all(np.abs(gram.xy - exact.xy) <= 8 * 500 * EPS * np.outer(np.sqrt(exact.yy), length))
    assert abs(gram.yy[0] - exact.yy[0]) <= 8 * 500 * EPS * exact.yy[0]


def test_pieces_of_one_update(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y, weight = draw(rng, 700, 6, 1)
    monkeypatch.setattr("prunus.statistics.sums._PIECE", 100 * 6)
    for kind in (np.asarray, scipy.sparse.csr_array):
        assert_right(gather_gram(kind(X), y, weight).gram(), plain(X, y, weight), 700)


def test_sparse_products_are_made_dense_once(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their pieces are of so many entries, not of so many rows: 2000 rows of 3000 columns are one."""
    X = scipy.sparse.csr_array(rng.random((2000, 3000)) < 1e-3)
    calls, toarray = [], scipy.sparse.csr_array.toarray

    def counted(matrix: Any, *arguments: Any, **options: Any) -> Any:
        calls.append(matrix.shape)
        return toarray(matrix, *arguments, **options)

    monkeypatch.setattr(scipy.sparse.csr_array, "toarray", counted)
    gather_gram(X, np.ones(2000), None)
    assert calls == [(3000, 3000)]


@pytest.mark.parametrize("weighted", [True, False])
def test_sparse_columns_far_from_zero(weighted: bool, rng: np.random.Generator) -> None:
    """They are centred as dense ones are, also where an entry is zero; what is constant is found beside them."""
    n = 50_000
    X = np.column_stack([3e5 + rng.standard_normal((n, 2)), np.full(n, 3e5), rng.random(n) < 0.01, rng.random(n) + 9])
    X[7, 4] = 0.0
    weight = rng.random(n) + 0.5 if weighted else np.ones(n)
    y = X[:, 0] + rng.standard_normal(n)
    gathered = GramAccumulator()
    for begin in range(0, n, n // 2):
        rows = slice(begin, begin + n // 2)
        gathered.update(scipy.sparse.csr_array(X[rows]), y[rows], weight[rows])
    gram, exact = gathered.gram(), plain(X, y, weight)
    assert gram.constant.tolist() == [False, False, True, False, False]
    # Of columns less their means a sum of n products has an error of n units of rounding of the lengths; moving them to
    # other means has some units of what that moves them by.
    length = np.sqrt(exact.xx.diagonal()) + np.sqrt(n) * np.array([1, 1, 1e-3, 1, 10])
    assert np.all(np.abs(gram.xx - exact.xx) <= 8 * n * EPS * np.outer(length, length))
    assert np.all(np.abs(gram.xy - exact.xy) <= 8 * n * EPS * np.outer(np.sqrt(exact.yy), length))


def test_updates_and_merges_in_any_order(rng: np.random.Generator) -> None:
    X, y, weight = draw(rng, 120, 5, 2)
    X += np.repeat([0.0, 100.0, -1.0], 40)[:, None]  # the pieces' own centres lie apart
    parts = [GramAccumulator().update(X[i : i + 40], y[i : i + 40], weight[i : i + 40]) for i in (0, 40, 80)]
    before = [part.gram() for part in parts]
    for order in permutations(parts):
        whole = merged(order)
        # Terms about any piece's mean are no larger than those about zero and about 100 together.
        assert_right(whole.gram(), plain(X, y, weight, about=-101.0), 120)
        assert whole.n_samples == np.count_nonzero(weight)
    assert all(same(part.gram(), gram) for part, gram in zip(parts, before, strict=True))
    first = GramAccumulator()
    assert first.merge(GramAccumulator()) is first
    assert first.n_features == 0
    assert same(first.merge(parts[0]).gram(), before[0])
    first.update(X[40:], y[40:], weight[40:])
    assert same(parts[0].gram(), before[0])  # a merge copies
    assert_right(first.gram(), plain(X, y, weight, about=-101.0), 120)


def test_dense_and_sparse_pieces_together(rng: np.random.Generator) -> None:
    X, y, weight = draw(rng, 90, 5, 1)
    for first, second in [(np.asarray, scipy.sparse.csc_array), (scipy.sparse.csc_array, np.asarray)]:
        gathered = GramAccumulator().update(first(X[:30]), y[:30], weight[:30])
        gathered.update(second(X[30:]), y[30:], weight[30:])
        assert_right(gathered.gram(), plain(X, y, weight, about=1.0), 90)


def test_sparse_in_any_form(rng: np.random.Generator) -> None:
    """Explicit zeros, unsorted indices, and duplicates, which count together."""
    indices, indptr = np.array([3, 0, 1, 1, 2, 0]), np.array([0, 2, 4, 6, 6])
    X = scipy.sparse.csr_array((np.array([1.0, 2, 3, 4, 0, 5]), indices, indptr), (4, 4))
    before = X.data.copy(), X.indices.copy()
    gathered = GramAccumulator().update(X, np.arange(4.0), [1.0, 2.0, 0.5, 0.0])
    dense = np.array([[2.0, 0, 0, 1], [0, 7, 0, 0], [5, 0, 0, 0], [0, 0, 0, 0]])
    assert_right(gathered.gram(), plain(dense, np.arange(4.0), [1.0, 2.0, 0.5, 0.0]), 4)
    assert np.array_equal(X.data, before[0])
    assert np.array_equal(X.indices, before[1])


def test_pickled(rng: np.random.Generator) -> None:
    X, y, weight = draw(rng, 50, 4, 1)
    gathered = gather_gram(X, y, weight)
    copy = pickle.loads(pickle.dumps(gathered))
    assert same(copy.gram(), gathered.gram())
    assert same(copy.update(X, y).gram(), gathered.update(X, y).gram())


def test_weight_two_counts_as_two(rng: np.random.Generator) -> None:
    X, y, _ = draw(rng, 40, 4, 1)
    times = rng.integers(0, 4, 40)
    twice = gather_gram(np.repeat(X, times, axis=0), np.repeat(y, times, axis=0), None)
    assert_right(
        gather_gram(X, y, times).gram(),
        plain(np.repeat(X, times, axis=0), np.repeat(y, times, axis=0), np.ones(times.sum())),
        160,
    )
    assert twice.weight == gather_gram(X, y, times).weight


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("kind", ["float64", "float32", "Fortran order", "CSR"])
def test_folds(kind: str, threads: int, rng: np.random.Generator) -> None:
    X, y, weight = draw(rng, 300, 5, 2)
    X = X.astype(np.float32).astype(np.float64)
    # More rows than the core takes together, fewer, and none.
    folds = np.split(rng.permutation(300), [130, 130, 137])
    given = KINDS[kind](X)
    parts = gather_folds(given, y, weight, folds, threads)
    assert parts[1].weight == 0
    parts, folds = [parts[i] for i in (0, 2, 3)], [folds[i] for i in (0, 2, 3)]
    whole = merged(parts)
    assert_right(whole.gram(), plain(X, y, weight, about=1.0), 300)
    for part, rows in zip(parts, folds, strict=True):
        assert_right(part.gram(), plain(X[rows], y[rows], weight[rows], about=1.0), len(rows))
        rest = whole.without(part)
        left = np.setdiff1d(np.arange(300), rows)
        exact, every = plain(X[left], y[left], weight[left]), plain(X, y, weight, about=1.0)
        # What is taken out again leaves the rounding of the whole.
        assert_right(rest.gram(), exact._replace(**{name: getattr(every, name) for name in every._fields[3:]}), 300)
        assert rest.n_samples == np.count_nonzero(weight[left])
        centre = rng.standard_normal(7)
        xx, xy, yy = part.moments(centre)
        x, targets = X[rows] - centre[:5], y[rows] - centre[5:]
        assert np.allclose(xx, x.T @ (weight[rows, None] * x), rtol=0, atol=4 * 300 * EPS * every.xx_size.max() * 9)
        assert np.allclose(
            xy, targets.T @ (weight[rows, None] * x), rtol=0, atol=4 * 300 * EPS * every.xy_size.max() * 9
        )
        assert np.allclose(yy, weight[rows] @ targets**2, rtol=0, atol=4 * 300 * EPS * every.yy_size.max() * 9)


REFUSED: dict[str, tuple[Any, Any, Any, type[Exception]]] = {
    "NaN in X": ([[1.0, NAN]], [1.0], None, ValueError),
    "infinity in X": ([[1.0, INF]], [1.0], None, ValueError),
    "infinities in X": ([[1.0, INF], [0.0, -INF]], [1.0, 2.0], None, ValueError),
    "squares beyond float64": ([[1.0, 1e200]], [1.0], None, ValueError),
    "NaN in sparse X": (scipy.sparse.csr_array([[1.0, NAN]]), [1.0], None, ValueError),
    "infinity in sparse X": (scipy.sparse.csr_array([[1.0, INF]]), [1.0], None, ValueError),
    "NaN where the weight is 0": ([[1.0, NAN]], [1.0], [0.0], ValueError),
    "NaN in y": ([[1.0, 2.0]], [NAN], None, ValueError),
    "infinity in y": ([[1.0, 2.0]], [INF], None, ValueError),
    "squares of y beyond float64": ([[1.0, 2.0]], [1e200], None, ValueError),
    "squares of y beyond float64, sparse X": (scipy.sparse.csr_array([[1.0, 2.0]]), [1e200], None, ValueError),
    "X too wide": ([[1.0, 2.0, 3.0]], [1.0], None, ValueError),
    "X too narrow": (scipy.sparse.csr_array([[1.0]]), [1.0], None, ValueError),
    "X of one dimension": ([1.0, 2.0], [1.0, 2.0], None, ValueError),
    "y too wide": ([[1.0, 2.0]], [[1.0, 2.0]], None, ValueError),
    "y too short": ([[1.0, 2.0], [3.0, 4.0]], [1.0], None, ValueError),
    "y a scalar": ([[1.0, 2.0]], 1.0, None, ValueError),
    "y of three dimensions": ([[1.0, 2.0]], [[[1.0]]], None, ValueError),
    "negative weights": ([[1.0, 2.0]], [1.0], [-1.0], ValueError),
    "NaN in the weights": ([[1.0, 2.0]], [1.0], [NAN], ValueError),
    "weights too short": ([[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0], [1.0], ValueError),
    "X of strings": ([["a", "b"]], [1.0], None, TypeError),
    "X of complex": ([[1j, 2.0]], [1.0], None, TypeError),
    "sparse X of complex": (scipy.sparse.csr_array([[1j, 2.0]]), [1.0], None, TypeError),
    "X missing": (None, [1.0], None, TypeError),
    "y of strings": ([[1.0, 2.0]], ["a"], None, TypeError),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_leaves_nothing_behind(name: str, rng: np.random.Generator) -> None:
    X, y, weight, error = REFUSED[name]
    gathered = gather_gram(rng.standard_normal((20, 2)), rng.standard_normal(20), None)
    before, n = gathered.gram(), gathered.n_samples
    with pytest.raises(error, match=r"^(X|y|sample_weight): expected"):
        gathered.update(X, y, weight)
    assert same(gathered.gram(), before)
    assert gathered.n_samples == n


def test_refused_at_first() -> None:
    gathered = GramAccumulator()
    with pytest.raises(ValueError, match="X: expected finite"):
        gathered.update([[NAN]], [1.0])
    assert gathered.n_features == gathered.n_samples == 0
    assert gathered.update([[1.0, 2.0]], [1.0]).n_features == 2


def test_others_that_do_not_fit(rng: np.random.Generator) -> None:
    gathered = gather_gram(rng.standard_normal((20, 2)), rng.standard_normal(20), None)
    before = gathered.gram()
    for other in (gather_gram(np.ones((3, 3)), np.ones(3), None), gather_gram(np.ones((3, 2)), np.ones((3, 2)), None)):
        with pytest.raises(ValueError, match="other: expected 2 features and 1 outputs"):
            gathered.merge(other)
    with pytest.raises(TypeError, match="other: expected a GramAccumulator"):
        gathered.merge(before)  # type: ignore[arg-type]
    assert same(gathered.gram(), before)


def test_nothing_gathered(rng: np.random.Generator) -> None:
    for gathered in (GramAccumulator(), GramAccumulator().update(np.ones((2, 1)), np.ones(2), np.zeros(2))):
        with pytest.raises(ValueError, match="at least one sample of positive weight"):
            gathered.gram()
    X, y, weight = draw(rng, 30, 3, 1)
    for empty in (X[:0], scipy.sparse.csr_array(X[:0])):
        assert_right(GramAccumulator().update(empty, y[:0]).update(X, y, weight).gram(), plain(X, y, weight), 30)
