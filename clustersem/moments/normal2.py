"""The bivariate normal distribution on grids of thresholds, for many correlations at once.

Arrays hold the pairs of variables in their last axis, so that every operation runs over contiguous
memory however small a grid is.

References
----------
Drezner, Z., & Wesolowsky, G. O. (1990). On the computation of the bivariate normal integral.
Journal of Statistical Computation and Simulation, 35, 101-107.
https://doi.org/10.1080/00949659008811236

Genz, A. (2004). Numerical computation of rectangular bivariate and trivariate normal and t
probabilities. Statistics and Computing, 14, 251-260.
https://doi.org/10.1023/B:STCO.0000035304.20635.31
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import ndtr

from clustersem.moments.sample import Array

TWO_PI = 2.0 * np.pi
# Beyond this the normal distribution function is 0 or 1 to the last bit, and products stay finite.
FARTHEST = 38.0
# A probability below this, when it is a difference of others, is rounding error.
SMALLEST = 1e-16
# Up to which absolute correlation how many Gauss-Legendre nodes reach an error of 3e-16
# (measured against 200 nodes on a grid from -6 to 6). Above the last another expansion is used.
NODES = ((0.3, 6), (0.5, 8), (0.65, 10), (0.78, 12), (0.85, 14), (0.925, 20))
NEAR_ONE = NODES[-1][0]
# The largest exponent that still adds something, exp(-100) = 4e-44.
NEGLIGIBLE = -100.0


def cdf(h: Array, k: Array, rho: Array) -> Array:
    """Return P(X <= h, Y <= k) of standard normal X and Y with correlation rho.

    Parameters
    ----------
    h : ndarray of shape (a, m)
        Limits of the first variable of each of m pairs; may be infinite.
    k : ndarray of shape (b, m)
        Limits of the second variable.
    rho : ndarray of shape (m,)
        Correlations, from -1 to 1.

    Returns
    -------
    ndarray of shape (a, b, m)
        Probabilities with an absolute error below 1e-15.

    Examples
    --------
    >>> zero = np.zeros((1, 2))
    >>> cdf(zero, zero, np.array([0.0, 0.5])).ravel().round(12)  # 1/4 + arcsin(rho) / (2 pi)
    array([0.25      , 0.33333333])
    """
    h = np.clip(h, -FARTHEST, FARTHEST)
    k = np.clip(k, -FARTHEST, FARTHEST)
    size = np.abs(rho)
    largest = float(size.max(initial=0.0))
    if largest <= NEAR_ONE:
        return _moderate(h, k, rho, largest)
    result = np.empty((len(h), len(k), len(rho)))
    near = size > NEAR_ONE
    result[..., near] = _near_one(h[:, near], k[:, near], rho[near])
    if not near.all():
        rest = ~near
        result[..., rest] = _moderate(h[:, rest], k[:, rest], rho[rest], float(size[rest].max()))
    return result


def pdf(h: Array, k: Array, rho: Array) -> Array:
    """Return the density at every point of the grids, which is d cdf / d rho.

    Parameters
    ----------
    h, k, rho : ndarray
        As of `cdf`; the correlations lie strictly between -1 and 1.

    Returns
    -------
    ndarray of shape (a, b, m)
        Densities; zero where a limit is infinite.
    """
    h = np.clip(h, -FARTHEST, FARTHEST)[:, None]
    k = np.clip(k, -FARTHEST, FARTHEST)[None]
    rest = (1.0 - rho) * (1.0 + rho)
    exponent = h * k * (rho / rest) - (h * h + k * k) * (0.5 / rest)
    return np.asarray(np.exp(exponent) * (1.0 / (TWO_PI * np.sqrt(rest))))


def pdf_slope(h: Array, k: Array, rho: Array) -> Array:
    """Return d log pdf / d rho at every point of the grids, shape (a, b, m)."""
    h = np.clip(h, -FARTHEST, FARTHEST)[:, None]
    k = np.clip(k, -FARTHEST, FARTHEST)[None]
    rest = (1.0 - rho) * (1.0 + rho)
    return np.asarray(
        rho / rest + ((1.0 + rho * rho) * (h * k) - rho * (h * h + k * k)) / (rest * rest)
    )


@cache
def _gauss_legendre(n: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Nodes and weights on (0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return tuple((0.5 * (nodes + 1.0)).tolist()), tuple((0.5 * weights).tolist())


def _moderate(h: Array, k: Array, rho: Array, largest: float) -> Array:
    """Drezner and Wesolowsky's integral over the angle whose sine is the correlation."""
    nodes, weights = _gauss_legendre(next(n for limit, n in NODES if largest <= limit))
    angle = np.arcsin(rho)
    product = h[:, None] * k[None]
    half_squares = (0.5 * h * h)[:, None] + (0.5 * k * k)[None]
    total = np.zeros_like(product)
    exponent, term = np.empty_like(product), np.empty_like(product)
    for node, weight in zip(nodes, weights, strict=True):
        sine = np.sin(node * angle)
        scale = 1.0 / ((1.0 - sine) * (1.0 + sine))
        np.multiply(product, sine * scale, out=exponent)
        np.multiply(half_squares, scale, out=term)
        np.subtract(exponent, term, out=exponent)
        np.exp(exponent, out=exponent)
        exponent *= weight
        total += exponent
    total *= angle / TWO_PI
    total += ndtr(h)[:, None] * ndtr(k)[None]
    return total


