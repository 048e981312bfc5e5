"""Minimum residual (unweighted least squares) factor analysis."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from clustersem.scale.answers import Array
from clustersem.scale.kernels.bounded_newton import minimise_above
from clustersem.scale.kernels.extraction import (
    Extraction,
    leading_factors,
    squared_multiple_correlations,
)


def uls_objective(uniqueness: Array, correlation: Array, k: int) -> tuple[float, Array, Array]:
    """Half the sum of squared residuals as a function of the unique variances alone.

    The loadings are concentrated out: they are the `k` leading eigenvectors of R - Psi, so that the
    residuals are the remaining eigenvalues g_m, f = 1/2 sum g_m^2.

    Returns
    -------
    value : float
    gradient : ndarray, shape (p,)
    hessian : ndarray, shape (p, p)
        Exact; with remaining eigenvectors w_m and leading ones w_n,
        (sum w_m w_m')^2 elementwise + 2 sum_mn g_m / (g_m - g_n) (w_m w_m') * (w_n w_n').

    References
    ----------
    Harman, H. H., & Jones, W. H. (1966). Factor analysis by minimizing residuals (minres).
    Psychometrika, 31, 351-368. https://doi.org/10.1007/BF02289468
    """
    values, vectors = scipy.linalg.eigh(correlation - np.diag(uniqueness))
    cut = len(values) - k
    residual, rest = values[:cut], vectors[:, :cut]
    leading, factors = values[cut:], vectors[:, cut:]
    value = 0.5 * float(residual @ residual)
    gradient = -(rest**2) @ residual
    weight = residual[:, None] / (residual[:, None] - leading[None, :])
    cross = rest[:, :, None] * factors[:, None, :]
    flat = cross.reshape(len(values), -1)
    hessian = (rest @ rest.T) ** 2 + 2.0 * (flat * weight.reshape(-1)) @ flat.T
    return value, gradient, hessian


def minimum_residual(
    correlation: Array, k: int, *, lower: float, tol: float, max_iter: int
) -> Extraction:
    """Find the loadings that minimise the sum of squared residual correlations.

    Parameters
    ----------
    correlation : ndarray, shape (p, p)
        Positive definite.
    k : int
        Number of factors, below p.
    lower : float
        Lower bound of the unique variances.
    tol : float
        See :func:`~clustersem.scale.kernels.bounded_newton.minimise_above`.
    max_iter : int
    """
    start = 1.0 - squared_multiple_correlations(correlation)
    bound = np.full(len(correlation), lower)
    uniqueness, converged, iterations = minimise_above(
        lambda psi: uls_objective(psi, correlation, k), start, bound, tol=tol, max_iter=max_iter
    )
    loadings = leading_factors(correlation - np.diag(uniqueness), k)
    return Extraction(loadings, converged, iterations, uniqueness <= lower)
