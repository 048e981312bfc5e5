"""Studies of measurement invariance against lavaan's and semTools' steps."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.reference import case, data

import clustersem as cs
from clustersem.errors import DataError, ModelError
from clustersem.fit.estimation import fit_samples
from clustersem.fit.invariance import invariance, invariance_of
from clustersem.fit.invariance_models import CONTINUOUS_STEPS, Family, Release
from clustersem.fit.invariance_scores import release_scores
from clustersem.fit.nested import check_nested

HS = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
BFI = "A =~ A2 + A3 + A4 + A5; C =~ C1 + C2 + C3 + C4"
ITEMS = ["A2", "A3", "A4", "A5", "C1", "C2", "C3", "C4"]
MEASURES = ("chisq", "df", "cfi", "tli", "rmsea", "srmr", "aic", "bic")


def configural(model=HS, frame=None, group="school", std_lv=True):
    frame = data("holzinger1939") if frame is None else frame
    return cs.cfa(model, frame, group=group, std_lv=std_lv)


@pytest.fixture(scope="module")
def hs():
    return invariance(HS, data("holzinger1939"), group="school")


@pytest.fixture(scope="module")
def hs_partial():
    return invariance_of(configural(), partial=True)


def check_steps(result, told):
    for name, measures in told["steps"].items():
        row = result.table.loc[name]
        for measure in MEASURES:
            # lavaan's default stopping rule: chi2 to 1e-8, SRMR (first order) to 1e-6.
            expected = pytest.approx(measures[measure], rel=1e-6, abs=1e-6)
            assert row[measure] == expected, (name, measure)
    for name, test in zip(list(told["steps"])[1:], told["tests"], strict=True):
        row = result.table.loc[name]
        assert row["delta_chisq"] == pytest.approx(test["statistic"], rel=1e-6)
        assert row["delta_df"] == test["df"]
        assert row["delta_p"] == pytest.approx(test["p_value"], rel=1e-5)


def test_steps_as_lavaan(hs):
    check_steps(hs, case("invariance")["hs_ml"])


def test_three_groups_as_lavaan():
    frame = data("holzinger1939").copy()
    age = frame["ageyr"] + frame["agemo"] / 12
    frame["third"] = ["a" if x <= 12.6 else "b" if x <= 13.5 else "c" for x in age]
    check_steps(
        invariance_of(configural(frame=frame, group="third")), case("invariance")["hs_three_groups"]
    )


def test_markers_fit_alike(hs):
    other = invariance_of(configural(std_lv=False))
    assert other.table["chisq"].to_numpy() == pytest.approx(hs.table["chisq"].to_numpy(), rel=1e-9)
    assert list(other.table["df"]) == list(hs.table["df"])


@pytest.mark.parametrize(
    ("step", "kind"), [("metric", "loadings"), ("scalar", "intercepts"), ("strict", "residuals")]
)
def test_score_tests_as_lavaan(hs, step, kind):
    fit = hs.fits[step]
    family = Family(hs.fits["configural"].spec)
    told = {
        (row["lhs"], row["op"], row["rhs"], row["group"]): row["score"]
        for row in case("invariance")["hs_scores"][step]
    }
    for score in release_scores(fit, family.restrictions((kind,))):
        # lavaan's solution has a gradient of 1e-6 or so.
        assert score.statistic == pytest.approx(told[tuple(score.release)], abs=1e-4)


def test_a_score_is_close_to_the_drop_of_chi2_and_its_epc_to_the_difference(hs):
    family = Family(hs.fits["configural"].spec)
    release = Release("textual", "=~", "x5", 2)
    (score,) = release_scores(hs.fits["metric"], [release])
    spec = family.at(CONTINUOUS_STEPS["metric"], {release})
    freed = fit_samples(spec, hs.fits["metric"].samples, hs.fits["metric"].options)
    drop = hs.fits["metric"].measures["chisq"] - freed.measures["chisq"]
    assert score.statistic == pytest.approx(drop, rel=0.1)  # a quadratic approximation
    value = freed.estimates.query("lhs == 'textual' and rhs == 'x5'").set_index("group")["est"]
    assert score.epc == pytest.approx(value.iloc[1] - value.iloc[0], rel=0.1)


def test_what_identifies_the_step_is_not_offered():
    """The last equal loading of a factor cannot be released: its score test is not defined."""
    fit = invariance_of(configural(), steps=("configural", "metric")).fits["configural"]
    family = Family(fit.spec)
    free = {Release("visual", "=~", x, 2) for x in ("x1", "x2")}
    spec = family.at(CONTINUOUS_STEPS["metric"], free)
    stays = fit_samples(spec, fit.samples, fit.options)
    (last,) = release_scores(stays, [Release("visual", "=~", "x3", 2)])
    assert last.statistic != last.statistic


def test_partial_as_lavaan(hs_partial):
    told = case("invariance")["hs_partial"]["steps"]
    released = hs_partial.partial
    assert list(released["parameter"]) == ["x3 ~1", "x7 ~1"]
    assert list(released["group"]) == ["Grant-White"] * 2
    assert released["chisq"].tolist() == pytest.approx(
        [told["x3"]["chisq"], told["x3_x7"]["chisq"]], rel=1e-8
    )
    assert released["accepted"].tolist() == [False, True]
    row = hs_partial.table.loc["scalar (partial)"]
    assert (row["df"], row["against"]) == (58, "metric")
    strict = hs_partial.table.loc["strict"]
    assert strict["against"] == "scalar (partial)"
    assert strict["chisq"] == pytest.approx(told["strict"]["chisq"], rel=1e-8)
    assert strict["delta_chisq"] == pytest.approx(
        told["strict"]["chisq"] - told["x3_x7"]["chisq"], rel=1e-6
    )
    assert released["p_value"].iloc[0] == pytest.approx(9 * 1.181e-5, rel=0.01)  # Bonferroni


def test_a_released_loading_takes_its_intercept_along():
    frame = data("holzinger1939").copy()
    there = frame["school"] == "Pasteur"
    frame.loc[there, "x5"] = frame.loc[there, "x5"] * 2.5
    result = invariance_of(configural(frame=frame), partial=True)
    first = result.partial.iloc[0]
    assert (first["parameter"], first["also"]) == ("textual =~ x5", "x5 ~1")
    scalar = result.steps[[s.level for s in result.steps].index("scalar")].fit
    values = scalar.estimates.query("lhs == 'x5' and op == '~1'")["est"]
    assert values.nunique() == 2
    assert result.steps[-1].fit.df < 69


def test_order_of_groups_does_not_matter(hs):
    frame = data("holzinger1939")
    turned = invariance_of(configural(frame=frame.sort_values("school", kind="stable")))
    back = invariance_of(configural(frame=frame.iloc[::-1]))
    for other in (turned, back):
        assert other.table["chisq"].to_numpy() == pytest.approx(
            hs.table["chisq"].to_numpy(), rel=1e-8
        )


def test_units_do_not_matter(hs):
    frame = data("holzinger1939").copy()
    frame[["x1", "x5", "x9"]] *= [1000.0, 0.001, 7.0]
    result = invariance_of(configural(frame=frame), partial=True)
    assert result.partial["parameter"].tolist() == ["x3 ~1", "x7 ~1"]
    assert result.table.loc["strict", "df"] == 67


def test_verdict_and_level(hs, hs_partial):
    assert hs.level == "metric"
    assert hs.table["finding"].tolist() == ["", "holds", "does not hold", "cannot be read"]
    assert "Scalar (equal intercepts): does not hold: CFI falls by .038" in hs.verdict
    assert "cannot be read, as the scalar step before it does not hold" in hs.verdict
    assert "do not compare means between groups" in hs.verdict
    assert hs_partial.level == "strict"
    assert "(equal intercepts but for 2 releases): holds" in hs_partial.verdict
    assert "do not compare sum scores" in hs_partial.verdict


def test_criteria_decide(hs):
    by_test = invariance_of(configural(), criterion="chisq")
    assert by_test.steps[3].finding == "does not hold"
    assert hs.steps[3].finding == "holds approximately"
    by_chen = invariance_of(configural(), criterion="chen")
    assert by_chen.table.loc["scalar", "finding"] == "does not hold"


def test_some_steps_or_own_steps():
    two = invariance_of(configural(), steps=("configural", "scalar"))
    assert list(two.table.index) == ["configural", "scalar"]
    assert two.table.loc["scalar", "delta_df"] == 12
    own = invariance_of(
        configural(),
        steps={
            "configural": (),
            "metric": ("loadings",),
            "equal covariances": ("loadings", "lv_variances", "lv_covariances"),
        },
    )
    assert own.table["df"].tolist() == [48, 54, 60]


def test_the_text_can_be_read(hs_partial):
    text = str(hs_partial)
    assert "scalar (partial) 58 129.422" in text
    assert "scalar: x3 ~1 in Grant-White: score 19.19, p < .001 (of 9), differs by -0.538" in text
    assert "nan" not in text.lower()
    assert hs_partial.models["metric"].startswith(
        "visual =~ c(NA, NA)*x1 + c(visual.x1, visual.x1)"
    )


def test_refusals():
    fit = configural()
    for wrong, message in [
        ({"steps": ("configural", "weak")}, "steps= are configural, metric"),
        ({"steps": ("configural",)}, "needs a second"),
        ({"steps": ("metric", "scalar")}, "begins with the configural"),
        ({"steps": {"a": (), "b": ("loading",)}}, "steps= has no loading"),
        ({"criterion": "p"}, "criterion="),
        ({"alpha": 5}, "probability"),
        ({"max_releases": 0}, "1 or more"),
        ({"method": "satorra.bentler.2001"}, "without a robust test"),
    ]:
        with pytest.raises(ModelError, match=message):
            invariance_of(fit, **wrong)
    with pytest.raises(ModelError, match="two groups"):
        invariance_of(cs.cfa(HS, data("holzinger1939"), meanstructure=True))
    with pytest.raises(ModelError, match="group_equal"):
        invariance_of(cs.cfa(HS, data("holzinger1939"), group="school", group_equal=["loadings"]))
    with pytest.raises(DataError, match="one value only"):
        invariance(HS, data("holzinger1939").assign(school="all"), group="school")
    with pytest.raises(ModelError, match="measures nothing"):
        invariance_of(configural(model="x1 ~ x2"))


@pytest.mark.parametrize("estimator", ["MLR", "MLM"])
def test_robust_steps_as_lavaan(estimator):
    result = invariance(HS, data("holzinger1939"), group="school", estimator=estimator)
    told = case("invariance")[f"hs_{estimator.lower()}"]
    assert (result.indices, result.method) == ("robust", "satorra.bentler.2001")
    for name, measures in told["steps"].items():
        row = result.table.loc[name]
        # Corrections depend on the estimates, which lavaan's stopping rule leaves at 1e-5 or so.
        assert row["chisq"] == pytest.approx(measures["chisq_scaled"], rel=1e-5)
        for index in ("cfi", "tli", "rmsea"):
            assert row[index] == pytest.approx(measures[f"{index}_robust"], abs=1e-5)
    for row, test in zip(result.table.iloc[1:].itertuples(), told["tests"], strict=True):
        assert row.delta_chisq == pytest.approx(test["statistic"], rel=1e-5)
        assert row.delta_df == test["df"]
        assert row.delta_p == pytest.approx(test["p_value"], rel=2e-4)


def coded(kind):
    """Return the answers with categories joined as in invariance.R."""
    bfi = data("bfi")[[*ITEMS, "gender"]].dropna().copy()
    if kind == "mixed":
        bfi["A2"] = (bfi["A2"] > 4) + 1
        bfi["A3"] = np.digitize(bfi["A3"], [4, 6]) + 1
        bfi["A4"] = np.digitize(bfi["A4"], [3, 5, 6]) + 1
    elif kind == "binary":
        bfi[ITEMS] = (bfi[ITEMS] > 4).astype(int) + 1
    elif kind == "both":
        for item in ITEMS[:4]:
            bfi[item] = np.digitize(bfi[item], [3, 5, 6]) + 1
    return bfi


@pytest.mark.parametrize(
    "name",
    [
        "bfi_six_theta",
        "bfi_six_delta",
        "bfi_mixed_theta",
        "bfi_mixed_delta",
        "bfi_binary_theta",
        "bfi_both_theta",
    ],
)
def test_ordinal_steps_as_semtools(name):
    """Wu and Estabrook's steps, with two, three, four and six categories."""
    _, kind, parameterization = name.split("_")
    told = case("invariance")[name]
    result = invariance(
        "A =~ A2 + A3 + A4 + A5" if kind == "mixed" else BFI,
        coded(kind),
        group="gender",
        ordered=ITEMS[:4] if kind == "both" else True,
        parameterization=parameterization,
        steps=tuple(told["steps"]),
    )
    assert (result.indices, result.method) == ("scaled", "scaled.shifted")
    assert list(result.table.index) == list(told["steps"])
    for step, measures in told["steps"].items():
        ours = result.fits[step].measures
        assert result.table.loc[step, "df"] == measures["df"]
        # lavaan's polychoric correlations are right to 1e-7 or so.
        assert ours["chisq"] == pytest.approx(measures["chisq"], rel=1e-6)
        for index in ("chisq_scaled", "cfi_scaled", "tli_scaled", "rmsea_scaled"):
            assert ours[index] == pytest.approx(measures[index], rel=1e-4), (step, index)
    for row, test in zip(result.table.iloc[1:].itertuples(), told["tests"], strict=True):
        if test is None:
            assert row.finding == "not tested"
            continue
        # The restrictions come from two Jacobians, each at lavaan's own estimates.
        assert row.delta_chisq == pytest.approx(test["statistic"], rel=5e-5)
        assert row.delta_df == test["df"]
        assert row.delta_p == pytest.approx(test["p_value"], rel=1e-3)


