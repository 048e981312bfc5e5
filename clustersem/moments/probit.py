"""Ordered probit regression: an item's thresholds and its slopes on covariates.

References
----------
McKelvey, R. D., & Zavoina, W. (1975). A statistical model for the analysis of ordinal level
dependent variables. Journal of Mathematical Sociology, 4, 103-120.
https://doi.org/10.1080/0022250X.1975.9989847
Pratt, J. W. (1981). Concavity of the log likelihood. Journal of the American Statistical
Association, 76, 103-106. https://doi.org/10.1080/01621459.1981.10477613
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from clustersem.moments.normal2 import FARTHEST, SMALLEST
from clustersem.moments.order import Index
from clustersem.moments.sample import Array

ROOT_TWO_PI = np.sqrt(2.0 * np.pi)
MAX_ITERATIONS = 50
# After a step shorter than this the next would be shorter than 1e-14.
LAST_STEP = 1e-7
# Slopes on standardised covariates beyond this, or respondents who say less than this of an
# estimate, mean that the covariates tell the answers apart.
LARGEST_SLOPE = 25.0
LEAST_INFORMATION = 1e-8


@dataclass(frozen=True, eq=False)
class Probit:
    """One item's regression on c covariates.

    Attributes
    ----------
    thresholds : ndarray of shape (K - 1,)
        Thresholds at covariates of zero.
    slopes : ndarray of shape (c,)
        Slopes of the latent response, whose residual is standard normal.
    influence : ndarray of shape (K - 1 + c, n)
        What one answer adds to n times every estimate, thresholds first; zero where it is missing.
    converged : bool
        False where the slopes run to infinity.
    """

    thresholds: Array
    slopes: Array
    influence: Array
    converged: bool


@dataclass(frozen=True, eq=False)
class Probits:
    """The regressions of q items.

    Attributes
    ----------
    covariates : ndarray of shape (c, n)
        The covariates.
    items : tuple of q Probit
        One an item.
    thresholds : ndarray of shape (K - 1, q)
        Thresholds at covariates of zero, infinite beyond an item's last.
    expected : ndarray of shape (q, n)
        Expected latent responses.
    """

    covariates: Array
    items: tuple[Probit, ...]
    thresholds: Array
    expected: Array


def ordered_probits(
    codes: Index, sizes: Index, covariates: Array, weights: Array | None
) -> Probits:
    """Regress q items on covariates.

    Parameters
    ----------
    codes : ndarray of int, shape (q, n)
        Category of every answer, 0-based; K, the largest number of categories, where it is missing.
    sizes : ndarray of int, shape (q,)
        Number of categories of every item.
    covariates : ndarray of shape (c, n)
        Covariates in units of about one.
    weights : ndarray of shape (n,) or None
        Sampling weights that sum to n.
    """
    size = int(sizes.max(initial=1))
    items = tuple(
        _fit(own, categories, codes.shape[1] and own < size, covariates, weights)
        for own, categories in zip(codes, sizes.tolist(), strict=True)
    )
    thresholds = np.full((size - 1, len(items)), np.inf)
    expected = np.zeros(codes.shape)
    for j, item in enumerate(items):
        thresholds[: len(item.thresholds), j] = item.thresholds
        expected[j] = item.slopes @ covariates
    return Probits(covariates, items, thresholds, expected)


def _fit(codes: Index, size: int, known: Array, covariates: Array, weights: Array | None) -> Probit:
    """Maximise the concave log-likelihood by Newton's method, steps halved where they overshoot."""
    n = len(codes)
    own = codes[known]
    weight = np.ones(len(own)) if weights is None else weights[known]
    x = covariates[:, known]
    up_to = np.cumsum(np.bincount(own, weight, size))
    theta = np.concatenate([ndtri(up_to[:-1] / up_to[-1]), np.zeros(len(x))])
    # Row t of `above` marks the answers whose upper limit is threshold t.
    above = np.vstack([own == np.arange(size - 1)[:, None], -x])
    below = np.vstack([own == np.arange(1, size)[:, None], -x])
    here = _at(theta, own, size, x, weight)
    converged = False
    for _ in range(MAX_ITERATIONS):
        gradient = above @ (weight * here.at_high) - below @ (weight * here.at_low)
        information = _information(here, above, below, weight)
        # Where answers are told apart it goes to zero.
        information.flat[:: len(theta) + 1] += 1e-12 * n
        step = np.linalg.solve(information, gradient)
        for _ in range(30):
            there = theta + step
            reached = _at(there, own, size, x, weight)
            if bool((np.diff(there[: size - 1]) > 0.0).all()) and (
                reached.total >= here.total - 1e-12 * abs(here.total)
            ):
                break
            step *= 0.5
        theta, here = there, reached
        if np.abs(step).max() < LAST_STEP:
            converged = True
            break
        if np.abs(theta[size - 1 :]).max(initial=0.0) > LARGEST_SLOPE:
            break
    scores = above * here.at_high - below * here.at_low
    products = (scores * weight) @ scores.T / n
    converged &= bool(products.diagonal().min() > LEAST_INFORMATION)
    influence = np.zeros((len(theta), n))
    if converged:
        influence[:, known] = np.linalg.solve(products, scores)
    return Probit(theta[: size - 1], theta[size - 1 :], influence, converged)


@dataclass(frozen=True, eq=False)
class _Here:
    """The log-likelihood, and for every answer its limits and d log P by the higher and lower."""

    total: float
    high: Array
    low: Array
    at_high: Array
    at_low: Array


def _at(theta: Array, codes: Index, size: int, x: Array, weight: Array) -> _Here:
    limits = np.concatenate([[-FARTHEST], theta[: size - 1], [FARTHEST]])
    expected = theta[size - 1 :] @ x
    high = np.clip(limits[codes + 1] - expected, -FARTHEST, FARTHEST)
    low = np.clip(limits[codes] - expected, -FARTHEST, FARTHEST)
    # In the upper tail the complements keep the digits that the difference needs.
    sign = np.where(low > 0.0, -1.0, 1.0)
    p = np.maximum(sign * (ndtr(sign * high) - ndtr(sign * low)), SMALLEST)
    scale = 1.0 / (ROOT_TWO_PI * p)
    at_high, at_low = (np.exp(-0.5 * limit * limit) * scale for limit in (high, low))
    return _Here(float(weight @ np.log(p)), high, low, at_high, at_low)


def _information(here: _Here, above: Array, below: Array, weight: Array) -> Array:
    """Return the negative Hessian of the log-likelihood."""
    by_high = weight * here.at_high * (here.high + here.at_high)
    by_low = weight * here.at_low * (here.at_low - here.low)
    both = (above * (weight * here.at_high * here.at_low)) @ below.T
    information = (above * by_high) @ above.T + (below * by_low) @ below.T - both - both.T
    return np.asarray(information)
