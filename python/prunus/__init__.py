"""prunus prunes regression models and multilayer perceptrons, and runs what is left fast on an ordinary CPU."""

from importlib import import_module
from typing import Any

from prunus._base import FormatError, NotSupportedError, show_config
from prunus._core import version as __version__
from prunus.compensating import Compensation, Refine, compensations
from prunus.convert import from_sklearn, provided_by, to_sklearn
from prunus.engine import Engine, SparseMatrix, compile
from prunus.masking import Pattern, allocations, apply_masks, mask, patterns
from prunus.network import Layer, Network
from prunus.pruning import (
    BudgetError,
    Pruned,
    Sensitivity,
    Stability,
    Sweep,
    as_network,
    load,
    prune,
    save,
    sensitivity,
    stability,
    sweep,
)
from prunus.reporting import Report
from prunus.scheduling import FineTune, Schedule, schedules
from prunus.scoring import Criterion, criteria, importance
from prunus.training import fit

__all__ = [
    "BudgetError",
    "Compensation",
    "Criterion",
    "Engine",
    "FineTune",
    "FormatError",
    "Layer",
    "Network",
    "NotSupportedError",
    "Pattern",
    "Pruned",
    "Refine",
    "Report",
    "Schedule",
    "Sensitivity",
    "SparseMatrix",
    "Stability",
    "Sweep",
    "__version__",
    "allocations",
    "apply_masks",
    "as_network",
    "compensations",
    "compile",
    "criteria",
    "fit",
    "from_sklearn",
    "importance",
    "load",
    "mask",
    "patterns",
    "prune",
    "save",
    "schedules",
    "sensitivity",
    "show_config",
    "stability",
    "sweep",
    "to_sklearn",
]

provided_by("prunus.estimators")

# What needs an extra, or takes long to load, is imported when it is asked for: modules, and classes by where they are.
_ON_DEMAND = ("feature_selection", "linear_model", "plotting", "solving", "statistics")
_CLASSES = {"PrunedClassifier": "prunus.estimators", "PrunedRegressor": "prunus.estimators"}


def __getattr__(name: str) -> Any:
    if name in _ON_DEMAND:
        return import_module(f"prunus.{name}")
    if name in _CLASSES:
        return getattr(import_module(_CLASSES[name]), name)
    raise AttributeError(f"module 'prunus' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ON_DEMAND, *_CLASSES])
