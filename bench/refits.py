"""A regression problem, and least squares on some of its columns by NumPy alone."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Problem(NamedTuple):
    """A regression, what an estimator is told, and the folds."""

    X: Array
    y: Array  # (n, n_out)
    weight: Array | None
    options: dict[str, Any]
    folds: list[tuple[Array, Array]]

    def rows(self, which: Any) -> Problem:
        """Return the problem on some samples."""
        return self._replace(
            X=self.X[which], y=self.y[which], weight=None if self.weight is None else self.weight[which]
        )

    @property
    def units(self) -> list[Array]:
        """The columns of each group."""
        groups = self.options["groups"]
        labels = np.arange(self.X.shape[1]) if groups is None else groups
        return [np.flatnonzero(labels == label) for label in np.unique(labels)]


class Fit(NamedTuple):
    """Least squares on some columns."""

    coef: Array  # (k, n_out)
    intercept: Array  # (n_out,)
    loss: float  # with the ridge penalty
    rss: float

    def error(self, X: Array, y: Array, weight: Array | None) -> float:
        """Return the weighted squared error on other samples, of all outputs."""
        left = (y - X @ self.coef - self.intercept) ** 2
        return float((left if weight is None else weight[:, None] * left).sum())


def refit(problem: Problem, columns: Any) -> Fit:
    """Fit by lstsq: of several solutions the shortest."""
    X, y = np.asarray(problem.X[:, columns], np.float64), problem.y
    w = np.ones(len(X)) if problem.weight is None else problem.weight
    alpha, has_intercept = problem.options["alpha"], problem.options["fit_intercept"]
    x_mean, y_mean = (
        (w @ X / w.sum(), w @ y / w.sum()) if has_intercept else (np.zeros(X.shape[1]), np.zeros(y.shape[1]))
    )
    root = np.sqrt(w)[:, None]
    # A column that is constant but for rounding explains nothing.
    centred = root * (X - x_mean)
    centred[:, np.abs(centred).max(axis=0, initial=0) <= 64 * np.finfo(np.float64).eps * np.abs(x_mean)] = 0.0
    left = np.vstack([centred, math.sqrt(alpha) * np.eye(X.shape[1])])
    right = np.vstack([root * (y - y_mean), np.zeros((X.shape[1], y.shape[1]))])
    scale = np.linalg.norm(left, axis=0)
    scale[scale == 0] = 1.0
    coef = np.linalg.lstsq(left / scale, right, rcond=1e-10)[0] / scale[:, None]
    residual = right - left @ coef
    return Fit(coef, y_mean - x_mean @ coef, float((residual**2).sum()), float((residual[: len(X)] ** 2).sum()))


def rank(problem: Problem, columns: Array) -> int:
    """Return how many of the columns can be told apart."""
    return int(np.linalg.matrix_rank(_scaled(problem, columns), tol=1e-7))


def condition(problem: Problem, columns: Array) -> float:
    """Return the condition number of the columns, centred and of length one."""
    return float(np.linalg.cond(_scaled(problem, columns))) if len(columns) else 1.0


def _scaled(problem: Problem, columns: Array) -> Array:
    w = np.ones(len(problem.X)) if problem.weight is None else problem.weight
    X = np.asarray(problem.X[:, columns], np.float64)
    if problem.options["fit_intercept"]:
        X = X - w @ X / w.sum()
    X = np.sqrt(w)[:, None] * X
    scale = np.linalg.norm(X, axis=0)
    return np.asarray(X / np.where(scale > 0, scale, 1))
