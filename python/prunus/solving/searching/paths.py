"""Least squares fits of many sizes: supports, losses, coefficients, and their errors on other samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from prunus import _core
from prunus._base import Bools, Doubles, Places, scipy
from prunus.solving.systems import System, equal_to, solve_upper, strongest_first
from prunus.solving.units import Units

# What leverages leave of one is rounding below it: they are sums of as many squares as there are features.
LEAST_LEFT = 1e-12


class Held(Protocol):
    """Samples that a fit has not seen."""

    def moments(self, columns: Places) -> tuple[Doubles, Doubles, Doubles]:
        """Return xx (k, k), xy (n_out, k) and yy (n_out,) of these columns of X, about the means of the fit."""


class HeldMoments(NamedTuple):
    """Samples by the sums of their products, about the means of the fit, of all columns of X."""

    xx: Doubles  # (p, p)
    xy: Doubles  # (n_out, p)
    yy: Doubles  # (n_out,)

    def moments(self, columns: Places) -> tuple[Doubles, Doubles, Doubles]:
        """Return the sums of some columns."""
        return self.xx[np.ix_(columns, columns)], self.xy[:, columns], self.yy


class Path(ABC):
    """A fit for each of some numbers of units, from the smallest to the largest."""

    system: System
    units: Units
    sizes: Places  # (n_sizes,) number of units, with those that stay but are combinations of others that do
    n_features: Places  # (n_sizes,)
    loss: Doubles  # (n_sizes,) squared error, plus the ridge penalty

    @abstractmethod
    def chosen(self, i: int) -> Places:
        """Return the units of the i-th fit."""

    @abstractmethod
    def coef(self, i: int) -> tuple[Places, Doubles]:
        """Return the places of the i-th fit and their coefficients, (n_out, k), in the units of X."""

    def is_optimal(self, i: int) -> bool:
        """Return whether it is certain that no exchange of one feature for another betters the i-th fit."""
        return False

    @abstractmethod
    def errors(self, held: Held) -> Doubles:
        """Return the sum of the squared errors of each fit on other samples, of all outputs."""

    @abstractmethod
    def places_of(self, i: int) -> Places:
        """Return the places of the i-th fit, those that the search took first if it took one after the other."""

    @abstractmethod
    def goes_through(self, x: Doubles, base: Doubles) -> Bools:
        """Return through which of these samples a fit goes whatever their y, (n,); arguments as of `left_out`."""

    @abstractmethod
    def left_out(self, x: Doubles, y: Doubles, base: Doubles, threads: int) -> Doubles:
        """Return the sum of the squared errors of each fit on these of its samples, each left out of the fit, of all outputs.

        x (n, n_places of the system) and y (n, n_out) are less their means and times the roots of the weights; base (n,) is
        what the intercept adds to the leverages. A sample that its fit goes through whatever its y makes the sum infinite.
        """

    @property
    def told_apart(self) -> Places:
        """Return the columns of X that are no combinations of others, of all that were searched; before `finish`."""
        return self.system.features

    def counted(self, units: Units) -> Path:
        """Count those of the units to search that stay but were left out, so that sizes mean the same for other samples."""
        self.sizes = self.sizes + (units.n_stay - self.units.n_stay)
        return self

    @property
    def rounding(self) -> float:
        """What rounding can change a loss by, or a sum of squared errors that comes from sums of products."""
        return equal_to(self.system)

    def _losses(self, explained: Doubles) -> Doubles:
        """Return what is left of the outputs' squared length: zero where that may be rounding."""
        left = self.system.total.sum() - explained
        return np.where(left > self.rounding, left, 0.0)

    @cached_property
    def rss(self) -> Doubles:
        """Residual sum of squares of each fit, (n_sizes,): the loss without the ridge penalty."""
        alpha = self.system.alpha
        return np.asarray(np.maximum(self.loss - alpha * self._squares[0], 0.0)) if alpha else self.loss

    @cached_property
    def degrees(self) -> Doubles:
        """Degrees of freedom of each fit, (n_sizes,), of one output without the intercept: the trace of the hat matrix."""
        alpha = self.system.alpha
        return self.n_features - alpha * self._squares[1] if alpha else self.n_features.astype(np.float64)

    def finish(self) -> None:
        """Let go of what was needed to find the fits and to try them: what is left grows with their size alone."""
        self.system = self.system.measures()
        self.__dict__.pop("inverse", None)

    @property
    @abstractmethod
    def _squares(self) -> tuple[Doubles, Doubles]:
        """Of each fit, the coefficients' sum of squares and the trace of the inverse of its Gram matrix, in the units of X."""


