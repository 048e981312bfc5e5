"""Newton's method with a lower bound on every coordinate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg

from clustersem.scale.answers import Array

# Value, gradient and exact Hessian of the objective at a point.
Objective = Callable[[Array], tuple[float, Array, Array]]

_TRIALS = 60


def _newton_step(gradient: Array, hessian: Array) -> Array:
    """Descend along -|H|^-1 g: negative curvature is mirrored."""
    values, vectors = scipy.linalg.eigh(hessian)
    curvature = np.maximum(np.abs(values), 1e-10 * np.abs(values).max(initial=1e-300))
    return np.asarray(-(vectors @ ((vectors.T @ gradient) / curvature)))


def minimise_above(
    objective: Objective, start: Array, lower: Array, *, tol: float, max_iter: int
) -> tuple[Array, bool, int]:
    """Minimise a smooth function subject to ``x >= lower``.

    Coordinates on their bound whose gradient points outward are held there; the others take a
    Newton step that is projected onto the bounds and halved until the objective falls (Armijo).

    Parameters
    ----------
    objective : callable
        Returns value, gradient and Hessian.
    start, lower : ndarray, shape (p,)
    tol : float
        Stop when the Newton decrement of the free coordinates, g'|H|^-1 g, is below this. It is in
        units of the objective, and convergence is quadratic there.
    max_iter : int

    Returns
    -------
    x : ndarray, shape (p,)
    converged : bool
    iterations : int

    References
    ----------
    Bertsekas, D. P. (1982). Projected Newton methods for optimization problems with simple
    constraints. SIAM Journal on Control and Optimization, 20, 221-246.
    https://doi.org/10.1137/0320018
    """
    x = np.maximum(start, lower)
    value, gradient, hessian = objective(x)
    for iteration in range(max_iter):
        free = (x > lower) | (gradient < 0.0)
        step = np.zeros_like(x)
        if free.any():
            step[free] = _newton_step(gradient[free], hessian[np.ix_(free, free)])
        if -float(gradient @ step) < tol:
            # The last step is known already, and near the optimum it squares the remaining error.
            return np.maximum(x + step, lower), True, iteration
        scale = 1.0
        for _ in range(_TRIALS):
            trial = np.maximum(x + scale * step, lower)
            trial_value, trial_gradient, trial_hessian = objective(trial)
            if trial_value <= value + 1e-4 * float(gradient @ (trial - x)):
                break
            scale /= 2.0
        else:
            # No step lowers the objective: it is flat to machine precision, though not to `tol`.
            return x, False, iteration
        x, value, gradient, hessian = trial, trial_value, trial_gradient, trial_hessian
    return x, False, max_iter
