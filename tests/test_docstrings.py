"""Every public name has a docstring with its sections and an example, and the example runs."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPClassifier

import prunus
from prunus import feature_selection, linear_model, plotting, solving
from prunus.linear_model import PrunedLinearRegression

MODULES = (prunus, feature_selection, linear_model, plotting)
PUBLIC = {name: getattr(module, name) for module in MODULES for name in module.__all__ if not name.startswith("_")}
PUBLIC |= {"Gram": solving.Gram, "GramAccumulator": solving.GramAccumulator}
PARTS = {
    f"{kind}: {name}": part
    for kind in ("criteria", "patterns", "allocations", "schedules", "compensations", "statistics.statistics")
    for name, part in attrgetter(kind)(prunus)().items()
}
ERRORS = {"BudgetError", "FormatError", "NotSupportedError"}
WITHOUT_EXAMPLE = {*ERRORS, "Criterion", "Engine", "Gram", "Report", "SubsetPath"}


@pytest.fixture(scope="module")
def estimator(digits: Any) -> MLPClassifier:
    return MLPClassifier((300, 20), max_iter=200, random_state=0).fit(digits[0][:300], digits[1][:300])


@pytest.fixture(scope="module")
def model() -> PrunedLinearRegression:
    return PrunedLinearRegression().fit(*load_diabetes(return_X_y=True, as_frame=True))


@pytest.fixture
def names(
    digits: Any,
    estimator: MLPClassifier,
    model: PrunedLinearRegression,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[dict[str, Any]]:
    """What the examples may use without saying where it is from."""
    monkeypatch.chdir(tmp_path)
    mpl.use("Agg")

    X, y = digits
    network = prunus.from_sklearn(estimator)
    prunus.save(network, "network.safetensors")
    yield {
        "prunus": prunus,
        "np": np,
        "X": X[:300],
        "y": y[:300],
        "network": network,
        "estimator": estimator,
        "MLPClassifier": lambda: MLPClassifier((20,), max_iter=300, random_state=0),
        "LinearRegression": LinearRegression,
        "load_digits": load_digits,
        "model": model,
        **{name: thing for name, thing in PUBLIC.items() if not hasattr(prunus, name)},
    }
    plt.close("all")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", [*PUBLIC, *PARTS])
def test_examples_run(name: str, names: dict[str, Any]) -> None:
    thing = {**PUBLIC, **PARTS}[name]
    examples = doctest.DocTestFinder(recurse=False).find(thing, name, globs=names)
    ran = 0
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for example in examples:
        result = runner.run(example, clear_globs=False)
        assert result.failed == 0
        ran += result.attempted
    assert ran > 0 or name in WITHOUT_EXAMPLE


@pytest.mark.parametrize("name", PUBLIC)
def test_sections(name: str) -> None:
    thing = PUBLIC[name]
    doc = inspect.getdoc(thing)
    assert doc
    assert len(doc.splitlines()[0]) <= 120
    if not inspect.isfunction(thing):
        return
    parameters = inspect.signature(thing).parameters
    for parameter in parameters:
        assert (
            f"{parameter} :" in doc or f"{parameter}," in doc or f", {parameter} :" in doc or f"**{parameter}" in doc
        ), parameter
    if parameters:
        assert "Raises\n------" in doc
