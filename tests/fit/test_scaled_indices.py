"""Scaled and robust measures: from fits of ours, and from the numbers that lavaan prints."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers.independence import independence_model
from helpers.lavaan_rows import observed_information
from helpers.reference import case, data

import clustersem as cs
from clustersem.engine.complete_group import CompleteGroup
from clustersem.engine.corrections import (
    TestStatistic,
    mean_var_adjusted,
    satorra_bentler,
    scaled_shifted,
    yuan_bentler,
)
from clustersem.engine.likelihood import MaximumLikelihood
from clustersem.engine.sandwich import inverse_information, sandwich
from clustersem.engine.ugamma import trace_ugamma, trace_ugamma_squared
from clustersem.fit.scaled_indices import (
    CorrectedTests,
    Noncentrality,
    robust_from_excess,
    robust_measures,
    scaled_measures,
)

NO_COVARIATES = np.zeros(0, dtype=np.intp)


def fitted(name: str) -> cs.Fit:
    told = case(name)
    options = {key: value for key, value in told["options"].items() if key != "estimator"}
    fit = cs.sem if told["fun"] == "sem" else cs.cfa
    return fit(told["model"], data(told["data"]), **options)


def groups(fit: cs.Fit) -> tuple[CompleteGroup, CompleteGroup, np.ndarray, np.ndarray]:
    """Return the cases under the model and under independence, and the observed informations."""
    moments = fit.moments
    null, theta = independence_model(
        moments.cov, moments.mean, NO_COVARIATES, has_means=False, fixed_x=False
    )
    sample = MaximumLikelihood(moments.cov, moments.mean, float(np.linalg.slogdet(moments.cov)[1]))
    found, hessians = [], []
    for model, values in ((fit.model, fit.theta), (null, theta)):
        at = sample.at(model, values)
        found.append(
            CompleteGroup(
                model=model,
                point=at.point,
                precision=at.precision,
                data=moments.data,
                cov=moments.cov,
                mean=moments.mean,
            )
        )
        hessians.append(observed_information(model, sample, at))
    return found[0], found[1], hessians[0], hessians[1]


def compare(ours, told, rel):
    """Everything that lavaan prints of corrected tests, which is not NaN there."""
    expected = {
        key: value
        for key, value in told["measures"].items()
        if key.endswith(("_scaled", "_robust", "_factor")) and not key.startswith("gfi")
    }
    assert len(expected) > 15
    for key, value in expected.items():
        if value is None:
            assert math.isnan(ours[key]), key
        else:
            # Bounds of the noncentrality are found by bisection there.
            wide = 1e-5 if "_ci_" in key else rel
            assert ours[key] == pytest.approx(value, rel=wide, abs=1e-9), key
    extra = set(ours) - set(expected)
    assert extra <= {
        "chisq_shift_parameter",
        "baseline_chisq_shift_parameter",
        "cmin_df_scaled",
    }


@pytest.mark.parametrize("name", ["hs_cfa_mlm", "hs_cfa_mlmv", "hs_cfa_mlmvs"])
def test_fits_with_explicit_variance(name):
    told = case(name)
    fit = fitted(name)
    measures = fit.measures
    model, null, _, _ = groups(fit)
    tests = []
    for group, chisq, df in (
        (model, measures["chisq"], fit.df),
        (null, measures["baseline_chisq"], measures["baseline_df"]),
    ):
        trace, squared = trace_ugamma([group.terms]), trace_ugamma_squared([group.terms])
        tests.append(
            {
                "hs_cfa_mlm": satorra_bentler(chisq, df, trace),
                "hs_cfa_mlmv": scaled_shifted(chisq, df, trace, squared),
                "hs_cfa_mlmvs": mean_var_adjusted(chisq, df, trace, squared),
            }[name]
        )
    corrected = CorrectedTests(
        measures["chisq"], fit.df, measures["baseline_chisq"], measures["baseline_df"], *tests, 301
    )
    # lavaan's estimates are about 1e-6 from the optimum.
    compare(scaled_measures(corrected) | robust_measures(corrected), told, 1e-5)
    se = np.sqrt(sandwich(model.expected, model.terms.meat, 301).diagonal())
    check_standard_errors(se, told)


@pytest.mark.parametrize("name", ["hs_cfa_mlr", "cross_border_revised_mlr", "bfi_cfa_mlr"])
def test_mlr(name):
    told = case(name)
    fit = fitted(name)
    measures, n = fit.measures, fit.n_obs
    model, null, observed, observed_null = groups(fit)
    tests = []
    for group, hessian, chisq, df in (
        (model, observed, measures["chisq"], fit.df),
        (null, observed_null, measures["baseline_chisq"], measures["baseline_df"]),
    ):
        h0 = float(np.trace(np.linalg.solve(hessian, group.first_order)))
        n_moments = group.order.n_moments
        found = yuan_bentler(
            chisq,
            df,
            trace_h1=group.saturated_trace,
            trace_h0=h0,
            n_moments=n_moments,
            n_free=len(hessian),
        )
        tests.append(found)
    for which in ("h1", "h0"):
        ours = getattr(tests[0], f"scaling_factor_{which}")
        assert ours == pytest.approx(told["measures"][f"scaling_factor_{which}"], rel=1e-5)
    corrected = CorrectedTests(
        measures["chisq"],
        fit.df,
        measures["baseline_chisq"],
        measures["baseline_df"],
        tests[0].test,
        tests[1].test,
        n,
    )
    compare(scaled_measures(corrected) | robust_measures(corrected), told, 1e-5)
    # In bfi lavaan stops at estimates that are right to 1e-5.
    rel = 1e-4 if name.startswith("bfi") else 2e-5
    check_standard_errors(np.sqrt(sandwich(observed, model.first_order, n).diagonal()), told, rel)


def test_mlf():
    told = case("hs_cfa_mlf")
    model = groups(fitted("hs_cfa_mlf"))[0]
    check_standard_errors(np.sqrt(inverse_information(model.first_order, 301).diagonal()), told)


def check_standard_errors(se: np.ndarray, told: dict, rel: float = 2e-5) -> None:
    expected = [row["se"] for row in told["estimates"] if row["se"]]
    assert len(expected) == len(se)
    # The order of rows is another one; standard errors hardly ever coincide.
    np.testing.assert_allclose(np.sort(se), np.sort(expected), rtol=rel)


def from_print(told: dict, name: str) -> CorrectedTests:
    """What lavaan printed of the two statistics."""
    m = told["measures"]
    tests = []
    for prefix in ("", "baseline_"):
        chisq, df = m[f"{prefix}chisq"], m[f"{prefix}df"]
        scaled, factor = m[f"{prefix}chisq_scaled"], m[f"{prefix}chisq_scaling_factor"]
        shift = scaled - chisq / factor if name == "scaled.shifted" else 0.0
        trace = (df - shift) * factor
        tests.append(TestStatistic(name, scaled, df, factor, shift, trace))
    multiplier = told["nobs"] - 1  # least squares
    return CorrectedTests(
        m["chisq"], m["df"], m["baseline_chisq"], m["baseline_df"], *tests, multiplier
    )


def test_least_squares_of_continuous_items():
    told = case("hs_cfa_ulsmv")
    tests = from_print(told, "scaled.shifted")
    compare(scaled_measures(tests) | robust_measures(tests), told, 1e-7)


def test_scaled_measures_of_ordinal_items():
    told = case("bfi_cfa_wlsmv")
    ours = scaled_measures(from_print(told, "scaled.shifted"))
    for key, value in told["measures"].items():
        if key.endswith("_scaled"):
            assert ours[key] == pytest.approx(value, rel=1e-5, abs=1e-9), key


def test_without_correction_all_three_agree():
    plain = TestStatistic("satorra.bentler", 85.3, 24, 1.0, 0.0, 24.0)
    null = TestStatistic("satorra.bentler", 918.9, 36, 1.0, 0.0, 36.0)
    tests = CorrectedTests(85.3, 24, 918.9, 36, plain, null, 301)
    scaled, robust = scaled_measures(tests), robust_measures(tests)
    for key, value in robust.items():
        twin = key.replace("_robust", "_scaled")
        assert scaled[twin] == pytest.approx(value, rel=1e-12), key


def test_saturated_models():
    plain = TestStatistic("satorra.bentler", 0.0, 0, math.nan, 0.0, 0.0)
    null = TestStatistic("satorra.bentler", 90.0, 3, 1.1, 0.0, 3.3)
    tests = CorrectedTests(0.0, 0, 99.0, 3, plain, null, 301)
    scaled, robust = scaled_measures(tests), robust_measures(tests)
    assert scaled["cfi_scaled"] == robust["cfi_robust"] == 1.0
    assert scaled["tli_scaled"] == robust["tli_robust"] == 1.0
    assert scaled["rmsea_scaled"] == robust["rmsea_robust"] == 0.0
    assert math.isnan(scaled["pvalue_scaled"])
    assert math.isnan(robust["rmsea_pvalue_robust"])


def test_a_test_that_does_not_exist_has_no_measures():
    """Yuan and Bentler's trace may be negative in small samples."""
    none = satorra_bentler(30.0, 20, -1.0, name="yuan.bentler.mplus")
    null = satorra_bentler(300.0, 28, 30.0, name="yuan.bentler.mplus")
    tests = CorrectedTests(30.0, 20, 300.0, 28, none, null, 40)
    scaled = scaled_measures(tests)
    assert math.isnan(scaled["chisq_scaled"])
    assert math.isnan(scaled["rmsea_scaled"])
    assert math.isnan(scaled["cfi_scaled"])
    assert all(math.isnan(value) for value in robust_measures(tests).values())


