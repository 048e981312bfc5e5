"""The sampling covariances of two-step statistics.

Every respondent's influence on a moment is a score of the second step, corrected for the sampling
of the first step's thresholds, means and variances, over the information (the sum of squared
scores). Gamma is the mean of the products of the influences.

References
----------
Muthen, B. (1984). A general structural equation model with dichotomous, ordered categorical, and
continuous latent variable indicators. Psychometrika, 49, 115-132.
https://doi.org/10.1007/BF02294210
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.moments.contingency import CodedAnswers
from clustersem.moments.continuous import ContinuousAnswers, ScoredPairs
from clustersem.moments.order import Index, MomentOrder
from clustersem.moments.polychoric import TabledPairs
from clustersem.moments.sample import Array

# Respondents whose influences are held at once: a few MB for the usual number of moments.
BLOCK = 1024
# Pairs whose influences are looked up at once: the places fit into the processor's cache.
PAIRS = 32


@dataclass(frozen=True, eq=False)
class Members:
    """The pairs of one kind.

    Attributes
    ----------
    at : ndarray of int, shape (m,)
        Places among the covariances of the MomentOrder.
    first, second : ndarray of int, shape (m,)
        The two variables, each counted among the ordinal or among the continuous ones.
    """

    at: Index
    first: Index
    second: Index


@dataclass(frozen=True, eq=False)
class SecondStep:
    """The correlations of all pairs, by kind: two ordinal variables, one, none."""

    tabled: Members
    polychoric: TabledPairs
    mixed: Members
    polyserial: ScoredPairs
    metric: Members
    pearson: ScoredPairs

    @property
    def parts(self) -> tuple[tuple[Members, TabledPairs | ScoredPairs], ...]:
        """Members and estimates of each kind."""
        return (
            (self.tabled, self.polychoric),
            (self.mixed, self.polyserial),
            (self.metric, self.pearson),
        )

    def covariances(self, order: MomentOrder, sd: Array) -> Array:
        """Return the covariances in the order of the moments; `sd` is of continuous variables."""
        rho = np.empty(len(order.rows))
        for members, fit in self.parts:
            rho[members.at] = fit.rho
        scale = np.ones(order.n_observed)
        scale[order.continuous] = sd
        return np.asarray(rho * scale[order.rows] * scale[order.cols])


def gamma(
    order: MomentOrder, answers: CodedAnswers, values: ContinuousAnswers, pairs: SecondStep
) -> Array:
    """Return n times the covariance matrix of the moments (divisor n), shape (k, k)."""
    table = _cell_influence(answers, pairs)
    scored = _scored_influence(order, answers, values, pairs)
    total: Array | None = None
    for start in range(0, answers.n_rows, BLOCK):
        rows = slice(start, start + BLOCK)
        block = _influence(order, answers, values, pairs, table, scored, rows)
        product = block @ block.T
        total = product if total is None else np.add(total, product, out=total)
    assert total is not None
    total /= answers.n_rows
    return total


def influences(
    order: MomentOrder, answers: CodedAnswers, values: ContinuousAnswers, pairs: SecondStep
) -> Array:
    """Return what every respondent adds to n times every moment, shape (k, n)."""
    table = _cell_influence(answers, pairs)
    scored = _scored_influence(order, answers, values, pairs)
    return _influence(order, answers, values, pairs, table, scored, slice(None))


def _influence(
    order: MomentOrder,
    answers: CodedAnswers,
    values: ContinuousAnswers,
    pairs: SecondStep,
    table: Array,
    scored: tuple[Array, Array, Index],
    rows: slice,
) -> Array:
    """Return the influences of some respondents, shape (k, number of rows)."""
    size = answers.n_codes + 1
    codes = answers.codes[:, rows]
    block = np.empty((order.n_moments, codes.shape[1]))

    item = np.repeat(np.arange(len(answers.sizes)), answers.sizes - 1)
    finite = np.isfinite(answers.thresholds.T)
    steps = answers.threshold_influence.transpose(2, 0, 1)[finite]
    place = codes[item] + (np.arange(len(item)) * size)[:, None]
    np.take(steps, place, out=block[order.thresholds], mode="clip")
    block[order.means] = values.influence[0][:, rows]
    block[order.variances] = values.influence[1][:, rows]

    covariances = block[order.covariances]
    scaled = codes * size
    all_tabled = len(pairs.tabled.at) == len(covariances)
    for begin in range(0, len(pairs.tabled.at), PAIRS):
        some = slice(begin, begin + PAIRS)
        place = scaled[pairs.tabled.first[some]]
        place += codes[pairs.tabled.second[some]]
        place += (np.arange(len(place)) * (size * size))[:, None]
        if all_tabled:
            np.take(table[some], place, out=covariances[some], mode="clip")
        else:
            covariances[pairs.tabled.at[some]] = np.take(table[some], place)
    if not all_tabled:
        direct, by_first, where = scored
        covariances[where] = direct[:, rows] + by_first @ block[: order.covariances.start]
    if answers.weights is not None:
        block *= answers.weights[rows]
    return block


def _cell_influence(answers: CodedAnswers, pairs: SecondStep) -> Array:
    """Return the influence on every polychoric correlation of every cell, shape (m, K+1, K+1).

    The last row and column are of respondents who gave only one of the two answers: they count
    through their threshold alone.
    """
    fit, first, second = pairs.polychoric, pairs.tabled.first, pairs.tabled.second
    size = answers.n_codes
    n = answers.n_rows
    by_threshold = answers.threshold_influence
    by_row = np.einsum("tm,tam->am", fit.row_slope, by_threshold[:, :, first])
    by_col = np.einsum("tm,tbm->bm", fit.col_slope, by_threshold[:, :, second])
    table = -(by_row[:, None] + by_col[None])
    table[:size, :size] += n * fit.score
    table /= fit.information
    return np.ascontiguousarray(table.transpose(2, 0, 1))


def _scored_influence(
    order: MomentOrder, answers: CodedAnswers, values: ContinuousAnswers, pairs: SecondStep
) -> tuple[Array, Array, Index]:
    """Return the influences on covariances with continuous variables, and where they stand.

    They have two parts: one of every respondent, shape (m, n), and multiples of the influences on
    the first step's moments, shape (m, number of thresholds, means and variances).
    """
    n = answers.n_rows
    mixed, metric = pairs.mixed, pairs.metric
    n_mixed = len(mixed.at)
    where = np.concatenate([mixed.at, metric.at])
    by_first = np.zeros((len(where), order.covariances.start))
    direct = np.empty((len(where), n))
    if not len(where):
        return direct, by_first, where

    start = np.concatenate([[0], np.cumsum(answers.sizes - 1)])
    for t in range(answers.n_codes - 1):
        has = np.flatnonzero(answers.sizes[mixed.first] > t + 1)
        by_first[has, start[mixed.first[has]] + t] = pairs.polyserial.threshold_slope[has, t]
    upper, lower = slice(0, n_mixed), slice(n_mixed, None)
    sd = values.sd
    for rows, fit, used in (
        (upper, pairs.polyserial, (mixed.second,)),
        (lower, pairs.pearson, (metric.first, metric.second)),
    ):
        number = np.arange(len(where))[rows]
        scale = np.ones(len(number))
        for other, by_mean, by_variance in zip(
            used, fit.mean_slope, fit.variance_slope, strict=True
        ):
            scale = scale * sd[other]
            by_first[number, order.means.start + other] = by_mean
            by_first[number, order.variances.start + other] = by_variance
        # From the correlation to the covariance, whose standard deviations are estimates too.
        by_first[rows] *= -(scale / fit.information)[:, None]
        for other in used:
            by_first[number, order.variances.start + other] += (
                0.5 * fit.rho * scale / sd[other] ** 2
            )
        direct[rows] = fit.score * (n * scale / fit.information)[:, None]
    return direct, by_first, where
