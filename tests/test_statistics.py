"""Statistics: what comes of pieces of data, in one process and in three, and what they are by definition."""

from __future__ import annotations

import pickle
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

import prunus
import reference
from prunus.statistics import Gram, Statistic

KINDS = prunus.statistics.statistics()
EPS = float(np.finfo(np.float64).eps)


def arrays(result: Any) -> list[Any]:
    """All arrays in what `finish` returns."""
    if isinstance(result, np.ndarray):
        return [result]
    parts = result[:3] if isinstance(result, Gram) else result
    return [array for part in parts for array in arrays(part)]


def gathered(name: str, network: prunus.Network, *pieces: tuple[Any, Any, Any]) -> Statistic:
    statistic = KINDS[name]()
    for X, y, weight in pieces:
        prunus.statistics.gather(network, X, y, statistic, sample_weight=weight)
    return statistic


@pytest.fixture
def pieces(digits: Any, rng: np.random.Generator) -> list[tuple[Any, Any, Any]]:
    X, y = digits
    X = X + rng.standard_normal(X.shape[1])
    bounds = [0, 500, 510, len(X)]
    return [(X[a:b], y[a:b], rng.random(b - a)) for a, b in pairwise(bounds)]


@pytest.mark.parametrize("name", KINDS)
def test_three_processes_give_the_bits_of_one(
    name: str, digits_network: prunus.Network, pieces: Any, tmp_path: Path
) -> None:
    code = (
        "import pickle, sys, prunus\n"
        "name, network, (X, y, weight) = pickle.load(open(sys.argv[1], 'rb'))\n"
        "statistic = prunus.statistics.statistics()[name]()\n"
        "prunus.statistics.gather(network, X, y, statistic, sample_weight=weight)\n"
        "pickle.dump(statistic, open(sys.argv[2], 'wb'))"
    )
    others = []
    for i, piece in enumerate(pieces):
        given, taken = tmp_path / f"{i}.in", tmp_path / f"{i}.out"
        given.write_bytes(pickle.dumps((name, digits_network, piece)))
        subprocess.run([sys.executable, "-c", code, given, taken], check=True)
        others.append(pickle.loads(taken.read_bytes()))
    merged = others[0].merge(others[1]).merge(others[2])
    one = gathered(name, digits_network, *pieces)
    for own, other in zip(arrays(one.finish()), arrays(merged.finish()), strict=True):
        assert np.array_equal(own, other)


@pytest.mark.parametrize("name", KINDS)
def test_other_pieces_give_the_same_within_rounding(name: str, digits_network: prunus.Network, pieces: Any) -> None:
    X, y, weight = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    whole = gathered(name, digits_network, (X, y, weight))
    parts = gathered(name, digits_network, *pieces)
    assert parts.weight == pytest.approx(weight.sum(), rel=len(weight) * EPS)
    for a, b in zip(arrays(whole.finish()), arrays(parts.finish()), strict=True):
        # sums of n terms, all of one sign but for products about the means, of columns whose squares they are below
        assert np.allclose(a, b, rtol=4 * len(weight) * EPS, atol=4 * len(weight) * EPS * np.abs(a).max(initial=0))


@pytest.mark.parametrize("name", KINDS)
def test_sparse_data_and_samples_that_do_not_count(name: str, digits: Any, digits_network: prunus.Network) -> None:
    X, y = digits[0][:300], digits[1][:300]
    weight = (np.arange(300) % 3 > 0).astype(float)
    dense = gathered(name, digits_network, (X[weight > 0], y[weight > 0], None))
    sparse = gathered(name, digits_network, (csr_array(X), y, weight))
    for a, b in zip(arrays(dense.finish()), arrays(sparse.finish()), strict=True):
        assert np.allclose(a, b, rtol=4 * 300 * EPS, atol=4 * 300 * EPS * np.abs(a).max(initial=0))


@pytest.mark.parametrize("name", KINDS)
def test_what_is_refused_leaves_nothing_behind(name: str, digits: Any, digits_network: prunus.Network) -> None:
    X, y = digits
    statistic = gathered(name, digits_network, (X, y, None))
    before = [array.copy() for array in arrays(statistic.finish())]
    for wrong in (X[:0], X[:, :3], np.full_like(X, np.nan)):
        with pytest.raises(ValueError, match="X: expected"):
            prunus.statistics.gather(digits_network, wrong, y[: len(wrong)], statistic)
    assert all(np.array_equal(*pair) for pair in zip(before, arrays(statistic.finish()), strict=True))
    empty = statistic.empty()
    assert empty.weight == 0
    with pytest.raises(ValueError, match="X: expected at least one sample of positive weight"):
        empty.finish()
    with pytest.raises(TypeError, match=rf"other: expected a {type(statistic).__name__}, got None"):
        statistic.merge(None)  # type: ignore[arg-type]
    same = [array.copy() for array in arrays(statistic.merge(empty).finish())]
    assert all(np.array_equal(*pair) for pair in zip(before, same, strict=True))


