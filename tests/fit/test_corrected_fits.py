"""Fits by name of estimator, against lavaan: tests and standard errors as users get them."""

from __future__ import annotations

import warnings

import pytest
from helpers.reference import REFERENCE, case, data

import clustersem as cs
from clustersem.errors import ClusterSemWarning

CASES = [
    "growth_covariates_fixed_wls",
    "hs_groups_metric_gls",
    "hs_groups_mlm",
    "hs_groups_scalar_mlmv",
    "hs_groups_scalar_mlr",
    "hs_groups_scalar_wlsmv",
    "hs_groups_wls",
    "hs_linear_equality_mlm",
    "hs_linear_equality_mlr",
    "hs_ml_test_yuan_bentler",
    "hs_ml_test_yuan_bentler_mplus",
    "hs_mlm_wishart",
    "hs_mlr_expected",
    "hs_mlr_wishart",
    "hs_weights_groups_mlr",
    "mimic_fixed_means_mlm",
    "mimic_fixed_means_mlr",
    "mimic_fixed_means_wlsmv",
    "mimic_fixed_nomeans_wls",
    "path_fixed_means_mlr",
]
# tests/reference/README-robust.md has the reason of each.
OTHERWISE = {"scaling_factor_h0", "scaling_factor_h1"}


@pytest.mark.parametrize("name", CASES)
def test_fit(name):
    told = case(f"lavaan/{name}")
    options = {key.replace(".", "_"): value for key, value in told["options"].items()}
    assert (REFERENCE / "data" / f"{told['data']}.csv").exists()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClusterSemWarning)
        fit = getattr(cs, told["fun"])(told["model"], data(told["data"]), **options)
        measures = fit.measures
    names = [k for k in told["measures"] if k.endswith(("_scaled", "_robust", "_factor"))]
    assert names or name.endswith(("gls", "wls"))
    for key in {"chisq", "df", "rmsea", "cfi", *names} - OTHERWISE:
        value = told["measures"][key]
        # lavaan finds bounds of the noncentrality by bisection.
        wide = 1e-4 if "_ci_" in key else 1e-6
        assert measures[key] == pytest.approx(value, rel=wide, abs=1e-7), key
    se = {(r.lhs, r.op, r.rhs, max(int(r.group), 1)): r.se for r in fit.estimates.itertuples()}
    compared = 0
    for row in told["estimates"]:
        key = (row["lhs"], row["op"], row["rhs"], row.get("group", 1))
        if row["se"] and key in se:
            assert se[key] == pytest.approx(row["se"], rel=1e-6), key
            compared += 1
    assert compared > 3
