"""Models with constraints against lavaan, and what must not change an answer.

``constraints.json`` is lavaan 0.6-14, brought from its own solution to a gradient of the Lagrangian
that vanishes in 12 digits (``constraints.R``). Where it could not be (``lower_upper``) its own
stopping rule leaves about 1e-5.
"""

from __future__ import annotations

import json
import pickle
from functools import cache

import numpy as np
import pandas as pd
import pytest
from helpers.reference import REFERENCE, case, data

import clustersem as cs
from clustersem.errors import (
    ConvergenceWarning,
    IdentificationError,
    ModelError,
    ModelSyntaxError,
    UnsupportedError,
)
from clustersem.fit.estimation import fit_samples
from clustersem.fit.options import FitOptions
from clustersem.moments import moments_from_data
from clustersem.spec import build_spec, options_for

DEMOCRACY = """ind60 =~ x1 + x2 + x3
dem60 =~ y1 + a*y2 + b*y3 + c*y4
dem65 =~ y5 + a*y6 + b*y7 + c*y8
dem60 ~ p*ind60
dem65 ~ q*ind60 + r*dem60
y1 ~~ y5
y2 ~~ y4 + y6
y3 ~~ y7
y4 ~~ y8
y6 ~~ y8
"""
ONE = "f =~ x1 + a*x2 + b*x3 + c*x4\n"


@cache
def told() -> dict:
    return json.loads((REFERENCE / "constraints.json").read_text())


CASES = list(told()["cases"])
LOOSE = {"lower_upper": 1e-5}


@cache
def fitted(name: str) -> cs.Fit:
    known = told()["cases"][name]
    return cs.sem(known["model"], data(known["data"]))


@cache
def democracy(constraints: str) -> cs.Fit:
    return cs.sem(DEMOCRACY + constraints, data("political_democracy"))


@pytest.mark.parametrize("name", CASES)
def test_estimates_and_standard_errors(name):
    ours, known = fitted(name), told()["cases"][name]
    assert ours.converged
    theirs = pd.DataFrame(known["estimates"]).set_index(["lhs", "op", "rhs"])
    table = ours.estimates
    keys = [
        (row.lhs, row.op, "" if row.op == ":=" else row.rhs)
        for row in table.itertuples(index=False)
    ]
    defined = {key[0]: row for key, row in theirs.iterrows() if key[1] == ":="}
    compared = 0
    for key, (_, row) in zip(keys, table.iterrows(), strict=True):
        there = defined[key[0]] if key[1] == ":=" else theirs.loc[key]
        assert row["est"] == pytest.approx(there["est"], abs=LOOSE.get(name, 1e-9)), key
        # lavaan prints a missing standard error where rounding makes a variance negative.
        se = 0.0 if there["se"] in (None, "NA") or pd.isna(there["se"]) else float(there["se"])
        assert row["se"] == pytest.approx(se, abs=LOOSE.get(name, 1e-9)), key
        compared += 1
    assert compared == len(theirs)


@pytest.mark.parametrize("name", CASES)
def test_measures_and_degrees_of_freedom(name):
    ours, known = fitted(name), told()["cases"][name]["measures"]
    for measure in ("chisq", "aic", "bic", "rmsea", "cfi"):
        tolerance = 1e-8 if name not in LOOSE else 1e-6
        assert ours.measures[measure] == pytest.approx(known[measure], abs=tolerance), measure
    assert ours.df == known["df"]
    assert ours.n_free == ours.measures["npar"] == known["npar"]