def test_steps_do_not_depend_on_the_parameterisation():
    """Delta and theta are the same models, with a binary item too (unlike in semTools)."""
    told = case("invariance")
    theirs = [
        told[f"bfi_mixed_semtools_{p}"]["steps"]["metric"]["chisq"] for p in ("theta", "delta")
    ]
    assert abs(theirs[0] - theirs[1]) > 0.01
    model, frame = "A =~ A2 + A3 + A4 + A5", coded("mixed")
    theta, delta = (
        invariance(model, frame, group="gender", ordered=True, parameterization=p)
        for p in ("theta", "delta")
    )
    for step, fit in delta.fits.items():
        assert check_nested(fit, theta.fits[step]).equivalent
        assert fit.measures["chisq"] == pytest.approx(theta.fits[step].measures["chisq"], rel=1e-8)
    assert delta.table["delta_chisq"].dropna().tolist() == pytest.approx(
        theta.table["delta_chisq"].dropna().iloc[:3].tolist(), rel=1e-6
    )


def test_ordinal_steps_do_not_depend_on_codes():
    frame = coded("both")[[*ITEMS[:4], "gender"]]
    model = "A =~ A2 + A3 + A4 + A5"
    plain = invariance(model, frame, group="gender", ordered=True)
    other = frame.assign(A2=10 * frame["A2"] ** 2, A5=frame["A5"] - 7)
    again = invariance(model, other, group="gender", ordered=True)
    assert again.table["chisq"].to_numpy() == pytest.approx(plain.table["chisq"].to_numpy())


