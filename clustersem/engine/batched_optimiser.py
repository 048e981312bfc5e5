"""Many minimisations at once: a few steps with a common Hessian, then Newton's with each one's own.

All problems are near one another (resamples of one sample, draws from one population), so the
inverse Hessian of one of them, which costs nothing to apply, takes all of them most of the way.
What is left is done by Newton steps, in blocks that fit the processor's cache. The criterion is
that of :mod:`clustersem.engine.optimiser`: the decrement g' H^-1 g, in units of F. Problems that
have met it leave the batch.

A problem whose minimum runs away to infinity would go on until its decrement is rounding. It is
given up a hundred standard errors from the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from clustersem.engine.arrays import Array, Batch, Device, Index, cholesky, transposed
from clustersem.engine.optimiser import DECREMENT, FLATTEST, ROUNDING, SUFFICIENT

COMMON_STEPS = 3
NEWTON_STEPS = 6
MAX_STEPS = 40
# A Hessian is used again where so many more steps as good as the last one will do.
MORE_STEPS = 2
# Directions that are bent upwards at most, and the steps of inverse iteration to find each.
BENDS, ITERATIONS = 2, 2
# Standard errors from the start at which a problem is given up.
FAR = 100.0
# How many bytes of Hessians are worked on at a time, where memory is a processor's cache.
CACHE = 1 << 19


class Problems(Protocol):
    """Many functions of q parameters, evaluated together."""

    @property
    def device(self) -> Device:
        """Where their arrays live."""

    @property
    def n_terms(self) -> int:
        """F is a sum of so many terms of order one: its rounding error goes with it."""

    def some(self, which: Batch) -> Problems:
        """Return some of the problems, by their places."""

    def at(self, theta: Batch) -> tuple[Batch, Any]:
        """Return F at theta (B x q), infinite where it is not defined, and the state there."""

    def gradient(self, state: Any) -> Batch:  # noqa: ANN401 - what `at` returned
        """Return dF / dtheta (B x q)."""

    def expected(self, state: Any) -> Batch:  # noqa: ANN401
        """Return Hessians (B x q x q) that are never indefinite."""

    def exact(self, state: Any) -> Batch:  # noqa: ANN401
        """Return the exact Hessians (B x q x q)."""


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
    size, q = start.shape
    found = BatchedOptimum(
        start.copy(), np.full(size, np.inf), np.zeros(size, bool), np.zeros(size, np.intp)
    )
    if not size:
        return found
    inverse = np.asarray(np.linalg.inv(hessian), dtype=np.float64)
    theta = _common_steps(problems, start, inverse)
    run = _Run(start, hessian, 2.0 / n_total * FAR**2, found)
    block = size if problems.device.library in ("torch", "cupy") else max(4, CACHE // (8 * q * q))
    left = [
        run.newton(problems, places, theta[places], NEWTON_STEPS)
        for places in np.array_split(np.arange(size), -(-size // block))
    ]
    # The few that are hard go together.
    places = np.concatenate([places for places, _ in left])
    thetas = np.concatenate([thetas for _, thetas in left])
    for part in np.array_split(np.arange(len(places)), max(1, -(-len(places) // block))):
        if len(part):
            run.newton(problems, places[part], thetas[part], MAX_STEPS - NEWTON_STEPS)
    return found


def _common_steps(problems: Problems, start: Array, inverse: Array) -> Array:
    """Take steps with the common inverse Hessian."""
    device = problems.device
    xp = device.xp
    theta, metric = device.asarray(start), device.asarray(inverse)
    f, state = problems.at(theta)
    g = problems.gradient(state)
    length = xp.ones_like(f)
    for step_number in range(COMMON_STEPS):
        step = -(g @ metric)
        decrement = -xp.sum(g * step, axis=1)
        trial = theta + length[:, None] * step
        there, state = problems.at(trial)
        good = there <= f - SUFFICIENT * length * decrement
        theta = xp.where(good[:, None], trial, theta)
        f = xp.where(good, there, f)
        length = xp.where(good, length, 0.5 * length)
        if step_number < COMMON_STEPS - 1:
            g = xp.where(good[:, None], problems.gradient(state), g)
    return device.numpy(theta)


@dataclass(frozen=True, eq=False)
class _Run:
    """What all blocks share: where they began, when to give up, and where results go."""

    start: Array
    hessian: Array
    limit: float
    found: BatchedOptimum

    def newton(
        self, problems: Problems, places: Index, theta: Array, most: int
    ) -> tuple[Index, Array]:
        """Take Newton steps; write what ends and return the others, with their theta."""
        device = problems.device
        xp, take = device.xp, device.xp.take
        own = problems.some(device.asarray(places))
        here = device.asarray(theta)
        f, state = own.at(here)
        g = own.gradient(state)
        length = xp.ones_like(f)
        h = self._fresh(own, state, g)
        before, moved = np.full(len(places), np.inf), np.zeros(len(places), bool)
        for _ in range(most):
            step = _newton_step(xp, h, g)
            size = device.numpy(-xp.sum(g * step, axis=1)).copy()
            stale = np.flatnonzero(moved & ~_nearly_there(size, before))
            if len(stale):
                which = device.asarray(stale)
                g_stale = take(g, which, axis=0)
                fresh = self._fresh(own.some(which), state.some(which), g_stale)
                h = self._replaced(h, stale, fresh)
                again = _newton_step(xp, fresh, g_stale)
                step = self._replaced(step, stale, again)
                size[stale] = device.numpy(-xp.sum(g_stale * again, axis=1))
            before = size
            trial = here + length[:, None] * step
            ended = self._ended(device, places, f, here, trial, size)
            if ended.all():
                return places[:0], theta[:0]
            if ended.any():
                places, before = places[~ended], before[~ended]
                which = device.asarray(np.flatnonzero(~ended))
                own = own.some(which)
                here, f, g, h, trial, length = (
                    take(part, which, axis=0) for part in (here, f, g, h, trial, length)
                )
            there, state = own.at(trial)
            noise = ROUNDING * (own.n_terms + xp.abs(f))
            good = there <= f - SUFFICIENT * length * device.asarray(before) + noise
            # Of a problem whose step was refused nothing but the length of the next one changes.
            here = xp.where(good[:, None], trial, here)
            g = xp.where(good[:, None], own.gradient(state), g)
            f = xp.where(good, there, f)
            length = xp.where(good, xp.ones_like(length), 0.5 * length)
            moved = device.numpy(good)
            self.found.steps[places] += 1
        self.found.f[places] = device.numpy(f)
        self.found.theta[places] = device.numpy(here)
        return places, device.numpy(here)

    def _fresh(self, problems: Problems, state: Any, g: Batch) -> Batch:  # noqa: ANN401
        """Return the exact Hessians, bent upwards where these are not convex."""
        exact = problems.exact(state)
        others = self._not_convex(problems.device, exact)
        if not len(others):
            return exact
        take, which = problems.device.xp.take, problems.device.asarray(others)
        expected = problems.some(which).expected(state.some(which))
        g_others = take(g, which, axis=0)
        bent = _bent(problems.device.xp, take(exact, which, axis=0), expected, g_others)
        left = self._not_convex(problems.device, bent)
        if len(left):
            rest = take(expected, problems.device.asarray(left), axis=0)
            bent = self._replaced(bent, left, rest)
        return self._replaced(exact, others, bent)

    @staticmethod
    def _not_convex(device: Device, hessians: Batch) -> Index:
        """Return the places of Hessians that are not positive definite."""
        xp = device.xp
        scale = xp.sqrt(xp.abs(xp.linalg.diagonal(hessians)))
        _, _, convex = cholesky(xp, hessians / (scale[:, :, None] * scale[:, None, :]))
        return np.flatnonzero(~device.numpy(convex))

    @staticmethod
    def _replaced(whole: Batch, places: Index, parts: Batch) -> Batch:
        """Put some matrices in their places, in a batch that nobody else holds."""
        for part, place in enumerate(places.tolist()):
            whole[place, ...] = parts[part, ...]
        return whole

    def _ended(
        self, device: Device, places: Index, f: Batch, here: Batch, trial: Batch, size: Array
    ) -> np.ndarray:
        """Write down the problems that have converged or run away, and say which they are."""
        done = size <= DECREMENT
        away = device.numpy(here) - self.start[places]
        # Written so that what is not a number counts as far.
        ended: np.ndarray = done | ~(
            np.einsum("bi,ij,bj->b", away, self.hessian, away) <= self.limit
        )
        if ended.any():
            # The step that meets the criterion is taken: it is computed already.
            self.found.theta[places[ended]] = device.numpy(trial)[ended]
            self.found.f[places[ended]] = device.numpy(f)[ended]
            self.found.converged[places[ended]] = done[ended]
        return ended


def _newton_step(xp: Any, h: Batch, g: Batch) -> Batch:  # noqa: ANN401 - a namespace
    """Return -H^-1 g."""
    return -xp.linalg.solve(h, g[:, :, None])[:, :, 0]


def _nearly_there(size: Array, before: Array) -> np.ndarray:
    """Whether problems meet the criterion soon, if decrements go on falling as they did."""
    rate = size / before
    near: np.ndarray = (size > 0) & (size * rate**MORE_STEPS <= DECREMENT)
    return near


def _bent(xp: Any, h: Batch, expected: Batch, g: Batch) -> Batch:  # noqa: ANN401 - a namespace
    """Return Hessians with their flattest directions bent upwards, in the metric of expected ones.

    Where F is not convex a problem is near a saddle, along which Fisher scoring creeps. As in
    :mod:`clustersem.engine.optimiser` an eigenvalue that is negative or nearly zero is replaced by
    its absolute value. It is the one nearest to zero, along which a Newton step is long: so inverse
    iteration from that step finds it.
    """
    for _ in range(BENDS):
        v = xp.linalg.solve(h, g[:, :, None])
        for _ in range(ITERATIONS):
            v = v / xp.sqrt(xp.sum(v * (expected @ v), axis=1))[:, None, :]
            v = xp.linalg.solve(h, expected @ v)
        v = v / xp.sqrt(xp.sum(v * (expected @ v), axis=1))[:, None, :]
        value = xp.sum(v * (h @ v), axis=1)[:, None, :]
        to = xp.where(xp.abs(value) > FLATTEST, xp.abs(value), xp.full_like(value, FLATTEST))
        change = xp.where(value < FLATTEST, to - value, xp.zeros_like(value))
        e_v = expected @ v
        h = h + change * (e_v @ transposed(e_v))
    return h
