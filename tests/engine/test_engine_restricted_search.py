"""The search under restrictions on problems whose solutions are known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from clustersem.engine.constrained import minimise_constrained, minimise_constrained_from
from clustersem.engine.quadratic import nearest
from clustersem.engine.restrictions import Restrictions, independent_rows, unrestricted


@dataclass(frozen=True)
class Here:
    theta: np.ndarray
    f: float


@dataclass(frozen=True)
class Quadratic:
    """(theta - centre)' H (theta - centre) / 2."""

    h: np.ndarray
    centre: np.ndarray
    n_terms: int = 1

    def at(self, theta):
        d = theta - self.centre
        return Here(theta, float(0.5 * d @ self.h @ d))

    def gradient(self, state):
        return self.h @ (state.theta - self.centre)

    def expected(self, state):
        return self.h.copy()

    def exact(self, state):
        return self.h.copy()


@dataclass(frozen=True)
class Curve:
    """One function of theta with its derivatives; a class, as fits have to be pickled."""

    value: object
    slope: object

    def __call__(self, theta):
        return np.atleast_1d(self.value(theta)), np.atleast_2d(self.slope(theta))


def random_quadratic(seed: int, q: int) -> Quadratic:
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((q, q))
    # Units that differ by up to a million, as variances and loadings of raw answers do.
    units = 10.0 ** rng.uniform(-3, 3, q)
    return Quadratic((root @ root.T + np.eye(q)) * np.outer(units, units), rng.standard_normal(q))


def assert_optimal(objective, r: Restrictions, found) -> None:
    """The Karush-Kuhn-Tucker conditions, in units of the Hessian."""
    scale = np.sqrt(objective.expected(found.at).diagonal())
    equal, least = r.equal(found.theta), r.least(found.theta)
    balance = (
        found.gradient
        - equal.jacobian.T @ found.equal_multipliers
        - least.jacobian.T @ found.least_multipliers
    )
    size = 1.0 + np.abs(found.gradient / scale).max()
    assert np.abs(balance / scale).max() < 1e-9 * size
    length = np.linalg.norm(least.jacobian / scale, axis=1)
    slack = least.value / np.where(length == 0, 1.0, length)
    assert found.violation < 1e-9 * size
    assert (slack > -1e-9 * size).all()
    assert (found.least_multipliers * length > -1e-9 * size).all()
    assert np.abs(found.least_multipliers[slack > 1e-6 * size]).max(initial=0.0) == 0.0


def linear(q: int, a=(), b=(), c=(), d=(), lower=None, upper=None) -> Restrictions:
    none = unrestricted(q)
    return replace(
        none,
        linear_equal=np.reshape(np.asarray(a, dtype=float), (-1, q)),
        constant_equal=np.asarray(b, dtype=float),
        linear_least=np.reshape(np.asarray(c, dtype=float), (-1, q)),
        constant_least=np.asarray(d, dtype=float),
        lower=none.lower if lower is None else lower,
        upper=none.upper if upper is None else upper,
    )


@pytest.mark.parametrize("seed", range(8))
def test_linear_equalities_have_the_closed_form(seed):
    rng = np.random.default_rng(100 + seed)
    objective = random_quadratic(seed, 6)
    a, b = rng.standard_normal((2, 6)), rng.standard_normal(2)
    found = minimise_constrained(objective, np.zeros(6), linear(6, a, b))
    half = np.linalg.solve(objective.h, a.T)
    exact = objective.centre - half @ np.linalg.solve(a @ half, a @ objective.centre - b)
    assert found.code == "converged"
    scale = np.sqrt(objective.h.diagonal())
    np.testing.assert_allclose(found.theta * scale, exact * scale, rtol=0, atol=1e-8)
    assert_optimal(objective, linear(6, a, b), found)


@pytest.mark.parametrize("seed", range(12))
def test_inequalities_and_bounds_meet_the_optimality_conditions(seed):
    rng = np.random.default_rng(200 + seed)
    q = 7
    objective = random_quadratic(300 + seed, q)
    inside = objective.centre + rng.standard_normal(q)
    c = rng.standard_normal((9, q))
    r = linear(
        q,
        a=rng.standard_normal((1, q)),
        b=[0.0],
        c=c,
        d=c @ inside - np.abs(rng.standard_normal(9)),
        lower=inside - np.abs(rng.standard_normal(q)),
        upper=inside + np.abs(rng.standard_normal(q)),
    )
    r = replace(r, constant_equal=r.linear_equal @ inside)
    found = minimise_constrained(objective, np.zeros(q), r)
    assert found.code == "converged"
    assert found.active.any()
    assert_optimal(objective, r, found)


