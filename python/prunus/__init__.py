"""prunus prunes regression models and multilayer perceptrons, and runs what is left fast on an ordinary CPU."""

from importlib import import_module
from typing import Any

from prunus._check import FormatError, NotSupportedError
from prunus._config import show_config
from prunus._core import version as __version__
from prunus._layer import Layer
from prunus.convert import from_sklearn, to_sklearn
from prunus.engine import Engine, compile
from prunus.interop import as_network, load, save
from prunus.masking import Pattern, allocations, apply_masks, mask, patterns
from prunus.network import Network
from prunus.pruned import Pruned
from prunus.pruning import prune
from prunus.report import Report
from prunus.scheduling import Schedule, schedules
from prunus.scoring import Criterion, criteria, importance
from prunus.sparse import SparseMatrix
from prunus.training import FineTune, fit

__all__ = [
    "Criterion",
    "Engine",
    "FineTune",
    "FormatError",
    "Layer",
    "Network",
    "NotSupportedError",
    "Pattern",
    "Pruned",
    "Report",
    "Schedule",
    "SparseMatrix",
    "__version__",
    "allocations",
    "apply_masks",
    "as_network",
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
    "show_config",
    "to_sklearn",
]

# Modules that need an extra; they are imported when they are asked for.
_ON_DEMAND = ("feature_selection", "linear_model", "plotting")


def __getattr__(name: str) -> Any:
    if name in _ON_DEMAND:
        return import_module(f"prunus.{name}")
    raise AttributeError(f"module 'prunus' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ON_DEMAND])
