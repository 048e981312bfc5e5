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
from clustersem.engine.optimiser import ROUNDING, SUFFICIENT

STEPS = 24
# A problem that is farther than this from its minimum after so many steps is better off with
# Newton's.
HARD, HARD_AFTER = 1e-6, 12
# In units of F. The step that meets it is taken, and leaves a tenth: estimates are then right to
# about a millionth of their standard errors in samples of a thousand.
DECREMENT = 1e-14
# The share of problems left at which those that have ended are taken out of the batch.
SPARSE = 0.75
# Pairs that are remembered.
MEMORY = 16
# A pair whose curvature is below this share of its lengths' product is rounding.
FLAT = 1e-10


@dataclass(frozen=True, eq=False)
class _Pair:
    """A step, the change of the gradient along it, and one over their product; 0 for no pair."""

    s: Batch
    y: Batch
    rho: Batch

    def some(self, xp: Namespace, which: Batch) -> _Pair:
        """Return the pairs of some problems."""
        return _Pair(*(xp.take(part, which, axis=0) for part in (self.s, self.y, self.rho)))


@dataclass(frozen=True, eq=False)
class Approach:
    """Where quasi-Newton steps have led.

    Attributes
    ----------
    theta : ndarray of shape (B, q)
    f : ndarray of shape (B,)
        F there.
    done : ndarray of bool, shape (B,)
        Which problems are at their minima.
    """

    theta: Array
    f: Array
    done: np.ndarray


def quasi_newton(problems: Problems, start: Array, inverse: Array) -> Approach:
    """Go towards the minima.

    Parameters
    ----------
    problems : Problems
    start : ndarray of shape (B, q)
    inverse : ndarray of shape (q, q)
        The inverse of a Hessian near theirs.
    """
    device = problems.device
    xp = device.xp
    theta, metric = device.asarray(start), device.asarray(inverse)
    f, state = problems.at(theta)
    g = problems.gradient(state)
    length = xp.ones_like(f)
    pairs: list[_Pair] = []
    found = Approach(start.copy(), device.numpy(f).copy(), np.zeros(len(start), bool))
    places, alive = np.arange(len(start)), np.ones(len(start), bool)
    for number in range(STEPS + 1):
        step = -_times_inverse(xp, g, pairs, metric)
        decrement = -xp.sum(g * step, axis=1)
        trial = theta + length[:, None] * step
        size = device.numpy(decrement)
        done = alive & (size >= 0) & (size <= DECREMENT)
        hard = ~(size <= HARD) if number >= HARD_AFTER else np.zeros(len(places), bool)
        ended = done | (alive & (hard | (number == STEPS)))
        if ended.any():
            for which, where in ((done, trial), (ended & ~done, theta)):
                found.theta[places[which]] = device.numpy(where)[which]
            # What a step takes off F is half the decrement, but for rounding.
            found.f[places[ended]] = device.numpy(f)[ended] - 0.5 * np.where(done, size, 0.0)[ended]
            found.done[places[done]] = True
            alive &= ~ended
            if not alive.any():
                break
        if alive.mean() < SPARSE:
            kept = np.flatnonzero(alive)
            places, alive = places[kept], alive[kept]
            which = device.asarray(kept)
            problems = problems.some(which)
            theta, f, g, length, decrement, trial = (
                xp.take(part, which, axis=0) for part in (theta, f, g, length, decrement, trial)
            )
            pairs = [pair.some(xp, which) for pair in pairs]
        there, state = problems.at(trial)
        good = there <= f - SUFFICIENT * length * decrement + ROUNDING * (
            problems.n_terms + xp.abs(f)
        )
        changed = problems.gradient(state)
        pairs = [*pairs[1 - MEMORY :], _pair(xp, trial - theta, changed - g, good)]
        theta = xp.where(good[:, None], trial, theta)
        g = xp.where(good[:, None], changed, g)
        f = xp.where(good, there, f)
        length = xp.where(good, xp.ones_like(length), 0.5 * length)
    return found


def _pair(xp: Namespace, s: Batch, y: Batch, good: Batch) -> _Pair:
    """Return a pair; nothing of it counts where the step was refused or shows no curvature."""
    sy = xp.sum(s * y, axis=1)
    size = xp.sqrt(xp.sum(s * s, axis=1) * xp.sum(y * y, axis=1))
    used = good & (sy > FLAT * size)
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
