"""The whole way from a model to a pruned one, and to its file and back."""

from prunus.pruning.front import apart, described
from prunus.pruning.interop import as_network, load, save
from prunus.pruning.pruned import Pruned
from prunus.pruning.pruning import prune
from prunus.pruning.sweeping import BudgetError, Sensitivity, Stability, Sweep, sensitivity, stability, sweep

__all__ = [
    "BudgetError",
    "Pruned",
    "Sensitivity",
    "Stability",
    "Sweep",
    "apart",
    "as_network",
    "described",
    "load",
    "prune",
    "save",
    "sensitivity",
    "stability",
    "sweep",
]
