"""Linear regression on the best subset of the features: a scikit-learn estimator."""

from prunus.estimators import PrunedLinearRegression, SubsetPath

__all__ = ["PrunedLinearRegression", "SubsetPath"]
