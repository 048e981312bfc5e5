"""Minimise a discrepancy under restrictions.

Linear equalities are eliminated: theta = offset + K eta, and eta is free. What else there is, is
left to sequential quadratic programming.

References
----------
Aitchison, J., & Silvey, S. D. (1958). Maximum-likelihood estimation of parameters subject to
restraints. Annals of Mathematical Statistics, 29, 813-828. doi:10.1214/aoms/1177706538
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.linalg import lapack

from clustersem.engine.discrepancy import cholesky
from clustersem.engine.optimiser import Minimisable, Optimum, State, minimise
from clustersem.engine.ram import Array
from clustersem.engine.restrictions import Restrictions, independent_rows
from clustersem.engine.sequential import MET, Found, search
from clustersem.engine.surroundings import local, range_and_null, scale_of, working_rows


@dataclass(frozen=True)
class Reduced:
    """An objective as a function of eta, where theta = offset + basis @ eta."""

    whole: Minimisable
    offset: Array
    basis: Array

    @property
    def n_free(self) -> int:
        """Length of eta."""
        return int(self.basis.shape[1])

    def theta(self, eta: Array) -> Array:
        """Return the parameters of the whole objective."""
        result: Array = self.offset + self.basis @ eta
        return result

    @property
    def n_terms(self) -> int:
        """The objective is a sum of so many terms."""
        return self.whole.n_terms

    def at(self, eta: Array) -> State:
        """Return the objective there."""
        return self.whole.at(self.theta(eta))

    def gradient(self, state: State) -> Array:
        """Return the derivatives by eta."""
        result: Array = self.basis.T @ self.whole.gradient(state)
        return result

    def expected(self, state: State) -> Array:
        """Return the expected Hessian by eta."""
        result: Array = self.basis.T @ self.whole.expected(state) @ self.basis
        return result

    def exact(self, state: State) -> Array:
        """Return the exact Hessian by eta."""
        result: Array = self.basis.T @ self.whole.exact(state) @ self.basis
        return result


@dataclass(frozen=True)
class ConstrainedOptimum(Optimum):
    """Where the search ended.

    Attributes
    ----------
    active : ndarray of bool
        Which inequalities hold as equalities there, in the order of :meth:`Restrictions.least`:
        linear ones, the others, lower bounds, upper bounds.
    equal_multipliers, least_multipliers : ndarray
        Lagrange multiplier of every equality and inequality: gradient = J'multipliers.
    jacobian : ndarray of shape (r, q)
        Rows of all equalities and of the active inequalities, without bounds.
    violation : float
        Largest violation of a restriction, in units of the square root of F.

    Notes
    -----
    The other attributes are those of :class:`clustersem.engine.optimiser.Optimum`. The code may be
    ``"infeasible"``: no nearby theta meets all restrictions, even to first order. The gradient is
    not zero, but a combination of the rows of the restrictions that bind. The decrement is the
    squared length of the last step in the metric of the expected Hessian.
    """

    active: np.ndarray
    equal_multipliers: Array
    least_multipliers: Array
    jacobian: Array
    violation: float

    def times(self, unit: float) -> Self:
        """Return the same of an objective that is `unit` times as large."""
        return replace(
            super().times(unit),
            equal_multipliers=unit * self.equal_multipliers,
            least_multipliers=unit * self.least_multipliers,
        )


def minimise_constrained(
    objective: Minimisable, start: Array, restrictions: Restrictions, max_iterations: int = 300
) -> ConstrainedOptimum:
    """Minimise an objective from `start` under restrictions.

    Parameters
    ----------
    objective : Minimisable
        What to minimise.
    start : ndarray of shape (q,)
        It need not meet the restrictions: it is moved to the nearest point that meets the bounds
        and the linear equalities, and the search takes care of the others.
    restrictions : Restrictions
        Linear ones must not contradict each other.
    max_iterations : int
        Steps at most.

    Returns
    -------
    ConstrainedOptimum
    """
    theta = np.asarray(start, dtype=np.float64)
    clipped = np.clip(theta, restrictions.lower, restrictions.upper)
    if objective.at(clipped) is not None:
        theta = clipped
    if objective.at(theta) is None:
        return _nowhere(objective, theta, restrictions)
    reduced = eliminated(objective, theta, restrictions)
    if reduced is None:
        # No admissible point near the start meets the equalities: they are approached by steps.
        return _finished(
            objective, restrictions, search(objective, theta, restrictions, max_iterations)
        )
    origin = np.zeros(reduced.n_free)
    if restrictions.only_linear_equalities:
        plain = minimise(reduced, origin, max_iterations)
        found = Found(plain.code, plain.theta, plain.at, plain.decrement, plain.iterations)
    else:
        left = restrictions.reduced(reduced.offset, reduced.basis)
        found = search(reduced, origin, left, max_iterations)
    return _finished(objective, restrictions, replace(found, theta=reduced.theta(found.theta)))


def minimise_constrained_from(
    objective: Minimisable,
    start: Array,
    restrictions: Restrictions,
    second: Callable[[], Array],
) -> ConstrainedOptimum:
    """Minimise from `start`, and from what `second` returns where that does not converge.

    Returns
    -------
    ConstrainedOptimum
        From the second start only if it converges, or ends lower and no less feasible.
    """
    first = minimise_constrained(objective, start, restrictions)
    if first.code == "converged":
        return first
    again = minimise_constrained(objective, second(), restrictions)
    if again.at is None or again.code == "converged":
        return first if again.at is None else again
    if first.at is None:
        return again
    feasible = again.violation <= max(first.violation, MET)
    return again if feasible and again.at.f < first.at.f else first


def eliminated(objective: Minimisable, theta: Array, r: Restrictions) -> Reduced | None:
    """Return the objective along the linear equalities, from the point nearest to theta.

    None where no admissible point near theta meets them.
    """
    scale = scale_of(objective.expected(objective.at(theta)))
    if not len(r.constant_equal):
        return Reduced(objective, theta, np.diag(1.0 / scale))
    rows = r.linear_equal / scale
    basis = range_and_null(rows[independent_rows(rows)])[1] / scale[:, None]
    offset = _projected(objective, theta, r)
    return None if offset is None else Reduced(objective, offset, basis)


def _finished(objective: Minimisable, r: Restrictions, found: Found) -> ConstrainedOptimum:
    """Work out the multipliers and what is active."""
    theta, at = found.theta, found.at
    if at is None:
        return _nowhere(objective, theta, r)
    clipped = np.clip(theta, r.lower, r.upper)
    if not np.array_equal(clipped, theta) and np.abs(clipped - theta).max() < MET:
        there = objective.at(clipped)
        theta, at = (theta, at) if there is None else (clipped, there)
    here = local(objective, at, theta, r)
    n_equal = len(here.equal.value)
    active = here.least.value <= MET
    rows, _, kept = working_rows(here, np.flatnonzero(active))
    multipliers = np.zeros(n_equal + len(active))
    if len(rows):
        multipliers[kept] = np.linalg.lstsq(rows.T, here.g, rcond=None)[0]
    equal, least = here.raw(multipliers[:n_equal], multipliers[n_equal:])
    given_equal, given_least = r.equal(theta).jacobian, r.least(theta).jacobian
    binding = np.flatnonzero(active[: r.n_least])
    return ConstrainedOptimum(
        found.code,
        theta,
        at,
        objective.gradient(at),
        objective.expected(at),
        found.decrement,
        found.iterations,
        active,
        equal,
        least,
        np.vstack([given_equal, given_least[binding]]),
        here.violation,
    )


def _nowhere(objective: Minimisable, theta: Array, r: Restrictions) -> ConstrainedOptimum:
    q = len(theta)
    n_least = r.n_least + len(r.with_lower) + len(r.with_upper)
    return ConstrainedOptimum(
        "no_start",
        theta,
        None,
        np.full(q, np.nan),
        np.full((q, q), np.nan),
        np.nan,
        0,
        np.zeros(n_least, dtype=bool),
        np.full(r.n_equal, np.nan),
        np.full(n_least, np.nan),
        np.empty((0, q)),
        np.nan,
    )


def _projected(objective: Minimisable, theta: Array, r: Restrictions) -> Array | None:
    """Return the nearest admissible point that meets the linear equalities, by several measures."""
    h = objective.expected(objective.at(theta))
    scale = scale_of(h)
    whole = cholesky(h / (scale[:, None] * scale) + 1e-6 * np.eye(len(h)))
    factors = [np.diag(scale), np.eye(len(scale))]
    if whole is not None:
        factors.insert(0, scale[:, None] * whole)
    missing = r.constant_equal - r.linear_equal @ theta
    for factor in factors:
        half, _ = lapack.dtrtrs(factor, r.linear_equal.T, lower=1)
        y = np.linalg.lstsq(half.T, missing, rcond=1e-12)[0]
        move, _ = lapack.dtrtrs(factor, y, lower=1, trans=1)
        if objective.at(theta + move) is not None:
            return np.asarray(theta + move, dtype=np.float64)
    return None
