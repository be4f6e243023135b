"""The whole way from a model to a pruned one, and to its file and back."""

from prunus.pruning.interop import as_network, load, save
from prunus.pruning.pruned import Pruned
from prunus.pruning.pruning import prune

__all__ = ["Pruned", "as_network", "load", "prune", "save"]
