"""Hessians to step with, for many problems: exact ones, bent upwards where these are not convex.

Where F is not convex a problem is near a saddle, along which Fisher scoring creeps. As in
:mod:`clustersem.engine.optimiser` an eigenvalue, in the metric of the expected Hessian, that is
negative or nearly zero is replaced by its absolute value.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from clustersem.engine.arrays import Batch, Index, solved, transposed
from clustersem.engine.batched_factors import Factors, factored, joined
from clustersem.engine.batched_problems import Problems
from clustersem.engine.optimiser import FLATTEST

# Directions that are bent upwards at most, and the steps of inverse iteration to find each.
BENDS, ITERATIONS = 2, 2
# How many bytes of Hessians are worked on at a time, where memory is a processor's cache.
CACHE = 1 << 19


def curvature(problems: Problems, state: Any, g: Batch) -> Factors:  # noqa: ANN401 - of `at`
    """Return a positive definite Hessian for every problem, as near to the exact one as can be.

    Parameters
    ----------
    problems : Problems
    state
        What :meth:`Problems.at` returned.
    g : array of shape (B, q)
        Gradients there.

    Returns
    -------
    Factors
        The Hessians, ready to solve with.
    """
    device = problems.device
    size, q = g.shape
    block = size if device.is_accelerated else max(4, CACHE // (8 * q * q))
    if size <= block:
        return _of_block(problems, state, g)
    parts = []
    for part in np.array_split(np.arange(size), -(-size // block)):
        which = device.asarray(part)
        own = problems.some(which), state.some(which), device.xp.take(g, which, axis=0)
        parts.append(_of_block(*own))
    return joined(parts)


def _of_block(problems: Problems, state: Any, g: Batch) -> Factors:  # noqa: ANN401
    device, take = problems.device, problems.device.xp.take
    exact = problems.exact(state)
    found, others = factored(device, exact)
    if not len(others):
        return found
    which = device.asarray(others)
    expected = problems.some(which).expected(state.some(which))
    bent, g_others = take(exact, which, axis=0), take(g, which, axis=0)
    left = np.arange(len(others))
    for _ in range(BENDS):
        own = device.asarray(left)
        parts = (take(part, own, axis=0) for part in (bent, expected, g_others))
        now = _bent(device.xp, *parts)
        bent = replaced(bent, left, now)
        factors, failed = factored(device, now)
        found = found.replaced(others[left], factors)
        left = left[failed]
        if not len(left):
            return found
    rest, _ = factored(device, take(expected, device.asarray(left), axis=0))
    return found.replaced(others[left], rest)


def _bent(xp: Any, h: Batch, expected: Batch, g: Batch) -> Batch:  # noqa: ANN401 - a namespace
    """Return Hessians with the eigenvalue nearest to zero bent upwards.

    A Newton step is long along its direction, so inverse iteration from that step finds it.
    """
    v = solved(xp, h, g[:, :, None])
    for _ in range(ITERATIONS):
        v = solved(xp, h, expected @ (v / _length(xp, v, expected)))
    v = v / _length(xp, v, expected)
    value = xp.sum(v * (h @ v), axis=1)[:, None, :]
    to = xp.where(xp.abs(value) > FLATTEST, xp.abs(value), xp.full_like(value, FLATTEST))
    change = xp.where(value < FLATTEST, to - value, xp.zeros_like(value))
    e_v = expected @ v
    return h + change * (e_v @ transposed(e_v))


def _length(xp: Any, v: Batch, expected: Batch) -> Batch:  # noqa: ANN401 - a namespace
    return xp.sqrt(xp.sum(v * (expected @ v), axis=1))[:, None, :]


def replaced(whole: Batch, places: Index, parts: Batch) -> Batch:
    """Put some rows in their places, in a batch that nobody else holds."""
    for part, place in enumerate(places.tolist()):
        whole[place, ...] = parts[part, ...]
    return whole
