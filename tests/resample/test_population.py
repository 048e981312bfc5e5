"""Populations: what a fit implies, and what a model text states."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from helpers.reference import data

import clustersem as cs
from clustersem.errors import DataError, EstimationError, ModelError, ModelSyntaxError
from clustersem.resample.population import Population, populations_of

HS = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6"

# simulateData(model, empirical = TRUE, sample.nobs = 200000) of lavaan 0.6-14.
STATED = """
f =~ 0.7*x1 + 0.8*x2 + 0.6*x3
g =~ 1*y1 + 0.7*y2 + 0.5*y3
g ~ 0.4*f + 0.3*z
x1 ~~ 0.2*y1
x1 ~~ 0.5*x1; x2 ~~ 0.36*x2; x3 ~~ 0.64*x3; y1 ~~ 0.7*y1; y2 ~~ 0.8*y2; y3 ~~ 0.9*y3
g ~~ 0.6*g; z ~~ 2*z; x1 ~ 3*1; f ~ 0.5*1
"""
STATED_COV = [
    [0.990, 0.560, 0.420, 0.480, 0.196, 0.140, 0.000],
    [0.560, 1.000, 0.480, 0.320, 0.224, 0.160, 0.000],
    [0.420, 0.480, 1.000, 0.240, 0.168, 0.120, 0.000],
    [0.480, 0.320, 0.240, 1.640, 0.658, 0.470, 0.600],
    [0.196, 0.224, 0.168, 0.658, 1.2606, 0.329, 0.420],
    [0.140, 0.160, 0.120, 0.470, 0.329, 1.135, 0.300],
    [0.000, 0.000, 0.000, 0.600, 0.420, 0.300, 2.000],
]
STATED_MEAN = [3.35, 0.40, 0.30, 0.20, 0.14, 0.10, 0.0]
STANDARDIZED = "f =~ 0.7*x1 + 0.8*x2 + 0.6*x3; g =~ 0.6*y1 + 0.7*y2 + 0.5*y3; g ~ 0.4*f"
STANDARDIZED_COV = [
    [1.00, 0.56, 0.42, 0.168, 0.196, 0.14],
    [0.56, 1.00, 0.48, 0.192, 0.224, 0.16],
    [0.42, 0.48, 1.00, 0.144, 0.168, 0.12],
    [0.168, 0.192, 0.144, 1.00, 0.42, 0.30],
    [0.196, 0.224, 0.168, 0.42, 1.00, 0.35],
    [0.14, 0.16, 0.12, 0.30, 0.35, 1.00],
]


def test_a_fit_gives_its_implied_moments():
    frame = data("holzinger1939")
    fit = cs.cfa(HS, frame)
    (population,) = populations_of(fit)
    assert population.names == fit.spec.observed
    np.testing.assert_array_equal(population.cov, fit.implied_cov.to_numpy())
    np.testing.assert_allclose(population.mean, frame[list(population.names)].mean(), rtol=1e-14)
    assert population.ordered == ()


def test_groups_of_a_fit_keep_labels_means_and_sizes():
    fit = cs.cfa(HS, data("holzinger1939"), group="school", group_equal=["loadings", "intercepts"])
    populations = populations_of(fit)
    assert [p.label for p in populations] == list(fit.groups)
    assert [p.share for p in populations] == [156, 145]
    for population in populations:
        np.testing.assert_array_equal(population.mean, fit.implied_mean.loc[population.label])


@pytest.mark.parametrize("parameterization", ["delta", "theta"])
def test_ordered_items_have_the_probabilities_of_the_sample(parameterization):
    """Thresholds of a single group are free, so that the population has the sample's margins."""
    from scipy.special import ndtr

    frame = data("hs_ordinal")
    names = ["o1", "o2", "o3", "o4"]
    fit = cs.cfa("f =~ o1 + o2 + o3 + o4", frame, ordered=True, parameterization=parameterization)
    (population,) = populations_of(fit)
    assert population.ordered == tuple(names)
    np.testing.assert_allclose(population.cov.diagonal(), 1.0, atol=1e-12)
    for j, name in enumerate(names):
        z = (population.thresholds[j] - population.mean[j]) / population.sd[j]
        found = np.diff(np.concatenate(([0.0], ndtr(z), [1.0])))
        share = frame[name].value_counts(normalize=True).sort_index()
        assert population.categories[j].tolist() == share.index.tolist()
        # The optimiser's own tolerance.
        np.testing.assert_allclose(found, share, atol=1e-7)


