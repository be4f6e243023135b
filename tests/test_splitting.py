"""Folds of the estimators that choose features: groups of samples, scikit-learn's routing of them, generators."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.feature_selection import RFECV
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, LeaveOneGroupOut, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from prunus.feature_selection import PruneSelector
from prunus.linear_model import PrunedLinearRegression

ESTIMATORS = [PrunedLinearRegression, PruneSelector]
each_estimator = pytest.mark.parametrize("estimator", ESTIMATORS)


@pytest.fixture
def data(rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Samples of a label share a shift of y, which 12 features of the label's own explain."""
    labels = rng.permutation(np.repeat(np.arange(12), 8))
    X = np.c_[rng.standard_normal((96, 4)), np.eye(12)[labels] + 0.1 * rng.standard_normal((96, 12))]
    return X, X[:, 0] + 3 * rng.standard_normal(12)[labels] + 0.3 * rng.standard_normal(96), labels


@pytest.fixture
def routing() -> Iterator[None]:
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def splits(labels: Any, splitter: Any, y: Any) -> list[Any]:
    return list(splitter.split(np.zeros((len(labels), 1)), y, labels))


def measures(fitted: Any) -> Any:
    """What the folds' errors were."""
    if isinstance(fitted, PruneSelector):
        return -fitted.cv_results_["mean_test_score"]
    return fitted.path_.measures["cv_mean"]


@each_estimator
@pytest.mark.parametrize("splitter", [GroupKFold(5), LeaveOneGroupOut()], ids=repr)
def test_samples_of_a_group_are_in_one_fold(estimator: Any, splitter: Any, data: tuple[Any, Any, Any]) -> None:
    X, y, labels = data
    expected = estimator(cv=splits(labels, splitter, y)).fit(X, y)
    names = np.array([f"patient {label:02}" for label in labels])
    for groups in (labels, list(labels), names):
        got = estimator(cv=splitter).fit(X, y, groups=groups)
        assert np.array_equal(measures(got), measures(expected))
    mixed = estimator(cv=KFold(5)).fit(X, y)
    assert not np.array_equal(measures(got), measures(mixed))


@each_estimator
def test_groups_of_samples_beside_groups_of_features_and_weights(estimator: Any, data: tuple[Any, Any, Any]) -> None:
    X, y, labels = data
    features, weight = np.repeat([0, 1, 2, 3], 4), np.linspace(1, 2, len(y))
    expected = estimator(groups=features, cv=splits(labels, GroupKFold(4), y)).fit(X, y, weight)
    got = estimator(groups=features, cv=GroupKFold(4)).fit(X, y, weight, groups=labels)
    assert np.array_equal(measures(got), measures(expected))
    assert got.groups is features
    assert estimator(2, cv=GroupKFold(4)).fit(X, y, groups=labels).support_.sum() == 2


@each_estimator
def test_groups_without_a_splitter_that_asks_for_them(estimator: Any, data: tuple[Any, Any, Any]) -> None:
    """As in RFECV: a warning, or an error where metadata are routed."""
    X, y, labels = data
    for cv in (estimator(cv=KFold(5)), RFECV(LinearRegression(), cv=KFold(5))):
        with pytest.warns(UserWarning, match="The groups parameter is ignored by KFold"):
            cv.fit(X, y, groups=labels)
        with (
            sklearn.config_context(enable_metadata_routing=True),
            pytest.raises(TypeError, match=r"fit got unexpected argument\(s\) {'groups'}"),
        ):
            cv.fit(X, y, groups=labels)


@pytest.mark.parametrize("ask", [False, True])
def test_groups_reach_every_fold_of_an_outer_validation(ask: bool, data: tuple[Any, Any, Any], routing: None) -> None:
    X, y, labels = data
    model = PrunedLinearRegression(cv=GroupKFold(4))
    if ask:
        model.set_fit_request(groups=True)
    got = cross_validate(model, X, y, params={"groups": labels}, cv=GroupKFold(3), return_estimator=True, scoring="r2")
    assert np.array_equal(cross_val_score(model, X, y, params={"groups": labels}, cv=GroupKFold(3)), got["test_score"])
    for fitted, (train, test) in zip(got["estimator"], splits(labels, GroupKFold(3), y), strict=True):
        inner = splits(labels[train], GroupKFold(4), y[train])
        expected = PrunedLinearRegression(cv=inner).fit(X[train], y[train])
        assert np.array_equal(measures(fitted), measures(expected))
        assert np.array_equal(fitted.predict(X[test]), expected.predict(X[test]))


