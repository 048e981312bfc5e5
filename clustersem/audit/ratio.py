"""A critical ratio of rounded numbers, and its p-value."""

from __future__ import annotations

import math

from scipy.special import erfc, stdtr, stdtrit

from clustersem.audit.interval import Interval

#: Significance levels that tables give stars for.
LEVELS = (0.05, 0.01, 0.001)
#: A table of structural equations is rarely of fewer respondents; the degrees of freedom of a t
#: test where the paper does not print how many they were.
FEWEST = 30


def critical_ratio(est: Interval, se: Interval) -> Interval | None:
    """Estimate over standard error; unbounded where the error may be rounded from nearly nothing.

    Parameters
    ----------
    est, se : Interval
        As printed. Of `se` only the part that is not negative counts.

    Returns
    -------
    Interval or None
        None where the standard error is negative or exactly zero.

    Examples
    --------
    >>> critical_ratio(Interval(0.5, 0.6), Interval(-0.005, 0.005))
    Interval(lower=100.0, upper=inf)
    """
    if se.upper <= 0.0:
        return None
    if se.lower > 0.0:
        return est / se
    lower = est.lower / se.upper if est.lower > 0.0 else -math.inf
    upper = est.upper / se.upper if est.upper < 0.0 else math.inf
    return Interval(lower, upper)


def two_sided_p(ratio: Interval, df: int) -> Interval:
    """Return the p-values that programs print for a ratio, of the normal or of a t distribution.

    Parameters
    ----------
    ratio : Interval
        The critical ratio; its sign does not matter.
    df : int
        The fewest degrees of freedom that a t test could have had.

    Examples
    --------
    >>> two_sided_p(Interval(1.9, 2.0), 100).text(3)
    '0.046 to 0.060'
    """
    size = abs(ratio)
    upper = 2.0 * float(stdtr(df, -size.lower)) if size.lower < math.inf else 0.0
    return Interval(min(float(erfc(size.upper / math.sqrt(2.0))), upper), upper)


def half_widths(df: int, n: int | None = None) -> tuple[Interval, ...]:
    """Return by what programs multiply a standard error for a 95 % interval.

    Parameters
    ----------
    df : int
        The fewest degrees of freedom that a t test could have had.
    n : int, optional
        Respondents, where they are known.

    Returns
    -------
    tuple of Interval
        Of the normal distribution, rounded by hand or of many resamples; and of t.

    Examples
    --------
    >>> [one.text(3) for one in half_widths(90, 100)]
    ['1.960', '1.984 to 1.987']
    """
    most = n - 1 if n is not None and n - 1 > df else df
    normal = Interval(1.959963, 1.9605)
    lower = normal.upper if n is None else float(stdtrit(most, 0.975))
    return normal, Interval(lower, max(lower, float(stdtrit(df, 0.975))))


def stars(p: Interval) -> frozenset[int]:
    """Return how many of the levels .05, .01 and .001 a p-value may lie below.

    Examples
    --------
    >>> sorted(stars(Interval(0.006, 0.012)))
    [1, 2]
    """
    fewest = sum(p.upper <= level for level in LEVELS)
    return frozenset(range(fewest, sum(p.lower < level for level in LEVELS) + 1))


def p_text(p: Interval) -> str:
    """Write a p-value for a sentence.

    Examples
    --------
    >>> p_text(Interval(0.0, 0.001)), p_text(Interval(0.0861, 0.0949))
    ('< 0.001', '= 0.086 to 0.095')
    """
    if p.upper <= LEVELS[-1] or p.lower <= 0.0:
        return f"< {min(max(p.upper, LEVELS[-1]), 1.0):.3g}"
    return f"= {p.clipped(0.0, 1.0).text(3)}"
