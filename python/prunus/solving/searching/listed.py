"""Least squares fits of many sizes, each of a support of its own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from prunus._base import Bools, Doubles, Places
from prunus.solving.searching.paths import LEAST_LEFT, Held, Path
from prunus.solving.systems import System, solve_upper, strongest_first
from prunus.solving.units import Units


class ListedPath(Path):
    """A support of its own for each size; every fit is factorized.

    Of columns of groups that are combinations of one another those are taken that explain most alone, of equals the first.
    The path ends before the first size for which no independent features are found. A support comes with whether no exchange
    betters it.
    """

    def __init__(self, system: System, units: Units, supports: Iterable[tuple[Places, bool]]) -> None:
        self.system, self.units = system, units
        self.supports: list[Places] = []
        self._places: list[Places] = []
        self.certified: list[bool] = []
        self.roots: list[Doubles] = []
        self.z: list[Doubles] = []
        try:
            for support, is_optimal in supports:
                places = units.places(np.sort(support))
                if not units.are_single:
                    places = np.setdiff1d(places, system.dependent(strongest_first(system, places)))
                root, z = system.root(places)
                self.supports.append(np.sort(support))
                self._places.append(places)
                self.certified.append(is_optimal)
                self.roots.append(root)
                self.z.append(z)
        except np.linalg.LinAlgError:
            if not self.supports:
                raise
        self.sizes = np.array([len(support) for support in self.supports], np.int64)
        self.n_features = np.array([len(places) for places in self._places], np.int64)
        self.loss = self._losses(np.array([(z**2).sum() for z in self.z]))

    @property
    def told_apart(self) -> Places:  # noqa: D102
        if self.units.are_single:
            return self.system.features
        return np.delete(
            self.system.features, self.system.dependent(strongest_first(self.system, np.arange(self.system.n)))
        )

    def chosen(self, i: int) -> Places:  # noqa: D102
        return self.supports[i]

    def is_optimal(self, i: int) -> bool:  # noqa: D102
        return self.certified[i]

    def coef(self, i: int) -> tuple[Places, Doubles]:  # noqa: D102
        places = self._places[i]
        return places, solve_upper(self.roots[i], self.z[i]).T / self.system.scale[places]

    @cached_property
    def _squares(self) -> tuple[Doubles, Doubles]:
        norm, trace = np.zeros(len(self.sizes)), np.zeros(len(self.sizes))
        for i in range(len(self.sizes)):
            places, b = self.coef(i)
            inverse = solve_upper(self.roots[i], np.eye(len(places))) / self.system.scale[places, None]
            norm[i], trace[i] = (b**2).sum(), (inverse**2).sum()
        return norm, trace

    def errors(self, held: Held) -> Doubles:  # noqa: D102
        fits = [self.coef(i) for i in range(len(self.sizes))]
        every = np.unique(np.concatenate([places for places, _ in fits]))
        xx, xy, yy = held.moments(self.system.features[every])
        found = np.empty(len(self.sizes))
        for i, (places, b) in enumerate(fits):
            at = np.searchsorted(every, places)
            found[i] = yy.sum() + np.einsum("ki,ki->", b, b @ xx[np.ix_(at, at)] - 2 * xy[:, at])
        return np.maximum(found, 0.0)

    def places_of(self, i: int) -> Places:  # noqa: D102
        return self._places[i]

    def _leverage(self, i: int, x: Doubles, base: Doubles) -> tuple[Doubles, Doubles]:
        """Return rows of the orthogonal factor of the i-th fit, and what leverages leave of one."""
        places = self.places_of(i)
        q = solve_upper(self.roots[i], (x[:, places] / self.system.scale[places]).T, transposed=True)
        return q, 1 - base - np.einsum("ij,ij->j", q, q)

    def goes_through(self, x: Doubles, base: Doubles) -> Bools:  # noqa: D102
        lefts = [self._leverage(i, x, base)[1] for i in range(len(self.supports))]
        return np.asarray((np.array(lefts) <= LEAST_LEFT).any(axis=0))

    def left_out(self, x: Doubles, y: Doubles, base: Doubles, threads: int) -> Doubles:  # noqa: D102
        found = np.empty(len(self.sizes))
        for i in range(len(self.supports)):
            q, left = self._leverage(i, x, base)
            found[i] = _squares_over((y - q.T @ self.z[i]).T, left).sum()
        return found


def _squares_over(error: Doubles, left: Doubles) -> Doubles:
    """Return the sums of (error / left)^2 along the rows, infinite where nothing is left."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = error / left
    found = np.einsum("ij,ij->i", ratio, ratio)
    found[(left <= LEAST_LEFT).any(axis=-1)] = np.inf
    return np.asarray(found)