def test_groups_with_equal_thresholds_have_their_own_scales_and_means():
    """Standardised thresholds and correlations are the moments that the model implies."""
    from clustersem.engine.moment_structure import implied_moments

    fit = cs.cfa(
        "f =~ o1 + o2 + o3 + o4",
        data("hs_ordinal"),
        ordered=True,
        group="school",
        group_equal=["loadings", "thresholds"],
    )
    for population, point, sample in zip(populations_of(fit), fit.points, fit.samples, strict=True):
        order = sample.ordinal.order
        implied = implied_moments(point, order)
        z = [
            (own - mean) / sd
            for own, mean, sd in zip(
                population.thresholds, population.mean, population.sd, strict=True
            )
        ]
        np.testing.assert_allclose(np.concatenate(z), implied[order.thresholds], atol=1e-12)
        cor = population.cor[order.rows, order.cols]
        np.testing.assert_allclose(cor, implied[order.covariances], atol=1e-12)
    first, second = populations_of(fit)
    assert abs(first.mean - second.mean).max() > 0.05


def test_text_with_raw_values():
    (population,) = populations_of(STATED)
    assert population.names == ("x1", "x2", "x3", "y1", "y2", "y3", "z")
    np.testing.assert_allclose(population.cov, STATED_COV, atol=1e-12)
    np.testing.assert_allclose(population.mean, STATED_MEAN, atol=1e-12)


def test_text_with_standardised_values():
    (population,) = populations_of(STANDARDIZED, standardized=True)
    np.testing.assert_allclose(population.cov, STANDARDIZED_COV, atol=1e-12)


def test_standardised_values_of_a_feedback_loop():
    """Residual variances follow jointly where dependent variables affect each other."""
    text = "y1 ~ 0.4*y2 + 0.3*x1; y2 ~ 0.2*y1 + 0.5*x2; x1 ~~ 0.3*x2"
    (population,) = populations_of(text, standardized=True)
    np.testing.assert_allclose(population.cov.diagonal(), 1.0, atol=1e-12)


def test_composites_are_what_their_weights_make_them():
    (population,) = populations_of("c <~ 0.6*a + 0.8*b; y ~ 0.3*c", standardized=True)
    assert population.names == ("y", "a", "b")
    np.testing.assert_allclose(population.cov[0], [1.0, 0.18, 0.24], atol=1e-12)
    (raw,) = populations_of("c <~ 0.5*a + 0.4*b; y ~ 0.3*c; a ~~ 1*a + 0.2*b; b ~~ 1*b; y ~~ 1*y")
    np.testing.assert_allclose(raw.cov[0], [1.0441, 0.174, 0.15], atol=1e-12)


def test_starting_values_and_labels_are_values():
    by_start = "f =~ start(0.7)*x1 + start(0.8)*x2 + start(0.6)*x3"
    by_label = "f =~ 0.7*x1 + 0.8*x2 + 0.8*x3 + a*x2 + a*x3"
    (one,) = populations_of(by_start, standardized=True)
    np.testing.assert_allclose(one.cov, np.array(STANDARDIZED_COV)[:3, :3], atol=1e-12)
    (other,) = populations_of(by_label, standardized=True)
    np.testing.assert_allclose(other.cov[1, 2], 0.64, atol=1e-12)


def test_groups_and_thresholds_of_a_text():
    text = "f =~ c(0.7, 0.5)*x1 + 0.8*x2 + 0.6*x3; x1 | -1*t1 + 0.5*t2; f ~ c(0, 0.4)*1"
    first, second = populations_of(text, standardized=True)
    assert (first.label, second.label) == ("1", "2")
    assert (first.cov[0, 1], second.cov[0, 1]) == pytest.approx((0.56, 0.40))
    np.testing.assert_allclose(second.mean, [0.2, 0.32, 0.24])
    assert first.ordered == ("x1",)
    assert [own.tolist() for own in first.thresholds] == [[-1.0, 0.5], [], []]
    assert [own.tolist() for own in first.categories] == [[1.0, 2.0, 3.0], [], []]


