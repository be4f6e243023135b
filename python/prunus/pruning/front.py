"""What stands before a network and no network represents: the fitted steps of a pipeline, which run as they are."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np

from prunus import convert
from prunus._base import check
from prunus.data import Encoding


class Front(NamedTuple):
    """Steps, and how long they take."""

    steps: Any  # a fitted Pipeline, or an Encoding
    rows: Any  # of X as it comes, one call's; None where no X was given

    @property
    def encoding(self) -> Encoding | None:
        """What of it a file holds."""
        return self.steps if isinstance(self.steps, Encoding) else None

    def microseconds(self) -> float | None:
        """Return the shortest of three calls."""
        if self.rows is None:
            return None
        times = []
        for _ in range(3):
            begin = time.perf_counter()
            behind(self.steps, "X", self.rows, np.dtype(np.float32))
            times.append(time.perf_counter() - begin)
        return 1e6 * min(times)


def apart(model: Any) -> tuple[Any, Any]:
    """Return the steps before a model that no network represents, None where there are none, and the model behind them."""
    if hasattr(model, "get_params") and hasattr(model, "fit"):
        steps, model = convert.apart(model)
        if not hasattr(model, "pruned_"):
            return steps, model
        model = model.pruned_  # of an estimator that prunes what it fits
    return getattr(model, "front", None), model


def behind(steps: Any, name: str, X: Any, dtype: np.dtype[Any] | None = None) -> Any:
    """Return what the steps make of X; with a dtype, of an Encoding what an engine reads."""
    if steps is None or X is None:
        return X
    if isinstance(steps, Encoding):
        return steps.transform(X, name) if dtype is None else steps.rows(X, dtype, name)
    try:
        return steps.transform(X)
    except (TypeError, ValueError, AttributeError) as error:
        raise check.error(
            TypeError if isinstance(error, TypeError) else ValueError,
            name,
            f"expected what {described(steps)} take: {error}",
        ) from error


def described(steps: Any) -> str:
    """Name the steps."""
    if isinstance(steps, Encoding):
        return f"a table of {steps.n_columns} columns, encoded in {steps.n_out}"
    return ", ".join(f"{name!r} ({type(step).__name__})" for name, step in steps.steps)


def names_before(steps: Any) -> list[str] | None:
    """Return the names of the columns of X, where the steps were fitted with any."""
    names = steps.names if isinstance(steps, Encoding) else getattr(steps, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def first_rows(X: Any, n: int) -> Any:
    """Return so many rows of X as it comes, again from the first where there are fewer."""
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    places = [i % n_rows for i in range(n)]
    if hasattr(X, "iloc"):
        return X.iloc[places]
    if hasattr(X, "tocsr"):
        return X.tocsr()[places]
    return X[places] if hasattr(X, "shape") else [X[i] for i in places]
