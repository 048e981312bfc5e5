"""Every maximum likelihood case against lavaan.

Two references, for two reasons. The files that lavaan 0.7-2 wrote carry its default stopping
rule, so
estimates in them are right to about 1e-5 of their scale. ``tight.json`` is lavaan 0.6-14 brought
to a gradient below 1e-12, where the two programs agree to the digits that were written (13
decimals).
"""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
from helpers.reference import REFERENCE, case, fitted

CASES = [
    "bfi_cfa_ml",
    "cross_border_initial",
    "cross_border_revised",
    "democracy_equal_defined",
    "democracy_sem_ml",
    "democracy_sem_nocov",
    "growth_linear",
    "hs_bifactor",
    "hs_cfa_listwise",
    "hs_cfa_ml",
    "hs_cfa_ml_meanstructure",
    "hs_cfa_ml_stdlv",
    "hs_cfa_ml_wishart",
    "hs_second_order",
    "path_observed",
    "path_observed_random_x",
]
COLUMNS = ["est", "se", "z", "p_value", "ci_lower", "ci_upper", "std_lv", "std_all"]
# lavaan's own distance from its optimum, measured with tests/reference/tight.R.
LOOSE = {"democracy_equal_defined": 2e-4, "bfi_cfa_ml": 3e-5, "hs_second_order": 4e-5}
# Measures that lavaan 0.7 adds or that have another name here.
RENAMED = {"agfi_lisrel": "agfi", "gfi_lisrel": "gfi"}
ABSENT = {"gfi_ci_lower", "gfi_ci_upper", "gfi_ci_level", "gfi_lavaan_0_7"}


@cache
def tight() -> dict:
    return json.loads((REFERENCE / "tight.json").read_text())["cases"]


def rows(table: pd.DataFrame) -> list[tuple[str, str, str]]:
    return list(table[["lhs", "op", "rhs"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("name", CASES)
def test_every_row_of_estimates_as_lavaan_printed_it(name):
    told = pd.DataFrame(case(name)["estimates"]).rename(columns={"pvalue": "p_value"})
    ours = fitted(name).estimates
    assert rows(ours) == rows(told)
    tolerance = LOOSE.get(name, 1e-5)
    for column in COLUMNS:
        theirs = told[column].to_numpy(dtype=float)
        # z = est / se inherits the relative error of both, and reaches 30; values above one
        # count with
        # their size (a bound of 8.8 in democracy_sem_nocov is off by 1.2e-5).
        times = 10.0 if column == "z" else 1.0
        np.testing.assert_allclose(
            ours[column], theirs, rtol=2e-6, atol=times * tolerance, err_msg=f"{name} {column}"
        )


@pytest.mark.parametrize("name", CASES)
def test_every_row_of_estimates_at_the_exact_optimum(name):
    told, ours = tight()[name]["estimates"], fitted(name).estimates
    assert rows(ours) == list(zip(told["lhs"], told["op"], told["rhs"], strict=True))
    for column in COLUMNS:
        theirs = np.array(told[column], dtype=float)
        # 1e-10 is the accuracy of the polished reference, solved with lavaan's numerical Hessian.
        np.testing.assert_allclose(ours[column], theirs, rtol=1e-10, atol=1e-10, err_msg=column)


@pytest.mark.parametrize("name", CASES)
def test_every_measure_by_name(name):
    told, ours = case(name)["measures"], fitted(name).measures
    for lavaan_name, value in told.items():
        if lavaan_name in ABSENT:
            continue
        measure = ours[RENAMED.get(lavaan_name, lavaan_name)]
        assert value is not None
        assert measure == pytest.approx(value, rel=1e-5, abs=1e-5), lavaan_name


@pytest.mark.parametrize("name", CASES)
def test_every_measure_at_the_exact_optimum(name):
    ours = fitted(name).measures
    for lavaan_name, value in tight()[name]["measures"].items():
        # lavaan finds the interval of the RMSEA with uniroot, whose own tolerance is 1e-6 or so.
        tolerance = 1e-6 if lavaan_name.startswith("rmsea_ci") else 1e-10
        assert ours[lavaan_name] == pytest.approx(value, rel=tolerance, abs=tolerance), lavaan_name


@pytest.mark.parametrize("name", CASES)
def test_moments_and_counts(name):
    told, fit = case(name), fitted(name)
    np.testing.assert_allclose(
        fit.implied_cov, np.array(told["implied_cov"]), rtol=0, atol=LOOSE.get(name, 1e-5)
    )
    np.testing.assert_allclose(
        fit.implied_cov, np.array(tight()[name]["implied_cov"]), rtol=1e-10, atol=1e-10
    )
    assert fit.n_obs == told["nobs"]
    # lavaan's npar counts parameters with the same label one by one in the fit, once in
    # fitMeasures.
    assert fit.n_free == told["measures"]["npar"]
    assert fit.df == told["measures"]["df"]
    assert fit.loglik == pytest.approx(told["logl"], abs=1e-5)
    exact = tight()[name]["r2"]
    assert list(fit.r_squared.index) == list(told["r2"]) == list(exact)
    np.testing.assert_allclose(fit.r_squared, list(told["r2"].values()), rtol=0, atol=1e-5)
    np.testing.assert_allclose(fit.r_squared, list(exact.values()), rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", [n for n in CASES if case(n)["modification_indices"]])
def test_modification_indices_as_lavaan_printed_them(name):
    fit, covariates = fitted(name), set(fitted(name).spec.exogenous_observed)
    ours = fit.modification_indices().set_index(["lhs", "op", "rhs"])
    for told in case(name)["modification_indices"]:
        row = (told["lhs"], told["op"], told["rhs"])
        if told["lhs"] in covariates:
            # A covariate whose moments are fixed at the sample's is not explained by the model,
            # so no
            # path into it, and none of its own moments, is offered.
            assert row not in ours.index
            continue
        for column in ("mi", "epc", "sepc_lv", "sepc_all"):
            assert ours.loc[row, column] == pytest.approx(told[column], rel=1e-4, abs=1e-4), row


def test_covariances_of_estimates_with_and_without_their_divisor():
    # chi2 = n F with S over n, against (n - 1) F with S over n - 1: the same F, so the same ratio.
    normal, wishart = fitted("hs_cfa_ml"), fitted("hs_cfa_ml_wishart")
    ratio = wishart.measures["chisq"] / normal.measures["chisq"]
    assert ratio == pytest.approx(300 / 301, rel=1e-12)
    np.testing.assert_allclose(wishart.implied_cov, normal.implied_cov * (301 / 300), rtol=1e-9)
