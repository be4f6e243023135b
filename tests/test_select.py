"""Exact selection: how many go, which of equal ones, and the same for every number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from prunus import _core
from strategies import DTYPES, dtypes, seeds


def draw_scores(rng: np.random.Generator, kind: str, sizes: list[int], dtype: Any) -> list[Any]:
    draws: dict[str, Any] = {
        "normal": rng.standard_normal,
        "ties": lambda n: np.round(rng.standard_normal(n)),
        "mostly zero": lambda n: np.where(rng.random(n) < 0.9, 0, np.abs(rng.standard_normal(n))),
        "all equal": np.zeros,
        "signed zeros": lambda n: np.where(rng.random(n) < 0.5, 0.0, -0.0),
        "infinite": lambda n: np.where(rng.random(n) < 0.5, np.inf, np.where(rng.random(n) < 0.5, -np.inf, 1.0)),
        "sorted": lambda n: np.sort(rng.standard_normal(n)),
        "periodic": lambda n: np.tile([1e-3, 5.0, 7.0, 9.0], n // 4 + 1)[:n] * (1 + 1e-6 * rng.random(n)),
        "few at the end": lambda n: np.r_[np.ones(n - n // 20), np.linspace(-1, 0, n // 20)],
    }
    return [draws[kind](n).astype(dtype) for n in sizes]


KINDS = [
    "normal",
    "ties",
    "mostly zero",
    "all equal",
    "signed zeros",
    "infinite",
    "sorted",
    "periodic",
    "few at the end",
]


def counts(n: int) -> list[int]:
    return sorted({0, 1, n // 3, round(0.9 * n), n - 1, n})


@given(
    seed=seeds,
    kind=st.sampled_from(KINDS),
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=3),
    dtype=dtypes,
)
def test_remove_small(seed: int, kind: str, sizes: list[int], dtype: Any) -> None:
    scores = draw_scores(np.random.default_rng(seed), kind, sizes, dtype)
    for n_remove in counts(sum(sizes)):
        expected = reference.mask_remove(scores, n_remove)
        assert all(map(np.array_equal, _core.mask_remove(scores, n_remove, 2), expected))


# Over 4096 scores a bracket is guessed, over 131072 the scores lie in several pieces.
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", [[4097], [5000, 20_000], [300_000], [131_072, 1, 200_001]])
@pytest.mark.parametrize("kind", KINDS)
def test_remove_large(kind: str, sizes: list[int], dtype: Any, rng: np.random.Generator) -> None:
    scores = draw_scores(rng, kind, sizes, dtype)
    flat = np.concatenate(scores)
    order = np.lexsort((-np.arange(flat.size), flat))  # by score, then the later position first
    for n_remove in counts(flat.size):
        expected = np.ones(flat.size, np.bool_)
        expected[order[:n_remove]] = False
        for threads in (1, 2, 7):
            assert np.array_equal(np.concatenate(_core.mask_remove(scores, n_remove, threads)), expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_threshold(kind: str, dtype: Any, rng: np.random.Generator) -> None:
    scores = draw_scores(rng, kind, [33, 140_000], dtype)
    for threshold in (-np.inf, -0.0, 0.0, 0.5, float(scores[1][7]), np.inf):
        expected = reference.mask_threshold(scores, threshold)
        for threads in (1, 2, 7):
            assert all(map(np.array_equal, _core.mask_threshold(scores, threshold, threads), expected))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 4095, 300_000])
@pytest.mark.parametrize("n_remove", [0, 1, None])
def test_nan_is_refused(n: int, n_remove: int | None, dtype: Any, rng: np.random.Generator) -> None:
    for i in {0, n // 2, n - 1}:
        score = rng.standard_normal(n).astype(dtype)
        score[i] = np.nan
        with pytest.raises(ValueError, match="scores: expected numbers, got NaN"):
            _core.mask_remove([score], n if n_remove is None else n_remove, 2)
        with pytest.raises(ValueError, match="scores: expected numbers, got NaN"):
            _core.mask_threshold([score], 0.0, 2)


def test_remove_refuses_a_number_that_is_not_there() -> None:
    for n_remove in (-1, 4):
        with pytest.raises(ValueError, match="n_remove"):
            _core.mask_remove([np.zeros(3)], n_remove, 1)


@given(
    seed=seeds,
    kind=st.sampled_from(KINDS),
    n_rows=st.integers(1, 9),
    n_cols=st.integers(1, 150),
    m=st.integers(1, 70),
    dtype=dtypes,
)
def test_best_of_groups(seed: int, kind: str, n_rows: int, n_cols: int, m: int, dtype: Any) -> None:
    score = draw_scores(np.random.default_rng(seed), kind, [n_rows * n_cols], dtype)[0].reshape(n_rows, n_cols)
    for n in {0, 1, m // 2, m}:
        expected = reference.best_of_groups(score, n, m)
        assert np.array_equal(_core.mask_best_of_groups(score, n, m, 2), expected)


@given(
    seed=seeds,
    n_rows=st.integers(1, 20),
    n_cols=st.integers(1, 60),
    rows=st.integers(1, 25),
    columns=st.integers(1, 70),
    dtype=dtypes,
)
def test_blocks(seed: int, n_rows: int, n_cols: int, rows: int, columns: int, dtype: Any) -> None:
    rng = np.random.default_rng(seed)
    score = rng.standard_normal((n_rows, n_cols)).astype(dtype)
    sums = _core.block_sums(score, rows, columns, 2)
    expected = reference.block_sums(score, rows, columns)
    # sums in float64 of n terms in another order, rounded once
    bound = np.finfo(dtype).eps * np.abs(expected) + rows * columns * np.finfo(np.float64).eps * np.abs(score).sum()
    assert np.all(np.abs(sums - expected) <= bound)
    kept = rng.random(sums.shape) < 0.5
    spread = _core.spread_blocks(kept, rows, columns, n_rows, n_cols, 2)
    assert np.array_equal(spread, kept.repeat(rows, axis=0).repeat(columns, axis=1)[:n_rows, :n_cols])


@given(seed=seeds, n=st.integers(1, 100), dtype=dtypes, share=st.sampled_from([0.0, 0.3, 1.0]))
def test_cut(seed: int, n: int, dtype: Any, share: float) -> None:
    rng = np.random.default_rng(seed)
    score, mask = rng.standard_normal(n).astype(dtype), rng.random(n) < share
    assert _core.cut_of(score, mask) == (score[~mask].max(initial=-np.inf), score[mask].min(initial=np.inf))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: _core.mask_best_of_groups(s[0], 1, 2, 1), "expected a matrix"),
        (lambda s: _core.mask_best_of_groups(s, 1, 0, 1), "n of m"),
        (lambda s: _core.mask_best_of_groups(s * np.nan, 1, 2, 1), "got NaN"),
        (lambda s: _core.block_sums(s, 0, 1, 1), "at least one row"),
        (lambda s: _core.spread_blocks(s > 0, 2, 2, 9, 9, 1), "one for each block"),
        (lambda s: _core.cut_of(s, s[0] > 0), "same shape"),
    ],
)
def test_what_the_core_refuses(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(np.ones((3, 4)))


def lamp_by_sorting(scores: list[Any], n_remove: int) -> list[int]:
    """From the definition, with sums from the largest square down."""
    values, arrays = [], []
    for i, score in enumerate(scores):
        squares = np.maximum(np.sort(score.astype(np.float64)), 0) ** 2
        with np.errstate(invalid="ignore"):
            left = np.cumsum(squares[::-1])[::-1]
            lamp = np.divide(squares, left, out=np.zeros_like(squares), where=left > 0)
        values.append(np.where(np.isinf(squares), np.inf, lamp))
        arrays.append(np.full(len(score), i))
    order = np.lexsort([-np.concatenate(arrays), np.concatenate(values)])
    found: list[int] = np.bincount(np.concatenate(arrays)[order][:n_remove], minlength=len(scores)).tolist()
    return found


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_lamp(kind: str, dtype: Any, rng: np.random.Generator) -> None:
    for sizes in ([40_000, 3000, 500, 1], [7, 1], [5000]):
        scores = draw_scores(rng, kind, sizes, dtype)
        n = sum(sizes)
        before = [0] * len(sizes)
        for n_remove in counts(n):
            found = _core.lamp_counts(scores, n_remove, 2)
            assert sum(found) == n_remove
            assert all(a <= b for a, b in zip(before, found, strict=True))
            before = found
            # Sums of so many squares in another order may turn scores that are as good as equal: one or two of thousands.
            expected = lamp_by_sorting(scores, n_remove)
            slack = 0 if kind in ("ties", "all equal", "signed zeros", "infinite") else 2
            assert all(abs(a - b) <= slack for a, b in zip(found, expected, strict=True))
    with pytest.raises(ValueError, match="got NaN"):
        _core.lamp_counts([np.array([np.nan], dtype)], 0, 1)
