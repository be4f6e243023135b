"""The estimators that choose features, as objects: what they keep, take and say beside the numbers."""

from __future__ import annotations

import copy
import gc
import pickle
import tracemalloc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import prunus
from prunus.feature_selection import PruneSelector
from prunus.linear_model import PrunedLinearRegression

pd = pytest.importorskip("pandas")


@pytest.fixture
def frame(rng: np.random.Generator) -> Any:
    return pd.DataFrame(rng.standard_normal((60, 8)), columns=list("abcdefgh"))


@pytest.fixture
def y(frame: Any, rng: np.random.Generator) -> Any:
    return frame["b"] * 2 - frame["e"] + 0.5 * frame["h"] + 0.3 * rng.standard_normal(60)


def test_a_path_outlives_the_next_fit(frame: Any, y: Any) -> None:
    model = PrunedLinearRegression(method="obs", alpha=0.5).fit(frame, y)
    path, before = model.path_, model.path_.at(2)
    model.set_params(alpha=3.0, groups=[0, 0, 1, 1]).fit(frame[list("hgfe")], y)
    after = path.at(2)
    assert after.get_params() == before.get_params()
    assert after.feature_names_in_.tolist() == list("abcdefgh")
    assert np.array_equal(after.coef_, before.coef_)
    assert np.array_equal(after.predict(frame), before.predict(frame))
    assert path.coefficients().shape == (9, 8)
    assert repr(path) == "SubsetPath(9 models of 0 to 8 features)"
    assert model.path_.at(1).n_features_in_ == 4


def test_a_path_holds_no_estimator(frame: Any, y: Any) -> None:
    """Neither by a cycle, nor the one that was fitted before."""
    model = PrunedLinearRegression(method="obs").fit(frame, y)
    old, path = weakref.ref(model.path_), model.fit(frame, y).path_
    there = weakref.ref(model)
    gc.disable()
    try:
        del model
        assert there() is None
        assert old() is None
    finally:
        gc.enable()
    assert path.at(2).path_ is path


def test_a_table_costs_what_it_shows(rng: np.random.Generator) -> None:
    X = rng.standard_normal((900, 600))
    model = PrunedLinearRegression(3, method="obs").fit(X, X[:, 0] + rng.standard_normal(900))
    model.path_.table()  # what it imports
    tracemalloc.start()
    try:
        table = model.path_.table()
        assert tracemalloc.get_traced_memory()[1] < 1_500_000
    finally:
        tracemalloc.stop()
    assert sorted(table["added"].explode().dropna()) == list(range(600))


@pytest.mark.parametrize("method", ["obs", "swap"])
def test_a_table_names_features(method: str, frame: Any, y: Any) -> None:
    table = PrunedLinearRegression(method=method, keep=[2, 3]).fit(frame, y).path_.table()
    assert table["added"].tolist()[:4] == [["c", "d"], ["b"], ["e"], ["h"]]
    assert table["removed"].tolist()[:4] == [[]] * 4


def test_groups_are_what_is_counted(frame: Any, y: Any) -> None:
    model = PrunedLinearRegression(2, method="obs", groups=list("xyzyxzzz")).fit(frame, y)
    assert (model.n_groups_, model.n_nonzero_) == (2, int(model.support_.sum()))
    assert model.n_nonzero_ > 2
    assert np.array_equal(model.path_.at(model.n_groups_).coef_, model.coef_)
    assert model.path_.at(1).n_groups_ == 1
    assert repr(model.path_) == "SubsetPath(4 models of 0 to 3 groups)"
    with pytest.raises(ValueError, match="n_nonzero: expected one of the path's sizes, 0 to 3 groups, got 5"):
        model.path_.at(5)
    single = PrunedLinearRegression(3, method="obs").fit(frame, y)
    assert single.n_groups_ == single.n_nonzero_ == 3
    assert not hasattr(clone(model), "n_groups_")


