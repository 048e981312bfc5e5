"""Skewness, kurtosis and covariances of data that are not normal: exact, and in large samples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from clustersem.errors import DataError
from clustersem.resample.fleishman import fleishman, kurtosis_range
from clustersem.resample.nonnormal import IndependentGenerator, ValeMaurelli
from clustersem.resample.pearson import pearson
from clustersem.resample.population import Population, populations_of

TEXT = "f =~ 0.7*x1 + 0.8*x2 + 0.6*x3; g =~ 0.6*y1 + 0.7*y2 + 0.5*y3; g ~ 0.4*f"
(UNIT,) = populations_of(TEXT, standardized=True)
SD = np.array([2.0, 0.5, 1.0, 10.0, 1.0, 3.0])
RAW = Population(UNIT.names, UNIT.cov * np.outer(SD, SD), np.arange(6.0))

# Nodes that integrate polynomials up to degree 79 against the normal density exactly.
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def polynomial(cubic, z):
    a, b, c, d = cubic.powers
    return a + z * (b + z * (c + z * d))


@pytest.mark.parametrize(
    ("skewness", "kurtosis"),
    [(0, 0), (0, -1), (0, 25), (1.75, 3.75), (2, 7), (3, 21), (0.5, -0.4), (-1, 2), (-1.5, 2.5)],
)
def test_cubics_have_the_moments_by_quadrature(skewness, kurtosis):
    cubic = fleishman(skewness, kurtosis)
    y = polynomial(cubic, NODES)
    moments = [WEIGHTS @ y**k for k in range(1, 5)]
    assert moments[:2] == pytest.approx([0.0, 1.0], abs=1e-12)
    assert moments[2] == pytest.approx(skewness, abs=1e-10)
    assert moments[3] - 3 == pytest.approx(kurtosis, abs=1e-10)
    assert (cubic.skewness, cubic.kurtosis) == pytest.approx((skewness, kurtosis), abs=1e-11)


@pytest.mark.parametrize(
    ("skewness", "kurtosis", "powers"),
    [  # Fleishman (1978), table 1: b, c and d, to four digits.
        (1.75, 3.75, (0.9297, 0.3995, -0.0365)),
        (0.0, -1.0, (1.2210, 0.0, -0.0802)),
    ],
)
def test_cubics_are_fleishman_s(skewness, kurtosis, powers):
    assert fleishman(skewness, kurtosis).powers[1:] == pytest.approx(powers, abs=6e-5)


def test_the_least_kurtosis_of_cubics():
    """Of symmetric ones it is -1.15132 (Headrick & Sawilowsky, 2000)."""
    low, _ = kurtosis_range(0.0)
    # The search has a grid of 0.001 in d.
    assert low == pytest.approx(-1.15132, abs=1e-4)
    assert kurtosis_range(9.0) is None


@pytest.mark.parametrize(
    ("skewness", "kurtosis", "message"),
    [
        (2, 1, "no distribution has skewness 2 and excess kurtosis 1"),
        (2, 2, "above skewness\\^2 - 2 = 2"),
        (np.nan, 2, "no numbers"),
        (1, 0, "x3: no polynomial .* between 0.42 and"),
        (9, 100, "there is none with that skewness"),
    ],
)
def test_impossible_pairs_are_refused_in_words(skewness, kurtosis, message):
    with pytest.raises(DataError, match=message):
        fleishman(skewness, kurtosis, "x3")


@pytest.mark.parametrize(
    ("skewness", "kurtosis"), [(0, -1.2), (1, 0.2), (-2, 5), (3, 13.6), (2, 6.3), (0.5, -1.5)]
)
def test_pearson_s_variables_have_the_moments(skewness, kurtosis):
    """By the moments that scipy has of the beta and the beta prime distribution."""
    found = pearson(skewness, kurtosis)
    if found.q > 0:
        got = stats.beta.stats(found.p, found.q, moments="sk")
    else:
        a, b = found.p, 1.0 - found.p - found.q
        raw = [np.prod([(a + i) / (b - i - 1) for i in range(k)]) for k in range(1, 5)]
        m1, m2, m3, m4 = raw
        variance = m2 - m1**2
        third = m3 - 3 * m1 * m2 + 2 * m1**3
        fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
        got = (third / variance**1.5, fourth / variance**2 - 3)
    # The shapes of the beta prime come from a small difference.
    assert (found.sign * got[0], got[1]) == pytest.approx((skewness, kurtosis), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(("skewness", "kurtosis"), [(-1, 0.2), (3, 13.6)])
def test_pearson_s_samples_are_standardised(skewness, kurtosis):
    n = 400_000
    x = pearson(skewness, kurtosis).sample(np.random.default_rng(1), n)
    assert abs(x.mean()) < 4 / np.sqrt(n)
    # The variance of a sample variance is (kurtosis + 2) / n.
    assert abs(x.var() - 1) < 4 * np.sqrt((kurtosis + 2) / n)
    assert np.sign(stats.skew(x)) == np.sign(skewness)


def test_pearson_s_other_types_are_not_served():
    assert pearson(0.0, 3.0) is None
    assert pearson(2.0, 2.0) is None


def test_vale_and_maurelli_s_covariances_are_exact():
    """By quadrature over both normal variables of every pair."""
    skewness = {"x1": 1.75, "x2": 1.0, "x3": -1.0, "y1": 0.0, "y2": 2.0}
    kurtosis = {"x1": 3.75, "x2": 2.0, "x3": 2.0, "y1": 3.0, "y2": 7.0}
    generator = ValeMaurelli(RAW, skewness, kurtosis)
    cubics = [fleishman(skewness.get(n, 0.0), kurtosis.get(n, 0.0)) for n in RAW.names]
    x, y = NODES[:, None], NODES[None]
    weight = WEIGHTS[:, None] * WEIGHTS
    for i in range(6):
        for j in range(i):
            rho = generator.intermediate[i, j]
            first = polynomial(cubics[i], x)
            second = polynomial(cubics[j], rho * x + np.sqrt(1 - rho**2) * y)
            assert (weight * first * second).sum() == pytest.approx(UNIT.cov[i, j], abs=1e-12)
    assert generator.intermediate[5, 5] == 1.0


def test_intermediate_correlations_are_those_of_lavaan():
    """What ValeMaurelli1983(debug = TRUE) of lavaan 0.6-14 prints, to seven digits."""
    cor = np.array([[1.0, 0.56, 0.42], [0.56, 1.0, 0.48], [0.42, 0.48, 1.0]])
    population = Population(("a", "b", "c"), cor, np.zeros(3))
    generator = ValeMaurelli(population, [1.75, 1.0, -1.0], [3.75, 2.0, 2.0])
    told = [[1.0, 0.6406828, 0.5740769], [0.6406828, 1.0, 0.5151198], [0.5740769, 0.5151198, 1.0]]
    np.testing.assert_allclose(generator.intermediate, told, atol=6e-8)


def large_sample(generator, n=200_000):
    return generator.draw(np.random.default_rng(1), n, 1)[0]


@pytest.mark.parametrize(
    "generator",
    [
        ValeMaurelli(RAW, 1.5, 3.0),
        IndependentGenerator(RAW, 1.0, 2.0),
        IndependentGenerator(RAW, 1.0, 2.0, "triangular"),
        IndependentGenerator(RAW, 0.8, 0.4),  # some generators are beta variables
    ],
    ids=["vale-maurelli", "symmetric", "triangular", "beta"],
)
def test_large_samples_have_the_moments(generator):
    n, batches = 200_000, 40
    x = large_sample(generator, n)
    skewness, kurtosis = float(generator.skewness), float(generator.kurtosis)
    z = (x - RAW.mean) / RAW.sd
    parts = z.reshape(batches, -1, 6)
    # Standard errors from the scatter of batches; four of them.
    for power, wanted in ((1, 0.0), (2, 1.0), (3, skewness), (4, kurtosis + 3)):
        each = (parts**power).mean(axis=1)
        error = each.std(axis=0) / np.sqrt(batches - 1)
        assert (np.abs(each.mean(axis=0) - wanted) < 4 * error).all(), power
    products = parts.transpose(0, 2, 1) @ parts / parts.shape[1]
    error = products.std(axis=0) / np.sqrt(batches - 1)
    assert (np.abs(products.mean(axis=0) - UNIT.cov) < 4 * error).all()


@pytest.mark.parametrize("root", ["symmetric", "triangular"])
def test_moments_of_independent_generators_are_exact(root):
    """Cumulants of X are A^k times those of the generators."""
    skewness = np.array([1.0, 0.5, 0.0, -0.5, 0.8, 0.3])
    kurtosis = np.array([2.0, 1.0, 1.0, 1.0, 2.0, 0.5])
    generator = IndependentGenerator(RAW, skewness.tolist(), kurtosis.tolist(), root)
    a = generator._mixing.T
    np.testing.assert_allclose(a @ a.T, RAW.cov, atol=1e-12)
    third = a**3 @ generator.generator_skewness / RAW.sd**3
    fourth = a**4 @ generator.generator_kurtosis / RAW.sd**4
    np.testing.assert_allclose(third, skewness, atol=1e-12)
    np.testing.assert_allclose(fourth, kurtosis, atol=1e-12)


def test_independent_generators_do_not_depend_on_units():
    one = IndependentGenerator(UNIT, 1.0, 2.0)
    other = IndependentGenerator(RAW, 1.0, 2.0)
    np.testing.assert_allclose(
        RAW.mean + RAW.sd * large_sample(one, 100), large_sample(other, 100), atol=1e-9
    )


def test_normal_moments_give_normal_data():
    x = large_sample(ValeMaurelli(RAW, 0.0, 0.0), 1000)
    y = large_sample(IndependentGenerator(RAW, 0.0, 0.0, "triangular"), 1000)
    np.testing.assert_allclose(x, y, atol=1e-9)


def test_pairs_that_cannot_correlate_so_are_refused():
    cor = np.array([[1.0, 0.95], [0.95, 1.0]])
    population = Population(("a", "b"), cor, np.zeros(2))
    with pytest.raises(DataError, match=r"a and b .* cannot correlate 0\.950: between"):
        ValeMaurelli(population, [2.0, -2.0], 7.0)


def test_generators_that_do_not_exist_are_refused():
    with pytest.raises(DataError, match=r"generator 1 would need skewness .* no distribution has"):
        IndependentGenerator(UNIT, 2.0, 2.5)
    with pytest.raises(DataError, match="none of the distributions at hand has"):
        IndependentGenerator(UNIT, 0.0, 100.0)
    with pytest.raises(DataError, match="x1: no distribution"):
        IndependentGenerator(UNIT, 2.0, 1.0)
    with pytest.raises(DataError, match="the covariance matrix is singular"):
        IndependentGenerator(Population(("a", "b"), np.ones((2, 2)), np.zeros(2)), 1.0, 2.0)
    with pytest.raises(DataError, match="'symmetric' or 'triangular'"):
        IndependentGenerator(UNIT, 1.0, 2.0, "cholesky")


def test_settings_name_variables_of_the_population():
    with pytest.raises(DataError, match="skewness= names x9"):
        ValeMaurelli(UNIT, {"x9": 1.0}, 2.0)
    with pytest.raises(DataError, match="has 2 numbers for 6 variables"):
        ValeMaurelli(UNIT, 1.0, [2.0, 2.0])


def test_first_replications_do_not_depend_on_how_many_follow():
    for generator in (ValeMaurelli(UNIT, 1.0, 2.0), IndependentGenerator(UNIT, 0.8, 0.4)):
        few = generator.draw(np.random.default_rng(5), 300, 2)
        many = generator.draw(np.random.default_rng(5), 300, 5)
        np.testing.assert_array_equal(few, many[:2])
