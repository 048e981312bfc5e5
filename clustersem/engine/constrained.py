"""Minimise a discrepancy under restrictions: elimination, then sequential quadratic programming.

Linear equalities are eliminated: theta = offset + K eta, and eta is free. For the rest every step
solves a quadratic programme with the expected Hessian, which finds the restrictions that bind; once
they are known, Newton steps on the Karush-Kuhn-Tucker equations with the exact Hessian of the
Lagrangian

    F(theta) - l'h(theta) - m'g(theta),    m >= 0,  m_i g_i = 0,

finish it. Everything is computed in units of the expected Hessian, so neither the units of the data
nor those of the restrictions have a say, and the criterion is a decrement in units of F.

References
----------
Nocedal, J., & Wright, S. J. (2006). Numerical optimization (2nd ed., chapter 18). Springer.
doi:10.1007/978-0-387-40065-5
Aitchison, J., & Silvey, S. D. (1958). Maximum-likelihood estimation of parameters subject to
restraints. Annals of Mathematical Statistics, 29, 813-828. doi:10.1214/aoms/1177706538
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

import numpy as np
from scipy.linalg import lapack, qr

from clustersem.engine.quadratic import Nearest, nearest
from clustersem.engine.ram import Array
from clustersem.engine.restrictions import Restrictions, Values, independent_rows

Code = Literal["converged", "max_iterations", "stalled", "saddle", "no_start", "infeasible"]

# Below this decrement, in units of F, a Newton step ends the search; below the other any step does.
DECREMENT = 1e-14
DECREMENT_WITHOUT_NEWTON = 1e-20
# Below this one Newton steps are tried.
NEWTON = 0.05
SUFFICIENT = 1e-4
SMALLEST_PIVOT = 1e-6
ROUNDING = 1e-13
# A restriction is met where its violation, in units of the square root of F, is below this.
MET = 1e-7
HALVINGS = 30


class State(Protocol):
    """A discrepancy at one theta."""

    @property
    def f(self) -> float:
        """Its value."""


S = TypeVar("S", bound=State)


class Objective(Protocol[S]):
    """What is minimised."""

    @property
    def n_free(self) -> int:
        """Number of parameters."""

    def at(self, theta: Array) -> S | None:
        """Return the discrepancy at theta, or None where it is not defined."""

    def gradient(self, state: S) -> Array:
        """Return its derivatives."""

    def expected(self, state: S) -> Array:
        """Return its expected Hessian, which has no negative eigenvalue."""

    def exact(self, state: S) -> Array:
        """Return its exact Hessian."""


@dataclass(frozen=True)
class Reduced(Generic[S]):
    """An objective as a function of eta, where theta = offset + basis @ eta."""

    whole: Objective[S]
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

    def at(self, eta: Array) -> S | None:
        """Return the objective there."""
        return self.whole.at(self.theta(eta))

    def gradient(self, state: S) -> Array:
        """Return the derivatives by eta."""
        result: Array = self.basis.T @ self.whole.gradient(state)
        return result

    def expected(self, state: S) -> Array:
        """Return the expected Hessian by eta."""
        result: Array = self.basis.T @ self.whole.expected(state) @ self.basis
        return result

    def exact(self, state: S) -> Array:
        """Return the exact Hessian by eta."""
        result: Array = self.basis.T @ self.whole.exact(state) @ self.basis
        return result


@dataclass(frozen=True)
class ConstrainedOptimum(Generic[S]):
    """Where the search ended.

    Attributes
    ----------
    code : str
        As of :class:`clustersem.engine.optimiser.Optimum`, or ``"infeasible"``: no nearby theta
        meets all restrictions, even to first order.
    theta : ndarray of shape (q,)
        The last parameters.
    at : State or None
        The discrepancy there; None only with ``"no_start"``.
    gradient : ndarray of shape (q,)
        dF / dtheta there: not zero, but a combination of the rows of the restrictions that bind.
    hessian : ndarray of shape (q, q)
        Expected Hessian of F there.
    decrement : float
        Squared length of the last step in the metric of the expected Hessian, in units of F.
    iterations : int
        Steps taken.
    active : ndarray of bool
        Which inequalities hold as equalities there, in the order of :meth:`Restrictions.least`:
        linear ones, the others, lower bounds, upper bounds.
    equal_multipliers, least_multipliers : ndarray
        Lagrange multiplier of every equality and inequality: gradient = J'multipliers.
    jacobian : ndarray of shape (r, q)
        Rows of all equalities and of the active inequalities, without bounds.
    violation : float
        Largest violation of a restriction, in units of the square root of F.
    """

    code: Code
    theta: Array
    at: S | None
    gradient: Array
    hessian: Array
    decrement: float
    iterations: int
    active: np.ndarray
    equal_multipliers: Array
    least_multipliers: Array
    jacobian: Array
    violation: float


def minimise_constrained(
    objective: Objective[S], start: Array, restrictions: Restrictions, max_iterations: int = 300
) -> ConstrainedOptimum[S]:
    """Minimise an objective from `start` under restrictions.

    Parameters
    ----------
    objective : Objective
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
    first = objective.at(theta)
    if first is None:
        return _nowhere(objective, theta, restrictions)
    if not len(restrictions.constant_equal):
        found = _search(objective, theta, restrictions, max_iterations)
        return _finished(objective, restrictions, found)
    scale = _scale(objective.expected(first))
    basis = _basis(restrictions.linear_equal / scale) / scale[:, None]
    offset = _projected(objective, theta, restrictions, first)
    if offset is None:
        # No admissible point near the start meets the equalities: they are approached by steps.
        found = _search(objective, theta, restrictions, max_iterations)
        return _finished(objective, restrictions, found)
    reduced = Reduced(objective, offset, basis)
    found = _search(
        reduced, np.zeros(reduced.n_free), restrictions.reduced(offset, basis), max_iterations
    )
    return _finished(objective, restrictions, found.at_theta(reduced.theta(found.theta)))


