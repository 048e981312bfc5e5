"""equivalent_models(): what is found, that it is equivalent, and what it makes of hypotheses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from helpers.reference import case, data
from respecify_models import DEMOCRACY

import clustersem as cs
from clustersem.errors import EstimationError, ModelError, UnsupportedError
from clustersem.respecify import equivalent
from clustersem.respecify.equivalent_check import verify
from clustersem.respecify.equivalent_generic import elsewhere
from clustersem.respecify.equivalent_graph import Graph
from clustersem.respecify.equivalent_spec import template_of

RESIDUALS = "y1 ~~ y5\ny2 ~~ y4 + y6\ny3 ~~ y7\ny4 ~~ y8\ny6 ~~ y8\n"
ABILITY = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\n"
# Chi2 of equivalent models agrees to where the optimiser stops.
SAME = 1e-6


def words(found) -> set[str]:
    return {model.changes for model in found.models}


def edges(found) -> set[frozenset[tuple[str, str, str]]]:
    return {template_of(model.spec).graph.edges for model in found.models}


def assert_all_equivalent(found, fit) -> None:
    for model in found.models:
        assert model.fit.df == fit.df
        wanted = fit.measures["chisq"]
        assert model.fit.measures["chisq"] == pytest.approx(wanted, rel=SAME, abs=SAME)


@pytest.fixture(scope="module")
def democracy():
    return cs.sem(DEMOCRACY + RESIDUALS, data("political_democracy"))


@pytest.fixture(scope="module")
def of_democracy(democracy):
    return cs.equivalent_models(
        democracy, "H1: dem60 ~ ind60, +\nH2: dem65 ~ ind60, +\nH3: dem65 ~ dem60, +"
    )


@pytest.fixture(scope="module")
def home():
    fit = cs.studies.cross_border.refit_printed()
    return fit, cs.equivalent_models(fit, cs.studies.cross_border.HYPOTHESES)


def test_democracy_as_lavaan_fits_it(democracy, of_democracy):
    told = case("equivalent")["models"]
    assert democracy.measures["chisq"] == pytest.approx(told["fitted"]["chisq"], rel=1e-8)
    found = {model.changes: model for model in of_democracy.models}
    for name in [name for name in told if name != "fitted"]:
        row = found[name].estimates.iloc[0]
        assert f"{row['lhs']} {row['op']} {row['rhs']}" == told[name]["parameter"]
        for key in ("est", "se", "std_all"):
            assert row[key] == pytest.approx(told[name][key], rel=1e-5), (name, key)
        assert found[name].fit.measures["chisq"] == pytest.approx(told[name]["chisq"], rel=1e-8)


def test_all_have_the_same_fit(democracy, of_democracy):
    assert_all_equivalent(of_democracy, democracy)
    assert of_democracy.dropped == ()
    assert len(edges(of_democracy)) == len(of_democracy.models)
    relations = cs.nesting(
        {"fitted": democracy, **{str(m.number): m.fit for m in of_democracy.models[:4]}}
    ).table
    assert (relations.loc["fitted"].drop("fitted") == "equivalent").all()


@pytest.mark.parametrize("seed", [1, 2])
def test_equivalence_is_of_models_not_of_one_sample(of_democracy, seed):
    """Fitted anew from their text to other data, the models still have one chi2."""
    rng = np.random.default_rng(seed)
    x = data("political_democracy")
    cov = x.cov() + np.cov((rng.standard_normal((200, len(x.columns))) * x.std().to_numpy()).T)
    n = 500
    base = cs.sem(DEMOCRACY + RESIDUALS, cov=cov, n_obs=n)
    assert base.measures["chisq"] > 1.0
    for model in of_democracy.models:
        again = cs.sem(model.spec.text, cov=cov, n_obs=n)
        assert again.df == base.df
        assert again.measures["chisq"] == pytest.approx(base.measures["chisq"], rel=SAME)


def test_hypotheses_of_democracy(democracy, of_democracy):
    table = cs.test_hypotheses(democracy, of_democracy.hypotheses)
    told = of_democracy.verdicts(table)
    assert "equivalent" not in table
    assert told["equivalent"].iloc[2].startswith("reversed: dem60 ~ dem65 (")
    assert "covariance: dem60 ~~ dem65 (" in told["equivalent"].iloc[2]
    rows = of_democracy.of("H3")
    first = rows[rows["effect"] == "reversed"].iloc[0]
    assert first["instead"] == "dem60 ~ dem65"
    row = case("equivalent")["models"]["dem65 ~ dem60 replaced by dem60 ~ dem65"]
    assert first["est"] == pytest.approx(row["est"], rel=1e-5)
    assert of_democracy.kept == {}


def test_home_study(home):
    fit, found = home
    assert_all_equivalent(found, fit)
    reversible = {each.id for each in found.hypotheses if not found.of(each.id).empty}
    # The nine correlations between the subsystems may be arrows either way; no arrow of the
    # sixteen can be turned round, and the covariance of the two outcomes stays one.
    assert reversible == {f"H{i}" for i in range(7, 16)}
    assert found.in_words("H7") == "arrow: B1 ~ B4 (1), B4 ~ B1 (2)"
    for i in range(7, 16):
        assert list(found.of(f"H{i}")["effect"]) == ["arrow", "arrow"]
    assert found.kept["H1"] == "B1 is related to B4, B5, B6, and A1 is not"
    assert found.kept["H4"] == "B4 is related to B1, B2, B3, and A2 is not"
    assert "A1 is related to B1, B2, B3" in found.kept["H16"]
    assert found.dropped == ()


def test_home_study_in_answers(home):
    """The models found at the printed estimates are equivalent in answers, too."""
    answers = data("cross_border_simulated")
    fit = cs.sem(cs.studies.cross_border.REVISED_MODEL, answers)
    for model in home[1].models:
        again = cs.sem(model.spec.text, answers)
        assert again.measures["chisq"] == pytest.approx(fit.measures["chisq"], rel=SAME)


def test_home_study_tie_of_the_first_step(home):
    _, found = home
    ties = [model for model in found.models if model.source == "tie"]
    assert [model.changes for model in ties] == ["C11 ~~ C12 replaced by B3 ~~ A1"]
    # It is one in answers, too, where its index is no rounding error.
    answers = data("cross_border_simulated")
    revised = cs.studies.cross_border.REVISED_MODEL
    fit = cs.sem(revised, answers)
    other = cs.sem(revised.replace("C11 ~~ C12\n", "B3 ~~ A1\n"), answers)
    assert fit.measures["chisq"] == pytest.approx(other.measures["chisq"], rel=SAME)
    assert cs.check_nested(fit, other).equivalent


def test_factor_covariances_may_be_arrows():
    fit = cs.cfa(ABILITY, data("holzinger1939"))
    found = cs.equivalent_models(fit)
    pairs = [("visual", "textual"), ("visual", "speed"), ("textual", "speed")]
    arrows = [(a, b, x, y) for a, b in pairs for x, y in ((a, b), (b, a))]
    assert words(found) == {f"{a} ~~ {b} replaced by {x} ~ {y}" for a, b, x, y in arrows}
    assert_all_equivalent(found, fit)


def test_indicators_of_an_isolated_factor_may_be_causes():
    fit = cs.cfa("g =~ x1 + x2 + x3 + x4", data("holzinger1939"))
    found = cs.equivalent_models(fit)
    assert_all_equivalent(found, fit)
    assert {f"g =~ x{i} replaced by g ~ x{i}" for i in range(1, 5)} <= words(found)
    # The marker, too: another loading then sets the scale.
    first = next(m for m in found.models if m.changes == "g =~ x1 replaced by g ~ x1")
    assert first.spec.find("g", "=~", "x2").value == 1.0


def test_a_model_without_equivalents():
    model = "x1 ~ ageyr + sex; x2 ~ grade + school; x1 ~~ 0*x2"
    x = data("holzinger1939").dropna()
    fit = cs.sem(model, x.assign(school=(x["school"] == "Pasteur").astype(float)))
    found = cs.equivalent_models(fit, "H1: x1 ~ ageyr, +")
    assert found.models == ()
    assert found.table.empty
    assert found.of("H1").empty
    assert found.in_words("H1") == ""
    text = str(found)
    assert text.startswith("Equivalent models: none was found (chi2")
    assert "Only local equivalents were looked for" in text
    assert "kept by every model: ageyr is related to grade, school, and x1 is not" in text


def test_covariates_are_not_rearranged():
    fit = cs.sem("x1 ~ ageyr + grade + sex; x2 ~ x1 + ageyr", data("holzinger1939").dropna())
    found = cs.equivalent_models(fit)
    assert_all_equivalent(found, fit)
    for model in found.models:
        touched = [name.split(" ") for name in (*model.removed, *model.added)]
        assert any(not {a, b} <= {"ageyr", "grade", "sex"} for a, _, b in touched)
    assert "x1 ~ sex replaced by sex ~ x1" in words(found)


@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_units_do_not_matter(of_democracy, factor):
    scaled = data("political_democracy") * factor
    fit = cs.sem(DEMOCRACY + RESIDUALS, scaled)
    found = cs.equivalent_models(fit)
    assert words(found) == words(of_democracy)


def test_order_and_scaling_do_not_matter(of_democracy):
    x = data("political_democracy")
    text = (
        "dem65 ~ dem60 + ind60\ndem65 =~ y8 + y7 + y6 + y5\ndem60 =~ y4 + y2 + y3 + y1\n"
        "ind60 =~ x3 + x2 + x1\ndem60 ~ ind60\n" + RESIDUALS
    )
    turned = cs.equivalent_models(cs.sem(text, x[x.columns[::-1]].iloc[::-1]))
    assert edges(turned) == edges(of_democracy)
    unit = cs.equivalent_models(cs.sem(DEMOCRACY + RESIDUALS, x, std_lv=True))
    assert edges(unit) == edges(of_democracy)
    assert [m.changes for m in cs.equivalent_models(cs.sem(text, x)).models] == [
        m.changes for m in turned.models
    ]


def test_equal_fit_by_accident_is_not_equivalence():
    """Where a path is zero in the sample, chi2 is the same whatever the path is replaced by."""
    names = list("abcd")
    cov = pd.DataFrame(np.eye(4), index=names, columns=names)
    cov.loc["a", "b"] = cov.loc["b", "a"] = 0.5
    fit = cs.sem("b ~ a; c ~ a; d ~ b + c; b ~~ 0*c", cov=cov, n_obs=100)
    template = template_of(fit.spec)
    wrong = Graph(template.graph.arrows - {("c", "d")} | {("a", "d")}, template.graph.arcs)
    assert verify(fit, None, template, wrong, 1).fit is not None
    verdict = verify(fit, elsewhere(fit, seed=1), template, wrong, 1)
    assert verdict.fit is None
    assert verdict.why == "at other values of its parameters the model implies other moments."


def test_what_does_not_verify_is_dropped_and_counted(democracy, monkeypatch):
    start = template_of(democracy.spec).graph
    wrong = Graph(start.arrows - {("dem60", "dem65")} | {("ind60", "y1")}, start.arcs)
    lost = Graph(start.arrows - {("dem60", f"y{i}") for i in range(1, 5)}, start.arcs)
    monkeypatch.setattr(equivalent, "chains", lambda graph, depth: (wrong, lost))
    found = cs.equivalent_models(democracy)
    assert found.models == ()
    assert found.dropped[0].changes == "dem65 ~ dem60 replaced by ind60 =~ y1"
    assert found.dropped[0].why.startswith("its chi2 is ")
    assert found.dropped[1].why == "dem60 would have no indicator left to set its scale."
    assert "2 proposed models were dropped" in str(found)


def test_limit_and_depth(democracy):
    one = cs.equivalent_models(democracy, depth=1)
    two = cs.equivalent_models(democracy, depth=2)
    assert words(one) < words(two)
    few = cs.equivalent_models(democracy, "H1: dem65 ~ ind60, +", limit=2)
    assert len(few.models) == 2
    assert few.left_out == len(two.models) - 2
    assert all("H1" in model.instead for model in few.models)
    assert "raise limit=" in str(few)


def test_saturated_model():
    fit = cs.sem("x2 ~ x1; x3 ~ x1 + x2", data("holzinger1939"))
    found = cs.equivalent_models(fit)
    assert_all_equivalent(found, fit)
    assert "x2 ~ x1 replaced by x1 ~ x2" in words(found)
    assert "The model is saturated" in str(found)


def test_labels_constraints_and_bounds_stay():
    x = data("holzinger1939")
    bound = cs.sem("x2 ~ lower(0)*x1; x3 ~ x2", x)
    assert cs.equivalent_models(bound).models == ()
    equal = cs.sem("x2 ~ a*x1; x3 ~ a*x2; x4 ~ x3", x)
    assert not any(
        "x1" in m.changes or "x3 ~ x2" in m.changes for m in cs.equivalent_models(equal).models
    )
    numbered = cs.sem("x2 ~ x1; x3 ~ x2; .p1. == 2*.p2.", x)
    with pytest.raises(UnsupportedError, match="is a row's number"):
        cs.equivalent_models(numbered)


def test_a_defined_parameter_is_about_its_arrows():
    fit = cs.sem("x2 ~ a*x1; x3 ~ b*x2; ab := a*b", data("holzinger1939"))
    found = cs.equivalent_models(fit, "H1: ab, +")
    assert found.in_words("H1").startswith("reversed: x1 ~ x2 (")
    assert_all_equivalent(found, fit)


def test_groups_with_equal_loadings_and_intercepts():
    fit = cs.sem(
        ABILITY + "speed ~ visual + textual",
        data("holzinger1939"),
        group="school",
        group_equal=["loadings", "intercepts"],
    )
    found = cs.equivalent_models(fit, "H1: speed ~ visual, +")
    assert_all_equivalent(found, fit)
    assert found.in_words("H1").startswith("reversed: visual ~ speed (")
    assert list(found.of("H1")["group"][:2]) == [1, 2]
    assert "(Grant-White)" in str(found)
    assert "With several groups only the replacing rules" in str(found)


def test_full_information():
    fit = cs.sem(
        "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; textual ~ visual",
        data("holzinger1939_missing"),
        missing="fiml",
        estimator="MLR",
    )
    found = cs.equivalent_models(fit, depth=1)
    assert_all_equivalent(found, fit)
    assert "textual ~ visual replaced by visual ~ textual" in words(found)
    assert found.dropped == ()


def test_ordinal_items():
    items = data("hs_ordinal")
    model = "visual =~ o1 + o2 + o3; textual =~ o4 + o5 + o6; textual ~ visual"
    for parameterization in ("delta", "theta"):
        fit = cs.sem(
            model, items, ordered=[f"o{i}" for i in range(1, 7)], parameterization=parameterization
        )
        found = cs.equivalent_models(fit, depth=1)
        assert_all_equivalent(found, fit)
        assert "textual ~ visual replaced by visual ~ textual" in words(found)


def test_given_covariates_stay_causes():
    items = data("hs_ordinal").dropna()
    model = "visual =~ o1 + o2 + o3; textual =~ o4 + o5 + o6; visual ~ ageyr; textual ~ visual"
    fit = cs.sem(model, items, ordered=[f"o{i}" for i in range(1, 7)])
    for changed in cs.equivalent_models(fit).models:
        assert "ageyr" not in changed.changes


@pytest.mark.parametrize("estimator", ["GLS", "ULS", "MLM"])
def test_other_estimators(estimator):
    fit = cs.sem(DEMOCRACY, data("political_democracy"), estimator=estimator)
    found = cs.equivalent_models(fit, depth=1)
    assert_all_equivalent(found, fit)
    assert "dem65 ~ dem60 replaced by dem60 ~ dem65" in words(found)


def test_inadmissible_equivalents_are_marked():
    # The two items of b hardly correlate, which the first model lays to their residuals; without
    # their covariance it would be b that has hardly any variance, but strong correlations.
    model = (
        "b =~ b1 + b2\ne =~ e1 + e2 + e3\ng =~ g1 + g2 + g3\ny =~ y1 + y2 + y3\n"
        "y ~ b + e\nb1 ~~ b2\n"
    )
    latent = np.array([[1, 0.5, 0.6, 0.75], [0.5, 1, 0.5, 0.75], [0.6, 0.5, 1, 0.55]])
    latent = np.vstack([latent, [0.75, 0.75, 0.55, 1.2]])
    items = [name for f, k in (("b", 2), ("e", 3), ("g", 3), ("y", 3)) for name in _items(f, k)]
    loads = np.array([[float(item[0] == f) for f in "begy"] for item in items])
    cov = loads @ latent @ loads.T + np.eye(11)
    cov[0, 1] = cov[1, 0] = 0.2
    fit = cs.sem(model, cov=pd.DataFrame(cov, index=items, columns=items), n_obs=500)
    found = cs.equivalent_models(fit, depth=1)
    assert_all_equivalent(found, fit)
    tie = next(m for m in found.models if m.changes == "b1 ~~ b2 replaced by b ~~ y")
    assert not tie.proper
    assert any(model.proper for model in found.models)
    assert f"{tie.number:>3}!b1 ~~ b2" in str(found)
    assert "! The solution is not admissible in this sample" in str(found)
    assert all(len(line) <= 100 for line in str(found).splitlines())


def _items(factor: str, n: int) -> list[str]:
    return [f"{factor}{i}" for i in range(1, n + 1)]


def test_the_fit_stays_as_it_is(democracy):
    before = democracy.estimates
    cs.equivalent_models(democracy, depth=1)
    pd.testing.assert_frame_equal(democracy.estimates, before)


def test_refusals(democracy, of_democracy):
    with pytest.raises(ModelError, match=r"depth=0: write a number of replacements from 1 to 3"):
        cs.equivalent_models(democracy, depth=0)
    with pytest.raises(ModelError, match="limit=True"):
        cs.equivalent_models(democracy, limit=True)
    with pytest.raises(ModelError, match="H1 is about dem60 ~ dem65, which is not in the model"):
        cs.equivalent_models(democracy, "H1: dem60 ~ dem65, +")
    with pytest.raises(ModelError, match="there is no hypothesis 'H9'"):
        of_democracy.of("H9")
    with pytest.raises(ModelError, match="takes the table of"):
        of_democracy.verdicts(pd.DataFrame({"name": ["H1"]}))
    with pytest.raises(ModelError, match="no hypotheses were given"):
        cs.equivalent_models(democracy, depth=1, limit=1).of("H1")
    semopy = cs.sem(DEMOCRACY, data("political_democracy"), engine="semopy")
    with pytest.raises(UnsupportedError, match="without engine='semopy'"):
        cs.equivalent_models(semopy)
    with pytest.warns(cs.errors.ConvergenceWarning):
        stuck = cs.cfa("f =~ a + b + c", cov=_impossible(), n_obs=100)
    with pytest.raises(EstimationError, match="did not converge"):
        cs.equivalent_models(stuck)


def _impossible() -> pd.DataFrame:
    """Return covariances that one factor approaches only at infinity."""
    cov = np.array([[1.0, 0.5, 0.5], [0.5, 1.0, 0.0], [0.5, 0.0, 1.0]])
    return pd.DataFrame(cov, index=list("abc"), columns=list("abc"))