@pytest.mark.parametrize("name", [n for n in CASES if told()["cases"][n].get("vcov")])
def test_covariances_of_estimates(name):
    ours, known = fitted(name), np.array(told()["cases"][name]["vcov"])
    places = ours.layout.parameter
    np.testing.assert_allclose(ours.vcov_theta[np.ix_(places, places)], known, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_modification_indices(name):
    ours = fitted(name).modification_indices().set_index(["lhs", "op", "rhs"])
    known = pd.DataFrame(told()["cases"][name]["modification_indices"])
    covariates = set(fitted(name).spec.exogenous_observed)
    for row in known.itertuples():
        if row.lhs in covariates:
            # Covariates whose moments are fixed at the sample's are not explained.
            continue
        # The loose case is right in 1e-5 of an index that reaches 100.
        tolerance = 1e-8 if name not in LOOSE else 1e-3
        assert ours.loc[(row.lhs, row.op, row.rhs), "mi"] == pytest.approx(row.mi, abs=tolerance)
        assert ours.loc[(row.lhs, row.op, row.rhs), "epc"] == pytest.approx(row.epc, abs=tolerance)


def test_the_file_that_lavaan_0_7_wrote():
    known = case("democracy_nonlinear_constraint")
    ours = cs.sem(known["model"], data(known["data"]))
    table = pd.DataFrame(known["estimates"])
    table = table[~table["op"].isin(["==", "<", ">"])]
    # lavaan's default stopping rule.
    for column in ("est", "se", "std_lv", "std_all"):
        theirs = table[column].to_numpy(dtype=float)
        np.testing.assert_allclose(ours.estimates[column], theirs, rtol=0, atol=1e-5)
    for measure in ("chisq", "df", "npar", "cfi", "tli", "rmsea", "srmr", "aic", "bic"):
        assert ours.measures[measure] == pytest.approx(known["measures"][measure], abs=1e-5)


def test_standardised_solution_and_residuals_know_the_constraint():
    by_label = cs.sem(DEMOCRACY.replace("b*", "a*"), data("political_democracy"))
    by_constraint = democracy("a == b")
    for on in ("all", "lv"):
        one, two = (fit.standardized(on)[["est", "se"]] for fit in (by_label, by_constraint))
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-9)
    np.testing.assert_allclose(
        by_label.residuals("standardized"), by_constraint.residuals("standardized"), atol=1e-7
    )
    assert dict(by_label.measures) == pytest.approx(dict(by_constraint.measures), abs=1e-9)
    one, two = (fit.modification_indices().head(20) for fit in (by_label, by_constraint))
    pd.testing.assert_frame_equal(one, two, rtol=1e-7, atol=1e-8)


def test_a_value_by_constraint_is_a_fixed_value():
    fixed = cs.sem(DEMOCRACY.replace("q*ind60", "0.8*ind60"), data("political_democracy"))
    held = democracy("q == 0.8")
    np.testing.assert_allclose(fixed.estimates["est"], held.estimates["est"], atol=1e-9)
    np.testing.assert_allclose(fixed.estimates["se"], held.estimates["se"], atol=1e-9)
    assert (fixed.df, fixed.n_free) == (held.df, held.n_free)
    row = held.estimates.query("label == 'q'").iloc[0]
    assert row["se"] == 0.0
    assert np.isnan(row["z"])


def test_an_active_inequality_is_the_equality_without_its_degree_of_freedom():
    active, equal = democracy("q > 0.8"), democracy("q == 0.8")
    np.testing.assert_allclose(active.theta, equal.theta, rtol=0, atol=1e-9)
    np.testing.assert_allclose(active.vcov_theta, equal.vcov_theta, rtol=0, atol=1e-9)
    assert equal.df == active.df + 1
    (note,) = active.warnings
    assert "binding: q > 0.8" in note
    assert "p-value of chi2" in note
    assert not democracy("q < 5").warnings


@pytest.mark.parametrize(
    ("constraints", "same"),
    [
        ("a == b", "2*a - b == a"),
        ("q > 0.8", "0.8 < q"),
        ("q > 0.8", "exp(q) > exp(0.8)"),
        ("p*r == 1", "p == 1/r"),
        ("p*r == 1", "log(p) + log(r) == 0"),
        ("p*r == 1", "ind := p*r\nind == 1"),
        ("a == b\nb == c", "a == b\nb == c\na == c\n3*a == 3*c"),
        ("p*r > 1.5", "p*r > 1.5\n2*p*r > 3\nq > -10"),
    ],
)
def test_the_same_constraint_written_otherwise(constraints, same):
    one, two = democracy(constraints), democracy(same)
    np.testing.assert_allclose(one.theta, two.theta, rtol=0, atol=1e-8)
    np.testing.assert_allclose(one.vcov_theta, two.vcov_theta, rtol=0, atol=1e-8)
    assert (one.df, one.n_free) == (two.df, two.n_free)