def test_bounds_are_met_to_the_last_digit():
    objective = Quadratic(np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([-1.0, 4.0]))
    r = linear(2, lower=np.zeros(2), upper=np.array([np.inf, 3.0]))
    found = minimise_constrained(objective, np.array([5.0, 5.0]), r)
    assert found.theta.tolist() == [0.0, 3.0]
    assert found.active.tolist() == [True, False, True]
    assert len(found.jacobian) == 0


def test_inactive_restrictions_change_nothing():
    objective = random_quadratic(7, 4)
    free = minimise_constrained(objective, np.zeros(4), unrestricted(4))
    r = linear(4, c=np.eye(4), d=objective.centre - 1.0, upper=objective.centre + 1.0)
    found = minimise_constrained(objective, np.zeros(4), r)
    scale = np.sqrt(objective.h.diagonal())
    np.testing.assert_allclose(free.theta * scale, objective.centre * scale, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.theta * scale, objective.centre * scale, rtol=0, atol=1e-9)
    assert not found.active.any()


CIRCLE = Curve(lambda t: t @ t - 1.0, lambda t: 2.0 * t)


def test_nearest_point_of_a_circle():
    objective = Quadratic(np.eye(2), np.array([3.0, 4.0]))
    r = replace(unrestricted(2), curved_equal=CIRCLE, n_curved_equal=1)
    found = minimise_constrained(objective, np.array([0.5, -0.2]), r)
    assert found.code == "converged"
    np.testing.assert_allclose(found.theta, [0.6, 0.8], rtol=0, atol=1e-12)
    # gradient = theta - centre = -4 theta, and the circle's is 2 theta.
    assert found.equal_multipliers == pytest.approx([-2.0], abs=1e-10)
    np.testing.assert_allclose(found.jacobian, [[1.2, 1.6]], rtol=0, atol=1e-11)


@pytest.mark.parametrize(("centre", "binds"), [((3.0, 4.0), True), ((0.3, 0.4), False)])
def test_inside_a_circle(centre, binds):
    objective = Quadratic(np.eye(2), np.array(centre))
    inside = Curve(lambda t: 1.0 - t @ t, lambda t: -2.0 * t)
    r = replace(unrestricted(2), curved_least=inside, n_curved_least=1)
    found = minimise_constrained(objective, np.array([0.1, 0.0]), r)
    expected = np.array([0.6, 0.8]) if binds else np.array(centre)
    assert found.code == "converged"
    np.testing.assert_allclose(found.theta, expected, rtol=0, atol=1e-12)
    assert found.active.tolist() == [binds]
    assert len(found.jacobian) == binds


def test_an_indefinite_problem_that_a_constraint_makes_definite():
    # F = x y has a saddle at zero; on x + y = 1, with x y as its own Hessian, a maximum.
    saddle = Quadratic(np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2))
    object.__setattr__(saddle, "expected", lambda state: np.eye(2))
    r = replace(
        unrestricted(2),
        curved_equal=Curve(
            lambda t: t[0] - t[1] ** 2 - 1.0, lambda t: np.array([1.0, -2.0 * t[1]])
        ),
        n_curved_equal=1,
    )
    # x = 1 + y^2: F = y + y^3 has no stationary point, so the search must not claim one.
    found = minimise_constrained(saddle, np.array([1.0, 0.1]), r, 60)
    assert found.code != "converged"


def test_a_flat_start_gets_a_slope():
    objective = Quadratic(np.eye(2), np.zeros(2))
    product = Curve(lambda t: t[0] * t[1] - 0.25, lambda t: t[::-1])
    r = replace(unrestricted(2), curved_equal=product, n_curved_equal=1)
    found = minimise_constrained(objective, np.zeros(2), r)
    assert found.code == "converged"
    np.testing.assert_allclose(np.abs(found.theta), [0.5, 0.5], rtol=0, atol=1e-10)