class NestedPath(Path):
    """Every fit has the units of the one before and one more. One factorization serves all sizes."""

    def __init__(self, system: System, units: Units, order: Places, n_first: int, n_last: int | None = None) -> None:
        self.system, self.units, self.order = system, units, order
        self.places = units.places(order)
        self.root, self.z = system.root(self.places)
        ends = np.concatenate([[0], np.cumsum(np.diff(units.start)[order])])
        explained = np.concatenate([[0.0], np.cumsum((self.z**2).sum(axis=1))])
        last = len(order) if n_last is None else min(n_last, len(order))
        self.sizes = np.arange(n_first, last + 1)
        self.n_first = n_first
        self.n_features = ends[self.sizes]
        self.loss = self._losses(explained[self.n_features])

    def finish(self) -> None:  # noqa: D102
        super().finish()
        k = self.n_features[-1]
        self.root, self.z = np.array(self.root[:k, :k]), np.array(self.z[:k])

    def gains(self) -> Doubles:
        """Return by how much each unit lets the loss fall when it comes, (n_units,); before `finish`."""
        n_features = np.diff(self.units.start)[self.order]
        starts = np.cumsum(n_features) - n_features
        return np.asarray(np.add.reduceat((self.z**2).sum(axis=1), starts)) if len(starts) else np.zeros(0)

    def chosen(self, i: int) -> Places:  # noqa: D102
        return self.order[: self.n_first + i]

    def coef(self, i: int) -> tuple[Places, Doubles]:  # noqa: D102
        k = self.n_features[i]
        b = solve_upper(self.root[:k, :k], self.z[:k])
        return self.places[:k], b.T / self.system.scale[self.places[:k]]

    @cached_property
    def inverse(self) -> Doubles:
        """The inverse of the root, in the units of X: column t is what the t-th feature adds for each unit of z[t]."""
        if not len(self.root):
            return np.zeros((0, 0))
        found, _ = scipy.dtrtri(self.root, lower=0)
        found /= self.system.scale[self.places, None]
        return np.asarray(found)

    @cached_property
    def _squares(self) -> tuple[Doubles, Doubles]:
        trace = np.concatenate([[0.0], np.cumsum(np.einsum("ij,ij->j", self.inverse, self.inverse))])
        norm = np.zeros(len(trace))
        for k in range(self.z.shape[1]):
            b = np.cumsum(self.inverse * self.z[:, k], axis=1)
            norm[1:] += np.einsum("ij,ij->j", b, b)
        return norm[self.n_features], trace[self.n_features]

    def errors(self, held: Held) -> Doubles:  # noqa: D102
        xx, xy, yy = held.moments(self.system.features[self.places])
        total = np.full(len(self.places) + 1, yy.sum())
        if not len(self.places):
            return np.asarray(total[self.n_features])
        reach = scipy.dtrmm(1.0, self.inverse, xx, side=1, lower=0)  # xx @ inverse
        for k in range(len(yy)):
            # Along the path coefficients b and xx @ b only grow by a column; b' xx b is their product.
            b = np.cumsum(self.inverse * self.z[:, k], axis=1)
            product = np.cumsum(reach * self.z[:, k], axis=1)
            product -= 2 * xy[k, :, None]
            total[1:] += np.einsum("ij,ij->j", b, product)
        return np.asarray(np.maximum(total[self.n_features], 0.0))

    def places_of(self, i: int) -> Places:  # noqa: D102
        return self.places[: self.n_features[i]]

    def _orthogonal(self, x: Doubles) -> Doubles:
        """Return rows of the orthogonal factor: the fit with t features predicts q[:t]' z[:t] with the leverage |q[:t]|^2."""
        return solve_upper(self.root, (x[:, self.places] / self.system.scale[self.places]).T, transposed=True)

    def goes_through(self, x: Doubles, base: Doubles) -> Bools:  # noqa: D102
        q = self._orthogonal(x)[: self.n_features[-1]]
        return np.asarray(1 - base - np.einsum("ij,ij->j", q, q) <= LEAST_LEFT)

    def left_out(self, x: Doubles, y: Doubles, base: Doubles, threads: int) -> Doubles:  # noqa: D102
        q = self._orthogonal(x)
        found = _core.sums_left_out(
            q.T, np.ascontiguousarray(self.z), np.ascontiguousarray(y.T), base, LEAST_LEFT, threads
        )
        return np.asarray(found[self.n_features])


def without_dependent(system: System, units: Units) -> tuple[System, Units]:
    """Leave out features that stay, and are combinations of others that do."""
    gone = system.dependent(units.places(np.flatnonzero(units.stays)))
    return (system.without(gone), units.without(gone)) if len(gone) else (system, units)


def nested(system: System, units: Units, order: Places) -> NestedPath:
    """Return the path of this order, without features that are combinations of those before them.

    There are none but in groups, whose features nothing has chosen one by one: those that explain most alone come first.
    """
    if not units.are_single:
        places = [strongest_first(system, units.places([u])) for u in order]
        gone = system.dependent(np.concatenate([np.zeros(0, np.int64), *places]))
        if len(gone):
            system, fewer = system.without(gone), units.without(gone)
            number = np.full(units.n, -1)
            number[np.isin(units.label, fewer.label)] = np.arange(fewer.n)
            units, order = fewer, number[order]
            order = order[order >= 0]
    return NestedPath(system, units, order, units.n_stay)
