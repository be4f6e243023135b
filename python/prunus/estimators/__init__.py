"""scikit-learn estimators, which need scikit-learn; each has a public module that is its door."""

from prunus.estimators.conversion import register_ours
from prunus.estimators.linear_regression import PrunedLinearRegression
from prunus.estimators.plots import plot_coefficients, plot_path, plot_validation
from prunus.estimators.pruned import PrunedClassifier, PrunedRegressor
from prunus.estimators.selector import PruneSelector
from prunus.estimators.subset_path import SubsetPath

register_ours()

__all__ = [
    "PruneSelector",
    "PrunedClassifier",
    "PrunedLinearRegression",
    "PrunedRegressor",
    "SubsetPath",
    "plot_coefficients",
    "plot_path",
    "plot_validation",
]
