"""Best subsets of small tables: the answers that stand in textbooks, and all subsets by least squares."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from prunus.linear_model import PrunedLinearRegression

_SIZES = range(9)  # of Hitters, of which all subsets are enumerated


def table(data_folder: Path, name: str) -> Any:
    return pd.read_csv(data_folder / "textbook" / f"{name}.csv", index_col=0)


@pytest.fixture(scope="module")
def hitters(data_folder: Path) -> tuple[Any, Any]:
    frame = table(data_folder, "hitters").dropna()
    X = frame.drop(columns="Salary")
    for column in ("League", "Division", "NewLeague"):
        X[column] = (X[column] != X[column].min()).astype(float)
    return X.astype(float), frame["Salary"].to_numpy(float)


@pytest.fixture(scope="module")
def best_of_hitters(hitters: tuple[Any, Any]) -> dict[int, float]:
    """The least residual sum of squares of each size, over all subsets, by Cholesky factorizations of many at once."""
    X, y = hitters
    x, t = X.to_numpy() - X.to_numpy().mean(axis=0), y - y.mean()
    x = x / np.linalg.norm(x, axis=0)
    gram, products = x.T @ x, x.T @ t
    best = {0: float(t @ t)}
    for size in _SIZES[1:]:
        subsets = np.array(list(itertools.combinations(range(19), size)))
        right = products[subsets][..., None]
        root = np.linalg.cholesky(gram[subsets[:, :, None], subsets[:, None, :]])
        explained = (np.linalg.solve(root, right)[..., 0] ** 2).sum(axis=1)
        support = subsets[explained.argmax()]
        best[size] = rss(X, y, X.columns[support])
    return best


def rss(X: Any, y: Any, columns: Any) -> float:
    x = np.column_stack([np.ones(len(y)), X[list(columns)].to_numpy(float)])
    return float(((y - x @ np.linalg.lstsq(x, y, rcond=None)[0]) ** 2).sum())


def names(model: PrunedLinearRegression) -> list[str]:
    return sorted(model.feature_names_in_[model.support_].tolist())


@pytest.mark.parametrize("select", ["bic", "cp", "cv"])
def test_the_best_subsets_of_hitters(select: str, hitters: tuple[Any, Any], best_of_hitters: dict[int, float]) -> None:
    """Every model of the path is the best of its size, and the one that is had when its size is asked for."""
    model = PrunedLinearRegression(select=select).fit(*hitters)
    for size in _SIZES:
        one = PrunedLinearRegression(size).fit(*hitters)
        assert math.isclose(rss(*hitters, names(one)), best_of_hitters[size], rel_tol=1e-9)
        assert names(model.path_.at(size)) == names(one)
        assert math.isclose(model.path_.measures["rss"][size], best_of_hitters[size], rel_tol=1e-9)


def test_the_sizes_of_hitters(hitters: tuple[Any, Any]) -> None:
    """James, Witten, Hastie, Tibshirani, "An introduction to statistical learning", chapter 6."""
    assert names(PrunedLinearRegression(select="bic").fit(*hitters)) == [
        "AtBat", "CRBI", "Division", "Hits", "PutOuts", "Walks"
    ]  # fmt: skip
    assert PrunedLinearRegression(select="cp").fit(*hitters).n_nonzero_ == 10


def test_best_forward_and_backward_differ_at_seven(hitters: tuple[Any, Any]) -> None:
    """The three models of seven that the book prints."""
    found = {
        method: names(PrunedLinearRegression(7, method=method).fit(*hitters)) for method in ("auto", "forward", "obs")
    }
    assert found == {
        "auto": ["CAtBat", "CHits", "CHmRun", "Division", "Hits", "PutOuts", "Walks"],
        "forward": ["AtBat", "CRBI", "CWalks", "Division", "Hits", "PutOuts", "Walks"],
        "obs": ["AtBat", "CRuns", "CWalks", "Division", "Hits", "PutOuts", "Walks"],
    }


def test_credit(data_folder: Path) -> None:
    """Best and forward selection differ at four features."""
    frame = table(data_folder, "credit")
    y, X = (
        frame["Balance"].to_numpy(float),
        pd.get_dummies(frame.drop(columns=["Balance", "ID"]), drop_first=True, dtype=float),
    )
    assert names(PrunedLinearRegression(4).fit(X, y)) == ["Cards", "Income", "Limit", "Student_Yes"]
    forward = PrunedLinearRegression(4, method="forward").fit(X, y)
    assert names(forward) == ["Income", "Limit", "Rating", "Student_Yes"]


def test_prostate(data_folder: Path) -> None:
    """Hastie, Tibshirani, Friedman, "The elements of statistical learning", table 3.3, to the digits that it has."""
    frame = table(data_folder, "prostate")
    X = frame.drop(columns=["lpsa", "train"])
    X, y, train = (X - X.mean()) / X.std(), frame["lpsa"].to_numpy(), (frame["train"] == "T").to_numpy()
    model = PrunedLinearRegression(2).fit(X[train], y[train])
    assert names(model) == ["lcavol", "lweight"]
    coef = model.coef_[model.support_]
    assert np.allclose([model.intercept_, *coef], [2.477, 0.740, 0.316], rtol=0, atol=5e-4)
    for size, error in ((2, 0.492), (8, 0.521)):
        left = y[~train] - PrunedLinearRegression(size).fit(X[train], y[train]).predict(X[~train])
        assert abs((left**2).mean() - error) <= 5e-4


@pytest.mark.parametrize(
    ("name", "output", "expected"),
    [
        ("mtcars", "mpg", ["am", "qsec", "wt"]),
        ("swiss", "Fertility", ["Agriculture", "Catholic", "Education", "Infant.Mortality"]),
        ("longley", "Employed", ["Armed.Forces", "GNP", "Unemployed", "Year"]),
    ],
)
def test_backward_by_aic(name: str, output: str, expected: list[str], data_folder: Path) -> None:
    """As R's `step` finds them."""
    frame = table(data_folder, name)
    model = PrunedLinearRegression(method="obs", select="aic").fit(frame.drop(columns=output), frame[output])
    assert names(model) == expected
