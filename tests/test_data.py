"""Data as they come: mapped from a file, weighted, of several kinds; and what counts is what the weights say."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import prunus
from conftest import loss_error

USING_DATA = [name for name, kind in prunus.criteria().items() if kind.needs]


@pytest.mark.parametrize("name", USING_DATA)
def test_weights_are_repetitions(name: str, digits: Any, digits_network: prunus.Network) -> None:
    """A sample that counts three times is three samples."""
    X, y = digits[0][:200], digits[1][:200]
    times = np.random.default_rng(0).integers(0, 4, 200)
    weighted = prunus.importance(digits_network, name, X=X, y=y, sample_weight=times)
    repeated = prunus.importance(digits_network, name, X=X.repeat(times, axis=0), y=y.repeat(times))
    for a, b in zip(weighted, repeated, strict=True):
        # sums of 600 terms in another order; GraSP divides a difference of such by its step, 6e-6
        steep = 1e6 if name == "grasp" else 1
        assert np.allclose(a, b, rtol=0, atol=steep * 600 * np.finfo(np.float64).eps * max(np.abs(b).max(), 1))


@pytest.mark.parametrize("name", USING_DATA)
def test_class_weights_are_sample_weights(name: str, digits: Any, digits_network: prunus.Network) -> None:
    X, y = digits[0][:300], digits[1][:300]
    table = {0: 3.0, 7: 0.0}
    counts = np.bincount(y, minlength=10)
    for class_weight, weight in (
        (table, np.array([table.get(int(label), 1.0) for label in y])),
        ("balanced", (len(y) / (10 * counts))[y]),
    ):
        own = 1 + np.arange(300) % 3
        a = prunus.importance(digits_network, name, X=X, y=y, class_weight=class_weight, sample_weight=own)
        b = prunus.importance(digits_network, name, X=X, y=y, sample_weight=weight * own)
        assert all(np.allclose(s, t, rtol=1e-6, atol=1e-12) for s, t in zip(a, b, strict=True))


def test_weights_in_training_and_report(digits: Any, digits_network: prunus.Network) -> None:
    X, y = digits
    once = (y < 5).astype(float)
    options: dict[str, Any] = {"sparsity": 0.8, "fine_tune": 1, "random_state": 0}
    some = prunus.prune(digits_network, X, y, class_weight=dict.fromkeys(range(5, 10), 0.0), **options)
    same = prunus.prune(digits_network, X, y, sample_weight=once, **options)
    assert some.network == same.network
    report = some.report
    assert report["loss"]["after"] == pytest.approx(
        some.network.loss(X[y < 5], y[y < 5]), abs=loss_error(some.network, X[y < 5], y[y < 5])
    )
    assert report["score"]["after"] == pytest.approx(some.score(X[y < 5], y[y < 5]), rel=1e-12)
    assert some.score(X, y, sample_weight=once) == pytest.approx(some.score(X[y < 5], y[y < 5]), rel=1e-12)


def test_r2_is_weighted(rng: np.random.Generator) -> None:
    from sklearn.metrics import r2_score

    network = prunus.Network([prunus.Layer(rng.standard_normal((2, 5)))])
    X, y, weight = rng.standard_normal((40, 5)), rng.standard_normal((40, 2)), rng.random(40)
    pruned = prunus.prune(network, X, y, sparsity=0.2, sample_weight=weight)
    expected = r2_score(y, pruned.network.predict(X), sample_weight=weight)
    assert pruned.report["score"]["after"] == pytest.approx(expected, rel=1e-12)


def test_y_in_any_order_of_memory(rng: np.random.Generator) -> None:
    network = prunus.Network([prunus.Layer(rng.standard_normal((3, 5)))])
    X, y = rng.standard_normal((20, 5)), rng.standard_normal((20, 3))
    a, b = (prunus.importance(network, "saliency", X=X, y=order) for order in (y, np.asfortranarray(y)))
    assert np.array_equal(a[0], b[0])


@pytest.mark.parametrize("kind", ["float32", "uint8", "float64 by columns"])
def test_samples_of_any_kind(kind: str, digits: Any, digits_network: prunus.Network) -> None:
    X, y = np.round(digits[0] * 16), digits[1]
    other = np.asfortranarray(X) if kind == "float64 by columns" else X.astype(kind)
    for name in USING_DATA:
        a, b = (prunus.importance(digits_network, name, X=samples, y=y) for samples in (X, other))
        assert all(map(np.array_equal, a, b))
    trained, other_way = (prunus.fit(digits_network, x, y, epochs=1, random_state=0)[0] for x in (X, other))
    assert trained == other_way


def test_record_is_a_history_for_movement(digits: Any, digits_network: prunus.Network) -> None:
    record: list[prunus.Network] = []
    tuned, _ = prunus.fit(digits_network, *digits, epochs=3, record=record, random_state=0)
    assert len(record) == 4
    assert record[0] == digits_network
    assert record[-1] == tuned
    scores = prunus.importance(tuned, "movement", history=record)
    expected = sum(
        a.layers[0].weight.astype(float) * (b.layers[0].weight - a.layers[0].weight.astype(float))
        for a, b in itertools.pairwise(record)
    )
    # differences are exact where a weight changes by less than half; a product and three sums are rounded
    terms = sum(np.abs(a.layers[0].weight.astype(float) ** 2) for a in record)
    assert np.all(np.abs(scores[0] - expected) <= 4 * np.finfo(np.float32).eps * terms)


PROGRAM = """
import resource, sys
import numpy as np
import prunus

X = np.load(sys.argv[1], mmap_mode="r")[:, :-1]  # not contiguous, and of another type than the network
rng = np.random.default_rng(0)
y = rng.integers(0, 2, len(X))
layers = [prunus.Layer(rng.standard_normal((8, X.shape[1])).astype(np.float32), None, "relu"),
          prunus.Layer(rng.standard_normal((2, 8)).astype(np.float32))]
network = prunus.Network(layers, output="softmax", classes=[0, 1])
small = prunus.prune(network, X[:5000], y[:5000], sparsity=0.5, criterion="fisher", fine_tune=1)
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[2]) + int(open("/proc/self/statm").read().split()[5]) * 4096,) * 2)
pruned = prunus.prune(network, X, y, sparsity=0.5, criterion="fisher", fine_tune=1, X_val=X, y_val=y)
prunus.importance(network, "wanda", X=X)
print(pruned.sparsity)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory as Linux does")
def test_samples_need_not_fit_in_memory(tmp_path: Path) -> None:
    """Of 200 MB mapped from a file, a process prunes and trains with 100 MB more than it needs to start."""
    path, shape = tmp_path / "X.npy", (125_000, 200)
    X = np.lib.format.open_memmap(path, mode="w+", dtype=np.float64, shape=shape)
    block = np.random.default_rng(0).standard_normal((25_000, 200), dtype=np.float32)
    for begin in range(0, len(X), len(block)):
        X[begin : begin + len(block)] = block
    del X
    limit = 100 << 20
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), str(limit)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert float(result.stdout) == 0.5
