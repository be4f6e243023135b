"""What each sample counts for."""

from __future__ import annotations

from typing import Any

import numpy as np

from prunus._base import Doubles, check


def sample_weights(value: Any, n_samples: int, *, may_be_zero: bool = False) -> Doubles:
    """Return weights (n_samples,) in float64, finite and nonnegative, and not all zero unless they may be."""
    weights: Doubles = check.real_array("sample_weight", value, ndim=1).astype(np.float64)
    check.per_sample("sample_weight", weights, n_samples)
    check.finite("sample_weight", weights)
    if may_be_zero and weights.min(initial=0.0) < 0:
        raise check.error(ValueError, "sample_weight", f"expected nonnegative numbers, got {weights.min()}")
    if not may_be_zero and (weights.min(initial=0.0) < 0 or weights.max(initial=0.0) == 0):
        raise check.error(ValueError, "sample_weight", "expected nonnegative numbers that are not all zero")
    return weights


def relative_weights(value: Any, n_samples: int) -> Doubles:
    """Return weights (n_samples,) whose largest is one, so that their sum is finite; None means equal ones."""
    if value is None:
        return np.ones(n_samples)
    weights = sample_weights(value, n_samples)
    return np.asarray(weights / weights.max())