def test_redundant_and_repeated_restrictions_change_nothing():
    objective = random_quadratic(11, 5)
    row = np.array([1.0, -1.0, 0.0, 2.0, 0.0])
    below = np.array([0.0, 1.0, 1.0, 0.0, 0.0])
    limit = below @ objective.centre + 2.0
    once = linear(5, [row], [0.5], [below], [limit])
    often = linear(
        5, [row, 3.0 * row, -row], [0.5, 1.5, -0.5], [below, 2.0 * below], [limit, 2.0 * limit]
    )
    first, second = (minimise_constrained(objective, np.zeros(5), r) for r in (once, often))
    scale = np.sqrt(objective.h.diagonal())
    assert first.code == second.code == "converged"
    np.testing.assert_allclose(first.theta * scale, second.theta * scale, rtol=0, atol=1e-8)
    assert second.active.tolist() == [True, True]
    assert independent_rows(often.linear_equal).tolist() == [0]


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_units_of_restrictions_and_of_parameters_have_no_say(factor):
    objective = Quadratic(np.diag([1.0, 2.0, 3.0]), np.array([3.0, 4.0, 1.0]))
    ball = Curve(lambda t: t @ t - 1.0, lambda t: 2.0 * t)
    plane = np.array([[1.0, 1.0, 1.0]])
    r = replace(
        linear(3, c=plane, d=[0.2]), curved_equal=ball, n_curved_equal=1, upper=np.full(3, 0.7)
    )
    start = np.array([0.1, 0.2, 0.3])
    plain = minimise_constrained(objective, start, r)
    scaled_ball = Curve(
        lambda t: factor**2 * ball.value(t / factor), lambda t: factor * ball.slope(t / factor)
    )
    units = Quadratic(objective.h / factor**2, objective.centre * factor)
    scaled = replace(
        linear(3, c=plane * 7.0, d=[1.4 * factor]),
        curved_equal=scaled_ball,
        n_curved_equal=1,
        upper=np.full(3, 0.7 * factor),
    )
    other = minimise_constrained(units, start * factor, scaled)
    assert plain.code == other.code == "converged"
    assert plain.iterations == other.iterations
    np.testing.assert_allclose(other.theta / factor, plain.theta, rtol=1e-9, atol=1e-12)
    assert other.decrement == pytest.approx(plain.decrement, rel=1e-2, abs=1e-20)


def test_order_of_parameters_and_restrictions_has_no_say():
    rng = np.random.default_rng(5)
    objective = random_quadratic(21, 5)
    inside = objective.centre + 1.0
    c = rng.standard_normal((6, 5))
    r = linear(5, c=c, d=c @ inside - 0.1)
    order, rows = rng.permutation(5), rng.permutation(6)
    turned = Quadratic(objective.h[np.ix_(order, order)], objective.centre[order])
    other = linear(5, c=c[np.ix_(rows, order)], d=r.constant_least[rows])
    a, b = (minimise_constrained(o, np.zeros(5), s) for o, s in ((objective, r), (turned, other)))
    scale = np.sqrt(objective.h.diagonal())
    np.testing.assert_allclose((b.theta * scale[order]), (a.theta * scale)[order], atol=1e-8)
    assert b.active.tolist() == a.active[rows].tolist()


def test_what_cannot_be_met_is_said():
    objective = Quadratic(np.eye(2), np.zeros(2))
    apart = Curve(
        lambda t: np.array([t @ t - 1.0, t @ t - 4.0]), lambda t: np.vstack([2.0 * t, 2.0 * t])
    )
    r = replace(unrestricted(2), curved_equal=apart, n_curved_equal=2)
    found = minimise_constrained(objective, np.array([1.0, 0.5]), r)
    assert found.code == "infeasible"
    assert found.violation > 0.1


