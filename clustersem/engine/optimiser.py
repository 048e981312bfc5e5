"""Fisher scoring with a line search and damping, finished by Newton steps.

The step solves H step = -g, after scaling H to a unit diagonal, so that neither the data's units
nor the parameters' have a say. Far from the optimum H is the expected Hessian, which is never
indefinite. Fisher scoring converges at a rate that falls with the misfit, so once the decrement is
small the exact Hessian takes over. The criterion is the Newton decrement g' H^-1 g: it is in units
of F, so it means the same at every scale of the data.

References
----------
Lee, S.-Y., & Jennrich, R. I. (1979). A study of algorithms for covariance structure analysis with
specific comparisons using factor analysis. Psychometrika, 44, 99-113. doi:10.1007/BF02293789
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, Self, TypeAlias

import numpy as np
from scipy.linalg import lapack

from clustersem.engine.discrepancy import cholesky
from clustersem.engine.ram import Array

# What an objective's own `at` returned; it has the value as `.f`.
State: TypeAlias = Any


class Minimisable(Protocol):
    """What can be minimised: F with its gradient and two Hessians, each at a state.

    `state` is what :meth:`at` returned.
    """

    @property
    def n_terms(self) -> int:
        """F is a sum of so many terms of order one: its rounding error goes with it."""

    def at(self, theta: Array) -> State:
        """Return the state at theta; None where F is not defined."""

    def gradient(self, state: State) -> Array:
        """Return dF / dtheta."""

    def expected(self, state: State) -> Array:
        """Return a Hessian that is never indefinite."""

    def exact(self, state: State) -> Array:
        """Return the exact Hessian."""


Code = Literal["converged", "max_iterations", "stalled", "saddle", "no_start", "infeasible"]

DECREMENT = 1e-14
# Below this decrement, in units of F, Newton steps with the exact Hessian are tried.
NEWTON = 0.05
# Below this decrement the Hessian hardly changes from one point to the next, so the last one serves
# on, for as long as a step with it leaves no more than this share of the decrement ...
CHORD = 1e-4
CHORD_RATE = 1e-5
# ... and until the last step, which takes off as large a share again, leaves no more than this.
CHORD_DECREMENT = 1e-23
# Curvature, as a share of the expected one, below which no direction is taken to be flatter.
FLATTEST = 0.05
SUFFICIENT = 1e-4
# The smallest pivot of the Hessian scaled to a unit diagonal; it bounds the smallest eigenvalue
# from above, and below this steps are mostly rounding.
SMALLEST_PIVOT = 1e-6
# F is a sum of terms of order p; differences below this share of it are rounding.
ROUNDING = 1e-13


@dataclass(frozen=True)
class Optimum:
    """Where the optimiser ended.

    Attributes
    ----------
    code : str
        ``"converged"``, ``"max_iterations"``, ``"stalled"`` (no step lowers F although the gradient
        is not zero), ``"saddle"`` (the gradient is zero, but some direction curves downwards),
        ``"no_start"`` (Sigma is not positive definite at the start) or ``"infeasible"`` (see
        :mod:`clustersem.engine.constrained`).
    theta : ndarray of shape (q,)
        The last parameter vector.
    at : state or None
        The objective there; None only with ``"no_start"``.
    gradient : ndarray of shape (q,)
        dF / dtheta there.
    hessian : ndarray of shape (q, q)
        Expected Hessian of F there.
    decrement : float
        Newton decrement before the last step, in units of F.
    iterations : int
        Steps taken.
    """

    code: Code
    theta: Array
    at: State
    gradient: Array
    hessian: Array
    decrement: float
    iterations: int

    def times(self, unit: float) -> Self:
        """Return the same of an objective that is `unit` times as large."""
        return replace(self, gradient=unit * self.gradient, hessian=unit * self.hessian)


@dataclass(frozen=True)
class Metric:
    """A Hessian made ready to step with: scaled to a unit diagonal, damped, factored."""

    scale: Array
    factor: Array

    def step(self, g: Array) -> Array:
        """Return -H^-1 g."""
        step, _ = lapack.dpotrs(self.factor, -g / self.scale, lower=1)
        return np.asarray(step / self.scale, dtype=np.float64)


def metric_of(h: Array, damping: float) -> Metric:
    """Return H + damping diag H, damped further until it is positive definite.

    Its steps are NaN where H has overflowed, which no damping cures.
    """
    found = _undamped(h) if damping == 0 else None
    if found is not None:
        return found
    scale, unit = _to_unit_diagonal(h)
    unit.flat[:: len(h) + 1] += damping
    if not np.isfinite(unit).all():
        return Metric(scale, np.full_like(unit, np.nan))
    added = 1e-8
    factor = cholesky(unit)
    while factor is None or factor.diagonal().min() < SMALLEST_PIVOT:
        unit.flat[:: len(h) + 1] += added
        added *= 10.0
        factor = cholesky(unit)
    return Metric(scale, factor)


def _undamped(h: Array) -> Metric | None:
    """Return H made ready as it is, or None where it is not safely positive definite."""
    scale, unit = _to_unit_diagonal(h)
    factor = cholesky(unit)
    if factor is None or not factor.diagonal().min() >= SMALLEST_PIVOT:
        return None
    return Metric(scale, factor)


def _to_unit_diagonal(h: Array) -> tuple[Array, Array]:
    scale = np.sqrt(np.maximum(h.diagonal(), 0.0))
    scale[scale == 0] = 1.0
    return scale, h / (scale[:, None] * scale)


def minimise(objective: Minimisable, start: Array, max_iterations: int = 300) -> Optimum:
    """Minimise an objective from `start`."""
    theta = np.asarray(start, dtype=np.float64)
    at = objective.at(theta)
    if at is None:
        nothing = np.full(len(theta), np.nan)
        return Optimum("no_start", theta, None, nothing, np.diag(nothing), np.nan, 0)
    damping, decrement, iteration = 0.0, np.inf, 0
    code: Code = "max_iterations"
    g = objective.gradient(at)
    metric: Metric | None = None
    convex = False
    while True:
        if metric is not None:
            step = metric.step(g)
            before, decrement = decrement, float(-g @ step)
            rate = decrement / before
            done = decrement * rate <= CHORD_DECREMENT
            if not done and rate > CHORD_RATE:
                metric = None
        if metric is None:
            h, metric, convex = _curvature(objective, at, newton=decrement < NEWTON)
            step = metric.step(g)
            decrement = float(-g @ step)
            done = decrement <= DECREMENT
        if done:
            code = "converged"
            break
        if iteration == max_iterations:
            break
        if damping > 0:
            step = metric_of(h, damping).step(g)
        found = _line_search(objective, theta, at, step, float(-g @ step))
        while found is None and damping < 1e4:
            damping = max(10.0 * damping, 1e-3)
            step = metric_of(h, damping).step(g)
            found = _line_search(objective, theta, at, step, float(-g @ step))
        if found is None:
            # At the limit of double precision no step lowers F any more; that is an optimum if
            # the decrement is already far below anything that a reader could see.
            code = "converged" if decrement < 1e-11 else "stalled"
            break
        theta, at, length = found
        iteration += 1
        if length == 1.0:
            damping = damping / 10.0 if damping > 1e-6 else 0.0
        g = objective.gradient(at)
        if decrement >= CHORD:
            metric = None
    if code == "converged":
        theta, at = _last_step(objective, theta, at, step)
        g = objective.gradient(at)
        if not (convex or _is_minimum(objective, at)):
            code = "saddle"
    return Optimum(code, theta, at, g, objective.expected(at), decrement, iteration)


def minimise_from(objective: Minimisable, start: Array, second: Callable[[], Array]) -> Optimum:
    """Minimise from `start`, and from what `second` returns where that does not converge.

    Returns
    -------
    Optimum
        From the second start only if it converges, or at least ends lower.
    """
    first = minimise(objective, start)
    if first.code == "converged":
        return first
    again = minimise(objective, second())
    if again.at is None:
        return first
    better = first.at is None or again.at.f < first.at.f
    return again if better or again.code == "converged" else first


def _is_minimum(objective: Minimisable, at: State) -> bool:
    """Return whether no direction curves downwards, by more than rounding."""
    exact = objective.exact(at)
    exact.flat[:: len(exact) + 1] += 1e-7 * objective.expected(at).diagonal()
    return cholesky(exact) is not None


def _last_step(objective: Minimisable, theta: Array, at: State, step: Array) -> tuple[Array, State]:
    """Take the step that met the criterion too: it is computed already, and doubles the digits."""
    there = objective.at(theta + step)
    if there is None or there.f > at.f + ROUNDING * (objective.n_terms + abs(at.f)):
        return theta, at
    return theta + step, there


def _curvature(objective: Minimisable, at: State, *, newton: bool) -> tuple[Array, Metric, bool]:
    """Return the Hessian to step with, ready to do so, and whether F is known to be convex there.

    It is the expected one, or else the exact one made positive definite. Where the exact Hessian
    is indefinite, F is near a saddle, along which Fisher scoring creeps. Its eigenvalues in the
    metric of the expected Hessian are then replaced by their absolute values, so that a step leads
    away from the saddle.
    """
    if not newton:
        expected = objective.expected(at)
        return expected, metric_of(expected, 0.0), False
    exact = objective.exact(at)
    metric = _undamped(exact)
    if metric is not None:
        return exact, metric, True
    expected = objective.expected(at)
    factor = cholesky(expected)
    if factor is None:
        return expected, metric_of(expected, 0.0), False
    half, _ = lapack.dtrtrs(factor, exact, lower=1)
    relative, _ = lapack.dtrtrs(factor, half.T, lower=1)
    values, vectors = np.linalg.eigh(0.5 * (relative + relative.T))
    spread = factor @ vectors
    bent = (spread * np.maximum(np.abs(values), FLATTEST)) @ spread.T
    return bent, metric_of(bent, 0.0), False


def _line_search(
    objective: Minimisable, theta: Array, at: State, step: Array, promised: float
) -> tuple[Array, State, float] | None:
    """Halve the step until F falls enough; None where it never does."""
    length = 1.0
    noise = ROUNDING * (objective.n_terms + abs(at.f))
    for _ in range(12):
        trial = theta + length * step
        there = objective.at(trial)
        if there is not None and there.f <= at.f - SUFFICIENT * length * promised + noise:
            return trial, there, length
        length *= 0.5
    return None
