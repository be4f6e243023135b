"""Real tables: how well a pruned regression predicts, and with how many features, beside the lasso and least squares.

python -m bench.real                            both tables: half an hour, most of it for the penalties
python -m bench.real --data riboflavin --repeats 1 --output real.md
python -m bench.real --quick                    to see that it works; no figure to quote

Every model is fitted on nine tenths of the samples and tried on the rest, standardised by the nine tenths; what it chooses
(sizes, strengths) it chooses within them. R2 is 1 less the squared errors of all samples over those of y's mean. Its
standard error is that of the mean over the folds: the standard deviation of the folds' mean squared errors, over the root of
their number and over y's variance. Splits are repeated with other seeds, and both are means over the repeats: repeats see the
same samples, and do not make the error smaller.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import statistics
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LassoCV, LinearRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from bench.report import markdown
from prunus._base.arrays import Doubles
from prunus.linear_model import PrunedLinearRegression

N_FOLDS = 10
_ALPHAS = (0.1, 1.0, 10.0, 100.0)
LASSO = "LassoCV(cv=10)"

Models = Mapping[str, Callable[[], Any]]


def _ours(**parameters: Any) -> tuple[str, Callable[[], Any]]:
    """Return the model with these parameters, and its name."""
    text = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
    return f"PrunedLinearRegression({text})", lambda: PrunedLinearRegression(**parameters)


def _lasso() -> Any:
    return LassoCV(cv=N_FOLDS)


def _searched(**parameters: Any) -> tuple[str, Callable[[], Any]]:
    """Return the model whose penalty is chosen by cross-validation within the training samples, and its name."""
    name, make = _ours(cv=N_FOLDS, **parameters)
    penalties = {"alpha": list(_ALPHAS)}
    return f"GridSearchCV({name}, alpha)", lambda: GridSearchCV(
        make(), penalties, cv=N_FOLDS, scoring="neg_mean_squared_error"
    )


@dataclass(frozen=True)
class Table:
    """A table, made ready, and who predicts it."""

    name: str
    degree: int  # of the products of features
    repeats: int
    models: Models


TABLES = {
    "california": Table(
        "california_housing",
        2,
        1,
        {
            "LinearRegression()": LinearRegression,
            LASSO: _lasso,
            **dict([_ours(), _ours(cv=10), _ours(cv=10, one_se=True), _ours(select="loo"), _ours(select="bic")]),
        },
    ),
    "riboflavin": Table(
        "riboflavin",
        1,
        5,
        {
            LASSO: _lasso,
            **dict([_ours(), _ours(cv=10), _ours(cv=10, one_se=True)]),
            **dict(_ours(cv=10, alpha=alpha) for alpha in _ALPHAS),
            **dict(_ours(cv=10, alpha=alpha, one_se=True) for alpha in _ALPHAS),
            **dict(_ours(cv=10, alpha=alpha, max_nonzero=20) for alpha in _ALPHAS),
            **dict([_ours(method="swap", select="ebic", max_nonzero=15)]),
            **dict([_ours(method="forward", cv=10), _ours(method="forward", cv=10, alpha=10.0, max_nonzero=20)]),
            **dict([_searched(max_nonzero=20), _searched(method="forward", max_nonzero=20)]),
            **dict([_searched(one_se=True), _searched(method="forward", one_se=True)]),
        },
    ),
}


class Fit(NamedTuple):
    """A model of one fold."""

    errors: Doubles  # squared, of the samples it has not seen
    n_features: int
    seconds: float
    warned: set[str]


def load(name: str) -> tuple[Doubles, Doubles] | None:
    """Return X and y from the folder PRUNUS_DATA, None if it has none."""
    path = Path(os.environ.get("PRUNUS_DATA", "")) / f"{name}.npz"
    if "PRUNUS_DATA" not in os.environ or not path.exists():
        return None
    with np.load(path, allow_pickle=False) as file:
        return file["X"], file["y"]


def fitted(make: Callable[[], Any], train: tuple[Doubles, Doubles], test: tuple[Doubles, Doubles]) -> Fit:
    """Fit on some samples, and try on others."""
    model = make()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        begin = time.perf_counter()
        model.fit(*train)
        seconds = time.perf_counter() - begin
    coef = getattr(model, "best_estimator_", model).coef_
    return Fit(
        (test[1] - model.predict(test[0])) ** 2,
        int(np.count_nonzero(coef)),
        seconds,
        {_kind(warning.message) for warning in warned},
    )


def _kind(message: object) -> str:
    """Return what a warning begins with: numbers follow."""
    return str(message).partition(":")[0].partition(".")[0]


def tried(table: Table, X: Doubles, y: Doubles, repeats: int) -> dict[str, list[list[Fit]]]:
    """Return the fits of every model: a list of folds for each repeat."""
    found: dict[str, list[list[Fit]]] = {name: [[] for _ in range(repeats)] for name in table.models}
    for repeat in range(repeats):
        for train, test in KFold(N_FOLDS, shuffle=True, random_state=repeat).split(X):
            scaler = StandardScaler().fit(X[train])
            inside, outside = (scaler.transform(X[train]), y[train]), (scaler.transform(X[test]), y[test])
            for name, make in table.models.items():
                found[name][repeat].append(fitted(make, inside, outside))
        print(f"{table.name}: split {repeat + 1} of {repeats}", flush=True)
    return found


class Summary(NamedTuple):
    """A model of all repeats."""

    r2: float
    r2_error: float
    n_features: float
    seconds: float


def summary(repeats: list[list[Fit]], variance: float) -> Summary:
    """Sum up the fits of a model; the variance is y's."""
    r2, spread = [], []
    for folds in repeats:
        r2.append(1 - float(np.concatenate([fit.errors for fit in folds]).mean()) / variance)
        means = [float(fit.errors.mean()) for fit in folds]
        spread.append(statistics.stdev(means) / np.sqrt(len(means)) / variance)
    every = [fit for folds in repeats for fit in folds]
    sizes, times = [fit.n_features for fit in every], [fit.seconds for fit in every]
    return Summary(statistics.fmean(r2), statistics.fmean(spread), statistics.fmean(sizes), statistics.median(times))


