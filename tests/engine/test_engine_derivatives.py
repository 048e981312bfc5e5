"""Derivatives against central differences, on random structures."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.random_ram import alone, random_ram, random_sample, sample_at

from clustersem.engine.least_squares import GeneralisedLeastSquares, WeightedLeastSquares
from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH, Cells, evaluate
from clustersem.moments import MomentOrder

SEEDS = range(12)
CASES = [(seed, means) for seed in SEEDS for means in (False, True)]
NAMES = ("ML", "GLS", "ULS", "DWLS", "WLS")


def value(objective, theta):
    at = objective.at(theta)
    assert at is not None
    return at.f


def discrepancy(name, sample, means, seed):
    """Return one of the complete-data discrepancies of the same sample."""
    if name == "ML":
        return sample
    if name == "GLS":
        return GeneralisedLeastSquares(sample.cov, sample.mean, np.linalg.inv(sample.cov))
    p = len(sample.cov)
    order = MomentOrder((0,) * p, means)
    moments = np.concatenate(
        [
            sample.mean[: p if means else 0],
            sample.cov.diagonal(),
            sample.cov[order.rows, order.cols],
        ]
    )
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((order.n_moments, order.n_moments + 2))
    weight = {
        "ULS": np.ones(order.n_moments),
        "DWLS": rng.uniform(0.5, 2.0, order.n_moments),
        "WLS": root @ root.T / order.n_moments,
    }[name]
    return WeightedLeastSquares(order, moments, weight)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("seed", "means"), CASES)
def test_gradient(name, seed, means):
    model, theta = random_ram(seed, means=means)
    sample = random_sample(seed, model.n_observed)
    objective = alone(model, discrepancy(name, sample, means, seed))
    g = objective.gradient(objective.at(theta))
    numerical = np.full_like(g, np.nan)
    # Central differences of F lose (step^2) F''' and (1e-16 F / step): 1e-8 of F here.
    step = 1e-5
    for i in range(len(theta)):
        e = np.zeros_like(theta)
        e[i] = step
        numerical[i] = (value(objective, theta + e) - value(objective, theta - e)) / (2 * step)
    scale = max(1.0, np.abs(g).max(), value(objective, theta))
    np.testing.assert_allclose(g, numerical, rtol=1e-6, atol=1e-7 * scale)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("seed", "means"), CASES)
def test_exact_hessian(name, seed, means):
    model, theta = random_ram(seed, means=means)
    sample = random_sample(seed, model.n_observed)
    objective = alone(model, discrepancy(name, sample, means, seed))
    exact = objective.exact(objective.at(theta))
    numerical = np.full_like(exact, np.nan)
    step = 1e-5
    for i in range(len(theta)):
        e = np.zeros_like(theta)
        e[i] = step
        up, down = (objective.gradient(objective.at(theta + s * e)) for s in (1, -1))
        numerical[i] = (up - down) / (2 * step)
    scale = max(1.0, np.abs(exact).max())
    np.testing.assert_allclose(exact, exact.T, rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose(exact, numerical, rtol=1e-5, atol=1e-7 * scale)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("means", [False, True])
def test_expected_diagonal_is_that_of_the_expected_hessian(name, means):
    model, theta = random_ram(5, means=means)
    sample = random_sample(5, model.n_observed)
    d = discrepancy(name, sample, means, 5)
    at = d.at(model, theta)
    whole = d.expected(at, model.cells, model.cells)
    diagonal = d.expected_diagonal(at, model.cells)
    np.testing.assert_allclose(whole.diagonal(), diagonal, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("seed", "means"), CASES)
def test_expected_hessian_is_the_exact_one_where_the_model_is_right(seed, means):
    model, theta = random_ram(seed, means=means)
    objective = alone(model, sample_at(model, theta))
    at = objective.at(theta)
    assert at.f == pytest.approx(0.0, abs=1e-11)
    expected = objective.expected(at)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(objective.gradient(at), 0.0, atol=1e-11 * scale)
    np.testing.assert_allclose(expected, objective.exact(at), rtol=1e-9, atol=1e-11 * scale)


@pytest.mark.parametrize(("seed", "means"), CASES)
def test_expected_hessian_from_a_jacobian(seed, means):
    # 2 Delta' W Delta with the Jacobian of the moments by differences: another way to the same
    # matrix.
    model, theta = random_ram(seed, means=means)
    objective = alone(model, random_sample(seed, model.n_observed))
    state = objective.at(theta)
    q, step = len(theta), 1e-6
    d_sigma, d_mu = [], []
    for i in range(q):
        e = np.zeros_like(theta)
        e[i] = step
        up, down = evaluate(model, theta + e), evaluate(model, theta - e)
        d_sigma.append((up.sigma - down.sigma) / (2 * step))
        d_mu.append((up.mu - down.mu) / (2 * step))
    p = state.groups[0].precision
    expected = np.array(
        [
            [
                np.trace(p @ d_sigma[i] @ p @ d_sigma[j])
                + (2 * d_mu[i] @ p @ d_mu[j] if means else 0.0)
                for j in range(q)
            ]
            for i in range(q)
        ]
    )
    scale = np.abs(expected).max()
    np.testing.assert_allclose(objective.expected(state), expected, rtol=1e-6, atol=1e-7 * scale)


@pytest.mark.parametrize("means", [False, True])
def test_derivatives_of_cells_that_are_not_free(means):
    model, theta = random_ram(3, means=means)
    sample = random_sample(3, model.n_observed)
    at = sample.at(model, theta)
    m = model.n_variables
    every = [(PATH, i, j) for i in range(m) for j in range(m) if i != j]
    every += [(COVARIANCE, i, j) for i in range(m) for j in range(i + 1)]
    every += [(INTERCEPT, i, i) for i in range(m)] if means else []
    kind, row, col = (np.array(column, dtype=np.intp) for column in zip(*every, strict=True))
    cells = Cells(kind, row, col, m)
    g = sample.gradient(at, cells)
    step = 1e-6
    numerical = np.full_like(g, np.nan)
    for c, (k, i, j) in enumerate(every):
        values = []
        for sign in (1, -1):
            a0, s0, m0 = model.matrices(theta)
            if k == PATH:
                a0[i, j] += sign * step
            elif k == COVARIANCE:
                s0[i, j] += sign * step
                s0[j, i] = s0[i, j]
            else:
                m0[i] += sign * step
            none = np.array([], dtype=np.intp)
            fixed = type(model)(
                model.n_observed, 0, Cells(none, none, none, m), none, a0, s0, m0, means
            )
            values.append(value(alone(fixed, sample), np.array([])))
        numerical[c] = (values[0] - values[1]) / (2 * step)
    np.testing.assert_allclose(g, numerical, rtol=1e-5, atol=1e-6 * np.abs(g).max())
    whole = sample.expected(at, cells, cells)
    np.testing.assert_allclose(whole.diagonal(), sample.expected_diagonal(at, cells), rtol=1e-12)
    assert np.linalg.eigvalsh(whole)[0] > -1e-9 * np.abs(whole).max()


def test_a_point_where_i_minus_a_is_singular_has_no_discrepancy():
    model, theta = random_ram(3, means=False)
    sample = random_sample(3, model.n_observed)
    assert sample.at(model, np.full_like(theta, np.nan)) is None
    assert sample.at(model, -np.abs(theta)) is None
