"""Polyserial correlations of many pairs at once, from the scores of every respondent.

References
----------
Olsson, U., Drasgow, F., & Dorans, N. J. (1982). The polyserial correlation coefficient.
Psychometrika, 47, 337-347. https://doi.org/10.1007/BF02294164
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr

from clustersem.moments import newton
from clustersem.moments.contingency import ROOT_TWO_PI, CodedAnswers
from clustersem.moments.continuous import ContinuousAnswers, ScoredPairs, chunks, joined
from clustersem.moments.normal2 import SMALLEST
from clustersem.moments.order import Index
from clustersem.moments.sample import Array


def polyserial(
    ordinal: CodedAnswers, continuous: ContinuousAnswers, items: Index, others: Index
) -> ScoredPairs:
    """Correlate ordinal items `items` with continuous variables `others`, pair by pair.

    Thresholds, means and variances are held fixed at their first-step estimates.
    """
    return joined(
        [
            _fit(ordinal, continuous, items[at], others[at])
            for at in chunks(len(items), ordinal.n_rows)
        ]
    )


def _fit(
    ordinal: CodedAnswers, continuous: ContinuousAnswers, items: Index, others: Index
) -> ScoredPairs:
    z, codes = continuous.z[others], ordinal.codes[items]
    both = (continuous.answered[others] > 0.0) & (codes < ordinal.n_codes)
    low, high = ordinal.limits(items)
    # A respondent with only one of the two answers says nothing about their correlation.
    weight = np.asarray(both, dtype=np.float64)
    if continuous.weights is not None:
        weight *= continuous.weights

    z_rho, bottom, top = newton.start(_start(ordinal, z, codes, weight, items))
    for _ in range(newton.MAX_ITERATIONS):
        at_limits = _at_limits(z, low, high, np.tanh(z_rho))
        score = at_limits.score
        weighted = weight * score
        information = (weighted * score).sum(axis=1)
        before = z_rho
        z_rho, bottom, top = newton.advance(
            z_rho,
            bottom,
            top,
            weighted.sum(axis=1),
            information - (weight * _second(at_limits, low, high)).sum(axis=1),
            information,
        )
        moved = np.abs(z_rho - before)
        if moved.max(initial=0.0) < newton.LAST_STEP:
            break

    at_limits = _at_limits(z, low, high, np.tanh(z_rho))
    score = np.where(both, at_limits.score, 0.0)
    weighted = weight * score
    by_high = at_limits.f_high / at_limits.root
    by_low = at_limits.f_low / at_limits.root
    # The log-likelihood of both answers is that of the category, given z, and that of z.
    by_value = at_limits.rho * (by_low - by_high) - z
    sd, x = continuous.sd[others][:, None], continuous.covariates.T
    return ScoredPairs(
        at_limits.rho[:, 0],
        newton.interior(z_rho) & (moved < newton.LAST_STEP),
        score,
        (weighted * score).sum(axis=1),
        ordinal.by_threshold(items, weighted * by_high, -weighted * by_low)[:, None],
        -(weighted * by_value).sum(axis=1)[:, None] / sd,
        -0.5 * (weighted * (z * by_value + 1.0)).sum(axis=1)[:, None] / sd**2,
        np.stack([(weighted * (by_low - by_high)) @ x, -(weighted * by_value) @ x / sd], axis=1),
    )


@dataclass(frozen=True, eq=False)
class _AtLimits:
    """What the derivatives of P(category | z) by rho are made of.

    With P = normal(high') - normal(low') and limit' = (limit - rho z) / root, of shape (m, n) but
    for the first two of shape (m, 1).

    Attributes
    ----------
    rho, root : ndarray
        The correlation and sqrt(1 - rho^2).
    at_high, at_low : ndarray
        high' and low'.
    f_high, f_low : ndarray
        Normal densities there, divided by P.
    d_high, d_low : ndarray
        Derivatives of high' and low' by rho.
    """

    rho: Array
    root: Array
    at_high: Array
    at_low: Array
    f_high: Array
    f_low: Array
    d_high: Array
    d_low: Array

    @cached_property
    def score(self) -> Array:
        """Derivative of log P by rho."""
        return self.f_high * self.d_high - self.f_low * self.d_low


def _at_limits(z: Array, low: Array, high: Array, rho: Array) -> _AtLimits:
    r = rho[:, None]
    rest = (1.0 - r) * (1.0 + r)
    root = np.sqrt(rest)
    inverse, cube = 1.0 / root, 1.0 / (rest * root)
    expected = r * z
    at_high, at_low = (high - expected) * inverse, (low - expected) * inverse
    # In the upper tail the complements keep the digits that the difference needs.
    sign = np.where(at_low > 0.0, -1.0, 1.0)
    p = sign * (ndtr(sign * at_high) - ndtr(sign * at_low))
    scale = 1.0 / (ROOT_TWO_PI * np.maximum(p, SMALLEST))
    return _AtLimits(
        r,
        root,
        at_high,
        at_low,
        np.exp(-0.5 * at_high * at_high) * scale,
        np.exp(-0.5 * at_low * at_low) * scale,
        (r * high - z) * cube,
        (r * low - z) * cube,
    )


def _second(of: _AtLimits, low: Array, high: Array) -> Array:
    """Return the second derivative of P by rho, divided by P."""
    rest = of.root**2
    cube, triple = 1.0 / (rest * of.root), 3.0 * of.rho / rest
    above = of.f_high * (high * cube + of.d_high * (triple - of.at_high * of.d_high))
    return above - of.f_low * (low * cube + of.d_low * (triple - of.at_low * of.d_low))


def _start(ordinal: CodedAnswers, z: Array, codes: Index, weight: Array, items: Index) -> Array:
    """Return correlations with the mean latent responses, made up for their lesser spread."""
    scores, variance = ordinal.category_means
    means = np.vstack([scores, np.zeros(scores.shape[1])])[codes, items[:, None]]
    cross = (weight * means * z).sum(axis=1)
    return np.asarray(cross / (weight.sum(axis=1) * variance[items]))
