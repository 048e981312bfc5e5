"""Hypotheses: how they are written, what the estimates say about them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import clustersem as cs
from clustersem.errors import EstimationError, ModelError, ModelSyntaxError
from clustersem.fit.hypotheses import Hypothesis, parse_hypotheses, parse_path, test_hypotheses
from clustersem.fit.status import status_of

DATA = Path(__file__).parents[1] / "reference" / "data"
MODEL = """
B1 =~ C3 + C1 + C2 + C4
B2 =~ C7 + C5 + C6 + C8 + C9 + C10
B3 =~ C11 + C12
B4 =~ C17 + C15 + C16 + C18
B5 =~ C21 + C19 + C20 + C22
B6 =~ C23 + C24
A1 =~ C26 + C27
A2 =~ C29 + C28
A1 ~ b1*B1 + B2 + b3*B3
A2 ~ B4 + B5 + B6
A1 ~~ A2
difference := b3 - b1
"""
# The 16 hypotheses of Wang et al. (2022), Table 7.
PAPER = """
H1: A1 ~ B1, +
H2: A1 ~ B3, +
H3: A1 ~ B2, +
H4: A2 ~ B4, +
H5: A2 ~ B6, +
H6: A2 ~ B5, +
H7: B1 ~~ B4, +
H8: B1 ~~ B6, +
H9: B1 ~~ B5, +
H10: B3 ~~ B4, +
H11: B3 ~~ B6, +
H12: B3 ~~ B5, +
H13: B2 ~~ B4, +
H14: B2 ~~ B6, +
H15: B2 ~~ B5, +
H16: A1 ~~ A2, +
"""
COLUMNS = (
    "id path expect est se z p_value std_all ci_lower ci_upper verdict strength"
    " std_ci_lower std_ci_upper group"
)


@pytest.fixture(scope="module")
def fit():
    return cs.sem(MODEL, pd.read_csv(DATA / "cross_border_simulated.csv"))


@pytest.fixture(scope="module")
def paper(fit):
    return test_hypotheses(fit, PAPER)


def exact(fit, lhs, op, rhs):
    table = fit.estimates
    return table[(table["lhs"] == lhs) & (table["op"] == op) & (table["rhs"] == rhs)].iloc[0]


def verdict(fit, line, **options):
    return test_hypotheses(fit, line, **options)["verdict"].iloc[0]


def test_the_table_has_the_columns_of_the_contract(paper):
    assert paper.columns.tolist() == COLUMNS.split()
    assert paper["id"].tolist() == [f"H{i}" for i in range(1, 17)]


def test_the_numbers_are_those_of_the_estimates(fit, paper):
    for _, row in paper.iterrows():
        lhs, op, rhs = row["path"].split()
        found = exact(fit, lhs, op, rhs)
        for name in ("est", "se", "z", "p_value", "std_all"):
            assert row[name] == found[name]
        # At alpha = .05 the interval is the one that the fit prints; only the rounding differs.
        assert row["ci_lower"] == pytest.approx(found["ci_lower"], rel=1e-12, abs=1e-14)
        assert row["ci_upper"] == pytest.approx(found["ci_upper"], rel=1e-12, abs=1e-14)


def test_every_verdict_follows_from_p_and_sign(fit):
    for alpha in (0.05, 1e-5):
        table = test_hypotheses(fit, f"{PAPER}\nH17: difference, +", alpha=alpha)
        small = table["p_value"] < alpha
        assert (table.loc[small, "verdict"] == "supported").all()
        assert (table.loc[~small, "verdict"] == "not supported").all()
        assert small.any()
        assert not small.all()


def test_only_supported_paths_are_main_or_auxiliary(fit):
    table = test_hypotheses(fit, PAPER, alpha=1e-5)
    supported = table["verdict"] == "supported"
    assert (table.loc[~supported, "strength"] == "").all()
    main = table.loc[supported, "std_all"] > 0.6
    assert (table.loc[supported, "strength"] == np.where(main, "main", "auxiliary")).all()
    assert set(table["strength"]) == {"main", "auxiliary", ""}
    low = test_hypotheses(fit, PAPER, main_path=0.0)
    assert set(low["strength"]) == {"main"}


def test_a_significant_estimate_of_the_wrong_sign_contradicts(fit):
    assert verdict(fit, "H7: B1 ~~ B4, +") == "supported"
    assert verdict(fit, "H7: B1 ~~ B4, -") == "contradicted"
    assert verdict(fit, "H7: B1 ~~ B4, !=0") == "supported"
    assert verdict(fit, "H7: B1 ~~ B4, ?") == "supported"


def test_a_negative_effect_supports_a_negative_hypothesis():
    s = pd.DataFrame([[1.0, -0.5], [-0.5, 1.0]], index=["x", "y"], columns=["x", "y"])
    fit = cs.sem("y ~ x", cov=s, n_obs=200)
    assert verdict(fit, "H1: y ~ x, -") == "supported"
    assert verdict(fit, "H1: y ~ x, +") == "contradicted"
    assert verdict(fit, "H1: y ~ x, !=0") == "supported"


def test_alpha_moves_the_verdict_and_the_interval(fit, paper):
    p = paper.set_index("id")["p_value"]
    close = p[(p > 1e-12) & (p < 0.05)].index[0]
    line = next(row for row in PAPER.splitlines() if row.startswith(f"{close}:"))
    strict = test_hypotheses(fit, line, alpha=p[close] * 0.99).iloc[0]
    assert strict["verdict"] == "not supported"
    # The interval of level 1 - alpha holds zero exactly where the test does not reject.
    assert strict["ci_lower"] < 0 < strict["ci_upper"]
    loose = test_hypotheses(fit, line, alpha=p[close] * 1.01).iloc[0]
    assert loose["verdict"] == "supported"
    assert loose["ci_lower"] > 0


def test_a_defined_parameter_can_be_tested(fit):
    row = test_hypotheses(fit, "H17: difference, !=0").iloc[0]
    found = exact(fit, "difference", ":=", "b3-b1")
    assert (row["est"], row["se"], row["p_value"]) == (found["est"], found["se"], found["p_value"])
    assert (row["path"], row["group"]) == ("difference", 0)


def test_a_loading_can_be_tested(fit):
    assert verdict(fit, "M1: B1 =~ C2, +") == "supported"


def test_a_covariance_has_no_direction(fit):
    one, other = (test_hypotheses(fit, f"H: {p}, +").iloc[0] for p in ("B1 ~~ B4", "B4 ~~ B1"))
    assert one["est"] == other["est"]
    assert (one["path"], other["path"]) == ("B1 ~~ B4", "B4 ~~ B1")


@pytest.mark.parametrize(
    "form",
    [
        "H1: A1 ~ B1, +\nH7: B1 ~~ B4, +",
        "# main\n\n  H1 :A1~B1,+   # first\nH7: B1 ~~ B4, +\n",
        "H1：A1 ～ B1，＋\nH7：B1～～B4，＋",
        "H1: A1 ← B1, +\r\nH7: B1 ↔ B4, +",
        ["H1: B1 -> A1, +", "H7: B1 <-> B4, +"],
        ["H1: A1 ~ B1, positive", Hypothesis("H7", "B1 ~~ B4", "+")],
        [
            {"id": "H1", "path": "A1 ~ B1", "expect": "+"},
            {"id": "H7", "path": "B1 ~~ B4", "expect": "+", "note": "not used"},
        ],
        pd.DataFrame({"expect": "+", "id": ["H1", "H7"], "path": ["A1 ~ B1", "B1 ~~ B4"]}),
    ],
)
def test_hypotheses_may_be_written_in_many_ways(form):
    assert parse_hypotheses(form) == (
        Hypothesis("H1", "A1 ~ B1", "+"),
        Hypothesis("H7", "B1 ~~ B4", "+"),
    )


def test_minus_signs_of_all_kinds_are_one():
    for sign in "-−–－":
        assert parse_hypotheses(f"H1: y ~ x, {sign}")[0].expect == "-"
    for sign in ("!=0", "!= 0", "！=0", "≠0", "?", "？", "nonzero"):
        assert parse_hypotheses(f"H1: y ~ x, {sign}")[0].expect == "!=0"


def test_names_may_be_in_any_script():
    assert str(parse_path("集群状况 ～ 服务组织")) == "集群状况 ~ 服务组织"
    assert str(parse_path("trust.t2 ~ trust_t1")) == "trust.t2 ~ trust_t1"


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("H1: A1 ~ B1, +\nA1 ~ B2, +", 2, 1, "no id"),
        ("H1: A1 ~ B1", 1, 12, "what is expected is missing"),
        ("H1: A1 ~ B1, up", 1, 14, "no expectation"),
        ("H1：A1 ～ ，＋", 1, 9, "name is missing"),
        ("H1: A1 ~ B1 + B2, +", 1, 13, "not the name of one variable"),
        ("H1: A1 ~ 2B, +", 1, 10, "not the name of one variable"),
        ("H1: A1 = B1, +", 1, 8, "not the name of one variable"),
        ("H1: , +", 1, 5, "name is missing"),
    ],
)
def test_a_mistake_is_shown_with_a_caret(text, line, column, reason):
    with pytest.raises(ModelSyntaxError, match=reason) as caught:
        parse_hypotheses(text)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    ("hypotheses", "message"),
    [
        ("H1: A1 ~ B1, +\nH1: A1 ~ B2, +", "two hypotheses are called H1: A1 ~ B1 and A1 ~ B2"),
        ("# nothing\n", "no hypothesis to test"),
        ([], "no hypothesis to test"),
        ([{"id": "H1", "path": "A1 ~ B1"}], "has no expect"),
        ([{"id": "", "path": "A1 ~ B1", "expect": "+"}], "has no id"),
        ([{"id": "H1", "path": "A1 ~ B1", "expect": "up"}], "H1 expects 'up'"),
        ("H1: B1 ~ A1, +", "H1 is about B1 ~ A1, .* it has A1 ~ B1 instead"),
        ("H1: A1 ~~ B1, +", "it has A1 ~ B1 instead"),
        ("H1: A1 ~ B4, +", "the nearest that it has: A1 ~ B1, A1 ~ B2, A1 ~ B3"),
        ("H1: A1 ~ B11, +", "no variable 'B11'; did you mean 'B1'"),
        ("H1: A1 ~ Trust, +", "no variable 'Trust'; it has B1, B2"),
        ("H1: diference, +", "did you mean 'difference'"),
        ("H1: total, +", "It defines difference"),
        ("H1: B1 =~ C3, +", "B1 =~ C3, which is not estimated but fixed at 1"),
    ],
)
def test_what_cannot_be_tested_is_refused(fit, hypotheses, message):
    with pytest.raises(ModelError, match=message):
        test_hypotheses(fit, hypotheses)


def test_a_covariates_moment_is_no_hypothesis():
    rng = np.random.default_rng(3)
    data = pd.DataFrame(rng.standard_normal((60, 3)), columns=["a", "b", "y"])
    with pytest.raises(ModelError, match="fixed_x=False"):
        test_hypotheses(cs.sem("y ~ a + b", data), "H1: a ~~ b, +")


def test_a_fit_that_did_not_converge_is_no_test(fit):
    stalled = replace(fit, status=status_of("stalled", 9, 1.0))
    with pytest.raises(EstimationError, match="no hypothesis can be tested"):
        test_hypotheses(stalled, PAPER)


def test_without_a_standard_error_nothing_is_tested(fit):
    blank = replace(fit, vcov_theta=np.full_like(fit.vcov_theta, np.nan))
    row = test_hypotheses(blank, "H1: A1 ~ B1, +").iloc[0]
    assert (row["verdict"], row["strength"]) == ("not tested", "")


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 5])
def test_alpha_is_a_level(fit, alpha):
    with pytest.raises(ModelError, match="no level"):
        test_hypotheses(fit, PAPER, alpha=alpha)


def test_every_group_has_its_row_and_a_defined_parameter_one_of_its_own():
    answers = pd.read_csv(DATA / "holzinger1939.csv")
    model = "f =~ x1 + x2 + x3; g =~ x4 + x5 + x6; g ~ c(a, b)*f; difference := a - b"
    fit = cs.sem(model, answers, group="school", estimator="MLR")
    found = cs.test_hypotheses(fit, "H1: g ~ f, +\nH2: difference, !=0")
    assert found[["id", "group"]].to_numpy().tolist() == [["H1", 1], ["H1", 2], ["H2", 0]]
    paths = fit.estimates.query("op == '~'")
    for column in ("est", "se", "z", "p_value"):
        assert found[column][:2].tolist() == paths[column].tolist(), column
    assert found["est"][2] == pytest.approx(found["est"][0] - found["est"][1])
