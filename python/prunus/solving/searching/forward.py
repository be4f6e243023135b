"""Forward selection: the feature that the refitted loss falls most with comes next, by its part outside of those chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prunus import _core
from prunus._base import Doubles, Places
from prunus.solving.systems import COLLINEAR, TIE, CollinearError, DataSystem, GramSystem, System, equal_to
from prunus.solving.units import Units
from prunus.statistics import EPS

_LEAST_LEFT = 1e-6  # of a column's squared length, by subtraction: the others of sixteen digits are left of it
_VALUES = 1 << 20  # of columns that are looked at together


def forward_order(system: System, units: Units, n_units: int) -> Places:
    """Return at most n_units units in the order in which they come; those that stay come first, which are independent.

    There are no more features than the samples can tell apart.
    """
    if not units.are_single:
        assert isinstance(system, GramSystem)
        return forward_on_gram(system, units, min(n_units, units.n))
    most = int(min(n_units, units.n, max(system.rank, units.n_stay)))
    if isinstance(system, GramSystem):
        return _independent(system, forward_on_gram(system, units, most))
    assert isinstance(system, DataSystem)
    # Its columns are centred already.
    return forward_on_data(system, units, [np.zeros(0, np.int64)], None, most)[0]


def _independent(system: System, order: Places) -> Places:
    """Return an order of features up to the first that is a combination of those before it, but for rounding.

    A search that is near to explain everything divides by what is left of features, and rounding grows with that.
    """
    try:
        root, _ = system.root(order)
    except CollinearError as error:
        return _independent(system, order[: error.at])
    small = np.flatnonzero(root.diagonal() ** 2 <= COLLINEAR / 2)
    return order[: small[0]] if len(small) else order


def forward_on_gram(system: GramSystem, units: Units, n_units: int) -> Places:
    """Return at most n_units units in the order in which they come; those that stay come first.

    Cost: the t-th feature takes n_features * t multiplications and additions.
    """
    products = system.products.copy()  # it is overwritten
    return np.asarray(
        _core.grow(system.matrix, products, units.start, units.stays, n_units, COLLINEAR, equal_to(system))
    )


class _SharedForward:
    """Forward selections on the same columns, each without some of the samples: one pass over X a step serves all."""

    def __init__(
        self, system: DataSystem, units: Units, held_out: Sequence[Places], root_weight: Doubles | None
    ) -> None:
        """`held_out`: the samples that each leaves out. `root_weight`: of the samples; None without intercept."""
        self.system, self.units = system, units
        n, m = system.y.shape
        self.inside = np.ones((len(held_out), n))
        for mask, rows in zip(self.inside, held_out, strict=True):
            mask[rows] = 0.0
        self.ones = None if root_weight is None else self.inside * root_weight
        if self.ones is not None:
            self.ones /= np.sqrt(np.einsum("ij,ij->i", self.ones, self.ones))[:, None]
        self.y = self._centred(np.repeat(system.y.T[None], len(held_out), axis=0))  # (n_problems, n_out, n)
        self.rounding = system.rounding * np.einsum("rki,rki->r", self.y, self.y)  # by as much losses are equal
        flat = np.ascontiguousarray(self.y.reshape(-1, n))
        self.products = system.times(flat.T).reshape(len(held_out), m, system.n)
        self.norms = self._norms(held_out) + system.alpha
        self.limit = COLLINEAR * self.norms
        self.bar = np.zeros_like(self.norms)
        self.alone = self._fall()  # by how much each feature would let the loss fall as the first one
        self.columns: dict[int, Doubles] = {}

    def _centred(self, columns: Doubles) -> Doubles:
        """Return columns (n_problems, k, n) without the samples left out, and without their means."""
        inside = columns * self.inside[:, None]
        if self.ones is None:
            return inside
        return np.asarray(inside - (inside @ self.ones[:, :, None]) * self.ones[:, None])

    def _norms(self, held_out: Sequence[Places]) -> Doubles:
        """Return the squared lengths of the columns without the samples left out, (n_problems, n); zero for constants."""
        system = self.system
        whole = system.squares(slice(None))
        norms = np.array([whole - system.squares(rows) if len(rows) else whole for rows in held_out])
        if self.ones is not None:
            norms -= system.times(self.ones.T) ** 2
        reach = whole
        if system.mean is not None and system.root_weight is not None:
            reach = whole + system.mean**2 * (system.root_weight @ system.root_weight)
        for r, norm in enumerate(norms):
            hidden = norm <= _LEAST_LEFT * reach
            if hidden.any() and system.is_sparse:  # of rare features there may be no entry inside
                is_there = np.bincount(system.x[self.inside[r] > 0].indices, minlength=system.n) > 0
                norm[hidden & ~is_there] = 0.0
                hidden &= is_there
            step = max(_VALUES // len(system.y), 1)
            places = np.flatnonzero(hidden)
            for some in (places[begin : begin + step] for begin in range(0, len(places), step)):
                norm[some] = self._norms_of(r, some)
        norms[:, system.constant] = 0.0
        return norms

    def _norms_of(self, r: int, places: Places) -> Doubles:
        """Return the same of some columns of one problem, of the columns themselves; zero where it may be rounding."""
        columns = self.system.columns(places).T * self.inside[r]
        left = columns if self.ones is None else columns - np.outer(columns @ self.ones[r], self.ones[r])
        found, size = np.einsum("ij,ij->i", left, left), np.einsum("ij,ij->i", columns, columns)
        # A mean of n terms has an error of n units of rounding of them.
        return np.where(found > (len(self.system.y) * EPS) ** 2 * size, found, 0.0)

    def run(self, n_units: int) -> list[Places]:
        """Return the units of each problem in the order in which they come."""
        n_problems, n = self.inside.shape
        first = np.flatnonzero(self.units.stays)
        chosen: list[list[int]] = [[] for _ in range(n_problems)]
        basis = np.zeros((n_problems, max(n_units, 1), n))
        q, factor = np.zeros((n_problems, n)), np.zeros((n_problems, self.y.shape[1]))
        best = self._step(q, factor)
        for t in range(n_units):
            if t < len(first):
                best = np.full(n_problems, first[t])
            q[...], factor[...] = 0.0, 0.0
            for r in np.flatnonzero(best >= 0).tolist():
                chosen[r].append(int(best[r]))
                self.bar[r, best[r]] = -np.inf
                q[r] = self._direction(r, int(best[r]), basis[r, :t])
                if not q[r].any():  # a combination of those before: one that stays, or to the last digit
                    chosen[r].pop()
                factor[r] = self.y[r] @ q[r]
            basis[:, t] = q
            if not (best >= 0).any():
                break
            if t + 1 < n_units:
                best = np.where(best >= 0, self._step(q, factor), -1)
        return [np.array(units, np.int64) for units in chosen]

    def _direction(self, r: int, place: int, basis: Doubles) -> Doubles:
        """Return the feature's part outside of those chosen, over the root of its length (with the ridge penalty's)."""
        if place not in self.columns:
            self.columns[place] = self.system.columns([place])[:, 0]
        column = self.columns[place] * self.inside[r]
        if self.ones is not None:
            column -= (self.ones[r] @ column) * self.ones[r]
        left = column - _combination(basis, column)
        if self.system.alpha:
            length = self.norms[r, place]
        else:
            left -= _combination(basis, left)  # once more: what rounding has left of them
            length = left @ left
        return np.asarray(left / np.sqrt(length)) if length > self.limit[r, place] else np.zeros_like(left)

    def _step(self, q: Doubles, factor: Doubles) -> Places:
        if not self.system.is_sparse:
            state = self.bar, self.limit, self.alone, self.rounding, self.norms, self.products
            return np.asarray(_core.advance(self.system.x, q, factor, *state, self.system.threads))
        if not self.system.n:
            return np.full(len(q), -1)
        w = self.system.times(q.T)
        self.norms -= w**2
        self.products -= factor[:, :, None] * w[:, None]
        fall = self._fall() + self.bar
        most = fall.max(axis=1)
        # Of falls that are equal but for rounding that of the feature that explains most alone, of equal ones the first.
        near = most * (1 - TIE) - self.rounding
        alone = np.where(fall >= near[:, None], self.alone, -1.0)
        best = (alone >= (alone.max(axis=1) * (1 - TIE))[:, None]).argmax(axis=1)
        return np.where(most >= 0, best, -1)

    def _fall(self) -> Doubles:
        """Return by how much each feature would let the loss fall, minus infinity where it is no candidate."""
        with np.errstate(divide="ignore", invalid="ignore"):
            fall = (self.products**2).sum(axis=1) / self.norms
        return np.where(self.norms > self.limit, fall, -np.inf)


def _combination(basis: Doubles, column: Doubles) -> Doubles:
    """Return what the basis has of a column. Not by BLAS: see DataSystem.times."""
    return np.asarray(np.einsum("t,ti->i", np.einsum("ti,i->t", basis, column), basis))


def forward_on_data(
    system: DataSystem,
    units: Units,
    held_out: Sequence[Places],
    root_weight: Doubles | None,
    n_units: int,
) -> list[Places]:
    """Return, for every set of samples that is left out, at most n_units single features in the order in which they come.

    Cost: n_units passes over X for all of them together, n_samples * n_features * n_problems multiplications each.
    """
    return _SharedForward(system, units, held_out, root_weight).run(n_units)
