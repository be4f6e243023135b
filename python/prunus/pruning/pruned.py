"""Pruned: a network, its masks, what happened, and its engine."""

from __future__ import annotations

import functools
import os
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus import convert, files
from prunus._base import Bools, NotSupportedError, check
from prunus.data import Encoding, relative_weights
from prunus.engine import Engine
from prunus.network import Network, Structure
from prunus.pruning.front import behind, described, names_before
from prunus.pruning.judging import Scoring, parts_of, scoring_of
from prunus.reporting import Report


class Pruned:
    """What `prunus.prune` returns: use it like a model. A pickle of it, and so a joblib dump, holds the bytes of its file.

    Attributes
    ----------
    network : Network
        The pruned network.
    masks : tuple of ndarray of bool
        What was kept of the original: the weights' shapes for patterns of weights, (n_out,) for each layer for "neuron",
        (n_in,) for "input". What is pruned again still counts from the original: masks have its shapes, and what went before
        is False in them.
    report : Report
        What was removed, why, and what it cost; a dict that prints as text.
    structure : Structure
        Which neurons and inputs of the original the network has.
    front : Encoding, Pipeline or None
        The fitted steps before the model that no network represents: predictions take what they take, network and engine what
        they put out. Encoders, imputers, scalers and selectors of columns come to an Encoding, which a file holds; others run
        as they are.

    Examples
    --------
    >>> pruned = prunus.prune(network, sparsity=0.9)
    >>> pruned.save("model.safetensors")
    >>> labels = prunus.load("model.safetensors").predict(X)
    """

    def __init__(
        self,
        network: Network,
        masks: tuple[Bools, ...],
        report: Report,
        structure: Structure | None = None,
        scoring: Scoring | None = None,
        front: Any = None,
    ) -> None:
        self.network = network
        self.front = front
        self.masks = masks
        self.report = report
        self.scoring = scoring  # what `score` returns; None: what the report names
        self.structure = files.structure_of(masks, report) if structure is None else structure

    @property
    def sparsity(self) -> float:
        """Fraction of the original weights that are gone."""
        return float(self.report["sparsity"])

    @property
    def feature_names(self) -> list[str] | None:
        """Names of the columns of X, if the model was fitted or pruned with a DataFrame: one of other columns is refused."""
        if self.front is not None:
            return names_before(self.front)
        names: list[str] | None = self.report.get("feature_names")
        return self.network.feature_names if names is None else names

    @functools.cached_property
    def engine(self) -> Engine:
        """The compiled network, with as many threads as the process may use."""
        return Engine(self.network, feature_names=self.feature_names if self.front is None else None)

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predict through the engine; see `Engine.predict`."""
        return self.engine.predict(self._rows(X))

    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Predict probabilities through the engine; see `Engine.predict_proba`."""
        return self.engine.predict_proba(self._rows(X))

    def _rows(self, X: Any) -> Any:
        """Return what the engine reads."""
        return X if self.front is None else behind(self.front, "X", X, self.network.dtype)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the (weighted) accuracy of a classifier, R² of a regression, or the score that pruning was asked to report.

        Raises TypeError or ValueError if X is empty, or y does not fit the network's classes.
        """
        X = behind(self.front, "X", X)
        predicted = self.engine.predict(X)
        n = len(predicted)
        if n == 0:
            raise check.error(ValueError, "X", "expected at least one row to score, got none")
        weights, target = relative_weights(sample_weight, n), self.network.encode(y, n)
        if (scoring := self._scoring) is not None:
            return scoring.of(self.engine, X, y, None if sample_weight is None else weights)
        parts = parts_of(self.network, predicted, target, weights / weights.sum())[1]
        return float(np.average(parts, weights=weights))

    @property
    def _scoring(self) -> Scoring | None:
        if self.scoring is not None:
            return self.scoring
        metric = (self.report["score"] or {}).get("metric")
        return None if metric in (None, "accuracy", "r2") else scoring_of(metric)

    def save(self, path: str | os.PathLike[str], *, front: bool = True) -> None:
        """Save to a .safetensors file, whole or not at all; `prunus.load` gives it back.

        A file holds no `front` but an Encoding: with another NotSupportedError is raised, unless `front` is False. Keep it
        beside the file then, with joblib or skops, and hand it to ``prunus.load(path, front=...)``.
        """
        if check.flag("front", front) and not isinstance(self.front, Encoding | None):
            raise check.error(
                NotSupportedError,
                "front",
                f"expected False for a file, which does not hold {described(self.front)}; keep them beside it: "
                "joblib.dump(pruned.front, other), pruned.save(path, front=False), prunus.load(path, front=joblib.load(other))",
            )
        files.save(self.contents(), path)

    def as_estimator(self) -> Any:
        """Return a fitted scikit-learn estimator that predicts through the engine: see `prunus.PrunedClassifier`.

        Raises ModuleNotFoundError where scikit-learn is not installed.
        """
        return convert.as_estimator(self)

    def __prunus_network__(self) -> Network:
        """What `prunus.as_network` gives."""
        return self.network

    def contents(self) -> files.Contents:
        """Return what a file of it holds."""
        encoding = self.front if isinstance(self.front, Encoding) else None
        return files.Contents(self.network, self.masks, self.report, self.structure, encoding)

    def __reduce__(self) -> tuple[Any, ...]:
        raw = files.to_bytes(self.contents())
        return _restored, (raw,) if isinstance(self.front, Encoding | None) else (raw, self.front)

    def __repr__(self) -> str:
        return f"Pruned({self.network!r}, sparsity {self.sparsity:.4f})"


def _restored(raw: bytes, front: Any = None) -> Pruned:
    """Return what a pickle holds, which is what a file would."""
    network, masks, report, structure, encoding = files.from_bytes(raw)
    assert masks is not None
    assert report is not None
    return Pruned(network, masks, report, structure, front=encoding if front is None else front)
