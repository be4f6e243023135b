"""Linear regressions: one layer without an activation, however it was fitted."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import linear_model
from sklearn.svm import LinearSVR

from prunus.convert.sklearn.alone import Alone, as_it_is, chosen, with_time
from prunus.convert.sklearn.base import Arrays, Kind, Model, Row, refuse_output
from prunus.convert.sklearn.objectives import Objective, least_squares, own, ridge, stochastic
from prunus.network import Network


def read_layer(estimator: Any) -> tuple[Arrays, Arrays, str]:
    """Return weight, bias and activation, whatever form coef_ and intercept_ have."""
    coef = estimator.coef_
    weight = np.atleast_2d(coef.toarray() if hasattr(coef, "toarray") else coef)
    return weight, np.broadcast_to(np.atleast_1d(estimator.intercept_), (len(weight),)), "identity"


def write_layer(model: Any, network: Network, row: Row, coef_ndim: int, intercept_ndim: int) -> None:
    """Set coef_ and intercept_ in the form that they had, or in the given one if the model was never fitted."""
    weight, bias = network.layers[0].weight.copy(), network.layers[0].bias.copy()
    if row["coef_ndim"] is not None:
        coef_ndim = row["coef_ndim"]
        intercept_ndim = row.get("intercept_ndim", coef_ndim - 1)  # as it was where the first files did not say
    model.coef_ = weight[0] if coef_ndim == 1 and network.n_out == 1 else weight
    # One number stands for all outputs only while they share it: pruning may have given each its own.
    model.intercept_ = bias[0] if intercept_ndim == 0 and (bias == bias[0]).all() else bias
    if getattr(model, "average", False):  # SGD: training goes on from the average, which these weights are
        for name, part in (("coef", model.coef_), ("intercept", np.atleast_1d(model.intercept_))):
            for which in ("standard", "average"):
                setattr(model, f"_{which}_{name}", part.copy())
    if row.get("sparse"):
        model.sparsify()


def read(estimator: Any) -> Model:
    """Return the layer of a regression."""
    return Model([read_layer(estimator)], "identity", None)


def _write(intercept_ndim: int, model: Any, network: Network, row: Row) -> None:
    if network.output != "identity":
        refuse_output(network, model)
    write_layer(model, network, row, 1, intercept_ndim)


def _begin_huber(model: Any) -> None:
    model.scale_ = 1.0  # where its search begins


def _kind(
    cls: Any,
    objective: Callable[[Any], Objective],
    *learns: str,
    intercept_ndim: int = 0,
    alone: Alone = as_it_is,
    begin: Callable[[Any], None] = lambda _: None,
) -> Kind:
    """Say what it is fitted to, what a fit tells, and how many dimensions a fit of one output gives to intercept_."""
    write = functools.partial(_write, intercept_ndim)
    return Kind(cls, read, write, learns=learns, objective=objective, alone=alone, begin=begin)


# On a support of its own size, Lars and orthogonal matching pursuit go on to the least squares fit.
KINDS = {
    kind.cls.__name__: kind
    for kind in (
        _kind(linear_model.BayesianRidge, own, "alpha_", "lambda_", "n_iter_"),
        _kind(linear_model.ElasticNet, own, "dual_gap_", "n_iter_"),
        _kind(
            linear_model.ElasticNetCV,
            own,
            "alpha_",
            "dual_gap_",
            "l1_ratio_",
            "n_iter_",
            alone=chosen(linear_model.ElasticNet, "alpha", "l1_ratio"),
        ),
        _kind(linear_model.HuberRegressor, own, "n_iter_", "scale_", begin=_begin_huber, alone=with_time),
        _kind(linear_model.Lars, least_squares, "n_iter_"),
        _kind(linear_model.LarsCV, own, "alpha_", "n_iter_", alone=chosen(linear_model.LassoLars, "alpha")),
        _kind(linear_model.Lasso, own, "dual_gap_", "n_iter_"),
        _kind(linear_model.LassoCV, own, "alpha_", "dual_gap_", "n_iter_", alone=chosen(linear_model.Lasso, "alpha")),
        _kind(linear_model.LassoLars, own, "n_iter_"),
        _kind(linear_model.LassoLarsCV, own, "alpha_", "n_iter_", alone=chosen(linear_model.LassoLars, "alpha")),
        _kind(linear_model.LinearRegression, least_squares, "rank_"),
        _kind(LinearSVR, own, "n_iter_", intercept_ndim=1),
        _kind(linear_model.OrthogonalMatchingPursuit, least_squares, "n_iter_", "n_nonzero_coefs_"),
        _kind(linear_model.OrthogonalMatchingPursuitCV, least_squares, "n_iter_", "n_nonzero_coefs_"),
        _kind(linear_model.Ridge, ridge, "n_iter_", "solver_"),
        _kind(linear_model.RidgeCV, ridge, "alpha_", "best_score_"),
        _kind(linear_model.SGDRegressor, stochastic, "n_iter_", "t_", intercept_ndim=1),
    )
}