@dataclass(frozen=True)
class _Found(Generic[S]):
    """What the search leaves: the rest is worked out from it."""

    code: Code
    theta: Array
    at: S | None
    decrement: float
    iterations: int

    def at_theta(self, theta: Array) -> _Found[S]:
        return _Found(self.code, theta, self.at, self.decrement, self.iterations)


@dataclass(frozen=True)
class _Local:
    """Objective and restrictions around one theta, in units of the expected Hessian.

    Steps are z = scale * (change of theta); rows of Jacobians have length one.
    """

    scale: Array
    g: Array
    h: Array
    equal: Values
    least: Values
    lengths: tuple[Array, Array]

    @property
    def violations(self) -> tuple[Array, Array]:
        """Return by how much equalities and inequalities are violated, in units of sqrt(F)."""
        return np.abs(self.equal.value), np.maximum(-self.least.value, 0.0)

    @property
    def violation(self) -> float:
        """The largest violation."""
        return float(max(v.max(initial=0.0) for v in self.violations))

    def raw(self, equal: Array, least: Array) -> tuple[Array, Array]:
        """Return multipliers of the restrictions as they were given."""
        return equal / self.lengths[0], least / self.lengths[1]


def _local(objective: Objective[S], at: S, theta: Array, r: Restrictions) -> _Local:
    h = objective.expected(at)
    scale = _scale(h)
    equal, equal_lengths = _unit_rows(r.equal(theta), scale)
    least, least_lengths = _unit_rows(r.least(theta), scale)
    unit = h / (scale[:, None] * scale)
    # Equalities may be what identifies the model. This term is constant where they are met, so it
    # leaves steps alone.
    unit = unit + equal.jacobian.T @ equal.jacobian
    g = objective.gradient(at) / scale
    return _Local(scale, g, unit, equal, least, (equal_lengths, least_lengths))


@dataclass(frozen=True)
class _Step:
    """A step in scaled units, with the multipliers of rows of length one."""

    z: Array
    equal: Array
    least: Array
    working: Array
    newton: bool


