"""Plots of a subset selection: its loss, its errors by size, and its coefficients. Needs Matplotlib, the extra ``plot``."""

from prunus.estimators import plot_coefficients, plot_path, plot_validation

__all__ = ["plot_coefficients", "plot_path", "plot_validation"]