def test_constraints_of_a_text_are_checked():
    text = "f =~ 0.7*x1 + 0.8*x2 + 0.6*x3 + a*x1 + b*x2; ab := a*b; "
    assert populations_of(text + "ab < 0.6", standardized=True)
    with pytest.raises(ModelError, match=r"violate ab > 0\.6"):
        populations_of(text + "ab > 0.6", standardized=True)


@pytest.mark.parametrize(
    ("text", "standardized", "message", "column"),
    [
        ("f =~ 0.7*x1 + x2 + 0.6*x3", True, "f =~ x2 has no value; write 0.7*x2", 15),
        ("f =~ 0.7*x1 + a*x2 + 0.6*x3", True, "f =~ x2 has no value", 15),
        ("f =~ 0.7*x1 + 0.8*x2 + 0.6*x3", False, "x1 has no residual variance", 10),
        ("y ~ 0.3*x; y ~~ 1*y", False, "x has no variance", 9),
        ("f =~ 1.7*x1 + 0.7*x2 + 0.6*x3", True, "explain 2.89 of the variance of x1", 10),
        ("f =~ 0.7*x1 + 0.7*x2; x1 ~~ 0.4*x1", True, "its residual variance follows", 29),
        ("y ~ 0.3*x; y ~~ 1*y; x ~~ -1*x", False, "the variance of x is negative", 9),
        ("x ~~ 1*x + 2*y; y ~~ 1*y", False, "means a correlation of 2", 12),
        ("f =~ 0.7*x1 + 0.7*x2; x1 | 1*t1 + 0*t2", True, "must ascend", 28),
        ("f =~ 0.7*x1 + 0.7*x2; x1 | 1*t1 + t2", True, "x1 | t2 has no value", 35),
        ("c <~ 0.5*a + 0.4*b; y ~ 0.3*c", True, "its weights make it 0.41; divide them by", 1),
        ("f =~ 0.7*x1 + 0.7*x2; f ~~ f + g; g =~ 0.7*y", True, "f ~~ g has no value", 32),
    ],
)
def test_what_is_wrong_in_a_text_is_pointed_at(text, standardized, message, column):
    with pytest.raises(ModelSyntaxError) as error:
        populations_of(text, standardized=standardized)
    assert message in str(error.value)
    assert error.value.column == column


def test_loops_without_end_are_refused():
    text = "x ~ 1*y; y ~ 1*x; x ~~ 1*x; y ~~ 1*y"
    with pytest.raises(ModelError, match="loop that amplifies itself"):
        populations_of(text)


def test_what_is_no_population_is_refused():
    with pytest.raises(DataError, match=r"smallest eigenvalue is -0\.8"):
        populations_of(Population(("a", "b"), np.array([[1.0, 1.8], [1.8, 1.0]]), np.zeros(2)))
    with pytest.raises(ModelError, match="got int"):
        populations_of(3)
    with pytest.raises(ModelError, match="leave it out"):
        populations_of(cs.cfa(HS, data("holzinger1939")), standardized=True)
    with pytest.raises(DataError, match="shape"):
        Population(("a", "b"), np.eye(3), np.zeros(2))


def test_fits_that_did_not_converge_imply_nothing():
    from dataclasses import replace

    fit = cs.cfa(HS, data("holzinger1939"))
    lost = replace(fit, status=replace(fit.status, code="max_iterations"))
    with pytest.raises(EstimationError, match="did not converge"):
        populations_of(lost)


def test_a_variable_that_others_determine_has_a_factor():
    cov = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 2.0]])
    population = Population(("a", "b", "c"), cov, np.zeros(3))
    np.testing.assert_allclose(population.factor @ population.factor.T, cov, atol=1e-14)


def test_arrays_are_read_only_and_survive_pickling():
    (population,) = populations_of(STANDARDIZED, standardized=True)
    again = pickle.loads(pickle.dumps(population))
    np.testing.assert_array_equal(again.cov, population.cov)
    for one in (population, again):
        with pytest.raises(ValueError, match="read-only"):
            one.cov[0, 0] = 2.0
