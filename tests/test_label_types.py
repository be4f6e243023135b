"""Labels have the dtype of the estimator's own predictions, through networks, engines, files and estimators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import prunus
from prunus._base import record
from prunus._base.errors import FormatError
from prunus.files import files
from prunus.files.document import ClassesRow
from sklearn_models import CLASSIFIERS, MULTILABEL, data, fitted

WORDS = np.array(["no", "yes", "perhaps", "never"])
TYPES: dict[str, Any] = {
    "as wide as they are": lambda y: WORDS[y],
    "wider": lambda y: WORDS[y].astype("<U20"),
    "shorter ones of a wide array": lambda y: np.array(["a", "b", "a longer one"])[y % 2],
    "objects": lambda y: WORDS[y].astype(object),
    "objects of NumPy": lambda y: np.array([np.str_(word) for word in WORDS[y]] + [None], object)[:-1],
    "int8": lambda y: y.astype(np.int8),
    "int64": lambda y: y,
    "float32": lambda y: y.astype(np.float32),
    "bool": lambda y: y % 2 == 1,
}


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=repr)
@pytest.mark.parametrize("task", ["binary", "classes"])
def test_predictions_have_the_dtype_of_the_estimators(estimator: Any, task: str, kind: str, tmp_path: Path) -> None:
    X, y = data("classes")
    index = (y + 3) // 2 if task == "classes" else (y > 0).astype(int)
    labels = TYPES[kind](index)
    model = fitted(estimator, X, labels)
    expected = model.predict(X)
    network = prunus.from_sklearn(model)
    pruned = prunus.prune(network, X, labels, sparsity=0.0)
    pruned.save(tmp_path / "model.safetensors")
    loaded = prunus.load(tmp_path / "model.safetensors")
    assert loaded.network == network  # type: ignore[union-attr]
    back = prunus.to_sklearn(network)
    for other in (network, prunus.compile(network), pruned, loaded, back):
        predicted = other.predict(X)
        assert predicted.dtype == expected.dtype
        assert np.mean(predicted == expected) > 0.95  # rounding may turn a tie
    assert back.classes_.dtype == model.classes_.dtype
    assert pruned.score(X, labels) == pruned.score(X, labels.tolist())


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.bool_, np.float32])
@pytest.mark.parametrize("estimator", MULTILABEL, ids=repr)
def test_several_labels(estimator: Any, dtype: Any) -> None:
    X, y = data("multilabel")
    model = fitted(estimator, X, y.astype(dtype))
    network = prunus.from_sklearn(model)
    for other in (network, prunus.compile(network), prunus.to_sklearn(network)):
        assert other.predict(X).dtype == model.predict(X).dtype


def test_longer_labels_are_not_cut() -> None:
    network = prunus.Network([prunus.Layer([[1.0]])], output="sigmoid", classes=np.array(["no", "ye"], "<U2"))
    assert network.predict([[1.0]]).dtype == "<U2"
    for y in (["yes"], np.array(["yes"]), np.array(["yes"], object)):
        with pytest.raises(ValueError, match=r"y: expected labels among the classes \['no', 'ye'\], got \['yes'\]"):
            network.loss([[1.0]], y)
    wide = prunus.Network(network.layers, output="sigmoid", classes=np.array(["no", "yes"], "<U9"))
    assert wide.loss([[1.0]], np.array(["yes"])) == wide.loss([[1.0]], np.array(["yes"], object))


def described(**changes: Any) -> Any:
    labels: dict[str, Any] = {"dtype": "<U3", "labels": ["no", "yes"]}
    return lambda: files._read_classes(record(ClassesRow, "classes", {**labels, **changes}))


@pytest.mark.parametrize(
    "read",
    [
        described(dtype="<U2"),  # cut
        described(dtype="|O", labels=["no", 1]),
        described(dtype="|O", labels=["no", None]),
        described(dtype="|S3"),
        described(dtype="|V8"),
        described(dtype="<U3", labels=[1, 2]),
        described(dtype="<U1025"),
        described(dtype="<U500000000"),
        described(dtype="<i8"),
    ],
)
def test_labels_of_another_dtype_are_no_file(read: Any) -> None:
    with pytest.raises((FormatError, ValueError, TypeError)):
        read()


def test_files_make_no_more_of_labels_than_they_should(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = prunus.Network([prunus.Layer([[1.0]])], output="sigmoid", classes=np.array(["no", "yes"], "<U1024"))
    path = tmp_path / "model.safetensors"
    prunus.save(network, path)
    assert prunus.load(path) == network
    monkeypatch.setattr(files, "_memory", lambda: 2**12)  # two labels of 4 KB
    with pytest.raises(FormatError, match="expected arrays that fit half of the memory"):
        prunus.load(path)
    wider = prunus.Network(network.layers, output="sigmoid", classes=np.array(["no", "yes"], "<U1025"))
    assert wider.predict([[1.0]]).dtype == "<U3"
    long = prunus.Network(network.layers, output="sigmoid", classes=["no", "y" * 2000])
    assert long.predict([[1.0]]).tolist() == ["y" * 2000]