@pytest.mark.parametrize("method", ["obs", "forward", "swap", "auto"])
@pytest.mark.parametrize("is_grouped", [False, True])
def test_a_size_means_the_same_everywhere(method: str, is_grouped: bool, frame: Any, y: Any) -> None:
    """Also where a column, or a group, stays that is a combination of others that do: it counts, and has no coefficient."""
    frame["c"] = frame["a"] - 2 * frame["b"]
    frame["d"] = frame["a"] + frame["b"]
    options: dict[str, Any] = {"method": method, "keep": ["a", "b", "c", "d"]}
    if is_grouped:
        if method == "swap":
            pytest.skip("it takes single features")
        options["groups"] = list("xyzzefgh")
    stay = 3 if is_grouped else 4
    for size in ("auto", stay, stay + 1, stay + 2):
        model = PrunedLinearRegression(size, **options).fit(frame, y)
        selector = PruneSelector(size, **options).fit(frame, y)
        assert model.n_groups_ == selector.n_groups_ == (model.n_groups_ if size == "auto" else size)
        assert model.n_nonzero_ == model.n_groups_ - (1 if is_grouped else 2) == np.count_nonzero(model.coef_)
        same = model.path_.at(model.n_groups_)
        assert np.array_equal(same.coef_, model.coef_)
        assert (same.n_groups_, same.n_nonzero_, same.n_nonzero) == (model.n_groups_, model.n_nonzero_, model.n_groups_)
        table = model.path_.table()
        chosen = table[table["chosen"]]
        assert (chosen["n_groups"].item(), chosen["n_nonzero"].item()) == (model.n_groups_, model.n_nonzero_)
        for k in model.path_.sizes:
            assert model.path_.at(k).n_groups_ == k


class Five(PrunedLinearRegression):
    """Fewer parameters than its base."""

    def __init__(self, n_nonzero: Any = 5) -> None:
        super().__init__(n_nonzero, method="obs", alpha=0.1)


class Named(PrunedLinearRegression):
    """One parameter more."""

    def __init__(self, n_nonzero: Any = "auto", *, label: str = "", method: str = "obs") -> None:
        super().__init__(n_nonzero, method=method)
        self.label = label


class OwnSelector(PruneSelector):
    def __init__(self, n_features_to_select: Any = 2, *, verbose: bool = False) -> None:
        super().__init__(n_features_to_select)
        self.verbose = verbose


def test_subclasses_with_other_parameters(frame: Any, y: Any) -> None:
    few = Five().fit(frame, y)
    base = PrunedLinearRegression(5, method="obs", alpha=0.1).fit(frame, y)
    assert np.array_equal(few.coef_, base.coef_)
    assert type(few.path_.at(2)) is Five
    assert few.path_.at(2).alpha == 0.1
    named = Named(label="mine").fit(frame, y)
    assert named.path_.at(3).get_params() == {"label": "mine", "method": "obs", "n_nonzero": 3}
    assert np.allclose(named.path_.at(3).fit(frame, y).coef_, named.path_.at(3).coef_)
    assert clone(OwnSelector(verbose=True)).fit(frame, y).n_features_ == 2


LETTERS = list("aabbccab")


@pytest.mark.parametrize(
    "groups",
    [
        np.array(LETTERS, dtype=object),
        np.array([1, 1, 2, 2, 3, 3, 1, 2], dtype=object),
        pd.Series(LETTERS),
        pd.Series(LETTERS, dtype=object),
        pd.Series(LETTERS, dtype="category"),
        pd.Categorical(LETTERS),
        pd.Categorical([1, 1, 2, 2, 3, 3, 1, 2]),
        pd.Index(LETTERS).str[:1],
        pd.array([1, 1, 2, 2, 3, 3, 1, 2], dtype="Int64"),
    ],
    ids=lambda groups: f"{type(groups).__name__} {groups.dtype}",
)
def test_groups_of_pandas(groups: Any, frame: Any, y: Any) -> None:
    expected = PrunedLinearRegression(2, method="obs", groups=LETTERS).fit(frame, y)
    got = PrunedLinearRegression(2, method="obs", groups=groups).fit(frame, y)
    assert np.array_equal(got.coef_, expected.coef_)
    assert np.array_equal(got.path_.at(1).coef_, expected.path_.at(1).coef_)
    assert np.array_equal(PruneSelector(2, method="obs", groups=groups).fit(frame, y).support_, expected.support_)