def _search(
    objective: Objective[S], start: Array, r: Restrictions, max_iterations: int
) -> _Found[S]:
    theta, at = start, objective.at(start)
    if at is None or not _defined(r, start):
        return _Found("no_start", start, at, np.nan, 0)
    weights = np.zeros(r.n_equal), np.zeros(len(r.least(start).value))
    damping, decrement, iteration = 0.0, np.inf, 0
    last: _Step | None = None
    while True:
        here = _local(objective, at, theta, r)
        step = None
        if last is not None and decrement < NEWTON and damping == 0.0:
            step = _newton_step(objective, at, theta, r, here, last)
        if step is None:
            step = _programme_step(here, damping)
        if step is None:
            moved = _restored(objective, theta, r, here)
            if moved is None or iteration == max_iterations:
                code: Code = "infeasible" if here.violation > MET else "stalled"
                return _Found(code, theta, at, decrement, iteration)
            theta, at = moved
            iteration += 1
            continue
        if not np.isfinite(step.z).all():
            return _Found("stalled", theta, at, decrement, iteration)
        decrement = float(step.z @ here.h @ step.z)
        done = decrement <= (DECREMENT if step.newton else DECREMENT_WITHOUT_NEWTON)
        if iteration == max_iterations and not done:
            return _Found("max_iterations", theta, at, decrement, iteration)
        weights = _heavier(weights, here.raw(step.equal, step.least))
        found = _line_search(objective, theta, at, r, here, step, weights)
        if done:
            if found is not None:
                theta, at, _ = found
            code = "converged" if _is_minimum(objective, at, theta, r) else "saddle"
            return _Found(code, theta, at, decrement, iteration)
        if found is None:
            if decrement < 1e-11 and here.violation < MET:
                code = "converged" if _is_minimum(objective, at, theta, r) else "saddle"
                return _Found(code, theta, at, decrement, iteration)
            if step.newton:
                last = None
                continue
            if damping >= 1e4:
                code = "infeasible" if here.violation > MET else "stalled"
                return _Found(code, theta, at, decrement, iteration)
            damping = max(10.0 * damping, 1e-3)
            continue
        theta, at, length = found
        iteration += 1
        last = step
        if length == 1.0:
            damping = damping / 10.0 if damping > 1e-6 else 0.0


def _programme_step(here: _Local, damping: float) -> _Step | None:
    """Minimise the model with the expected Hessian under the linearised restrictions."""
    factor = _factor(here.h, damping)
    if factor is None:
        return None

    def solved(rows: Array) -> Array:
        half, _ = lapack.dtrtrs(factor, rows.T, lower=1)
        return np.asarray(half.T, dtype=np.float64)

    e, g = solved(here.equal.jacobian), solved(here.least.jacobian)
    lengths = [np.linalg.norm(rows, axis=1) for rows in (e, g)]
    for length in lengths:
        length[length == 0] = 1.0
    # The term of the equalities in h has a gradient at z = 0 that is zero, so g stands as it is.
    start = -solved(here.g[None, :])[0]
    found = nearest(
        start,
        e / lengths[0][:, None],
        -here.equal.value / lengths[0],
        g / lengths[1][:, None],
        -here.least.value / lengths[1],
    )
    if found is None:
        return None
    z, _ = lapack.dtrtrs(factor, found.y, lower=1, trans=1)
    return _as_step(np.asarray(z), here, found, lengths)


def _as_step(z: Array, here: _Local, found: Nearest, lengths: list[Array]) -> _Step:
    # The multipliers lack what the added term J'J z = -J'h contributes.
    equal = found.equal / lengths[0] - here.equal.jacobian @ z
    return _Step(z, equal, found.least / lengths[1], found.working, False)


def _newton_step(
    objective: Objective[S], at: S, theta: Array, r: Restrictions, here: _Local, last: _Step
) -> _Step | None:
    """Solve the Karush-Kuhn-Tucker equations of the restrictions that bound the last step.

    None where that does not lead to a minimum, or past another restriction.
    """
    rows, value, kept = _working_rows(here, last.working)
    y, z = _range_and_null(rows)
    w = objective.exact(at) - r.curvature(
        theta, *here.raw(last.equal, last.least), 1.0 / here.scale
    )
    w = w / (here.scale[:, None] * here.scale)
    step = y @ np.linalg.solve(rows @ y, -value) if len(rows) else np.zeros(len(here.g))
    if z.shape[1]:
        factor = _pivoted(z.T @ w @ z)
        if factor is None:
            return None
        part, _ = lapack.dpotrs(factor, -z.T @ (here.g + w @ step), lower=1)
        step = step + z @ part
    n_equal = len(here.equal.value)
    multipliers = np.zeros(n_equal + len(here.least.value))
    if len(rows):
        multipliers[kept] = np.linalg.lstsq(rows.T, here.g + w @ step, rcond=None)[0]
    equal, least = multipliers[:n_equal], multipliers[n_equal:]
    slack = here.least.value + here.least.jacobian @ step
    slack[last.working] = 0.0
    tolerance = 1e-9 * (1.0 + np.abs(here.least.value))
    if (slack < -tolerance).any() or (least < -1e-9 * (1.0 + np.abs(least).max(initial=0.0))).any():
        return None
    return _Step(step, equal, np.maximum(least, 0.0), last.working, True)


