"""prune() reads X three times: to check it, to score by it, and for loss and score before and after."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import prunus
from prunus.data import source_of
from prunus.scheduling import Iterative

PACKAGE = Path(prunus.__file__).parent


class Counting:
    """An array that counts how many of its rows are read."""

    def __init__(self, array: Any) -> None:
        self.array, self.rows_read = array, 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "tocsr":
            raise AttributeError(name)
        return getattr(self.array, name)

    def __getitem__(self, which: Any) -> Any:
        rows = self.array[which]
        self.rows_read += rows.shape[0]
        return rows


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> list[Counting]:
    """All that X has been turned into since."""
    made: list[Counting] = []

    def counting(*arguments: Any) -> Any:
        made.append(Counting(source_of(*arguments)))
        return made[-1]

    monkeypatch.setattr("prunus.network.network.source_of", counting)
    return made


@pytest.mark.parametrize(
    ("options", "passes"),
    [
        ({"criterion": "wanda"}, 3),
        ({}, 6),  # of obs the layers' inputs, curvatures, and for each of two layers what it is to come near to
        ({"criterion": "magnitude"}, 2),
        ({"criterion": "fisher"}, 3),
        ({"criterion": "magnitude", "fine_tune": 2}, 4),
        ({"pattern": "neuron", "criterion": "activation_variance"}, 3),
        ({"pattern": "input", "criterion": "input_contribution"}, 3),
        ({"schedule": Iterative(rounds=3), "criterion": "wanda"}, 5),
        ({"criterion": "magnitude", "fine_tune": 1, "control": True}, 4),
    ],
)
def test_prune_reads_its_data_so_often(options: Any, passes: int, digits: Any, sources: list[Counting]) -> None:
    X, y = digits
    model = make_pipeline(StandardScaler(), MLPClassifier((20,), max_iter=3, random_state=0))
    with pytest.warns(Warning, match="Maximum iterations"):
        model.fit(X, y)
    prunus.prune(model, X, y, sparsity=0.5, random_state=0, **options)
    (source,) = sources
    assert source.rows_read == passes * len(X) + 1  # one row for the latency


def test_validation_is_read_twice(digits: Any, digits_network: prunus.Network, sources: list[Counting]) -> None:
    X, y = digits
    prunus.prune(digits_network, X[:900], y[:900], X_val=X[900:], y_val=y[900:], sparsity=0.5, criterion="wanda")
    source, validation = sources
    assert source.rows_read == 2 * 900 + 1
    assert validation.rows_read == 2 * len(X[900:])


def test_the_engine_is_the_one_that_was_measured(digits: Any, digits_network: prunus.Network, monkeypatch: Any) -> None:
    """One engine is packed for each of before and after."""
    packed = []
    init = prunus.Engine.__init__

    def counted(self: prunus.Engine, network: prunus.Network, *rest: Any, **options: Any) -> None:
        packed.append(network)
        init(self, network, *rest, **options)

    monkeypatch.setattr(prunus.Engine, "__init__", counted)
    pruned = prunus.prune(digits_network, *digits, sparsity=0.5)
    assert np.array_equal(pruned.engine(digits[0][:5]), pruned.engine.on(1)(digits[0][:5]))
    assert pruned.engine.threads is None
    assert sorted(map(id, packed)) == sorted(map(id, (digits_network, pruned.network)))


def test_data_become_arrays_in_the_data_room_alone() -> None:
    """Elsewhere X has been checked and is an array of floats; scikit-learn validates what its estimators are given."""
    converting = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = ast.unparse(node.func)
            is_conversion = called.split(".")[-1] in {
                "real_array",
                "float_array",
                "asarray",
                "ascontiguousarray",
                "require",
            }
            if is_conversion and any(ast.unparse(argument) in ("X", "'X'") for argument in node.args):
                converting.add(path.relative_to(PACKAGE).parts[0])
    assert converting == {"data"}


def test_sparse_too(digits: Any, digits_network: prunus.Network, sources: list[Counting]) -> None:
    X, y = csr_array(digits[0]), digits[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Counting, "__getattr__", lambda self, name: getattr(self.array, name))  # it has `tocsr`
        prunus.prune(digits_network, X, y, sparsity=0.5, criterion="wanda")
    (source,) = sources
    assert source.rows_read == 3 * X.shape[0] + 1
