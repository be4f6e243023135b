from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import prunus

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
