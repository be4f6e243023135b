"""A DataFrame whose columns are not those that the model was fitted with, in order, is refused wherever X comes in."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import prunus

pandas = pytest.importorskip("pandas")
NAMES = list("abcd")
CALLS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "pruned.predict": lambda pruned, X, _: pruned.predict(X),
    "pruned.predict_proba": lambda pruned, X, _: pruned.predict_proba(X),
    "pruned.score": lambda pruned, X, y: pruned.score(X, y),
    "pruned.engine": lambda pruned, X, _: pruned.engine(X),
    "compile": lambda pruned, X, _: prunus.compile(pruned).predict(X),
    "pickled engine": lambda pruned, X, _: pickle.loads(pickle.dumps(pruned.engine))(X),
    "prune": lambda pruned, X, y: prunus.prune(pruned, X, y, sparsity=0.6),
    "prune, validation": lambda pruned, X, y: prunus.prune(pruned, sparsity=0.6, X_val=X, y_val=y),
}
OF_NETWORK: dict[str, Callable[[Any, Any, Any], Any]] = {
    "forward": lambda network, X, _: network.forward(X),
    "predict": lambda network, X, _: network.predict(X),
    "predict_proba": lambda network, X, _: network.predict_proba(X),
    "error_bound": lambda network, X, _: network.error_bound(X),
    "loss": lambda network, X, y: network.loss(X, y),
    "engine": lambda network, X, _: prunus.compile(network)(X),
    "fit": lambda network, X, y: prunus.fit(network, X, y, epochs=1),
    "importance": lambda network, X, _: prunus.importance(network, "wanda", X=X),
    "importance with y": lambda network, X, y: prunus.importance(network, "saliency", X=X, y=y),
}
OTHERS = {
    "reordered": lambda frame: frame[list("badc")],
    "renamed": lambda frame: frame.rename(columns={"d": "e"}),
    "numbered otherwise": lambda frame: frame.set_axis([3, 2, 1, 0], axis=1),
}


def frame_and_labels() -> tuple[Any, Any]:
    X = np.random.default_rng(0).standard_normal((80, 4)) * [1, 10, 1, 1]
    return pandas.DataFrame(X, columns=NAMES), np.where(X[:, 0] > 0, "yes", "no")


def model(*, named: bool) -> Any:
    frame, y = frame_and_labels()
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    return pipeline.fit(frame if named else frame.to_numpy(), y)


@pytest.mark.parametrize("call", [*CALLS, *OF_NETWORK])
@pytest.mark.parametrize("other", OTHERS)
def test_other_columns_are_refused(call: str, other: str) -> None:
    frame, y = frame_and_labels()
    pruned = prunus.prune(model(named=True), sparsity=0.5)
    name = "X_val" if "validation" in call else "X"
    run = CALLS.get(call) or (lambda pruned, X, y: OF_NETWORK[call](pruned.network, X, y))
    for good in (frame, frame.to_numpy(), pandas.DataFrame(frame.to_numpy())):
        run(pruned, good, y)
    with pytest.raises(
        ValueError, match=rf"^{name}: expected the columns that the model was fitted with, in order, got "
    ):
        run(pruned, OTHERS[other](frame), y)


@pytest.mark.parametrize("call", CALLS)
def test_names_that_pruning_saw_count_too(call: str, tmp_path: Any) -> None:
    """The model was fitted with an array."""
    frame, y = frame_and_labels()
    pruned = prunus.prune(model(named=False), frame, y, sparsity=0.5)
    assert pruned.feature_names == NAMES
    pruned.save(tmp_path / "pruned")
    for each in (pruned, prunus.load(tmp_path / "pruned")):
        CALLS[call](each, frame, y)
        with pytest.raises(
            ValueError, match="expected the columns that the model was fitted with, in order, got 'b' for 'a'"
        ):
            CALLS[call](each, frame[list("badc")], y)


def test_a_frame_for_a_model_without_names() -> None:
    frame, y = frame_and_labels()
    pruned = prunus.prune(model(named=False), frame.to_numpy(), y, sparsity=0.5)
    assert pruned.feature_names is None
    assert pruned.network.feature_names is None
    assert np.array_equal(pruned.predict(frame), pruned.predict(frame.to_numpy()))
    numbered = prunus.prune(model(named=False), pandas.DataFrame(frame.to_numpy()), y, sparsity=0.5)
    assert numbered.feature_names is None
    assert np.array_equal(numbered.predict(frame), numbered.predict(frame.to_numpy()))


def test_data_and_validation_data_must_agree() -> None:
    frame, y = frame_and_labels()
    with pytest.raises(
        ValueError, match=r"^X_val: expected the columns that the model was fitted with, in order, got 'b'"
    ):
        prunus.prune(model(named=False), frame, y, sparsity=0.5, X_val=frame[list("badc")], y_val=y)


def test_more_and_fewer_columns_are_counted() -> None:
    frame, _ = frame_and_labels()
    network = prunus.from_sklearn(LinearRegression().fit(frame, frame["a"]))
    assert network.feature_names == NAMES
    with pytest.raises(ValueError, match=r"X: .*, got 3 for 4"):
        network.predict(frame[list("abc")])
