"""Many minimisations at once: a few steps with a common Hessian, then Newton's with each one's own.

All problems are near one another (resamples of one sample, draws from one population), so the
inverse Hessian of one of them, which costs nothing to apply, takes all of them most of the way.
What is left is done by Newton steps, in blocks that fit the processor's cache. The criterion is
that of :mod:`clustersem.engine.optimiser`: the decrement g' H^-1 g, in units of F. Problems that
have met it leave the batch.

A problem whose minimum runs away to infinity would go on until its decrement is rounding. It is
given up when it is a thousand times as far from the start as others are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from clustersem.engine.arrays import Array, Batch, Device, Index, cholesky
from clustersem.engine.optimiser import DECREMENT, ROUNDING, SUFFICIENT

COMMON_STEPS = 3
NEWTON_STEPS = 6
MAX_STEPS = 30
# A Hessian is used again where the last step with it left no more of the decrement than this.
RATE = 0.05
# In the metric of the common Hessian, squared, times that of the median problem's first step.
FAR = 1e6
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


def minimise_batch(problems: Problems, start: Array, hessian: Array) -> BatchedOptimum:
    """Minimise many functions.

    Parameters
    ----------
    problems : Problems
        What is to be minimised.
    start : ndarray of shape (B, q)
        Where each begins.
    hessian : ndarray of shape (q, q)
        A positive definite Hessian near theirs.
    """
    size, q = start.shape
    found = BatchedOptimum(
        start.copy(), np.full(size, np.inf), np.zeros(size, bool), np.zeros(size, np.intp)
    )
    if not size:
        return found
    inverse = np.asarray(np.linalg.inv(hessian), dtype=np.float64)
    theta, first = _common_steps(problems, start, inverse)
    limit = FAR * float(np.median(first[np.isfinite(first)])) if np.isfinite(first).any() else 0.0
    run = _Run(start, hessian, limit, found)
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


def _common_steps(problems: Problems, start: Array, inverse: Array) -> tuple[Array, Array]:
    """Take steps with the common inverse Hessian; return theta and the first decrement."""
    device = problems.device
    xp = device.xp
    theta, metric = device.asarray(start), device.asarray(inverse)
    f, state = problems.at(theta)
    g = problems.gradient(state)
    first = -xp.sum(g * -(g @ metric), axis=1)
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
    return device.numpy(theta), device.numpy(first)


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
        h = self._fresh(own, state)
        before = np.full(len(places), np.inf)
        for _ in range(most):
            step = -xp.linalg.solve(h, g[:, :, None])[:, :, 0]
            decrement = -xp.sum(g * step, axis=1)
            size = device.numpy(decrement)
            # The last Hessian serves on for as long as it takes off most of the decrement.
            stale = np.flatnonzero(~(size <= RATE * before) & (before < np.inf))
            if len(stale):
                which = device.asarray(stale)
                h = self._replaced(h, stale, self._fresh(own.some(which), state.some(which)))
                step = -xp.linalg.solve(h, g[:, :, None])[:, :, 0]
                decrement = -xp.sum(g * step, axis=1)
                size = device.numpy(decrement)
            before = size
            trial = here + length[:, None] * step
            ended = self._ended(device, places, f, trial, decrement)
            if ended.all():
                return places[:0], theta[:0]
            if ended.any():
                places, before = places[~ended], before[~ended]
                which = device.asarray(np.flatnonzero(~ended))
                own = own.some(which)
                here, f, g, h, trial, length, decrement = (
                    take(part, which, axis=0) for part in (here, f, g, h, trial, length, decrement)
                )
            there, new = own.at(trial)
            noise = ROUNDING * (own.n_terms + xp.abs(f))
            good = there <= f - SUFFICIENT * length * decrement + noise
            here = xp.where(good[:, None], trial, here)
            if bool(xp.all(good)):
                f, state, g = there, new, own.gradient(new)
                length = xp.ones_like(f)
            else:
                f, state = own.at(here)
                g = own.gradient(state)
                length = xp.where(good, xp.ones_like(length), 0.5 * length)
            self.found.steps[places] += 1
        self.found.f[places] = device.numpy(f)
        self.found.theta[places] = device.numpy(here)
        return places, device.numpy(here)

    def _fresh(self, problems: Problems, state: Any) -> Batch:  # noqa: ANN401 - of `at`
        """Return the exact Hessians, or the expected ones where these are not convex."""
        xp = problems.device.xp
        exact = problems.exact(state)
        scale = xp.sqrt(xp.abs(xp.linalg.diagonal(exact)))
        _, _, convex = cholesky(xp, exact / (scale[:, :, None] * scale[:, None, :]))
        others = np.flatnonzero(~problems.device.numpy(convex))
        if not len(others):
            return exact
        which = problems.device.asarray(others)
        expected = problems.some(which).expected(state.some(which))
        return self._replaced(exact, others, expected)

    @staticmethod
    def _replaced(whole: Batch, places: Index, parts: Batch) -> Batch:
        """Put some matrices in their places, in a batch that nobody else holds."""
        for part, place in enumerate(places.tolist()):
            whole[place, ...] = parts[part, ...]
        return whole

    def _ended(
        self, device: Device, places: Index, f: Batch, trial: Batch, decrement: Batch
    ) -> np.ndarray:
        """Write down the problems that have converged or run away, and say which they are."""
        size, theta = device.numpy(decrement), device.numpy(trial)
        done = size <= DECREMENT
        away = theta - self.start[places]
        # Written so that what is not a number counts as far.
        ended: np.ndarray = done | ~(
            np.einsum("bi,ij,bj->b", away, self.hessian, away) <= self.limit
        )
        if ended.any():
            self.found.theta[places[ended]] = theta[ended]
            self.found.f[places[ended]] = device.numpy(f)[ended]
            self.found.converged[places[ended]] = done[ended]
        return ended
