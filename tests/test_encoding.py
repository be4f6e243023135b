"""Tables of numbers and categories: what an Encoding makes of them is what scikit-learn's steps do."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

import prunus
from prunus.convert import apart
from prunus.data import Encoding
from prunus.files import container, to_bytes

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N = 300
IMPUTED = SimpleImputer(strategy="most_frequent")


def table(rng: np.random.Generator, n: int = N, *, missing: bool = False) -> Any:
    frame = pd.DataFrame(
        {
            "size": rng.standard_normal(n),
            "colour": rng.choice(["red", "green", "blue", "grey"], n, p=[0.5, 0.3, 0.17, 0.03]),
            "doors": rng.integers(2, 6, n),
            "new": rng.random(n) < 0.5,
            "price": rng.gamma(2, 3, n),
            "grade": rng.choice(["low", "mid", "high"], n),
        }
    )
    if missing:
        for name in ("size", "colour", "price"):
            frame[name] = frame[name].where(rng.random(n) < 0.8)
    return frame


def labels(frame: Any) -> Any:
    return np.where(frame["size"].fillna(0) + (frame["colour"] == "red") + 0.2 * frame["doors"] > 1.3, "yes", "no")


COLUMNS = [
    make_column_transformer((StandardScaler(), ["size", "price"]), (OneHotEncoder(), ["colour", "grade"])),
    make_column_transformer(
        (OneHotEncoder(drop="first"), ["colour", "grade"]), ("drop", ["new"]), remainder="passthrough"
    ),
    make_column_transformer(
        (OneHotEncoder(drop="if_binary", sparse_output=False), ["new", "doors"]), ("passthrough", [0])
    ),
    make_column_transformer(
        (OneHotEncoder(min_frequency=0.1, handle_unknown="infrequent_if_exist"), ["colour"]),
        (OneHotEncoder(max_categories=2), ["grade"]),
        (make_pipeline(SimpleImputer(), MaxAbsScaler()), make_column_selector(dtype_include=float)),
    ),
    make_column_transformer(
        (OrdinalEncoder(categories=[["low", "mid", "high"]]), ["grade"]),
        (make_pipeline(OrdinalEncoder(), StandardScaler()), ["colour"]),
        remainder="drop",
    ),
    make_column_transformer(
        (make_pipeline(OneHotEncoder(handle_unknown="ignore"), StandardScaler(with_mean=False)), ["colour"]),
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["grade"]),
        (StandardScaler(), slice(4, 5)),
        sparse_threshold=0,
    ),
    ColumnTransformer([("nothing", OneHotEncoder(), []), ("all", "passthrough", ["size", "doors"])]),
    ColumnTransformer(
        [("numbers", StandardScaler(), ["size"]), ("words", OneHotEncoder(), ["colour"])],
        transformer_weights={"numbers": 10.0, "words": 0.5},
    ),
    make_column_transformer((make_pipeline(OneHotEncoder(), SelectKBest(k=3)), ["colour", "grade"])),
]


def unseen(frame: Any) -> Any:
    return frame.assign(colour="violet", grade="none")


@pytest.mark.parametrize("columns", COLUMNS, ids=range(len(COLUMNS)))
def test_it_is_what_the_steps_make(columns: Any, rng: np.random.Generator) -> None:
    X, new = table(rng), table(rng)
    y = labels(X)
    pipeline = make_pipeline(columns, LogisticRegression()).fit(X, y)
    encoding, rest = apart(pipeline)
    assert isinstance(encoding, Encoding)
    assert rest.steps == pipeline.steps[1:]
    assert encoding.transform(new[:0]).shape == (0, encoding.n_out)
    for rows in (X, new, new[:1], new[new.columns[::-1]].assign(more=1)):
        expected, found = pipeline[:1].transform(rows), encoding.transform(rows)
        assert hasattr(found, "tocsr") == hasattr(expected, "tocsr") == (not encoding.is_dense)
        for part in (found, encoding.rows(rows, np.dtype(np.float64))):
            dense = part if isinstance(part, np.ndarray) else part.toarray()
            whole = expected.toarray() if hasattr(expected, "tocsr") else expected
            assert np.array_equal(dense, whole.astype(np.float64)) or np.allclose(dense, whole, rtol=1e-15, atol=1e-15)
    outcomes = []
    for transform in (pipeline[:1].transform, encoding.transform):
        try:
            found = transform(unseen(new))
            outcomes.append(found.toarray() if hasattr(found, "tocsr") else found)
        except ValueError:
            outcomes.append(None)
    assert (outcomes[0] is None) == (outcomes[1] is None)
    if outcomes[0] is not None:
        assert np.allclose(outcomes[0], outcomes[1], rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("wide", [False, True])
def test_what_is_missing(wide: bool, rng: np.random.Generator) -> None:
    X, new = table(rng, missing=True), table(rng, 20 if wide else 5, missing=True)
    new["price"] = new["price"].astype(object)  # numbers and NaN, as objects
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["size"]),
        (make_pipeline(StandardScaler(), SimpleImputer()), ["price"]),
        (make_pipeline(IMPUTED, OneHotEncoder()), ["colour"]),
        (OneHotEncoder(handle_unknown="ignore"), ["colour"]),
        (make_pipeline(SimpleImputer(strategy="constant", fill_value="none"), OrdinalEncoder()), ["colour"]),
        (OrdinalEncoder(encoded_missing_value=-2), ["colour"]),
    ).fit(X)
    encoding, _ = apart(make_pipeline(columns, Ridge().fit(columns.transform(X), np.arange(N))))
    assert isinstance(encoding, Encoding)
    for rows in (X, new, new.iloc[:1]):
        found, expected = encoding.transform(rows), columns.transform(rows)
        one, other = (part.toarray() if hasattr(part, "tocsr") else part for part in (found, expected))
        assert np.allclose(one, other, rtol=1e-14, atol=1e-14)


def test_none_is_a_category_and_nan_is_missing() -> None:
    X = np.array([["a"], ["b"], [None]] * 9, dtype=object)
    for encoder in (OrdinalEncoder(encoded_missing_value=-5), OneHotEncoder()):
        steps = make_pipeline(encoder.fit(X))
        encoding, _ = apart(make_pipeline(encoder, Ridge().fit(encoder.transform(X), np.arange(len(X)))))
        for rows in (X, X[:3]):
            found, expected = encoding.transform(rows), steps.transform(rows)
            one, other = (part.toarray() if hasattr(part, "tocsr") else part for part in (found, expected))
            assert np.array_equal(one, other)


def test_arrays_without_names(rng: np.random.Generator) -> None:
    X = table(rng).to_numpy(dtype=object)
    columns = make_column_transformer((StandardScaler(), [0, 4]), (OneHotEncoder(), [1, -1])).fit(X)
    model = make_pipeline(columns, Ridge().fit(columns.transform(X), np.arange(N)))
    pruned = prunus.prune(model, X, np.arange(N), sparsity=0.2)
    assert isinstance(pruned.front, Encoding)
    assert pruned.front.names is None
    assert np.allclose(pruned.predict(X.tolist()), pruned.predict(X))
    assert np.allclose(pruned.predict(pd.DataFrame(X)), pruned.predict(X))
    numbers = rng.integers(0, 4, (N, 3))
    encoder = OneHotEncoder().fit(numbers)
    alone = prunus.prune(make_pipeline(encoder, Ridge().fit(encoder.transform(numbers), np.arange(N))), sparsity=0.2)
    same = prunus.to_sklearn(alone)
    assert np.allclose(alone.predict(numbers.astype(np.float32)), same.predict(numbers))


@pytest.mark.parametrize("columns", [COLUMNS[0], COLUMNS[3], COLUMNS[5]], ids=["plain", "rare", "dense"])
def test_pruned_saved_and_loaded(columns: Any, rng: np.random.Generator, tmp_path: Path) -> None:
    X, new = table(rng), table(rng)
    y = labels(X)
    pipeline = make_pipeline(
        columns, StandardScaler(with_mean=False), MLPClassifier((20,), max_iter=30, random_state=0)
    )
    pipeline.fit(X, y)
    pruned = prunus.prune(pipeline, X, y, sparsity=0.6)
    by_hand = prunus.prune(pipeline[1:], columns.fit(X).transform(X), y, sparsity=0.6)
    assert np.array_equal(pruned.masks[0], by_hand.masks[0])
    assert np.allclose(pruned.predict_proba(new), by_hand.predict_proba(columns.transform(new)), atol=1e-6)
    assert pruned.score(X, y) == pytest.approx(pruned.report["score"]["after"])
    back = prunus.to_sklearn(pruned)
    assert np.allclose(back.predict_proba(new), pruned.predict_proba(new), atol=1e-6)
    assert prunus.prune(pipeline, sparsity=0.0).report["bytes"]["before"] > by_hand.report["bytes"]["before"] + 500
    pruned.save(tmp_path / "pruned.safetensors")
    assert (
        0 <= (tmp_path / "pruned.safetensors").stat().st_size - pruned.report["bytes"]["after"] <= 8
    )  # its own digits
    for again in (prunus.load(tmp_path / "pruned.safetensors"), pickle.loads(pickle.dumps(pruned))):
        assert isinstance(again, prunus.Pruned)
        assert np.array_equal(again.predict_proba(new), pruned.predict_proba(new))
        assert np.array_equal(again.predict_proba(new[:1]), pruned.predict_proba(new[:1]))
        with pytest.raises(ValueError, match="like: expected the whole pipeline"):
            prunus.to_sklearn(again)
        assert np.allclose(
            prunus.to_sklearn(again, like=pipeline).predict_proba(new), pruned.predict_proba(new), atol=1e-6
        )


def test_what_a_file_has_no_steps_for(rng: np.random.Generator, tmp_path: Path) -> None:
    X = table(rng)
    pipeline = make_pipeline(COLUMNS[0], LogisticRegression()).fit(X, labels(X))
    pruned = prunus.prune(pipeline, X, labels(X), sparsity=0.5)
    pruned.save(tmp_path / "pruned.safetensors")
    again = prunus.load(tmp_path / "pruned.safetensors")
    assert isinstance(again, prunus.Pruned)
    estimator = again.as_estimator()
    assert estimator.estimator is None
    assert np.array_equal(estimator.predict_proba(X), pruned.predict_proba(X))
    assert list(estimator.feature_names_in_) == again.feature_names == list(X.columns)
    other = make_pipeline(COLUMNS[5], LogisticRegression()).fit(X, labels(X))
    with pytest.raises(ValueError, match="like: expected a pipeline that does with a table what the model's own did"):
        prunus.to_sklearn(again, like=other)
    with pytest.raises(TypeError, match="front: expected None for a file that has no place for it"):
        prunus.load(tmp_path / "pruned.safetensors", front=other[:1])
    perceptron = make_pipeline(COLUMNS[0], MLPClassifier((200,), max_iter=5, random_state=0))
    whole = prunus.PrunedClassifier(perceptron, sparsity=None, max_bytes=12_000).fit(X, labels(X)).pruned_
    whole.save(tmp_path / "whole.safetensors")
    size = (tmp_path / "whole.safetensors").stat().st_size
    assert size <= 12_000
    assert 0 <= size - whole.report["bytes"]["after"] <= 8  # the digits of that number itself are not counted
    assert whole.sparsity > 0.1
    assert whole.report["front"] == "a table of 6 columns, encoded in 9"
    assert whole.report["latency_us"]["front"] > 0
    wrapped = pickle.loads(pickle.dumps(prunus.PrunedClassifier(pipeline, sparsity=0.5).fit(X, labels(X))))
    assert np.array_equal(wrapped.predict(X), pruned.predict(X))
    assert not hasattr(wrapped, "estimator_")


def test_it_takes_no_scipy_to_predict(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    X = table(rng)
    pruned = prunus.prune(make_pipeline(COLUMNS[0], LogisticRegression()).fit(X, labels(X)), X, sparsity=0.5)
    expected = pruned.predict(X)

    def gone(*_: Any) -> Any:
        raise ModuleNotFoundError("scipy")

    monkeypatch.setattr("prunus._base.scipy.csr_array", gone)
    assert np.array_equal(pruned.predict(X), expected)
    assert np.array_equal(pruned.predict(X[:1]), expected[:1])


@pytest.mark.parametrize(
    "columns",
    [
        make_column_transformer((FunctionTransformer(np.tanh), ["size"])),
        make_column_transformer((KBinsDiscretizer(quantile_method="averaged_inverted_cdf"), ["size"])),
        make_column_transformer((SimpleImputer(add_indicator=True), ["size"])),
        make_column_transformer((OneHotEncoder(drop="first", handle_unknown="ignore"), ["colour"])),
        make_column_transformer((make_pipeline(OneHotEncoder(sparse_output=False), StandardScaler()), ["colour"])),
        make_column_transformer((make_pipeline(OrdinalEncoder(), OneHotEncoder()), ["colour"])),
        make_column_transformer(
            (
                make_pipeline(OrdinalEncoder(), make_column_transformer((MaxAbsScaler(), [0]), ("passthrough", [0]))),
                ["grade"],
            )
        ),
        ColumnTransformer(
            [("a", OneHotEncoder(), ["colour"]), ("b", "passthrough", ["size"])], transformer_weights={"b": 0}
        ),
        make_column_transformer((OneHotEncoder(drop="first", max_categories=1), ["colour"]), ("passthrough", ["size"])),
        make_column_transformer((OneHotEncoder(), ["built"])),
    ],
    ids=range(10),
)
def test_what_it_does_not_do_runs_as_it_is(columns: Any, rng: np.random.Generator) -> None:
    X = table(rng).assign(built=pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01"] * (N // 3)))
    pipeline = make_pipeline(columns, LogisticRegression()).fit(X, labels(X))
    front, _ = apart(pipeline)
    assert front.steps == pipeline.steps[:1]
    pruned = prunus.prune(pipeline, X, sparsity=0.2)
    assert np.array_equal(pruned.predict(X), prunus.to_sklearn(pruned).predict(X))


def test_refused(rng: np.random.Generator) -> None:
    X = table(rng)
    y = labels(X)
    pruned = prunus.prune(make_pipeline(COLUMNS[0], LogisticRegression()).fit(X, y), X, y, sparsity=0.5)
    for wrong, error, text in (
        (X.drop(columns="colour"), ValueError, "X: expected the columns .*, got none of the name 'colour'"),
        (X.to_numpy()[:, :3], ValueError, "X: expected 6 columns, got 3"),
        (unseen(X), ValueError, "X: expected a known category in column 1, got 'violet'"),
        (X.assign(size="large"), ValueError, "X: expected numbers in column 0, got 'large'"),
        (X.assign(colour=np.nan), ValueError, "X: expected a value in column 1, got nan"),
        (X.assign(colour=[["red"]] * N), ValueError, r"X: expected a known category in column 1, got \['red'\]"),
        ([1, 2], ValueError, "X: expected 2 dimensions"),
        ([[1, 2], [1]], ValueError, "X: expected"),
        (scipy.sparse.csr_array(np.ones((2, 6))), TypeError, "X: expected a table"),
    ):
        with pytest.raises(error, match=text):
            pruned.predict(wrong)
    with pytest.raises(ValueError, match="X_val: expected a known category"):
        prunus.prune(
            make_pipeline(COLUMNS[0], LogisticRegression()).fit(X, y), X, y, sparsity=0.5, X_val=unseen(X), y_val=y
        )


def _set(*path: Any) -> Any:
    """Return what sets a value within an encoding, by its path and the value at last."""

    def spoil(encoding: dict[str, Any]) -> None:
        *way, last, value = path
        at: Any = encoding
        for key in way:
            at = at[key]
        at[last] = value

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        _set("n_columns", 0),
        _set("n_columns", 2),
        _set("n_out", 8),
        _set("names", ["a"]),
        _set("names", [1] * 6),
        _set("is_dense", 1),
        _set("more", 1),
        _set("numbers", "columns", [0, 6]),
        _set("numbers", "columns", [0, -1]),
        _set("numbers", "columns", [0]),
        _set("numbers", "outs", [0, 0]),
        _set("numbers", "outs", [0, 9]),
        _set("numbers", "outs", [0, 2]),
        _set("numbers", "scales", [1.0, 0.0]),
        _set("numbers", "scales", [1.0, float("nan")]),
        _set("numbers", "shifts", [1.0, "0"]),
        _set("lookups", 0, "column", 6),
        _set("lookups", 0, "values", 0, [1]),
        _set("lookups", 0, "values", 0, "red"),
        _set("lookups", 0, "places", 0, 4),
        _set("lookups", 0, "places", 0, -1),
        _set("lookups", 0, "places", [0]),
        _set("lookups", 0, "outs", 0, -2),
        _set("lookups", 0, "outs", 0, 9),
        _set("lookups", 0, "outs", 0, 0),
        _set("lookups", 0, "numbers", [1.0]),
        _set("lookups", 0, "missing", 4),
        _set("lookups", 0, "unknown", -1),
        _set("lookups", {}),
    ],
    ids=range(29),
)
def test_crafted_files(spoil: Any, rng: np.random.Generator, tmp_path: Path) -> None:
    X = table(rng)
    pruned = prunus.prune(make_pipeline(COLUMNS[0], LogisticRegression()).fit(X, labels(X)), X, sparsity=0.5)
    document, tensors = container.unpack(to_bytes(pruned.contents()))
    (tmp_path / "good").write_bytes(container.pack(document, tensors))
    assert np.array_equal(prunus.load(tmp_path / "good").predict(X), pruned.predict(X))
    spoil(document["encoding"])
    (tmp_path / "bad").write_bytes(container.pack(document, tensors))
    with pytest.raises(prunus.FormatError, match=r"encoding|names"):
        prunus.load(tmp_path / "bad")
    document["masks"] = document["report"] = None
    (tmp_path / "bad").write_bytes(container.pack(document, {k: v for k, v in tensors.items() if "masks" not in k}))
    with pytest.raises(prunus.FormatError):
        prunus.load(tmp_path / "bad")


def test_selectors_of_columns(rng: np.random.Generator) -> None:
    X = rng.standard_normal((N, 8))
    y = np.where(X[:, 0] + X[:, 5] > 0, "yes", "no")
    for steps in ((SelectKBest(k=4), StandardScaler()), (StandardScaler(), SelectKBest(k=4)), (VarianceThreshold(),)):
        pipeline = make_pipeline(*steps, LogisticRegression()).fit(X, y)
        pruned = prunus.prune(pipeline, X, y, sparsity=0.25)
        assert isinstance(pruned.front, Encoding)
        assert np.allclose(prunus.to_sklearn(pruned).predict_proba(X), pruned.predict_proba(X))
