"""How our estimators become networks, and come back from them: registered where scikit-learn's own are."""

from __future__ import annotations

import numpy as np

from prunus.convert.sklearn import Kind, Row, Step, read_regression, refuse_output, register, register_maker, ridge
from prunus.estimators.linear_regression import PrunedLinearRegression
from prunus.estimators.pruned import as_estimator
from prunus.estimators.selector import PruneSelector
from prunus.network import Network
from prunus.solving import groups_of


def _write(model: PrunedLinearRegression, network: Network, row: Row) -> None:
    """The path does not come back, nor what the search said of it."""
    if network.output != "identity":
        refuse_output(network, model)
    weight, bias = (part.astype(np.float64) for part in (network.layers[0].weight, network.layers[0].bias))
    model.n_features_in_ = network.n_in
    columns = np.flatnonzero(weight.any(axis=0))
    labels = groups_of(model.groups, network.n_in)
    size = len(columns if labels is None else np.unique(labels[columns]))
    model._set(columns, weight[:, columns], bias, row["coef_ndim"] != 2 and network.n_out == 1, size)


def register_ours() -> None:
    """Add them, and what makes an estimator of a Pruned."""
    register_maker(as_estimator)
    register(Kind(PrunedLinearRegression, read_regression, _write, objective=ridge))
    register(
        Step(
            PruneSelector,
            lambda _: (None, None),
            (  # what its validation found does not come back
                "support_",
                "n_features_",
                "n_groups_",
                "ranking_",
                "elimination_order_",
                "optimality_",
                "constant_features_",
                "collinear_features_",
                "method_",
            ),
        )
    )
