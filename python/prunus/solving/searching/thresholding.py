"""Sparse least squares by iterative hard thresholding: gradient steps after which only the largest coefficients stay."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from prunus._base import Bools, Doubles, Places
from prunus.solving.rows import Rows
from prunus.solving.systems import COLLINEAR, System, in_steps

_STEPS = 300
_CHANGE = 1e-5  # of the coefficients, relative, at which they have come to rest
_SAFETY = 0.01  # c of the article: a step may be longer than the one that is sure to improve by no more than this
_SHRINK = 2.0


def hard_threshold(system: System, k: int, *, keep: Bools | None = None) -> Places:
    """Return k features by normalised iterative hard thresholding, in units in which every feature has length one.

    Parameters
    ----------
    system : System
    k : int
        At most as many as there are independent features.
    keep : ndarray of bool of shape (n,), optional
        Features that must be among them, no more than k.

    Returns
    -------
    ndarray of int64 of shape (k,)
        Their places, ascending; they are independent. Of several outputs, those with the largest sums of squared coefficients.

    Raises
    ------
    numpy.linalg.LinAlgError
        If there are no k independent features, or those to keep are not.

    Notes
    -----
    T. Blumensath, M. Davies, "Iterative hard thresholding for compressed sensing", 2009, and "Normalized iterative hard
    thresholding: guaranteed stability and performance", 2010. O(n_out k n) a step, at most 300 steps; by the data, a pass over
    X for each feature that comes for the first time. Of equal coefficients the first feature's is taken.
    """
    must = np.zeros(system.n, dtype=np.bool_) if keep is None else np.asarray(keep, dtype=np.bool_)
    rows = Rows(system)
    coef = np.zeros_like(system.products)
    support = _largest(system.products, k, must)
    for _ in range(_STEPS):
        gradient = system.products - coef[:, support] @ rows.take(support)
        new, new_support = _stepped(coef, gradient, support, must, rows)
        change, size = float(np.linalg.norm(new - coef)), float(np.linalg.norm(new))
        coef, support = new, new_support
        if not change > _CHANGE * size:
            break
    size_of_each = np.where(must, np.inf, in_steps(_sizes(coef)))[support]
    return complete(system, support[np.argsort(-size_of_each, kind="stable")], k, keep=must)


def complete(system: System, order: npt.ArrayLike, k: int, *, keep: Bools | None = None) -> Places:
    """Return k independent features: those of `order` that are no combination of earlier ones, and then the best additions.

    Additions are those that let the refitted loss fall most, one by one. Raises numpy.linalg.LinAlgError where there are no
    k independent features, or one of `keep` would be left out. O(k**2 n) where something has to be left out or added,
    O(k**3) else.
    """
    first = np.asarray(order, dtype=np.int64)[:k]
    if k == 0 or (len(first) == k and _are_independent(system, first)):
        return np.sort(first)
    orthogonal = _Orthogonal(system)
    for j in first:
        if orthogonal.norms[j] > COLLINEAR:
            orthogonal.add(int(j))
        elif keep is not None and keep[j]:
            raise np.linalg.LinAlgError("the features are collinear")
    while len(orthogonal.members) < k:
        orthogonal.add(orthogonal.best())
    return np.sort(np.array(orthogonal.members, dtype=np.int64))


class _Orthogonal:
    """Features one by one, each with what it has beside those before it."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._left: list[Doubles] = []  # the products with all, of what is left of each member, scaled to length one
        self.members: list[int] = []
        self.norms = np.ones(system.n)
        self._rest = system.products.copy()

    def add(self, j: int) -> None:
        row = self._system.rows([j])[0]
        for left in self._left:
            row = row - left[j] * left
        row = row / np.sqrt(row[j])
        self._rest -= np.outer(self._rest[:, j] / row[j], row)
        self.norms -= row * row
        self.norms[j] = 0.0
        self._left.append(row)
        self.members.append(j)

    def best(self) -> int:
        may_come = self.norms > COLLINEAR
        if not may_come.any():
            raise np.linalg.LinAlgError("the features are collinear")
        fall = np.where(may_come, _sizes(self._rest) / np.where(may_come, self.norms, 1.0), 0.0)
        return int(np.argmax(np.where(may_come, in_steps(fall), -1.0)))


def _are_independent(system: System, places: Places) -> bool:
    try:
        R, _ = system.root(places)
    except np.linalg.LinAlgError:
        return False
    return bool((R.diagonal() ** 2 > COLLINEAR).all())


def _stepped(coef: Doubles, gradient: Doubles, support: Places, must: Bools, rows: Rows) -> tuple[Doubles, Places]:
    """Return the coefficients after a step, (n_out, n), and where they may differ from zero."""
    step = _ratio(gradient, support, rows)
    while True:
        moved = coef + step * gradient
        new_support = _largest(moved, len(support), must)
        new = np.zeros_like(coef)
        new[:, new_support] = moved[:, new_support]
        if np.array_equal(new_support, support):
            return new, new_support
        # On another support the step may be too long to be sure of an improvement.
        longest = (1 - _SAFETY) * _ratio(new - coef, np.union1d(support, new_support), rows)
        if not step > longest:
            return new, new_support
        step = min(step / (_SHRINK * (1 - _SAFETY)), longest)


def _ratio(direction: Doubles, places: Places, rows: Rows) -> float:
    """Return the squared length of the coefficients over that of what they predict; zero for none."""
    d = direction[:, places]
    predicted = float(np.einsum("ij,ij->", d @ rows.take(places)[:, places], d))
    return float(np.einsum("ij,ij->", d, d)) / predicted if predicted > 0 else 0.0


def _sizes(coef: Doubles) -> Doubles:
    return np.asarray(np.einsum("ij,ij->j", coef, coef))


def _largest(coef: Doubles, k: int, must: Bools) -> Places:
    """Return the k features with the largest coefficients, ascending, those that must be among them first."""
    size = np.where(must, np.inf, in_steps(_sizes(coef)))
    return np.sort(np.argsort(-size, kind="stable")[:k]).astype(np.int64)
