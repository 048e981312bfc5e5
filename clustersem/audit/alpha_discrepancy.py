"""How far answers with a printed alpha must be from what printed loadings imply."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import linalg

Array = npt.NDArray[np.float64]


def implied_alpha(correlation: Array, deviations: Array) -> float:
    """Cronbach's alpha of items with these correlations and standard deviations."""
    k = len(correlation)
    total = float(deviations @ correlation @ deviations)
    return k / (k - 1.0) * (1.0 - float(deviations @ deviations) / total)


def least_discrepancy(implied: Array, alpha: float, *, log_sd: tuple[Array, Array]) -> float:
    r"""Least ML discrepancy from an implied correlation matrix of answers with a given alpha.

    Items with covariance matrix D S D, where D holds the standard deviations that the model gives
    them, have alpha a where tr(S M) = 0 for M = D^2 - c d d', c = 1 - a (k - 1) / k. Over all such
    S the discrepancy F = -log\|S Sigma^-1\| + tr(S Sigma^-1) - k from Sigma is smallest
    at S = (Sigma^-1 + eta M)^-1; with the eigenvalues m of M in the metric of Sigma it is the
    largest sum of log(1 + eta m), so that whatever eta is tried the result is never too large.
    Over D the smallest is looked for within bounds.

    Half of F is the Kullback-Leibler divergence of two normal distributions, which cannot grow when
    some variables are left out (Kullback & Leibler, 1951): n F of a few items is at most the chi2
    of the whole model.

    Parameters
    ----------
    implied : ndarray, shape (k, k)
        Sigma, positive definite with a unit diagonal.
    alpha : float
        Below one.
    log_sd : (ndarray, ndarray), each of shape (k,)
        Bounds of the logarithms of the standard deviations; a common factor does not matter.

    References
    ----------
    Kullback, S., & Leibler, R. A. (1951). On information and sufficiency. *Annals of Mathematical
    Statistics*, 22(1), 79-86. https://doi.org/10.1214/aoms/1177729694

    Examples
    --------
    Two items that correlate .506 have an alpha of .672; one of .844 needs a correlation of .730:

    >>> pair = np.array([[1.0, 0.506], [0.506, 1.0]])
    >>> equal = np.zeros(2)
    >>> round(least_discrepancy(pair, 0.844, log_sd=(equal, equal)), 3)
    0.135
    """
    lower, upper = log_sd
    start = 0.5 * (lower + upper)
    factor = linalg.cholesky(implied, lower=True)
    if np.all(upper - lower < 1e-12):
        return _at(factor, alpha, start)[0]
    from scipy.optimize import minimize

    found = minimize(
        lambda point: _at(factor, alpha, point),
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(lower, upper, strict=True)),
    )
    return float(found.fun)


def _at(factor: Array, alpha: float, log_sd: Array) -> tuple[float, Array]:
    """Discrepancy at given standard deviations, and its gradient in their logarithms."""
    k = len(factor)
    d = np.exp(log_sd)
    c = 1.0 - alpha * (k - 1.0) / k
    constraint = np.diag(d * d) - c * np.outer(d, d)
    values, vectors = linalg.eigh(factor.T @ constraint @ factor)
    eta = _multiplier(values)
    # S = L V (1 / (1 + eta m)) V' L'
    basis = factor @ vectors
    s = (basis / (1.0 + eta * values)) @ basis.T
    gradient = 2.0 * eta * (d * d * np.diag(s) - c * d * (s @ d))
    return float(np.sum(np.log1p(eta * values))), np.asarray(gradient, dtype=np.float64)


def _multiplier(values: Array) -> float:
    """Find where the sum of m / (1 + eta m) is zero; it falls from one end to the other."""
    low = -1.0 / values[-1] if values[-1] > 0.0 else -math.inf
    high = -1.0 / values[0] if values[0] < 0.0 else math.inf
    if math.isinf(low) or math.isinf(high):
        return 0.0  # no positive definite matrix has this alpha
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if float(np.sum(values / (1.0 + middle * values))) > 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def scale_bounds(discrepancy: float) -> tuple[float, float]:
    """Logarithms of how far one standard deviation can be from the model's at a discrepancy.

    Of one variable the discrepancy is q - 1 - log q of the ratio q of the variances.
    """
    from scipy.special import lambertw

    inner = -math.exp(-1.0 - discrepancy)
    low, high = (float(-lambertw(inner, branch).real) for branch in (0, -1))
    return 0.5 * math.log(low), 0.5 * math.log(high)
