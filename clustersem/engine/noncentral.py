"""The noncentral chi-square distribution, as a Poisson mixture of central ones.

Both tails come from sums of positive terms, so a p-value of 1e-70 keeps its digits.

References
----------
Johnson, N. L., Kotz, S., & Balakrishnan, N. (1995). Continuous univariate distributions (Vol. 2,
2nd ed., chapter 29). Wiley.
Loader, C. (2000). Fast and accurate computation of binomial probabilities. Bell Laboratories.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import chdtr, chdtrc, gammaln, kl_div, ndtr, ndtri, xlogy

from clustersem.engine.ram import Array

#: Sums of more terms than this are not taken: x is then so large, or so far out, that the normal
#: distribution gives what anybody could see.
MOST_TERMS = 1e6
#: From here on four terms of Stirling's series have an error below 1e-14.
STIRLING = 16.0


def _range(noncentrality: float, x: float) -> tuple[float, float]:
    """Return the first and the last Poisson weight of the mixture that is not negligible.

    The weights peak at half the noncentrality, their products with the tail beyond a distant `x`
    near the square root of half of it times x / 2.
    """
    half = 0.5 * noncentrality
    peak = math.sqrt(0.5 * half * max(x, 0.0))
    reach = 9.0 * math.sqrt(max(half, peak)) + 40.0
    return max(0.0, np.floor(min(half, peak) - reach)), np.ceil(max(half, peak) + reach)


def _is_far(x: float, noncentrality: float) -> bool:
    first, last = _range(noncentrality, x)
    return bool(last - first > MOST_TERMS)


def _deviate(x: float, df: float, noncentrality: float) -> float:
    """Return the normal deviate of x: its distance from the mean in standard deviations."""
    return float((x - df - noncentrality) / np.sqrt(2.0 * df + 4.0 * noncentrality))


def _weights(noncentrality: float, x: float, *, tail_is_upper: bool) -> tuple[Array, Array]:
    """Return the indices of the mixture and their Poisson weights, without the negligible ones."""
    half = 0.5 * noncentrality
    first, last = _range(noncentrality, x)
    if not tail_is_upper:
        # P(X <= x) falls with the index: beyond the weights' own reach nothing is left.
        last = min(last, np.ceil(half + 9.0 * math.sqrt(half) + 40.0))
    j = np.arange(first, last + 1.0)
    weight = _poisson(j, half)
    return j, weight / weight.sum()


def _poisson(k: Array, mean: float) -> Array:
    """Return mean^k exp(-mean) / Gamma(k + 1) of ascending k, whole or not, to all digits.

    With large k nothing large is subtracted from anything large (Loader, 2000).
    """
    split = int(np.searchsorted(k, STIRLING))
    small, large = k[:split], k[split:]
    direct = xlogy(small, mean) - mean - gammaln(small + 1.0)
    r = 1.0 / large
    series = r * (1.0 / 12.0 - r * r * (1.0 / 360.0 - r * r * (1.0 / 1260.0 - r * r / 1680.0)))
    saddle = -kl_div(large, mean) - series - 0.5 * np.log(2.0 * np.pi * large)
    return np.asarray(np.exp(np.concatenate([direct, saddle])))


def cdf(x: float, df: float, noncentrality: float) -> float:
    """Return P(X <= x).

    Parameters
    ----------
    x : float
        Quantile, not negative.
    df : float
        Degrees of freedom, positive.
    noncentrality : float
        Not negative.
    """
    return _cdf_and_slope(x, df, noncentrality)[0]


def sf(x: float, df: float, noncentrality: float) -> float:
    """Return P(X > x), exact in the far tail; parameters as in :func:`cdf`."""
    if _is_far(x, noncentrality):
        return float(ndtr(-_deviate(x, df, noncentrality)))
    j, weight = _weights(noncentrality, x, tail_is_upper=True)
    central = np.cumsum(np.concatenate([[chdtrc(df + 2.0 * j[0], x)], _drops(x, df, j[:-1])]))
    return min(1.0, float(weight @ central))


def _cdf_and_slope(x: float, df: float, noncentrality: float) -> tuple[float, float]:
    """Return P(X <= x) and its derivative by the noncentrality, (P_{df+2} - P_df) / 2."""
    if _is_far(x, noncentrality):
        z = _deviate(x, df, noncentrality)
        slope = -np.exp(-0.5 * z * z) / np.sqrt(4.0 * np.pi * (df + 2.0 * noncentrality))
        return float(ndtr(z)), float(slope)
    j, weight = _weights(noncentrality, x, tail_is_upper=False)
    drops = _drops(x, df, j)
    central = np.cumsum(drops[::-1])[::-1] + chdtr(df + 2.0 * (j[-1] + 1.0), x)
    return min(1.0, float(weight @ central)), -0.5 * float(weight @ drops)


def _drops(x: float, df: float, j: Array) -> Array:
    """Return P_{df+2j} - P_{df+2j+2} at x: the steps from one central distribution to the next.

    Their sums take a fifth of the time of as many incomplete gamma functions.
    """
    return _poisson(0.5 * df + j, 0.5 * x)


def noncentrality_at(x: float, df: float, probability: float) -> float:
    """Return the noncentrality at which P(X <= x) is `probability`; 0 where none is that small.

    The confidence bound of a noncentrality: ``probability`` is 0.95 for the lower and 0.05 for the
    upper bound of a 90 % interval.
    """
    if float(chdtr(df, x)) <= probability:
        return 0.0
    # A normal approximation of the bound, with a term for skewness, is close; the bracket closes in
    # on it from there.
    deviate = -float(ndtri(probability))
    excess = max(x - df, 0.0)
    variance = 2.0 * df + 4.0 * excess
    skewness = (deviate**2 - 1.0) * 4.0 * (df + 3.0 * excess) / (3.0 * variance)
    nc = max(x - df + deviate * math.sqrt(variance) + 2.0 * deviate**2 - skewness, 0.5)
    low, high = 0.0, np.inf
    for _ in range(100):
        value, slope = _cdf_and_slope(x, df, nc)
        if value > probability:
            low = nc
        else:
            high = nc
        # Newton steps on the normal deviate of P, which is nearly straight.
        proposal = nc
        z = float(ndtri(value))
        if math.isfinite(z) and slope < 0:
            density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
            proposal = nc - (z + deviate) * density / slope
        if not low <= proposal <= high:
            proposal = 0.5 * (low + high) if math.isfinite(high) else 2.0 * nc
        # The error of a Newton step is about the square of the step.
        if abs(proposal - nc) <= 1e-6 * max(1.0, proposal):
            return float(proposal)
        nc = proposal
    return float(nc)


def quantile(probability: float, df: float, noncentrality: float) -> float:
    """Return the x at which P(X <= x) is `probability`, to 1e-10 of its normal deviate.

    Parameters
    ----------
    probability : float
        Between 0 and 1, both excluded.
    df, noncentrality : float
        As in :func:`cdf`.
    """
    return _solve(lambda x: cdf(x, df, noncentrality), probability, df, noncentrality)


def isf(probability: float, df: float, noncentrality: float) -> float:
    """Return the x at which P(X > x) is `probability`; exact in the far tail, as :func:`sf` is."""
    return _solve(lambda x: sf(x, df, noncentrality), probability, df, noncentrality)


def _solve(
    tail: Callable[[float], float], probability: float, df: float, noncentrality: float
) -> float:
    """Return where a tail has a probability: the secant rule on its normal deviate, bracketed."""
    wanted = float(ndtri(probability))
    mean, sd = df + noncentrality, float(np.sqrt(2.0 * df + 4.0 * noncentrality))

    def off(x: float) -> float:
        return float(ndtri(tail(x))) - wanted

    x, low, high = mean, 0.0, np.inf
    rises = off(mean + sd) > off(mean)
    at = off(x)
    step = -at * sd if rises else at * sd
    for _ in range(200):
        if abs(at) <= 1e-10:
            break
        if (at < 0) == rises:
            low = x
        else:
            high = x
        proposal = x + step
        if not low < proposal < high:
            proposal = 0.5 * (low + high) if np.isfinite(high) else 2.0 * x + sd
        if proposal in (low, high):
            break  # as near as the numbers of the machine lie
        before, at_before = x, at
        x, at = proposal, off(proposal)
        slope = (at - at_before) / (x - before)
        # Where the tail is 0 or 1 its deviate is infinite, and the bracket is halved.
        step = -at / slope if np.isfinite(slope) and slope != 0 else np.inf
    return float(x)
