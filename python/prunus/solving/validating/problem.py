"""A regression and its folds: the systems that are searched, and the samples that each search has not seen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from prunus._base import Bools, Doubles, Places
from prunus.data import is_sparse
from prunus.solving.copies import copies_of_others
from prunus.solving.regression import HeldRows, Regression, data_system
from prunus.solving.searching.backward import IllConditionedError
from prunus.solving.searching.forward import forward_on_data
from prunus.solving.searching.paths import HeldMoments, Path, nested, without_dependent
from prunus.solving.systems import DataSystem, GramSystem, System
from prunus.solving.units import Units, units_of
from prunus.solving.validating.folds import Fold, backward_errors, fold_of
from prunus.statistics import GramAccumulator, gather_folds, gather_gram, merged

Search = Callable[[System, Units, Places | None], Path]  # the samples that the system was made of; None: all
# What a fold is trained on, the first less the second about one centre, and what is held out of it.
Pieces = tuple[GramAccumulator, GramAccumulator | None, GramAccumulator]


class Errors(NamedTuple):
    """Of a path on samples that it has not seen."""

    sizes: Places  # numbers of units
    squared: Doubles  # sum of the squared errors of each size, of all outputs


_MOST_BYTES = 1 << 30  # of the folds' Gram matrices together; where they are larger, one is gathered at a time
_MOST_TAKEN = 1e6  # of what is left, by subtraction: the others of sixteen digits are left of it


class Problem(ABC):
    """Systems of all samples and of the training samples of each fold (train, test)."""

    def __init__(self, data: Regression, folds: Sequence[tuple[Places, Places]], threads: int) -> None:
        self.data, self.folds, self.threads = data, folds, threads
        self.weight = float(data.weight.sum())

    x_mean: Doubles
    y_mean: Doubles
    units: Units
    constant: Places  # columns that say nothing beside the intercept
    system: System

    def _set_units(self, constant: Bools, squares: Doubles) -> None:
        """Leave out what is constant, and single features that are copies: of those the earliest is searched.

        With a ridge penalty copies are features of their own: two share a coefficient, and its penalty is half.
        """
        self.constant = np.flatnonzero(constant)
        usable = ~constant
        if self.data.groups is None and not self.data.alpha:
            usable &= ~copies_of_others(self.data.X, self.x_mean, squares, self.data.keep)
        self.units = units_of(np.flatnonzero(usable), self.data.groups, self.data.keep, len(constant))

    @abstractmethod
    def validate(self, search: Search) -> Iterator[Errors]:
        """Yield the errors of the path that the search finds in each fold, on the samples that it has not seen."""

    def validate_backward(self, search: Search) -> Iterator[Errors]:
        """Yield the same for the search that goes backward."""
        return self.validate(search)

    def forward(self, n_units: int) -> tuple[Path, list[Errors]] | None:
        """Return the forward path of all samples and the folds' errors where one pass over X finds all, else None."""
        return None

    def _validate_on_data(self, data: Regression, train: Places, test: Places, units: Units, search: Search) -> Errors:
        inside = data.rows(train)
        means = inside.means()
        path = search(data_system(inside, units.columns, self.threads, means), units, train)
        return Errors(path.sizes, path.errors(HeldRows(data.rows(test), *means)))


