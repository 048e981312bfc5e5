"""Where many minimisations stand, and how a step is accepted or refused for each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from clustersem.engine.arrays import Array, Batch, Index
from clustersem.engine.batched_pairs import Pair, remembered
from clustersem.engine.batched_problems import Problems
from clustersem.engine.optimiser import ROUNDING, SUFFICIENT


@dataclass(frozen=True, eq=False)
class Walk:
    """Where problems stand on their way to their minima.

    Attributes
    ----------
    problems : Problems
    here : array of shape (B, q)
        theta.
    f : array of shape (B,)
    g : array of shape (B, q)
        F and its gradient there.
    length : array of shape (B,)
        The share of the next step that is tried.
    pairs : tuple of Pair
        What gradients have told of the Hessians.
    """

    problems: Problems
    here: Batch
    f: Batch
    g: Batch
    length: Batch
    pairs: tuple[Pair, ...] = ()

    def some(self, which: Batch) -> Walk:
        """Return some of the problems."""
        xp = self.problems.device.xp
        here, f, g, length = (
            xp.take(part, which, axis=0) for part in (self.here, self.f, self.g, self.length)
        )
        pairs = tuple(pair.some(xp, which) for pair in self.pairs)
        return Walk(self.problems.some(which), here, f, g, length, pairs)

    def without_pairs(self, places: Index) -> Walk:
        """Return the walk with nothing remembered of some problems."""
        device = self.problems.device
        return replace(self, pairs=tuple(pair.without(device, places) for pair in self.pairs))

    def tried(self, trial: Batch, decrement: Batch) -> tuple[Walk, Any, Batch]:
        """Go to `trial` where it lowers F by enough of what the decrement promises.

        Of a problem whose step is refused nothing but the length of the next one changes.

        Returns
        -------
        walk : Walk
        state
            What :meth:`Problems.at` returned of all trials.
        good : array of bool, shape (B,)
            Which were accepted.
        """
        xp = self.problems.device.xp
        there, state = self.problems.at(trial)
        noise = ROUNDING * (self.problems.n_terms + xp.abs(self.f))
        good = there <= self.f - SUFFICIENT * self.length * decrement + noise
        changed = self.problems.gradient(state)
        walk = Walk(
            self.problems,
            xp.where(good[:, None], trial, self.here),
            xp.where(good, there, self.f),
            xp.where(good[:, None], changed, self.g),
            xp.where(good, xp.ones_like(self.length), 0.5 * self.length),
            remembered(xp, self.pairs, trial - self.here, changed - self.g, good),
        )
        return walk, state, good


def begun(problems: Problems, start: Array) -> tuple[Walk, Any]:
    """Return problems at their starts (B x q), and what :meth:`Problems.at` returned there."""
    device = problems.device
    here = device.asarray(start)
    f, state = problems.at(here)
    return Walk(problems, here, f, problems.gradient(state), device.xp.ones_like(f)), state
