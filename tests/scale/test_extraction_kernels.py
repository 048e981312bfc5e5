"""Kernels of factor extraction against finite differences and known optima."""

import numpy as np
import pytest

from clustersem.scale.kernels.bounded_newton import minimise_above
from clustersem.scale.kernels.maximum_likelihood import ml_objective
from clustersem.scale.kernels.minimum_residual import uls_objective


def random_correlation(p, seed):
    data = np.random.default_rng(seed).normal(size=(4 * p, p))
    data[:, 1:] += 0.7 * data[:, :1]
    return np.corrcoef(data, rowvar=False)


@pytest.mark.parametrize("objective", [ml_objective, uls_objective])
@pytest.mark.parametrize(("p", "k"), [(5, 1), (8, 3), (12, 4)])
@pytest.mark.parametrize("seed", [0, 1])
def test_gradient_and_hessian_are_the_derivatives(objective, p, k, seed):
    correlation = random_correlation(p, seed)
    uniqueness = np.random.default_rng(seed).uniform(0.2, 0.9, p)
    x = np.log(uniqueness) if objective is ml_objective else uniqueness
    _, gradient, hessian = objective(x, correlation, k)
    h = 1e-5
    steps = np.eye(p) * h
    value_slope = [
        (objective(x + s, correlation, k)[0] - objective(x - s, correlation, k)[0]) / (2 * h)
        for s in steps
    ]
    gradient_slope = [
        (objective(x + s, correlation, k)[1] - objective(x - s, correlation, k)[1]) / (2 * h)
        for s in steps
    ]
    # Central differences err by h^2 times third derivatives (1e-10 times up to about 100).
    np.testing.assert_allclose(gradient, value_slope, atol=1e-7)
    np.testing.assert_allclose(hessian, gradient_slope, atol=1e-7)
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-12)


def quadratic(x):
    target = np.array([1.0, -2.0, 3.0])
    curvature = np.array([[2.0, 0.3, 0.0], [0.3, 1.0, 0.2], [0.0, 0.2, 4.0]])
    d = x - target
    return 0.5 * float(d @ curvature @ d), curvature @ d, curvature


def test_a_bound_is_kept_and_the_rest_is_optimal():
    lower = np.zeros(3)
    x, converged, _ = minimise_above(quadratic, np.full(3, 5.0), lower, tol=1e-14, max_iter=50)
    _, gradient, _ = quadratic(x)
    assert converged
    assert x[1] == 0.0
    assert gradient[1] > 0.0
    np.testing.assert_allclose(gradient[[0, 2]], 0.0, atol=1e-7)


def test_newton_needs_one_step_on_a_quadratic():
    x, converged, iterations = minimise_above(
        quadratic, np.zeros(3), np.full(3, -10.0), tol=1e-14, max_iter=50
    )
    assert converged
    assert iterations == 1
    np.testing.assert_allclose(x, [1.0, -2.0, 3.0], atol=1e-12)


def test_negative_curvature_is_left():
    def double_well(x):
        return (
            float(np.sum((x**2 - 1.0) ** 2)),
            4.0 * x * (x**2 - 1.0),
            np.diag(12.0 * x**2 - 4.0),
        )

    x, converged, _ = minimise_above(
        double_well, np.array([0.1, 0.2]), np.full(2, -5.0), tol=1e-14, max_iter=100
    )
    assert converged
    np.testing.assert_allclose(x, 1.0, atol=1e-6)
