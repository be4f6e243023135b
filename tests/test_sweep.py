"""Sweeps over sparsities, and the budgets that are searched on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score, make_scorer, roc_auc_score

import prunus
from prunus.files import size_of
from prunus.pruning.sweeping import search
from prunus.pruning.sweeping.search import GRID
from prunus.scheduling import Iterative

SPARSITIES = (0.5, 0.8, 0.95)


@pytest.fixture(scope="module")
def cancer() -> tuple[Any, Any, Any, Any]:
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return X[::2], y[::2], X[1::2], y[1::2]


def halves(data: Any) -> tuple[Any, Any, Any, Any]:
    X, y = data
    return X[::2], X[1::2], y[::2], y[1::2]


def columns(found: prunus.Sweep) -> dict[str, Any]:
    table = found.table()
    return {name: np.asarray(table[name]) for name in table}


def test_each_model_is_what_prune_makes(digits: Any, digits_network: prunus.Network) -> None:
    X, X_val, y, y_val = halves(digits)
    found = prunus.sweep(digits_network, X, y, sparsities=SPARSITIES, X_val=X_val, y_val=y_val)
    table = columns(found)
    assert table["pattern"].tolist() == ["", "weight", "weight", "weight"]
    assert np.isnan(table["sparsity"][0])
    assert table["sparsity"][1:].tolist() == list(SPARSITIES)
    for i, sparsity in enumerate(SPARSITIES, 1):
        alone = prunus.prune(digits_network, X, y, sparsity=sparsity, X_val=X_val, y_val=y_val)
        one = found.at(sparsity)
        assert one.network == alone.network
        assert all(np.array_equal(*pair) for pair in zip(one.masks, alone.masks, strict=True))
        assert one.report["loss"] == alone.report["loss"]
        assert one.report["score"] == alone.report["score"]
        assert table["bytes"][i] == one.report["bytes"]["after"]
        # The files are of one size where the times in them have as many digits.
        for name in ("latency_us", "bytes"):
            one.report[name] = alone.report[name]
        assert size_of(one.contents()) == size_of(alone.contents())
        assert table["score"][i] == alone.report["score"]["after"]
        assert table["loss"][i] == alone.report["loss"]["after"]
        assert table["removed"][i] == alone.sparsity
        right, still = (model.predict(X_val) == y_val for model in (digits_network, alone))
        apart = right.astype(float) - still
        assert np.isclose(table["drop"][i], apart.mean())
        assert np.isclose(table["drop_error"][i], apart.std(ddof=1) / np.sqrt(len(apart)))
    assert found.metric == "accuracy"
    assert found.data == "validation"
    other = found.at(0.7)
    assert other.network == prunus.prune(digits_network, X, y, sparsity=0.7).network


def test_patterns_side_by_side(digits: Any, digits_network: prunus.Network) -> None:
    X, X_val, y, y_val = halves(digits)
    patterns = ["weight", "block:4x1", "neuron", "2:4"]
    found = prunus.sweep(
        digits_network, X, y, sparsities=(0.5,), pattern=patterns, X_val=X_val, y_val=y_val, batches=(1, 3, 200)
    )
    assert [point.pattern for point in found.points] == [None, *patterns]
    for pattern in patterns:
        sparsity = None if pattern == "2:4" else 0.5
        alone = prunus.prune(digits_network, X, y, sparsity=sparsity, pattern=pattern)
        assert found.at(sparsity, pattern).network == alone.network
    assert {f"microseconds_{batch}" for batch in (1, 3, 200)} <= columns(found).keys()
    assert all(time > 0 for point in found.points for time in point.microseconds)
    assert str(found).splitlines()[0].split()[:3] == ["pattern", "sparsity", "removed"]
    with pytest.raises(ValueError, match="pattern: expected one of"):
        found.at(0.5, "input")
    with pytest.raises(ValueError, match="sparsity: expected None for pattern 2:4"):
        found.at(0.5, "2:4")
    with pytest.raises(ValueError, match=r"sparsity: expected a number in \[0, 1\]"):
        found.at(1.5, "weight")


def test_rounds_and_training(digits: Any, digits_network: prunus.Network) -> None:
    X, X_val, y, y_val = halves(digits)
    options: dict[str, Any] = {"schedule": Iterative(rounds=2, fine_tune=1), "random_state": 3}
    found = prunus.sweep(digits_network, X, y, sparsities=(0.5, 0.9), X_val=X_val, y_val=y_val, **options)
    for sparsity in (0.5, 0.9):
        alone = prunus.prune(digits_network, X, y, sparsity=sparsity, **options)
        assert found.at(sparsity).network == alone.network


def test_without_labels_or_data(digits: Any, digits_network: prunus.Network) -> None:
    X = digits[0]
    for given in ((), (X,)):
        found = prunus.sweep(digits_network, *given, sparsities=SPARSITIES)
        assert found.metric is None
        assert found.data is None
        table = columns(found)
        assert np.isnan(table["score"]).all()
        assert (np.diff(table["bytes"]) < 0).all()
        assert found.at(0.8).network == prunus.prune(digits_network, *given, sparsity=0.8).network


@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
def test_folds_are_held_out_from_pruning(layout: Any, cancer: tuple[Any, ...]) -> None:
    X, y, *_ = cancer
    model = LogisticRegression().fit(X, y)
    found = prunus.sweep(model, layout(X), y, sparsities=(0.5, 0.9), cv=3, random_state=0)
    assert found.data == "3 folds, held out from the pruning alone"
    # The same by hand: parts as the sweep makes them, each sample judged once.
    from prunus.pruning.sweeping.trials import _parts

    network = prunus.from_sklearn(model)
    part = _parts(network.data(X, y), 3, np.random.default_rng(0))
    assert set(np.bincount(part)) <= {len(X) // 3, len(X) // 3 + 1}
    assert np.ptp([y[part == i].mean() for i in range(3)]) < 0.02  # classes are shared out
    for i, sparsity in enumerate((0.5, 0.9), 1):
        still = np.empty(len(X), np.bool_)
        for fold in range(3):
            alone = prunus.prune(model, layout(X[part != fold]), y[part != fold], sparsity=sparsity)
            still[part == fold] = alone.predict(X[part == fold]) == y[part == fold]
        assert np.isclose(found.points[i].score, still.mean(), rtol=1e-12)  # type: ignore[arg-type]
        assert found.at(sparsity).network == prunus.prune(model, layout(X), y, sparsity=sparsity).network


def test_a_drop_of_r2(rng: np.random.Generator) -> None:
    X, y = load_diabetes(return_X_y=True)
    model = Ridge(0.1).fit(X[:200], y[:200])
    weight = rng.uniform(0.5, 2, 200)
    found = prunus.sweep(model, X[:200], y[:200], sparsities=(0.5,), X_val=X[200:], y_val=y[200:], sample_weight=weight)
    before, after = found.points
    assert np.isclose(before.score, model.score(X[200:], y[200:]))  # type: ignore[arg-type]
    assert np.isclose(after.score, found.at(0.5).score(X[200:], y[200:]))  # type: ignore[arg-type]
    predicted = (model.predict(X[200:]), found.at(0.5).predict(X[200:]))
    total = ((y[200:] - y[200:].mean()) ** 2).mean()
    apart = ((y[200:] - predicted[1]) ** 2 - (y[200:] - predicted[0]) ** 2) / total
    assert np.isclose(after.drop, apart.mean())  # type: ignore[arg-type]
    assert np.isclose(after.drop_error, apart.std(ddof=1) / np.sqrt(len(apart)))  # type: ignore[arg-type]


def auc(estimator: Any, X: Any, y: Any) -> float:
    return float(roc_auc_score(y, estimator.predict_proba(X)[:, 1]))


@pytest.mark.parametrize(
    ("scoring", "name", "metric"),
    [
        ("f1", "f1", lambda model, X, y: f1_score(y, model.predict(X))),
        ("roc_auc", "roc_auc", lambda model, X, y: roc_auc_score(y, model.predict_proba(X)[:, 1])),
        (auc, "auc()", lambda model, X, y: roc_auc_score(y, model.predict_proba(X)[:, 1])),
        (
            make_scorer(f1_score, pos_label=0),
            "f1_score()",
            lambda model, X, y: f1_score(y, model.predict(X), pos_label=0),
        ),
        ("accuracy", "accuracy", lambda model, X, y: accuracy_score(y, model.predict(X))),
    ],
    ids=["f1", "roc_auc", "callable", "scorer", "accuracy"],
)
def test_scoring(scoring: Any, name: str, metric: Any, cancer: tuple[Any, ...], tmp_path: Path) -> None:
    X, y, X_val, y_val = cancer
    model = LogisticRegression().fit(X, y)
    pruned = prunus.prune(model, X, y, sparsity=0.8, scoring=scoring, X_val=X_val, y_val=y_val)
    report = pruned.report["score"]
    assert report["metric"] == name
    assert np.isclose(report["before"], metric(model, X_val, y_val))
    assert np.isclose(report["after"], metric(pruned, X_val, y_val))
    assert pruned.score(X_val, y_val) == report["after"]
    pruned.save(tmp_path / "model.safetensors")
    loaded = prunus.load(tmp_path / "model.safetensors")
    assert isinstance(loaded, prunus.Pruned)
    if isinstance(scoring, str):
        assert loaded.score(X_val, y_val) == report["after"]
    else:
        with pytest.raises(ValueError, match="scoring: expected one of"):
            loaded.score(X_val, y_val)
    found = prunus.sweep(model, X, y, sparsities=(0.5,), scoring=scoring, X_val=X_val, y_val=y_val)
    assert found.metric == name
    assert found.points[1].drop_error is not None


def test_scores_of_several_classes_and_of_regressions(digits: Any, digits_network: prunus.Network) -> None:
    X, X_val, y, y_val = halves(digits)
    pruned = prunus.prune(
        digits_network,
        X,
        y,
        sparsity=0.9,
        scoring="roc_auc_ovr",
        X_val=X_val,
        y_val=y_val,
        sample_weight=np.arange(len(X)),
    )
    expected = roc_auc_score(y_val, pruned.predict_proba(X_val), multi_class="ovr")
    assert np.isclose(pruned.report["score"]["after"], expected)
    X, y = load_diabetes(return_X_y=True)
    weight = np.arange(1, len(X) + 1)
    pruned = prunus.prune(Ridge().fit(X, y), X, y, sparsity=0.5, scoring="neg_mean_squared_error", sample_weight=weight)
    assert np.isclose(pruned.report["score"]["after"], -np.average((pruned.predict(X) - y) ** 2, weights=weight))


def test_the_jackknife_is_that_of_the_mean(cancer: tuple[Any, ...]) -> None:
    """Of accuracy both ways to an error estimate the same."""
    X, y, X_val, y_val = cancer
    model = LogisticRegression().fit(X, y)
    plain, jackknife = (
        prunus.sweep(model, X, y, sparsities=(0.9,), scoring=scoring, X_val=X_val, y_val=y_val)
        for scoring in (None, "accuracy")
    )
    assert np.isclose(plain.points[1].drop, jackknife.points[1].drop)  # type: ignore[arg-type]
    assert plain.points[1].drop_error is not None
    assert jackknife.points[1].drop_error is not None
    # Ten groups tell a standard deviation to a quarter of it.
    assert 0.4 < jackknife.points[1].drop_error / plain.points[1].drop_error < 2


def drop_of(model: Any, pruned: prunus.Pruned, X: Any, y: Any) -> float:
    apart = (model.predict(X) == y).astype(float) - (pruned.predict(X) == y)
    return float(apart.mean() + apart.std(ddof=1) / np.sqrt(len(apart)))


def next_above(sparsity: float) -> float:
    return GRID[GRID.index(sparsity) + 1]


def next_below(sparsity: float) -> float:
    return GRID[GRID.index(sparsity) - 1]


@pytest.mark.parametrize("pattern", ["weight", "neuron"])
def test_an_accuracy_drop(pattern: str, digits: Any, digits_network: prunus.Network) -> None:
    X, X_val, y, y_val = halves(digits)
    options: dict[str, Any] = {"pattern": pattern, "X_val": X_val, "y_val": y_val}
    pruned = prunus.prune(digits_network, X, y, max_accuracy_drop=0.02, **options)
    at = pruned.report["target"]["sparsity"]
    assert pruned.report["target"] == {"max_accuracy_drop": 0.02, "sparsity": at}
    assert "max_accuracy_drop 0.02" in str(pruned.report)
    assert drop_of(digits_network, pruned, X_val, y_val) <= 0.02
    more = prunus.prune(digits_network, X, y, sparsity=next_above(at), **options)
    assert drop_of(digits_network, more, X_val, y_val) > 0.02
    assert pruned.network == prunus.prune(digits_network, X, y, sparsity=at, **options).network
    assert any("accuracy fell by" in note and "(validation)" in note for note in pruned.report["notes"])


def test_an_accuracy_drop_by_folds(cancer: tuple[Any, ...]) -> None:
    X, y, *_ = cancer
    model = LogisticRegression().fit(X, y)
    pruned = prunus.prune(model, X, y, max_accuracy_drop=0.01, random_state=0)
    assert any("5 folds, held out from the pruning alone" in note for note in pruned.report["notes"])
    at = pruned.report["target"]["sparsity"]
    found = prunus.sweep(model, X, y, sparsities=(at, next_above(at)), random_state=0)
    meets, not_any_more = (point.drop + point.drop_error for point in found.points[1:])  # type: ignore[operator]
    assert meets <= 0.01 < not_any_more


def test_nothing_may_be_lost(cancer: tuple[Any, ...]) -> None:
    X, y, X_val, y_val = cancer
    model = LogisticRegression().fit(X, y)
    pruned = prunus.prune(model, X, y, max_accuracy_drop=0, X_val=X_val, y_val=y_val)
    assert drop_of(model, pruned, X_val, y_val) <= 0


def test_bytes(digits_network: prunus.Network, tmp_path: Path) -> None:
    def size(pruned: prunus.Pruned) -> int:
        pruned.save(tmp_path / "model.safetensors")
        return (tmp_path / "model.safetensors").stat().st_size

    for pattern in ("weight", "neuron", "block:2x2"):
        pruned = prunus.prune(digits_network, max_bytes=10_000, pattern=pattern)
        at = pruned.report["target"]["sparsity"]
        assert size(pruned) <= 10_000
        before = size(prunus.prune(digits_network, sparsity=next_below(at), pattern=pattern))
        # Its report would say what was asked for, too; times have more digits or fewer; a header is filled up to eight bytes.
        assert before + len(r"\"max_bytes\": 10000, ") + 16 > 10_000
    assert prunus.prune(digits_network, max_bytes=10**9).report["target"]["sparsity"] == 0
    with pytest.raises(prunus.BudgetError, match=r"max_bytes: expected \d+ at least, .*, got 100") as caught:
        prunus.prune(digits_network, max_bytes=100)
    assert size(caught.value.closest) > 100
    assert caught.value.closest.report["target"]["sparsity"] == GRID[-1]


def test_microseconds(digits_network: prunus.Network, monkeypatch: pytest.MonkeyPatch) -> None:
    def by_weights(engine: Any, *_: Any) -> float:
        """Stand in for a clock, so that the search can be told from the noise."""
        return float(engine.network.n_nonzero)

    pruned = prunus.prune(digits_network, max_latency_us=10**6)
    assert pruned.report["target"]["sparsity"] == 0
    monkeypatch.setattr(search, "steady_microseconds", by_weights)
    pruned = prunus.prune(digits_network, max_latency_us=1000.0)
    at = pruned.report["target"]["sparsity"]
    assert pruned.network.n_nonzero <= 1000
    assert prunus.prune(digits_network, sparsity=next_below(at)).network.n_nonzero > 1000
    with pytest.raises(prunus.BudgetError, match=r"max_latency_us: expected .* at least"):
        prunus.prune(digits_network, max_latency_us=1.0)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"sparsity": 0.5, "max_bytes": 10_000}, "sparsity: expected exactly one of .*, got sparsity and max_bytes"),
    ({"max_accuracy_drop": 0.1, "max_latency_us": 3.0}, "expected exactly one of"),
    ({"max_accuracy_drop": 0.1}, "y_val: expected labels to tell max_accuracy_drop by, got None"),
    ({"max_accuracy_drop": -0.1}, r"max_accuracy_drop: expected a number in \[0, "),
    ({"max_bytes": 0}, "max_bytes: expected at least 1, got 0"),
    ({"max_latency_us": float("nan")}, "max_latency_us: expected a number"),
    ({"max_bytes": 10_000, "pattern": "2:4"}, "max_bytes: expected None for pattern 2:4, which says how much goes"),
    ({"sparsity": 0.5, "scoring": "best"}, "scoring: expected one of"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_refused(options: dict[str, Any], message: str, digits_network: prunus.Network) -> None:
    with pytest.raises(ValueError, match=message):
        prunus.prune(digits_network, **options)


SWEEPS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"sparsities": ()}, ValueError, "sparsities: expected at least one"),
    ({"sparsities": 0.5}, TypeError, "sparsities: expected a sequence"),
    ({"sparsities": (0.5, 1.5)}, ValueError, r"sparsities: expected a number in \[0, 1\]"),
    ({"pattern": []}, ValueError, "pattern: expected at least one"),
    ({"pattern": ["weight", "triangle"]}, ValueError, "pattern: expected one of"),
    ({"batches": 1}, TypeError, "batches: expected a sequence"),
    ({"pattern": 3}, TypeError, "pattern: expected a sequence"),
    ({"batches": (0,)}, ValueError, "batches: expected at least 1, got 0"),
    ({"cv": 1}, ValueError, "cv: expected at least 2, got 1"),
    ({"sparsity": 0.5}, TypeError, "sparsity: expected an option of prune"),
    ({"latency_batch": 3}, TypeError, "latency_batch: expected an option of prune"),
    ({"scoring": 3}, TypeError, "scoring: expected a name or a callable"),
]


@pytest.mark.parametrize(("options", "kind", "message"), SWEEPS)
def test_sweeps_that_are_refused(
    options: dict[str, Any], kind: type[Exception], message: str, digits_network: prunus.Network
) -> None:
    with pytest.raises(kind, match=message):
        prunus.sweep(digits_network, **options)


def test_plot(cancer: tuple[Any, ...]) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    X, y, X_val, y_val = cancer
    model = LogisticRegression().fit(X, y)
    ax = prunus.sweep(model, X, y, sparsities=(0.5, 0.9), pattern=["weight", "input"], X_val=X_val, y_val=y_val).plot()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["weight", "input"]
    assert ax.get_ylabel() == "accuracy, validation"
    assert prunus.sweep(model, sparsities=(0.5,)).plot().get_ylabel() == "bytes"


def test_what_must_stay_limits_a_budget(cancer: tuple[Any, ...]) -> None:
    X, y, X_val, y_val = cancer
    model = LogisticRegression().fit(X, y)
    keep = [np.arange(30)[None] < 12]
    limited: list[dict[str, Any]] = [{"max_layer_sparsity": 0.6}, {"keep": keep}]
    for options in limited:
        options["criterion"] = "magnitude"
        pruned = prunus.prune(model, X, y, max_accuracy_drop=1.0, X_val=X_val, y_val=y_val, **options)
        assert pruned.masks[0].sum() == 12
        assert prunus.prune(model, max_bytes=10**6, **options).report["target"]["sparsity"] == 0
        with pytest.raises(prunus.BudgetError, match="for a sparsity of"):
            prunus.prune(model, max_bytes=10, **options)


def test_training_may_lose_more_than_the_budget(cancer: tuple[Any, ...]) -> None:
    X, y, X_val, y_val = cancer
    model = LogisticRegression().fit(X, y)
    ruin = prunus.FineTune(epochs=2, learning_rate=50.0)
    with pytest.raises(prunus.BudgetError, match=r"max_accuracy_drop: expected more, since .* fell by") as caught:
        prunus.prune(model, X, y, max_accuracy_drop=0.0, fine_tune=ruin, X_val=X_val, y_val=y_val, random_state=0)
    assert drop_of(model, caught.value.closest, X_val, y_val) > 0


def test_a_file_that_grows_by_pruning(rng: np.random.Generator) -> None:
    network = prunus.Network([prunus.Layer(rng.standard_normal((3, 4)).astype(np.float32))])
    whole = prunus.prune(network, sparsity=0.0).report["bytes"]["after"]
    pruned = prunus.prune(network, max_bytes=whole + 30)
    assert pruned.report["target"]["sparsity"] == 0


def test_a_sweep_of_what_is_pruned_already(digits: Any, digits_network: prunus.Network) -> None:
    X, X_val, y, y_val = halves(digits)
    half = prunus.prune(digits_network, X, sparsity=0.6)
    found = prunus.sweep(half, X, y, sparsities=(0.8,), X_val=X_val, y_val=y_val)
    assert np.isclose(found.points[0].removed, 0.6)
    assert np.isclose(found.points[1].removed, 0.8)
    neurons = prunus.prune(digits_network, X, sparsity=0.5, pattern="neuron")
    assert np.isclose(prunus.sweep(neurons, sparsities=(0.9,)).points[0].removed, neurons.sparsity)


def test_weights_of_a_scorer(cancer: tuple[Any, ...]) -> None:
    X, y, *_ = cancer
    model = LogisticRegression().fit(X, y)
    weight = np.where(y == 1, 1.0, 0.25)

    def weighted(estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        return float(accuracy_score(y, estimator.predict(X), sample_weight=sample_weight))

    plain, own, of_none = (
        prunus.prune(model, X, y, sparsity=0.9, scoring=scoring, sample_weight=weight)
        for scoring in (None, weighted, lambda estimator, X, y: accuracy_score(y, estimator.predict(X)))
    )
    assert np.isclose(plain.report["score"]["after"], own.report["score"]["after"])
    assert np.isclose(of_none.report["score"]["after"], np.mean(of_none.predict(X) == y))
    error = prunus.prune(model, X, y, sparsity=0.9, scoring="neg_max_error", sample_weight=weight)
    assert error.report["score"]["metric"] == "neg_max_error"  # which takes no weights


def test_hardly_any_samples(digits: Any, digits_network: prunus.Network) -> None:
    X, X_val, y, y_val = halves(digits)
    with pytest.raises(ValueError, match="X: expected two samples at least to hold some out, or X_val, got one"):
        prunus.sweep(digits_network, X[:1], y[:1], sparsities=(0.5,))
    one = prunus.sweep(digits_network, X, y, sparsities=(0.5,), X_val=X_val[:1], y_val=y_val[:1], scoring="accuracy")
    assert np.isnan(one.points[1].drop_error)  # type: ignore[arg-type]
    weight = np.zeros(len(X))
    weight[:3] = 1
    options: dict[str, Any] = {"sample_weight": weight, "criterion": "magnitude"}
    few = prunus.sweep(digits_network, X, y, sparsities=(0.5,), random_state=0, **options)
    assert np.isfinite(few.points[1].score)  # type: ignore[arg-type]


@pytest.mark.parametrize("after", ["weight", "block:2x1"])
def test_neurons_then_what_is_left(after: str, digits: Any, digits_network: prunus.Network) -> None:
    X, X_val, y, y_val = halves(digits)
    options: dict[str, Any] = {"X_val": X_val, "y_val": y_val, "random_state": 0}
    name = f"neuron+{after}"
    found = prunus.sweep(digits_network, X, y, sparsities=(0.5, 0.8), pattern=[after, name], **options)
    table = columns(found)
    assert table["pattern"].tolist() == ["", after, after, name, name]
    for sparsity in (0.5, 0.8):
        neurons = prunus.prune(digits_network, X, y, pattern="neuron", sparsity=sparsity / 2)
        alone = prunus.prune(neurons, X, y, pattern=after, sparsity=sparsity, **options)
        one = found.at(sparsity, name)
        assert one.network == alone.network
        assert all(np.array_equal(*pair) for pair in zip(one.masks, alone.masks, strict=True))
        assert one.report["score"]["after"] == alone.report["score"]["after"]
        for what in ("score", "weights", "bytes"):  # against the model as it was
            assert one.report[what]["before"] == found.at(sparsity, after).report[what]["before"]
        assert one.network.layers[0].n_out < digits_network.layers[0].n_out
    # Where one row of a block's two is gone with its neuron, the block still counts as one.
    assert table["removed"][1:] == pytest.approx([0.5, 0.8] * 2, abs=1e-3 if after == "weight" else 0.02)


def test_each_of_the_stages_begins_alike(digits: Any, digits_network: prunus.Network) -> None:
    """Whatever else is in the sweep: the seed of one is not used up by another."""
    X, y = digits[0][:300], digits[1][:300]
    rng = np.random.default_rng(3)
    options: dict[str, Any] = {"pattern": "neuron+weight", "fine_tune": 1, "cv": 2}
    several = prunus.sweep(digits_network, X, y, sparsities=(0.5, 0.8), random_state=rng, **options)
    assert rng.bit_generator.state == np.random.default_rng(3).bit_generator.state
    alone = prunus.sweep(digits_network, X, y, sparsities=(0.8,), random_state=np.random.default_rng(3), **options)
    assert several.at(0.8).network == alone.at(0.8).network
    assert columns(several)["score"][2] == columns(alone)["score"][1]


def test_no_neuron_goes_where_enough_has_gone(digits: Any, digits_network: prunus.Network) -> None:
    X = digits[0]
    pruned = prunus.prune(digits_network, X, sparsity=0.8)
    found = prunus.sweep(pruned, X, sparsities=(0.5, 0.8, 0.9), pattern="neuron+weight")
    removed = columns(found)["removed"]
    assert removed[:3] == pytest.approx(pruned.sparsity)
    assert removed[3] == pytest.approx(0.9, abs=1e-3)


def test_neurons_then_weights_by_folds(digits: Any, digits_network: prunus.Network) -> None:
    X, y = digits[0][:300], digits[1][:300]
    pattern = "neuron+weight"
    found = prunus.sweep(digits_network, X, y, sparsities=(0.9,), pattern=pattern, cv=2, random_state=0)
    assert found.data == "2 folds, held out from the pruning alone"
    alone = prunus.sweep(digits_network, X, y, sparsities=(0.9,), cv=2, random_state=0)
    scores, drops = columns(found)["score"], columns(found)["drop"]
    assert scores[0] == columns(alone)["score"][0]
    assert drops[1] == pytest.approx(scores[0] - scores[1])
    assert 0.5 < scores[1] < 1


@pytest.mark.parametrize(
    ("pattern", "options", "text"),
    [
        ("weight+neuron", {}, "pattern: expected 'neuron[+]' before another pattern, got 'weight[+]neuron'"),
        ("neuron+2:4", {}, "pattern: expected weight or block:RxC after 'neuron[+]', got 'neuron[+]2:4'"),
        ("neuron+", {}, "pattern: expected"),
        ("neuron+weight", {"layers": [0]}, "layers: expected None beside pattern 'neuron[+]weight'"),
        ("neuron+weight", {"max_layer_sparsity": 0.9}, "max_layer_sparsity: expected None beside pattern"),
    ],
)
def test_stages_that_are_none(pattern: str, options: Any, text: str, digits: Any, digits_network: Any) -> None:
    with pytest.raises(ValueError, match=text):
        prunus.sweep(digits_network, *digits, pattern=pattern, **options)
