"""Systems of equations that are known by their products alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prunus._base import Doubles

Product = Callable[[Doubles], Doubles]


def conjugate_gradients(
    product: Product,
    right: Doubles,
    precondition: Product,
    n: int,
    *,
    damping: float = 0.0,
    tolerance: float = 0.0,
) -> Doubles:
    """Return an approximate solution of product(x) + damping * M x = right, by n products (M. Hestenes, E. Stiefel, 1952).

    By fewer where the preconditioned residual has become smaller than that part of what it was. M is the preconditioner's
    matrix. It need not be known: of what it was solved for, it is that.
    """
    found, residual = np.zeros_like(right), right
    direction, of_direction = precondition(residual), right  # M times the direction
    length = residual @ direction
    least = tolerance**2 * length
    for _ in range(n):
        moved = product(direction) + damping * of_direction
        curvature = direction @ moved
        if not (curvature > 0 and length > 0):
            break
        step = length / curvature
        found = found + step * direction
        residual = residual - step * moved
        solved = precondition(residual)
        length, before = residual @ solved, length
        if length <= least:
            break
        direction = solved + length / before * direction
        of_direction = residual + length / before * of_direction
    return found
