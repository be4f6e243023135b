"""Sparse samples as SciPy allows them, unsorted and with entries in parts: the answers of dense ones, nothing changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse

import prunus
from prunus.feature_selection import PruneSelector
from prunus.linear_model import PrunedLinearRegression
from prunus.statistics.gram import GramAccumulator

KINDS = ["csr_array", "csr_matrix", "csc_array", "csc_matrix", "coo_array", "coo_matrix", "bsr_array"]
DTYPES: list[Any] = [np.int8, np.uint8, np.int64, np.float32, np.float64]
EPS = float(np.finfo(np.float64).eps)


def in_parts(rng: np.random.Generator, kind: str, dtype: Any) -> tuple[Any, Any]:
    """Return 60 x 9 samples of whole numbers up to 200, more than int8 holds, and a sparse matrix of them in two parts each."""
    X = np.where(rng.random((60, 9)) < 0.4, rng.integers(1, 101, (60, 9)) * 2, 0)
    row, column = np.nonzero(X)
    row, column = np.tile(row, 2), np.tile(column, 2)
    order = rng.permutation(len(row))
    order = order[np.argsort(row[order] if "csr" in kind or "bsr" in kind else column[order], kind="stable")]
    row, column, data = row[order], column[order], (X[row, column] // 2).astype(dtype)[order]
    if kind.startswith("coo"):
        return X.astype(float), getattr(scipy.sparse, kind)((data, (row, column)), X.shape)
    along, across = (column, row) if "csc" in kind else (row, column)
    starts = np.concatenate([[0], np.cumsum(np.bincount(along, minlength=X.shape["csc" in kind]))])
    if kind.startswith("bsr"):
        data = data[:, None, None]
    return X.astype(float), getattr(scipy.sparse, kind)((data, across, starts), X.shape)


def arrays_of(X: Any) -> list[Any]:
    names = ("data", "row", "col") if X.format == "coo" else ("data", "indices", "indptr")
    return [getattr(X, name) for name in names]


@pytest.fixture
def network(rng: np.random.Generator) -> prunus.Network:
    layers = [
        prunus.Layer(rng.standard_normal((5, 9)) / 100, rng.standard_normal(5), "tanh"),
        prunus.Layer(rng.standard_normal((3, 5)), rng.standard_normal(3)),
    ]
    return prunus.Network(layers, output="softmax", classes=["a", "b", "c"])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_those_of_dense_samples(
    kind: str, dtype: Any, network: prunus.Network, rng: np.random.Generator
) -> None:
    X, sparse = in_parts(rng, kind, dtype)
    before = [array.copy() for array in arrays_of(sparse)]
    for array in arrays_of(sparse):
        array.flags.writeable = False  # as joblib hands them to its workers
    labels, y = rng.choice(["a", "b", "c"], 60), X[:, 0] - 0.5 * X[:, 1] + rng.standard_normal(60)

    engine, bound = prunus.compile(network), network.error_bound(X)
    assert np.all(np.abs(engine(sparse) - network.forward(X)) <= bound)
    assert np.all(np.abs(network.forward(sparse) - network.forward(X)) <= bound)
    assert np.array_equal(engine.predict(sparse), engine.predict(X))
    assert np.allclose(engine.predict_proba(sparse), engine.predict_proba(X), rtol=0, atol=1000 * EPS)
    assert network.loss(sparse, labels) == pytest.approx(network.loss(X, labels), rel=1000 * EPS)

    options: dict[str, Any] = {"sparsity": 0.4, "fine_tune": 2, "random_state": 0, "X_val": X, "y_val": labels}
    pruned, expected = (
        prunus.prune(network, x, labels, **{**options, "X_val": x}, criterion="wanda") for x in (sparse, X)
    )
    assert all(map(np.array_equal, pruned.masks, expected.masks))
    assert pruned.report["loss"]["before"] == pytest.approx(expected.report["loss"]["before"], rel=1000 * EPS)
    (trained, _), (same, _) = (prunus.fit(network, x, labels, epochs=1, random_state=0) for x in (sparse, X))
    assert all(
        np.allclose(a.weight, b.weight, rtol=0, atol=1e-12) for a, b in zip(trained.layers, same.layers, strict=True)
    )

    model, like = (PrunedLinearRegression().fit(x, y) for x in (sparse, X))
    assert np.array_equal(model.support_, like.support_)
    # float32 stays so, exactly: these are whole numbers
    assert np.allclose(model.coef_, like.coef_, rtol=0, atol=1e-11)
    assert np.allclose(model.predict(sparse), like.predict(X), rtol=0, atol=1e-9)
    selector, like = (PruneSelector(3).fit(x, y) for x in (sparse, X))
    assert np.array_equal(selector.support_, like.support_)
    assert np.allclose(GramAccumulator().update(sparse, y).gram().xx, GramAccumulator().update(X, y).gram().xx)

    assert all(map(np.array_equal, arrays_of(sparse), before))


@pytest.mark.parametrize("name", [name for name, kind in prunus.criteria().items() if kind.needs])
def test_criteria(name: str, network: prunus.Network, rng: np.random.Generator) -> None:
    X, sparse = in_parts(rng, "csr_array", np.int8)
    labels = rng.choice(["a", "b", "c"], 60)
    for a, b in zip(*(prunus.importance(network, name, X=x, y=labels) for x in (sparse, X)), strict=True):
        # sums of at most 60 * 9 terms in another order; GraSP divides a difference of such by its step, 6e-6
        steep = 1e6 if name == "grasp" else 1
        assert np.allclose(a, b, rtol=0, atol=steep * 540 * EPS * max(np.abs(a).max(), 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_a_sparse_weight(kind: str, dtype: Any, rng: np.random.Generator) -> None:
    X, sparse = in_parts(rng, kind, dtype)
    before = [array.copy() for array in arrays_of(sparse)]
    for array in arrays_of(sparse):
        array.flags.writeable = False
    assert np.array_equal(prunus.SparseMatrix.from_scipy(sparse).to_scipy().toarray(), X)
    assert all(map(np.array_equal, arrays_of(sparse), before))


def test_samples_are_sorted_once(
    network: prunus.Network, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, sparse = in_parts(rng, "csr_matrix", np.float64)
    labels = rng.choice(["a", "b", "c"], 60)
    sort, sorted_here = scipy.sparse.csr_array.sum_duplicates, []

    def counted(self: Any) -> None:
        if not self.has_canonical_format:
            sorted_here.append(self.nnz)
        sort(self)

    monkeypatch.setattr(scipy.sparse.csr_array, "sum_duplicates", counted)
    schedule: Any = prunus.schedules()["iterative"]
    options: dict[str, Any] = {"schedule": schedule(rounds=3, fine_tune=1), "class_weight": "balanced"}
    prunus.prune(network, sparse, labels, sparsity=0.5, fine_tune=1, sample_weight=np.arange(60), **options)
    assert sorted_here == [sparse.nnz]


def test_places_outside_of_the_matrix_are_refused() -> None:
    sparse = scipy.sparse.csr_array((np.ones(3), np.array([2, 1, 1]), np.array([0, 2, 3])), (2, 3))
    sparse.indices[0] = 7
    with pytest.raises(ValueError, match=r"X: .*indices"):
        prunus.compile(prunus.Network([prunus.Layer([[1.0, 2.0, 3.0]])]))(sparse)