@pytest.mark.parametrize("keep", [["c", "f"], np.array(["f", "c"], object), pd.Index(["c", "f"]), np.array(["c", "f"])])
def test_keep_takes_names(keep: Any, frame: Any, y: Any) -> None:
    expected = PrunedLinearRegression(3, method="obs", keep=[2, 5]).fit(frame, y)
    assert np.array_equal(PrunedLinearRegression(3, method="obs", keep=keep).fit(frame, y).coef_, expected.coef_)
    assert np.array_equal(PruneSelector(3, method="obs", keep=keep).fit(frame, y).support_, expected.support_)
    with pytest.raises(
        ValueError, match=r"keep: expected a mask or indices, since X has no feature names, got '[cf]', "
    ):
        PrunedLinearRegression(3, keep=keep).fit(frame.to_numpy(), y)
    with pytest.raises(ValueError, match=r"keep: expected names of X's columns, got 'x', 'y'$"):
        PrunedLinearRegression(3, keep=["x", "a", "y"]).fit(frame, y)


def test_a_model_for_the_rest_of_the_library(frame: Any, y: Any, tmp_path: Path) -> None:
    model = PrunedLinearRegression(2, method="obs", groups=LETTERS).fit(frame, y)
    for front in (model, make_pipeline(StandardScaler(), clone(model)).fit(frame, y)):
        network = prunus.from_sklearn(front)
        X, expected = frame.to_numpy(), front.predict(frame)
        assert np.allclose(prunus.compile(network).predict(X), expected, rtol=1e-12)
        prunus.save(network, tmp_path / "model.safetensors")
        back = prunus.to_sklearn(prunus.as_network(tmp_path / "model.safetensors"))
        assert np.allclose(back.predict(frame), expected, rtol=1e-12)
        last = back if front is model else back[-1]
        assert type(last) is PrunedLinearRegression
        assert np.array_equal(last.support_, model.support_)
        assert (last.n_nonzero_, last.n_groups_) == (model.n_nonzero_, model.n_groups_)
        pruned = prunus.prune(front, X, y.to_numpy(), sparsity=7 / 8)
        assert prunus.to_sklearn(pruned.network).predict(frame).shape == (60,)
        assert np.count_nonzero(pruned.network.layers[0].weight) == 1


PIPELINES: dict[str, list[Any]] = {
    "selector": [PruneSelector(3)],
    "scaled before": [StandardScaler(), PruneSelector(3)],
    "scaled behind": [PruneSelector(3, method="obs", keep=[6]), MinMaxScaler()],
    "on both sides, twice": [StandardScaler(), PruneSelector(5), MinMaxScaler(), PruneSelector(3, alpha=0.5)],
}


