"""A set of features with all that its swaps need to know, kept up to date in O(k p) when one feature comes for another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from prunus import _core
from prunus.solving.gram import Doubles
from prunus.solving.systems import COLLINEAR, Places, System, solve_upper

Flags = npt.NDArray[np.bool_]

# A residual of so little of the outputs' squared length is rounding, and no reason for a swap.
ZERO = 1e-12

_ROW_BYTES = 1 << 28


class Swap(NamedTuple):
    """One member goes, one feature comes."""

    change: float  # of the loss
    member: int  # which of the k, -1 for none
    feature: int  # its place


class Rows:
    """Rows of the Gram matrix, each computed once: by the data it is a pass over X. Holds 256 MB of them, and those in use."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._row: dict[int, Doubles] = {}

    def take(self, places: npt.ArrayLike) -> Doubles:
        """Return new rows, (n_places, n)."""
        wanted = np.asarray(places).tolist()
        missing = [j for j in dict.fromkeys(wanted) if j not in self._row]
        if (len(self._row) + len(missing)) * self._system.n * 8 > _ROW_BYTES:
            self._row = {j: self._row[j] for j in wanted if j in self._row}
        if missing:
            self._row.update(zip(missing, self._system.rows(missing), strict=True))
        return np.array([self._row[j] for j in wanted]).reshape(len(wanted), self._system.n)


class Subset:
    """A set A of k independent features, with H the inverse of its Gram matrix G_AA and c the products with the outputs."""

    members: Places  # (k,), the places in A, ascending when all is new; what comes takes the place of what goes
    inverse: Doubles  # (k, k), H
    v: Doubles  # (k, n), H G_A
    coef: Doubles  # (n_out, k), b = c_A H
    norms: Doubles  # (n,), 1 - G_jA H G_Aj: what is left of each feature
    rest: Doubles  # (n_out, n), c - b G_A
    rss: float  # of all outputs, with the ridge penalty

    def __init__(self, system: System, members: npt.ArrayLike, rows: Rows) -> None:
        self.system, self.rows = system, rows
        self.total = float(system.total.sum())
        self.members = np.array(members, dtype=np.int64)
        self.refresh()

    @property
    def is_exhausted(self) -> bool:
        """Whether nothing but rounding is left to explain."""
        return self.rss <= ZERO * self.total

    def refresh(self) -> None:
        """Compute everything anew, from the set alone. Raises numpy.linalg.LinAlgError if it is collinear. O(k**2 n)."""
        from scipy.linalg.blas import dtrsm

        self.members.sort()
        k = len(self.members)
        R, z = self.system.root(self.members) if k else (np.zeros((0, 0)), np.zeros((0, len(self.system.products))))
        self.rss = self.total - float(np.einsum("ij,ij->", z, z))
        self.coef = np.ascontiguousarray(solve_upper(R, z).T)
        rest, gram = self.system.products, self.rows.take(self.members)
        if not k:
            self.inverse, self.v, self.norms, self.rest = np.zeros((0, 0)), gram, np.ones(self.system.n), rest.copy()
            return
        half = solve_upper(R, np.eye(k, order="F"))
        self.inverse = half @ half.T
        # G_A lies in rows, which are columns to LAPACK: its transpose times R^-1 is (R'^-1 G_A)', in place.
        w = dtrsm(1.0, R, gram.T, side=1, lower=0, overwrite_b=1)
        self.norms = 1.0 - np.einsum("ij,ij->i", w, w)
        self.rest = rest - z.T @ w.T
        self.v = dtrsm(1.0, R, w, side=1, lower=0, trans_a=1, overwrite_b=1).T

    def best_swaps(self, barred: Flags, locked: Flags, threads: int) -> tuple[Swap, Swap]:
        """Return the best swap of those that the first rows leave, and of those that both rows leave.

        barred : (2, n), locked : (2, k). O(n_out k n).
        """
        b, r = np.ascontiguousarray(self.coef), np.ascontiguousarray(self.rest)
        found = _core.best_swap(
            self.v, self.inverse.diagonal().copy(), b, self.norms, r, self.members, barred, locked, COLLINEAR, threads
        )
        return Swap(*found[0]), Swap(*found[1])

    def exchange(self, swap: Swap) -> None:
        """Let one member go and a feature come, by updates of rank one. O(k n)."""
        self._drop(swap.member)
        self._add(swap.member, swap.feature)

    def _drop(self, i: int) -> None:
        h, row, column = self.inverse[i, i], self.v[i].copy(), self.inverse[i] / self.inverse[i, i]
        b = self.coef[:, i].copy()
        self.norms += row * row / h
        self.rest += np.outer(b / h, row)
        self.rss += float(b @ b) / h
        self.coef -= np.outer(b, column)
        _subtract_outer(self.v, column, row)
        _subtract_outer(self.inverse, column, self.inverse[i].copy())
        # What is left there is rounding; the place is the next one's.
        self.v[i] = self.coef[:, i] = self.inverse[i] = self.inverse[:, i] = 0.0

    def _add(self, i: int, j: int) -> None:
        row = self.rows.take([j])[0]
        products = row[self.members]
        products[i] = 0.0
        column = self.v[:, j].copy()
        left = row - products @ self.v
        s, d = left[j], self.rest[:, j].copy()
        self.members[i] = j
        self.norms -= left * left / s
        self.rest -= np.outer(d / s, left)
        self.rss -= float(d @ d) / s
        column[i] = -1.0
        self.coef -= np.outer(d / s, column)
        _subtract_outer(self.v, column, left / s)
        _subtract_outer(self.inverse, column, column / -s)


def _subtract_outer(a: Doubles, x: Doubles, y: Doubles) -> None:
    """Subtract x y' from a, in place, without a temporary of a's size."""
    from scipy.linalg.blas import dger

    dger(-1.0, y, x, a=a.T, overwrite_a=1)
