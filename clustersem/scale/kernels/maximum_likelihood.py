"""Maximum likelihood factor analysis."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from clustersem.scale.answers import Array
from clustersem.scale.kernels.bounded_newton import minimise_above
from clustersem.scale.kernels.extraction import Extraction, squared_multiple_correlations


def ml_objective(log_uniqueness: Array, correlation: Array, k: int) -> tuple[float, Array, Array]:
    """Maximum likelihood discrepancy as a function of the log unique variances alone.

    With t_m and w_m the eigenvalues and eigenvectors of Psi^-1/2 R Psi^-1/2, of which the `k`
    largest belong to the factors, f = sum over the rest of t_m - log t_m - 1.

    Returns
    -------
    value : float
    gradient : ndarray, shape (p,)
        sum over the rest of (1 - t_m) w_m^2.
    hessian : ndarray, shape (p, p)
        Exact; over the rest m and the factors n,
        (sum t_m w_m w_m') * (sum w_m w_m')
        + sum_mn (t_m - 1) (t_m + t_n) / (t_m - t_n) (w_m w_m') * (w_n w_n'), elementwise.

    References
    ----------
    Joereskog, K. G. (1967). Some contributions to maximum likelihood factor analysis.
    Psychometrika, 32, 443-482. https://doi.org/10.1007/BF02289658

    Clarke, M. R. B. (1970). A rapidly convergent method for maximum-likelihood factor analysis.
    British Journal of Mathematical and Statistical Psychology, 23, 43-52.
    https://doi.org/10.1111/j.2044-8317.1970.tb00432.x
    """
    scale = np.exp(-0.5 * log_uniqueness)
    values, vectors = scipy.linalg.eigh(correlation * np.outer(scale, scale))
    # R is positive definite; rounding may still take its smallest eigenvalue to zero.
    values = np.maximum(values, np.finfo(float).tiny)
    cut = len(values) - k
    small, rest = values[:cut], vectors[:, :cut]
    large, factors = values[cut:], vectors[:, cut:]
    value = float(np.sum(small - np.log(small) - 1.0))
    gradient = (rest**2) @ (1.0 - small)
    weight = (small - 1.0)[:, None] * (small[:, None] + large) / (small[:, None] - large)
    flat = (rest[:, :, None] * factors[:, None, :]).reshape(len(values), -1)
    hessian = ((rest * small) @ rest.T) * (rest @ rest.T) + (flat * weight.reshape(-1)) @ flat.T
    return value, gradient, hessian


def maximum_likelihood(
    correlation: Array, k: int, *, lower: float, tol: float, max_iter: int
) -> Extraction:
    """Find the loadings that maximise the normal likelihood.

    Parameters
    ----------
    correlation : ndarray, shape (p, p)
        Positive definite.
    k : int
        Number of factors, below p.
    lower : float
        Lower bound of the unique variances, above zero.
    tol : float
        See :func:`~clustersem.scale.kernels.bounded_newton.minimise_above`.
    max_iter : int
    """
    p = len(correlation)
    # Joereskog's start; 1 - SMC overestimates the unique variances when there are few items.
    start = np.log((1.0 - 0.5 * k / p) * (1.0 - squared_multiple_correlations(correlation)))
    bound = np.full(p, np.log(lower))
    log_uniqueness, converged, iterations = minimise_above(
        lambda x: ml_objective(x, correlation, k), start, bound, tol=tol, max_iter=max_iter
    )
    uniqueness = np.exp(log_uniqueness)
    root = np.sqrt(uniqueness)
    values, vectors = scipy.linalg.eigh(correlation / np.outer(root, root))
    size = np.sqrt(np.maximum(values[::-1][:k] - 1.0, 0.0))
    loadings = root[:, None] * vectors[:, ::-1][:, :k] * size
    return Extraction(np.asarray(loadings), converged, iterations, log_uniqueness <= bound)
