"""Residuals, factor scores and covariances of estimates against lavaan at its exact optimum."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from helpers.reference import REFERENCE, case, data, fitted

import clustersem as cs

TOLD = json.loads((REFERENCE / "residuals_scores.json").read_text())["cases"]


@pytest.mark.parametrize("name", list(TOLD))
@pytest.mark.parametrize(
    ("type", "theirs"), [("raw", "raw"), ("cor", "cor_bollen"), ("standardized", "standardized")]
)
def test_residuals(name, type, theirs):
    ours = fitted(name).residuals(type)
    assert list(ours.index) == list(ours.columns) == TOLD[name]["names"]
    told = np.array(TOLD[name][theirs])
    if name == "hs_cfa_ml_wishart" and type == "standardized":
        # lavaan divides by sqrt(n) where its Wishart chi2 uses n - 1; we use n - 1 in both.
        told = told * np.sqrt(300 / 301)
    np.testing.assert_allclose(ours, told, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", list(TOLD))
def test_vcov(name):
    ours, told = fitted(name).vcov, np.array(TOLD[name]["vcov"])
    names = TOLD[name]["vcov_names"]
    # lavaan repeats equal parameters.
    first = [names.index(n) for n in dict.fromkeys(names)]
    assert [n.replace(" ", "") for n in ours.index] == [names[i] for i in first]
    np.testing.assert_allclose(ours, told[np.ix_(first, first)], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", [n for n in TOLD if "regression" in TOLD[n]])
def test_regression_scores(name):
    ours = fitted(name).factor_scores()
    assert list(ours.columns) == TOLD[name]["latent"]
    np.testing.assert_allclose(ours[:20], np.array(TOLD[name]["regression"]), atol=1e-9)
    assert len(ours) == case(name)["nobs"]


@pytest.mark.parametrize("name", [n for n in TOLD if "bartlett" in TOLD[n]])
def test_bartlett_scores(name):
    ours = fitted(name).factor_scores(method="bartlett")
    np.testing.assert_allclose(ours[:20], np.array(TOLD[name]["bartlett"]), atol=1e-9)


def test_scores_of_other_answers_keep_their_rows_and_mark_what_is_missing():
    fit, answers = fitted("hs_cfa_ml"), data("holzinger1939")
    some = answers.iloc[[7, 3, 5]].copy()
    some.loc[3, "x2"] = np.nan
    scores = fit.factor_scores(some)
    assert list(scores.index) == [7, 3, 5]
    assert scores.loc[3].isna().all()
    expected = fit.factor_scores().iloc[[7, 5]]
    np.testing.assert_allclose(scores.drop(index=3), expected, atol=1e-12)


def test_bartlett_scores_of_a_second_order_factor_are_refused():
    with pytest.raises(cs.errors.EstimationError, match="regression"):
        fitted("hs_second_order").factor_scores(method="bartlett")


def test_scores_after_a_covariance_matrix_need_answers():
    answers = data("holzinger1939")
    items = [f"x{i}" for i in range(1, 10)]
    fit = cs.cfa(case("hs_cfa_ml")["model"], cov=answers[items].cov(), n_obs=301)
    with pytest.raises(cs.errors.DataError, match="covariance matrix"):
        fit.factor_scores()
    pd.testing.assert_frame_equal(
        fit.factor_scores(answers), fitted("hs_cfa_ml").factor_scores(answers), atol=1e-9
    )


def test_unknown_types_are_refused():
    with pytest.raises(cs.errors.EstimationError, match="'raw', 'cor' or 'standardized'"):
        fitted("hs_cfa_ml").residuals("normalized")
    with pytest.raises(cs.errors.EstimationError, match="'regression' or 'bartlett'"):
        fitted("hs_cfa_ml").factor_scores(method="ebm")
