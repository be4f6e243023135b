"""prunus, by its public names; and on the baseline target, in a process of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

import prunus
from bench.cases.regression_validation import N_FOLDS
from bench.cases.regression_wide import N_FOLDS as N_WIDE_FOLDS
from bench.cases.surgery import WIDTH
from bench.contenders.base import Contender
from prunus import _core
from prunus.linear_model import PrunedLinearRegression


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


def _pipeline(case: Any) -> Any:
    pruned = case.pruned
    pruned.engine = pruned.engine.on(case.threads)
    return lambda data: lambda: pruned.predict(data)


def _few_samples(which: str | None) -> Any:
    def build(case: Any) -> Any:
        network = case.network if which is None else case.with_weights(case.more[which])
        engine = prunus.compile(network, threads=case.threads)
        return lambda data: lambda: (engine(data), network)

    return build


def _sparse_matrix(times: float) -> Any:
    def build(case: Any) -> Any:
        W = prunus.SparseMatrix.from_scipy(case.matrix(times))
        if case.columns:
            return lambda X: lambda: (W @ X, times)
        return lambda X: lambda: (X @ W.T, times)

    return build


def _sparse_samples(which: int) -> Any:
    def build(case: Any) -> Any:
        engine = prunus.compile(case.network, threads=case.threads)
        return lambda data: lambda: engine(data[which])

    return build


def _surgery(case: Any) -> Any:
    """The core alone: the Gram matrix is given."""
    threads, least = case.threads, 1e-13

    def exact(gram: Any, weights: Any, kept: Any) -> Any:
        inverse = _core.inverse(gram, least, threads)
        costs, is_done = _core.eliminate_rows(gram, inverse, weights, np.ones_like(kept), 1, 1, 0, 1, least, threads)
        assert is_done.all()
        return costs

    def in_columns(gram: Any, weights: Any, kept: Any) -> Any:
        root = _core.inverse_root(gram, least, threads)
        assert root is not None
        return _core.eliminate_columns(root, weights, np.ones_like(kept), kept, WIDTH, threads)

    run = exact if case.order == "exact" else in_columns
    return lambda data: lambda: run(*data)


def _in_order(found: Any) -> Any:
    """Return the order of each row, and its costs in it; or weights and masks as they are."""
    return found if isinstance(found, tuple) else (np.argsort(found), np.sort(found))


def _regression(**parameters: Any) -> Any:
    def build(case: Any) -> Any:
        model = PrunedLinearRegression(
            method="obs", max_nonzero=case.p, **parameters
        )  # all sizes, of however few samples
        return lambda data: lambda: model.fit(*data)

    return build


def _wide(**parameters: Any) -> Any:
    def build(case: Any) -> Any:
        model = PrunedLinearRegression(max_nonzero=case.largest, cv=N_WIDE_FOLDS, **parameters)
        return lambda data: lambda: model.fit(*data[:2])

    return build


def _found(result: Any) -> Any:
    return np.flatnonzero(result.support_), True


_BASELINE = {"PRUNUS_TARGET": _core.supported_targets()[0]}

CONTENDERS = [
    Contender("prunus", "mask", _mask, lambda result: result[0]),
    Contender("prunus", "prune", _prune, lambda result: result.masks),
    Contender("prunus", "score", _score, lambda result: (result, None)),
    Contender("prunus", "mlp", _mlp),
    Contender("prunus", "pipeline", _pipeline),
    Contender("prunus", "few-samples", _few_samples(None)),
    Contender("prunus, half of the zeros", "few-samples", _few_samples("half of the zeros")),
    Contender("prunus, no zeros", "few-samples", _few_samples("no zeros")),
    Contender("prunus", "sparse-matrix", _sparse_matrix(1.0)),
    Contender("prunus, twice the entries", "sparse-matrix", _sparse_matrix(2.0)),
    Contender("prunus", "sparse-samples", _sparse_samples(0)),
    Contender("prunus, the samples dense", "sparse-samples", _sparse_samples(1)),
    Contender("prunus", "surgery", _surgery, _in_order),
    Contender("prunus", "regression-path", _regression(select="bic")),
    Contender("prunus, path alone", "regression-validation", _regression(select="bic")),
    Contender("prunus, leave-one-out", "regression-validation", _regression(select="loo")),
    Contender(f"prunus, {N_FOLDS} folds", "regression-validation", _regression(cv=N_FOLDS)),
    Contender("prunus", "regression-wide", _wide(), _found),
    Contender("prunus, one standard error", "regression-wide", _wide(one_se=True), _found),
    Contender("prunus predict", "mlp", _labels, takes=lambda case: case.network_name == "digits"),
    Contender(
        f"prunus on {_BASELINE['PRUNUS_TARGET']}",
        "mlp",
        _mlp,
        environment=_BASELINE,
        takes=lambda case: case.network_name == "digits",
    ),
]
