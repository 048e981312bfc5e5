"""Powers that need no simulation, against semTools, published tables and limits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ncx2

import clustersem as cs
from clustersem.engine import noncentral
from clustersem.errors import ModelError, UnsupportedError
from clustersem.resample.power.analytic import Noncentrality
from clustersem.resample.power.plan import freed, plan_of
from clustersem.resample.power.targets import targets_of

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "power.json").read_text())
MEDIATION = REFERENCE["paths"]["mediation"]["population"]


# -- quantiles of the noncentral chi-square ------------------------------------------------------


@pytest.mark.parametrize("df", [1, 7, 300])
@pytest.mark.parametrize("noncentrality", [0.0, 1e-3, 4.0, 700.0, 2e4])
@pytest.mark.parametrize("p", [1e-8, 0.05, 0.5, 0.999])
def test_quantiles_invert_both_tails(df, noncentrality, p):
    x = noncentral.quantile(p, df, noncentrality)
    upper = noncentral.isf(p, df, noncentrality)
    assert noncentral.cdf(x, df, noncentrality) == pytest.approx(p, rel=1e-7)
    assert noncentral.sf(upper, df, noncentrality) == pytest.approx(p, rel=1e-7)


def test_quantiles_are_those_of_scipy():
    for df, noncentrality in ((3, 2.0), (100, 50.0)):
        ours = noncentral.isf(0.05, df, noncentrality)
        # SciPy's own quantile is good to about 1e-8.
        assert ours == pytest.approx(ncx2.isf(0.05, df, noncentrality), rel=1e-7)


# -- tests of fit --------------------------------------------------------------------------------


@pytest.mark.parametrize("row", REFERENCE["rmsea"], ids=lambda row: f"{row['df']}-{row['n']}")
def test_rmsea_power_is_that_of_semtools(row):
    given = {"null": row["null"], "alternative": row["alternative"]}
    ours = cs.rmsea_power(row["df"], row["n"], likelihood="wishart", **given)
    assert ours == pytest.approx(row["power"], abs=1e-9)
    # semTools takes (n - 1) / G for G groups; here it is n / G, and (n - G) / G as Wishart.
    two = cs.rmsea_power(row["df"], row["n"] - 1, n_groups=2, **given)
    assert two == pytest.approx(row["power_two_groups"], abs=1e-9)


@pytest.mark.parametrize("row", REFERENCE["size"], ids=lambda row: str(row["df"]))
def test_rmsea_sample_size_is_that_of_semtools(row):
    given = {"null": row["null"], "alternative": row["alternative"], "likelihood": "wishart"}
    n = cs.rmsea_sample_size(row["df"], **given)
    assert n == row["n"]
    assert cs.rmsea_power(row["df"], n - 1, **given) < 0.8 <= cs.rmsea_power(row["df"], n, **given)


def test_published_table():
    """MacCallum, Browne and Sugawara (1996), Table 2, five degrees of freedom."""
    table = {
        (0.05, 0.08): [0.127, 0.199, 0.269, 0.335, 0.397],
        (0.05, 0.01): [0.081, 0.124, 0.181, 0.248, 0.324],
        (0.00, 0.05): [0.112, 0.188, 0.273, 0.362, 0.449],
    }
    for (null, alternative), printed in table.items():
        ours = [
            cs.rmsea_power(5, n, null=null, alternative=alternative, likelihood="wishart")
            for n in (100, 200, 300, 400, 500)
        ]
        assert ours == pytest.approx(printed, abs=5.1e-4)


def test_the_level_is_the_power_where_there_is_nothing_to_find():
    assert cs.rmsea_power(30, 400, null=0.05, alternative=0.05 + 1e-9) == pytest.approx(0.05)
    assert cs.rmsea_power(30, 400, null=0.05, alternative=0.05 - 1e-9) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: cs.rmsea_power(0, 100), "no degrees of freedom|without degrees"),
        (lambda: cs.rmsea_power(5, 1), "no sample size"),
        (lambda: cs.rmsea_power(5, 100, alpha=0.0), "no level"),
        (lambda: cs.rmsea_power(5, 100, null=0.05, alternative=0.05), "nothing to find"),
        (lambda: cs.rmsea_power(5, 100, null=-0.1), "0 or more"),
        (lambda: cs.rmsea_power(5, 100, n_groups=0), "at least one group"),
        (lambda: cs.rmsea_sample_size(5, wanted=0.05), "between alpha"),
        (lambda: cs.rmsea_sample_size(5, wanted=1.0), "between alpha"),
        (lambda: cs.rmsea_sample_size(1, null=0.05, alternative=0.0500001), "1,000,000,000"),
    ],
)
def test_bad_input_of_the_closed_forms(call, said):
    with pytest.raises(ModelError, match=said):
        call()


def test_unknown_likelihood():
    with pytest.raises(UnsupportedError, match="wishart"):
        cs.rmsea_power(5, 100, likelihood="gamma")


# -- paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REFERENCE["paths"])
def test_path_powers_are_those_of_semtools(name):
    case = REFERENCE["paths"][name]
    wanted = pd.DataFrame(case["power"])
    for target, rows in wanted.groupby("target"):
        ours = cs.power(case["population"], target, n=rows["n"].tolist(), method="analytic")
        assert set(ours.table["test"]) == {"chi2 difference"}
        assert ours.table["power"].tolist() == pytest.approx(rows["power"].tolist(), abs=1e-8)


def test_directed_power_adds_up():
    both, up, down = (Noncentrality(0.04, 1.0, "z").power(100, e, 0.05) for e in ("!=0", "+", "-"))
    assert both == pytest.approx(up + down, abs=1e-15)
    assert down < 1e-4 < up
    assert Noncentrality(0.0, 0.0, "z").power(100, "+", 0.05) == pytest.approx(0.025)


def test_effects_have_the_delta_method_of_the_fit():
    plan = plan_of(MEDIATION)
    asked = targets_of("indirect: X -> M -> Y\nindirect: X -> Y\ntotal: X -> Y", plan.fit)
    table = plan.fit.effects().between("X", "Y").set_index("kind")
    n = plan.fit.multiplier
    wanted = [table.loc[kind] for kind in ("specific", "indirect", "total")]
    ours = cs.power(MEDIATION, [one.path for one in asked.targets], n=100, method="analytic").table
    for row, theirs in zip(ours.to_dict("records"), wanted, strict=True):
        assert row["population"] == pytest.approx(theirs["est"], rel=1e-9)
        assert row["std_all"] == pytest.approx(theirs["std_all"], rel=1e-9)
        z2 = theirs["est"] ** 2 / (theirs["se"] ** 2 * n)
        assert row["noncentrality"] == pytest.approx(100 * z2, rel=1e-9)


def test_a_defined_parameter_is_its_formula():
    text = MEDIATION.replace(".3*X", ".3*X + a*X").replace(".25*M", ".25*M + b*M")
    text += "\nab := a*b\n"
    ours = cs.power(text, ["ab", "indirect: X -> M -> Y"], n=100, method="analytic").table
    first, second = ours["noncentrality"]
    assert first == pytest.approx(second, rel=1e-10)
    assert ours["population"].tolist() == pytest.approx([0.075, 0.075], abs=1e-7)


def test_power_rises_with_n_and_sample_size_is_its_inverse():
    size = cs.sample_size(MEDIATION, wanted=0.9, method="analytic")
    for row in size.table.to_dict("records"):
        n = row["n"]
        below, at = cs.power(MEDIATION, row["id"], n=[n - 1, n], method="analytic").table["power"]
        assert below < 0.9 <= at
    assert size.n == size.table["n"].max()


def test_fit_by_degrees_of_freedom():
    population = REFERENCE["paths"]["factors"]["population"]
    table = cs.power(population, "fit", n=300, method="analytic").table.set_index("id")
    for name, null, alternative in (
        ("exact fit", 0.0, 0.05),
        ("close fit", 0.05, 0.08),
        ("not-close fit", 0.05, 0.01),
    ):
        wanted = cs.rmsea_power(8, 300, null=null, alternative=alternative)
        assert table.loc[name, "power"] == pytest.approx(wanted, rel=1e-12)


def test_a_wrong_model_is_found_by_its_own_misfit():
    case = REFERENCE["paths"]["factors"]
    one = "f =~ V1 + V2 + V3 + V4 + V5 + V6"
    found = cs.power(case["population"], "fit", n=30, model=one, method="analytic")
    plan = plan_of(case["population"], model=one)
    table = found.table.set_index("id")
    # Satorra and Saris: N F0 is the noncentrality, however it is expressed.
    assert table.loc["exact fit", "noncentrality"] == pytest.approx(30 * plan.fit.state.f, rel=1e-9)
    assert "does not hold" in found.notes[0]


def test_groups_add_up():
    """Two groups of one population, with a path equal in both, are one sample twice as large."""
    text = "y ~ c(0.3, 0.3)*x + c(b, b)*x; x ~~ c(1, 1)*x; y ~~ c(0.9, 0.9)*y"
    one = cs.power("y ~ 0.3*x; x ~~ 1*x; y ~~ 0.9*y", n=80, method="analytic")
    two = cs.power(text, "y ~ x", n=80, method="analytic", model="y ~ c(b, b)*x; x ~~ x")
    assert two.table["noncentrality"].tolist() == pytest.approx(
        2 * one.table["noncentrality"].tolist(), rel=1e-6
    )


# -- what is read --------------------------------------------------------------------------------


def test_a_population_becomes_the_model_to_fit():
    text = "f =~ 0.7*x1 + a*x2 + start(0.6)*x3\nf ~~ 1*f\nx1 | -1*t1\nb := a^2"
    assert freed(text) == "f =~ x1 + a*x2 + x3\nf ~~ f\nx1 | t1\nb := a^2"
    assert "|" not in freed(text, thresholds=False)


def test_targets_are_read_in_any_form():
    plan = plan_of(MEDIATION)
    table = pd.DataFrame({"id": ["H1"], "path": ["M ~ X"], "expect": ["+"]})
    for form in (
        "H1: M ~ X, +",
        "H1：M <- X，+",
        ["H1: M ~ X, +"],
        cs.Hypothesis("H1", "M ~ X", "+"),
        {"id": "H1", "path": "X -> M", "expect": "positive"},
        table,
    ):
        (target,) = targets_of(form, plan.fit).targets
        assert (target.id, target.path, target.expect) == ("H1", "M ~ X", "+")
    asked = targets_of("H2: total: X -> Y, +\nfit  # and the fit", plan.fit)
    assert asked.fit
    assert asked.targets[0].label == "H2: total: X -> Y"
    assert [t.path for t in targets_of(None, plan.fit).targets] == ["M ~ X", "Y ~ M", "Y ~ X"]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("M ~ Z", "has no variable 'Z'"),
        ("X ~ Y", "not in the model"),
        ("ab", "does not define"),
        ("M ~ X\nM ~ X", "asked for twice"),
        ("indirect: X", "write an effect as"),
        ("indirect: X -> Q", "did you mean|it has"),
        ("total: X -> M -> Y", "two ends"),
        ("indirect: Y -> M -> X", "has no path Y -> M"),
        ("indirect: X -> M", "no chain of paths"),
        (3, "got int"),
    ],
)
def test_targets_that_are_not_there(target, said):
    plan = plan_of(MEDIATION)
    with pytest.raises(ModelError, match=said):
        targets_of(target, plan.fit)


def test_a_fixed_path_has_no_power():
    plan = plan_of("f =~ 0.7*a + 0.7*b + 0.7*c", standardized=True)
    with pytest.raises(ModelError, match="not estimated but fixed"):
        targets_of("f =~ a", plan.fit)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "n= is missing"),
        ({"n": 3}, "whole number of respondents, 5 or more"),
        ({"n": 100.5}, "whole number"),
        ({"n": []}, "n= is empty"),
        ({"n": 100, "alpha": 1.0}, "no level"),
        ({"n": 100, "target": "fit"}, "no degrees of freedom"),
    ],
)
def test_bad_input_of_power(arguments, said):
    with pytest.raises(ModelError, match=said):
        cs.power(MEDIATION, method="analytic", **arguments)


def test_options_that_do_not_go_together():
    with pytest.raises(UnsupportedError, match="'simulation' and 'analytic'"):
        cs.power(MEDIATION, n=100, method="guess")
    with pytest.raises(UnsupportedError, match="joint=True is simulated"):
        cs.power(MEDIATION, n=100, method="analytic", joint=True)


def test_nothing_to_find_needs_no_sample():
    text = MEDIATION.replace(".1*X", "0*X")
    with pytest.raises(ModelError, match="it is zero"):
        cs.sample_size(text, "Y ~ X", method="analytic")
    with pytest.raises(ModelError, match="what is expected is -"):
        cs.sample_size(MEDIATION, "H1: Y ~ X, -", method="analytic")


def test_populations_need_a_model():
    populations = plan_of(MEDIATION).populations
    with pytest.raises(ModelError, match="pass model="):
        cs.power(populations, n=100, method="analytic")
    ours = cs.power(populations, "M ~ X", n=100, method="analytic", model="M ~ X; Y ~ M + X")
    same = cs.power(MEDIATION, "M ~ X", n=100, method="analytic")
    assert ours.table["power"].tolist() == pytest.approx(same.table["power"].tolist(), rel=1e-8)


def test_a_setting_of_simulate_that_there_is_not():
    with pytest.raises(UnsupportedError, match="did you mean 'marginals'"):
        cs.power(MEDIATION, n=100, simulate={"marginal": [0.5, 0.5]})


def test_a_fit_plans_the_next_study():
    cov = pd.DataFrame([[1, 0.3], [0.3, 1]], index=["x", "y"], columns=["x", "y"])
    fit = cs.sem("y ~ x", cov=cov, n_obs=120)
    found = cs.power(fit, method="analytic")
    assert found.table["n"].tolist() == [120]
    assert "Hoenig & Heisey, 2001" in found.summary()
    # The z test's noncentrality is that of a regression: n b^2 s_x^2 / s_e^2, on the LR's own scale
    # n log(1 + b^2 s_x^2 / s_e^2).
    assert found.table["noncentrality"][0] == pytest.approx(-120 * np.log(1 - 0.09), rel=1e-6)
