"""Difference tests against lavTestLRT at lavaan's own matrices, and against their mathematics."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.reference import case
from scipy.stats import chi2

from clustersem.errors import EstimationError, ModelError
from clustersem.fit.difference import (
    constraint_matrix,
    difference_eigenvalues,
    mean_var_adjusted,
    plain_difference,
    satorra_2000,
    satorra_bentler_2001,
    satorra_bentler_2010,
    scaled_shifted,
)

# The file holds ten digits; scaling factors near a difference of zero lose one or two of them.
TOLERANCE = 1e-8
PAIRS = [
    (pair, name)
    for pair in ("hs_metric", "hs_scalar", "bfi")
    for name in (("WLSMV", "WLSM") if pair == "bfi" else ("MLM", "MLR", "MLMVS"))
]


def arrays(pair):
    told = case("difference")[pair]
    names = ("delta1", "v", "gamma", "delta0")
    return [[np.array(one) for one in told[name]] for name in names]


def information_and_meat(jacobians, weights, gammas, shares):
    """Return P and B, written out."""
    groups = list(zip(jacobians, weights, gammas, shares, strict=True))
    p = sum(share * d.T @ v @ d for d, v, _, share in groups)
    return p, sum(share * d.T @ v @ gamma @ v @ d for d, v, gamma, share in groups)


def numbers(pair, name):
    told = case("difference")[pair]["tests"][name]
    return told, told["small"], told["large"]


def eigenvalues(pair, name):
    told, _, _ = numbers(pair, name)
    delta1, v, gamma, delta0 = arrays(pair)
    n = np.array(told["n"], dtype=float)
    p, b = information_and_meat(delta1, v, gamma, n / n.sum())
    if name == "MLR":  # lavaan takes observed information in the place of P
        p = np.array(told["information"])
    return difference_eigenvalues(p, b, constraint_matrix(np.vstack(delta1), np.vstack(delta0)))


@pytest.mark.parametrize(("pair", "name"), PAIRS)
def test_satorra_2000_as_lavaan(pair, name):
    told, small, large = numbers(pair, name)
    e = eigenvalues(pair, name)
    assert len(e) == small["df"] - large["df"]
    adjusted = mean_var_adjusted if name in ("MLMVS", "WLSMV") else satorra_2000
    for ours, key in ((scaled_shifted, "scaled_shifted"), (adjusted, "not_shifted")):
        test = ours(small["chisq"], large["chisq"], e)
        assert test.statistic == pytest.approx(told[key]["statistic"], rel=TOLERANCE)
        assert test.df == pytest.approx(told[key]["df"], rel=TOLERANCE)
        # The p-values reach 1e-52, where the eighth digit of the statistic is the sixth of p.
        assert test.p_value == pytest.approx(told[key]["p_value"], rel=3e-6)


@pytest.mark.parametrize(("pair", "name"), PAIRS)
def test_satorra_bentler_2001_as_lavaan(pair, name):
    told, small, large = numbers(pair, name)
    test = satorra_bentler_2001(*small.values(), *large.values())
    assert test.statistic == pytest.approx(told["satorra_bentler_2001"]["statistic"], rel=TOLERANCE)


@pytest.mark.parametrize("pair", ["hs_metric", "hs_scalar"])
@pytest.mark.parametrize("name", ["MLM", "MLR", "MLMVS"])
def test_satorra_bentler_2010_as_lavaan(pair, name):
    told, small, large = numbers(pair, name)
    test = satorra_bentler_2010(
        *small.values(), large["chisq"], large["df"], told["scaling_factor_at_small"]
    )
    theirs = told["satorra_bentler_2010"]["statistic"]
    if (pair, name) == ("hs_scalar", "MLR"):
        # Latent means are free in the small model only. lavaan carries parameters over by name, so
        # its large model is evaluated at other means than those implied; observed information
        # depends on them, expected information does not.
        assert abs(test.statistic / theirs - 1.0) > 0.05
    else:
        # The large model's parameters were found by a fit to the implied moments.
        assert test.statistic == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("name", ["MLM", "MLR", "MLMVS"])
def test_constraints_as_they_are_written(name):
    """lavaan's A.method = "exact": loadings of two groups made equal, four pairs of parameters."""
    told, small, large = numbers("hs_metric", name)
    delta1, v, gamma, _ = arrays("hs_metric")
    q = delta1[0].shape[1]
    a = np.zeros((4, q))
    a[range(4), range(4)], a[range(4), range(q // 2, q // 2 + 4)] = 1.0, -1.0
    n = np.array(told["n"], dtype=float)
    p, b = information_and_meat(delta1, v, gamma, n / n.sum())
    p = np.array(told["information"]) if name == "MLR" else p
    e = difference_eigenvalues(p, b, a)
    shifted = scaled_shifted(small["chisq"], large["chisq"], e)
    assert shifted.statistic == pytest.approx(
        told["exact_scaled_shifted"]["statistic"], rel=TOLERANCE
    )


def test_eigenvalues_are_those_of_the_u_matrix():
    """Satorra's U_d Gamma, as large as all moments, has them and zeros."""
    delta1, v, gamma, delta0 = arrays("hs_scalar")
    told, _, _ = numbers("hs_scalar", "MLM")
    shares = np.array(told["n"]) / sum(told["n"])
    k, _ = delta1[0].shape
    stacked = np.vstack(delta1)
    whole_v, whole_gamma = np.zeros((2 * k, 2 * k)), np.zeros((2 * k, 2 * k))
    for g in range(2):
        block = slice(g * k, (g + 1) * k)
        whole_v[block, block] = shares[g] * v[g]
        whole_gamma[block, block] = gamma[g] / shares[g]
    a = constraint_matrix(stacked, np.vstack(delta0))
    p_inv = np.linalg.inv(stacked.T @ whole_v @ stacked)
    middle = p_inv @ a.T @ np.linalg.inv(a @ p_inv @ a.T) @ a @ p_inv
    u = whole_v @ stacked @ middle @ stacked.T @ whole_v
    expected = np.sort(np.linalg.eigvals(u @ whole_gamma).real)[::-1]
    e = eigenvalues("hs_scalar", "MLM")
    np.testing.assert_allclose(e, expected[: len(e)], rtol=1e-8)
    np.testing.assert_allclose(expected[len(e) :], 0.0, atol=1e-8)


def test_right_weight_makes_every_test_the_plain_one():
    delta1, v, _, delta0 = arrays("hs_scalar")
    p, b = information_and_meat(delta1, v, [np.linalg.inv(one) for one in v], [0.4, 0.6])
    e = difference_eigenvalues(p, b, constraint_matrix(np.vstack(delta1), np.vstack(delta0)))
    np.testing.assert_allclose(e, 1.0, rtol=1e-9)
    for test in (satorra_2000, mean_var_adjusted, scaled_shifted):
        assert test(30.0, 20.0, e).statistic == pytest.approx(10.0, rel=1e-9)
        assert test(30.0, 20.0, e).df == pytest.approx(8.0, rel=1e-9)


def test_only_the_space_of_the_constraints_and_no_scale_matters():
    generator = np.random.default_rng(3)
    delta1, v, gamma, delta0 = arrays("hs_scalar")
    p, b = information_and_meat(delta1, v, gamma, [0.5, 0.5])
    a = constraint_matrix(np.vstack(delta1), np.vstack(delta0))
    e = difference_eigenvalues(p, b, a)
    mixed = generator.standard_normal((len(a), len(a))) @ a
    np.testing.assert_allclose(difference_eigenvalues(p, b, mixed), e, rtol=1e-9)
    units = 10.0 ** generator.uniform(-3, 3, len(p))
    scaled = difference_eigenvalues(
        p * np.outer(units, units), b * np.outer(units, units), a * units
    )
    np.testing.assert_allclose(scaled, e, rtol=1e-6)  # the conditioning of units over six decades


def test_simulated_difference_has_the_moments_that_the_adjustments_match():
    """The sum of e_i chi2(1) and the reference distributions agree in mean and variance."""
    e = np.array([2.0, 1.0, 0.3])
    draws = np.random.default_rng(1).chisquare(1, (200_000, 3)) @ e
    shifted = scaled_shifted(1.0, 0.0, e)
    values = draws / shifted.scaling_factor + shifted.shift
    # Monte Carlo error of the variance: sqrt(kurtosis / draws) is near 0.5 %.
    assert values.mean() == pytest.approx(3.0, rel=0.01)
    assert values.var() == pytest.approx(6.0, rel=0.03)
    adjusted = mean_var_adjusted(1.0, 0.0, e)
    assert (draws / adjusted.scaling_factor).var() == pytest.approx(2 * adjusted.df, rel=0.03)


def test_plain_difference():
    test = plain_difference(95.1457, 24, 56.4857, 16)
    assert (test.df, test.p_value) == (8, pytest.approx(chi2.sf(38.66, 8), rel=1e-12))


def test_refusals_say_what_to_do():
    with pytest.raises(EstimationError, match=r"satorra\.bentler\.2010"):
        satorra_bentler_2001(30.0, 26, 0.9, 20.0, 24, 1.2)
    with pytest.raises(EstimationError, match=r"satorra\.2000"):
        satorra_bentler_2010(30.0, 26, 0.9, 20.0, 24, 1.2)
    with pytest.raises(ModelError, match="Swap the two"):
        plain_difference(20.0, 24, 30.0, 26)
    with pytest.raises(EstimationError, match="singular"):
        difference_eigenvalues(np.ones((2, 2)), np.eye(2), np.array([[1.0, -1.0]]))


def test_a_saturated_large_model_needs_no_scaling_factor():
    assert satorra_bentler_2001(30.0, 4, 1.5, 0.0, 0, np.nan).statistic == pytest.approx(20.0)
