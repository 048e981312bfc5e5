"""The fit as text: every variant of the test, every group, and nothing that is not defined."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import clustersem as cs

DATA = Path(__file__).resolve().parent.parent / "reference" / "data"
MODEL = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6"


@pytest.fixture(scope="module")
def holzinger():
    return pd.read_csv(DATA / "holzinger1939.csv")


def rows(text):
    """Return the cells of every line by the line's title; the first line of a title counts."""
    found = {}
    for line in filter(None, text.splitlines()):
        title, *cells = [part.strip() for part in line.strip().split("  ") if part.strip()]
        found.setdefault(title, cells)
    return found


def test_without_correction_there_is_one_column(holzinger):
    fit = cs.cfa(MODEL, holzinger)
    shown = rows(fit.summary())
    assert shown["Estimator"] == ["ML (normal likelihood)"]
    assert shown["chi2"] == [f"{fit.measures['chisq']:.3f}"]
    assert shown["df"] == ["8"]
    assert "scaled" not in fit.summary()


def test_a_corrected_test_stands_beside_the_plain_one(holzinger):
    fit = cs.cfa(MODEL, holzinger, estimator="MLR")
    m, shown = fit.measures, rows(fit.summary())
    assert shown["standard"] == ["scaled"]
    assert shown["chi2"] == [f"{m['chisq']:.3f}", f"{m['chisq_scaled']:.3f}"]
    for title, name in (("CFI", "cfi"), ("RMSEA", "rmsea")):
        wanted = [f"{m[name + end]:.3f}" for end in ("", "_scaled", "_robust")]
        assert shown[title] == wanted
    assert shown["Scaling factor"] == [f"{m['chisq_scaling_factor']:.3f}"]
    assert "Huber" in shown["Standard errors"][0]


def test_adjusted_degrees_of_freedom_are_no_whole_number(holzinger):
    fit = cs.cfa(MODEL, holzinger, estimator="MLMVS")
    assert rows(fit.summary())["df"] == ["8", f"{fit.measures['df_scaled']:.3f}"]


def test_every_group_has_its_own_estimates(holzinger):
    fit = cs.cfa(MODEL, holzinger, group="school")
    first, second = fit.summary().split("Group Grant-White")
    assert "Group Pasteur" in first
    r_squared = fit.r_squared
    for part, school in ((first.split("R-squared")[1], "Pasteur"), (second, "Grant-White")):
        assert f"x4  {r_squared.loc[(school, 'x4')]:.3f}" in part
    assert rows(first)["Pasteur"] == ["156"]


def test_ordinal_items_have_thresholds_and_no_likelihood(holzinger):
    coarse = holzinger[[f"x{k}" for k in range(1, 7)]].apply(pd.cut, bins=3, labels=False)
    text = cs.cfa(MODEL, coarse, ordered=True).summary()
    shown = rows(text)
    assert {"Thresholds", "Shift", "WRMR"} <= set(shown)
    assert "x1 | t2" in shown
    assert "AIC" not in shown
    assert shown["p"][0] == "-"
    # They are all fixed at zero.
    assert "Intercepts" not in shown
    assert "likelihood" not in text


def test_browne_residual_test_is_shown(holzinger):
    fit = cs.cfa(MODEL, holzinger, test="browne.residual.adf")
    chisq = fit.measures["chisq_browne_residual_adf"]
    assert rows(fit.summary())["chi2"][1] == f"{chisq:.3f}"


def test_definitions_are_of_no_group(holzinger):
    model = "x4 ~ c(a1, a2)*x1\ndifference := a1 - a2"
    fit = cs.sem(model, holzinger, group="school")
    assert fit.summary().count("Defined parameters") == 1
    value = fit.estimates.set_index("lhs").loc["difference", "est"]
    assert f"{value:.3f}" in fit.summary().split("Defined parameters")[1]