def _working_rows(here: _Local, working: Array) -> tuple[Array, Array, Array]:
    """Return independent rows of what binds, their values, and their places among all rows."""
    rows = np.vstack([here.equal.jacobian, here.least.jacobian[working]])
    value = np.concatenate([here.equal.value, here.least.value[working]])
    n_equal = len(here.equal.value)
    place = np.concatenate([np.arange(n_equal), n_equal + np.asarray(working, dtype=np.intp)])
    kept = independent_rows(rows)
    return rows[kept], value[kept], place[kept].astype(np.intp)


def _line_search(
    objective: Objective[S],
    theta: Array,
    at: S,
    r: Restrictions,
    here: _Local,
    step: _Step,
    weights: tuple[Array, Array],
) -> tuple[Array, S, float] | None:
    """Halve the step until F plus the weighted violations falls enough; None where it never does.

    Before it is halved, a full step is corrected for the curvature of what binds: near a curved
    equality the violation that a good step causes may hide what it gains.
    """
    before = _penalty(weights, r.equal(theta).value, r.least(theta).value)
    promised = -float(here.g @ step.z) + before
    noise = ROUNDING * (objective.n_free + abs(at.f) + before)
    length = 1.0
    for halving in range(HALVINGS):
        trials = [theta + length * step.z / here.scale]
        if halving == 0 and (r.n_curved_equal or r.n_curved_least):
            trials.append(_corrected(trials[0], r, here, step))
        for trial in trials:
            there = objective.at(trial)
            if there is None:
                continue
            after = _penalty(weights, r.equal(trial).value, r.least(trial).value)
            if there.f + after <= at.f + before - SUFFICIENT * length * promised + noise:
                return trial, there, length
        length *= 0.5
    return None


def _corrected(trial: Array, r: Restrictions, here: _Local, step: _Step) -> Array:
    """Return the trial point moved by the shortest way back to what binds."""
    rows, _, kept = _working_rows(here, step.working)
    value = np.concatenate(
        [r.equal(trial).value / here.lengths[0], r.least(trial).value / here.lengths[1]]
    )[kept]
    if not len(rows) or not np.isfinite(value).all():
        return trial
    back = np.linalg.lstsq(rows, -value, rcond=None)[0]
    corrected: Array = trial + back / here.scale
    return corrected


def _restored(
    objective: Objective[S], theta: Array, r: Restrictions, here: _Local
) -> tuple[Array, S] | None:
    """Move to where the restrictions are violated less; None where no small move does that."""
    equal, least = here.violations
    behind = least > 0
    rows = np.vstack([here.equal.jacobian, here.least.jacobian[behind]])
    value = np.concatenate([here.equal.value, here.least.value[behind]])
    before = float(equal @ equal + least @ least)
    if not before > 0:
        return None
    z = np.linalg.lstsq(rows, -value, rcond=1e-6)[0]
    for halving in range(HALVINGS):
        trial = theta + 0.5**halving * z / here.scale
        there = objective.at(trial)
        if there is None or not _defined(r, trial):
            continue
        left = np.concatenate(
            [
                r.equal(trial).value / here.lengths[0],
                np.minimum(r.least(trial).value, 0.0) / here.lengths[1],
            ]
        )
        if left @ left < (1.0 - 1e-3 * 0.5**halving) * before:
            return trial, there
    return None


def _penalty(weights: tuple[Array, Array], equal: Array, least: Array) -> float:
    value = weights[0] @ np.abs(equal) + weights[1] @ np.maximum(-least, 0.0)
    return float(value) if np.isfinite(value) else np.inf


