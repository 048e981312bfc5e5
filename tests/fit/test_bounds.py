"""Bounds: what lavaan derives from the data, and fits that reach them (``constraints.R``)."""

from __future__ import annotations

import json
import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from helpers.reference import REFERENCE, data

import clustersem as cs
from clustersem.errors import (
    AdmissibilityWarning,
    DataWarning,
    ModelError,
    ModelSyntaxError,
    UnsupportedError,
)

HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\n"
ITEMS = [f"x{i}" for i in range(1, 10)]
BOUNDS = ("standard", "wide", "pos.var", "pos.ov.var", "pos.lv.var")


@cache
def told() -> dict:
    return json.loads((REFERENCE / "constraints.json").read_text())


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("name", list(told()["presets"]))
def test_bounds_are_those_of_lavaan(name, bounds):
    case = told()["presets"][name]
    # Bounds hardly change these fits, but the means to read them is a fit.
    with warnings.catch_warnings():
        # One of the models has a factor of one item.
        warnings.simplefilter("ignore", DataWarning)
        fit = cs.sem(case["model"], data(case["data"]), bounds=bounds, std_lv=case["std_lv"])
    numbers = fit.held.restrictions.numbers
    free = [row for row in fit.spec.parameters if row.free]
    known = pd.DataFrame(case["bounds"][bounds])
    assert [(row.lhs, row.op, row.rhs) for row in free] == list(
        zip(known["lhs"], known["op"], known["rhs"], strict=True)
    )
    places = fit.layout.parameter
    for ours, theirs in ((numbers.lower, known["lower"]), (numbers.upper, known["upper"])):
        np.testing.assert_allclose(ours[places], theirs.astype(float), rtol=1e-10, atol=1e-10)


@cache
def few(bounds: str) -> cs.Fit:
    """Twenty-five pupils, in whom an error variance would be negative."""
    rows = np.array(told()["heywood"]["none"]["rows"]) - 1
    with warnings.catch_warnings():
        # Bounds that are "wide" let variances be slightly negative.
        warnings.simplefilter("ignore", AdmissibilityWarning)
        return cs.cfa(HS, data("holzinger1939").iloc[rows], bounds=bounds)


def test_without_bounds_a_variance_is_negative():
    fit = few("none")
    assert any("negative variance" in note for note in fit.warnings)
    own = fit.estimates.query("op == '~~' and lhs == rhs")
    assert (own["est"] < -0.1).any()


@pytest.mark.parametrize("bounds", ["pos.var", "standard", "wide"])
def test_a_heywood_case_ends_at_its_bound(bounds):
    fit, known = few(bounds), told()["heywood"][bounds]
    assert fit.converged
    assert fit.held.reached
    note = fit.warnings[-1]
    assert note.startswith(f"at a bound: {fit.held.reached[0]}")
    numbers = fit.held.restrictions.numbers
    assert (fit.theta >= numbers.lower).all()
    assert (fit.theta <= numbers.upper).all()
    # Where a parameter is not on its bound, the gradient is zero.
    gradient = fit.objective.gradient(fit.state)
    inside = (fit.theta > numbers.lower) & (fit.theta < numbers.upper)
    size = np.sqrt(fit.hessian.diagonal())
    assert np.abs(gradient / size)[inside].max() < 1e-9
    assert fit.df == 24
    if bounds == "pos.var":
        # lavaan ends in a local minimum here, 4.4 higher. Its own solution within the narrower
        # standard bounds, to which ours is equal, has no negative variance either.
        assert known["measures"]["chisq"] - fit.measures["chisq"] > 4.0
        known = told()["heywood"]["standard"]
    theirs = pd.DataFrame(known["estimates"])
    np.testing.assert_allclose(fit.estimates["est"], theirs["est"], rtol=0, atol=2e-4)
    # As lavaan's, these are of parameters as though they had no bounds.
    np.testing.assert_allclose(fit.estimates["se"], theirs["se"].astype(float), rtol=0, atol=2e-4)
    assert fit.measures["chisq"] == pytest.approx(known["measures"]["chisq"], abs=1e-5)
    assert fit.df == known["measures"]["df"]


