"""The least discrepancy of answers with a printed alpha, against brute force and mathematics."""

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize

from clustersem.audit.alpha_discrepancy import (
    _at,
    implied_alpha,
    least_discrepancy,
    scale_bounds,
)


def implied(loadings):
    out = np.outer(loadings, loadings)
    np.fill_diagonal(out, 1.0)
    return out


def discrepancy(s, sigma):
    product = np.linalg.solve(sigma, s)
    return float(np.trace(product) - np.linalg.slogdet(product)[1] - len(s))


def by_brute_force(sigma, alpha, d):
    k = len(sigma)
    lower = np.tril_indices(k)

    def covariance(point):
        factor = np.zeros((k, k))
        factor[lower] = point
        return factor @ factor.T

    def gap(point):
        raw = covariance(point) * np.outer(d, d)
        return k / (k - 1) * (1 - np.trace(raw) / raw.sum()) - alpha

    found = minimize(
        lambda point: discrepancy(covariance(point), sigma),
        np.linalg.cholesky(sigma)[lower],
        constraints={"type": "eq", "fun": gap},
        method="SLSQP",
        options={"maxiter": 1000, "ftol": 1e-13},
    )
    return found.fun


@pytest.mark.parametrize("alpha", [0.3, 0.6, 0.9])
def test_against_brute_force(alpha):
    sigma = implied(np.array([0.5, 0.7, 0.8, 0.6]))
    log_sd = np.array([0.2, -0.1, 0.0, -0.1])
    found = least_discrepancy(sigma, alpha, log_sd=(log_sd, log_sd))
    # SLSQP with numerical gradients stops some 1e-6 of the objective above the minimum.
    assert found == pytest.approx(by_brute_force(sigma, alpha, np.exp(log_sd)), rel=1e-4)


def test_a_pair_has_a_closed_form():
    implied_r, alpha = 0.506, 0.844
    r = alpha / (2 - alpha)
    closed = -np.log((1 - implied_r**2) * (1 - r**2) / (1 - implied_r * r) ** 2)
    sigma = np.array([[1.0, implied_r], [implied_r, 1.0]])
    found = least_discrepancy(sigma, alpha, log_sd=(np.zeros(2), np.zeros(2)))
    assert found == pytest.approx(closed, rel=1e-10)


def test_the_alpha_that_is_implied_costs_nothing():
    sigma = implied(np.array([0.5, 0.7, 0.8]))
    d = np.array([0.8, 1.3, 1.0])
    alpha = implied_alpha(sigma, d)
    assert least_discrepancy(sigma, alpha, log_sd=(np.log(d), np.log(d))) == pytest.approx(
        0.0, abs=1e-12
    )


def test_the_gradient_is_that_of_finite_differences():
    factor = np.linalg.cholesky(implied(np.array([0.5, 0.7, 0.8, 0.6])))
    point = np.array([0.3, -0.2, 0.1, 0.0])
    _, gradient = _at(factor, 0.85, point)
    step = 1e-5
    for i, slope in enumerate(gradient):
        move = np.zeros(4)
        move[i] = step
        ends = _at(factor, 0.85, point + move)[0] - _at(factor, 0.85, point - move)[0]
        # Central differences of a smooth function of order one: 1e-10 / step of rounding.
        assert slope == pytest.approx(ends / (2 * step), abs=1e-8)


def test_wider_bounds_never_cost_more():
    sigma = implied(np.array([0.5, 0.7, 0.8, 0.6]))
    widths = [0.0, 0.05, 0.2, 0.5]
    found = [least_discrepancy(sigma, 0.9, log_sd=(np.full(4, -w), np.full(4, w))) for w in widths]
    assert all(b <= a + 1e-10 for a, b in itertools.pairwise(found))


def test_part_of_the_items_never_costs_more_than_all():
    """n F of some items is at most chi2 of the model: the sample's moments against any others."""
    rng = np.random.default_rng(5)
    for _ in range(50):
        factor = rng.normal(size=(6, 7))
        other = rng.normal(size=(6, 7))
        s, sigma = factor @ factor.T, other @ other.T
        part = rng.choice(6, 3, replace=False)
        assert discrepancy(s[np.ix_(part, part)], sigma[np.ix_(part, part)]) <= discrepancy(
            s, sigma
        )


@pytest.mark.parametrize("limit", [0.01, 0.1, 1.0])
def test_scale_bounds_are_where_one_variance_costs_the_limit(limit):
    for end in scale_bounds(limit):
        ratio = np.exp(2 * end)
        assert ratio - 1 - np.log(ratio) == pytest.approx(limit, rel=1e-9)
