"""Gamma and the normal-theory weight."""

from __future__ import annotations

import numpy as np
import pytest

from clustersem.moments.gamma import (
    empirical_gamma,
    moment_contributions,
    normal_gamma,
    normal_weight,
)
from clustersem.moments.order import MomentOrder


def sample(seed: int, n: int, p: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_exponential((n, p)) @ (np.eye(p) + 0.4 * rng.standard_normal((p, p)))


def vector(x: np.ndarray, order: MomentOrder, weights: np.ndarray | None = None) -> np.ndarray:
    w = np.full(len(x), 1.0 / len(x)) if weights is None else weights / weights.sum()
    z = x - w @ x
    s = z.T @ (z * w[:, None])
    parts = [s.diagonal(), s[order.rows, order.cols]]
    return np.concatenate(([w @ x] if order.has_means else []) + parts)


@pytest.mark.parametrize("means", [False, True])
def test_normal_weight_is_the_inverse_of_normal_gamma(means):
    order = MomentOrder((0,) * 5, means)
    sigma = np.cov(sample(1, 60, 5).T)
    both = normal_gamma(sigma, order) @ normal_weight(np.linalg.inv(sigma), order)
    np.testing.assert_allclose(both, np.eye(order.n_moments), atol=1e-10)


def test_normal_gamma_is_the_limit_of_the_empirical_one():
    order = MomentOrder((0,) * 3, has_means=True)
    x = np.random.default_rng(2).multivariate_normal(
        np.zeros(3), [[1, 0.5, 0.2], [0.5, 2, 0.3], [0.2, 0.3, 1]], 400_000
    )
    gamma = empirical_gamma(moment_contributions(x, order))
    # Fourth moments of 400 000 draws have standard errors near 0.03 here.
    np.testing.assert_allclose(gamma, normal_gamma(np.cov(x.T), order), atol=0.15)


@pytest.mark.parametrize("means", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_contributions_are_the_derivatives_of_the_moments_by_weights(means, weighted):
    """The influence function: how moments move when a case gets more weight."""
    order = MomentOrder((0,) * 4, means)
    x = sample(3, 30, 4)
    w = np.random.default_rng(3).uniform(0.5, 2.0, 30) if weighted else np.ones(30)
    w = w / w.mean()
    contributions = moment_contributions(x, order, weights=w if weighted else None)
    step = 1e-6
    for case in (0, 7, 29):
        up, down = w.copy(), w.copy()
        up[case] += step
        down[case] -= step
        slope = (vector(x, order, up) - vector(x, order, down)) / (2 * step)
        np.testing.assert_allclose(contributions[case], 30 * slope, atol=1e-6)


def test_fixed_covariates_have_no_sampling_variance():
    order = MomentOrder((0,) * 4, has_means=True)
    gamma = empirical_gamma(
        moment_contributions(sample(4, 50, 4), order, covariates=np.array([1, 3]))
    )
    of_covariates = [1, 3, 4 + 1, 4 + 3, order.covariances.start + 4]  # s_42 is the fifth below
    assert (order.rows[4], order.cols[4]) == (3, 1)
    np.testing.assert_array_equal(gamma[of_covariates], 0.0)
    others = np.setdiff1d(np.arange(order.n_moments), of_covariates)
    assert (gamma[others, others] > 0).all()


def test_clusters_of_one_case_only_add_their_small_sample_factor():
    order = MomentOrder((0,) * 3, has_means=False)
    contributions = moment_contributions(sample(5, 40, 3), order)
    single = empirical_gamma(contributions, cluster=np.arange(40))
    np.testing.assert_allclose(single, empirical_gamma(contributions) * 40 / 39, rtol=1e-12)


def test_duplicated_cases_in_clusters_double_gamma():
    order = MomentOrder((0,) * 3, has_means=True)
    x = sample(6, 40, 3)
    twice = moment_contributions(np.vstack([x, x]), order)
    clustered = empirical_gamma(twice, cluster=np.tile(np.arange(40), 2))
    once = empirical_gamma(moment_contributions(x, order))
    np.testing.assert_allclose(clustered, 2.0 * once * 40 / 39, rtol=1e-12)
