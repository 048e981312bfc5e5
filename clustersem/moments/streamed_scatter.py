"""Means and scatter of rows that come in pieces, without loss of digits.

References
----------
Chan, T. F., Golub, G. H., & LeVeque, R. J. (1983). Algorithms for computing the sample variance:
Analysis and recommendations. The American Statistician, 37, 242-247.
https://doi.org/10.1080/00031305.1983.10483115
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.moments.order import Index
from clustersem.moments.sample import Array


@dataclass(frozen=True, eq=False)
class Scatter:
    """Number, mean and scatter of complete rows of p variables.

    The mean is kept as a row of the data and the small distance from it: a mean of 1e9 has no
    digits left for differences between the means of two pieces, the distance has all of them.

    Attributes
    ----------
    n : int
        Number of rows.
    origin : ndarray of shape (p,)
        A row.
    shift : ndarray of shape (p,)
        Mean less `origin`.
    scatter : ndarray of shape (p, p)
        Sum of the products of deviations from the mean.

    Examples
    --------
    >>> rows = np.array([[1.0, 2.0], [3.0, 1.0], [5.0, 6.0], [2.0, 3.0]])
    >>> both = Scatter.of(rows[:1]).merged(Scatter.of(rows[1:]))
    >>> both.mean.tolist(), np.allclose(both.cov, np.cov(rows.T, bias=True))
    ([2.75, 3.0], True)
    """

    n: int
    origin: Array
    shift: Array
    scatter: Array

    def __post_init__(self) -> None:
        for array in (self.origin, self.shift, self.scatter):
            array.setflags(write=False)

    @classmethod
    def of(cls, rows: Array) -> Scatter:
        """Return that of some rows (n x p), without gaps."""
        n, p = rows.shape
        if n == 0:
            return cls(0, np.zeros(p), np.zeros(p), np.zeros((p, p)))
        # What is too large to be squared is refused with its name once all is read.
        with np.errstate(over="ignore", invalid="ignore"):
            origin = rows[0].copy()
            deviations = rows - origin
            shift = deviations.mean(axis=0)
            deviations -= shift
            return cls(n, origin, shift, deviations.T @ deviations)

    def merged(self, other: Scatter) -> Scatter:
        """Return that of both pieces together (Chan, Golub & LeVeque, 1983, equation 2.1)."""
        if self.n == 0 or other.n == 0:
            return other if self.n == 0 else self
        n = self.n + other.n
        with np.errstate(over="ignore", invalid="ignore"):
            gap = (other.origin - self.origin) + (other.shift - self.shift)
            between = np.outer(gap, gap) * (self.n / n * other.n)
            shift = self.shift + gap * (other.n / n)
            return Scatter(n, self.origin, shift, self.scatter + other.scatter + between)

    def of_variables(self, places: Index) -> Scatter:
        """Return that of some variables, in the order wanted."""
        scatter = self.scatter[np.ix_(places, places)]
        return Scatter(self.n, self.origin[places], self.shift[places], scatter)

    @property
    def mean(self) -> Array:
        """Means."""
        return self.origin + self.shift

    @property
    def cov(self) -> Array:
        """Covariance matrix with divisor n."""
        return self.scatter / self.n
