"""Ordered items and fixed covariates: moments given the covariates, as lavaan has them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from helpers import lavaan_cases

import clustersem as cs
from clustersem.engine.ram import evaluate
from clustersem.errors import DataError
from clustersem.fit.assemble import values_of
from clustersem.fit.standardized import scale_factors

NAMES = (
    *lavaan_cases.names("given_x_*"),
    *lavaan_cases.names("hs_ordinal_covariates_[dtg]*"),
    *lavaan_cases.names("probit_path_[dtc]*"),
    "hs_mixed_covariates",
    "probit_regression",
)
# lavaan's naive standard errors of ULS and DWLS are none (see the notes of the cases).
NAIVE = ("_dwls_", "_uls_")
# With groups or equal parameters lavaan names the columns of the matrix in other ways.
WITH_COVARIANCES = [
    name
    for name in lavaan_cases.names("given_x_*")
    if not any(part in name for part in (*NAIVE, "_groups_", "_equality", "_chain_"))
]
KEYS = ["lhs", "op", "rhs", "group"]
MEASURES = [
    "chisq",
    "df",
    "chisq_scaled",
    "df_scaled",
    "chisq_scaling_factor",
    "pvalue_scaled",
    "baseline_chisq",
    "baseline_df",
    "baseline_chisq_scaled",
    "cfi",
    "tli",
    "cfi_scaled",
    "tli_scaled",
    "rmsea",
    "rmsea_scaled",
    "rmsea_ci_upper",
    "gfi",
    "agfi",
    "srmr",
    "crmr_nomean",
    "npar",
]
# In these lavaan's independence model did not converge: ours has a smaller chi2.
NO_BASELINE = ("given_x_mixed_wls_delta", "given_x_mixed_wls_theta")
BY_BASELINE = ("baseline_chisq", "cfi", "tli")
# Residual variances of continuous variables count here, and not in lavaan's; 0.003 at most.
NOT_SATURATED = (*NO_BASELINE, "given_x_chain_wls_theta")
WITH_VARIANCES = ("srmr",)


@cache
def fitted(name):
    case = lavaan_cases.load(name)
    return getattr(cs, case.fun)(case.model, case.data, **case.options)


@pytest.mark.parametrize("name", NAMES)
def test_estimates_are_lavaans(name):
    case, fit = lavaan_cases.load(name), fitted(name)
    assert fit.converged
    assert fit.n_free == case.n_free
    both = fit.estimates.merge(case.estimates, on=KEYS, suffixes=("", "_told"))
    assert len(both) == len(case.estimates) == len(fit.estimates)
    columns = ["est", "std_lv", "std_all"]
    if not any(part in name for part in NAIVE):
        columns.append("se")
    for column in columns:
        # lavaan's own first step leaves 1e-7 or so in thresholds far from zero.
        np.testing.assert_allclose(
            both[column], both[f"{column}_told"], rtol=1e-6, atol=1e-6, err_msg=column
        )


@pytest.mark.parametrize("name", NAMES)
def test_measures_are_lavaans(name):
    case, fit = lavaan_cases.load(name), fitted(name)
    left_out = {
        *(BY_BASELINE if name in NO_BASELINE else ()),
        *(WITH_VARIANCES if name in NOT_SATURATED or "continuous_mediator" in name else ()),
    }
    for measure in MEASURES:
        if measure in case.measures and measure not in left_out:
            np.testing.assert_allclose(
                fit.measures[measure], case.measures[measure], rtol=1e-5, atol=1e-6, err_msg=measure
            )


@pytest.mark.parametrize("name", NAMES)
def test_shares_explained_are_lavaans(name):
    case, fit = lavaan_cases.load(name), fitted(name)
    for number, told in enumerate(case.r_squared.values(), start=1):
        ours = fit.r_squared.xs(fit.groups[number - 1]) if len(fit.groups) > 1 else fit.r_squared
        np.testing.assert_allclose(ours[list(told)], list(told.values()), atol=1e-6)


@pytest.mark.parametrize("name", WITH_COVARIANCES)
def test_covariances_of_estimates_are_lavaans(name):
    case, fit = lavaan_cases.load(name), fitted(name)
    told = case.extra("given")
    theirs = np.array(told["vcov"])
    ours = {label.replace(" ", ""): i for i, label in enumerate(fit.vcov.index)}
    at = [ours[label] for label in told["parameter_names"]]
    sd = np.sqrt(theirs.diagonal())
    difference = (fit.vcov.to_numpy()[np.ix_(at, at)] - theirs) / np.outer(sd, sd)
    np.testing.assert_allclose(difference, 0.0, atol=2e-6)


@pytest.mark.parametrize("parameterization", ["delta", "theta"])
def test_standard_errors_of_standardised_values_from_differences(parameterization):
    fit = fitted(f"given_x_mixed_wlsmv_{parameterization}")
    cells = fit.layout.groups[0].cells

    def standardised(theta):
        point = evaluate(fit.model, theta)
        values = values_of(cells, point)
        return values * scale_factors(cells, point, observed=True)

    step = 1e-6
    columns = [
        (standardised(fit.theta + step * e) - standardised(fit.theta - step * e)) / (2.0 * step)
        for e in np.eye(len(fit.theta))
    ]
    jacobian = np.column_stack(columns)
    se = np.sqrt(np.einsum("ij,ij->i", jacobian @ fit.vcov_theta, jacobian))
    # Differences with this step are right to 1e-9 times what se is made of.
    np.testing.assert_allclose(fit.standardized()["se"], se, atol=1e-6)


def test_delta_and_theta_are_one_model():
    fits = [fitted(f"given_x_groups_configural_{p}") for p in ("delta", "theta")]
    np.testing.assert_allclose(*(f.measures["chisq_scaled"] for f in fits), rtol=1e-7)
    np.testing.assert_allclose(*(f.r_squared for f in fits), atol=1e-6)


def test_effects_on_responses_between_ordered_variables():
    """A saturated chain of ordered variables fits, whichever scale residuals have."""
    case = lavaan_cases.load("given_x_chain_wlsmv_theta")
    delta = cs.sem(case.model, case.data, ordered=["o4", "o7"])
    theta = fitted("given_x_chain_wlsmv_theta")
    np.testing.assert_allclose(delta.measures["chisq"], theta.measures["chisq"], rtol=1e-8)
    np.testing.assert_allclose(delta.r_squared, theta.r_squared, atol=1e-7)


def test_random_covariates_are_taken_jointly():
    case = lavaan_cases.load("hs_ordinal_covariates_random_x")
    options = {k: v for k, v in case.options.items() if k != "conditional_x"}
    fit = cs.sem(case.model, case.data, **options)
    np.testing.assert_allclose(fit.measures["chisq"], case.measures["chisq"], rtol=1e-6)
    assert fit.measures["df"] == case.measures["df"]


def test_a_difference_test_is_lavaans():
    # lavTestLRT of lavaan 0.6-14 (Satorra, 2000, scaled and shifted): 5.194, p = .02267.
    case = lavaan_cases.load("hs_ordinal_covariates_delta")
    smaller = cs.sem(case.model.rpartition(" + ")[0], case.data, **case.options)
    table = cs.compare(fitted("hs_ordinal_covariates_delta"), smaller).table
    last = table.iloc[-1]
    np.testing.assert_allclose(last["delta_chisq"], 5.194, atol=5e-4)
    np.testing.assert_allclose(last["p_value"], 0.02267, atol=5e-6)


def test_models_of_other_covariates_are_not_compared():
    case = lavaan_cases.load("hs_ordinal_covariates_delta")
    other = cs.sem(case.model + "\nageyr ~~ ageyr", case.data, **case.options)
    with pytest.raises(DataError, match="ageyr is one in one model only"):
        cs.compare(fitted("hs_ordinal_covariates_delta"), other)
    with pytest.raises(DataError, match="the same covariates"):
        cs.check_nested(fitted("hs_ordinal_covariates_delta"), other)


def test_scores_are_lavaans():
    # lavPredict(method = "EBM") of lavaan 0.6-14, whose search stops at 1e-4 or so.
    told = [[-1.97330, -2.06587], [-1.30287, -2.61072], [-1.30287, -2.61072], [-0.67515, -1.77199]]
    scores = fitted("hs_ordinal_covariates_delta").factor_scores(method="ebm")
    np.testing.assert_allclose(scores.iloc[:4], told, atol=2e-4)


def test_a_constant_shift_of_a_covariate_moves_thresholds_only():
    case = lavaan_cases.load("hs_ordinal_covariates_delta")
    shifted = cs.sem(case.model, case.data.assign(ageyr=case.data["ageyr"] - 13), **case.options)
    fit = fitted("hs_ordinal_covariates_delta")
    # The weights are those of other thresholds, which are saturated.
    before, after = (f.estimates.query("op in ['=~', '~']")["est"] for f in (fit, shifted))
    np.testing.assert_allclose(after, before, atol=1e-7)
    np.testing.assert_allclose(shifted.measures["chisq"], fit.measures["chisq"], rtol=1e-7)


def test_what_is_implied_of_all_variables():
    fit = fitted("given_x_mixed_wlsmv_delta")
    names = ["ageyr", "sex"]
    sample, implied = fit.sample_cov, fit.implied_cov
    pd.testing.assert_frame_equal(sample.loc[names, names], implied.loc[names, names])
    data = lavaan_cases.load("given_x_mixed_wlsmv_delta").data
    np.testing.assert_allclose(implied.loc[names, names], data[names].cov(), rtol=1e-10)
    np.testing.assert_allclose(fit.implied_mean[names], data[names].mean(), rtol=1e-10)
