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
    return np.flatnonzero(_is_negative(point))


def smallest_eigenvalue(cov: Array) -> float:
    """Return the smallest eigenvalue of a covariance matrix scaled to a unit diagonal."""
    return float(_smallest_eigenvalues(cov))


def are_admissible(point: Point) -> np.ndarray:
    """Return whether no variance is negative and latent variables are not linearly dependent.

    Of a point of many theta for each of them.
    """
    p = point.uv.shape[-2]
    total = point.covariance[..., p:, p:]
    admissible = ~_is_negative(point).any(axis=-1)
    if total.shape[-1]:
        admissible &= ~(_smallest_eigenvalues(total) < DEPENDENT)
    return np.asarray(admissible)


def _is_negative(point: Point) -> np.ndarray:
    own, total = (x.diagonal(axis1=-2, axis2=-1) for x in (point.s, point.covariance))
    return np.asarray(own < -ROUNDING * np.abs(total))


def _smallest_eigenvalues(cov: Array) -> Array:
    scale = np.sqrt(np.abs(cov.diagonal(axis1=-2, axis2=-1)))
    scale[scale == 0] = 1.0
    scaled = cov / (scale[..., :, None] * scale[..., None, :])
    return np.asarray(np.linalg.eigvalsh(scaled)[..., 0])
