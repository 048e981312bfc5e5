"""Whether a solution lies inside the parameter space."""

from __future__ import annotations

import numpy as np

from clustersem.engine.ram import Array, Index, Point

# Variances below this share of the variable's implied variance are zero: an estimate of zero may
# come out at minus its rounding error.
ROUNDING = 1e-9
# The smallest eigenvalue of the correlations of latent variables below which they are dependent.
DEPENDENT = 1e-10


def negative_variances(point: Point) -> Index:
    """Return the places of variables with a negative (residual) variance: Heywood cases."""
    return np.flatnonzero(point.s.diagonal() < -ROUNDING * np.abs(point.covariance.diagonal()))


def smallest_eigenvalue(cov: Array) -> float:
    """Return the smallest eigenvalue of a covariance matrix scaled to a unit diagonal."""
    scale = np.sqrt(np.abs(cov.diagonal()))
    scale[scale == 0] = 1.0
    return float(np.linalg.eigvalsh(cov / np.outer(scale, scale))[0])


def is_admissible(point: Point) -> bool:
    """Return whether no variance is negative and latent variables are not linearly dependent."""
    p = len(point.uv)
    total = point.covariance[p:, p:]
    dependent = total.size > 0 and smallest_eigenvalue(total) < DEPENDENT
    return not dependent and not len(negative_variances(point))
