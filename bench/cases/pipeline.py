"""Predict from a table of numbers and words: ColumnTransformer and perceptron, pruned, beside the predict of scikit-learn."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import prunus
from bench.cases.base import Case
from bench.machine import Machine

_NUMBERS, _WORDS, _CATEGORIES = 8, 6, 10  # columns, and how many different words each of those of words has


@dataclass(frozen=True)
class PipelineCase(Case):
    """A DataFrame of `n_rows`; both predict with the same pruned network of 90 % zeros."""

    n_rows: int
    threads: int
    kind = "pipeline"

    @classmethod
    def variants(cls, threads: int, *, quick: bool) -> Iterator[Case]:  # noqa: D102
        yield from (cls(n_rows, threads) for n_rows in ((3,) if quick else (1, 1000)))

    @property
    def title(self) -> str:  # noqa: D102
        return f"pipeline, {_NUMBERS} numbers, {_WORDS} words, 68-100-50, {self.n_rows} rows, {self.threads} threads"

    @property
    def pruned(self) -> prunus.Pruned:
        """The whole of it."""
        return _pruned()

    def data(self, seed: int) -> Any:  # noqa: D102
        return table(self.n_rows, seed)[0]

    def check(self, data: Any, result: Any) -> None:
        """The labels that scikit-learn's pipeline of the pruned model predicts."""
        assert np.array_equal(result, prunus.to_sklearn(self.pruned).predict(data))

    def limit(self, machine: Machine) -> tuple[str, float]:
        """One multiplication and addition for each weight that is left, and each word's and number's row of the first."""
        weights = sum(int(np.count_nonzero(layer.weight)) for layer in self.pruned.network.layers)
        return "arithmetic", self.n_rows * 2 * weights / machine.peak(self.threads) * 1e6


def table(n: int, seed: int) -> tuple[Any, Any]:
    """Return a DataFrame and labels."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    numbers = {f"number {i}": rng.standard_normal(n) for i in range(_NUMBERS)}
    words = {f"word {i}": rng.choice([f"value {k}" for k in range(_CATEGORIES)], n) for i in range(_WORDS)}
    labels = np.where(numbers["number 0"] + (words["word 0"] == "value 1") > 0.5, "yes", "no")
    return pd.DataFrame(numbers | words), labels


@functools.lru_cache(maxsize=1)
def _pruned() -> prunus.Pruned:
    X, y = table(3000, 0)
    names = list(X.columns)
    columns = make_column_transformer(
        (StandardScaler(), names[:_NUMBERS]), (OneHotEncoder(handle_unknown="ignore"), names[_NUMBERS:])
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # twenty epochs do
        pipeline = make_pipeline(columns, MLPClassifier((100, 50), max_iter=20, random_state=0)).fit(X, y)
    return prunus.prune(pipeline, X, sparsity=0.9)
