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

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from clustersem.moments.order import Index
from clustersem.moments.polychoric import TabledPairs
from clustersem.moments.sample import Array
from clustersem.moments.two_step import TwoSteps

# Respondents whose influences are held at once: a few MB for the usual number of moments.
BLOCK = 1024
# Pairs whose influences are looked up at once: the places fit into the processor's cache.
PAIRS = 32


def gamma(steps: TwoSteps, cluster: Index | None = None) -> Array:
    """Return n times the covariance matrix of the moments (divisor n), shape (k, k).

    Parameters
    ----------
    steps : TwoSteps
        The estimates.
    cluster : ndarray of int, shape (n,), optional
        Cluster of every respondent, 0-based; the influences of a cluster's respondents are then
        added up before they are multiplied.
    """
    return _summed(steps, cluster, lambda block: block @ block.T)


def variances(steps: TwoSteps, cluster: Index | None = None) -> Array:
    """Return the diagonal of :func:`gamma`, shape (k,), at a fraction of its cost."""
    return _summed(steps, cluster, lambda block: np.einsum("ij,ij->i", block, block))


def _summed(steps: TwoSteps, cluster: Index | None, products: Callable[[Array], Array]) -> Array:
    """Return the mean over respondents of products of their influences, (k, respondents)."""
    if cluster is None:
        total = sum(products(block) for block in influences(steps))
    else:
        sums = np.zeros((int(cluster.max()) + 1, steps.order.n_moments))
        start = 0
        for block in influences(steps):
            np.add.at(sums, cluster[start : start + block.shape[1]], block.T)
            start += block.shape[1]
        total = products(sums.T)
    return np.asarray(total / steps.answers.codes.shape[1])


def influences(steps: TwoSteps) -> Iterator[Array]:
    """Yield what respondents add to n times every moment, as k rows, block by block.

    With sampling weights an influence is that of a respondent of weight one, times the weight.
    """
    order, answers = steps.order, steps.answers
    n, size = answers.codes.shape[1], answers.n_codes + 1
    first_step = _first_step_influence(steps)
    tabled = steps.polychoric if isinstance(steps.polychoric, TabledPairs) else None
    first, second, at = steps.tabled.first, steps.tabled.second, steps.tabled.at
    by_cell = np.empty(0) if tabled is None else _cell_influence(steps, tabled)
    scored = _scored_influence(steps)

    for start in range(0, n, BLOCK):
        rows = slice(start, start + BLOCK)
        codes = answers.codes[:, rows]
        scaled = codes * size
        block = np.empty((order.n_moments, codes.shape[1]))
        first_step(block, rows)
        covariances = block[order.covariances]
        for begin in range(0, len(at) if tabled is not None else 0, PAIRS):
            some = slice(begin, begin + PAIRS)
            place = scaled[first[some]]
            place += codes[second[some]]
            place += (np.arange(len(place)) * (size * size))[:, None]
            if scored:
                covariances[at[some]] = np.take(by_cell[some], place)
            else:
                np.take(by_cell[some], place, out=covariances[some], mode="clip")
        for part in scored:
            influence = part.by_first @ block[: order.covariances.start]
            influence += part.scale * part.score[:, rows]
            covariances[part.at] = influence
        if answers.weights is not None:
            block *= answers.weights[rows]
        yield block


def tabled_variances(steps: TwoSteps) -> Array:
    """Return the diagonal of Gamma from contingency tables alone, shape (k,).

    What a respondent adds to a threshold depends on one answer, to a polychoric correlation on two.
    All variables are ordinal, without covariates.
    """
    answers, pairs, size = steps.answers, steps.tabled, steps.answers.n_codes
    assert isinstance(steps.polychoric, TabledPairs), "given covariates no table is enough"
    margins = answers.margins.T
    finite = np.isfinite(answers.thresholds.T)
    by_category = answers.threshold_influence.transpose(2, 0, 1)[finite][:, :size]
    of_thresholds = (by_category**2 * margins[np.nonzero(finite)[0]]).sum(axis=1)
    counts = np.zeros((len(pairs.at), size + 1, size + 1))
    counts[:, :size, :size] = answers.tables(pairs.first, pairs.second).transpose(2, 0, 1)
    counts[:, :size, size] = margins[pairs.first] - counts.sum(axis=2)[:, :size]
    counts[:, size, :size] = margins[pairs.second] - counts.sum(axis=1)[:, :size]
    squares = _cell_influence(steps, steps.polychoric) ** 2
    of_pairs = np.empty(len(pairs.at))
    of_pairs[pairs.at] = (squares * counts).sum(axis=(1, 2))
    return np.concatenate([of_thresholds, of_pairs]) / answers.n_rows


