"""What is removed as one: single features, or groups of them; and what must stay."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from prunus._base import Bools, Places, check


class Units(NamedTuple):
    """Groups of features that lie next to one another in a system."""

    columns: Places  # (n,) of X, in the order of the system's places
    start: Places  # (n_units + 1,) unit u has the places start[u] to start[u + 1]
    stays: Bools  # (n_units,) it is never removed
    label: npt.NDArray[Any]  # (n_units,) the group's, or the column of X

    @property
    def n(self) -> int:
        """How many units there are."""
        return len(self.stays)

    @property
    def n_stay(self) -> int:
        """How many of them stay."""
        return int(np.count_nonzero(self.stays))

    @property
    def are_single(self) -> bool:
        """Whether every unit is one feature."""
        return len(self.columns) == self.n

    def places(self, units: npt.ArrayLike) -> Places:
        """Return the places of some units, one unit after the other."""
        chosen = np.asarray(units, np.int64)
        if self.are_single:
            return chosen
        parts = [np.arange(self.start[u], self.start[u + 1]) for u in chosen]
        return np.concatenate([np.zeros(0, np.int64), *parts], dtype=np.int64)

    def without(self, places: Places) -> Units:
        """Return what is left without some places; a unit that loses all is gone."""
        keep = np.ones(len(self.columns), np.bool_)
        keep[places] = False
        sizes = np.add.reduceat(keep.astype(np.int64), self.start[:-1]) if self.n else np.zeros(0, np.int64)
        there = sizes > 0
        start = np.concatenate([[0], np.cumsum(sizes[there])])
        return Units(self.columns[keep], start, self.stays[there], self.label[there])


def units_of(usable: Places, groups: npt.NDArray[Any] | None, keep: Bools | None, n_features: int) -> Units:
    """Return the units of the usable columns. A group stays if one of its features does, usable or not."""
    stays = np.zeros(n_features, np.bool_) if keep is None else keep
    if groups is None:
        return Units(usable, np.arange(len(usable) + 1), stays[usable], usable)
    _, first, member = np.unique(groups[usable], return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))[member]  # groups in the order of their first features
    order = np.argsort(rank, kind="stable")
    start = np.searchsorted(rank[order], np.arange(len(first) + 1))
    columns = usable[order]
    label = groups[columns[start[:-1]]]
    return Units(columns, start, np.isin(label, groups[stays]), label)


def keep_of(keep: Any, n_features: int, names: npt.NDArray[Any] | None = None) -> Bools | None:
    """Return which features must stay, of a mask, of indices, or of some of the names that the features have."""
    if keep is None:
        return None
    array = _plain(np.asarray(keep))
    if array.dtype == np.bool_:
        return check.bools("keep", array, (n_features,))
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iuU"):
        raise check.error(
            TypeError, "keep", f"expected a mask, indices or names of features, got {check.describe(keep)}"
        )
    if array.dtype.kind == "U":
        return _keep_of_names(array, names)
    if array.size and not (array.min() >= 0 and array.max() < n_features):
        raise check.error(
            ValueError, "keep", f"expected indices from 0 to {n_features - 1}, got {array.min()} to {array.max()}"
        )
    mask = np.zeros(n_features, np.bool_)
    mask[array.astype(np.int64)] = True
    return mask


def _keep_of_names(keep: npt.NDArray[Any], names: npt.NDArray[Any] | None) -> Bools:
    if names is None:
        raise check.error(
            ValueError, "keep", f"expected a mask or indices, since X has no feature names, got {_listed(keep)}"
        )
    unknown = keep[~np.isin(keep, names.astype(str))]
    if len(unknown):
        raise check.error(ValueError, "keep", f"expected names of X's columns, got {_listed(unknown)}")
    return np.isin(names.astype(str), keep)


def groups_of(groups: Any, n_features: int) -> npt.NDArray[Any] | None:
    """Return the label of each feature's group."""
    if groups is None:
        return None
    array = _plain(np.asarray(groups))
    if array.shape != (n_features,):
        got = check.describe(array if array.ndim else groups)
        raise check.error(ValueError, "groups", f"expected {n_features} labels, one for each feature, got {got}")
    if array.dtype.kind not in "biuUS":
        others = [label for label in array.tolist() if not isinstance(label, (str, int, np.integer))]
        got = f"{check.describe(others[0])} among them" if others else "both"
        raise check.error(TypeError, "groups", f"expected a label, an integer or a string, for each feature, got {got}")
    return array


def _plain(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return strings or integers that lie in an array of objects, as pandas gives them, in an array of their kind."""
    if array.dtype == object and array.size:
        for kind, dtype in ((str, np.str_), (bool, np.bool_), ((int, np.integer), np.int64)):
            if all(isinstance(element, kind) for element in array.flat):
                return array.astype(dtype)
    return array


def _listed(names: npt.NDArray[Any], most: int = 5) -> str:
    return ", ".join([*(repr(str(name)) for name in names[:most]), *["..."] * (len(names) > most)])
