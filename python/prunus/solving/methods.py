"""The ways to search for subsets, each a function of a system and what may be chosen: one line each in the table."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from prunus.solving.backward import IllConditionedError, backward, collinear_places
from prunus.solving.forward import forward_on_gram
from prunus.solving.l1 import l1_supports
from prunus.solving.paths import ListedPath, NestedPath, Path
from prunus.solving.swap import best_of
from prunus.solving.systems import DataSystem, GramSystem, Places, System
from prunus.solving.thresholding import hard_threshold
from prunus.solving.units import Units

PATIENCE = 60  # steps of the walk without a better support: see docs/design/solver.md


def obs_path(system: System, units: Units, n_units: int, threads: int) -> Path:
    """Optimal brain surgeon: what the loss rises least without goes first, down to nothing."""
    try:
        order = backward(system, units, threads)
    except np.linalg.LinAlgError:
        if not isinstance(system, GramSystem):
            raise
        gone = collinear_places(system, units)
        if not len(gone):
            raise IllConditionedError from None
        system, units = system.without(gone), units.without(gone)
        order = backward(system, units, threads)
    return NestedPath(system, units, order, units.n_stay)


def forward_path(system: System, units: Units, n_units: int, threads: int) -> Path:
    """Forward selection: what the loss falls most with comes next."""
    if isinstance(system, GramSystem):
        order = forward_on_gram(system, units, n_units)
    else:
        order = forward_on_system(system, units, n_units, threads)
    return NestedPath(system, units, order, units.n_stay)
