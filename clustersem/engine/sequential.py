"""Sequential quadratic programming: the search under restrictions that elimination cannot serve.

Every step solves a quadratic programme with the expected Hessian, which finds the restrictions that
bind; once they are known, Newton steps on the Karush-Kuhn-Tucker equations with the exact Hessian
of the Lagrangian

    F(theta) - l'h(theta) - m'g(theta),    m >= 0,  m_i g_i = 0,

finish it. Everything is computed in units of the expected Hessian, so neither the units of the data
nor those of the restrictions have a say, and the criterion is a decrement in units of F.

References
----------
Nocedal, J., & Wright, S. J. (2006). Numerical optimization (2nd ed., chapter 18). Springer.
doi:10.1007/978-0-387-40065-5
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from clustersem.engine.discrepancy import cholesky
from clustersem.engine.optimiser import (
    FLATTEST,
    NEWTON,
    ROUNDING,
    SMALLEST_PIVOT,
    SUFFICIENT,
    Code,
    Minimisable,
    State,
)
from clustersem.engine.quadratic import Nearest, nearest
from clustersem.engine.ram import Array, Index
from clustersem.engine.restrictions import Restrictions
from clustersem.engine.surroundings import Local, local, range_and_null, scale_of, working_rows

# Below this decrement, in units of F, a Newton step ends the search; below the other any step does.
DECREMENT = 1e-14
DECREMENT_WITHOUT_NEWTON = 1e-20
# At the limit of double precision no step lowers F; that is an optimum below this decrement.
NEGLIGIBLE = 1e-11
# A restriction is met where its violation, in units of the square root of F, is below this.
MET = 1e-7
HALVINGS = 30
# Where a curved equality is flat (a*b == 0.3 at a = b = 0) its parameters are moved by this, in
# units of the square root of F.
OFF_FLAT = 0.1


@dataclass(frozen=True)
class Found:
    """Where the search ended.

    Attributes
    ----------
    code : str
        As of :class:`clustersem.engine.optimiser.Optimum`.
    theta : ndarray of shape (q,)
        The last parameters.
    at : state or None
        The objective there; None only with ``"no_start"``.
    decrement : float
        Squared length of the last step in the metric of the expected Hessian, in units of F.
    iterations : int
        Steps taken.
    """

    code: Code
    theta: Array
    at: State
    decrement: float
    iterations: int


@dataclass(frozen=True)
class _Step:
    """A step in scaled units, with the multipliers of rows of length one."""

    z: Array
    equal: Array
    least: Array
    working: Index
    newton: bool


def search(
    objective: Minimisable, start: Array, r: Restrictions, max_iterations: int = 300
) -> Found:
    """Minimise an objective from a start that need not meet the restrictions.

    Parameters
    ----------
    objective : Minimisable
        What to minimise.
    start : ndarray of shape (q,)
        Where the objective and the restrictions are defined.
    r : Restrictions
        What to hold to.
    max_iterations : int
        Steps at most.
    """
    theta = _off_flat(objective, start, r)
    at = objective.at(theta)
    if at is None or not _defined(r, theta):
        return Found("no_start", start, at, np.nan, 0)
    weights = np.zeros(r.n_equal), np.zeros(len(r.least(start).value))
    damping, decrement, iteration = 0.0, np.inf, 0
    code: Code
    last: _Step | None = None
    while True:
        here = local(objective, at, theta, r)
        step, h = None, here.h
        if last is not None and decrement < NEWTON and damping == 0.0:
            w = _lagrangian(objective, at, theta, r, here, last.equal, last.least)
            step = _newton_step(here, w, last)
            h = _bent(w + here.equal.jacobian.T @ here.equal.jacobian, here.h)
        if step is None:
            step = _programme_step(here, h, damping)
        if step is None:
            moved = _restored(objective, theta, r, here)
            if moved is None or iteration == max_iterations:
                code = "infeasible" if here.violation > MET else "stalled"
                return Found(code, theta, at, decrement, iteration)
            theta, at = moved
            iteration += 1
            continue
        if not np.isfinite(step.z).all():
            return Found("stalled", theta, at, decrement, iteration)
        decrement = float(step.z @ here.h @ step.z)
        done = decrement <= (DECREMENT if step.newton else DECREMENT_WITHOUT_NEWTON)
        if iteration == max_iterations and not done:
            code = "infeasible" if here.violation > MET else "max_iterations"
            return Found(code, theta, at, decrement, iteration)
        weights = _heavier(weights, here.raw(step.equal, step.least))
        found = _line_search(objective, theta, at, r, here, step, weights)
        if done:
            if found is not None:
                theta, at, _ = found
            return Found(_ending(objective, at, theta, r), theta, at, decrement, iteration)
        if found is None:
            if decrement < NEGLIGIBLE and here.violation < MET:
                return Found(_ending(objective, at, theta, r), theta, at, decrement, iteration)
            if step.newton:
                last = None
                continue
            if damping >= 1e4:
                code = "infeasible" if here.violation > MET else "stalled"
                return Found(code, theta, at, decrement, iteration)
            damping = max(10.0 * damping, 1e-3)
            continue
        theta, at, length = found
        iteration += 1
        last = step
        if length == 1.0:
            damping = damping / 10.0 if damping > 1e-6 else 0.0


def _lagrangian(
    objective: Minimisable,
    at: State,
    theta: Array,
    r: Restrictions,
    here: Local,
    equal: Array,
    least: Array,
) -> Array:
    """Return the exact Hessian of the Lagrangian in scaled units."""
    w = objective.exact(at) - r.curvature(theta, *here.raw(equal, least), 1.0 / here.scale)
    return np.asarray(w / (here.scale[:, None] * here.scale))


def _bent(w: Array, h: Array) -> Array:
    """Return a Hessian with its eigenvalues in the metric of another made positive.

    So steps lead away from a saddle, along which those with the expected Hessian creep.
    """
    factor = _pivoted(h)
    if factor is None or _pivoted(w) is not None:
        return h if factor is None else w
    half, _ = lapack.dtrtrs(factor, w, lower=1)
    relative, _ = lapack.dtrtrs(factor, half.T, lower=1)
    values, vectors = np.linalg.eigh(0.5 * (relative + relative.T))
    spread = factor @ vectors
    return np.asarray((spread * np.maximum(np.abs(values), FLATTEST)) @ spread.T)


def _programme_step(here: Local, h: Array, damping: float) -> _Step | None:
    """Minimise the quadratic model with Hessian `h` under the linearised restrictions."""
    factor = _factor(h, damping)
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


def _as_step(z: Array, here: Local, found: Nearest, lengths: list[Array]) -> _Step:
    # The multipliers lack what the added term J'J z = -J'h contributes.
    equal = found.equal / lengths[0] - here.equal.jacobian @ z
    return _Step(z, equal, found.least / lengths[1], found.working, False)


def _newton_step(here: Local, w: Array, last: _Step) -> _Step | None:
    """Solve the Karush-Kuhn-Tucker equations of the restrictions that bound the last step.

    None where that does not lead to a minimum, or past another restriction.
    """
    rows, value, kept = working_rows(here, last.working)
    y, z = range_and_null(rows)
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


def _line_search(
    objective: Minimisable,
    theta: Array,
    at: State,
    r: Restrictions,
    here: Local,
    step: _Step,
    weights: tuple[Array, Array],
) -> tuple[Array, State, float] | None:
    """Halve the step until F plus the weighted violations falls enough; None where it never does.

    Before it is halved, a full step is corrected for the curvature of what binds: near a curved
    equality the violation that a good step causes may hide what it gains.
    """
    before = _penalty(weights, r.equal(theta).value, r.least(theta).value)
    promised = -float(here.g @ step.z) + before
    noise = ROUNDING * (objective.n_terms + abs(at.f) + before)
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


def _corrected(trial: Array, r: Restrictions, here: Local, step: _Step) -> Array:
    """Return the trial point moved by the shortest way back to what binds."""
    rows, _, kept = working_rows(here, step.working)
    value = np.concatenate(
        [r.equal(trial).value / here.lengths[0], r.least(trial).value / here.lengths[1]]
    )[kept]
    if not len(rows) or not np.isfinite(value).all():
        return trial
    back = np.linalg.lstsq(rows, -value, rcond=None)[0]
    corrected: Array = trial + back / here.scale
    return corrected


def _restored(
    objective: Minimisable, theta: Array, r: Restrictions, here: Local
) -> tuple[Array, State] | None:
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


def _ending(objective: Minimisable, at: State, theta: Array, r: Restrictions) -> Code:
    """Return what the place is where steps have become negligible."""
    here = local(objective, at, theta, r)
    # Restrictions that say nearly the same but contradict each other leave no step either.
    if here.violation > MET * (1.0 + abs(at.f)) ** 0.5:
        return "infeasible"
    return "converged" if _is_minimum(objective, at, theta, r, here) else "saddle"


def _is_minimum(
    objective: Minimisable, at: State, theta: Array, r: Restrictions, here: Local
) -> bool:
    """Return whether the Lagrangian curves upwards in every direction that stays on what binds."""
    active = np.flatnonzero(here.least.value <= MET)
    rows, _, kept = working_rows(here, active)
    multipliers = np.zeros(len(here.equal.value) + len(here.least.value))
    if len(rows):
        multipliers[kept] = np.linalg.lstsq(rows.T, here.g, rcond=None)[0]
    n_equal = len(here.equal.value)
    w = _lagrangian(objective, at, theta, r, here, multipliers[:n_equal], multipliers[n_equal:])
    _, z = range_and_null(rows)
    inner = z.T @ w @ z
    inner.flat[:: len(inner) + 1] += 1e-7
    return not len(inner) or cholesky(inner) is not None


def _off_flat(objective: Minimisable, theta: Array, r: Restrictions) -> Array:
    """Return theta, moved where a curved equality is violated but flat, so that it gets a slope."""
    at = objective.at(theta)
    here = r.equal(theta)
    flat = (here.value != 0) & ~here.jacobian.any(axis=1)
    if at is None or not flat.any():
        return theta
    away = OFF_FLAT / scale_of(objective.expected(at))
    moved = theta + away * r.equal(theta + away).jacobian[flat].any(axis=0)
    return theta if objective.at(moved) is None else moved


def _defined(r: Restrictions, theta: Array) -> bool:
    equal, least = r.equal(theta), r.least(theta)
    return all(np.isfinite(part).all() for v in (equal, least) for part in (v.value, v.jacobian))


def _pivoted(matrix: Array) -> Array | None:
    """Return the Cholesky factor of a matrix that is safely positive definite, or None."""
    factor = cholesky(matrix)
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
