"""Steps with one inverse Hessian for all problems, corrected by each one's last gradients.

Resamples of one sample, and draws from one population, have their minima near one another, so the
inverse Hessian of one of them takes all of them most of the way at the price of gradients, which
are cheap. What it does not know of a problem, the changes of its gradient tell (see
:mod:`clustersem.engine.batched_pairs`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.engine.arrays import Array
from clustersem.engine.batched_pairs import Pair, remembered, times_inverse
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
    pairs: list[Pair] = []
    found = Approach(start.copy(), device.numpy(f).copy(), np.zeros(len(start), bool))
    places, alive = np.arange(len(start)), np.ones(len(start), bool)
    for number in range(STEPS + 1):
        step = -times_inverse(xp, g, pairs, lambda v: v @ metric)
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
        pairs = remembered(xp, pairs, trial - theta, changed - g, good)
        theta = xp.where(good[:, None], trial, theta)
        g = xp.where(good[:, None], changed, g)
        f = xp.where(good, there, f)
        length = xp.where(good, xp.ones_like(length), 0.5 * length)
    return found