def _heavier(weights: tuple[Array, Array], multipliers: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return weights above the multipliers, where the penalty is exact."""
    equal, least = (
        np.maximum(w, 2.0 * np.abs(m)) for w, m in zip(weights, multipliers, strict=True)
    )
    return equal, least


def _is_minimum(objective: Objective[S], at: S, theta: Array, r: Restrictions) -> bool:
    """Return whether the Lagrangian curves upwards in every direction that stays on what binds."""
    here = _local(objective, at, theta, r)
    active = np.flatnonzero(here.least.value <= MET)
    rows, _, kept = _working_rows(here, active)
    multipliers = np.zeros(len(here.equal.value) + len(here.least.value))
    if len(rows):
        multipliers[kept] = np.linalg.lstsq(rows.T, here.g, rcond=None)[0]
    n_equal = len(here.equal.value)
    w = objective.exact(at) - r.curvature(
        theta, *here.raw(multipliers[:n_equal], multipliers[n_equal:]), 1.0 / here.scale
    )
    _, z = _range_and_null(rows)
    inner = z.T @ (w / (here.scale[:, None] * here.scale)) @ z
    inner.flat[:: len(inner) + 1] += 1e-7
    return not len(inner) or _cholesky(inner) is not None


def _finished(objective: Objective[S], r: Restrictions, found: _Found[S]) -> ConstrainedOptimum[S]:
    """Work out the multipliers and what is active."""
    theta, at = found.theta, found.at
    if at is None:
        return _nowhere(objective, theta, r)
    clipped = np.clip(theta, r.lower, r.upper)
    if not np.array_equal(clipped, theta) and np.abs(clipped - theta).max() < MET:
        there = objective.at(clipped)
        theta, at = (theta, at) if there is None else (clipped, there)
    here = _local(objective, at, theta, r)
    n_equal = len(here.equal.value)
    active = here.least.value <= MET
    rows, _, kept = _working_rows(here, np.flatnonzero(active))
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


def _nowhere(objective: Objective[S], theta: Array, r: Restrictions) -> ConstrainedOptimum[S]:
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


def _projected(objective: Objective[S], theta: Array, r: Restrictions, first: S) -> Array | None:
    """Return the nearest admissible point that meets the linear equalities, by several measures."""
    h = objective.expected(first)
    scale = _scale(h)
    whole = _factor(h / (scale[:, None] * scale), 1e-6)
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


def _basis(rows: Array) -> Array:
    """Return an orthonormal basis of the null space of some rows."""
    return _range_and_null(rows[independent_rows(rows)])[1]


def _range_and_null(rows: Array) -> tuple[Array, Array]:
    """Return orthonormal bases of the row space and the null space of independent rows."""
    n = rows.shape[1]
    if not len(rows):
        return np.empty((n, 0)), np.eye(n)
    q = qr(rows.T)[0]
    return q[:, : len(rows)], q[:, len(rows) :]


def _scale(h: Array) -> Array:
    scale = np.sqrt(np.maximum(h.diagonal(), 0.0))
    scale[scale == 0] = 1.0
    return scale


def _unit_rows(values: Values, scale: Array) -> tuple[Values, Array]:
    """Return restrictions in scaled units, in rows of length one, and what they were divided by."""
    jacobian = values.jacobian / scale
    length = np.linalg.norm(jacobian, axis=1)
    length[length == 0] = 1.0
    return Values(values.value / length, jacobian / length[:, None]), length


def _defined(r: Restrictions, theta: Array) -> bool:
    equal, least = r.equal(theta), r.least(theta)
    return all(np.isfinite(part).all() for v in (equal, least) for part in (v.value, v.jacobian))


def _cholesky(matrix: Array) -> Array | None:
    factor, failed = lapack.dpotrf(matrix, lower=1, clean=1)
    return None if failed else factor


def _pivoted(matrix: Array) -> Array | None:
    """Return the Cholesky factor of a matrix that is safely positive definite, or None."""
    factor = _cholesky(matrix)
    if factor is None or not factor.diagonal().min(initial=1.0) >= SMALLEST_PIVOT:
        return None
    return factor


def _factor(unit: Array, damping: float) -> Array | None:
    """Return the Cholesky factor of a matrix damped until it is positive definite."""
    if not np.isfinite(unit).all():
        return None
    if damping == 0.0 and (factor := _pivoted(unit)) is not None:
        return factor
    damped = unit + damping * np.eye(len(unit))
    added = 1e-8
    while (factor := _pivoted(damped)) is None:
        damped.flat[:: len(unit) + 1] += added
        added *= 10.0
    return factor
