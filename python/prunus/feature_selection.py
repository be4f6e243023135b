"""Choosing features for another model: a scikit-learn selector."""

from prunus.estimators import PruneSelector

__all__ = ["PruneSelector"]
