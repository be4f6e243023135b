"""Which size is best: information criteria, and the rule of one standard error."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from prunus.solving.gram import Doubles

# What a criterion adds to n log(rss / n): of d, n and the number of candidates p.
_Penalty = Callable[[Doubles, float, int], Doubles]


def _small_sample(d: Doubles, n: float) -> Doubles:
    left = n - d - 2  # one more than the coefficients, for the variance
    return np.where(left > 0, 2 * (d + 1) * (d + 2) / np.where(left > 0, left, 1), np.inf)


_PENALTIES: Mapping[str, _Penalty] = {
    "aic": lambda d, _n, _p: 2 * d,
    "aicc": lambda d, n, _p: 2 * d + _small_sample(d, n),
    "bic": lambda d, n, _p: np.log(n) * d,
    "ebic": lambda d, n, p: (np.log(n) + 2 * np.log(p)) * d,
    "gic": lambda d, n, p: np.log(p) * np.log(max(np.log(n), 1.0)) * d,
}


def information_criteria(
    rss: Doubles, df: Doubles, n_samples: float, n_features: int, n_out: int = 1
) -> dict[str, Doubles]:
    """Return every criterion for every size: the smallest is best.

    Parameters
    ----------
    rss : ndarray of shape (n_sizes,)
        Residual sums of squares, of all outputs together.
    df : ndarray of shape (n_sizes,)
        Free coefficients of an output, without the intercept: the number of features, with a ridge penalty the trace of the
        hat matrix.
    n_samples : float
        The sum of their weights.
    n_features : int
        The number of candidates, which EBIC and GIC ask for.
    n_out : int, default 1

    Returns
    -------
    dict of str to ndarray
        With d the free coefficients of all outputs: aic, n log(rss / n) + 2 d (H. Akaike, 1974); aicc, with
        2 (d + 1)(d + 2) / (n - d - 2) more for small samples, infinite where there are too few (C. Hurvich, C.-L. Tsai,
        1989); bic, log(n) d (G. Schwarz, 1978); ebic, (log(n) + 2 log(p)) d (J. Chen, Z. Chen, 2008); gic,
        log(p) log(log(n)) d (Y. Fan, C. Y. Tang, 2013); cp, rss / s2 - n + 2 d with s2 the residual variance of the largest
        fit (C. Mallows, 1973), NaN where that leaves no degree of freedom. All but cp are infinite for fits that leave none.
    """
    samples = n_samples * n_out
    d = df * n_out
    # Where nothing is left of y its logarithm is minus infinity: no larger fit can be better. But a fit with as many
    # coefficients as samples leaves nothing of any y.
    with np.errstate(divide="ignore"):
        fit = np.where(samples - d - n_out > 0, samples * np.log(rss / samples), np.inf)
    found = {
        name: _sum(fit, np.asarray(penalty(d, samples, max(n_features, 1)))) for name, penalty in _PENALTIES.items()
    }
    left = samples - d[-1] - n_out if len(d) else 0.0
    variance = rss[-1] / left if left > 0 and rss[-1] > 0 else np.nan
    found["cp"] = rss / variance - samples + 2 * d
    return found


def _sum(fit: Doubles, penalty: Doubles) -> Doubles:
    """Return fit + penalty, infinite where the penalty is, whatever the fit."""
    return np.where(np.isinf(penalty), np.inf, fit + np.where(np.isinf(penalty), 0.0, penalty))


def best_size(error: Doubles, spread: Doubles | None = None) -> int:
    """Return the index of the smallest error, of equal ones the first; with `spread`, of the first error within it.

    The rule of one standard error (L. Breiman et al., 1984): the smallest fit whose error is no more than one standard error
    above the least.
    """
    least = int(np.nanargmin(error)) if not np.isnan(error).all() else 0
    if spread is None:
        return least
    return int(np.flatnonzero(error <= error[least] + spread[least])[0])