def difference(ours: list[list[Fit]], theirs: list[list[Fit]], variance: float) -> tuple[float, float]:
    """Return by how much our R2 is higher, and the standard error of that: fold beside fold."""
    means, spread = [], []
    for some, other in zip(ours, theirs, strict=True):
        gains = [float(b.errors.mean() - a.errors.mean()) / variance for a, b in zip(some, other, strict=True)]
        means.append(statistics.fmean(gains))
        spread.append(statistics.stdev(gains) / np.sqrt(len(gains)))
    return statistics.fmean(means), statistics.fmean(spread)


def as_table(found: dict[str, list[list[Fit]]], variance: float) -> str:
    """Return a Markdown table. Last column: no more than a standard error of the lasso below it, with half its features."""
    lasso = summary(found[LASSO], variance)
    header = ["model", "R2", "less the lasso's", "features", "seconds of a fit", "as good, with half"]
    body = []
    for name, repeats in found.items():
        row = summary(repeats, variance)
        gain, gain_error = difference(repeats, found[LASSO], variance)
        is_good = row.r2 >= lasso.r2 - lasso.r2_error and row.n_features <= lasso.n_features / 2
        body.append(
            [
                name,
                f"{row.r2:.3f} ± {row.r2_error:.3f}",
                "" if name == LASSO else f"{gain:+.3f} ± {gain_error:.3f}",
                f"{row.n_features:.1f}",
                f"{row.seconds:.3g}",
                "" if name == LASSO else "yes" if is_good else "no",
            ]
        )
    return markdown(header, body)


def warned(found: dict[str, list[list[Fit]]]) -> Iterator[str]:
    """Yield a line for each model and what it warned of."""
    for name, repeats in found.items():
        fits = [fit for folds in repeats for fit in folds]
        counts = Counter(text for fit in fits for text in fit.warned)
        yield from (f"{name}: in {n} of {len(fits)} fits a warning, {text!r}" for text, n in counts.items())


def report(table: Table, repeats: int, *, quick: bool) -> str:
    """Return what came of a table, in Markdown."""
    data = load(table.name)
    if data is None:
        return f"{table.name}: left out, PRUNUS_DATA names no folder with {table.name}.npz"
    X, y = data
    if quick:
        X, y = X[:200, :300], y[:200]
    if table.degree > 1:
        X = PolynomialFeatures(table.degree, include_bias=False).fit_transform(X)
    found = tried(table, X, y, repeats)
    facts = f"{X.shape[0]} samples, {X.shape[1]} features; {N_FOLDS} folds, split {repeats} times"
    parts = [f"## {table.name}", facts, as_table(found, float(y.var())), *warned(found)]
    return "\n\n".join(parts)


def main() -> None:
    """Print a table for each set of data."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--data", choices=TABLES, action="append", help="only this one (may be repeated)")
    parser.add_argument("--repeats", type=int, help="splits into folds, in place of one and five")
    parser.add_argument("--output", type=Path, help="write the tables to this file, too")
    parser.add_argument("--quick", action="store_true", help="some of the samples and features, one split")
    options = parser.parse_args()

    parts = [", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "scikit-learn"))]
    for name in options.data or TABLES:
        repeats = 1 if options.quick else options.repeats or TABLES[name].repeats
        parts.append(report(TABLES[name], repeats, quick=options.quick))
    text = "\n\n".join(parts) + "\n"
    print(f"\n{text}", end="")
    if options.output:
        options.output.write_text(text)


if __name__ == "__main__":
    main()
