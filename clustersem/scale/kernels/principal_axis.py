"""Iterated principal axis factoring."""

from __future__ import annotations

import numpy as np

from clustersem.scale.answers import Array
from clustersem.scale.kernels.extraction import (
    Extraction,
    leading_factors,
    squared_multiple_correlations,
)


def principal_axis(correlation: Array, k: int, *, tol: float, max_iter: int) -> Extraction:
    """Iterate the communalities on the diagonal until their sum settles.

    Parameters
    ----------
    correlation : ndarray, shape (p, p)
        Positive definite.
    k : int
        Number of factors.
    tol : float
        Stop when the sum of the communalities changes by less than this. Convergence is linear,
        so the communalities are then still a multiple of `tol` away from their limit, which is the
        minimum residual solution.
    max_iter : int
        Stop after so many iterations, converged or not.

    References
    ----------
    Harman, H. H. (1976). Modern factor analysis (3rd ed.), section 7.3. University of Chicago
    Press.
    """
    communality = squared_multiple_correlations(correlation)
    reduced = correlation.copy()
    converged = False
    iteration = 0
    loadings = leading_factors(reduced, k)
    while not converged and iteration < max_iter:
        iteration += 1
        np.fill_diagonal(reduced, communality)
        loadings = leading_factors(reduced, k)
        updated = np.sum(loadings**2, axis=1)
        converged = bool(abs(updated.sum() - communality.sum()) < tol)
        communality = updated
    return Extraction(loadings, converged, iteration, communality >= 1.0)
