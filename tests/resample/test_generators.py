"""Normal data: rows, and moments without rows."""

from __future__ import annotations

import numpy as np
import pytest

from clustersem.errors import DataError
from clustersem.resample.generators import Normal
from clustersem.resample.population import Population, populations_of

COV = np.array([[2.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 0.5]])
POPULATION = Population(("a", "b", "c"), COV, np.array([1.0, -2.0, 0.5]))


def test_draws_have_the_population_s_moments():
    n = 400_000
    x = Normal(POPULATION).draw(np.random.default_rng(1), n, 1)[0]
    spread = np.sqrt((np.outer(COV.diagonal(), COV.diagonal()) + COV**2) / n)
    # Four standard errors.
    assert (np.abs(np.cov(x.T) - COV) < 4.0 * spread).all()
    assert (np.abs(x.mean(axis=0) - POPULATION.mean) < 4.0 * np.sqrt(COV.diagonal() / n)).all()


def test_moments_are_distributed_as_those_of_draws():
    """E S = (n - 1)/n Sigma, and n S is Wishart: Var(n S_ij) = (n - 1)(s_ii s_jj + s_ij^2)."""
    n, size = 20, 40_000
    cov, mean = Normal(POPULATION).moments(np.random.default_rng(2), n, size)
    variance = (n - 1) * (np.outer(COV.diagonal(), COV.diagonal()) + COV**2) / n**2
    assert (np.abs(cov.mean(axis=0) - COV * (n - 1) / n) < 4.0 * np.sqrt(variance / size)).all()
    # Kurtosis of the chi-square-like entries is at most 3 + 12 / (n - 1): its share of the error
    # of a variance is sqrt((2 + 0.7) / size) = 0.008; four of those.
    np.testing.assert_allclose(cov.var(axis=0), variance, rtol=0.033)
    np.testing.assert_allclose(mean.var(axis=0), COV.diagonal() / n, rtol=4 * np.sqrt(2 / size))
    assert (
        np.abs(mean.mean(axis=0) - POPULATION.mean) < 4.0 * np.sqrt(COV.diagonal() / n / size)
    ).all()
    # Means and covariances of normal samples are independent.
    between = np.corrcoef(mean[:, 0], cov[:, 0, 0])[0, 1]
    assert abs(between) < 4.0 / np.sqrt(size)


def test_moments_and_draws_agree_in_distribution():
    """A two-sample test of the log determinant, which depends on every entry."""
    from scipy.stats import ks_2samp

    n, size = 10, 4000
    normal = Normal(POPULATION)
    cov, _ = normal.moments(np.random.default_rng(3), n, size)
    x = normal.draw(np.random.default_rng(4), n, size)
    x = x - x.mean(axis=1, keepdims=True)
    raw = x.transpose(0, 2, 1) @ x / n
    assert ks_2samp(np.linalg.slogdet(cov)[1], np.linalg.slogdet(raw)[1]).pvalue > 0.01
    assert ks_2samp(cov[:, 0, 2], raw[:, 0, 2]).pvalue > 0.01
    np.testing.assert_array_equal(cov, cov.transpose(0, 2, 1))


def test_first_replications_do_not_depend_on_how_many_follow():
    normal = Normal(POPULATION)
    few = normal.draw(np.random.default_rng(5), 300, 4)
    many = normal.draw(np.random.default_rng(5), 300, 11)
    np.testing.assert_array_equal(few, many[:4])
    assert not np.array_equal(many[0], many[1])


def test_singular_covariances_of_few_rows_are_refused():
    with pytest.raises(DataError, match="needs more than 3 rows"):
        Normal(POPULATION).moments(np.random.default_rng(1), 3, 5)


def test_singular_populations_are_drawn():
    (population,) = populations_of("y ~ 1*a + 1*b; a ~~ 1*a; b ~~ 1*b; y ~~ 0*y")
    x = Normal(population).draw(np.random.default_rng(6), 50, 1)[0]
    y, a, b = (x[:, population.names.index(name)] for name in "yab")
    np.testing.assert_allclose(y, a + b, atol=1e-7)
