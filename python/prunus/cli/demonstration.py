"""The demonstration: two models on scikit-learn's bundled data, dense beside pruned."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from prunus import files
from prunus.pruning import Pruned, Sweep, as_network, prune, sweep

BATCHES = (1, 1024)


class Row(NamedTuple):
    """One model in one form."""

    name: str
    metric: str
    score: float  # on the test data
    n_nonzero: int
    bytes: int  # of the .safetensors file
    microseconds: tuple[float, ...]  # of predict(), for each of BATCHES


class Shown(NamedTuple):
    """What the demonstration has to show."""

    rows: list[Row]
    curve: Sweep  # of the digits, pruned at once


def run(folder: Path, *, progress: bool = False) -> Shown:
    """Train, prune and measure both models; write the pruned ones and their reports into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, curve = _digits(folder, progress)
    return Shown([*rows, *_diabetes(folder)], curve)


def _digits(folder: Path, progress: bool) -> tuple[list[Row], Sweep]:
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
    estimator = MLPClassifier((300, 100), max_iter=40, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 40 epochs do; it would go on for 200
        estimator.fit(X_train, y_train)
    validation = {"X_val": X_test, "y_val": y_test}
    curve = sweep(estimator, X_train, y_train, random_state=0, **validation)
    (folder / "digits-sweep.txt").write_text(f"{curve}\n")
    tuned = prune(
        estimator, X_train, y_train, sparsity=0.9, fine_tune=40, random_state=0, progress=progress, **validation
    )
    dense, at_once = _compare("digits", "pruned", estimator, curve.at(0.9), X_test, y_test, folder / "digits-at-once")
    _, trained = _compare("digits", "fine-tuned", estimator, tuned, X_test, y_test, folder / "digits")
    return [dense, at_once, trained], curve


def _diabetes(folder: Path) -> list[Row]:
    X, y = load_diabetes(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    estimator = LinearRegression().fit(X_train, y_train)
    pruned = prune(estimator, X_train, y_train, sparsity=0.5, X_val=X_test, y_val=y_test)
    return _compare("diabetes", "pruned", estimator, pruned, X_test, y_test, folder / "diabetes")


def _compare(name: str, how: str, estimator: Any, pruned: Pruned, X: Any, y: Any, path: Path) -> list[Row]:
    """Measure the estimator and its pruned form, and save the latter."""
    model = path.with_suffix(".safetensors")
    pruned.save(model)
    path.with_suffix(".txt").write_text(f"{pruned.report}\n")
    network = as_network(estimator)
    dense_bytes = len(files.to_bytes(files.Contents(network)))
    metric = "accuracy" if network.classes is not None else "R²"
    batches = [np.resize(X, (n, X.shape[1])) for n in BATCHES]
    dense, sparse = zip(*(_alternate(estimator.predict, pruned.predict, batch) for batch in batches), strict=True)
    return [
        Row(f"{name}, dense", metric, estimator.score(X, y), network.n_nonzero, dense_bytes, dense),
        Row(f"{name}, {how}", metric, pruned.score(X, y), pruned.network.n_nonzero, model.stat().st_size, sparse),
    ]


def _alternate(a: Callable[[Any], Any], b: Callable[[Any], Any], X: Any) -> tuple[float, float]:
    """Time two functions in turn; the shortest of each, in microseconds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(50):
        for function, mine in zip((a, b), times, strict=True):
            begin = time.perf_counter()
            function(X)
            mine.append(time.perf_counter() - begin)
    return min(times[0]) * 1e6, min(times[1]) * 1e6


def row_text(row: Row) -> list[str]:
    """Return the cells of a table's row."""
    return [
        row.name,
        f"{row.score:.4f} {row.metric}",
        f"{row.n_nonzero}",
        f"{row.bytes}",
        *(f"{us:.1f}" for us in row.microseconds),
    ]


def curve_texts(curve: Sweep) -> list[list[str]]:
    """Return the cells of the table of the curve, first its header."""
    header = ["sparsity", "accuracy", "bytes", *(f"µs, {n}" for n in curve.batches)]
    rows = [
        [f"{point.removed:.0%}", f"{point.score:.4f}", str(point.bytes), *(f"{us:.1f}" for us in point.microseconds)]
        for point in curve.points
    ]
    return [header, *rows]


HEADER = ["model", "test score", "nonzeros", "bytes", *(f"µs, {n}" for n in BATCHES)]
CAPTION = (
    "digits: an MLP 64-300-100-10, diabetes: a linear regression; dense as scikit-learn runs them; "
    f"microseconds of predict() for {' and '.join(map(str, BATCHES))} rows; fine-tuned: 40 epochs"
)
CURVE_CAPTION = "the digits' MLP, pruned at once; what is left makes up for what goes; microseconds of the engine"
