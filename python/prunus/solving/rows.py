"""Rows of a system's Gram matrix, each computed once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from prunus._base import Doubles
from prunus.solving.systems import System

_BYTES = 1 << 28


class Rows:
    """Rows of the Gram matrix: by the data each is a pass over X. Holds 256 MB of them, and those in use."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._row: dict[int, Doubles] = {}

    def take(self, places: npt.ArrayLike) -> Doubles:
        """Return new rows, (n_places, n)."""
        wanted = np.asarray(places).tolist()
        missing = [j for j in dict.fromkeys(wanted) if j not in self._row]
        if (len(self._row) + len(missing)) * self._system.n * 8 > _BYTES:
            self._row = {j: self._row[j] for j in wanted if j in self._row}
        if missing:
            self._row.update(zip(missing, self._system.rows(missing), strict=True))
        return np.array([self._row[j] for j in wanted]).reshape(len(wanted), self._system.n)
