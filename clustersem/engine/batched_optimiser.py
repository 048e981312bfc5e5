"""Many minimisations at once: steps with a common Hessian, then Newton's with each one's own.

The criterion is that of :mod:`clustersem.engine.optimiser`: the decrement g' H^-1 g, in units of F.

A problem whose minimum runs away to infinity would go on until its decrement is rounding. It is
given up a hundred standard errors from the start, and before where the valley is flat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.engine.arrays import Array, Batch, Device, Index
from clustersem.engine.batched_curvature import curvature, replaced
from clustersem.engine.batched_pairs import Pair, remembered, times_inverse
from clustersem.engine.batched_problems import Problems
from clustersem.engine.batched_quasi_newton import quasi_newton
from clustersem.engine.optimiser import DECREMENT, ROUNDING, SUFFICIENT

MAX_STEPS = 40
# A problem is given up, too, if so many steps lower chi2 by less than this without bringing the
# minimum nearer: its valley leads to infinity, or to a minimum that no data tell from it.
FLAT_STEPS, FLAT_GAIN, FLAT_RATE = 6, 0.1, 0.3
# A Hessian is used again where so many more steps as good as the last one will do.
MORE_STEPS = 2
# The last step is taken if it leaves no more of the decrement than this, which moves no estimate by
# more than a millionth of its standard error in samples of ten thousand.
LEFT = 1e-16
# Standard errors from the start at which a problem is given up.
FAR = 100.0
# The share of problems left at which those that have ended are taken out of the batch.
SPARSE = 0.75


@dataclass(frozen=True, eq=False)
class BatchedOptimum:
    """Where the minimisations ended.

    Attributes
    ----------
    theta : ndarray of shape (B, q)
    f : ndarray of shape (B,)
    converged : ndarray of bool, shape (B,)
    steps : ndarray of int, shape (B,)
        Newton steps taken.
    """

    theta: Array
    f: Array
    converged: np.ndarray
    steps: Index


def minimise_batch(
    problems: Problems, start: Array, hessian: Array, n_total: float
) -> BatchedOptimum:
    """Minimise many functions.

    Parameters
    ----------
    problems : Problems
        What is to be minimised.
    start : ndarray of shape (B, q)
        Where each begins.
    hessian : ndarray of shape (q, q)
        A positive definite Hessian near theirs.
    n_total : float
        N: its covariance matrix of estimates is the inverse of N / 2 times the Hessian.
    """
    size = len(start)
    found = BatchedOptimum(
        start.copy(), np.full(size, np.inf), np.zeros(size, bool), np.zeros(size, np.intp)
    )
    if not size:
        return found
    inverse = np.asarray(np.linalg.inv(hessian), dtype=np.float64)
    near = quasi_newton(problems, start, inverse)
    found.theta[near.done] = near.theta[near.done]
    found.f[near.done] = near.f[near.done]
    found.converged[near.done] = True
    left = np.flatnonzero(~near.done)
    if len(left):
        which = problems.device.asarray(left)
        run = _Run(start, hessian, n_total, found)
        run.newton(problems.some(which), left, near.theta[left])
    return found


@dataclass(frozen=True, eq=False)
class _Run:
    """Where all problems began, how far one may go, and where results are written down."""

    start: Array
    hessian: Array
    n_total: float
    found: BatchedOptimum

    def newton(self, problems: Problems, places: Index, start: Array) -> None:
        """Take Newton steps with the problems in these places and write down where they end."""
        device = problems.device
        xp, take = device.xp, device.xp.take
        here = device.asarray(start)
        f, state = problems.at(here)
        g = problems.gradient(state)
        length = xp.ones_like(f)
        h = curvature(problems, state, g)
        pairs: list[Pair] = []
        before, moved = np.full(len(places), np.inf), np.zeros(len(places), bool)
        alive = np.ones(len(places), bool)
        trail = _Trail(len(self.start), self.n_total)
        for _ in range(MAX_STEPS):
            step = -times_inverse(xp, g, pairs, h.solve)
            size = device.numpy(-xp.sum(g * step, axis=1)).copy()
            stale = np.flatnonzero(alive & moved & ~_nearly_there(size, before))
            if len(stale):
                which = device.asarray(stale)
                g_stale = take(g, which, axis=0)
                fresh = curvature(problems.some(which), state.some(which), g_stale)
                again = -fresh.solve(g_stale)
                h, step = h.replaced(stale, fresh), replaced(step, stale, again)
                pairs = [pair.without(device, stale) for pair in pairs]
                size[stale] = device.numpy(-xp.sum(g_stale * again, axis=1))
            trial = here + length[:, None] * step
            done = alive & ((size <= DECREMENT) | (_after(size, before) <= LEFT))
            # What the last step takes off F is half the decrement, but for rounding.
            after = device.numpy(f) - 0.5 * size
            alive &= ~self._ended(device, places, after, here, trial, done, alive)
            # A problem whose Hessian is singular can take no step.
            alive &= ~(np.isnan(size) | trail.is_flat(places, device.numpy(f), size))
            before = size
            if not alive.any():
                return
            if alive.mean() < SPARSE:
                kept = np.flatnonzero(alive)
                places, before, alive = places[kept], before[kept], alive[kept]
                which = device.asarray(kept)
                problems = problems.some(which)
                here, f, g, trial, length = (
                    take(part, which, axis=0) for part in (here, f, g, trial, length)
                )
                h = h.some(kept)
                pairs = [pair.some(xp, which) for pair in pairs]
            there, state = problems.at(trial)
            noise = ROUNDING * (problems.n_terms + xp.abs(f))
            good = there <= f - SUFFICIENT * length * device.asarray(before) + noise
            # Of a problem whose step was refused nothing but the length of the next one changes.
            changed = problems.gradient(state)
            pairs = remembered(xp, pairs, trial - here, changed - g, good)
            here = xp.where(good[:, None], trial, here)
            g = xp.where(good[:, None], changed, g)
            f = xp.where(good, there, f)
            length = xp.where(good, xp.ones_like(length), 0.5 * length)
            moved = device.numpy(good)
            self.found.steps[places[alive]] += 1
        self.found.f[places[alive]] = device.numpy(f)[alive]
        self.found.theta[places[alive]] = device.numpy(here)[alive]

    def _ended(
        self,
        device: Device,
        places: Index,
        after: Array,
        here: Batch,
        trial: Batch,
        done: np.ndarray,
        alive: np.ndarray,
    ) -> np.ndarray:
        """Write down the problems that meet the criterion or ran away, and say which these are."""
        away = device.numpy(here) - self.start[places]
        distance = np.einsum("bi,bi->b", away @ self.hessian, away)
        # Written so that what is not a number counts as far.
        ended: np.ndarray = done | (alive & ~(0.5 * self.n_total * distance <= FAR**2))
        if ended.any():
            # The step that meets the criterion is taken: it is computed already.
            self.found.theta[places[ended]] = device.numpy(trial)[ended]
            self.found.f[places[ended]] = after[ended]
            self.found.converged[places[ended]] = done[ended]
        return ended


class _Trail:
    """What the last steps of all problems have brought."""

    def __init__(self, size: int, n_total: float) -> None:
        self._n_total = n_total
        self._f: list[Array] = []
        self._decrement: list[Array] = []
        self._nothing = np.full(size, np.nan)

    def is_flat(self, places: Index, f: Array, decrement: Array) -> np.ndarray:
        """Add a step; return which problems creep along a valley to infinity."""
        for kept, now in ((self._f, f), (self._decrement, decrement)):
            kept.append(self._nothing.copy())
            kept[-1][places] = now
        if len(self._f) <= FLAT_STEPS:
            return np.zeros(len(places), bool)
        gained = self._n_total * (self._f[-1 - FLAT_STEPS][places] - f)
        rate = decrement / self._decrement[-1 - FLAT_STEPS][places]
        flat: np.ndarray = (gained < FLAT_GAIN) & (rate > FLAT_RATE)
        return flat


def _after(size: Array, before: Array) -> Array:
    """Return the decrements after this step, if they go on falling as they did."""
    known = (size > 0) & (before < np.inf)
    return np.where(known, size * (size / before), np.inf)


def _nearly_there(size: Array, before: Array) -> np.ndarray:
    """Whether problems meet the criterion soon, if decrements go on falling as they did."""
    rate = size / before
    near: np.ndarray = (size > 0) & (size * rate**MORE_STEPS <= DECREMENT)
    return near