def test_ordinal_partial():
    result = invariance(
        BFI, coded("both"), group="gender", ordered=ITEMS[:4], partial=True, criterion="chisq"
    )
    assert result.partial["step"].tolist() == ["metric", "scalar", "strict"]
    assert result.partial["accepted"].all()
    assert result.partial["also"].iloc[0] == "A5 ~1"
    drops = -result.table["chisq"].diff()
    for step in ("metric", "scalar", "strict"):
        assert drops[f"{step} (partial)"] > 0
        assert result.table.loc[f"{step} (partial)", "finding"] == "holds"


def test_full_information_steps():
    frame = data("bfi")[[*ITEMS[:4], "gender"]]
    result = invariance(
        "A =~ A2 + A3 + A4 + A5", frame, group="gender", estimator="MLR", missing="ml"
    )
    assert result.steps[0].fit.n_obs == len(frame.dropna(how="all", subset=ITEMS[:4]))
    told_once = [note for note in result.notes if "full information uses" in note]
    assert len(told_once) == 1


def test_an_empty_category_is_told():
    frame = coded("six")
    frame.loc[(frame["gender"] == 2) & (frame["A2"] == 1), "A2"] = 2
    with pytest.raises(DataError, match="nobody chose 1 of A2"):
        invariance(BFI, frame, group="gender", ordered=True)


