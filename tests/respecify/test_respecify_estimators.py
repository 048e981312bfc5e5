"""Respecification of robust, ordinal and incomplete-data fits; several groups are refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from respecify_models import DATA

import clustersem as cs
from clustersem.errors import EstimationError, UnsupportedError
from clustersem.respecify import evidence
from clustersem.respecify.trial import fit_model, freed

MODEL = "visual =~ {0}1 + {0}2 + {0}3; textual =~ {0}4 + {0}5 + {0}6; speed =~ {0}7 + {0}8 + {0}9"
CASES = {
    "MLR": ("holzinger1939.csv", "x", {"estimator": "MLR"}),
    "MLM": ("holzinger1939.csv", "x", {"estimator": "MLM"}),
    "FIML": ("holzinger1939_missing.csv", "x", {"missing": "ml"}),
    "FIML robust": ("holzinger1939_missing.csv", "x", {"missing": "ml", "estimator": "MLR"}),
    "WLSMV": ("hs_ordinal.csv", "o", {"ordered": True}),
    "theta": ("hs_ordinal.csv", "o", {"ordered": True, "parameterization": "theta"}),
    "ULSMV": ("hs_ordinal.csv", "o", {"ordered": True, "estimator": "ULSMV"}),
    "DWLS": ("hs_ordinal.csv", "o", {"ordered": True, "estimator": "DWLS"}),
    "no errors": ("holzinger1939.csv", "x", {"se": "none"}),
}
STEP = cs.RespecificationPolicy(allow="cross_loadings", max_steps=1)


@pytest.fixture(scope="module", params=CASES)
def case(request):
    file, prefix, options = CASES[request.param]
    answers = pd.read_csv(DATA / file)
    return MODEL.format(prefix), answers, options


def test_a_step_ends_at_the_fit_that_a_user_would_write(case):
    model, answers, options = case
    found = cs.respecify(cs.cfa(model, answers, **options), STEP)
    (step,) = found.freed
    direct = cs.cfa(f"{model}; {step.name}", answers, **options)
    for name in ("chisq", "df", "srmr", *(n for n in direct.measures if n.endswith("_scaled"))):
        np.testing.assert_allclose(
            found.fit.measures[name], direct.measures[name], rtol=1e-6, atol=1e-9, err_msg=name
        )
    # Indices are quadratic approximations of the drop, of the same size here.
    assert step.mi == pytest.approx(step.drop, rel=0.3)


def test_the_p_value_is_that_of_the_test_of_the_difference(case):
    model, answers, options = case
    found = cs.respecify(cs.cfa(model, answers, **options), STEP)
    test = cs.compare(found.initial, found.fit).tests[0]
    assert found.steps[0].p_value == pytest.approx(test.p_value, rel=1e-9)


def test_where_the_scaled_test_has_no_value_there_is_no_p_value(monkeypatch):
    def none(*_):
        raise EstimationError("the scaling factor of the difference is negative.")

    monkeypatch.setattr(evidence, "difference_test", none)
    answers = pd.read_csv(DATA / "holzinger1939.csv")
    found = cs.respecify(cs.cfa(MODEL.format("x"), answers, estimator="MLR"), STEP)
    assert math.isnan(found.steps[0].p_value)
    assert "nan" not in str(found)


def test_the_text_says_which_indices_it_shows():
    answers = pd.read_csv(DATA / "hs_ordinal.csv")
    found = cs.respecify(cs.cfa(MODEL.format("o"), answers, ordered=True), STEP)
    assert f"{found.fit.measures['cfi_robust']:.3f}" in str(found)
    assert "CFI and RMSEA are the robust ones and chi2/df the scaled one." in str(found)
    assert f"{found.fit.measures['cmin_df_scaled']:.3f}" in str(found)
    plain = cs.respecify(cs.cfa(MODEL.format("o"), answers), STEP)
    assert "CFI and RMSEA are" not in str(plain)


def test_targets_and_table_read_the_indices_that_are_reported():
    answers = pd.read_csv(DATA / "hs_ordinal.csv")
    fit = cs.cfa(MODEL.format("o"), answers, ordered=True)
    # Between the plain CFI and the robust one: a limit that only the plain one passes.
    m = fit.measures
    limit = (m["cfi"] + m["cfi_robust"]) / 2
    assert m["cfi_robust"] < limit < m["cfi"]
    policy = cs.RespecificationPolicy(
        allow="cross_loadings", max_steps=1, target={"cfi": (">", limit), "cmin_df": "< 100"}
    )
    assert policy.unmet(m) == (f"cfi_robust {m['cfi_robust']:.3f} (wanted > {limit:g})",)
    found = cs.respecify(fit, policy)
    (row,) = found.table.to_dict("records")
    after = found.fit.measures
    assert row["cfi"] == after["cfi_robust"]
    assert row["rmsea"] == after["rmsea_robust"]
    assert row["cmin_df"] == after["cmin_df_scaled"]
    # What indices predict is the drop of the plain statistic.
    assert row["chisq"] == after["chisq"]
    assert row["drop"] == pytest.approx(m["chisq"] - after["chisq"])
    met = cs.RespecificationPolicy(target={"cmin_df": "< 100"})
    assert f"cmin_df_scaled {m['cmin_df_scaled']:.3f} < 100" in cs.respecify(fit, met).stopped


def test_the_order_of_the_sample_does_not_matter():
    """A step may change the order of the variables, and the sample has to follow."""
    answers = pd.read_csv(DATA / "hs_ordinal.csv")
    fit = cs.cfa(MODEL.format("o"), answers, ordered=["o1", "o2", "o7"], estimator="WLSMV")
    names = fit.moments.names[::-1]
    turned = fit.moments.in_order(names)
    wrong = replace(fit, samples=(turned,))
    row = ("textual", "=~", "o9")
    ours, theirs = (
        fit_model(freed(one.spec, [row]), one.samples, one.options).fit for one in (fit, wrong)
    )
    assert ours is not None
    assert theirs is not None
    np.testing.assert_allclose(ours.theta, theirs.theta, rtol=1e-8, atol=1e-10)


def test_a_far_mean_makes_no_coefficient_nearly_unidentified():
    """With a mean structure an intercept goes with the slope on a covariate far from zero."""
    answers = pd.read_csv(DATA / "holzinger1939.csv")
    model = "visual =~ x1 + x2 + x3; visual ~ ageyr; x9 ~ visual"
    for shift in (0.0, 1000.0):
        answers["ageyr"] = answers["ageyr"] + shift
        fit = cs.sem(model, answers, meanstructure=True)
        found = cs.respecify(fit, cs.RespecificationPolicy(steps=["x9 ~ ageyr"]))
        assert not [text for text in found.steps[0].warnings if "nearly unidentified" in text]


def test_several_groups_are_refused_with_what_to_do():
    answers = pd.read_csv(DATA / "holzinger1939.csv")
    fit = cs.cfa(MODEL.format("x"), answers, group="school")
    with pytest.raises(UnsupportedError, match=r"several groups \(Pasteur, Grant-White\)") as told:
        cs.respecify(fit)
    assert "without group=" in str(told.value)