def _first_step_influence(steps: TwoSteps) -> Callable[[Array, slice], None]:
    """Return what fills in the influences of some respondents on the first step's moments."""
    order, answers, values = steps.order, steps.answers, steps.values
    n_dependent, given = len(order.dependent), answers.given
    finite = np.isfinite(answers.thresholds.T)
    item = np.nonzero(finite)[0]
    by_category = answers.threshold_influence.transpose(2, 0, 1)[finite]
    size = answers.n_codes + 1
    among = np.searchsorted(order.dependent, order.continuous)
    of_items = np.searchsorted(order.dependent, order.ordinal)

    def fill(block: Array, rows: slice) -> None:
        block[order.means], block[order.variances] = values.influence[[0, -1], :, rows]
        if given is None:
            place = answers.codes[item, rows] + (np.arange(len(item)) * size)[:, None]
            np.take(by_category, place, out=block[order.thresholds], mode="clip")
            return
        thresholds = [x.influence[: len(x.thresholds), rows] for x in given.items]
        block[order.thresholds] = np.concatenate(thresholds)
        slopes = block[order.slopes].reshape(-1, n_dependent, block.shape[1])
        slopes[:, among] = values.influence[1:-1, :, rows]
        for place, x in zip(of_items.tolist(), given.items, strict=True):
            slopes[:, place] = x.influence[len(x.thresholds) :, rows]

    return fill


def _cell_influence(steps: TwoSteps, fit: TabledPairs) -> Array:
    """Return the influence on every polychoric correlation of every cell, shape (m, K+1, K+1).

    The last row and column are of respondents who gave only one of the two answers: they count
    through their threshold alone.
    """
    answers = steps.answers
    first, second = steps.tabled.first, steps.tabled.second
    size = answers.n_codes
    n = answers.n_rows
    by_threshold = answers.threshold_influence
    by_row = np.einsum("tm,tam->am", fit.row_slope, by_threshold[:, :, first])
    by_col = np.einsum("tm,tbm->bm", fit.col_slope, by_threshold[:, :, second])
    table = -(by_row[:, None] + by_col[None])
    table[:size, :size] += n * fit.score
    table /= fit.information
    return np.ascontiguousarray(table.transpose(2, 0, 1))


@dataclass(frozen=True, eq=False)
class _Scored:
    """Influences on m covariances with continuous variables.

    Attributes
    ----------
    at : ndarray of int, shape (m,)
        Places among the covariances.
    score : ndarray of shape (m, n)
        Scores of every respondent.
    scale : ndarray of shape (m, 1)
        What turns a score into an influence.
    by_first : ndarray of shape (m, number of thresholds, means, slopes and variances)
        Multiples of the influences on the first step's moments.
    """

    at: Index
    score: Array
    scale: Array
    by_first: Array


def _scored_influence(steps: TwoSteps) -> list[_Scored]:
    """Return the influences on covariances whose scores are known by respondent."""
    order, sizes, sd = steps.order, steps.answers.sizes, steps.values.sd
    first_threshold = np.cumsum(sizes - 1) - (sizes - 1)
    # Of each kind of pairs how many are ordinal; these come first.
    kinds = (
        (steps.tabled, steps.polychoric, 2),
        (steps.mixed, steps.polyserial, 1),
        (steps.metric, steps.pearson, 0),
    )
    found = []
    for members, fit, n_ordinal in kinds:
        if not len(members.at) or isinstance(fit, TabledPairs):
            continue
        pair = np.arange(len(members.at))
        both = np.column_stack([members.first, members.second])
        items, others = both[:, :n_ordinal], both[:, n_ordinal:]
        by_first = np.zeros((len(pair), order.covariances.start))
        for i in range(n_ordinal):
            for t in range(fit.threshold_slope.shape[2]):
                has = np.flatnonzero(sizes[items[:, i]] > t + 1)
                place = first_threshold[items[has, i]] + t
                by_first[has, place] = fit.threshold_slope[has, i, t]
        variances = order.variances.start + others
        by_first[pair[:, None], order.means.start + others] = fit.mean_slope
        by_first[pair[:, None], variances] = fit.variance_slope
        places = np.hstack([order.ordinal[items], order.continuous[others]])
        among = order.slopes.start + np.searchsorted(order.dependent, places)
        for c in range(len(order.covariates)):
            at = among + c * len(order.dependent)
            by_first[pair[:, None], at] = fit.covariate_slope[:, :, c]
        # From the correlation to the covariance, whose standard deviations are estimates too.
        product = sd[others].prod(axis=1)[:, None]
        scale = product / fit.information[:, None]
        by_first *= -scale
        by_first[pair[:, None], variances] += 0.5 * fit.rho[:, None] * product / sd[others] ** 2
        found.append(_Scored(members.at, fit.score, steps.answers.n_rows * scale, by_first))
    return found