def test_a_start_where_a_constraint_is_undefined():
    objective = Quadratic(np.eye(1), np.zeros(1))
    log = Curve(
        lambda t: np.log(t) if t[0] > 0 else np.array([np.nan]),
        lambda t: 1.0 / t if t[0] > 0 else np.array([np.nan]),
    )
    r = replace(unrestricted(1), curved_equal=log, n_curved_equal=1)
    assert minimise_constrained(objective, np.array([-1.0]), r).code == "no_start"
    found = minimise_constrained_from(objective, np.array([-1.0]), r, lambda: np.array([3.0]))
    assert found.code == "converged"
    assert found.theta == pytest.approx([1.0], abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_projection_meets_the_optimality_conditions(seed):
    rng = np.random.default_rng(seed)
    n, m = 5, 8
    e, g = rng.standard_normal((2, n)), rng.standard_normal((m, n))
    g /= np.linalg.norm(g, axis=1)[:, None]
    g[1] = g[0]  # the same half-space twice
    inside, point = rng.standard_normal(n), 3.0 * rng.standard_normal(n)
    value, bound = e @ inside, g @ inside - np.abs(rng.standard_normal(m))
    found = nearest(point, e, value, g, bound)
    assert found is not None
    # 1e-10: multipliers are of order ten here, times the rounding of a few dozen updates.
    assert np.abs(found.y - point - e.T @ found.equal - g.T @ found.least).max() < 1e-10
    assert np.abs(e @ found.y - value).max() < 1e-10
    assert (g @ found.y - bound).min() > -1e-10
    assert found.least.min() >= 0.0
    assert np.abs(found.least * (g @ found.y - bound)).max() < 1e-9


def test_projection_onto_nothing():
    g = np.array([[1.0, 0.0], [-1.0, 0.0]])
    assert nearest(np.zeros(2), np.empty((0, 2)), np.empty(0), g, np.array([1.0, 0.5])) is None


def test_second_derivatives_of_restrictions():
    curve = Curve(
        lambda t: np.array([t[0] * t[1], np.exp(t[2])]),
        lambda t: np.array([[t[1], t[0], 0.0], [0.0, 0.0, np.exp(t[2])]]),
    )
    r = replace(unrestricted(3), curved_equal=curve, n_curved_equal=2)
    theta = np.array([0.0, 2.0, 0.3])
    found = r.curvature(theta, np.array([3.0, 2.0]), np.empty(0), np.ones(3))
    exact = np.zeros((3, 3))
    exact[0, 1] = exact[1, 0] = 3.0
    exact[2, 2] = 2.0 * np.exp(0.3)
    # Central differences with a step of 6e-6: rounding and truncation are both near 1e-10.
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-9)


@dataclass(frozen=True)
class Fenced(Quadratic):
    """A quadratic that is defined only where the second parameter is below one."""

    def at(self, theta):
        return super().at(theta) if theta[1] < 1.0 else None


def test_equalities_whose_nearest_point_is_not_admissible_are_approached_by_steps():
    # The point of theta_0 + theta_1 = 10 that is nearest to the start is (5, 5).
    objective = Fenced(np.eye(2), np.array([9.7, 0.7]))
    r = linear(2, [[1.0, 1.0]], [10.0])
    found = minimise_constrained(objective, np.zeros(2), r)
    assert found.code == "converged"
    np.testing.assert_allclose(found.theta, [9.5, 0.5], rtol=0, atol=1e-10)
    assert_optimal(objective, r, found)


def test_a_start_that_is_not_admissible_is_said():
    objective = Fenced(np.eye(2), np.zeros(2))
    found = minimise_constrained(objective, np.array([0.0, 2.0]), linear(2, [[1.0, 0.0]], [1.0]))
    assert found.code == "no_start"
    assert found.at is None
    # A bound that the start violates brings it inside.
    inside = linear(2, [[1.0, 0.0]], [1.0], upper=np.array([np.inf, 0.5]))
    assert minimise_constrained(objective, np.array([0.0, 2.0]), inside).code == "converged"


def test_restrictions_in_fewer_parameters_are_the_same_restrictions():
    rng = np.random.default_rng(2)
    ball = Curve(lambda t: t @ t - 1.0, lambda t: 2.0 * t)
    whole = replace(
        linear(
            3, c=rng.standard_normal((2, 3)), d=[0.3, -0.2], lower=np.array([0.0, -np.inf, 1.0])
        ),
        curved_equal=ball,
        n_curved_equal=1,
    )
    offset, basis = rng.standard_normal(3), rng.standard_normal((3, 2))
    part, eta = whole.reduced(offset, basis), rng.standard_normal(2)
    theta = offset + basis @ eta
    for of_whole, of_part in (
        (whole.equal(theta), part.equal(eta)),
        (whole.least(theta), part.least(eta)),
    ):
        np.testing.assert_allclose(of_part.value, of_whole.value, rtol=0, atol=1e-12)
        np.testing.assert_allclose(of_part.jacobian, of_whole.jacobian @ basis, rtol=0, atol=1e-12)


def test_a_point_near_that_meets_the_equalities():
    r = replace(linear(2, [[1.0, -1.0]], [0.0]), curved_equal=CIRCLE, n_curved_equal=1)
    near = r.near(np.array([0.9, 0.4]), np.ones(2))
    np.testing.assert_allclose(near, [0.5**0.5, 0.5**0.5], rtol=0, atol=1e-12)
