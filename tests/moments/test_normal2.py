"""The bivariate normal distribution against other formulas and another implementation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import multivariate_normal

from clustersem.moments import normal2

LIMITS = np.linspace(-4.0, 4.0, 17)
CORRELATIONS = [-0.9999, -0.99, -0.93, -0.9, -0.6, -0.2, 0.0, 0.29, 0.49, 0.64, 0.77, 0.84, 0.92]
CORRELATIONS += [0.926, 0.95, 0.99, 0.9999]


def grid(rho, h=LIMITS, k=LIMITS):
    return normal2.cdf(h[:, None], k[:, None], np.array([rho]))[..., 0]


@pytest.mark.parametrize("rho", [-0.97, -0.5, 0.1, 0.8, 0.94])
def test_scipy_says_the_same(rho):
    points = np.stack(np.meshgrid(LIMITS, LIMITS + 0.1, indexing="ij"), axis=-1)
    theirs = multivariate_normal([0.0, 0.0], [[1.0, rho], [rho, 1.0]]).cdf(points)
    # Both are Genz' method; SciPy promises 1e-5 and delivers 1e-15.
    np.testing.assert_allclose(grid(rho, k=LIMITS + 0.1), theirs, rtol=0, atol=1e-14)


def test_at_the_origin_it_is_an_arc_sine():
    rho = np.concatenate([[-1.0], CORRELATIONS, [1.0 - 1e-9, 1.0]])
    zero = np.zeros((1, len(rho)))
    expected = 0.25 + np.arcsin(rho) / (2.0 * np.pi)
    np.testing.assert_allclose(normal2.cdf(zero, zero, rho)[0, 0], expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("rho", [0.927, 0.95, 0.99, 0.9999, 0.999999])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_both_expansions_differ_by_the_integral_of_the_density(rho, sign):
    # From 0.9, where the plain integral is exact, in the angle whose sine is the correlation;
    # towards the end the integrand moves fast, so the last piece is cut again and again.
    nodes, weights = np.polynomial.legendre.leggauss(40)
    last = np.arccos(rho)
    ends = np.pi / 2 - np.append(np.geomspace(np.arccos(0.9), last, 30), last)
    h, k = LIMITS, LIMITS + 0.03
    area = np.zeros((len(h), len(k)))
    for left, right in pairwise(ends):
        angle = (left + right) / 2 + nodes * (right - left) / 2
        shape = (len(angle),)
        density = normal2.pdf(
            np.broadcast_to(h[:, None], (len(h), *shape)),
            np.broadcast_to(k[:, None], (len(k), *shape)),
            sign * np.sin(angle),
        )
        area += density @ (weights * np.cos(angle)) * (right - left) / 2
    got = grid(sign * rho, h, k) - grid(sign * 0.9, h, k)
    # 1200 terms, and a density of up to 100 near the end.
    np.testing.assert_allclose(got, sign * area, rtol=0, atol=5e-14)


@pytest.mark.parametrize("rho", CORRELATIONS)
def test_complements_add_up_to_the_margin(rho):
    total = grid(rho) + grid(-rho, k=-LIMITS)
    expected = np.broadcast_to(ndtr(LIMITS)[:, None], total.shape)
    np.testing.assert_allclose(total, expected, rtol=0, atol=5e-16)


@pytest.mark.parametrize("rho", [-1.0, 1.0])
def test_perfect_correlation(rho):
    h, k = np.meshgrid(ndtr(LIMITS), ndtr(LIMITS), indexing="ij")
    expected = np.minimum(h, k) if rho > 0 else np.maximum(h + k - 1.0, 0.0)
    np.testing.assert_allclose(grid(rho), expected, rtol=0, atol=3e-16)


@pytest.mark.parametrize("rho", [-0.95, 0.0, 0.5, 0.999])
def test_infinite_limits_give_margins(rho):
    ends = np.array([-np.inf, 0.7, np.inf])
    expected = [[0, 0, 0], [0, grid(rho, ends[1:2], ends[1:2])[0, 0], ndtr(0.7)], [0, ndtr(0.7), 1]]
    np.testing.assert_allclose(grid(rho, ends, ends), expected, rtol=0, atol=1e-16)


def test_many_correlations_at_once_are_each_by_itself():
    rho = np.array(CORRELATIONS)
    h, k = np.random.default_rng(1).normal(size=(2, 5, len(rho)))
    together = normal2.cdf(h, k, rho)
    for i in range(len(rho)):
        alone = normal2.cdf(h[:, [i]], k[:, [i]], rho[[i]])[..., 0]
        # In company a weak correlation gets the nodes of the strongest.
        np.testing.assert_allclose(together[..., i], alone, rtol=0, atol=5e-16)


@pytest.mark.parametrize("rho", [-0.8, 0.3, 0.96])
def test_derivatives_by_the_correlation(rho):
    step = 1e-5
    h, k = LIMITS[:, None], LIMITS[:, None] + 0.1
    slope = (grid(rho + step, k=k[:, 0]) - grid(rho - step, k=k[:, 0])) / (2 * step)
    density = normal2.pdf(h, k, np.array([rho]))[..., 0]
    # Central differences: step^2 times a third derivative of up to 1e3, and 1e-16 / step.
    np.testing.assert_allclose(slope, density, rtol=0, atol=2e-7)
    logs = [np.log(normal2.pdf(h, k, np.array([r]))[..., 0]) for r in (rho + step, rho - step)]
    expected = normal2.pdf_slope(h, k, np.array([rho]))[..., 0]
    np.testing.assert_allclose((logs[0] - logs[1]) / (2 * step), expected, rtol=1e-4, atol=1e-6)
