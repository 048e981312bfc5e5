"""The text of a fit: golden files for each kind of estimator, and what must be in it or not.

``python tests/fit/test_summary_text.py`` writes the golden files anew; their numbers are those of
lavaan's, which test_fit_reference.py and its siblings check.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pandas as pd
import pytest

import clustersem as cs

DATA = Path(__file__).parent.parent / "reference" / "data"
GOLDEN = Path(__file__).parent / "golden"
MODEL = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
ORDINAL = MODEL.replace("x", "o").replace("teotual", "textual")
HELD = """
    visual =~ x1 + a*x2 + b*x3
    textual =~ x4 + c*x5 + x6
    a == b
    c > 1.3
    x1 ~~ lower(0.6)*x1
    product := a*c
"""
CASES = {
    "mlr": (MODEL, "holzinger1939.csv", {"estimator": "MLR"}),
    "fiml": (MODEL, "holzinger1939_missing.csv", {"missing": "ml"}),
    "wlsmv": (ORDINAL, "hs_ordinal.csv", {"ordered": True, "parameterization": "theta"}),
    "groups": (
        ORDINAL,
        "hs_ordinal.csv",
        {"ordered": ["o1", "o2", "o3"], "group": "school", "group_equal": ["loadings"]},
    ),
    "held": (HELD, "holzinger1939.csv", {"bounds": "pos.var"}),
    "browne": ("visual =~ x1 + x2 + x3 + x9", "holzinger1939.csv", {"test": "browne_residual_adf"}),
    "design": (
        "visual =~ x1 + x2 + x3 + x9",
        "hs_design.csv",
        {"sampling_weights": "weight", "cluster": "cluster"},
    ),
}


def text_of(name: str) -> str:
    model, file, options = CASES[name]
    text = cs.cfa(model, pd.read_csv(DATA / file), **options).summary()
    # How many steps it takes is the optimiser's affair.
    return re.sub(r"after \d+ iterations", "after some iterations", text)


@pytest.mark.filterwarnings("ignore::clustersem.errors.ClusterSemWarning")
@pytest.mark.parametrize("name", CASES)
def test_text_is_the_golden_one(name):
    assert text_of(name) == (GOLDEN / f"summary-{name}.txt").read_text(encoding="utf-8").rstrip()


def ordinal_answers():
    return pd.read_csv(DATA / "hs_ordinal.csv")


def test_what_is_not_defined_is_left_out():
    text = cs.cfa(ORDINAL, ordinal_answers(), ordered=True).summary()
    assert "AIC" not in text
    assert "BIC" not in text
    assert "nan" not in text
    assert "WRMR" in text
    assert "Scales" not in text  # all of them one: there is a single group
    assert "WRMR" not in cs.cfa(MODEL, pd.read_csv(DATA / "holzinger1939.csv")).summary()


def test_a_saturated_model_has_a_test_without_a_p_value():
    text = cs.cfa("f =~ x1 + x2 + x3", pd.read_csv(DATA / "holzinger1939.csv")).summary()
    assert "  df                      0\n  p                       -\n" in text


def test_what_maximum_likelihood_costs_likert_items_is_a_note():
    answers = ordinal_answers()
    fit = cs.cfa(ORDINAL, answers)
    (note,) = fit.likert_notes
    assert note.startswith("o4, o5, o6, o7, o8, o9 have fewer than five different answers, yet ML")
    assert fit.summary().endswith(f"Note: {note}")
    # The corrections of MLR do not reach the estimates; ordinal estimation has nothing to mend.
    assert (
        "corrected for that, estimates are not"
        in cs.cfa(ORDINAL, answers, estimator="MLR").summary()
    )
    assert cs.cfa(ORDINAL, answers, ordered=True).likert_notes == ()
    assert cs.cfa(ORDINAL, answers, estimator="ULS").likert_notes == ()


def test_least_squares_under_normal_theory_is_warned_too():
    (note,) = cs.cfa(ORDINAL, ordinal_answers(), estimator="GLS").likert_notes
    assert "yet GLS takes them as" in note


def test_a_dichotomous_covariate_costs_nothing():
    answers = ordinal_answers()
    fit = cs.sem("f =~ x1 + x2 + x3; f ~ sex", answers)
    assert fit.likert_notes == ()


def test_standard_errors_that_nobody_asked_for_are_dashes_of_none():
    fit = cs.cfa(MODEL, pd.read_csv(DATA / "holzinger1939.csv"), se="none")
    assert "  Standard errors         not asked for\n" in fit.summary()
    assert "nan" not in fit.summary()


@pytest.mark.parametrize(
    ("estimator", "chisq"),
    [
        ("ML", "chi2(24) = {chisq:.3f}"),
        ("MLMVS", "scaled chi2({df_scaled:.5g}) = {chisq_scaled:.3f}"),
    ],
)
def test_a_fit_in_brief_shows_the_test_to_read(estimator, chisq):
    fit = cs.cfa(MODEL, pd.read_csv(DATA / "holzinger1939.csv"), estimator=estimator)
    assert repr(fit).endswith(f"converged, {chisq.format_map(fit.measures)}>")


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    warnings.simplefilter("ignore")
    for case in CASES:
        (GOLDEN / f"summary-{case}.txt").write_text(text_of(case) + "\n", encoding="utf-8")