def _near_one(h: Array, k: Array, rho: Array) -> Array:
    """Genz' expansion around the correlation of one, section 2.4 of his paper."""
    shape = (len(h), len(k), len(rho))
    sign = np.where(rho < 0.0, -1.0, 1.0)
    # His formulas are for the upper tails of a positive correlation.
    x = np.broadcast_to(-h[:, None], shape)
    y = -k[None] * sign
    product = x * y
    rest = np.broadcast_to((1.0 - np.abs(rho)) * (1.0 + np.abs(rho)), shape)
    square = (x - y) ** 2
    c, d = (4.0 - product) / 8.0, (12.0 - product) / 16.0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        root = np.sqrt(rest)
        exponent = -(square / rest + product) / 2.0
        total = np.where(
            (exponent > NEGLIGIBLE) & (rest > 0.0),
            root
            * np.exp(np.minimum(exponent, 0.0))
            * (1.0 - c * (square - rest) * (1.0 - d * square / 5.0) / 3.0 + c * d * rest**2 / 5.0),
            0.0,
        )
        distance = np.sqrt(square)
        total -= np.where(
            (product < -2.0 * NEGLIGIBLE) & (rest > 0.0),
            np.exp(np.minimum(-product / 2.0, -NEGLIGIBLE))
            * np.sqrt(TWO_PI)
            * ndtr(-distance / root)
            * distance
            * (1.0 - c * square * (1.0 - d * square / 5.0) / 3.0),
            0.0,
        )
        for node, weight in zip(*_gauss_legendre(40), strict=True):
            s = (root * node) ** 2
            cosine = np.sqrt(1.0 - s)
            exponent = -(square / s + product) / 2.0
            bracket = np.exp(-product * s / (2.0 * (1.0 + cosine) ** 2)) / cosine
            bracket -= 1.0 + c * s * (1.0 + d * s)
            total += np.where(
                (exponent > NEGLIGIBLE) & (s > 0.0),
                root * weight * np.exp(np.minimum(exponent, 0.0)) * bracket,
                0.0,
            )
    total *= -1.0 / TWO_PI
    positive = total + ndtr(-np.maximum(x, y))
    negative = np.maximum(ndtr(y) - ndtr(x), 0.0) - total
    return np.asarray(np.where(sign > 0.0, positive, negative))
