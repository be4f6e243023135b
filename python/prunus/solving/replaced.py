"""A path with another fit at one of its sizes."""

from __future__ import annotations

from prunus.solving.gram import Doubles
from prunus.solving.paths import Held, ListedPath, Path
from prunus.solving.systems import Places, System
from prunus.solving.units import Units


class ReplacedPath(Path):
    """What a search found for every size, and for one of them what exchanges have made of it.

    The exchanges may have brought features that the search left out as combinations of others: `system` and `units` have all,
    one feature in each unit, `support` are the units of the fit, and `at` tells which units the path's own are. `is_optimal`
    says whether no exchange betters the fit.
    """

    def __init__(
        self,
        path: Path,
        index: int,
        system: System,
        units: Units,
        support: Places,
        at: Places,
        is_optimal: bool = False,
    ) -> None:
        self._path, self._index, self._at = path, index, at
        self._other = ListedPath(system, units, [(support, is_optimal)])
        self.system, self.units = system, units
        self.sizes, self.n_features = path.sizes, path.n_features
        self.loss = self._with(path.loss, self._other.loss)

    def chosen(self, i: int) -> Places:  # noqa: D102
        return self._other.chosen(0) if i == self._index else self._at[self._path.chosen(i)]

    def coef(self, i: int) -> tuple[Places, Doubles]:  # noqa: D102
        if i == self._index:
            return self._other.coef(0)
        places, coef = self._path.coef(i)
        return self._at[places], coef

    def is_optimal(self, i: int) -> bool:  # noqa: D102
        return self._other.is_optimal(0) if i == self._index else self._path.is_optimal(i)

    def errors(self, held: Held) -> Doubles:  # noqa: D102
        return self._with(self._path.errors(held), self._other.errors(held))

    def left_out(self, x: Doubles, y: Doubles, base: Doubles, threads: int) -> Doubles:  # noqa: D102
        return self._with(
            self._path.left_out(x[:, self._at], y, base, threads), self._other.left_out(x, y, base, threads)
        )

    def finish(self) -> None:  # noqa: D102
        super().finish()
        self._path.finish()
        self._other.finish()

    @property
    def _squares(self) -> tuple[Doubles, Doubles]:
        norm, trace = zip(self._path._squares, self._other._squares, strict=True)
        return self._with(*norm), self._with(*trace)

    def _with(self, values: Doubles, other: Doubles) -> Doubles:
        values = values.copy()
        values[self._index] = other[0]
        return values
