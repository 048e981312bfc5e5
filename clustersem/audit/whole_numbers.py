"""Means and standard deviations that answers in whole numbers can have."""

from __future__ import annotations

import math

from clustersem.audit.interval import Interval

# Beyond this many possible sums every rounded standard deviation occurs.
_MOST_SUMS = 500


def sums(mean: Interval, n: int) -> range:
    """Return the sums of `n` whole numbers whose mean lies in an interval, if there are any.

    References
    ----------
    Brown, N. J. L., & Heathers, J. A. J. (2017). The GRIM test: A simple technique detects numerous
    anomalies in the reporting of results in psychology. *Social Psychological and Personality
    Science*, 8(4), 363-369. https://doi.org/10.1177/1948550616673876

    Examples
    --------
    No 28 whole numbers have a mean that rounds to 5.19:

    >>> len(sums(Interval.printed(5.19, decimals=2), 28))
    0
    """
    return range(math.ceil(mean.lower * n), math.floor(mean.upper * n) + 1)


def sd_range(mean: Interval, scale: tuple[float, float], *, n: int | None, step: float) -> Interval:
    """Smallest and largest standard deviation of answers with a given mean, whatever the divisor.

    Parameters
    ----------
    mean : Interval
        Within the scale.
    scale : (float, float)
        Lowest and highest answer.
    n : int or None
        Answers; None if unknown.
    step : float
        Distance of neighbouring answers: 1, or 1 / k for means of k items.

    References
    ----------
    Bhatia, R., & Davis, C. (2000). A better bound on the variance. *American Mathematical Monthly*,
    107(4), 353-357. https://doi.org/10.1080/00029890.2000.12005203

    Examples
    --------
    >>> sd_range(Interval.exact(1.5), (1, 5), n=1000, step=1.0).text(3)
    '0.500 to 1.324'
    """
    low, high = scale
    ends = mean.clipped(low, high)
    at = min(max(0.5 * (low + high), ends.lower), ends.upper)
    largest = (high - at) * (at - low)
    divisor = n if n is not None and n > 1 else 2
    largest *= divisor / (divisor - 1.0)
    first, last = (ends.lower - low) / step, (ends.upper - low) / step
    # The variance of a mixture of two neighbours is least at the ends of an interval of means.
    smallest = 0.0
    if math.floor(first) == math.floor(last):
        smallest = step**2 * min(_between(first), _between(last))
    return Interval(math.sqrt(smallest), math.sqrt(largest))


def _between(position: float) -> float:
    part = position - math.floor(position)
    return part * (1.0 - part)


def sd_exists(mean: Interval, sd: Interval, scale: tuple[int, int] | None, n: int) -> bool:
    """Whether some `n` whole numbers have this mean and standard deviation, as far as can be told.

    The sum of squares is a whole number, odd or even as the sum is, and of a scale between its
    extremes; the divisor may be n or n - 1.

    References
    ----------
    Anaya, J. (2016). The GRIMMER test: A method for testing the validity of reported measures of
    variability. *PeerJ Preprints*, 4, e2400v1. https://doi.org/10.7287/peerj.preprints.2400v1

    Allard, A. (2018). Analytic-GRIMMER: a new way of testing the possibility of standard
    deviations. https://aurelienallard.netlify.app/post/anaytic-grimmer-possibility-standard-deviations/

    Examples
    --------
    >>> printed = Interval.printed
    >>> sd_exists(printed(3.44, decimals=2), printed(2.47, decimals=2), None, 18)
    False
    >>> sd_exists(printed(3.44, decimals=2), printed(2.48, decimals=2), None, 18)
    True
    """
    totals = sums(mean, n)
    if len(totals) > _MOST_SUMS:
        return True
    variance = sd.square()
    for total in totals:
        centre = total * total / n
        lowest, highest = _squares(total, n, scale)
        for divisor in (n, n - 1):
            first = math.ceil(max(variance.lower * divisor + centre - 1e-9 * centre, lowest))
            last = math.floor(min(variance.upper * divisor + centre + 1e-9 * centre, highest))
            if first < last or (first == last and (first - total) % 2 == 0):
                return True
    return False


def _squares(total: int, n: int, scale: tuple[int, int] | None) -> tuple[float, float]:
    """Smallest and largest sum of squares of `n` whole numbers with a given sum."""
    below, more = divmod(total, n)
    least = (n - more) * below**2 + more * (below + 1) ** 2
    if scale is None:
        return least, math.inf
    low, high = scale
    if not n * low <= total <= n * high:
        return math.inf, -math.inf
    # As many as can be at the ends, and one in between.
    tops, rest = divmod(total - n * low, high - low) if high > low else (0, 0)
    bottoms = n - tops - (1 if rest else 0)
    return least, tops * high**2 + bottoms * low**2 + ((low + rest) ** 2 if rest else 0)
