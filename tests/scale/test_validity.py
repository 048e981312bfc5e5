"""Composite reliability, AVE, Fornell-Larcker and HTMT against semTools."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import clustersem as cs
from clustersem.errors import DataError, UnsupportedError
from clustersem.scale import validity

GOLDEN = Path(__file__).parent / "golden"
DATA = Path(__file__).parent.parent / "reference" / "data"


@dataclass(frozen=True)
class FitStandIn:
    """What validity reads off a fit, filled with lavaan's estimates."""

    estimates: pd.DataFrame
    sample_cov: pd.DataFrame
    latent_cov: pd.DataFrame
    latent_cor: pd.DataFrame


@pytest.fixture
def fitted(reference, holzinger, clusters):
    def build(case):
        stored = reference("validity_fits")[case]
        names = stored["names"]
        data = holzinger if case == "hs" else clusters
        return FitStandIn(
            pd.DataFrame(stored["estimates"]),
            data.cov(ddof=0),
            pd.DataFrame(stored["latent_cov"], names, names),
            pd.DataFrame(stored["latent_cor"], names, names),
        ), stored

    return build


CASES = ["hs", "cross_border", "cross_border_residuals"]
# The estimates are lavaan's own, so what is left is rounding to 12 digits.
DIGITS = 1e-10


@pytest.mark.parametrize("case", CASES)
def test_numbers_are_those_of_semtools(case, fitted):
    fit, stored = fitted(case)
    found = validity(fit)
    table = found.table
    assert table["omega"].to_dict() == pytest.approx(stored["omega_observed"], abs=DIGITS)
    assert table["cr"].to_dict() == pytest.approx(stored["omega_implied"], abs=DIGITS)
    assert table["ave"].to_dict() == pytest.approx(stored["ave_observed"], abs=DIGITS)
    np.testing.assert_allclose(found.htmt, stored["htmt"], atol=DIGITS)
    np.testing.assert_allclose(found.htmt2, stored["htmt2"], atol=DIGITS)
    assert list(table.index) == stored["names"]


@pytest.mark.parametrize("case", ["hs", "cross_border"])
def test_the_shared_reference_is_met(case, fitted, reference):
    expected, found = reference("validity")[case], validity(fitted(case)[0])
    assert found.table["omega"].to_dict() == pytest.approx(expected["omega"], abs=DIGITS)
    assert found.table["ave"].to_dict() == pytest.approx(expected["ave"], abs=DIGITS)
    # semTools' htmt() takes geometric means by default.
    np.testing.assert_allclose(found.htmt2, expected["htmt"], atol=DIGITS)


def test_residual_covariances_count_against_a_composite(fitted):
    fit, _ = fitted("cross_border_residuals")
    freed = fit.estimates[(fit.estimates["op"] == "~~") & (fit.estimates["lhs"] == "C2")]
    assert freed["est"].iloc[0] > 0
    table = validity(fit).table
    without = replace(
        fit,
        estimates=fit.estimates[
            (fit.estimates["op"] != "~~") | (fit.estimates["lhs"] == fit.estimates["rhs"])
        ],
    )
    assert table.loc["B1", "cr"] < validity(without).table.loc["B1", "cr"]
    # Standardised loadings alone do not see them.
    assert (
        table.loc["B1", "cr_standardized"] == validity(without).table.loc["B1", "cr_standardized"]
    )


def test_standardised_formulas(fitted):
    fit, _ = fitted("hs")
    found = validity(fit)
    rows = fit.estimates[(fit.estimates["op"] == "=~") & (fit.estimates["lhs"] == "textual")]
    loading = rows["std_all"].to_numpy()
    row = found.table.loc["textual"]
    unique = np.sum(1 - loading**2)
    assert row["cr_standardized"] == pytest.approx(
        loading.sum() ** 2 / (loading.sum() ** 2 + unique)
    )
    assert row["ave_standardized"] == pytest.approx(np.mean(loading**2))
    weights = loading / (1 - loading**2)
    # H is the reliability of the composite with the optimal weights.
    common = (weights @ loading) ** 2
    assert row["max_r_h"] == pytest.approx(common / (common + weights**2 @ (1 - loading**2)))
    assert row["max_r_h"] >= row["cr_standardized"]