@pytest.mark.parametrize("steps", PIPELINES)
def test_a_selector_before_a_model(steps: str, frame: Any, y: Any, tmp_path: Path) -> None:
    X = frame * np.arange(1, 9) + 3
    pipeline = make_pipeline(*map(clone, PIPELINES[steps]), LinearRegression()).fit(X, y)
    network, values = prunus.from_sklearn(pipeline), X.to_numpy()
    assert (network.n_in, network.layers[0].n_in) == (8, 3)
    assert np.allclose(network.predict(values), pipeline.predict(X), rtol=1e-10)
    assert np.allclose(prunus.compile(network).predict(values), pipeline.predict(X), rtol=1e-10)
    prunus.save(network, tmp_path / "model.safetensors")
    back = prunus.to_sklearn(prunus.as_network(tmp_path / "model.safetensors"))
    assert np.allclose(back.predict(X), pipeline.predict(X), rtol=1e-10)
    assert [step.n_features_in_ for step in back] == [step.n_features_in_ for step in pipeline]
    for mine, original in zip(back[:-1], pipeline[:-1], strict=True):
        if isinstance(mine, PruneSelector):
            assert np.array_equal(mine.ranking_, original.ranking_)
            assert mine.get_params() == original.get_params()
    for options in ({"sparsity": 1 / 3}, {"sparsity": 1 / 3, "pattern": "input"}):
        pruned = prunus.prune(pipeline, values, y.to_numpy(), **options)
        smaller = prunus.to_sklearn(pruned.network)
        assert np.count_nonzero(smaller[-1].coef_) == 2
        assert np.allclose(smaller.predict(X), pruned.predict(values), rtol=1e-10)


def test_a_selector_that_leaves_out_what_a_network_reads(frame: Any, y: Any) -> None:
    pipeline = make_pipeline(PruneSelector(3), LinearRegression()).fit(frame, y)
    dense = prunus.from_sklearn(LinearRegression().fit(frame, y))
    with pytest.raises(prunus.NotSupportedError, match="network: it reads columns that the PruneSelector"):
        prunus.to_sklearn(dense, like=pipeline)
    pipeline[0].support_ = np.ones(8, np.bool_)
    with pytest.raises(ValueError, match=r"estimator: expected .* 3 columns, as many as the model takes, got .* 8"):
        prunus.from_sklearn(pipeline)


def test_the_intercept_is_of_the_kind_of_scikit_learns(frame: Any, y: Any) -> None:
    """A NumPy scalar, which has a shape and a dtype."""
    for one in (PrunedLinearRegression(2), PrunedLinearRegression(2, fit_intercept=False)):
        fitted = one.fit(frame, y)
        assert type(fitted.intercept_) is type(fitted.path_.at(1).intercept_) is np.float64
    assert type(LinearRegression().fit(frame, y).intercept_) is np.float64


def test_coefficients_are_read_only(frame: Any, y: Any) -> None:
    """For predictions come from a form of their own."""
    model = PrunedLinearRegression(2, method="obs").fit(frame, y)
    both = PrunedLinearRegression(2, method="obs").fit(frame, np.c_[y, -y])
    models: list[Any] = [model, model.path_.at(3), both, both.path_.at(1)]
    for one in [*models, pickle.loads(pickle.dumps(both)), copy.deepcopy(model)]:
        with pytest.raises(ValueError, match="read-only"):
            one.coef_[0] = 1.0
        if one.coef_.ndim == 2:
            with pytest.raises(ValueError, match="read-only"):
                one.intercept_[0] = 1.0
        assert np.allclose(one.predict(frame), frame.to_numpy() @ one.coef_.T + one.intercept_)


def test_mapped_data_stay_in_their_file(rng: np.random.Generator, tmp_path: Path) -> None:
    n, p = 120_000, 128
    file = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float64, (n, p))
    for begin in range(0, n, 10_000):
        file[begin : begin + 10_000] = rng.standard_normal((10_000, p))
    y = np.asarray(file[:, :3].sum(axis=1)) + rng.standard_normal(n)
    file.flush()
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    PrunedLinearRegression(1).fit(X[:200], y[:200])  # what it imports
    tracemalloc.start()
    try:
        model = PrunedLinearRegression(select="bic").fit(X, y)
        predicted = model.predict(X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < X.nbytes / 2
    assert model.support_[:3].all()
    part = PrunedLinearRegression(model.n_nonzero_).fit(np.array(X), y)
    assert np.array_equal(part.coef_, model.coef_)
    assert np.array_equal(part.predict(np.array(X[:100])), predicted[:100])
