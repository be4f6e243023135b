"""PrunedClassifier and PrunedRegressor: an estimator and its pruning as one, in scikit-learn's own company."""

from __future__ import annotations

import pickle
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Lars, LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import check_estimator

import prunus
from prunus import PrunedClassifier, PrunedRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def cancer() -> tuple[Any, Any]:
    X, y = load_breast_cancer(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), np.array(["malignant", "benign"])[y]


@pytest.fixture(scope="module")
def diabetes() -> tuple[Any, Any]:
    return load_diabetes(return_X_y=True)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "estimator",
    [
        PrunedClassifier(MLPClassifier()),
        PrunedRegressor(MLPRegressor()),
        PrunedRegressor(Ridge()),
        PrunedClassifier(LogisticRegression(), sparsity=0.5),
        PrunedRegressor(Lars()),  # whose fit takes no sample_weight
        PrunedClassifier(make_pipeline(StandardScaler(), LinearSVC())),
    ],
    ids=repr,
)
@pytest.mark.filterwarnings("ignore")
def test_every_check_passes(estimator: Any) -> None:
    checks = check_estimator(estimator, on_skip=None, on_fail=None)
    assert len(checks) > 45
    ends = {check["check_name"]: (check["status"], check["exception"]) for check in checks}
    left_out = {"check_array_api_input"}  # it asks for an environment variable of SciPy's
    if isinstance(estimator.estimator, Pipeline):
        # LinearSVC's own: it draws by rows.
        left_out |= {f"check_sample_weight_equivalence_on_{kind}_data" for kind in ("dense", "sparse")}
    if not hasattr(estimator, "decision_function"):
        left_out.add("check_classifiers_multilabel_output_format_decision_function")
    assert not {name: end for name, end in ends.items() if end[0] != "passed" and name not in left_out}


def test_it_is_the_estimator_pruned(cancer: tuple[Any, Any], diabetes: tuple[Any, Any]) -> None:
    X, y = cancer
    estimator = LogisticRegression(C=10)
    model = PrunedClassifier(estimator, sparsity=0.8).fit(X, y)
    pruned = prunus.prune(LogisticRegression(C=10).fit(X, y), X, y, sparsity=0.8)
    assert not hasattr(estimator, "coef_")
    assert model.pruned_.sparsity == pruned.sparsity == 0.8
    assert np.array_equal(model.predict(X), pruned.predict(X))
    assert np.array_equal(model.predict_proba(X), pruned.predict_proba(X))
    assert np.array_equal(model.decision_function(X), pruned.engine(X)[:, 0])
    assert np.allclose(model.estimator_.decision_function(X), model.decision_function(X), rtol=1e-12, atol=1e-12)
    assert np.allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))
    assert list(model.classes_) == ["benign", "malignant"]
    assert model.score(X, y) == np.mean(pruned.predict(X) == y)

    X, y = diabetes
    regression = PrunedRegressor(Ridge(0.1), sparsity=0.5).fit(X, y)
    assert np.count_nonzero(regression.estimator_.coef_) == 5
    for kind in (Ridge(0.1), LinearRegression()):
        column = PrunedRegressor(kind, sparsity=0.0).fit(X, y[:, None])
        expected = clone(kind).fit(X, y[:, None]).predict(X)
        assert column.predict(X).shape == expected.shape
        assert np.allclose(column.predict(X), expected)
    several = PrunedRegressor(Ridge(0.1), sparsity=0.5).fit(X, np.c_[y, -y])
    assert several.predict(X).shape == (len(X), 2)


def test_it_predicts_in_the_ways_of_the_estimator(cancer: tuple[Any, Any]) -> None:
    margins = PrunedClassifier(LinearSVC(), sparsity=0.5).fit(*cancer)
    assert hasattr(margins, "decision_function")
    assert not hasattr(margins, "predict_proba")
    assert not hasattr(PrunedClassifier(MLPClassifier()), "decision_function")