def test_fornell_larcker_and_shared_variance(fitted):
    fit, _ = fitted("cross_border")
    found = validity(fit)
    correlation = fit.latent_cor.to_numpy()
    table = found.fornell_larcker.to_numpy()
    off = ~np.eye(8, dtype=bool)
    np.testing.assert_array_equal(table[off], correlation[off])
    np.testing.assert_allclose(np.diag(table), found.table["sqrt_ave"])
    largest = np.where(off, np.abs(correlation), 0).max(axis=1)
    np.testing.assert_allclose(found.table["msv"], largest**2)
    assert (
        found.table.loc["B5", "max_r_with"]
        == found.table.index[np.argmax(np.where(off, np.abs(correlation), 0)[4])]
    )


def test_verdicts_are_sentences_with_the_numbers(fitted):
    found = validity(fitted("cross_border")[0])
    by_key = {(v.subject, v.criterion): v for v in found.verdicts}
    assert len(found.verdicts) == 8 * 3 + 8 * 7 // 2
    weak = by_key["A2", "composite reliability"]
    assert not weak.passed
    assert weak.detail == "composite reliability 0.680 is below 0.7 (standardised loadings)"
    shared = by_key["B2", "convergent validity"]
    assert not shared.passed
    assert shared.detail == "the items share 45.7 % of their variance with B2, less than half"
    larcker = by_key["B5", "Fornell-Larcker"]
    assert not larcker.passed
    assert larcker.detail == (
        "the root of AVE, 0.668, is not above the largest correlation, 0.739 with A2"
    )
    ratio = by_key["B1 - B2", "HTMT"]
    assert ratio.passed
    assert ratio.detail == f"HTMT of B1 and B2, {found.htmt.loc['B1', 'B2']:.3f}, is below 0.85"
    assert not found.passed


def test_units_and_keys_of_items_do_not_matter_to_htmt(fitted):
    fit, _ = fitted("hs")
    unit = pd.Series(
        [-1000.0 if c == "x2" else 0.001 for c in fit.sample_cov], fit.sample_cov.index
    )
    scaled = replace(fit, sample_cov=fit.sample_cov.mul(unit, axis=0).mul(unit, axis=1))
    np.testing.assert_allclose(validity(scaled).htmt, validity(fit).htmt, rtol=1e-12)


def test_latent_variables_without_a_row_are_explained(fitted):
    fit, _ = fitted("hs")
    extra = pd.DataFrame(
        [("general", "=~", "visual", 1.0, 0.8), ("single", "=~", "x1", 1.0, 0.5)],
        columns=["lhs", "op", "rhs", "est", "std_all"],
    )
    found = validity(replace(fit, estimates=pd.concat([fit.estimates, extra], ignore_index=True)))
    assert list(found.table.index) == ["visual", "textual", "speed"]
    assert found.left_out == (
        "general is measured by latent variables, not by items",
        "single has one item: its reliability cannot be estimated",
    )


def test_cross_loadings_have_no_ave(fitted):
    fit, _ = fitted("hs")
    extra = pd.DataFrame(
        [("textual", "=~", "x1", 0.2, 0.2)], columns=["lhs", "op", "rhs", "est", "std_all"]
    )
    found = validity(replace(fit, estimates=pd.concat([fit.estimates, extra], ignore_index=True)))
    assert found.table["ave"].isna().to_dict() == {"visual": True, "textual": True, "speed": False}
    assert "no AVE for 'visual', 'textual'" in found.left_out[-1]


def test_one_construct_has_nothing_to_be_told_from(fitted):
    fit, _ = fitted("hs")
    alone = replace(fit, estimates=fit.estimates[fit.estimates["lhs"].isin(["visual", "x1"])])
    found = validity(alone)
    assert found.table.index.tolist() == ["visual"]
    assert found.table["msv"].isna().all()
    assert {v.criterion for v in found.verdicts} == {"composite reliability", "convergent validity"}


