"""Sandwiches and corrected tests at lavaan's estimates, against lavaan's numbers."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from helpers.lavaan_rows import Corrected, corrected, moment_vector, structure
from helpers.reference import case, data

from clustersem.engine.browne import ResidualTerms, browne_residual
from clustersem.engine.corrections import (
    TestStatistic,
    mean_var_adjusted,
    satorra_bentler,
    scaled_shifted,
    yuan_bentler,
)
from clustersem.engine.sandwich import inverse_information, sandwich
from clustersem.engine.ugamma import MomentTerms, trace_ugamma, trace_ugamma_squared
from clustersem.fit.scaled_indices import CorrectedTests, robust_measures, scaled_measures
from clustersem.moments.gamma import normal_gamma

NAMES = {
    "MLM": "satorra.bentler",
    "MLMV": "scaled.shifted",
    "MLMVS": "mean.var.adjusted",
    "MLR": "yuan.bentler.mplus",
}
# lavaan differentiates its gradient numerically where it wants the observed information.
EXACT, OBSERVED = 1e-10, 1e-7


@cache
def people() -> pd.DataFrame:
    frame = data("holzinger1939").copy()
    frame["cluster"] = np.repeat(np.arange(43), 7)
    weight = np.exp(0.4 * np.sin(np.arange(1, 302))).round(3)
    frame["weight"] = weight / weight.mean()
    return frame


@cache
def prepared(name: str) -> Corrected:
    frame = people()
    shared = ("=~", "~1") if name.startswith("scalar") else ()
    shared = ("=~",) if name.startswith("metric") else shared
    given = structure(case("robust")[name]["parameters"], shared)
    several = len(given.rams) > 1
    frames = [part for _, part in frame.groupby("school", sort=False)] if several else [frame]
    return corrected(
        given,
        frames,
        weights=frame["weight"].to_numpy() if name.startswith(("weight", "both")) else None,
        cluster=frame["cluster"].to_numpy() if name.startswith(("cluster", "both")) else None,
        covariates=("ageyr", "sex") if name.startswith("mimic") else (),
        fixed_x=name.startswith("mimic_fixed"),
    )


def of_traces(name, chisq, df, groups, *, share_of_one=False):
    trace = trace_ugamma(groups) if not share_of_one else sum(trace_ugamma([g]) for g in groups)
    if name == "satorra.bentler":
        return satorra_bentler(chisq, df, trace)
    squared = (
        trace_ugamma_squared(groups)
        if not share_of_one
        else sum(trace_ugamma_squared([g]) for g in groups)
    )
    adjust = mean_var_adjusted if name == "mean.var.adjusted" else scaled_shifted
    return adjust(chisq, df, trace, squared)


def both_tests(ours: Corrected, name: str, told: dict) -> tuple[TestStatistic, TestStatistic]:
    measures = told["measures"]
    df, df_baseline = measures["df"], measures["baseline_df"]
    chisq_baseline = measures["baseline_chisq"]
    if name != "yuan.bentler.mplus":
        return (
            of_traces(name, ours.chisq, df, [g.terms_of_squares for g in ours.groups]),
            of_traces(
                name,
                chisq_baseline,
                df_baseline,
                [g.terms_of_squares for g in ours.baseline],
                share_of_one=True,
            ),
        )
    h1 = sum(group.saturated_trace for group in ours.groups)
    h0 = np.trace(np.linalg.solve(ours.observed, ours.total("first_order")))
    null = sum(
        np.trace(np.linalg.solve(hessian, group.first_order))
        for hessian, group in zip(ours.observed_baseline, ours.baseline, strict=True)
    )
    n_free = len(ours.given.theta)
    given = {"trace_h1": h1, "n_moments": df + n_free}
    model = yuan_bentler(ours.chisq, df, trace_h0=float(h0), n_free=n_free, **given)
    baseline = yuan_bentler(
        chisq_baseline, df_baseline, trace_h0=float(null), n_free=n_free, **given
    )
    if "scaling_factor_h1" in measures:
        assert model.scaling_factor_h1 == pytest.approx(measures["scaling_factor_h1"], rel=1e-7)
    return model.test, baseline.test


CASES = [
    f"{kind}_{estimator}"
    for kind in ("means", "configural", "scalar", "mimic_fixed", "mimic_random")
    for estimator in ("MLM", "MLMV", "MLMVS", "MLR")
] + ["cluster_MLM", "cluster_MLR", "weight_MLR", "both_MLR"]


@pytest.mark.parametrize("name", CASES)
def test_tests_and_measures(name):
    told, ours = case("robust")[name], prepared(name)
    kind = NAMES[name.split("_")[-1]]
    measures = told["measures"]
    model, baseline = both_tests(ours, kind, told)
    tolerance = OBSERVED if kind == "yuan.bentler.mplus" else EXACT
    assert ours.chisq == pytest.approx(measures["chisq"], rel=EXACT)
    assert model.scaling_factor == pytest.approx(
        told["tests"][kind]["scaling.factor"], rel=tolerance
    )
    if kind == "scaled.shifted":
        assert model.shift == pytest.approx(told["tests"][kind]["shift.parameter"], rel=tolerance)
    tests = CorrectedTests(
        chisq=ours.chisq,
        df=measures["df"],
        chisq_baseline=measures["baseline_chisq"],
        df_baseline=measures["baseline_df"],
        model=model,
        baseline=baseline,
        multiplier=ours.n_obs,
        n_groups=len(ours.groups),
    )
    measured = scaled_measures(tests) | robust_measures(tests)
    expected = {k: v for k, v in measures.items() if k.endswith(("_scaled", "_robust", "_factor"))}
    assert len(expected) > 15
    for key, value in expected.items():
        # lavaan finds the bounds of the noncentrality by bisection, to about six digits.
        wide = 1e-5 if "_ci_" in key else 10 * tolerance
        if name.startswith("mimic_random") and "_ci_" not in key:
            wide = OBSERVED  # lavaan iterates to the moments of covariates
        assert measured[key] == pytest.approx(value, rel=wide, abs=1e-9), key


@pytest.mark.parametrize("name", CASES)
def test_standard_errors(name):
    ours = prepared(name)
    estimator = name.split("_")[-1]
    if estimator == "MLR":
        bread, meat = ours.observed, ours.total("first_order")
    else:
        bread = ours.total("expected")
        meat = np.sum([g.share * g.terms.meat for g in ours.groups], axis=0)
    se = np.sqrt(sandwich(bread, meat, ours.n_obs).diagonal())
    np.testing.assert_allclose(se, ours.given.se, rtol=OBSERVED if estimator == "MLR" else EXACT)


@pytest.mark.parametrize("name", ["means_MLF", "configural_MLF", "scalar_MLF", "mimic_fixed_MLF"])
def test_standard_errors_from_first_order_information(name):
    ours = prepared(name)
    se = np.sqrt(inverse_information(ours.total("first_order"), ours.n_obs).diagonal())
    np.testing.assert_allclose(se, ours.given.se, rtol=EXACT)


@pytest.mark.parametrize("name", ["yuan_bentler", "scalar_yuan_bentler"])
def test_yuan_bentler(name):
    told, ours = case("robust")[name], prepared(name)
    trace = trace_ugamma([group.yuan_bentler_terms for group in ours.groups])
    test = satorra_bentler(ours.chisq, told["measures"]["df"], trace, name="yuan.bentler")
    expected = told["tests"]["yuan.bentler"]
    assert test.scaling_factor == pytest.approx(expected["scaling.factor"], rel=EXACT)
    assert test.chisq == pytest.approx(expected["stat"], rel=EXACT)
    null = sum(trace_ugamma([group.yuan_bentler_terms]) for group in ours.baseline)
    factor = told["measures"]["baseline_chisq_scaling_factor"]
    assert null / told["measures"]["baseline_df"] == pytest.approx(factor, rel=EXACT)


@pytest.mark.parametrize("name", ["browne", "scalar_browne"])
def test_browne_residual_tests(name):
    told, ours = case("robust")[name], prepared(name)
    gammas = {
        "browne.residual.adf": lambda g: g.gamma,
        "browne.residual.nt": lambda g: normal_gamma(g.cov, g.order),
        "browne.residual.nt.model": lambda g: normal_gamma(g.point.sigma, g.order),
    }
    for test, gamma in gammas.items():
        terms = []
        for g in ours.groups:
            mu = g.point.mu if g.has_means else g.mean
            residuals = moment_vector(g.cov, g.mean, g.order)
            residuals -= moment_vector(g.point.sigma, mu, g.order)
            terms.append(ResidualTerms(residuals, g.jacobian, gamma(g), len(g.data)))
        result = browne_residual(terms, told["measures"]["df"], name=test)
        assert result.chisq == pytest.approx(told["tests"][test]["stat"], rel=1e-9), test


@pytest.mark.parametrize("name", ["ls_WLSMV", "ls_ULSMV", "ls_WLSM", "ls_WLSMVS", "metric_WLSMV"])
def test_least_squares(name):
    """Weights from the distribution-free Gamma, chi-square and standard errors with n - 1."""
    told, ours = case("robust")[name], prepared(name)
    (test,) = (t for t in told["tests"] if t != "standard")
    terms = []
    chisq = 0.0
    for g in ours.groups:
        weight = np.ones(g.order.n_moments) if "ULS" in name else 1.0 / g.gamma.diagonal()
        terms.append(MomentTerms(g.jacobian, weight, g.gamma, g.share))
        n = len(g.data)
        mu = g.point.mu if g.has_means else g.mean
        residuals = moment_vector(g.cov * n / (n - 1.0), g.mean, g.order)
        residuals -= moment_vector(g.point.sigma, mu, g.order)
        chisq += (n - 1.0) * float(residuals @ (weight * residuals))
    df = told["measures"]["df"]
    assert chisq == pytest.approx(told["measures"]["chisq"], rel=EXACT)
    result = of_traces(test, chisq, df, terms)
    expected = told["tests"][test]
    assert result.chisq == pytest.approx(expected["stat"], rel=EXACT)
    assert result.scaling_factor == pytest.approx(expected["scaling.factor"], rel=EXACT)
    assert result.df == pytest.approx(expected["df"], rel=EXACT)
    bread, meat = (
        np.sum([t.share * getattr(t, part) for t in terms], axis=0) for part in ("bread", "meat")
    )
    se = np.sqrt(sandwich(bread, meat, ours.n_obs - len(terms)).diagonal())
    np.testing.assert_allclose(se, ours.given.se, rtol=EXACT)
