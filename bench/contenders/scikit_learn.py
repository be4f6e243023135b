"""scikit-learn's own predict of the same network."""

from __future__ import annotations

from typing import Any

from sklearn.neural_network import MLPClassifier

import prunus
from bench.contenders.base import Contender


def _mlp(case: Any) -> Any:
    estimator = prunus.to_sklearn(case.network, like=MLPClassifier())
    return lambda data: lambda: estimator.predict(data)


CONTENDERS = [Contender("scikit-learn predict", "mlp", _mlp, takes=lambda case: case.network_name == "digits")]