@pytest.mark.parametrize("factor", [1e-3, 1e3])
@pytest.mark.parametrize("constraints", ["p*r == 1\na == b", "p*r > 1.5", "exp(q) == 2"])
def test_units_of_the_data_have_no_say(constraints, factor):
    # Loadings and regressions among latent variables have no unit.
    plain = democracy(constraints)
    scaled = cs.sem(DEMOCRACY + constraints, data("political_democracy") * factor)
    assert scaled.converged
    assert scaled.status.iterations == plain.status.iterations
    assert scaled.measures["chisq"] == pytest.approx(plain.measures["chisq"], abs=1e-8)
    one, two = (fit.estimates.query("label != ''") for fit in (plain, scaled))
    np.testing.assert_allclose(one[["est", "se"]], two[["est", "se"]], rtol=0, atol=1e-8)


def test_order_of_items_and_constraints_has_no_say():
    lines = DEMOCRACY.strip().splitlines()
    turned = "\n".join(["p*r == 1", "a == b", *lines[3:], lines[2], lines[1], lines[0]])
    one = democracy("a == b\np*r == 1")
    two = cs.sem(turned, data("political_democracy"))
    keys = ["lhs", "op", "rhs"]
    both = one.estimates.merge(two.estimates, on=keys, suffixes=("", "_two"))
    assert len(both) >= 28  # covariances may be written the other way round
    np.testing.assert_allclose(both["est"], both["est_two"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(both["se"], both["se_two"], rtol=0, atol=1e-9)


def test_effect_coding_without_a_marker_fits_as_a_marker_does():
    marker = cs.cfa("f =~ x1 + x2 + x3 + x4", data("holzinger1939"))
    for coding in ("a + b + c + d == 4", "a*b*c*d == 1", "a^2 + b^2 + c^2 + d^2 == 4"):
        coded = cs.cfa(f"f =~ NA*x1 + a*x1 + b*x2 + c*x3 + d*x4\n{coding}", data("holzinger1939"))
        assert coded.converged
        assert coded.df == marker.df
        assert coded.measures["chisq"] == pytest.approx(marker.measures["chisq"], abs=1e-8)
        np.testing.assert_allclose(
            coded.estimates["std_all"], marker.estimates["std_all"], rtol=0, atol=1e-7
        )
        assert np.isfinite(coded.estimates["se"]).all()


def test_a_fit_with_constraints_is_pickled():
    fit = democracy("p*r == 1")
    again = pickle.loads(pickle.dumps(fit))
    pd.testing.assert_frame_equal(again.estimates, fit.estimates)
    assert again.held.equalities == ("p*r == 1",)


# Which equality to release -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "equal"), [("metric", ("loadings",)), ("scalar", ("loadings", "intercepts"))]
)
def test_release_tests_across_groups(name, equal):
    frame = data("holzinger1939")
    text = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
    spec = build_spec(text, options_for("cfa", meanstructure=True, n_groups=2, group_equal=equal))
    samples = tuple(
        moments_from_data(frame.loc[frame["school"] == school, list(spec.observed)], spec.observed)
        for school in frame["school"].unique()
    )
    table = fit_samples(spec, samples, FitOptions()).release_tests()
    known = sorted(told()["release"][name]["uni"], reverse=True)
    # lavaan's solution is right in 1e-5 or so here, and so are its tests.
    np.testing.assert_allclose(table["statistic"], known, rtol=0, atol=1e-4)
    assert (table["df"] == 1).all()
    assert set(zip(table["group"], table["other_group"], strict=True)) == {(1, 2)}
    if name == "scalar":
        # The two intercepts that the literature on these data frees first.
        assert table[["lhs", "op"]].head(2).to_numpy().tolist() == [["x3", "~1"], ["x7", "~1"]]


def test_release_predicts_the_drop_of_chi2():
    held = democracy("a == b\np*r == 1")
    table = held.release_tests().set_index("lhs")
    for constraint, kept in (("a == b", "p*r == 1"), ("p*r == 1", "a == b")):
        drop = held.measures["chisq"] - democracy(kept).measures["chisq"]
        # A score test is the drop of chi2 to second order: within a third of a drop below two.
        assert table.loc[constraint, "statistic"] == pytest.approx(drop, rel=1 / 3)
    labels = table[table["other"] != ""]
    assert len(labels) == 3  # a, b and c are each in two equations


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constraints", "line", "said"),
    [
        ("a == 1\na == 2", 3, "a == 2 contradicts a == 1; take one of them out"),
        ("a > 1; a < 0.5", 2, "a < 0.5 contradicts a > 1"),
        ("a == b\nb == 1\na + b > 3", 4, "a+b > 3 contradicts a == b and b == 1"),
        ("a == b\nb == c\na == c + 1", 4, "a == c+1 contradicts a == b and b == c"),
        ("d := a + b\nd > 2\nd < 1", 4, "d < 1 contradicts d > 2"),
        ("a - a == 1", 2, "a-a == 1 cannot hold: the parameters cancel"),
        ("f ~~ 1*f + v*f\nv == 2", 3, "v == 2 cannot hold: v is fixed at 1; free it with NA*"),
        ("aa == b", 2, "no parameter has the label aa; did you mean a?"),
        (".p40. == 1", 2, "the parameter table has fewer than 40 rows"),
        ("d := 2*.p2.", 2, "a definition needs a label"),
        ("0 < a < 1", 2, "write two constraints: 0 < a; a < 1"),
    ],
)
def test_constraints_that_cannot_be(constraints, line, said):
    with pytest.raises(ModelSyntaxError) as caught:
        cs.cfa(ONE + constraints, data("holzinger1939"))
    assert said in str(caught.value)
    assert caught.value.line == line
    assert str(caught.value).rstrip().endswith("^")


