"""Subsets of every size from the path of the lasso."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np

from prunus._base import Bools, Doubles, Places, check
from prunus.solving.searching.thresholding import complete
from prunus.solving.systems import COLLINEAR, MOST_FEATURES, GramSystem, System, solve_upper


def l1_order(system: System, max_size: int, *, keep: Bools | None = None) -> Iterator[Places]:
    """Yield a set of features of every size, from the lasso in units in which every feature has length one.

    Parameters
    ----------
    system : System
        Of one output.
    max_size : int
        The largest size, at most as many as there are independent features.
    keep : ndarray of bool of shape (n,), optional
        Features that are not penalised, and in every set.

    Yields
    ------
    ndarray of int64
        One for each size from the number of features to keep to `max_size`: the places that are not zero at the first knot of
        the path with that many, ascending. Where a knot has more, those with the largest coefficients; where the path ends
        with fewer, the best additions to its end.

    Raises
    ------
    ValueError
        For several outputs, or more than 8000 features by the data.
    numpy.linalg.LinAlgError
        Where there are no more independent features, or those to keep are not.

    Notes
    -----
    B. Efron and others, "Least angle regression", 2004, by scikit-learn's `lars_path_gram`. O(max_size * n) a knot, and O(n**2)
    for the copy of the Gram matrix that it makes.
    """
    if len(system.products) != 1:
        raise check.error(
            ValueError, "method", f"expected another one for {len(system.products)} outputs: 'l1' takes one output"
        )
    kept = np.zeros(0, dtype=np.int64) if keep is None else np.flatnonzero(keep).astype(np.int64)
    places, matrix, products = _left_of(system, kept)
    path = _path(matrix, products, max_size - len(kept))
    n_active = np.count_nonzero(path, axis=1)
    for size in range(len(kept), max_size + 1):
        knots = np.flatnonzero(n_active >= size - len(kept))
        at = path[knots[0] if len(knots) else -1]
        order = np.argsort(-np.abs(at), kind="stable")[: min(size - len(kept), np.count_nonzero(at))]
        support = np.sort(np.concatenate([kept, places[order]]))
        yield support if len(support) == size else complete(system, np.append(kept, places[order]), size, keep=keep)


def _left_of(system: System, kept: Places) -> tuple[Places, Doubles, Doubles]:
    """Return the other features, and what is left of their Gram matrix and products without those to keep."""
    if isinstance(system, GramSystem):
        matrix = system.matrix
    elif system.n > MOST_FEATURES:
        raise check.error(ValueError, "X", f"expected at most {MOST_FEATURES} features for method 'l1', got {system.n}")
    else:
        matrix = system.rows(np.arange(system.n))
    if not len(kept):
        return np.arange(system.n), matrix, system.products[0]
    R, z = system.root(kept)
    w = solve_upper(R, np.asfortranarray(matrix[kept]), transposed=True)
    norms = 1.0 - np.einsum("ij,ij->j", w, w)
    norms[kept] = 0.0
    places = np.flatnonzero(norms > COLLINEAR).astype(np.int64)
    w = w[:, places]
    return places, matrix[np.ix_(places, places)] - w.T @ w, system.products[0, places] - z[:, 0] @ w


def _rounded(correlations: Doubles) -> Doubles:
    """Return them with 40 digits of the largest: of features that are equal but for rounding the first comes, not any."""
    last = 40 - int(np.frexp(np.abs(correlations).max(initial=0.0))[1])
    return np.asarray(np.ldexp(np.rint(np.ldexp(correlations, last)), -last))


def _path(matrix: Doubles, products: Doubles, size: int) -> Doubles:
    """Return the coefficients at the knots, (n_knots, n), until as many are not zero or the path ends."""
    from sklearn.linear_model import lars_path_gram

    if size <= 0 or not products.any():
        return np.zeros((1, len(products)))
    matrix, products = _rounded(matrix), _rounded(products)
    n_steps = size
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it ends the path early where features are collinear, and says so
            alphas, _, coef = lars_path_gram(products, matrix, n_samples=1, method="lasso", max_iter=n_steps)
        path = np.asarray(coef.T)
        # A knot for the start and one for each step. Where coefficients fall to zero again it takes more steps than features.
        if len(alphas) <= n_steps or np.count_nonzero(path, axis=1).max() >= size:
            return path
        n_steps *= 2
