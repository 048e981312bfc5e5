"""Continuous variables: standardised values and Pearson correlations of many pairs at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clustersem.moments.order import Index
from clustersem.moments.sample import Array

MAX_ITERATIONS = 50
# A variable with three values has cross-products well above this, one with two has rounding errors.
SINGULAR = 1e-10
# Numbers in one array of a chunk of pairs: it stays in the processor's cache.
CHUNK = 15_000


@dataclass(frozen=True, eq=False)
class ContinuousAnswers:
    """Values of c continuous variables, standardised.

    Attributes
    ----------
    z : ndarray of shape (c, n)
        Standardised values; 0 where missing.
    answered : ndarray of shape (c, n)
        1.0 where a value is known, else 0.0.
    mean, sd : ndarray of shape (c,)
        Means and standard deviations, divisor n.
    weights : ndarray of shape (n,) or None
        Sampling weights that sum to n.
    """

    z: Array
    answered: Array
    mean: Array
    sd: Array
    weights: Array | None

    def total(self, values: Array) -> Array:
        """Return the weighted sums over respondents, the last axis."""
        return np.asarray(values.sum(axis=-1) if self.weights is None else values @ self.weights)

    @cached_property
    def influence(self) -> Array:
        """What one value adds to n times the mean and the variance, shape (2, c, n).

        The inverse of the cross-products of the scores stands for the inverse information, which
        is right where the variable is normal, as the polyserial correlation supposes. For a
        variable with two values the scores of mean and variance are proportional and their
        cross-products singular; the expected information takes their place.
        """
        c, n = self.z.shape
        scores = np.stack([self.z, 0.5 * (self.z**2 - 1.0) * self.answered])
        products = np.empty((c, 2, 2))
        for i in range(2):
            for j in range(2):
                products[:, i, j] = self.total(scores[i] * scores[j]) / n
        determinant = products[:, 0, 0] * products[:, 1, 1] - products[:, 0, 1] ** 2
        two_valued = determinant < SINGULAR * products[:, 0, 0]
        normal = np.diag([1.0, 0.5]) * (self.total(self.answered) / n)[:, None, None]
        products = np.where(two_valued[:, None, None], normal, products)
        solved = np.linalg.solve(products, scores.transpose(1, 0, 2)).transpose(1, 0, 2)
        solved[0] *= self.sd[:, None]
        solved[1] *= (self.sd**2)[:, None]
        return np.asarray(solved)


def standardised(data: Array, weights: Array | None) -> ContinuousAnswers:
    """Return the continuous columns of `data` (n x c, NaN where missing) standardised.

    A constant variable has standard deviation zero, and zero for its values.
    """
    values = np.ascontiguousarray(data.T)
    known = ~np.isnan(values)
    answered = known.astype(np.float64)
    share = answered if weights is None else answered * weights
    total = share.sum(axis=1)
    # Twice: a large mean leaves rounding errors behind that its own deviations show.
    values = np.where(known, values, 0.0)
    first = (share * values).sum(axis=1) / total
    values = (values - first[:, None]) * answered
    mean = (share * values).sum(axis=1) / total
    values = (values - mean[:, None]) * answered
    sd = np.sqrt((share * values**2).sum(axis=1) / total)
    scale = np.where(sd > 0.0, sd, 1.0)[:, None]
    return ContinuousAnswers(values / scale, answered, first + mean, sd, weights)


@dataclass(frozen=True, eq=False)
class ScoredPairs:
    """Second-step estimates of m pairs with at least one continuous variable.

    Attributes
    ----------
    rho : ndarray of shape (m,)
        Correlations.
    converged : ndarray of bool, shape (m,)
        False where the correlation runs to 1 or -1.
    score : ndarray of shape (m, n)
        Derivative of every respondent's log-likelihood by rho.
    information : ndarray of shape (m,)
        Squared scores summed over respondents.
    threshold_slope : ndarray of shape (m, K - 1)
        Scores of the thresholds of the ordinal variable times those of rho, summed; no columns
        where both variables are continuous.
    mean_slope, variance_slope : ndarray of shape (m, 1) or (m, 2)
        The same for the mean and the variance of each continuous variable of the pair.
    """

    rho: Array
    converged: NDArray[np.bool_]
    score: Array
    information: Array
    threshold_slope: Array
    mean_slope: Array
    variance_slope: Array


def chunks(n_pairs: int, n_rows: int) -> list[Index]:
    """Return the pairs in chunks for whose scores there is room, at least one chunk."""
    return np.array_split(np.arange(n_pairs), max(1, -(-n_pairs * n_rows // CHUNK)))


def joined(parts: list[ScoredPairs]) -> ScoredPairs:
    """Return the estimates of all chunks of pairs as one."""
    return ScoredPairs(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])}
    )


def pearson(continuous: ContinuousAnswers, rows: Index, cols: Index) -> ScoredPairs:
    """Correlate continuous variables pair by pair, means and variances being held fixed."""
    n = continuous.z.shape[1]
    return joined([_pearson(continuous, rows[at], cols[at]) for at in chunks(len(rows), n)])


def _pearson(continuous: ContinuousAnswers, rows: Index, cols: Index) -> ScoredPairs:
    x, y = continuous.z[rows], continuous.z[cols]
    both = continuous.answered[rows] * continuous.answered[cols]
    total = continuous.total(both)
    cross = continuous.total(x * y) / total
    squares = continuous.total((x**2 + y**2) * both) / total
    rho = cross.copy()
    # With all answers known the squares are 2 and this is the correlation itself; else the
    # likelihood has its maximum at a root of rho^3 - c rho^2 + (squares - 1) rho - c.
    for _ in range(MAX_ITERATIONS):
        value = ((rho - cross) * rho + squares - 1.0) * rho - cross
        step = value / ((3.0 * rho - 2.0 * cross) * rho + squares - 1.0)
        rho = np.clip(rho - step, -1.0, 1.0)
        if np.abs(step).max(initial=0.0) < 1e-14:
            break
    rest = (1.0 - rho) * (1.0 + rho)
    converged = rest > 1e-12
    rest = np.where(converged, rest, 1.0)
    r, q = rho[:, None], rest[:, None]
    by_x, by_y = -(x - r * y) / q * both, -(y - r * x) / q * both
    score = (r / q) * both + x * y / q - r * (x**2 + y**2 - 2.0 * r * x * y) * both / q**2
    sd = np.column_stack([continuous.sd[rows], continuous.sd[cols]])
    by_mean = [continuous.total(score * by_x), continuous.total(score * by_y)]
    by_variance = [
        continuous.total(score * (x * by_x + both)),
        continuous.total(score * (y * by_y + both)),
    ]
    return ScoredPairs(
        rho,
        converged,
        score,
        continuous.total(score**2),
        np.empty((len(rho), 0)),
        -np.column_stack(by_mean) / sd,
        -0.5 * np.column_stack(by_variance) / sd**2,
    )