class GramProblem(Problem):
    """By Gram matrices: those of all folds are gathered in one pass over X."""

    def __init__(self, data: Regression, folds: Sequence[tuple[Places, Places]], threads: int) -> None:
        super().__init__(data, folds, threads)
        self._parts: list[GramAccumulator] = []
        self._all = self._gather()
        gram = self._all.gram(fit_intercept=data.fit_intercept)
        self.x_mean, self.y_mean = gram.x_mean, gram.y_mean
        self._set_units(gram.constant, gram.xx.diagonal())
        self.system = GramSystem(gram, self.units.columns, data.alpha)
        if not folds:
            del self._all  # not needed any more, and as large as the system

    def _gather(self) -> GramAccumulator:
        tests = [test for _, test in self.folds]
        n = len(self.data.y)
        is_partition = self._are_complements and np.array_equal(np.sort(np.concatenate([*tests, []])), np.arange(n))
        if is_partition and len(tests) <= _most_matrices(self.data.X.shape[1]):
            self._parts = gather_folds(self.data.X, self.data.y, self.data.weight, tests, self.threads)
            return merged(self._parts)
        return gather_gram(self.data.X, self.data.y, self.data.weight)

    @cached_property
    def _are_complements(self) -> bool:
        """Whether every fold is trained on all that it is not tested on."""
        n = len(self.data.y)
        return all((np.bincount(np.concatenate(fold), minlength=n) == 1).all() for fold in self.folds)

    def _fold(self, i: int) -> tuple[Fold, Pieces]:
        train, test = self.folds[i]
        part = self._parts[i] if self._parts else gather_gram(*self.data.rows(test)[:3])
        if self._are_complements:
            pieces = (self._all, part, part) if self._parts else (self._all.without(part), None, part)
            fold = self._of(pieces)
            if not self._hides(fold, train):
                return fold, pieces
        pieces = gather_gram(*self.data.rows(train)[:3]), None, part
        return self._of(pieces), pieces

    def _of(self, pieces: Pieces) -> Fold:
        return fold_of(*pieces, self.units.columns, self.data.alpha, self.data.fit_intercept)

    def _hides(self, fold: Fold, train: Places) -> bool:
        """Whether what was taken away was so much that too few digits are left of what is not constant."""
        p = self.data.X.shape[1]
        is_large = fold.held.diagonal > _MOST_TAKEN * fold.train.diagonal
        if is_large[p:].any():
            return True
        columns = np.flatnonzero(is_large)
        if not len(columns):
            return False
        x = self.data.X[train][:, columns]
        ends = x.min(axis=0), x.max(axis=0)
        low, high = (end.toarray() if is_sparse(x) else end for end in ends)
        return bool((low != high).any())

    def validate(self, search: Search) -> Iterator[Errors]:  # noqa: D102
        for i in range(len(self.folds)):
            yield self._validate_one(i, search)

    def _validate_one(self, i: int, search: Search) -> Errors:
        whole, less, part = self._fold(i)[1]
        gram = (whole if less is None else whole.without(less)).gram(fit_intercept=self.data.fit_intercept)
        held = HeldMoments(*part.moments(np.concatenate([gram.x_mean, gram.y_mean])))
        system = GramSystem(gram, self.units.columns, self.data.alpha)
        try:
            path = search(system, self.units, self.folds[i][0])
        except IllConditionedError:
            return self._validate_on_data(self.data, *self.folds[i], self.units, search)
        return Errors(path.sizes, path.errors(held))

    def validate_backward(self, search: Search) -> Iterator[Errors]:  # noqa: D102
        # As many as may be in memory together, two matrices each; those of a partition are there already.
        step = len(self.folds) if self._parts else max(_most_matrices(self.data.X.shape[1]) // 2, self.threads)
        for begin in range(0, len(self.folds), step):
            some = range(begin, min(begin + step, len(self.folds)))
            folds = [self._fold(i)[0] for i in some]
            found = backward_errors(folds, self.units, self.data.y.shape[1], self.threads)
            for i, error in zip(some, found, strict=True):
                # A Gram matrix that needs more care; or errors that come from such large ones that few digits are left.
                if error is None or error.max() > _MOST_TAKEN * error.min():
                    yield self._validate_one(i, search)
                else:
                    yield Errors(np.arange(self.units.n_stay, self.units.n + 1), error)


class DataProblem(Problem):
    """By the samples themselves: for more features than samples, and for ill-conditioned X."""

    def __init__(self, data: Regression, folds: Sequence[tuple[Places, Places]], threads: int) -> None:
        super().__init__(data, folds, threads)
        self.x_mean, self.y_mean = means = data.means()
        whole = data_system(data, np.arange(data.X.shape[1]), threads, means)
        self._set_units(whole.constant, whole.scale)
        gone = np.setdiff1d(whole.features, self.units.columns)
        self.system = whole.without(gone) if len(gone) else whole

    def validate(self, search: Search) -> Iterator[Errors]:  # noqa: D102
        for train, test in self.folds:
            yield self._validate_on_data(self.data, train, test, self.units, search)

    def forward(self, n_units: int) -> tuple[Path, list[Errors]] | None:  # noqa: D102
        # The folds' samples count once each there.
        if not self.units.are_single or any(len(np.unique(train)) < len(train) for train, _ in self.folds):
            return None
        system, units = without_dependent(self.system, self.units)
        n_units = min(n_units, self.units.n) - (self.units.n_stay - units.n_stay)
        n_units = int(min(n_units, max(system.rank, units.n_stay)))
        assert isinstance(system, DataSystem)
        everything = np.arange(len(self.data.y))
        held_out = [everything[:0], *(np.setdiff1d(everything, train) for train, _ in self.folds)]
        root = np.sqrt(self.data.weight) if self.data.fit_intercept else None
        orders = forward_on_data(system, units, held_out, root, n_units)
        errors = []
        for (train, test), order in zip(self.folds, orders[1:], strict=True):
            if not self.data.alpha:
                order = order[: max(self.data.rows(train).rank, units.n_stay)]
            # Of the columns that were chosen alone: copies of a fold's rows of all of them took as long as the search.
            narrow = self.data._replace(X=self.data.X[:, units.columns[order]])
            few = Units(np.arange(len(order)), np.arange(len(order) + 1), units.stays[order], order)
            errors.append(self._validate_on_data(narrow, train, test, few, self._in_order))
        return nested(system, units, orders[0]).counted(self.units), errors

    def _in_order(self, system: System, units: Units, train: Places | None) -> Path:
        system, units = without_dependent(system, units)  # what stays may be constant in the fold
        return nested(system, units, np.arange(units.n)).counted(self.units)


def _most_matrices(p: int) -> int:
    return int(_MOST_BYTES // (8 * max(p, 1) ** 2))
