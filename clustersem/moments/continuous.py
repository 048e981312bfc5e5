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
        Means and standard deviations, divisor n. Given covariates: intercepts, and those of the
        residuals, which `z` then holds.
    weights : ndarray of shape (n,) or None
        Sampling weights that sum to n.
    slopes : ndarray of shape (c, x)
        Slopes on covariates.
    covariates : ndarray of shape (x, n)
        Covariates given which the moments are; no row where there are none.
    """

    z: Array
    answered: Array
    mean: Array
    sd: Array
    weights: Array | None
    slopes: Array
    covariates: Array

    def total(self, values: Array) -> Array:
        """Return the weighted sums over respondents, the last axis."""
        return np.asarray(values.sum(axis=-1) if self.weights is None else values @ self.weights)

    def by_covariate(self, values: Array) -> Array:
        """Return the weighted sums over respondents of values times every covariate."""
        weighted = values if self.weights is None else values * self.weights
        return np.asarray(weighted @ self.covariates.T)

    @cached_property
    def influence(self) -> Array:
        """What one value adds to n times mean, slopes and variance, shape (2 + x, c, n).

        The inverse of the cross-products of the scores stands for the inverse information, which
        is right where the variable is normal, as the polyserial correlation supposes. For a
        variable with two values the scores of mean and variance are proportional and their
        cross-products singular; the expected information takes their place.
        """
        c, n = self.z.shape
        design = np.stack([np.ones(n), *self.covariates])
        last = len(design)
        scores = np.empty((last + 1, c, n))
        scores[:last] = design[:, None] * self.z
        scores[last] = 0.5 * (self.z**2 - 1.0) * self.answered
        products, normal = np.empty((c, last + 1, last + 1)), np.zeros((c, last + 1, last + 1))
        for i in range(last + 1):
            for j in range(last + 1):
                products[:, i, j] = self.total(scores[i] * scores[j]) / n
        for i in range(last):
            for j in range(last):
                normal[:, i, j] = self.total(design[i] * design[j] * self.answered) / n
        normal[:, last, last] = 0.5 * normal[:, 0, 0]
        # What of the variance's score the others do not predict.
        cross = products[:, :last, last]
        predicted = np.linalg.solve(products[:, :last, :last], cross[..., None])[..., 0]
        left = products[:, last, last] - (cross * predicted).sum(axis=1)
        products = np.where((left < SINGULAR)[:, None, None], normal, products)
        solved = np.linalg.solve(products, scores.transpose(1, 0, 2)).transpose(1, 0, 2)
        solved[:last] *= self.sd[:, None]
        solved[last] *= (self.sd**2)[:, None]
        return np.asarray(solved)


def standardised(
    data: Array, weights: Array | None, covariates: Array | None = None
) -> ContinuousAnswers:
    """Return the continuous columns of `data` (n x c, NaN where missing) standardised.

    A constant variable has standard deviation zero, and zero for its values. With `covariates`
    (x by n) it is the residuals of regressions on these that are standardised.
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
    mean = first + mean
    x = np.empty((0, len(data))) if covariates is None else covariates
    slopes = np.zeros((len(values), len(x)))
    if len(x):
        design = np.vstack([np.ones(len(data)), x])
        products = np.einsum("jn,an,bn->jab", share, design, design, optimize=True)
        cross = (share * values) @ design.T
        found = np.linalg.solve(products, cross[..., None])[..., 0]
        values = (values - found @ design) * answered
        mean, slopes = mean + found[:, 0], found[:, 1:]
    sd = np.sqrt((share * values**2).sum(axis=1) / total)
    scale = np.where(sd > 0.0, sd, 1.0)[:, None]
    return ContinuousAnswers(values / scale, answered, mean, sd, weights, slopes, x)


@dataclass(frozen=True, eq=False)
class ScoredPairs:
    """Second-step estimates of m pairs from the scores of every respondent.

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
    threshold_slope : ndarray of shape (m, s, K - 1)
        Scores of the thresholds of each of the s ordinal variables of a pair, which come first,
        times those of rho, summed.
    mean_slope, variance_slope : ndarray of shape (m, 2 - s)
        The same for the mean and the variance of each continuous variable of the pair.
    covariate_slope : ndarray of shape (m, 2, x)
        The same for the slopes of both variables on covariates.
    """

    rho: Array
    converged: NDArray[np.bool_]
    score: Array
    information: Array
    threshold_slope: Array
    mean_slope: Array
    variance_slope: Array
    covariate_slope: Array


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
    by_slope = [continuous.by_covariate(score * by_x), continuous.by_covariate(score * by_y)]
    by_variance = [
        continuous.total(score * (x * by_x + both)),
        continuous.total(score * (y * by_y + both)),
    ]
    return ScoredPairs(
        rho,
        converged,
        score,
        continuous.total(score**2),
        np.empty((len(rho), 0, 0)),
        -np.column_stack(by_mean) / sd,
        -0.5 * np.column_stack(by_variance) / sd**2,
        -np.stack(by_slope, axis=1) / sd[:, :, None],
    )