def test_one_carets_stand_under_the_whole_constraint():
    with pytest.raises(ModelSyntaxError) as caught:
        cs.cfa(ONE + "  a == 1 ; a  ==  2  # no", data("holzinger1939"))
    shown, carets = str(caught.value).splitlines()[-2:]
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "a  ==  2"


def test_curved_constraints_that_contradict_are_found_by_the_search():
    with pytest.warns(ConvergenceWarning, match="meet all constraints"):
        fit = democracy("p*r > 2\np < 1.2\nr < 0.5")
    assert fit.status.code == "infeasible"
    assert not fit.converged
    assert np.isnan(fit.vcov_theta).all()
    assert any("not met: " in note and "p*r > 2 (by " in note for note in fit.warnings)


@pytest.mark.parametrize(
    ("constraints", "said"),
    [
        ("f ~~ 1*f + v*f\na == b\n2*a == 2*b", "2*a == 2*b follows from the constraints before it"),
        ("f ~~ 1*f + v*f\nv == 1", "v == 1 says nothing: v is fixed at 1."),
    ],
)
def test_constraints_that_say_nothing_are_named(constraints, said):
    fit = cs.cfa("f =~ NA*x1 + a*x2 + b*x3 + c*x4\n" + constraints, data("holzinger1939"))
    assert any(said in note for note in fit.warnings)


def test_constraints_count_when_a_model_is_checked_for_identification():
    # Two items: four free parameters for three moments, one constraint.
    frame = data("holzinger1939")
    fit = cs.cfa("f =~ NA*x1 + l*x1 + k*x2\nf ~~ 1*f\nl == k", frame)
    assert fit.df == 0
    assert fit.measures["chisq"] == pytest.approx(0.0, abs=1e-8)
    with pytest.raises(IdentificationError, match="has 4 free parameters"):
        cs.cfa("f =~ NA*x1 + l*x1 + k*x2\nf ~~ 1*f", frame)
    with pytest.raises(IdentificationError, match="no data could tell"):
        # The constraint is about something else.
        cs.cfa("f =~ NA*x1 + x2 + x3 + x4\nx1 ~~ u*x1\nx2 ~~ w*x2\nu == w", frame)


def test_constraints_are_not_for_semopy():
    with pytest.raises(UnsupportedError, match="a == b: constraints and bounds are fitted by"):
        cs.cfa(ONE + "a == b", data("holzinger1939"), engine="semopy")


def test_semopy_has_no_opinion_where_a_constraint_binds():
    with pytest.raises(UnsupportedError, match=r"p\*r == 1: semopy is asked without constraints"):
        democracy("p*r == 1").second_opinion()
    # An inequality that does not bind leaves the comparison fair.
    assert democracy("q < 5").second_opinion().agrees


def test_a_label_of_covariates_moments_is_no_parameter():
    text = "y1 ~ x1 + a*x2\n.p4. == 1"
    with pytest.raises(ModelError, match=r"\.p4\. is x1 ~~ x1, a moment of covariates"):
        cs.sem(text, data("political_democracy"))
