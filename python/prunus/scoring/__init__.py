"""Importance of weights, neurons and inputs: one file for each family of criteria, one line for each criterion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from prunus._base import Floats, check, registry, resolve_threads
from prunus.data import Data
from prunus.network import Network
from prunus.scoring.activation import ActivationNorm, ActivationVariance, Apoz, Wanda
from prunus.scoring.base import Criterion, make
from prunus.scoring.contribution import InputContribution, OutputContribution
from prunus.scoring.curvature import Adam, Fisher
from prunus.scoring.flow import GraSP, SynFlow
from prunus.scoring.gradient import Gradient, Saliency
from prunus.scoring.layer_costs import costs_of_rows
from prunus.scoring.magnitude import InputNorm, Magnitude, WeightNorm
from prunus.scoring.movement import Movement
from prunus.scoring.prices import priced, pricer
from prunus.scoring.random import Random
from prunus.scoring.second_order import Obs

_CRITERIA: Mapping[str, type[Criterion]] = registry(
    Magnitude,
    Random,
    Gradient,
    Saliency,
    Fisher,
    Adam,
    Obs,
    Wanda,
    SynFlow,
    Movement,
    GraSP,
    OutputContribution,
    Apoz,
    ActivationNorm,
    ActivationVariance,
    WeightNorm,
    InputNorm,
    InputContribution,
)


def criteria() -> Mapping[str, type[Criterion]]:
    """Return the criteria: name -> class, whose docstring says what it does, why, what it costs and when it fails.

    Examples
    --------
    >>> sorted(name for name, kind in prunus.criteria().items() if kind.unit == "neuron")
    ['activation_norm', 'activation_variance', ...]
    """
    return _CRITERIA


def of_units(unit: str) -> list[str]:
    """Return the names of the criteria that score such units."""
    return [name for name, kind in _CRITERIA.items() if kind().for_units(unit, (1, 1)).unit == unit]


def importance(
    network: Network,
    criterion: str | Criterion = "magnitude",
    *,
    X: Any = None,
    y: Any = None,
    sample_weight: Any = None,
    class_weight: Any = None,
    **options: Any,
) -> tuple[Floats, ...]:
    """Score the weights, neurons or inputs of a network; higher is more important.

    A network with a `scaling` is scored as it was trained, on standardized inputs.

    Parameters
    ----------
    network : Network
    criterion : str or Criterion, default "magnitude"
        A name from `criteria()`, or one of its classes with its options set.
    X : array_like or SciPy sparse matrix of shape (n_samples, n_in), optional
        Needed by the criteria that look at data. It is read in batches: an array mapped from a file need not fit in memory,
        and a sparse one is never made dense.
    y : array_like of shape (n_samples,) or (n_samples, n_out), optional
        Labels or values, needed by the criteria that look at the loss; `obs` looks at those of a linear regression if it can.
    sample_weight : array_like of shape (n_samples,), optional
        Nonnegative.
    class_weight : mapping or "balanced", optional
        Weight of each label (others: 1), multiplied with sample_weight; needs y.
    **options
        Options of the criterion, such as ``absolute=True`` of output_contribution, ``history`` of movement or
        ``second_moment`` of adam.

    Returns
    -------
    tuple of ndarray
        One array for each layer: (n_out, n_in) for a criterion of weights, (n_out,) for one of neurons, (n_in,) for one of
        inputs. Of the weights' dtype where no data is used, else float64.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, shape or value, a name is unknown (the message lists the valid ones), or X or y
        is missing.

    Examples
    --------
    >>> network = prunus.Network([prunus.Layer([[3.0, -4.0]])])
    >>> prunus.importance(network, "magnitude")
    (array([[3., 4.]]),)
    """
    if not isinstance(network, Network):
        raise check.error(
            TypeError, "network", f"expected a Network, got {check.describe(network)}; see prunus.as_network"
        )
    chosen = make(criterion, _CRITERIA, options)
    needs = chosen.needs_for(network)
    check.needed(f"criterion {chosen.name!r}", needs, X, y)
    chosen.require(network)
    data: Data | None = None
    if needs and (y is not None or class_weight is not None):
        data = network.data(X, y, sample_weight, class_weight=class_weight, standardized=True)
    elif needs:
        data = network.samples(X, sample_weight, standardized=True)
    return scores_of(network, chosen, data)


def scores_of(network: Network, criterion: Criterion, data: Data | None) -> tuple[Floats, ...]:
    """Return the scores of a network as it was trained, by data that were checked for it."""
    seen = None
    if data is not None and criterion.needs:
        seen = network.view(data, standardized=True, dtype=np.float64)
    return criterion.scores(network.unfolded(), seen, resolve_threads(None))


__all__ = ["Criterion", "costs_of_rows", "criteria", "importance", "make", "of_units", "priced", "pricer", "scores_of"]