def test_models_that_cannot_be_served_are_refused(fitted):
    fit, _ = fitted("hs")
    path_model = fit.estimates[fit.estimates["op"] == "~~"]
    with pytest.raises(DataError, match="no latent variable with two or more items"):
        validity(replace(fit, estimates=path_model))
    two = pd.concat([fit.estimates.assign(group=g) for g in (1, 2)], ignore_index=True)
    with pytest.raises(UnsupportedError, match="Fit each group alone"):
        validity(replace(fit, estimates=two))


# semTools 0.5-6 on lavaan 0.6-14: compRelSEM(fit, ord.scale = FALSE), the same with obs.var =
# FALSE, AVE(fit) and htmt(model, data, ordered, htmt2 = FALSE), to the three digits that it prints.
SEMTOOLS_ORDINAL = {
    "omega": [0.646, 0.896, 0.706],
    "cr": [0.647, 0.895, 0.715],
    "ave": [0.391, 0.740, 0.470],
}
ORDINAL = "visual =~ o1 + o2 + o3; textual =~ o4 + o5 + o6; speed =~ o7 + o8 + o9"


@pytest.mark.parametrize("parameterization", ["delta", "theta"])
def test_ordinal_items_are_judged_by_the_responses_behind_them(parameterization):
    answers = pd.read_csv(DATA / "hs_ordinal.csv")
    fit = cs.cfa(ORDINAL, answers, ordered=True, parameterization=parameterization)
    found = validity(fit)
    for column, wanted in SEMTOOLS_ORDINAL.items():
        np.testing.assert_allclose(found.table[column], wanted, atol=6e-4)
    assert found.htmt.loc["textual", "visual"] == pytest.approx(0.478, abs=6e-4)
    assert found.htmt.loc["speed", "textual"] == pytest.approx(0.265, abs=6e-4)
    (note,) = found.notes
    assert note.startswith("o1, o2, o3, o4, o5, o6 and 3 more are ordinal: CR, AVE and HTMT are")


def test_incomplete_answers_are_judged_by_their_full_information():
    """semTools 0.5-6 on lavaan 0.6-14, as above."""
    answers = pd.read_csv(DATA / "holzinger1939_missing.csv")
    fit = cs.cfa(
        "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9",
        answers,
        missing="ml",
    )
    found = validity(fit)
    np.testing.assert_allclose(found.table["omega"], [0.635, 0.890, 0.699], atol=6e-4)
    np.testing.assert_allclose(found.table["ave"], [0.400, 0.729, 0.439], atol=6e-4)
    assert found.notes == ()


def test_groups_are_to_be_fitted_alone():
    answers = pd.read_csv(DATA / "holzinger1939.csv")
    fit = cs.cfa("visual =~ x1 + x2 + x3", answers, group="school")
    with pytest.raises(UnsupportedError, match=r"model has several\. Fit each group"):
        validity(fit)


def test_text_is_the_golden_one(fitted):
    text = str(validity(fitted("cross_border")[0]))
    assert text == (GOLDEN / "validity.txt").read_text(encoding="utf-8").rstrip("\n")


def test_text_of_one_construct_has_its_notes_and_no_matrices(clusters):
    model = "C =~ C1 + C2 + C3 + C4; single =~ C20; C20 ~~ 0.2*C20"
    found = validity(cs.cfa(model, clusters))
    text = str(found)
    assert "Fornell-Larcker)" not in text
    assert "HTMT)" not in text
    assert "nan" not in text.lower()
    assert "Note: single has one item: its reliability cannot be estimated" in text
    assert f"{found.table.loc['C', 'cr_standardized']:.3f}" in text
    assert (
        repr(found) == f"<Validity of C: {sum(v.passed for v in found.verdicts)} of 2 criteria met>"
    )
