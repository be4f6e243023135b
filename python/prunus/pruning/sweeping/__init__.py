"""Pruning at many sparsities, from one elimination: the curve, and what a budget allows on it."""

from prunus.pruning.sweeping.curve import Point, Sweep
from prunus.pruning.sweeping.search import BudgetError, within_budget
from prunus.pruning.sweeping.sensitivity import Sensitivity, sensitivity
from prunus.pruning.sweeping.stability import Stability, stability
from prunus.pruning.sweeping.sweep import sweep

__all__ = [
    "BudgetError",
    "Point",
    "Sensitivity",
    "Stability",
    "Sweep",
    "sensitivity",
    "stability",
    "sweep",
    "within_budget",
]
