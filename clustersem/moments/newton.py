"""Newton's method for many correlations at once, none of which can leave its bracket.

Steps are taken in z = atanh(rho), in which the likelihood of a correlation is close to a parabola.
"""

from __future__ import annotations

import numpy as np

from clustersem.moments.sample import Array

# After a step of z shorter than this the next would be shorter than 1e-12.
LAST_STEP = 1e-6
LONGEST_STEP = 1.0
# The bracket; a correlation that comes within 1 of its end (rho beyond 1 - 2.3e-7) runs to 1.
FARTHEST = 9.0
MAX_ITERATIONS = 50
LARGEST_START = 0.9


def start(rho: Array) -> tuple[Array, Array, Array]:
    """Return where the search begins, and the lower and upper end of the bracket, in atanh(rho)."""
    z = np.arctanh(np.clip(rho, -LARGEST_START, LARGEST_START))
    return z, np.full(z.shape, -FARTHEST), np.full(z.shape, FARTHEST)


def advance(
    z: Array,
    low: Array,
    high: Array,
    gradient: Array,
    curvature: Array,
    information: Array,
) -> tuple[Array, Array, Array]:
    """Take one step.

    Parameters
    ----------
    z, low, high : ndarray of shape (m,)
        The point, and the bracket that holds the maximum.
    gradient, curvature : ndarray of shape (m,)
        First and negative second derivative of the log-likelihood by rho.
    information : ndarray of shape (m,)
        Sum of squared scores, the stand-in for the curvature where that is not positive.

    Returns
    -------
    tuple of ndarrays
        The new point and the new bracket.
    """
    rho = np.tanh(z)
    rest = (1.0 - rho) * (1.0 + rho)
    bent = (curvature * rest + 2.0 * rho * gradient) * rest
    bent = np.where(bent > 0.0, bent, information * rest * rest + np.finfo(float).tiny)
    slope = gradient * rest
    low = np.where(slope >= 0.0, z, low)
    high = np.where(slope <= 0.0, z, high)
    new = z + np.clip(slope / bent, -LONGEST_STEP, LONGEST_STEP)
    inside = (new >= low) & (new <= high)
    return np.where(inside, new, 0.5 * (low + high)), low, high


def interior(z: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return whether the correlation stays away from 1 and -1."""
    return np.asarray(np.abs(z) < FARTHEST - 1.0)
