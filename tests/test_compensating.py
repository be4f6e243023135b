"""Compensations: what is left is refitted, whatever chose it; and what cannot be is refused."""

from __future__ import annotations

import inspect
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Lasso, LinearRegression, Ridge, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import prunus
from prunus.compensating import Refit
from prunus.network import Provenance
from prunus.network.provenance import provenance_of
from prunus.pruning.asking import request_of
from prunus.pruning.rounds import run

N, P = 60, 8


@pytest.fixture
def problem(rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Correlated columns, two outputs, weights."""
    X = rng.standard_normal((N, P)) @ rng.standard_normal((P, P)) + rng.standard_normal(P)
    return X, X @ rng.standard_normal((P, 2)) + rng.standard_normal((N, 2)), rng.random(N)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("alpha", "penalty"), [(None, 0.0), (3.0, 3.0)])
def test_refit_after_any_criterion(
    alpha: float | None, penalty: float, weighted: bool, problem: tuple[Any, Any, Any]
) -> None:
    X, y, weight = problem
    weight = weight if weighted else None
    model = LinearRegression().fit(X, y)
    pruned = prunus.prune(
        model, X, y, sparsity=0.5, criterion="magnitude", sample_weight=weight, compensate=Refit(alpha)
    )
    assert pruned.report["compensation"] == "refit"
    for i, kept in enumerate(pruned.masks[0]):
        own = Ridge(alpha=penalty, solver="cholesky") if penalty else LinearRegression()
        again = own.fit(X[:, kept], y[:, i], sample_weight=weight)
        layer = pruned.network.layers[0]
        assert np.allclose(layer.weight[i, kept], again.coef_, rtol=1e-9)
        assert np.isclose(layer.bias[i], again.intercept_, rtol=1e-9)
        assert not layer.weight[i, ~kept].any()


def test_behind_a_scaler_and_of_sparse_samples(problem: tuple[Any, Any, Any]) -> None:
    X, y, _ = problem
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(X, y)
    pruned = prunus.prune(model, X, y, sparsity=0.5, criterion="magnitude", compensate="refit")
    for i, kept in enumerate(pruned.masks[0]):
        again = LinearRegression().fit(X[:, kept], y[:, i])
        assert np.allclose(pruned.predict(X)[:, i], again.predict(X[:, kept]), rtol=1e-9)


def test_obs_scores_alone_where_nothing_is_to_be_compensated(problem: tuple[Any, Any, Any]) -> None:
    X, y, _ = problem
    model = LinearRegression().fit(X, y)
    plain = prunus.prune(model, X, y, sparsity=0.5, criterion="obs", compensate="none")
    refitted = prunus.prune(model, X, y, sparsity=0.5, criterion="obs")
    assert plain.report["compensation"] == "none"
    assert refitted.report["compensation"] == "obs"
    assert np.array_equal(plain.masks[0], refitted.masks[0])
    assert np.array_equal(plain.network.layers[0].weight, np.where(plain.masks[0], model.coef_, 0))
    assert refitted.report["loss"]["after"] < plain.report["loss"]["after"]


def test_it_has_the_penalty_of_the_criterion(problem: tuple[Any, Any, Any]) -> None:
    X, y, _ = problem
    model = LinearRegression().fit(X, y)
    obs = prunus.criteria()["obs"](alpha=5.0)
    one, other = (
        prunus.prune(model, X, y, sparsity=0.5, criterion=obs, compensate=compensate)
        for compensate in ("auto", Refit(5.0))
    )
    assert one.network == other.network


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"compensate": "refit"}, r"X: expected data, which compensation 'refit' needs, got None"),
    ({"compensate": "best"}, r"compensate: expected one of auto, fast, none, obs, refit, got 'best'"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        prunus.prune(prunus.Network([prunus.Layer([[1.0, 2.0]])]), sparsity=0.5, criterion="magnitude", **options)


def test_what_it_cannot_refit_is_refused(problem: tuple[Any, Any, Any]) -> None:
    X, y, _ = problem
    model = prunus.from_sklearn(LinearRegression(positive=True).fit(X, y))
    with pytest.raises(ValueError, match="y: expected data beside X, got None"):
        prunus.prune(model, X, sparsity=0.5, criterion="wanda", compensate="refit")
    assert model.origin is not None
    of_version_0_1 = {name: value for name, value in model.origin.items() if name != "provenance"}
    earlier = prunus.Network(model.layers, origin=of_version_0_1)
    with pytest.raises(prunus.NotSupportedError, match="compensate: expected a model without positive=True"):
        prunus.prune(earlier, X, y, sparsity=0.5, compensate="refit")
    with pytest.raises(ValueError, match=r"alpha: expected a number in \[0, "):
        Refit(-1.0)
    with pytest.raises(ValueError, match=r"damping: expected a number in \[0, "):
        Refit(damping=-1.0)


@pytest.mark.parametrize(
    "estimator",
    [
        LinearRegression(fit_intercept=False),
        LinearRegression(positive=True),
        Lasso(alpha=0.1),
        Ridge(alpha=2),
        Ridge(alpha=[1.0, 2.0]),
        Ridge(alpha=np.array(3.0), fit_intercept=np.False_),
        RidgeCV(alphas=(0.1, 1.0)),
    ],
    ids=repr,
)
def test_provenance_of_origins_with_and_without_it(estimator: Any, problem: tuple[Any, Any, Any]) -> None:
    """Files of 0.1 say it elsewhere."""
    X, y, _ = problem
    network = prunus.from_sklearn(make_pipeline(StandardScaler(), estimator).fit(X, y))
    assert network.origin is not None
    earlier = {name: value for name, value in network.origin.items() if name != "provenance"}
    ridge = None if isinstance(network.provenance.ridge, list) else network.provenance.ridge
    assert replace(network.provenance, loss=None, ridge=ridge) == provenance_of(earlier)
    assert network.provenance.kind == type(estimator).__name__
    assert network.provenance.fit_intercept == bool(estimator.get_params().get("fit_intercept", True))


def test_provenance_of_others() -> None:
    layer = prunus.Layer([[1.0]])
    assert prunus.Network([layer]).provenance == Provenance()
    assert prunus.Network([layer], origin={"library": "torch"}).provenance == Provenance("torch")
    assert prunus.Network([layer], origin={"library": "sklearn", "model": 3, "scalers": 4}).provenance.kind == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("library", 3),
        ("kind", None),
        ("feature_names", "ab"),
        ("feature_names", [1]),
        ("fit_intercept", 1),
        ("ridge", "much"),
        ("ridge", True),
        ("positive", 0),
        ("loss", "best"),
        ("ridge", -1.0),
        ("ridge", [1.0, float("nan")]),
        ("ridge_per_sample", -1.0),
        ("ridge_of_bias", float("inf")),
        ("class_weight", "even"),
        ("class_weight", [-1.0]),
    ],
)
def test_provenance_is_checked(name: str, value: Any) -> None:
    origin = {"provenance": {**asdict(Provenance()), name: value}}
    with pytest.raises(ValueError, match=r"origin\.provenance\.\w+(\.0)?: expected"):
        prunus.Network([prunus.Layer([[1.0]])], origin=origin)


def test_a_provenance_with_other_keys_is_refused() -> None:
    for row in (3, {**asdict(Provenance()), "more": 1}):
        with pytest.raises(ValueError, match=r"origin\.provenance: expected the keys"):
            prunus.Network([prunus.Layer([[1.0]])], origin={"provenance": row})


class Foreign:
    """It says how it becomes a network."""

    def __init__(self, network: Any) -> None:
        self.network = network

    def __prunus_network__(self) -> Any:
        return self.network


def test_an_object_that_says_how_it_becomes_a_network() -> None:
    network = prunus.Network([prunus.Layer([[1.0, 2.0]])])
    assert prunus.as_network(Foreign(network)) is network
    assert prunus.prune(Foreign(network), sparsity=0.5).network.n_nonzero == 1
    with pytest.raises(TypeError, match="model: expected a Network of its __prunus_network__, got None"):
        prunus.as_network(Foreign(None))
    with pytest.raises(TypeError, match="model: expected a Network, a Pruned, a fitted scikit-learn estimator"):
        prunus.as_network(Foreign)


def test_a_request_takes_what_prune_does() -> None:
    """The same names with the same defaults, which sweeps leave to it."""
    of_prune, of_request = (
        {
            name: part.default
            for name, part in inspect.signature(function).parameters.items()
            if part.kind is part.KEYWORD_ONLY
        }
        for function in (prunus.prune, request_of)
    )
    assert of_prune == of_request


def test_the_request_says_what_the_report_does(problem: tuple[Any, Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    X, y, _ = problem
    requests: list[Any] = []

    def watched(request: Any, *arguments: Any) -> Any:
        requests.append(request)
        return run(request, *arguments)

    monkeypatch.setattr("prunus.pruning.pruning.run", watched)
    schedule = prunus.schedules()["cubic"]()
    model = LinearRegression().fit(X, y)
    pruned = prunus.prune(model, X, y, sparsity=0.5, criterion="obs", schedule=schedule)
    assert str(pruned.report).splitlines()[0].endswith(f"of 16 weights: {requests[0]}")
    assert str(requests[0]) == "obs by weight, loss, sparsity 0.5, cubic in 10 rounds, compensated by obs"
