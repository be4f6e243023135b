"""prunus, by its public names; and on the baseline target, in a process of its own."""

from __future__ import annotations

from typing import Any

import prunus
from bench.contenders.base import Contender
from prunus import _core


def _mask(case: Any) -> Any:
    def ready(data: Any) -> Any:
        network = prunus.Network([prunus.Layer(data)])
        target = {} if case.pattern == "2:4" else {"sparsity": case.sparsity}
        return lambda: prunus.mask(prunus.importance(network, "magnitude"), pattern=case.pattern, **target)

    return ready


def _prune(case: Any) -> Any:
    criterion = prunus.criteria()[case.criterion](**case.options)
    options: dict[str, Any] = {"allocation": "global", "allow_empty": True}  # as the rival does
    return lambda _: lambda: prunus.prune(case.network, sparsity=0.9, criterion=criterion, **options)


def _score(case: Any) -> Any:
    return lambda data: lambda: prunus.importance(case.network, case.criterion, X=data[0], y=data[1])


def _mlp(case: Any) -> Any:
    engine = prunus.compile(case.network, threads=case.threads)
    return lambda data: lambda: engine(data)


def _labels(case: Any) -> Any:
    engine = prunus.compile(case.network, threads=case.threads)
    return lambda data: lambda: engine.predict(data)


_BASELINE = {"PRUNUS_TARGET": _core.supported_targets()[0]}

CONTENDERS = [
    Contender("prunus", "mask", _mask, lambda result: result[0]),
    Contender("prunus", "prune", _prune, lambda result: result.masks),
    Contender("prunus", "score", _score, lambda result: (result, None)),
    Contender("prunus", "mlp", _mlp),
    Contender("prunus predict", "mlp", _labels, takes=lambda case: case.network_name == "digits"),
    Contender(
        f"prunus on {_BASELINE['PRUNUS_TARGET']}",
        "mlp",
        _mlp,
        environment=_BASELINE,
        takes=lambda case: case.network_name == "digits",
    ),
]
