"""Steps with one inverse Hessian for all problems, corrected by each one's last gradients.

Resamples of one sample, and draws from one population, have their minima near one another, so the
inverse Hessian of one of them takes all of them most of the way at the price of gradients, which
are cheap. What it does not know of a problem, the changes of its gradient tell (limited-memory
BFGS).

References
----------
Nocedal, J. (1980). Updating quasi-Newton matrices with limited storage. Mathematics of
Computation, 35, 773-782. doi:10.1090/S0025-5718-1980-0572855-7
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.engine.arrays import Array, Batch, Namespace
from clustersem.engine.batched_problems import Problems
from clustersem.engine.optimiser import SUFFICIENT

# After so many steps of its own a problem that is not there yet is better off with Newton's.
STEPS = 15
# In units of F. The step that meets it is taken, and leaves a tenth: estimates are then right to
# about a millionth of their standard errors in samples of a thousand.
DECREMENT = 1e-14
# A pair whose curvature is below this share of its lengths' product is rounding.
ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class _Pair:
    """A step, the change of the gradient along it, and one over their product; 0 for no pair."""

    s: Batch
    y: Batch
    rho: Batch


def quasi_newton(
    problems: Problems, start: Array, inverse: Array
) -> tuple[Batch, Batch, np.ndarray]:
    """Go towards the minima.

    Parameters
    ----------
    problems : Problems
    start : ndarray of shape (B, q)
    inverse : ndarray of shape (q, q)
        The inverse of a Hessian near theirs.

    Returns
    -------
    theta : array of shape (B, q)
    f : array of shape (B,)
        F there.
    done : ndarray of bool, shape (B,)
        Which problems are at their minima.
    """
    device = problems.device
    xp = device.xp
    theta, metric = device.asarray(start), device.asarray(inverse)
    f, state = problems.at(theta)
    g = problems.gradient(state)
    length = xp.ones_like(f)
    pairs: list[_Pair] = []
    for _ in range(STEPS):
        step = -_times_inverse(xp, g, pairs, metric)
        decrement = -xp.sum(g * step, axis=1)
        trial = theta + length[:, None] * step
        there, state = problems.at(trial)
        good = there <= f - SUFFICIENT * length * decrement
        changed = problems.gradient(state)
        pairs.append(_pair(xp, trial - theta, changed - g, good))
        theta = xp.where(good[:, None], trial, theta)
        g = xp.where(good[:, None], changed, g)
        f = xp.where(good, there, f)
        length = xp.where(good, xp.ones_like(length), 0.5 * length)
    step = -_times_inverse(xp, g, pairs, metric)
    decrement = -xp.sum(g * step, axis=1)
    done = (decrement >= 0) & (decrement <= DECREMENT)
    theta = xp.where(done[:, None], theta + step, theta)
    return theta, f, device.numpy(done)


def _pair(xp: Namespace, s: Batch, y: Batch, good: Batch) -> _Pair:
    """Return a pair; nothing of it counts where the step was refused or shows no curvature."""
    sy = xp.sum(s * y, axis=1)
    size = xp.sqrt(xp.sum(s * s, axis=1) * xp.sum(y * y, axis=1))
    used = good & (sy > ROUNDING * size)
    rho = xp.where(used, 1.0 / xp.where(used, sy, xp.ones_like(sy)), xp.zeros_like(sy))
    nothing = xp.zeros_like(s)
    return _Pair(xp.where(used[:, None], s, nothing), xp.where(used[:, None], y, nothing), rho)


def _times_inverse(xp: Namespace, g: Batch, pairs: list[_Pair], metric: Batch) -> Batch:
    """Return H^-1 g, H^-1 being what the pairs make of the metric."""
    alphas = []
    for pair in reversed(pairs):
        alpha = pair.rho * xp.sum(pair.s * g, axis=1)
        g = g - alpha[:, None] * pair.y
        alphas.append(alpha)
    g = g @ metric
    for pair, alpha in zip(pairs, reversed(alphas), strict=True):
        beta = pair.rho * xp.sum(pair.y * g, axis=1)
        g = g + (alpha - beta)[:, None] * pair.s
    return g