def test_labels_are_asked_for(digits: Any, digits_network: prunus.Network) -> None:
    with pytest.raises(ValueError, match="y: expected labels, which statistics of gradients need, got None"):
        prunus.statistics.gather(digits_network, digits[0], None, prunus.statistics.GradientSquares())
    with pytest.raises(ValueError, match="of: expected one of inputs, outputs, got 'weights'"):
        prunus.statistics.SecondMoments("weights")


def test_grams_of_some_layers(digits: Any, digits_network: prunus.Network) -> None:
    LayerGrams = prunus.statistics.LayerGrams
    X = digits[0][:300]
    whole, some = LayerGrams(), LayerGrams(layers=[1])
    prunus.statistics.gather(digits_network, X, None, whole, some)
    (own,) = some.finish()
    assert np.array_equal(own.xx, whole.finish()[1].xx)
    other = LayerGrams(layers=[0])
    prunus.statistics.gather(digits_network, X, None, other)
    with pytest.raises(ValueError, match=r"other: expected one of layers \(1,\), got one of \(0,\)"):
        some.merge(other)
    wrong: list[Any] = [1, [], "01", {0}]
    for layers in wrong:
        with pytest.raises(TypeError, match="layers: expected a sequence of layers, or None"):
            LayerGrams(layers=layers)
    with pytest.raises(ValueError, match="layers: expected at least 0, got -1"):
        LayerGrams(layers=[-1])
    with pytest.raises(ValueError, match=r"layers: expected layers of 3, from 0 on, got \(3,\)"):
        prunus.statistics.gather(digits_network, X, None, LayerGrams(layers=[3]))


def test_they_are_what_they_say(digits: Any, digits_network: prunus.Network, rng: np.random.Generator) -> None:
    X = digits[0][:200]
    weight = rng.random(200)
    share = weight / weight.sum()
    inputs, outputs = [X], []
    for layer in digits_network.layers:
        z = inputs[-1] @ layer.weight.T.astype(np.float64) + layer.bias
        outputs.append(reference.activation(layer.activation, z))
        inputs.append(outputs[-1])
    statistics: list[Any] = [
        prunus.statistics.SecondMoments(),
        prunus.statistics.SecondMoments("outputs"),
        prunus.statistics.Activity(),
        prunus.statistics.Moments(),
        prunus.statistics.LayerGrams(),
        prunus.statistics.LayerGrams(fit_intercept=False),
    ]
    prunus.statistics.gather(digits_network, X, None, *statistics, sample_weight=weight)
    squares, of_outputs, activity, moments, grams, plain = (statistic.finish() for statistic in statistics)
    for i, (x, o) in enumerate(zip(inputs, outputs, strict=False)):
        mean, middle = share @ o, share @ x
        assert np.allclose(squares[i], share @ x**2, rtol=1e-12)
        assert np.allclose(of_outputs[i], share @ o**2, rtol=1e-12)
        assert np.allclose(activity[i], share @ (o != 0), rtol=1e-12)
        assert np.allclose(moments[i].mean, mean, rtol=1e-12, atol=1e-14)
        assert np.allclose(moments[i].variance, share @ (o - mean) ** 2, rtol=1e-12)
        assert np.allclose(grams[i].xx, (x - middle).T @ (weight[:, None] * (x - middle)), rtol=1e-10, atol=1e-10)
        assert np.allclose(plain[i].xx, x.T @ (weight[:, None] * x), rtol=1e-12)


def test_several_share_one_pass(digits: Any, digits_network: prunus.Network, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[Any] = []
    traces = prunus.Network.traces

    def counted(network: prunus.Network, data: Any) -> Any:
        passes.append(data)
        return traces(network, data)

    monkeypatch.setattr(prunus.Network, "traces", counted)
    monkeypatch.setattr(prunus.Network, "forwards", None)
    prunus.statistics.gather(digits_network, *digits, *(kind() for kind in KINDS.values()))
    assert len(passes) == 1


@pytest.mark.parametrize("criterion", ["wanda", "apoz", "activation_norm", "activation_variance", "fisher"])
def test_criteria_stand_on_them(criterion: str, digits: Any, digits_network: prunus.Network) -> None:
    """As does what a user makes of merged ones."""
    X, y = digits
    by_name: dict[str, Any] = {
        "wanda": prunus.statistics.SecondMoments(),
        "apoz": prunus.statistics.Activity(),
        "activation_norm": prunus.statistics.SecondMoments("outputs"),
        "activation_variance": prunus.statistics.Moments(),
        "fisher": prunus.statistics.GradientSquares(),
    }
    statistic = by_name[criterion]
    for some in (slice(900), slice(900, None)):
        prunus.statistics.gather(digits_network, X[some], y[some], statistic)
    scores = prunus.importance(digits_network, criterion, X=X, y=y)
    for score, part, layer in zip(scores, statistic.finish(), digits_network.layers, strict=True):
        w = layer.weight.astype(np.float64)
        if criterion == "activation_variance":
            own = part.variance
        else:
            own = {"wanda": abs(w), "fisher": w**2}.get(criterion, 1) * (
                part if criterion in ("apoz", "fisher") else part**0.5
            )
        assert np.allclose(score, own, rtol=4 * len(X) * EPS)
