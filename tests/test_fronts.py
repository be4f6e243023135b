"""Pipelines with steps that no network represents: they run as they are, and what stands behind them is pruned."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, PolynomialFeatures, StandardScaler

import prunus

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def cancer() -> tuple[Any, Any]:
    return load_breast_cancer(return_X_y=True)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def text() -> tuple[list[str], Any]:
    rng = np.random.default_rng(0)
    words = [["red", "rose", "leaf", "tree"], ["car", "road", "wheel", "tyre"], ["sea", "boat", "wave", "sand"]]
    y = rng.integers(0, 3, 150)
    return [" ".join(rng.choice([*words[k], "the", "a", "of"], 8)) for k in y], np.array(["plant", "car", "sea"])[y]


def table(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, Any]:
    frame = pd.DataFrame(
        {
            "size": rng.standard_normal(n),
            "colour": rng.choice(["red", "green", "blue"], n),
            "price": rng.gamma(2, 3, n),
        }
    )
    return frame, np.where(frame["size"] + (frame["colour"] == "red") > 0.5, "yes", "no")


def behind_by_hand(pipeline: Pipeline, X: Any, y: Any, n: int, **options: Any) -> Any:
    """Prune what stands behind n steps, on what they make of X."""
    return prunus.prune(pipeline[n:], pipeline[:n].transform(X), y, **options)


@pytest.mark.parametrize(
    ("steps", "n"),
    [
        ((PCA(8), StandardScaler()), 1),
        ((StandardScaler(), PolynomialFeatures(2, include_bias=False), MinMaxScaler()), 2),
        ((MinMaxScaler(clip=True),), 1),
        ((FunctionTransformer(np.log1p), "passthrough", StandardScaler()), 1),
        ((StandardScaler(), "passthrough", PCA(5)), 3),
    ],
    ids=str,
)
def test_it_is_what_stands_behind_pruned(steps: Any, n: int, cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    pipeline = make_pipeline(*steps, LogisticRegression()).fit(X, y)
    pruned = prunus.prune(pipeline, X, y, sparsity=0.5)
    expected = behind_by_hand(pipeline, X, y, n, sparsity=0.5)
    assert pruned.network == expected.network
    assert pruned.front.steps == pipeline.steps[:n]
    assert np.array_equal(pruned.predict_proba(X), expected.predict_proba(pipeline[:n].transform(X)))
    assert pruned.score(X, y) == pruned.report["score"]["after"]
    again = prunus.to_sklearn(pruned)
    assert again.steps[:n] == pipeline.steps[:n]
    assert np.allclose(again.predict_proba(X), pruned.predict_proba(X))


def test_text(text: tuple[list[str], Any], tmp_path: Path) -> None:
    X, y = text
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)).fit(X, y)
    pruned = prunus.prune(pipeline, X, y, sparsity=0.5, latency_batch=3)
    assert pruned.score(X, y) > 0.95
    assert pruned.report["front"] == "'tfidfvectorizer' (TfidfVectorizer)"
    assert pruned.report["latency_us"]["front"] > 0
    assert "microseconds, 3 rows, of the steps before" in str(pruned.report)
    assert "microseconds, 1 rows, of the steps before" in str(prunus.prune(pipeline, X, sparsity=0.5).report)
    assert "of the steps before" not in str(prunus.prune(pipeline, sparsity=0.5).report)
    for same in (pickle.loads(pickle.dumps(pruned)), pruned.as_estimator(), prunus.to_sklearn(pruned)):
        assert np.array_equal(same.predict(X), pruned.predict(X))
    wrapped = prunus.PrunedClassifier(make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)), sparsity=0.5)
    assert np.array_equal(wrapped.fit(X, y).predict(X), pruned.predict(X))
    assert not hasattr(wrapped, "n_features_in_")


def test_a_file_holds_no_front(text: tuple[list[str], Any], tmp_path: Path) -> None:
    X, y = text
    pruned = prunus.prune(make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(X, y), X, y, sparsity=0.5)
    path, beside = tmp_path / "pruned.safetensors", tmp_path / "front.joblib"
    for save in (pruned.save, lambda path: prunus.save(pruned, path)):
        with pytest.raises(
            prunus.NotSupportedError, match=r"front: .*'tfidfvectorizer' \(TfidfVectorizer\).*joblib.dump"
        ):
            save(path)
        assert not path.exists()
    joblib.dump(pruned.front, beside)
    pruned.save(path, front=False)
    again = prunus.load(path, front=joblib.load(beside))
    assert isinstance(again, prunus.Pruned)
    assert np.array_equal(again.predict(X), pruned.predict(X))
    alone = prunus.load(path)
    assert isinstance(alone, prunus.Pruned)
    assert alone.front is None
    assert np.array_equal(alone.predict(pruned.front.transform(X)), pruned.predict(X))
    assert alone.report["front"] == pruned.report["front"]
    with pytest.raises(TypeError, match=r"front: expected Pruned.front, or pipeline\[:-1\], got 'tfidf'"):
        prunus.load(path, front="tfidf")
    prunus.save(pruned.network, path)
    with pytest.raises(TypeError, match="front: expected None for a file that has no place for it"):
        prunus.load(path, front=pruned.front)


def test_pruned_again_it_keeps_its_front(text: tuple[list[str], Any]) -> None:
    X, y = text
    pipeline = make_pipeline(TfidfVectorizer(), MLPClassifier((8,), random_state=0, max_iter=50)).fit(X, y)
    pruned = prunus.prune(prunus.prune(pipeline, X, sparsity=0.5), X, sparsity=0.7)
    assert pruned.front.steps == pipeline.steps[:1]
    assert round(pruned.sparsity, 2) == 0.7


def test_tables(rng: np.random.Generator) -> None:
    X, y = table(rng, 200)
    columns = make_column_transformer((StandardScaler(), ["size", "price"]), (OneHotEncoder(), ["colour"]))
    pipeline = make_pipeline(columns, LogisticRegression()).fit(X, y)
    X_val, y_val = table(rng, 100)
    pruned = prunus.prune(pipeline, X, y, max_accuracy_drop=0.05, X_val=X_val, y_val=y_val)
    assert pruned.sparsity > 0
    assert pruned.report["score"]["data"] == "validation"
    assert pruned.score(X_val, y_val) == pruned.report["score"]["after"]
    curve = prunus.sweep(pipeline, X, y, sparsities=[0.2, 0.6], X_val=X_val, y_val=y_val)
    assert np.array_equal(curve.at(0.6).predict(X_val), prunus.prune(pipeline, X, y, sparsity=0.6).predict(X_val))
    assert prunus.stability(pipeline, X, y, sparsity=0.5, n_resamples=3) is not None
    assert prunus.sensitivity(pipeline, X, y, sparsities=[0.5]) is not None
    model = prunus.PrunedClassifier(make_pipeline(columns, LogisticRegression()), sparsity=0.4).fit(X, y)
    assert list(model.feature_names_in_) == ["size", "colour", "price"]
    assert model.score(X_val, y_val) > 0.8
    for wrong, text in ((X.drop(columns="colour"), "colour"), (X.to_numpy()[:, :1], "columns|feature")):
        with pytest.raises(ValueError, match=text):
            pruned.predict(wrong)


def test_searches_and_frozen_estimators(cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    search = GridSearchCV(make_pipeline(PCA(5), StandardScaler(), LogisticRegression()), {"pca__n_components": [3, 6]})
    search.fit(X, y)
    expected = prunus.prune(search.best_estimator_, X, y, sparsity=0.5)
    last = make_pipeline(StandardScaler(), GridSearchCV(LogisticRegression(), {"C": [1, 10]})).fit(X, y)
    for model in (search, FrozenEstimator(search), FrozenEstimator(search.best_estimator_)):
        assert prunus.prune(model, X, y, sparsity=0.5).network == expected.network
    network = prunus.as_network(last)
    assert np.allclose(network.forward(X)[:, 0], last.decision_function(X))
    ridge = GridSearchCV(Ridge(), {"alpha": [1.0]}).fit(X, y)
    assert np.array_equal(prunus.from_sklearn(ridge).layers[0].weight[0], ridge.best_estimator_.coef_)


def test_estimators_that_prune_in_searches(cancer: tuple[Any, Any], tmp_path: Path) -> None:
    X, y = cancer
    pipeline = make_pipeline(PCA(5), LogisticRegression())
    search = GridSearchCV(prunus.PrunedClassifier(pipeline), {"sparsity": [0.2]}, cv=2).fit(X, y)
    inner = search.best_estimator_.pruned_
    for model in (search, search.best_estimator_, FrozenEstimator(search)):
        again = prunus.prune(model, X, y, sparsity=0.4)
        assert again.front is inner.front
        assert again.network == prunus.prune(inner, X, y, sparsity=0.4).network
    assert np.array_equal(prunus.to_sklearn(search.best_estimator_).predict(X), search.predict(X))
    assert prunus.compile(search.best_estimator_).network == inner.network
    with pytest.raises(prunus.NotSupportedError, match="front"):
        prunus.save(search.best_estimator_, tmp_path / "model.safetensors")
    model = prunus.PrunedClassifier(make_pipeline(PolynomialFeatures(1), LogisticRegression()), sparsity=0.2)
    model.fit(pd.DataFrame(X, columns=[f"c{i}" for i in range(30)]), y).fit(X[:, :4], y)
    assert model.n_features_in_ == 4
    assert not hasattr(model, "feature_names_in_")


def test_refused(cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    model = LogisticRegression().fit(X[:, :5], y)
    with pytest.raises(NotFittedError, match="PCA instance is not fitted"):
        prunus.prune(make_pipeline(PCA(5), model), X, y, sparsity=0.5)
    pipeline = make_pipeline(PCA(5), LogisticRegression()).fit(X, y)
    with pytest.raises(ValueError, match=r"X: expected what 'pca' \(PCA\) take: X has 29 features"):
        prunus.prune(pipeline, X[:, 1:], y, sparsity=0.5)
    with pytest.raises(ValueError, match=r"X_val: expected what 'pca' \(PCA\) take"):
        prunus.prune(pipeline, X, y, sparsity=0.5, X_val=X[:, 1:], y_val=y)
    pruned = prunus.prune(pipeline, X, y, sparsity=0.5)
    with pytest.raises(ValueError, match=r"X: expected what 'pca' \(PCA\) take"):
        pruned.predict(scipy.sparse.csr_array(X[:, 1:]))
    with pytest.raises(
        prunus.NotSupportedError, match=r"got step 'pca' \(PCA\); prunus.prune takes the whole pipeline"
    ):
        prunus.as_network(pipeline)
