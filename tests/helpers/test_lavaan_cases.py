"""The loader of lavaan's results, and that the files say one thing only."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.special import chdtrc, ndtr

from helpers.lavaan_cases import (
    FOLDERS,
    cases,
    differences,
    invariance_tables,
    load,
    names,
    translated,
)

NEW = sorted(path.stem for path in FOLDERS[0].glob("*.json"))
# Printed with 12 significant digits.
PRINTED = 1e-10


def test_options_get_our_names_and_shapes():
    assert translated(
        {"group": "school", "group.equal": "loadings", "std.lv": True, "sampling.weights": "w"}
    ) == {"group": "school", "group_equal": ["loadings"], "std_lv": True, "sampling_weights": "w"}
    assert translated({"information": "first.order"}) == {"se": "first.order"}
    assert translated({"conditional.x": True}) == {}
    assert load("conditional_x_ml").unsupported == ("conditional.x",)


def test_every_file_of_the_folder_is_a_case_or_a_table():
    loaded = set(names())
    assert {n for n in NEW if n not in loaded} == {"difference_tests", "invariance"}
    assert len(loaded) > 400
    assert names("kernel_ordinal_d*") == ("kernel_ordinal_delta",)
    assert [case.name for case in cases("hs_gls*")][:2] == ["hs_gls", "hs_gls_means"]


def test_a_case_of_two_groups():
    case = load("hs_groups_scalar_mlr")
    assert case.groups == ("Pasteur", "Grant-White")
    assert case.n_obs == (156, 145)
    assert case.options["group_equal"] == ["loadings", "intercepts"]
    assert case.implied_cov["Pasteur"].shape == (9, 9)
    assert list(case.r_squared) == ["Pasteur", "Grant-White"]
    assert set(case.estimates["group"]) == {1, 2}
    means = case.estimates.query("lhs == 'visual' and op == '~1'").set_index("group")["est"]
    assert means[1] == 0
    assert means[2] != 0
    assert set(case.tests) == {"standard", "yuan.bentler.mplus"}


def test_defined_parameters_belong_to_no_group():
    for name in ("path_groups", "effects_latent"):
        est = load(name).estimates
        assert (est["group"][est["op"] == ":="] == 0).all()
        assert (est["group"][est["op"] != ":="] > 0).all()


def test_a_case_of_the_other_version_has_the_same_form():
    old, new = load("hs_cfa_wls"), load("hs_wls")
    assert list(old.estimates) == list(new.estimates)
    # 0.7-2 stopped by its default rule, about 1e-6 from the optimum.
    np.testing.assert_allclose(old.estimates["est"], new.estimates["est"], atol=2e-6)
    assert old.measures["chisq"] == pytest.approx(new.measures["chisq"], abs=1e-8)


def test_data_are_a_copy():
    case = load("hs_gls")
    mine = case.data
    mine["x1"] = 0.0
    assert case.data["x1"].std() > 0


@pytest.mark.parametrize("name", names())
def test_numbers_of_a_file_agree_with_each_other(name):
    case = load(name)
    est = case.estimates
    tested = est["z"].notna() & est["p_value"].notna() & (est["se"] > 0)
    np.testing.assert_allclose(est["est"][tested], (est["z"] * est["se"])[tested], rtol=1e-8)
    p = 2 * ndtr(-np.abs(est["z"][tested]))
    np.testing.assert_allclose(est["p_value"][tested], p, rtol=1e-7, atol=1e-15)
    m = case.measures
    if "pvalue" in m and m["df"] > 0:  # none with ULS, whose plain statistic is not chi-square
        assert m["pvalue"] == pytest.approx(chdtrc(m["df"], m["chisq"]), abs=1e-10)
    if "chisq_scaled" in m and m["df"] > 0:
        p = chdtrc(m["df_scaled"], m["chisq_scaled"])
        assert m["pvalue_scaled"] == pytest.approx(p, abs=1e-10)
    assert len(case.n_obs) == len(case.groups)
    assert sum(case.n_obs) <= len(case.data)
    for cov in case.implied_cov.values():
        np.testing.assert_allclose(cov, cov.T, rtol=PRINTED)
    indices = case.modification_indices
    assert indices.empty or indices["mi"].is_monotonic_decreasing
    if case.gradient is not None:
        assert case.gradient < 1e-5


@pytest.mark.parametrize("name", names())
def test_the_data_have_the_columns_that_are_asked_for(name):
    case = load(name)
    columns = set(case.data.columns)
    asked = [case.options[k] for k in ("group", "sampling_weights", "cluster") if k in case.options]
    assert columns >= {*asked, *case.options.get("ordered", ())}
    words = set(re.findall(r"[A-Za-z]\w*", case.model))
    assert words & columns


@pytest.mark.parametrize("name", names("*wlsmv*"))
def test_scaled_and_shifted_statistic_is_its_own_formula(name):
    told = load(name).told.get("tests", {}).get("scaled.shifted")
    if told is not None:
        plain = load(name).tests["standard"]["stat"]
        shifted = plain / told["scaling_factor"] + told["shift_parameter"]
        assert told["stat"] == pytest.approx(shifted, rel=1e-9)


def test_difference_tests_are_those_of_their_parts():
    assert len(differences()) > 30
    for pair in differences():
        ours = {**pair.free.options, **pair.restricted.options}
        assert "estimator" in ours or ours["missing"] == "ml"
        free, restricted = pair.free.told["parts"], pair.restricted.told["parts"]
        assert restricted["df"] > free["df"]
        told = pair.tests.get("plain")
        if told is not None:
            change = restricted["chisq"] - free["chisq"]
            assert told["chisq"] == pytest.approx(change, rel=1e-8)
        told = pair.tests.get("satorra_bentler_2001")
        if told is not None:
            products = (restricted, free)
            c0, c1 = (one["df"] * one["scaling_factor"] for one in products)
            scale = (c0 - c1) / (restricted["df"] - free["df"])
            change = (restricted["chisq"] - free["chisq"]) / scale
            assert told["chisq"] == pytest.approx(change, rel=1e-8)


def test_invariance_tables_grow_in_degrees_of_freedom():
    for table in invariance_tables():
        measures = [step.told["measures"] for step in table.steps.values()]
        steps = np.diff([one["df"] for one in measures])
        told = [step.told["difference"]["df"] for step in list(table.steps.values())[1:]]
        np.testing.assert_array_equal(steps, told)
        assert (steps > 0).all()
