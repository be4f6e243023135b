"""One request at many sparsities: what the first round sees is computed once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import NamedTuple

import numpy as np

from prunus._base import Places, check
from prunus.data import Data
from prunus.engine import Engine
from prunus.network import Network
from prunus.pruning.judging import Drop, Judged, drop, judged
from prunus.pruning.outcome import engine_of, pruned_of
from prunus.pruning.pruned import Pruned
from prunus.pruning.request import On, Request
from prunus.pruning.rounds import Beginning, Outcome, beginning, has_room, run


class Held(NamedTuple):
    """What a model is worth on data that pruning has not seen."""

    loss: float
    metric: str
    score: float
    drop: Drop  # against the model before


@dataclass(frozen=True)
class Attempt:
    """A request, and what it shares between sparsities."""

    request: Request
    threads: int
    begun: Beginning | None = None

    @cached_property
    def begin(self) -> Beginning:
        """What the first round sees."""
        return beginning(self.request, self.threads) if self.begun is None else self.begun

    def changed(self, change: Callable[[Request], Request]) -> Attempt:
        """Return another request of the same network and data, which begins alike."""
        return replace(self, request=change(self.request), begun=self.begin)

    def fresh(self, on: On) -> Attempt:
        """Return the same on other data."""
        return replace(self, request=replace(self.request, on=on), begun=None)

    def at(self, sparsity: float | None) -> tuple[Request, Outcome]:
        """Return the request for a sparsity, and what came of it; None: what the pattern removes."""
        own = self._asked(sparsity)
        return own, run(own, self.threads, self.begin)

    def has_room(self, sparsity: float) -> bool:
        """Whether so much may go."""
        return has_room(self._asked(sparsity), self.begin, self.threads)

    def _asked(self, sparsity: float | None) -> Request:
        goal = self.request.goal._replace(sparsity=sparsity)
        return replace(self.request, goal=goal, rng=copy.deepcopy(self.request.rng))

    @property
    def gone_before(self) -> float:
        """Fraction of the original's weights that an earlier pruning removed."""
        earlier, network = self.request.earlier, self.request.network
        there = network.n_weights if earlier.alive is None else sum(int(mask.sum()) for mask in earlier.alive)
        return 1 - there / sum(map(prod, earlier.structure.shapes))

    @property
    def unseen(self) -> Data:
        """The data that judge."""
        found = self.request.on.validation
        assert found is not None
        return found

    @cached_property
    def before(self) -> Judged:
        """What the model is worth as it is."""
        return self.judged(Engine(self.request.network))

    def judged(self, engine: Engine) -> Judged:
        """Return what an engine's network is worth."""
        return judged({"": engine}, self.unseen, self.request.scoring, spread=True)[""]


class Trials:
    """Pruned models of many sparsities, and what each is worth: on the validation data, or by folds of the others."""

    def __init__(self, whole: Attempt, folds: Callable[[], list[Attempt]]) -> None:
        self._whole, self._make_folds = whole, folds
        self._pruned: dict[float | None, Pruned] = {}
        self._held: dict[float | None, Held] = {}

    @classmethod
    def of(cls, attempt: Attempt, cv: int) -> Trials:
        """Return those of an attempt."""
        return cls(attempt, lambda: _folds(attempt, cv))

    @cached_property
    def _folds(self) -> list[Attempt]:
        """Made when they are asked for: each holds its part of the samples."""
        return self._make_folds()

    def has_room(self, sparsity: float) -> bool:
        """Whether what must stay, and limits of layers, leave so much to remove."""
        return self._whole.has_room(sparsity)

    def changed(self, change: Callable[[Request], Request]) -> Trials:
        """Return those of other requests of the same network and data, which begin alike."""
        return Trials(self._whole.changed(change), lambda: [fold.changed(change) for fold in self._folds])

    @property
    def request(self) -> Request:
        """What was asked for."""
        return self._whole.request

    @property
    def where(self) -> str:
        """On which data they are judged."""
        return f"{len(self._folds)} folds, held out from the pruning alone" if self._folds else "validation"

    def pruned(self, sparsity: float | None) -> Pruned:
        """Return the model of a sparsity, pruned by all data."""
        if sparsity not in self._pruned:
            request, outcome = self._whole.at(sparsity)
            engine = engine_of(request, outcome)
            known = {}
            if request.on.validation is not None:
                known = {"before": self._whole.before, "after": self._whole.judged(engine)}
                self._held[sparsity] = _held([(known["before"], known["after"], self._whole.unseen)])
            self._pruned[sparsity] = pruned_of(request, outcome, engine, known)
        return self._pruned[sparsity]

    def held(self, sparsity: float | None) -> Held | None:
        """Return what it is worth; None: nothing judges."""
        if sparsity not in self._held:
            if not self._folds:
                self.pruned(sparsity)
                return self._held.get(sparsity)
            after = [fold.judged(Engine(fold.at(sparsity)[1].networks["after"])) for fold in self._folds]
            self._held[sparsity] = _held(
                [(fold.before, one, fold.unseen) for fold, one in zip(self._folds, after, strict=True)]
            )
        return self._held[sparsity]

    def held_before(self) -> Held | None:
        """Return what the model is worth as it is."""
        attempts = self._folds or ([] if self.request.on.validation is None else [self._whole])
        return _held([(one.before, one.before, one.unseen) for one in attempts]) if attempts else None

    @property
    def gone_before(self) -> float:
        """Fraction of the original's weights that an earlier pruning removed."""
        return self._whole.gone_before

    @property
    def before(self) -> Network:
        """The model as it is."""
        return self.request.network


def _folds(attempt: Attempt, cv: int) -> list[Attempt]:
    """Return attempts that each prune by all parts of the data but one, and judge by that; none without labels."""
    request = attempt.request
    data = request.on.data
    if request.on.validation is not None or data is None or data.target is None:
        return []
    if len(data) < 2:
        raise check.error(ValueError, "X", "expected two samples at least to hold some out, or X_val, got one")
    part = _parts(data, min(cv, len(data)), copy.deepcopy(request.rng))
    split = [(data.some(part != i), data.some(part == i)) for i in range(int(part.max()) + 1)]
    return [
        attempt.fresh(On(train, test, request.on.names))
        for train, test in split
        if train.weight > 0 and test.weight > 0  # samples that count for nothing say nothing
    ]


def _parts(data: Data, n: int, rng: np.random.Generator) -> Places:
    """Return the number of each sample's part, classes shared out evenly."""
    assert data.target is not None
    order = rng.permutation(len(data))
    if data.target.shape[1] > 1 or set(np.unique(data.target[:, 0])) <= {0.0, 1.0}:
        order = order[np.lexsort(data.target[order].T)]
    part = np.empty(len(data), np.intp)
    part[order] = np.arange(len(data)) % n
    return part


def _held(found: list[tuple[Judged, Judged, Data]]) -> Held:
    """Return what all folds say together, each sample once."""
    drops = [drop(before, after, data.share) for before, after, data in found]  # type: ignore[arg-type]
    weight = np.array([data.weight for _, _, data in found])
    weight = weight / weight.sum()
    score = float(weight @ [after.score for _, after, _ in found])
    loss = float(weight @ [after.loss for _, after, _ in found])
    # Folds are of different samples: their errors add up as those of a weighted mean.
    error = float(np.sqrt(weight**2 @ np.array([one.error for one in drops]) ** 2))
    return Held(loss, found[0][1].metric, score, Drop(float(weight @ [one.value for one in drops]), error))