def test_a_better_model_than_expected_has_a_cfi_of_one():
    at = Noncentrality(excess=-4.0, df=10, scaled=6.0, factor=1.2)
    measures = robust_from_excess(at, 500.0, 15, 300)
    assert measures["cfi_robust"] == 1.0
    assert measures["tli_robust"] > 1.0
    assert measures["rmsea_robust"] == 0.0
    assert measures["rmsea_ci_lower_robust"] == 0.0


def test_unweighted_least_squares_of_a_covariance_matrix():
    items = data("holzinger1939")[[f"x{i}" for i in range(1, 10)]]
    model = case("hs_cfa_uls")["model"]
    fit = cs.cfa(model, cov=items.cov(), n_obs=len(items), estimator="ULS")
    answers = cs.cfa(model, items, estimator="ULS")
    np.testing.assert_allclose(fit.estimates["se"], answers.estimates["se"], rtol=1e-9)
    assert fit.measures["chisq"] == pytest.approx(answers.measures["chisq"], rel=1e-9)


def test_fixed_thresholds_leave_no_robust_indices():
    # catML is a discrepancy of correlations alone; lavaan has none there, either.
    fit = cs.cfa("f =~ A1 + A2 + A3; A1 | 0*t1", data("bfi"), ordered=True)
    assert fit.measures["chisq_scaled"] > 300.0
    assert not [name for name in fit.measures if name.endswith("_robust")]


HS = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
EQUAL = {"ordered": True, "group": "school", "group_equal": ["thresholds", "loadings"]}


@pytest.mark.parametrize(
    ("model", "options", "fewer"),
    [
        (HS, {"estimator": "MLMVS"}, True),
        ("f =~ o1 + o2 + o3", EQUAL, True),
        ("f =~ o1 + o2 + o3; f ~ ageyr + grade", {"ordered": ["o1", "o2", "o3"]}, True),
        (HS, {"estimator": "MLM"}, False),
        ("f =~ o1 + o2 + o3 + o4", {"ordered": True}, False),
    ],
)
def test_a_baseline_with_fewer_degrees_of_freedom_has_no_scaled_nfi(model, options, fewer):
    """In the two ways that docs/results.md names."""
    m = cs.sem(model, data("hs_ordinal").dropna(subset=["grade"]), **options).measures
    assert (m["baseline_df_scaled"] < m["df_scaled"]) is fewer
    assert math.isnan(m["nfi_scaled"]) is fewer
    assert math.isnan(m["rfi_scaled"]) is fewer
    assert math.isfinite(m["cfi_scaled"])
