from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import settings
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import prunus
from prunus.cli import main
from prunus.network import OUTPUTS

# The machine is shared, so no example has a deadline; the same examples in every run, so that a failure can be repeated.
settings.register_profile("prunus", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("prunus")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def digits() -> tuple[Any, Any]:
    X, y = load_digits(return_X_y=True)
    return X / 16, y


@pytest.fixture(scope="session")
def digits_mlp(digits: tuple[Any, Any]) -> MLPClassifier:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return MLPClassifier((40, 20), max_iter=30, random_state=0).fit(*digits)


@pytest.fixture(scope="session")
def digits_network(digits_mlp: MLPClassifier) -> prunus.Network:
    return prunus.from_sklearn(digits_mlp)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    folder = os.environ.get("PRUNUS_DATA")
    if not folder:
        pytest.skip("PRUNUS_DATA names no folder of data sets")
    return Path(folder)


def loss_error(network: prunus.Network, X: Any, y: Any) -> float:
    """Bound how far a mean loss is off that is told from outputs in the network's dtype, to first order and twice that."""
    gradient = OUTPUTS[network.output].gradient(network.forward(X), network.encode(y, len(X)))
    rounding = len(X) * float(np.finfo(np.float64).eps) * network.loss(X, y)
    return float(2 * (np.abs(gradient) * network.error_bound(X)).sum(axis=1).mean() + rounding)


class Result(NamedTuple):
    """How a command ended, and what it said."""

    status: int
    output: str
    errors: str


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run the command line in this process: a second faster than in one of its own."""

    def run(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["prunus", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        return Result(int(end.value.code or 0), *capsys.readouterr())

    return run
