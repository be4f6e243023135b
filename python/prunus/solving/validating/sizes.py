"""Which size is best: information criteria, and the rule of one standard error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from prunus._base import Doubles, check, scipy


class _Model(NamedTuple):
    """What penalties depend on."""

    d: Doubles  # free coefficients of all outputs, without the intercepts
    size: Doubles  # of one output
    n: float  # samples of all outputs
    p: int  # candidates
    n_intercepts: int


# What a criterion adds to n log(rss / n).
_Penalty = Callable[[_Model], Doubles]

_PENALTIES: Mapping[str, _Penalty] = {
    "aic": lambda m: 2 * m.d,
    "aicc": lambda m: 2 * m.d + _small_sample(m),
    "bic": lambda m: np.log(m.n) * m.d,
    "ebic": lambda m: np.log(m.n) * m.d + 2 * _log_subsets(m),
    "gic": lambda m: np.log(m.p) * np.log(max(np.log(m.n), 1.0)) * m.d,
}


def information_criteria(
    rss: Doubles,
    df: Doubles,
    n_samples: int,
    n_features: int,
    n_out: int = 1,
    *,
    fit_intercept: bool = True,
    noise: float | None = None,
    least: float = 0.0,
) -> dict[str, Doubles]:
    """Return every criterion for every size: the smallest is best.

    Parameters
    ----------
    rss : ndarray of shape (n_sizes,)
        Residual sums of squares, of all outputs together, with weights that sum to the number of samples.
    df : ndarray of shape (n_sizes,)
        Free coefficients of an output, without the intercept: the number of features, with a ridge penalty the trace of the
        hat matrix.
    n_samples : int
        Those of positive weight. Weights are relative, as those of variances: of samples that are given twice there are more.
    n_features : int
        The number of candidates, which EBIC and GIC ask for.
    n_out : int, default 1
    fit_intercept : bool, default True
        Whether every output has an intercept beside the free coefficients.
    noise : float, optional
        The residual variance of the fit on all candidates, which Cp asks for: see `residual_variance`.
    least : float, default 0.0
        The least variance, rss / n, that is believed: see `least_variance`. Of fits that leave less, n log(least) + rss / least
        - n takes the place of n log(rss / n).

    Returns
    -------
    dict of str to ndarray
        With n the samples and d the free coefficients of all outputs, of which d / n_out belong to one:

        - aic, n log(rss / n) + 2 d (H. Akaike, 1974);
        - aicc, 2 k (k + 1) / (n - k - 1) more for small samples, infinite where there are too few: k is d + 1 for the variance,
          and n_out more for the intercepts, so that this is n (n + m) / (n - m - 2) of C. Hurvich and C.-L. Tsai (1989), with
          all m = k - 1 parameters of the mean, but for terms that are the same for every size (statsmodels' `aicc` has k
          without the variance);
        - bic, log(n) d (G. Schwarz, 1978);
        - ebic, log(n) d and twice the logarithm of how many subsets of n_features have the size d / n_out (J. Chen, Z. Chen,
          2008, with gamma = 1; outputs share their subset);
        - gic, log(n_features) log(log(n)) d (Y. Fan, C. Y. Tang, 2013);
        - cp, rss / noise - n + 2 d and two more for each intercept (C. Mallows, 1973): it is near the number of coefficients
          where nothing that matters is left out; NaN without `noise`, and where that is zero infinite for fits that
          leave anything.

        All but cp are infinite for fits that leave no degree of freedom.
    """
    samples = n_samples * n_out
    of_mean = n_out * fit_intercept
    d = df * n_out
    # Where nothing is left of y its logarithm is minus infinity: no larger fit can be better. But a fit with as many
    # coefficients as samples leaves nothing of any y.
    with np.errstate(divide="ignore"):
        fit = np.where(samples - d - of_mean > 0, samples * _log(rss / samples, least), np.inf)
    model = _Model(d, df, samples, max(n_features, 1), of_mean)
    found = {name: _sum(fit, np.asarray(penalty(model))) for name, penalty in _PENALTIES.items()}
    found["cp"] = _over(rss, noise) - samples + 2 * (d + of_mean)
    return found


def _log(variance: Doubles, least: float) -> Doubles:
    """Return the logarithm, below `least` its tangent there."""
    if not least > 0:
        return np.asarray(np.log(variance))
    return np.where(variance < least, np.log(least) + variance / least - 1, np.log(np.maximum(variance, least)))


def least_variance(
    rss: Doubles, df: Doubles, n_samples: int, n_features: int, n_out: int = 1, *, fit_intercept: bool = True
) -> float:
    """Return the least variance of a fit that is believed, zero for any; the arguments of `information_criteria`.

    Of more features than `largest_size`, subsets are found that leave less than the noise: their variance goes to zero, and its
    logarithm below every penalty. Then it is that of the fit that EBIC chooses, which counts how many subsets there are.
    """
    largest = largest_size(n_samples, n_features)
    if n_features <= largest:
        return 0.0
    ebic = information_criteria(rss, df, n_samples, n_features, n_out, fit_intercept=fit_intercept)["ebic"]
    ebic[df > max(largest, df[0])] = np.inf
    return float(rss[int(np.argmin(ebic))]) / (n_samples * n_out)


def largest_size(n_samples: int, n_features: int) -> int:
    """Return the largest size for which theory lets a criterion of the fit alone tell signal from noise.

    n / (log(p) log(log(n))) of J. Zhu et al., "A polynomial algorithm for best-subset selection problem", 2020, with logarithms
    of at least one. Beyond it the loss of the best of so many subsets says nothing of the features.
    """
    count = max(float(np.log(max(n_features, 1))), 1.0) * max(float(np.log(max(np.log(n_samples), 1.0))), 1.0)
    return max(int(n_samples / count), 1)


def residual_variance(
    rss: float, df: float, n_samples: float, n_out: int = 1, *, fit_intercept: bool = True
) -> float | None:
    """Return the residual variance of one fit, None where it leaves no degree of freedom. As in `information_criteria`."""
    left = n_out * (n_samples - df - fit_intercept)
    return rss / left if left > 0 else None


def _small_sample(m: _Model) -> Doubles:
    k = m.d + m.n_intercepts + 1  # one more than the coefficients, for the variance
    left = m.n - k - 1
    return np.where(left > 0, 2 * k * (k + 1) / np.where(left > 0, left, 1), np.inf)


def _log_subsets(m: _Model) -> Doubles:
    """Return the logarithm of the binomial coefficient p over the size, which may lie between whole numbers."""
    return np.asarray(scipy.gammaln(m.p + 1) - scipy.gammaln(m.size + 1) - scipy.gammaln(m.p - m.size + 1))


def _over(rss: Doubles, noise: float | None) -> Doubles:
    if noise is None:
        return np.full(len(rss), np.nan)
    return rss / noise if noise > 0 else np.where(rss > 0, np.inf, 0.0)


def _sum(fit: Doubles, penalty: Doubles) -> Doubles:
    """Return fit + penalty, infinite where the penalty is, whatever the fit."""
    return np.where(np.isinf(penalty), np.inf, fit + np.where(np.isinf(penalty), 0.0, penalty))


def best_size(
    error: Doubles,
    spread: Doubles | None = None,
    *,
    select: str = "cv",
    n_samples: int | None = None,
    floor: float = 0.0,
) -> int:
    """Return the index of the smallest error, of equal ones the first; with `spread`, of the first error within it.

    The rule of one standard error (L. Breiman et al., 1984): the smallest fit whose error is no more than one standard error
    above the least.

    Parameters
    ----------
    error : ndarray of shape (n_sizes,)
    spread : ndarray of shape (n_sizes,), optional
        The standard errors.
    select : str, default "cv"
        What the errors are, for the message.
    n_samples : int, optional
        For the message.
    floor : float, default 0.0
        What rounding can change an error by: errors that differ by no more are equal.

    Raises
    ------
    ValueError
        If no error is below infinity.
    """
    there = np.where(np.isnan(error), np.inf, error)
    least = int(np.argmin(there))
    if there[least] == np.inf:
        raise check.error(
            ValueError,
            "select",
            f"expected what is finite for a size, got {select!r}, which {_reason(select, n_samples)}",
        )
    allowed = floor + (0.0 if spread is None else spread[least])
    return int(np.flatnonzero(there <= there[least] + allowed)[0])


def _reason(select: str, n_samples: int | None) -> str:
    if select == "cp":
        return (
            "needs more samples than features, for the residual variance of the fit on all of them; use 'cv' or 'aicc'"
        )
    if select in _PENALTIES and n_samples is not None:
        return f"needs two samples more than parameters, of {n_samples} whose weight is not zero"
    return "is infinite or NaN for all"