def test_in_searches_pipelines_and_calibration(cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    grid = {"prunedclassifier__sparsity": [0.3, 0.9], "prunedclassifier__criterion": ["magnitude", "obs"]}
    pipeline = make_pipeline(StandardScaler(), PrunedClassifier(LogisticRegression()))
    found = [
        GridSearchCV(pipeline, grid, cv=3, n_jobs=n_jobs).fit(X, y).cv_results_["mean_test_score"] for n_jobs in (1, 2)
    ]
    assert np.array_equal(*found)
    assert found[0].min() > 0.8
    assert len(set(found[0])) > 1
    calibrated = CalibratedClassifierCV(PrunedClassifier(LogisticRegression(), sparsity=0.8), cv=3).fit(X, y)
    assert calibrated.score(X, y) > 0.9
    assert cross_val_score(PrunedClassifier(LogisticRegression(), sparsity=0.8), X, y).mean() > 0.9


@pytest.mark.parametrize("wrap", [lambda model: (FrozenEstimator(model), {}), lambda model: (model, {"prefit": True})])
def test_a_fitted_estimator_is_not_fitted_again(wrap: Any, cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    fitted = LogisticRegression().fit(X[::2], y[::2])
    before = fitted.coef_.copy()
    estimator, options = wrap(fitted)
    model = PrunedClassifier(estimator, sparsity=0.0, **options).fit(X, y)
    assert np.array_equal(model.estimator_.coef_, before)
    assert np.array_equal(fitted.coef_, before)
    frozen = clone(PrunedClassifier(FrozenEstimator(fitted), sparsity=0.0)).fit(X, y)
    assert np.array_equal(frozen.estimator_.coef_, before)
    with pytest.raises(NotFittedError):
        PrunedClassifier(LogisticRegression(), prefit=True).fit(X, y)


def test_dense_and_sparse_frames_and_rows(cancer: tuple[Any, Any], rng: np.random.Generator) -> None:
    X, y = cancer
    X = np.where(rng.random(X.shape) < 0.5, 0, X)
    model = PrunedClassifier(LogisticRegression(), sparsity=0.5).fit(X, y)
    sparse = PrunedClassifier(LogisticRegression(), sparsity=0.5).fit(scipy.sparse.csc_array(X), y)
    assert np.allclose(sparse.decision_function(X), model.decision_function(X), rtol=1e-6, atol=1e-6)
    for other in (scipy.sparse.csr_matrix(X), np.asfortranarray(X), X.tolist()):
        assert np.allclose(model.decision_function(other), model.decision_function(X), rtol=1e-12, atol=1e-12)
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(X.shape[1])])
    named = PrunedClassifier(LogisticRegression(), sparsity=0.5).fit(frame, y)
    assert list(named.feature_names_in_) == list(frame.columns)
    assert np.array_equal(named.predict(frame), model.predict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        named.predict(frame[frame.columns[::-1]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        named.predict(X)
    for wrong, text in ((X[:, 1:], "features"), (np.where(X == 0, np.nan, X), "NaN"), (X[:0], "0 sample")):
        with pytest.raises(ValueError, match=text):
            model.predict(wrong)


def test_weights_of_samples_reach_both(diabetes: tuple[Any, Any], rng: np.random.Generator) -> None:
    X, y = diabetes
    count = rng.integers(0, 3, len(X))
    for estimator in (Ridge(0.1), make_pipeline(StandardScaler(), Ridge(0.1))):
        weighted = PrunedRegressor(estimator, sparsity=0.5).fit(X, y, sample_weight=count)
        if estimator is not Ridge:  # a scaler counts rows
            pruned = prunus.prune(weighted.estimator_, X, y, sparsity=0.5, sample_weight=count)
            assert np.allclose(pruned.predict(X), weighted.predict(X))
    repeated = PrunedRegressor(Ridge(0.1), sparsity=0.5).fit(np.repeat(X, count, axis=0), np.repeat(y, count))
    weighted = PrunedRegressor(Ridge(0.1), sparsity=0.5).fit(X, y, count)
    assert np.allclose(weighted.predict(X), repeated.predict(X), rtol=1e-9)
    searched = PrunedRegressor(GridSearchCV(Ridge(), {"alpha": [0.1]}), sparsity=0.5).fit(X, y, sample_weight=count)
    assert np.allclose(searched.predict(X), weighted.predict(X))
    for estimator in (Lars(), GridSearchCV(Lars(), {})):
        with pytest.raises(
            TypeError, match=r"sample_weight: expected none for (Lars|GridSearchCV), whose fit takes none"
        ):
            PrunedRegressor(estimator, sparsity=0.5).fit(X, y, sample_weight=count)


def test_several_labels_sparse(cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    Y = np.c_[y == "benign", X[:, 0] > 0].astype(int)
    model = PrunedClassifier(MLPClassifier((8,), max_iter=50, random_state=0), sparsity=0.5)
    dense = model.fit(X, Y).predict(X)
    assert np.array_equal(model.fit(X, scipy.sparse.csr_array(Y)).predict(X), dense)


def test_single_precision_tells_small_probabilities(cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    single, double = (
        PrunedClassifier(LogisticRegression(C=100), sparsity=0.0, compensate="none", dtype=dtype).fit(30 * X, y)
        for dtype in ("float32", "float64")
    )
    found, expected = (np.isinf(model.predict_log_proba(30 * X)).sum() for model in (single, double))
    assert abs(int(found) - int(expected)) <= 2


def test_metadata_is_routed(diabetes: tuple[Any, Any], rng: np.random.Generator) -> None:
    X, y = diabetes
    weight = rng.random(len(X))
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = Ridge(0.1).set_fit_request(sample_weight=True)
        model = PrunedRegressor(estimator, sparsity=0.5).set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=False)
        search = GridSearchCV(model, {"sparsity": [0.5]}, cv=GroupKFold(3))
        search.fit(X, y, sample_weight=weight, groups=np.arange(len(X)) % 5)
        expected = PrunedRegressor(Ridge(0.1).set_fit_request(sample_weight=True), sparsity=0.5)
        expected.set_fit_request(sample_weight=True).fit(X, y, sample_weight=weight)
    assert np.array_equal(search.best_estimator_.predict(X), expected.predict(X))
    unweighted = PrunedRegressor(Ridge(0.1), sparsity=0.5).fit(X, y)
    assert not np.allclose(expected.predict(X), unweighted.predict(X))


def test_it_can_be_pruned_again(cancer: tuple[Any, Any]) -> None:
    X, y = cancer
    model = PrunedClassifier(MLPClassifier((8,), max_iter=50, random_state=0), sparsity=0.5).fit(X, y)
    assert prunus.as_network(model) is model.pruned_.network
    again, expected = (prunus.prune(one, X, y, sparsity=0.8) for one in (model, model.pruned_))
    assert again.sparsity == expected.sparsity == pytest.approx(0.8, abs=0.002)
    assert again.network == expected.network
    with pytest.raises(NotFittedError):
        prunus.as_network(PrunedClassifier(MLPClassifier()))


def test_a_pickle_is_as_small_as_the_file(digits: tuple[Any, Any], tmp_path: Any) -> None:
    X, y = digits
    model = PrunedClassifier(MLPClassifier((100,), max_iter=5, random_state=0), sparsity=0.9).fit(X[:500], y[:500])
    model.pruned_.save(tmp_path / "pruned.safetensors")
    size = (tmp_path / "pruned.safetensors").stat().st_size
    assert len(pickle.dumps(model)) < size + 3000  # names of classes and parameters
    joblib.dump(model, tmp_path / "model.joblib")
    again = joblib.load(tmp_path / "model.joblib")
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))


def test_as_estimator(cancer: tuple[Any, Any], diabetes: tuple[Any, Any], tmp_path: Any) -> None:
    X, y = cancer
    pruned = prunus.prune(LogisticRegression(C=10).fit(X, y), X, y, sparsity=0.8)
    pruned.save(tmp_path / "pruned.safetensors")
    for one in (pruned, prunus.load(tmp_path / "pruned.safetensors")):
        assert isinstance(one, prunus.Pruned)
        model = one.as_estimator()
        assert model.pruned_ is one
        assert repr(model.estimator) == "LogisticRegression(C=10)"
        assert (model.sparsity, model.criterion, model.n_features_in_) == (0.8, "obs", 30)
        assert np.array_equal(model.predict(X), pruned.predict(X))
        assert model.score(X, y) == pruned.score(X, y)
        again = clone(model).fit(X, y)
        assert np.allclose(again.decision_function(X), model.decision_function(X))
    X, y = diabetes
    column = prunus.prune(LinearRegression().fit(X, y[:, None]), X, y[:, None], sparsity=0.5).as_estimator()
    assert column.predict(X).shape == (len(X), 1)
    alone = prunus.prune(prunus.Network([prunus.Layer([[1.0, 2.0, 3.0]])]), sparsity=1 / 3).as_estimator()
    assert alone.predict([[1.0, 1.0, 1.0]]) == [5.0]
    assert "estimator=None" in repr(alone)
    with pytest.raises(TypeError, match="estimator: expected an estimator of scikit-learn, got None"):
        alone.fit(X, y)


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (PrunedClassifier(Ridge()), TypeError, "estimator: expected a classifier, got Ridge"),
        (PrunedRegressor(LogisticRegression()), TypeError, "estimator: expected a regression, got LogisticRegression"),
        (PrunedClassifier("LogisticRegression"), TypeError, "estimator: expected an estimator"),
        (PrunedClassifier(LogisticRegression(), max_bytes=100), ValueError, "sparsity: expected None beside max_bytes"),
        (PrunedClassifier(LogisticRegression(), sparsity=2), ValueError, "sparsity"),
        (PrunedClassifier(LogisticRegression(), dtype="int8"), ValueError, "dtype"),
        (PrunedClassifier(LogisticRegression(), prefit=1), TypeError, "prefit"),
        (PrunedClassifier(RandomForestClassifier(3)), prunus.NotSupportedError, "RandomForest"),
    ],
    ids=repr,
)
def test_refused(model: Any, error: Any, text: str, cancer: tuple[Any, Any]) -> None:
    with pytest.raises(error, match=text):
        model.fit(*cancer)


def test_its_page_and_output(cancer: tuple[Any, Any]) -> None:
    model = PrunedClassifier(LogisticRegression(), sparsity=0.5).fit(*cancer)
    assert "LogisticRegression" in model._repr_html_()
    assert "sparsity=0.5" in repr(model)