def test_bounds_may_only_raise_the_discrepancy_and_wider_ones_less():
    chisq = {bounds: few(bounds).measures["chisq"] for bounds in ("pos.var", "standard", "wide")}
    assert chisq["pos.var"] <= chisq["standard"] + 1e-9
    assert chisq["wide"] <= chisq["standard"] + 1e-9


@pytest.mark.parametrize("bounds", [None, False, "none", "pos.var", "pos_var", "wide", True])
def test_bounds_that_are_not_reached_change_nothing(bounds):
    frame = data("holzinger1939")
    free, bounded = cs.cfa(HS, frame), cs.cfa(HS, frame, bounds=bounds)
    np.testing.assert_allclose(bounded.theta, free.theta, rtol=0, atol=1e-9)
    np.testing.assert_allclose(bounded.vcov_theta, free.vcov_theta, rtol=0, atol=1e-9)
    assert bounded.warnings == free.warnings
    assert bounded.df == free.df


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_units_of_the_data_have_no_say(factor):
    rows = np.array(told()["heywood"]["none"]["rows"]) - 1
    scaled = cs.cfa(HS, data("holzinger1939")[ITEMS].iloc[rows] * factor, bounds="pos.var")
    assert scaled.measures["chisq"] == pytest.approx(few("pos.var").measures["chisq"], abs=1e-7)
    assert scaled.held.reached == few("pos.var").held.reached
    assert scaled.status.iterations == few("pos.var").status.iterations


def test_bounds_of_the_text_take_the_place_of_derived_ones():
    fit = cs.cfa(
        "f =~ x1 + lower(0.9)*x2 + x3 + x4 + upper(0.3)*x5", data("holzinger1939"), bounds="wide"
    )
    numbers = fit.held.restrictions.numbers
    assert numbers.lower[0] == 0.9
    assert numbers.upper[3] == 0.3
    assert fit.estimates.loc[[1, 4], "est"].tolist() == [0.9, 0.3]
    assert fit.held.reached == ("f =~ x2 >= 0.9", "f =~ x5 <= 0.3")


def test_a_start_outside_its_bounds_is_moved_and_said():
    fit = cs.cfa("f =~ x1 + upper(0.8)*x2 + start(5)*x2 + x3 + x4", data("holzinger1939"))
    assert fit.converged
    (note,) = [n for n in fit.warnings if "starting value" in n]
    assert "f =~ x2 has the starting value 5, above its upper bound 0.8" in note


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("f =~ x1 + lower(2)*x2 + upper(1)*x2 + x3", "the lower bound 2 lies above the upper"),
        ("f =~ x1 + lower(1)*x2 + upper(1)*x2 + x3", r"fix the parameter: 1\*x2"),
        ("f =~ x1 + a*x2 + lower(.5)*x2 + x3\na < 0.2", "a < 0.2 contradicts a >= 0.5"),
    ],
)
def test_bounds_that_leave_nothing(model, said):
    with pytest.raises(ModelSyntaxError, match=said):
        cs.cfa(model, data("holzinger1939"))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("f =~ lower(2)*x1 + x2 + x3", "x1 is fixed at 1, below its lower bound 2. Free it"),
        ("f =~ upper(.5)*x1 + x2 + x3", "x1 is fixed at 1, above its upper bound 0.5"),
        (
            "f =~ x1 + lower(1)*x2 + a*x2 + upper(0.5)*x3 + a*x3",
            "x3 would have to be at least 1 and at most 0.5",
        ),
    ],
)
def test_bounds_that_contradict_the_rest(model, said):
    with pytest.raises(ModelError, match=said):
        cs.cfa(model, data("holzinger1939"))


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ("pos.vars", "did you mean 'pos.var'"),
        ("lower", "write one of pos.var, pos.ov.var"),
        (3, "write one of"),
        (("wide",), "write one of"),
    ],
)
def test_unknown_bounds(bounds, said):
    with pytest.raises(UnsupportedError, match=said):
        cs.cfa(HS, data("holzinger1939"), bounds=bounds)


def test_a_bound_on_a_labelled_parameter_binds_all_that_share_it():
    frame = data("holzinger1939")
    fit = cs.cfa("f =~ x1 + a*x2 + lower(0.9)*x2 + a*x3 + x4", frame)
    assert fit.estimates.loc[[1, 2], "est"].tolist() == [0.9, 0.9]
    assert fit.held.reached == ("a >= 0.9",)
