"""What each layer bears, whether other samples would have kept the same, and what was predicted to be lost."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.linear_model import LassoLars, LinearRegression, Ridge, RidgeClassifier, SGDClassifier

import prunus
from prunus.compensating import inputs
from prunus.pruning.sweeping.stability import _of_layer


@pytest.fixture
def halves(digits: Any) -> tuple[Any, Any, Any, Any]:
    X, y = digits
    return X[::2], y[::2], X[1::2], y[1::2]


def test_sensitivity_is_pruning_of_one_layer(digits_network: prunus.Network, halves: Any) -> None:
    X, y, X_val, y_val = halves
    found = prunus.sensitivity(digits_network, X, y, sparsities=(0.5, 0.95), X_val=X_val, y_val=y_val)
    assert [(point.layer, point.sparsity) for point in found.points] == [(i, s) for i in range(3) for s in (0.5, 0.95)]
    for point in found.points:
        alone = prunus.prune(
            digits_network, X, y, sparsity=point.sparsity, layers=[point.layer], X_val=X_val, y_val=y_val
        )
        assert point.score == alone.report["score"]["after"]
        assert point.loss == alone.report["loss"]["after"]
        assert point.removed == 1 - alone.masks[point.layer].mean()
    table = found.table()
    assert len(table["layer"]) == 6
    assert str(found).splitlines()[0].split() == ["layer", "sparsity", "removed", "loss", "accuracy", "drop", "±"]
    assert str(found).endswith("validation")


def test_sensitivity_of_neurons_by_folds(digits_network: prunus.Network, halves: Any) -> None:
    X, y, *_ = halves
    options: dict[str, Any] = {"pattern": "neuron", "criterion": "activation_variance", "random_state": 0}
    found = prunus.sensitivity(digits_network, X, y, sparsities=(0.5,), cv=2, max_layer_sparsity=[0.5, 0.75], **options)
    assert [point.layer for point in found.points] == [0, 1]
    assert [point.removed for point in found.points] == [0.5, 0.5]
    assert found.data.startswith("2 folds")


def test_stability_counts(digits_network: prunus.Network, halves: Any) -> None:
    X = halves[0]
    found = prunus.stability(digits_network, X, sparsity=0.8, n_resamples=4, random_state=1)
    masks, predictions = [], []
    rng = np.random.default_rng(1)
    for _ in range(4):
        counts = rng.multinomial(len(X), np.full(len(X), 1 / len(X)))
        alone = prunus.prune(digits_network, X, sparsity=0.8, sample_weight=counts.astype(float))
        masks.append(alone.masks)
        predictions.append(alone.predict(X))
    for i, row in enumerate(found.layers):
        flat = np.array([mask[i].ravel() for mask in masks])
        assert np.array_equal(found.frequencies[i], flat.mean(axis=0).reshape(masks[0][i].shape))
        assert (row.always, row.never) == (flat.all(axis=0).sum(), (~flat).all(axis=0).sum())
        assert np.isclose(row.kept, flat.sum(axis=1).mean())
        pairs = [(one & other).sum() / (one | other).sum() for one, other in combinations(flat, 2)]
        assert np.isclose(row.overlap, np.mean(pairs))
    churn = np.mean([(one != other).mean() for one, other in combinations(predictions, 2)])
    assert np.isclose(found.churn, churn)
    assert len(found.table()["layer"]) == 3
    assert str(found).endswith("4 resamples")


def test_stability_of_nothing_random_is_one(digits_network: prunus.Network, halves: Any) -> None:
    X, y, *_ = halves
    found = prunus.stability(digits_network, X, y, sparsity=0.5, n_resamples=2, criterion="magnitude")
    assert [row.stability for row in found.layers] == [1.0] * 3
    assert [row.overlap for row in found.layers] == [1.0] * 3
    assert found.churn == 0
    assert all(set(np.unique(kept)) == {0.0, 1.0} for kept in found.frequencies)


def test_stability_of_chance_is_zero(rng: np.random.Generator) -> None:
    masks = rng.random((40, 50, 100)) < 0.3
    assert abs(_of_layer(0, masks).stability) < 0.02
    assert _of_layer(0, np.ones((3, 4, 5), np.bool_)).stability == 1


def test_churn_of_a_regression(rng: np.random.Generator) -> None:
    X = rng.standard_normal((60, 5))
    y = X @ [3.0, 2, 1, 0.5, 0.1] + rng.standard_normal(60)
    model = LinearRegression().fit(X, y)
    found = prunus.stability(model, X, y, sparsity=0.4, n_resamples=3, random_state=0)
    rng = np.random.default_rng(0)
    predictions = []
    for _ in range(3):
        counts = rng.multinomial(60, np.full(60, 1 / 60)).astype(float)
        predictions.append(prunus.prune(model, X, y, sparsity=0.4, sample_weight=counts).predict(X))
    squares = np.mean([((one - other) ** 2).mean() for one, other in combinations(predictions, 2)])
    assert np.isclose(found.churn, squares / model.predict(X).var())


def test_an_explanation_of_layers(digits_network: prunus.Network, halves: Any) -> None:
    X = halves[0]
    pruned = prunus.prune(digits_network, X, sparsity=0.5, explain=True)
    rows = pruned.report["explanation"]
    assert [row["layer"] for row in rows] == [0, 1, 2]
    scores = prunus.importance(digits_network, "obs", X=X)
    dense = digits_network.imitated(digits_network.samples(X))
    for row, score, mask in zip(rows, scores, pruned.masks, strict=True):
        assert row["neuron"] is None
        # One threshold on the scores of a layer removes what it does among those of all.
        first = np.sort(score, axis=None)[: np.count_nonzero(~mask)]
        assert np.isclose(row["predicted"], first.sum(), rtol=1e-6)
        alone = prunus.prune(digits_network, X, sparsity=1 - mask.mean(), layers=[row["layer"]])
        rise = alone.network.loss_of(dense) - digits_network.loss_of(dense)
        assert np.isclose(row["actual"], rise, rtol=1e-6, atol=1e-9)
    text = str(pruned.report)
    assert "predicted rise of the loss" in text
    assert prunus.prune(digits_network, X, sparsity=0.5).report["explanation"] is None


def test_an_explanation_of_neurons(digits_network: prunus.Network, halves: Any) -> None:
    """What each costs at its turn: together they cost what their layer does."""
    X = halves[0]
    pruned = prunus.prune(digits_network, X, sparsity=0.3, pattern="neuron", explain=True)
    rows = pruned.report["explanation"]
    for i, mask in enumerate(pruned.masks):
        neurons = [row for row in rows if row["layer"] == i and row["neuron"] is not None]
        assert sorted(row["neuron"] for row in neurons) == np.flatnonzero(~mask).tolist()
        for row in rows:
            if row["layer"] == i and row["neuron"] is None:
                for name in ("predicted", "actual"):
                    assert np.isclose(sum(neuron[name] for neuron in neurons), row[name], rtol=1e-6, atol=1e-12)


def test_an_explanation_has_the_numbers_of_the_original(digits_network: prunus.Network, halves: Any) -> None:
    X = halves[0]
    once = prunus.prune(digits_network, X, sparsity=0.4, pattern="neuron")
    twice = prunus.prune(once, X, sparsity=0.6, pattern="neuron", explain=True)
    named = {(row["layer"], row["neuron"]) for row in twice.report["explanation"] if row["neuron"] is not None}
    gone = [before & ~after for before, after in zip(once.masks, twice.masks, strict=True)]
    assert named == {(i, j) for i, mask in enumerate(gone) for j in np.flatnonzero(mask).tolist()}


@pytest.mark.parametrize("model", [LinearRegression(), Ridge(5.0), RidgeClassifier(2.0)], ids=repr)
def test_an_explanation_in_the_unit_of_the_scores(model: Any, rng: np.random.Generator) -> None:
    X = rng.standard_normal((80, 6))
    Y = X @ rng.standard_normal((6, 3)) + rng.standard_normal((80, 3))
    y = Y.argmax(axis=1) if isinstance(model, RidgeClassifier) else Y
    pruned = prunus.prune(model.fit(X, y), X, y, sparsity=0.3, explain=True)
    (row,) = pruned.report["explanation"]
    rtol = 1e-6 if type(model) is LinearRegression else 0.2  # scores count the penalty, too
    assert np.isclose(row["predicted"], row["actual"], rtol=rtol)


def test_an_explanation_of_what_must_stay(rng: np.random.Generator) -> None:
    X = rng.standard_normal((100, 6))
    y = X @ [0.1, 0.2, 0.3, 1, 2, 3] + 0.1 * rng.standard_normal(100)
    keep = [np.array([[True, True, True, False, False, False]])]
    pruned = prunus.prune(LinearRegression().fit(X, y), X, y, sparsity=0.5, keep=keep, explain=True)
    (row,) = pruned.report["explanation"]
    loss = pruned.report["loss"]
    assert np.isclose(row["actual"], loss["after"] - loss["before"])


def test_what_is_far_from_predicted_is_noted(digits_network: prunus.Network, halves: Any) -> None:
    X = halves[0]
    near, far = (prunus.prune(digits_network, X, sparsity=sparsity, explain=True) for sparsity in (0.05, 0.98))
    assert not any("as was predicted" in note for note in near.report["notes"])
    apart = [row for row in far.report["explanation"] if row["actual"] > 2 * row["predicted"]]
    noted = [note for note in far.report["notes"] if "as was predicted" in note]
    assert len(noted) >= len(apart) > 0


def test_an_explanation_survives_a_file(digits_network: prunus.Network, halves: Any, tmp_path: Any) -> None:
    pruned = prunus.prune(digits_network, halves[0], sparsity=0.5, explain=True)
    pruned.save(tmp_path / "model.safetensors")
    loaded = prunus.load(tmp_path / "model.safetensors")
    assert isinstance(loaded, prunus.Pruned)
    assert loaded.report == pruned.report


def test_refused(digits_network: prunus.Network, halves: Any) -> None:
    X, y, *_ = halves
    with pytest.raises(ValueError, match=r"explain: expected criterion obs .*, got 'magnitude'"):
        prunus.prune(digits_network, X, y, sparsity=0.5, criterion="magnitude", explain=True)
    with pytest.raises(ValueError, match="explain: expected False beside max_bytes, got True"):
        prunus.prune(digits_network, X, max_bytes=10_000, explain=True)
    with pytest.raises(ValueError, match="pattern: expected one that takes a sparsity, got '2:4'"):
        prunus.sensitivity(digits_network, X, y, pattern="2:4")
    with pytest.raises(ValueError, match="n_resamples: expected at least 2, got 1"):
        prunus.stability(digits_network, X, sparsity=0.5, n_resamples=1)
    with pytest.raises(ValueError, match="X: expected data, which stability needs, got None"):
        prunus.stability(digits_network, None, sparsity=0.5)
    with pytest.raises(ValueError, match="y: expected"):
        prunus.sensitivity(digits_network, X, None)
    for function in (prunus.stability, prunus.sensitivity):
        with pytest.raises(TypeError, match="epochs: expected an option of prune"):
            function(digits_network, X, y, epochs=3)


def test_stability_counts_what_was_there(digits_network: prunus.Network, halves: Any) -> None:
    X = halves[0]
    once = prunus.prune(digits_network, X, sparsity=0.8)
    found = prunus.stability(once, X, sparsity=0.9, n_resamples=3)
    assert [row.units for row in found.layers] == [int(mask.sum()) for mask in once.masks]


def test_stability_of_a_fit_that_takes_no_weights(rng: np.random.Generator) -> None:
    X = rng.standard_normal((60, 5))
    y = X @ [3.0, 2, 1, 0.5, 0.1] + rng.standard_normal(60)
    found = prunus.stability(LassoLars(0.01).fit(X, y), X, y, sparsity=0.4, n_resamples=3, random_state=0)
    assert found.layers[0].kept == 3


def test_a_seed_for_a_fit_that_has_none(rng: np.random.Generator) -> None:
    X = rng.standard_normal((100, 8))
    model = SGDClassifier().fit(X, X[:, 0] > 0)
    one, other = (prunus.prune(model, X, X[:, 0] > 0, sparsity=0.5, random_state=0) for _ in range(2))
    assert one.network == other.network


def test_plots(digits_network: prunus.Network, halves: Any) -> None:
    mpl.use("Agg")
    X, y, X_val, y_val = halves
    ax = prunus.sensitivity(digits_network, X, y, sparsities=(0.5,), X_val=X_val, y_val=y_val).plot()
    assert ax.get_xlabel() == "units of the layer that are left"
    assert len(ax.get_legend().get_texts()) == 3
    ax = prunus.stability(digits_network, X, sparsity=0.5, n_resamples=2, criterion="wanda").plot()
    assert ax.get_xlabel() == "times kept, of 2"


def test_passes_that_do_not_fit_are_done_again(
    digits_network: prunus.Network, halves: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = halves[0]
    kept = [prunus.prune(digits_network, X, sparsity=0.8, pattern=pattern).network for pattern in ("weight", "neuron")]
    for most in (0, len(X) * 20):  # of no layer, of the last but one alone
        monkeypatch.setattr(inputs, "_MOST_VALUES", most)
        again = [
            prunus.prune(digits_network, X, sparsity=0.8, pattern=pattern).network for pattern in ("weight", "neuron")
        ]
        assert again == kept