def test_groups_without_routing_in_an_outer_validation(data: tuple[Any, Any, Any]) -> None:
    X, y, labels = data
    model = PrunedLinearRegression(cv=GroupKFold(4))
    got = cross_val_score(model, X, y, params={"groups": labels}, cv=3)
    for score, (train, test) in zip(got, KFold(3).split(X), strict=True):
        expected = PrunedLinearRegression(cv=GroupKFold(4)).fit(X[train], y[train], groups=labels[train])
        assert score == expected.score(X[test], y[test])


@each_estimator
def test_groups_reach_the_steps_of_a_pipeline(estimator: Any, data: tuple[Any, Any, Any]) -> None:
    X, y, labels = data
    steps = (StandardScaler(), estimator(cv=GroupKFold(4)))
    pipeline = make_pipeline(*steps, *([LinearRegression()] if estimator is PruneSelector else []))
    scaled = StandardScaler().fit_transform(X)
    expected = estimator(cv=splits(labels, GroupKFold(4), y)).fit(scaled, y)
    with sklearn.config_context(enable_metadata_routing=True):
        assert np.array_equal(measures(clone(pipeline).fit(X, y, groups=labels)[1]), measures(expected))
        clone(pipeline).set_params(standardscaler__with_mean=False).fit(X, y, groups=labels)
        scores = cross_val_score(pipeline, X, y, params={"groups": labels}, cv=GroupKFold(3))
        assert np.isfinite(scores).all()
        search = GridSearchCV(
            pipeline, {f"{estimator.__name__.lower()}__alpha": [0.0, 1.0]}, cv=GroupKFold(3), scoring="r2"
        )
        assert search.fit(X, y, groups=labels).cv_results_["mean_test_score"][0] == scores.mean()
    plain = clone(pipeline).fit(X, y, **{f"{estimator.__name__.lower()}__groups": labels})
    assert np.array_equal(measures(plain[1]), measures(expected))


@each_estimator
def test_metadata_under_another_name(estimator: Any, data: tuple[Any, Any, Any], routing: None) -> None:
    X, y, labels = data
    expected = estimator(cv=splits(labels, GroupKFold(4), y)).fit(X, y)
    model = estimator(cv=GroupKFold(4).set_split_request(groups="hospital"))
    assert np.array_equal(measures(clone(model).fit(X, y, hospital=labels)), measures(expected))
    assert np.array_equal(measures(make_pipeline(model).fit(X, y, hospital=labels)[0]), measures(expected))


@each_estimator
def test_weights_and_groups_are_routed_each_on_its_own(
    estimator: Any, data: tuple[Any, Any, Any], routing: None
) -> None:
    X, y, labels = data
    weight = np.linspace(1, 2, len(y))
    model = estimator(cv=GroupKFold(4)).set_fit_request(sample_weight=True)
    expected = clone(model).fit(X, y, sample_weight=weight, groups=labels)
    got = make_pipeline(model).fit(X, y, sample_weight=weight, groups=labels)[0]
    assert np.array_equal(measures(got), measures(expected))
    assert not np.array_equal(measures(got), measures(clone(model).fit(X, y, groups=labels)))


@each_estimator
def test_a_generator_of_folds_is_stored_once(estimator: Any, data: tuple[Any, Any, Any]) -> None:
    X, y, _ = data
    expected = measures(estimator(cv=list(KFold(3).split(X))).fit(X, y))
    model = estimator(cv=KFold(3).split(X))
    copies = [clone(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model)), model, model]
    copies += [estimator().set_params(cv=KFold(3).split(X)), estimator(cv=iter(KFold(3).split(X)))]
    for one in copies:
        assert np.array_equal(measures(one.fit(X, y)), expected)
    assert np.array_equal(measures(clone(model).fit(X, y)), expected)
    with sklearn.config_context(enable_metadata_routing=True):
        model.get_metadata_routing()
        assert np.array_equal(measures(model.fit(X, y)), expected)
    folds = list(KFold(3).split(X))
    assert estimator(cv=folds).cv is folds
