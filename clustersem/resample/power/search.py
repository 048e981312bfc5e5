"""The sample size that gives a wanted power, from simulated sizes around it.

Where a test is a z test, its power is close to Phi(b sqrt(n) - c): on the probit scale a straight
line in sqrt(n). Such a line is fitted, by maximum likelihood, to the shares of supported
replications at the sizes near the one that is looked for, and read backwards. A size is simulated
where the line says that it is, until its interval is narrow enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from clustersem.engine.ram import Array

#: Sizes more than this factor away say nothing of the line near the size looked for.
NEAR = 2.0
#: How often a size may be added for one target.
MOST_ROUNDS = 12

_DEVIATE = float(ndtri(0.975))


@dataclass(frozen=True)
class Counts:
    """Of each simulated size how many of its replications supported the hypothesis."""

    n: Array
    hits: Array
    trials: Array


@dataclass(frozen=True)
class Crossing:
    """Where the power crosses the wanted one.

    Attributes
    ----------
    n : float
        The size; NaN where the counts do not say.
    log_se : float
        Standard error of its logarithm.
    inside : bool
        Whether sizes on both sides of it were simulated.
    """

    n: float
    log_se: float
    inside: bool

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the size."""
        half = _DEVIATE * self.log_se
        return self.n * np.exp(-half), self.n * np.exp(half)

    def is_precise(self, precision: float) -> bool:
        """Whether half the interval is within so large a share of the size."""
        return bool(self.inside and _DEVIATE * self.log_se <= precision)


def crossing(counts: Counts, wanted: float) -> Crossing:
    """Return where the line through the counts crosses a wanted power."""
    near = _near(counts, wanted)
    x = np.sqrt(counts.n[near])
    # Half a success and half a failure more: no size has a power of exactly 0 or 1.
    share = (counts.hits[near] + 0.5) / (counts.trials[near] + 1.0)
    line, information = _probit(x, share, counts.trials[near] + 1.0)
    if line is None or line[1] <= 0:
        return Crossing(np.nan, np.inf, False)
    root = (float(ndtri(wanted)) - line[0]) / line[1]
    if root <= 0:
        return Crossing(np.nan, np.inf, False)
    # d root / d (a, b), by the delta method; log n = 2 log root.
    slope = np.array([-1.0, -root]) / line[1]
    variance = float(slope @ np.linalg.solve(information, slope))
    n = root**2
    inside = bool(counts.n.min() <= n <= counts.n.max())
    return Crossing(float(n), 2.0 * np.sqrt(variance) / root, inside)


def _near(counts: Counts, wanted: float) -> np.ndarray:
    """Return which sizes are near: by their own share of successes, three at least."""
    share = (counts.hits + 0.5) / (counts.trials + 1.0)
    centre = counts.n[np.abs(ndtri(share) - ndtri(wanted)).argmin()]
    distance = np.abs(np.log(counts.n / centre))
    limit = max(np.log(NEAR), np.sort(distance)[min(2, len(distance) - 1)])
    return np.asarray(distance <= limit)


def _probit(x: Array, share: Array, weight: Array) -> tuple[Array | None, Array]:
    """Return intercept and slope of a probit regression, and their information."""
    design = np.column_stack([np.ones_like(x), x])
    scores = ndtri(share)
    line = np.linalg.lstsq(design, scores, rcond=None)[0]
    information = np.eye(2)
    for _ in range(50):
        eta = design @ line
        mean = np.clip(ndtr(eta), 1e-12, 1 - 1e-12)
        density = np.maximum(np.exp(-0.5 * eta**2) / np.sqrt(2.0 * np.pi), 1e-12)
        working = weight * density**2 / (mean * (1.0 - mean))
        information = design.T @ (design * working[:, None])
        if not np.linalg.cond(information) < 1e12:
            return None, information
        step = np.linalg.solve(
            information, design.T @ (weight * density * (share - mean) / (mean * (1.0 - mean)))
        )
        line = line + step
        if np.abs(step).max() < 1e-10:
            break
    return line, information


def search(
    simulate: Callable[[Sequence[int]], bool],
    counts_of: Callable[[int], Counts],
    first: Sequence[int],
    *,
    wanted: float,
    precision: float,
    least: int,
) -> list[Crossing]:
    """Return the crossing of every target, simulating sizes until each is precise.

    Parameters
    ----------
    simulate : callable
        Simulates some sizes, which then show in the counts; False where it was stopped.
    counts_of : callable
        The counts of a target, by its place.
    first : sequence of int
        A first guess for every target.
    wanted, precision : float
        Wanted power; half-width of the 95 % interval of the size as a share of it.
    least : int
        The smallest size that can be simulated.
    """
    starts = {max(least, round(guess * factor)) for guess in first for factor in (0.8, 1.0, 1.25)}
    going = simulate(sorted(starts))
    for _ in range(MOST_ROUNDS):
        if not going:
            break
        added: set[int] = set()
        for k in range(len(first)):
            counts = counts_of(k)
            found = crossing(counts, wanted)
            if not found.is_precise(precision):
                added |= _next(found, counts, wanted, least)
        if not added:
            break
        going = simulate(sorted(added))
    return [crossing(counts_of(k), wanted) for k in range(len(first))]


def _next(found: Crossing, counts: Counts, wanted: float, least: int) -> set[int]:
    """Return the size to simulate next; none where the smallest has the power already."""
    low, high = int(counts.n.min()), int(counts.n.max())
    share = counts.hits / counts.trials
    if np.isnan(found.n):
        guess = 2 * high if share.max() < wanted else max(least, low // 2)
    else:
        guess = int(np.clip(round(found.n), max(least, low // 2), 2 * high))
    if guess <= least and share[counts.n.argmin()] >= wanted and low <= least:
        return set()
    taken = set(counts.n.astype(int).tolist())
    while guess in taken:
        guess += 1
    return {guess}
