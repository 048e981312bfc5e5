"""Polychoric correlations of many pairs at once, from their contingency tables.

References
----------
Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation coefficient.
Psychometrika, 44, 443-460. https://doi.org/10.1007/BF02296207
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from clustersem.moments import newton, normal2
from clustersem.moments.contingency import ROOT_TWO_PI, CodedAnswers, without_empty_cells
from clustersem.moments.order import Index
from clustersem.moments.sample import Array

# Cells in a chunk of pairs: its arrays stay in the cache of the processor.
CHUNK = 8000


@dataclass(frozen=True, eq=False)
class TabledPairs:
    """Second-step estimates of m pairs of ordinal items, K categories at most.

    Attributes
    ----------
    rho : ndarray of shape (m,)
        Correlations.
    converged : ndarray of bool, shape (m,)
        False where the correlation runs to 1 or -1.
    score : ndarray of shape (K, K, m)
        Derivative of the log-probability of a cell by rho; zero in cells without an answer.
    row_slope, col_slope : ndarray of shape (K - 1, m)
        Scores of the thresholds of the first and the second item times those of rho, summed over
        the answers.
    information : ndarray of shape (m,)
        Squared scores of rho summed over the answers.
    """

    rho: Array
    converged: NDArray[np.bool_]
    score: Array
    row_slope: Array
    col_slope: Array
    information: Array


def polychoric(answers: CodedAnswers, rows: Index, cols: Index) -> TabledPairs:
    """Correlate the items `rows` with the items `cols`, pair by pair.

    Thresholds are held fixed at their first-step estimates; the likelihood of every contingency
    table is maximised over the correlation by Newton's method.
    """
    size, m = answers.n_codes, len(rows)
    first = start(answers, rows, cols)
    found = TabledPairs(
        np.empty(m),
        np.empty(m, dtype=np.bool_),
        np.empty((size, size, m)),
        np.empty((size - 1, m)),
        np.empty((size - 1, m)),
        np.empty(m),
    )
    # Pairs of similar correlation together: weak ones need fewer nodes.
    by_strength = np.argsort(np.abs(first), kind="stable")
    for at in np.array_split(by_strength, max(1, round(size * size * m / CHUNK))):
        part = _fit(answers, rows[at], cols[at], first[at])
        for name, whole in vars(found).items():
            whole[..., at] = getattr(part, name)
    return found


def start(answers: CodedAnswers, rows: Index, cols: Index) -> Array:
    """Return the correlations of the mean latent responses, made up for their lesser spread.

    That is the first term of the expansion of the table's probabilities in powers of rho.
    """
    means, variance = answers.category_means
    q, size = len(answers.sizes), answers.n_codes
    placed = np.zeros((q, size, q))
    placed[np.arange(q), :, np.arange(q)] = means.T
    scores = placed.reshape(q * size, q)
    cross = scores.T @ answers.joint.reshape(q * size, q * size) @ scores
    return np.asarray(
        cross[rows, cols] / (answers.n_both[rows, cols] * variance[rows] * variance[cols])
    )


def _fit(answers: CodedAnswers, rows: Index, cols: Index, first: Array) -> TabledPairs:
    observed = answers.tables(rows, cols)
    tables = without_empty_cells(observed, answers.sizes[rows], answers.sizes[cols])
    h, k = answers.thresholds[:, rows], answers.thresholds[:, cols]
    z, low, high = newton.start(first)
    pi, slope = np.empty_like(tables), np.empty_like(tables)
    active, left = np.arange(len(rows)), (tables, h, k)
    for _ in range(newton.MAX_ITERATIONS):
        here = z[active]
        p, p1, p2 = cells(*left[1:], np.tanh(here))
        gradient, curvature, information = _derivatives(left[0], p, p1, p2)
        z[active], low[active], high[active] = newton.advance(
            here, low[active], high[active], gradient, curvature, information
        )
        done = np.abs(z[active] - here) < newton.LAST_STEP
        if not done.any():
            continue
        # The step is so short that two terms of Taylor's series replace an evaluation.
        at = active[done]
        moved = np.tanh(z[at]) - np.tanh(here[done])
        p1, p2 = p1[..., done], p2[..., done]
        pi[..., at] = p[..., done] + (p1 + 0.5 * moved * p2) * moved
        slope[..., at] = p1 + p2 * moved
        active = active[~done]
        if not active.size:
            break
        left = (left[0][..., ~done], left[1][:, ~done], left[2][:, ~done])
    converged = newton.interior(z)
    converged[active] = False
    pi[..., active] = slope[..., active] = 1.0

    rho = np.tanh(z)
    score = np.divide(slope, pi, out=np.zeros_like(pi), where=observed > 0.0)
    weighted = observed * score
    information = (weighted * score).sum(axis=(0, 1))
    np.divide(weighted, pi, out=weighted, where=observed > 0.0)
    return TabledPairs(
        rho,
        converged,
        score,
        threshold_slope(weighted, h, k, rho),
        threshold_slope(weighted.swapaxes(0, 1), k, h, rho),
        information,
    )


def _derivatives(n: Array, p: Array, p1: Array, p2: Array) -> tuple[Array, Array, Array]:
    """Return gradient, curvature and information of the log-likelihood of every table by rho."""
    ratio = np.divide(n, p, out=np.zeros_like(p), where=n > 0.0)
    part = ratio * p1
    gradient = part.sum(axis=(0, 1))
    part *= p1
    part /= p
    information = part.sum(axis=(0, 1))
    ratio *= p2
    return gradient, information - ratio.sum(axis=(0, 1)), information


def cells(h: Array, k: Array, rho: Array) -> tuple[Array, Array, Array]:
    """Return the probabilities of the cells of m tables and their two derivatives by rho.

    Parameters
    ----------
    h : ndarray of shape (a - 1, m)
        Thresholds of the row variable.
    k : ndarray of shape (b - 1, m)
        Thresholds of the column variable.
    rho : ndarray of shape (m,)
        Correlations.

    Returns
    -------
    tuple of three ndarrays of shape (a, b, m)
        Probabilities, first and second derivatives.
    """
    grid = np.zeros((3, len(h) + 2, len(k) + 2, len(rho)))
    inner = grid[:, 1:-1, 1:-1]
    inner[0] = normal2.cdf(h, k, rho)
    inner[1] = normal2.pdf(h, k, rho)
    np.multiply(inner[1], normal2.pdf_slope(h, k, rho), out=inner[2])
    grid[0, 1:-1, -1] = ndtr(h)
    grid[0, -1, 1:-1] = ndtr(k)
    grid[0, -1, -1] = 1.0
    strips = grid[:, 1:] - grid[:, :-1]
    p, first, second = strips[:, :, 1:] - strips[:, :, :-1]
    # Rounding may leave a cell of the far tail below zero.
    np.maximum(p, normal2.SMALLEST, out=p)
    return p, first, second


def threshold_slope(weighted: Array, h: Array, k: Array, rho: Array) -> Array:
    """Return the sum over cells of `weighted` times d pi / d h, for every threshold h."""
    root = np.sqrt((1.0 - rho) * (1.0 + rho))
    limits = np.clip(h, -normal2.FARTHEST, normal2.FARTHEST)[:, None]
    others = np.clip(k, -normal2.FARTHEST, normal2.FARTHEST)[None]
    below = ndtr((others - rho * limits) / root)
    # The cells below a threshold gain what those above it lose.
    gain = weighted[:-1] - weighted[1:]
    total = gain[:, -1] + (below * (gain[:, :-1] - gain[:, 1:])).sum(axis=1)
    return np.asarray(total * np.exp(-0.5 * h * h) / ROOT_TWO_PI)
