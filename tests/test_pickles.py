"""What a pickle of a Pruned holds: the bytes of its file."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

import prunus

RNG = np.random.default_rng(0)
NETWORK = prunus.Network(
    [prunus.Layer(RNG.standard_normal((300, 200)), None, "relu"), prunus.Layer(RNG.standard_normal((3, 300)))],
    output="softmax",
    classes=["a", "b", "c"],
)
X = RNG.standard_normal((20, 200))
Y = NETWORK.predict(X)


@pytest.mark.parametrize(("pattern", "sparsity"), [("weight", 0.95), ("weight", 0.0), ("neuron", 0.9), ("input", 0.5)])
def test_a_pickle_is_as_small_as_the_file(pattern: str, sparsity: float, tmp_path: Path) -> None:
    pruned = prunus.prune(NETWORK, X, Y, pattern=pattern, sparsity=sparsity)
    pruned.predict(X)  # an engine that was made is no part of a pickle
    file, dump = tmp_path / "pruned.safetensors", tmp_path / "pruned.joblib"
    pruned.save(file)
    joblib.dump(pruned, dump)
    assert len(pickle.dumps(pruned)) < file.stat().st_size + 200
    assert dump.stat().st_size < file.stat().st_size + 200
    for other in (pickle.loads(pickle.dumps(pruned)), joblib.load(dump), copy.deepcopy(pruned)):
        same(other, pruned)


def same(a: Any, b: prunus.Pruned) -> None:
    assert type(a) is prunus.Pruned
    assert a.network == b.network
    assert all(np.array_equal(mine, other) for mine, other in zip(a.masks, b.masks, strict=True))
    assert a.report == b.report
    assert str(a.report) == str(b.report)
    assert np.array_equal(a.predict(X), b.predict(X))


def test_an_engine_tells_its_bytes() -> None:
    dense, sparse = (prunus.compile(prunus.prune(NETWORK, sparsity=sparsity)) for sparsity in (0.0, 0.99))
    for engine in (dense, sparse):
        assert engine.nbytes == sum(row.bytes for row in engine.plan)
    # 303 biases; of each weight eight bytes, in one format where it is dense, in at most two where it is sparse
    assert dense.nbytes >= 8 * (303 + NETWORK.n_weights)
    assert 8 * 303 < sparse.nbytes < dense.nbytes / 10
