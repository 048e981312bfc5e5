"""Other starts, other units, other markers."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.reference import case, data

import clustersem as cs
from clustersem.certify.starts import (
    Searches,
    minimise_from_there,
    other_starts,
    random_start,
)
from clustersem.certify.units import other_markers, other_units
from clustersem.resample.streams import stream

THREE_FACTORS = case("hs_cfa_ml")["model"]


def test_starts_are_drawn_without_a_look_at_the_solution(fit):
    elsewhere = replace(fit, theta=fit.theta * 1.7)
    np.testing.assert_array_equal(
        random_start(fit, stream(3, 0, 0)), random_start(elsewhere, stream(3, 0, 0))
    )


def test_the_first_starts_are_the_same_however_many(fit):
    few, many = (Searches(fit, 5, n) for n in (3, 8))
    assert [e.chi2 for e in few(0)] == [e.chi2 for e in many(0)][:3]


def test_most_starts_lead_to_the_minimum(fit):
    found = other_starts(fit, 20, 0, n_jobs=1, progress=False)
    assert found.status == "passed"
    assert found["same"] >= 10
    assert found["lower"] == 0
    assert found["same"] + found["worse"] + found["nowhere"] == found["starts"] == 20


@pytest.fixture(scope="module")
def local_minimum():
    """A fit, and one that has ended at a higher minimum, which the full weights of WLS make."""
    fit = cs.cfa(THREE_FACTORS, data("holzinger1939"), estimator="WLS")
    chi2 = fit.multiplier * fit.state.f
    for number in range(60):
        found = minimise_from_there(fit, random_start(fit, stream(1, number, 0)))
        if found.code == "converged" and fit.multiplier * found.at.f > chi2 + 1:
            return fit, replace(fit, theta=found.theta, state=found.at, hessian=found.hessian)
    raise AssertionError("no local minimum was found")


def test_a_better_minimum_takes_the_trust_away(local_minimum):
    best, fit = local_minimum
    found = other_starts(fit, 5, 0, n_jobs=1, progress=False)
    assert found.status == "failed"
    assert found["lowest_chi2"] == pytest.approx(best.measures["chisq"], abs=1e-6)
    gap = fit.multiplier * (fit.state.f - best.state.f)
    assert f"{gap:.3f} below this fit's" in found.sentence


def test_a_worse_minimum_is_told_and_is_no_reproach(local_minimum):
    best, _ = local_minimum
    found = other_starts(best, 20, 1, n_jobs=1, progress=False)
    assert found.status == "passed"
    assert found["worse"] > 0
    assert "local minima" in found.sentence


def test_solutions_that_fit_equally_well_are_told():
    cov = np.eye(5) * 0.5
    cov[:3, :3] += 0.5
    cov[3:, 3:] += 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = cs.cfa(
            "f =~ a + b + c\ng =~ d + e",
            cov=pd.DataFrame(cov, index=list("abcde"), columns=list("abcde")),
            n_obs=200,
        )
    found = other_starts(fit, 6, 0, n_jobs=1, progress=False)
    assert found.status == "doubtful"
    assert found["other_estimates"] > 0


@pytest.mark.parametrize(
    "options", [{}, {"std_lv": True}, {"estimator": "GLS"}, {"meanstructure": True}]
)
def test_units_change_nothing(holzinger, options):
    found = other_units(cs.cfa(THREE_FACTORS, holzinger, **options), 1)
    assert found.status == "passed"
    assert "all variables times" in found.sentence
    # The optimiser ends within rounding: its decrement squares with each step.
    assert found["difference_of_chi2"] < 1e-9
    assert found["largest_difference_of_std_all"] < 1e-9


def test_a_growth_curve_allows_one_factor_for_all():
    model = "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4\ns =~ 0*t1 + 1*t2 + 2*t3 + 3*t4"
    found = other_units(cs.growth(model, data("demo_growth")), 1)
    assert found.status == "passed"
    assert (
        "all variables times 0.001" in found.sentence
        or "all variables times 1000" in found.sentence
    )


def test_least_squares_allow_one_factor_for_all(holzinger):
    found = other_units(cs.cfa(THREE_FACTORS, holzinger, estimator="ULS"), 1)
    assert found.status == "passed"
    assert "allows no more" in found.sentence


def test_a_model_in_the_units_of_the_data_is_left_in_them(holzinger):
    model = "visual =~ 1*x1 + x2 + x3\nx1 ~~ 0.6*x1\nx2 ~~ 0.9*x2\nx3 ~~ 0.7*x3"
    found = other_units(cs.cfa(model, holzinger), 1)
    assert found.status == "not applicable"
    assert "units of the data" in found.sentence


def test_starting_values_of_the_user_go_with_the_units(holzinger):
    model = "visual =~ x1 + start(0.6)*x2 + start(0.7)*x3"
    assert other_units(cs.cfa(model, holzinger), 1).status == "passed"


def test_codes_of_ordinal_items_change_nothing():
    found = other_units(cs.cfa("f =~ o1 + o2 + o3", data("hs_ordinal"), ordered=True), 1)
    assert found.status == "passed"
    assert "all codes changed" in found.sentence


@pytest.mark.parametrize(
    "options", [{}, {"group": "school", "group_equal": ["loadings", "intercepts"]}]
)
def test_markers_change_nothing(holzinger, options):
    found = other_markers(cs.cfa(THREE_FACTORS, holzinger, **options))
    assert found.status == "passed"
    assert "x3 in place of x1" in found.sentence
    assert found["difference_of_chi2"] < 1e-9
    assert found["largest_difference_of_std_all"] < 1e-9


def test_a_factor_without_a_marker_has_no_other(holzinger):
    assert other_markers(cs.cfa(THREE_FACTORS, holzinger, std_lv=True)).status == "not applicable"


def test_a_fit_that_units_change_is_found_out(fit):
    # A fit that says it is elsewhere than it is: in other units the optimiser finds the minimum.
    se = np.sqrt(fit.vcov_theta.diagonal())
    theta = fit.theta + 0.2 * se
    state = fit.objective.at(theta)
    found = other_units(replace(fit, theta=theta, state=state), 1)
    assert found.status == "failed"
    assert "this is not the minimum" in found.sentence
