"""Standardised beta and beta prime variables with a given skewness and kurtosis.

They are types I and VI of Pearson's family, which come from each other by analytic continuation:
with b1 = skewness^2, b2 = kurtosis + 3 and

    s = 6 (b2 - b1 - 1) / (6 + 3 b1 - 2 b2),

a beta variable has shapes p + q = s > 0. Where s is negative, p + q = s still holds the moments of
-X, where X has a beta prime distribution with shapes p and 1 - s. They reach the pairs of skewness
and kurtosis that are too close to the bound skewness^2 - 2 for a cubic of a normal variable.

References
----------
Johnson, N. L., Kotz, S., & Balakrishnan, N. (1994). Continuous univariate distributions (2nd ed.,
Vol. 1, section 12.4). Wiley.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.engine.ram import Array


@dataclass(frozen=True)
class Pearson:
    """A standardised beta (type I) or beta prime (type VI) variable.

    Attributes
    ----------
    p, q : float
        Shapes. Of a beta prime variable q is negative: 1 - q - p is its second shape.
    sign : float
        -1 where the variable is mirrored.
    """

    p: float
    q: float
    sign: float

    def sample(self, rng: np.random.Generator, n: int) -> Array:
        """Return n values with mean zero and variance one."""
        s = self.p + self.q
        mean = self.p / s
        sd = np.sqrt(self.p * self.q / (s + 1.0)) / abs(s)
        if s > 0.0:
            return np.asarray(self.sign * (rng.beta(self.p, self.q, n) - mean) / sd)
        ratio = rng.standard_gamma(self.p, n) / rng.standard_gamma(1.0 - s, n)
        return np.asarray(self.sign * (ratio + mean) / sd)


def pearson(skewness: float, kurtosis: float) -> Pearson | None:
    """Return the variable with given moments, None where it is of another type.

    Parameters
    ----------
    skewness, kurtosis : float
        Third standardised moment, and fourth less 3.

    Examples
    --------
    >>> uniform = pearson(0.0, -1.2)
    >>> round(uniform.p, 6), round(uniform.q, 6)
    (1.0, 1.0)
    """
    b1, b2 = skewness**2, kurtosis + 3.0
    between = 6.0 + 3.0 * b1 - 2.0 * b2
    if b2 <= b1 + 1.0 or between == 0.0:
        return None
    s = 6.0 * (b2 - b1 - 1.0) / between
    root = (s + 2.0) ** 2 * b1 + 16.0 * (s + 1.0)
    if root <= 0.0 or -3.0 <= s <= 0.0:
        return None
    part = (s + 2.0) * np.sqrt(b1 / root)
    low, high = 0.5 * s * (1.0 - part), 0.5 * s * (1.0 + part)
    sign = -1.0 if skewness < 0.0 else 1.0
    if s > 0.0:  # the smaller first shape is the one skewed to the right
        return Pearson(float(min(low, high)), float(max(low, high)), sign)
    if max(low, high) <= 0.0:
        return None
    return Pearson(float(max(low, high)), float(min(low, high)), sign)
