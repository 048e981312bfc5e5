"""Residual polychoric correlations given covariates, of many pairs at once.

Every respondent has thresholds of his own, those of the item less what the covariates predict, so
that there is no contingency table to start from: the likelihood is summed over respondents.

References
----------
Muthen, B. (1984). A general structural equation model with dichotomous, ordered categorical, and
continuous latent variable indicators. Psychometrika, 49, 115-132 (case B).
https://doi.org/10.1007/BF02294210
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from clustersem.moments import newton, normal2
from clustersem.moments.contingency import ROOT_TWO_PI, CodedAnswers
from clustersem.moments.continuous import ScoredPairs, chunks, joined
from clustersem.moments.order import Index
from clustersem.moments.polychoric import start
from clustersem.moments.sample import Array


def residual_polychoric(answers: CodedAnswers, rows: Index, cols: Index) -> ScoredPairs:
    """Correlate the residuals of items `rows` and `cols`, pair by pair.

    Thresholds and slopes are held fixed at their first-step estimates.
    """
    first = start(answers, rows, cols)
    return joined(
        [
            _fit(answers, rows[at], cols[at], first[at])
            for at in chunks(len(rows), 4 * answers.n_rows)
        ]
    )


@dataclass(frozen=True, eq=False)
class _Boxes:
    """The rectangles that m pairs of answers of n respondents stand for, arrays of shape (m, n)."""

    low: Array
    high: Array
    other_low: Array
    other_high: Array


def _fit(answers: CodedAnswers, rows: Index, cols: Index, first: Array) -> ScoredPairs:
    assert answers.given is not None
    size = answers.n_codes
    both = (answers.codes[rows] < size) & (answers.codes[cols] < size)
    weight = np.asarray(both, dtype=np.float64)
    if answers.weights is not None:
        weight *= answers.weights
    boxes = _Boxes(*answers.limits(rows), *answers.limits(cols))
    z, low, high = newton.start(first)
    for _ in range(newton.MAX_ITERATIONS):
        p, p1, p2 = _probabilities(boxes, np.tanh(z))
        score = p1 / p
        weighted = weight * score
        information = (weighted * score).sum(axis=1)
        before = z
        z, low, high = newton.advance(
            z,
            low,
            high,
            weighted.sum(axis=1),
            information - (weight * p2 / p).sum(axis=1),
            information,
        )
        moved = np.abs(z - before)
        if moved.max(initial=0.0) < newton.LAST_STEP:
            break

    rho = np.tanh(z)
    # The last step is so short that two terms of Taylor's series replace an evaluation.
    step = (rho - np.tanh(before))[:, None]
    p = np.maximum(p + (p1 + 0.5 * step * p2) * step, normal2.SMALLEST)
    p1 = p1 + p2 * step
    score = np.where(both, p1 / p, 0.0)
    weighted = weight * score
    turned = _Boxes(boxes.other_low, boxes.other_high, boxes.low, boxes.high)
    by_threshold, by_slope = [], []
    for own, items in ((boxes, rows), (turned, cols)):
        by_high, by_low = (
            weighted * _slope(limit, own, rho[:, None]) / p for limit in (own.high, own.low)
        )
        by_threshold.append(answers.by_threshold(items, by_high, -by_low))
        by_slope.append((by_low - by_high) @ answers.given.covariates.T)
    none = np.empty((len(rho), 0))
    return ScoredPairs(
        rho,
        newton.interior(z) & (moved < newton.LAST_STEP),
        score,
        (weighted * score).sum(axis=1),
        np.stack(by_threshold, axis=1),
        none,
        none,
        np.stack(by_slope, axis=1),
    )


def _probabilities(boxes: _Boxes, rho: Array) -> tuple[Array, Array, Array]:
    """Return the probability of every box and its first two derivatives by rho."""
    shape = boxes.low.shape
    h = np.stack([boxes.low.ravel(), boxes.high.ravel()])
    k = np.stack([boxes.other_low.ravel(), boxes.other_high.ravel()])
    r = np.repeat(rho, shape[1])
    first = normal2.pdf(h, k, r)
    grids = (normal2.cdf(h, k, r), first, first * normal2.pdf_slope(h, k, r))
    p, p1, p2 = (
        ((grid[1, 1] - grid[0, 1]) - (grid[1, 0] - grid[0, 0])).reshape(shape) for grid in grids
    )
    # Rounding may leave a box of the far tail below zero.
    return np.maximum(p, normal2.SMALLEST), p1, p2


def _slope(limit: Array, of: _Boxes, rho: Array) -> Array:
    """Return the derivative of the normal integral up to a limit, between the other's limits."""
    root = np.sqrt((1.0 - rho) * (1.0 + rho))
    at = np.clip(limit, -normal2.FARTHEST, normal2.FARTHEST)
    between = ndtr((of.other_high - rho * at) / root) - ndtr((of.other_low - rho * at) / root)
    return np.asarray(np.exp(-0.5 * at * at) / ROOT_TWO_PI * between)
