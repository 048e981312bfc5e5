"""Objectives in the units of the data, minimised as pure numbers.

The optimiser stops on the size of what is left to gain, so that an unweighted sum of squared
differences between covariances, which is in the fourth power of the units of the data, has to be
measured first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from clustersem.engine.objective import Objective
from clustersem.engine.objective import State as Raw
from clustersem.engine.optimiser import Optimum
from clustersem.engine.ram import Array

O = TypeVar("O", bound=Optimum)  # noqa: E741 - it stands for an optimum


@dataclass(frozen=True)
class State:
    """The objective at one theta: F as a pure number, and what it was made from."""

    f: float
    raw: Raw


@dataclass(frozen=True)
class Unitless:
    """F / u, for :func:`clustersem.engine.optimiser.minimise` and its like.

    Attributes
    ----------
    raw : Objective
        F. Its `unit` is u.
    """

    raw: Objective

    @property
    def n_terms(self) -> int:
        """F / u is a sum of so many terms of order one."""
        return self.raw.n_terms

    def at(self, theta: Array) -> State | None:
        """Return F / u at theta."""
        raw = self.raw.at(theta)
        return None if raw is None else State(raw.f / self.raw.unit, raw)

    def gradient(self, state: State) -> Array:
        """Return its derivatives."""
        return self._over_unit(self.raw.gradient(state.raw))

    def expected(self, state: State) -> Array:
        """Return its expected Hessian."""
        return self._over_unit(self.raw.expected(state.raw))

    def exact(self, state: State) -> Array:
        """Return its exact Hessian."""
        return self._over_unit(self.raw.exact(state.raw))

    def _over_unit(self, raw: Array) -> Array:
        # Likelihoods are pure numbers already, and need no copy.
        return raw if self.raw.unit == 1.0 else raw / self.raw.unit

    def measured(self, found: O) -> O:
        """Return an optimum of F / u as one of F."""
        at = None if found.at is None else found.at.raw
        return replace(found.times(self.raw.unit), at=at)
