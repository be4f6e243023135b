from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from sklearn.datasets import load_diabetes

from prunus.linear_model import PrunedLinearRegression
from prunus.plotting import plot_coefficients, plot_path, plot_validation


@pytest.fixture(autouse=True)
def close_figures() -> Any:
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


@pytest.fixture(scope="module")
def model() -> PrunedLinearRegression:
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    return PrunedLinearRegression(method="obs").fit(X, y)


def test_path_shows_every_size_and_the_chosen_one(model: PrunedLinearRegression) -> None:
    axes = plot_path(model)
    line, _, chosen = axes.get_lines()
    assert np.array_equal(line.get_xdata(), np.arange(11))
    assert np.allclose(line.get_ydata()[-1], model.path_.table()["r2"].iloc[-1])
    assert list(chosen.get_xdata()) == [model.n_nonzero_]


@pytest.mark.parametrize("select", ["cv", "loo", "bic"])
def test_validation_is_least_where_the_size_was_chosen(model: PrunedLinearRegression, select: str) -> None:
    X, y = load_diabetes(return_X_y=True)
    fitted = PrunedLinearRegression(method="obs", select=select).fit(X, y)
    axes = plot_validation(fitted)
    line = axes.get_lines()[0]
    assert line.get_xdata()[np.argmin(line.get_ydata())] == fitted.n_nonzero_
    assert len(axes.collections) == (select == "cv")


def test_coefficients_have_names(model: PrunedLinearRegression) -> None:
    axes = plot_coefficients(model, n_labels=2)
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["bmi", "s5"]
    lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
    assert lines["bmi"][-1] == model.path_.at(10).coef_[2]
    assert plot_coefficients(model, ax=axes) is axes


def test_coefficients_of_kept_features(model: PrunedLinearRegression) -> None:
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    kept = PrunedLinearRegression(method="obs", keep=[0, 1]).fit(X, y)
    lines = {line.get_label(): line for line in plot_coefficients(kept, n_labels=3).get_lines()}
    assert {"age", "sex", "bmi"} <= lines.keys()
    assert lines["age"].get_ydata()[0] == kept.path_.at(2).coef_[0] != 0
    assert len(plot_coefficients(kept, n_labels=0).get_lines()) == 11


def test_the_size_of_the_plotted_model_is_marked(model: PrunedLinearRegression) -> None:
    for k in (2, 5):
        label = plot_path(model.path_.at(k)).get_lines()[2]
        assert (label.get_xdata().tolist(), label.get_label()) == ([k], f"chosen: {k}")
    X, y = load_diabetes(return_X_y=True)
    grouped = PrunedLinearRegression(2, method="obs", groups=[0, 0, 0, 1, 1, 1, 2, 2, 2, 2]).fit(X, y)
    mark = plot_path(grouped).get_lines()[2]
    assert mark.get_xdata().tolist() == [grouped.n_nonzero_]
    assert mark.get_ydata().tolist() == [grouped.path_.table()["r2"][2]]


def test_the_mark_is_on_the_line_where_a_kept_feature_is_a_combination(rng: np.random.Generator) -> None:
    X = rng.standard_normal((80, 6))
    X[:, 2] = X[:, 0] + X[:, 1]
    y = X[:, 3] + X[:, 4] + rng.standard_normal(80)
    for size in (3, 5, "auto"):
        kept = PrunedLinearRegression(size, method="obs", keep=[0, 1, 2]).fit(X, y)
        for axes in (plot_path(kept), *([plot_validation(kept)] if size == "auto" else [])):
            line, upright, mark = axes.get_lines()
            assert mark.get_xdata().tolist() == [kept.n_nonzero_] == np.unique(upright.get_xdata()).tolist()
            assert np.count_nonzero(kept.coef_) == kept.n_nonzero_
            at = line.get_xdata().tolist().index(kept.n_nonzero_)
            assert mark.get_ydata().tolist() == [line.get_ydata()[at]]
        r2 = 1 - ((y - kept.predict(X)) ** 2).sum() / ((y - y.mean()) ** 2).sum()
        assert plot_path(kept).get_lines()[2].get_ydata() == pytest.approx([r2])


def test_no_plot_builds_the_table(model: PrunedLinearRegression, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a row of Python objects for every size, a plot numbers alone."""
    expected = [plot(model).get_lines()[0].get_xydata() for plot in (plot_path, plot_validation, plot_coefficients)]
    table = Mock()
    monkeypatch.setattr(type(model.path_), "table", table)
    monkeypatch.setattr(type(model.path_), "_changes", table)
    for plot, line in zip((plot_path, plot_validation, plot_coefficients), expected, strict=True):
        assert np.array_equal(plot(model).get_lines()[0].get_xydata(), line)
    table.assert_not_called()


def test_coefficients_of_what_an_exchange_brought_in(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A feature that the search has in larger models alone is in the chosen one, and in its place on the plot."""
    monkeypatch.setattr("prunus.solving.selecting._FEW", 0)
    n_changed = 0
    for _ in range(10):
        X = rng.standard_normal((60, 8)) @ rng.standard_normal((8, 8))
        y = X[:, :3].sum(axis=1) + 5 * rng.standard_normal(60)
        found, searched = PrunedLinearRegression(2).fit(X, y), PrunedLinearRegression(2, method="obs").fit(X, y)
        if np.array_equal(found.support_, searched.support_):
            continue
        n_changed += 1
        for axes, model in ((plot_coefficients(found), found), (plot_coefficients(searched), searched)):
            lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
            assert np.array_equal(
                [lines[str(j)][2] for j in np.flatnonzero(model.support_)], model.coef_[model.support_]
            )
    assert n_changed


def test_outputs_and_bad_input() -> None:
    X, y = load_diabetes(return_X_y=True)
    several = PrunedLinearRegression(4, method="obs").fit(X, np.c_[y, X[:, 0]])
    assert len(plot_coefficients(several).get_lines()) == 11
    with pytest.raises(TypeError, match="model: expected a PrunedLinearRegression, got None"):
        plot_path(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"model: expected one that chose its size .*got n_nonzero=4"):
        plot_validation(several)