# Beside pvalue, which is not defined for an uncorrected least-squares statistic, and robust indices
# of ordinal items, where lavaan 0.6-14 departs from the literature (see README-robust.md).
COMPARED = [
    "npar",
    "chisq",
    "df",
    "cfi",
    "tli",
    "rmsea",
    "rmsea_ci_lower",
    "rmsea_ci_upper",
    "srmr",
    "aic",
    "bic",
    "chisq_scaled",
    "df_scaled",
    "pvalue_scaled",
    "cfi_scaled",
    "tli_scaled",
    "rmsea_scaled",
]


@pytest.mark.parametrize("name", list(case("lavaan/invariance")["cases"]))
def test_every_measure_and_difference_as_lavaan_stopped_tightly(name):
    told = case("lavaan/invariance")["cases"][name]
    options = told["steps"]["configural"]["options"]
    model = told.get("configural_model") or told["steps"]["configural"]["model"]
    keep = ("group", "estimator", "missing", "ordered", "parameterization")
    result = invariance(
        model,
        data(told["data"]),
        partial="group.partial" in options,
        **{key: options[key] for key in keep if key in options},
    )
    # With releases the last fit of a step is the one that lavaan was told.
    last = {step.level: step for step in result.steps}
    for step, wanted in zip(last.values(), told["steps"].values(), strict=True):
        for measure, value in wanted["measures"].items():
            if measure in COMPARED and value is not None:
                ours = step.fit.measures[measure]
                assert ours == pytest.approx(value, rel=1e-5, abs=1e-7), (step.name, measure)
        if "difference" in wanted:
            assert step.test.statistic == pytest.approx(wanted["difference"]["chisq"], rel=1e-6)
            assert step.test.df == wanted["difference"]["df"]
            assert step.test.p_value == pytest.approx(wanted["difference"]["pvalue"], rel=1e-5)
