"""Polyserial correlations of many pairs at once, from the scores of every respondent.

References
----------
Olsson, U., Drasgow, F., & Dorans, N. J. (1982). The polyserial correlation coefficient.
Psychometrika, 47, 337-347. https://doi.org/10.1007/BF02294164
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from clustersem.moments import newton
from clustersem.moments.contingency import ROOT_TWO_PI, CodedAnswers
from clustersem.moments.continuous import ContinuousAnswers, ScoredPairs, chunks, joined
from clustersem.moments.normal2 import FARTHEST as INFINITE
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
    size = ordinal.n_codes
    z, codes = continuous.z[others], ordinal.codes[items]
    both = (continuous.answered[others] > 0.0) & (codes < size)
    limits = np.full((len(ordinal.sizes), size + 1), INFINITE)
    limits[:, 0] = -INFINITE
    limits[:, 1:size] = np.minimum(ordinal.thresholds.T, INFINITE)
    place = np.where(both, codes, 0) + (items * (size + 1))[:, None]
    low, high = limits.ravel()[place], limits.ravel()[place + 1]
    # A respondent with only one of the two answers says nothing about their correlation.
    weight = np.asarray(both, dtype=np.float64)
    if continuous.weights is not None:
        weight *= continuous.weights

    z_rho, bottom, top = newton.start(_start(ordinal, z, codes, weight, items))
    for _ in range(newton.MAX_ITERATIONS):
        terms = _terms(z, low, high, np.tanh(z_rho))
        information = (weight * terms.score**2).sum(axis=1)
        before = z_rho
        z_rho, bottom, top = newton.advance(
            z_rho,
            bottom,
            top,
            (weight * terms.score).sum(axis=1),
            information - (weight * terms.second).sum(axis=1),
            information,
        )
        moved = np.abs(z_rho - before)
        if moved.max(initial=0.0) < newton.LAST_STEP:
            break
    converged = newton.interior(z_rho) & (moved < newton.LAST_STEP)
    terms = _terms(z, low, high, np.tanh(z_rho))
    score = np.where(both, terms.score, 0.0)
    weighted = weight * score

    upper = (weighted * terms.by_high).ravel()
    lower = (weighted * terms.by_low).ravel()
    at = (np.where(both, codes, 0) + (np.arange(len(items)) * size)[:, None]).ravel()
    gains = np.bincount(at, upper, len(items) * size).reshape(-1, size)
    losses = np.bincount(at, lower, len(items) * size).reshape(-1, size)
    by_value = terms.by_value - z
    sd = continuous.sd[others][:, None]
    return ScoredPairs(
        terms.rho,
        converged,
        score,
        (weighted * score).sum(axis=1),
        np.asarray(gains[:, :-1] - losses[:, 1:], dtype=np.float64),
        -(weighted * by_value).sum(axis=1)[:, None] / sd,
        -0.5 * (weighted * (z * by_value + 1.0)).sum(axis=1)[:, None] / sd**2,
    )


@dataclass(frozen=True, eq=False)
class _Terms:
    """Derivatives of P(category | z), each of shape (m, n)."""

    rho: Array
    score: Array
    second: Array
    by_high: Array
    by_low: Array
    by_value: Array


def _terms(z: Array, low: Array, high: Array, rho: Array) -> _Terms:
    """Return the derivatives; `second` is P'' / P, the others are those of log P."""
    r = rho[:, None]
    rest = (1.0 - r) * (1.0 + r)
    root = np.sqrt(rest)
    upper, lower = (high - r * z) / root, (low - r * z) / root
    # In the upper tail the complements keep the digits that the difference needs.
    sign = np.where(lower > 0.0, -1.0, 1.0)
    p = np.maximum(sign * (ndtr(sign * upper) - ndtr(sign * lower)), SMALLEST)
    f_upper = np.exp(-0.5 * upper**2) / (ROOT_TWO_PI * p)
    f_lower = np.exp(-0.5 * lower**2) / (ROOT_TWO_PI * p)
    d_upper, d_lower = (r * high - z) / root**3, (r * low - z) / root**3
    second = f_upper * (high / root**3 + 3.0 * r * d_upper / rest - upper * d_upper**2)
    second -= f_lower * (low / root**3 + 3.0 * r * d_lower / rest - lower * d_lower**2)
    return _Terms(
        rho,
        f_upper * d_upper - f_lower * d_lower,
        second,
        f_upper / root,
        f_lower / root,
        -r * (f_upper - f_lower) / root,
    )


def _start(ordinal: CodedAnswers, z: Array, codes: Index, weight: Array, items: Index) -> Array:
    """Return correlations with the mean latent responses, made up for their lesser spread."""
    scores, variance = ordinal.category_means
    means = np.vstack([scores, np.zeros(scores.shape[1])])[codes, items[:, None]]
    cross = (weight * means * z).sum(axis=1)
    return np.asarray(cross / (weight.sum(axis=1) * variance[items]))
