"""Cudeck and Browne's populations: the model returns its parameters, and the RMSEA is exact."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from helpers.reference import data

import clustersem as cs
from clustersem.errors import DataError, ModelError, UnsupportedError
from clustersem.resample.misfit import misspecified

THREE = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"


def holzinger():
    return data("holzinger1939")


def refit(fit, populations, model, **options):
    """Fit the model to the populations' moments, from the public entry point."""
    gls = options.get("estimator") == "GLS"
    cov, n_obs = {}, {}
    for sample, population in zip(fit.samples, populations, strict=True):
        n = round(sample.total)
        names = list(population.names)
        # ML fits divisor n, and cov= has divisor n - 1.
        unbiased = population.cov * (1.0 if gls else n / (n - 1))
        cov[population.label], n_obs[population.label] = pd.DataFrame(unbiased, names, names), n
    mean = {population.label: list(population.mean) for population in populations}
    if len(populations) == 1:
        cov, n_obs, mean = cov[""], n_obs[""], mean[""]
    if fit.spec.options.meanstructure:
        options["mean"] = mean
    return cs.sem(model, cov=cov, n_obs=n_obs, **options)


def population_rmsea(fit):
    return np.sqrt(fit.measures["chisq"] / fit.multiplier / fit.df * len(fit.groups))


CASES = {
    "ml": (THREE, {}, {}),
    "wide": (THREE, {}, {}),
    "gls": (THREE, {"estimator": "GLS"}, {"estimator": "GLS"}),
    "means": (THREE, {"meanstructure": True}, {"meanstructure": True}),
    "covariates": ("visual =~ x1 + x2 + x3; visual ~ ageyr + sex", {}, {}),
    "constraint": ("visual =~ x1 + a*x2 + b*x3; textual =~ x4 + x5 + x6; a == b", {}, {}),
    "groups": (
        THREE,
        {"group": "school", "group_equal": ["loadings", "intercepts"]},
        {"group_equal": ["loadings", "intercepts"], "meanstructure": True},
    ),
    "full information": (THREE, {"missing": "ml"}, {"meanstructure": True}),
    "robust": (THREE, {"estimator": "MLR"}, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_model_returns_its_parameters_and_the_rmsea(case):
    model, first, again = CASES[case]
    fit = cs.sem(model, holzinger(), **first)
    rmsea = 0.15 if case == "wide" else 0.06
    populations = misspecified(fit, rmsea, seed=1)
    other = refit(fit, populations, model, **again)
    assert other.converged
    assert other.df == fit.df
    np.testing.assert_allclose(other.theta, fit.theta, atol=1e-6)
    assert population_rmsea(other) == pytest.approx(rmsea, abs=1e-9)
    for population, label in zip(populations, fit.groups, strict=True):
        assert population.label == label
        assert np.linalg.eigvalsh(population.cov)[0] > 0.0


def test_misfit_along_a_parameter_lies_there():
    """A residual correlation that the model leaves out: its modification index is the largest."""
    fit = cs.cfa(THREE, holzinger())
    (population,) = misspecified(fit, 0.08, along="x1 ~~ x9")
    other = refit(fit, (population,), THREE)
    np.testing.assert_allclose(other.theta, fit.theta, atol=1e-6)
    assert population_rmsea(other) == pytest.approx(0.08, abs=1e-9)
    top = other.modification_indices().iloc[0]
    assert {top["lhs"], top["rhs"]} == {"x1", "x9"}
    assert top["epc"] > 0.0
    (opposite,) = misspecified(fit, 0.08, along="x1 ~~ -1*x9")
    assert opposite.cov[0, 8] < fit.implied_cov.to_numpy()[0, 8] < population.cov[0, 8]


def test_misfit_of_several_parameters_is_weighted():
    fit = cs.cfa(THREE, holzinger())
    (both,) = misspecified(fit, 0.05, along="visual =~ x9 + 0.5*x7; x2 ~~ x4")
    assert population_rmsea(refit(fit, (both,), THREE)) == pytest.approx(0.05, abs=1e-9)


def test_random_directions_differ_and_are_reproducible():
    fit = cs.cfa(THREE, holzinger())
    one, again, other = (misspecified(fit, 0.05, seed=seed)[0].cov for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.01


def test_no_misfit_is_the_model_itself():
    fit = cs.cfa(THREE, holzinger())
    (population,) = misspecified(fit, 0.0)
    np.testing.assert_array_equal(population.cov, fit.implied_cov)


@pytest.mark.parametrize(
    ("rmsea", "options", "error", "message"),
    [
        (-0.1, {}, DataError, "a number from 0"),
        (np.nan, {}, DataError, "a number from 0"),
        (0.05, {"along": "visual =~ x2"}, ModelError, "the model has that"),
        (0.05, {"along": "x1 ~~ x77"}, ModelError, "no variable 'x77'"),
        (0.05, {"along": "x1 ~ 1"}, ModelError, "misfit of covariances"),
        (3.0, {"seed": 1}, DataError, "was found in 20 random directions"),
        (0.9, {"along": "x1 ~~ x9"}, DataError, "was found along 'x1 ~~ x9'"),
    ],
)
def test_misfit_that_cannot_be_is_refused(rmsea, options, error, message):
    fit = cs.cfa(THREE, holzinger())
    with pytest.raises(error, match=message):
        misspecified(fit, rmsea, **options)


def test_models_that_cannot_misfit_are_refused():
    with pytest.raises(ModelError, match="no degrees of freedom"):
        misspecified(cs.cfa("f =~ x1 + x2 + x3", holzinger()), 0.05)
    with pytest.raises(UnsupportedError, match="ordered items"):
        misspecified(cs.cfa("f =~ o1 + o2 + o3 + o4", data("hs_ordinal"), ordered=True), 0.05)
