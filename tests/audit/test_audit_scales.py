"""One set of variances behind standardised and unstandardised values."""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from helpers.printed_tables import coefficient, findings, number, table

from clustersem.audit.feasible import MARGIN, common_slack, implied, irreducible, total_slack
from clustersem.audit.interval import Interval
from clustersem.audit.log_scales import Relation
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedConstruct, PrintedModel
from clustersem.audit.rules.scales import RULES


def relation(powers, lower, upper):
    at = tuple((("sd", name), power) for name, power in powers.items())
    return Relation(at, Interval(lower, upper), None, "")


TRIANGLE = [
    relation({"a": 1.0, "b": -1.0}, 0.1, 0.2),
    relation({"b": 1.0, "c": -1.0}, 0.1, 0.2),
    relation({"c": 1.0, "a": -1.0}, -0.3, -0.25),
    relation({"a": 1.0, "d": -1.0}, 5.0, 5.0),
]


def test_relations_that_can_all_hold():
    assert common_slack(TRIANGLE) == (pytest.approx(0.0, abs=1e-9), ())
    assert irreducible(TRIANGLE) == ()
    assert total_slack(TRIANGLE) == pytest.approx(0.0, abs=1e-9)
    assert common_slack([]) == (0.0, ())


def test_the_slack_and_the_few_that_disagree():
    off = [*TRIANGLE[:2], relation({"c": 1.0, "a": -1.0}, -0.05, -0.02), TRIANGLE[3]]
    slack, _ = common_slack(off)
    assert slack == pytest.approx((0.2 - 0.05) / 3)
    assert irreducible(off) == (0, 1, 2)
    left = implied([off[0], off[1]], off[2])
    assert left.lower == pytest.approx(-0.4, abs=1e-5)
    assert left.upper == pytest.approx(-0.2, abs=1e-5)
    assert math.isinf(implied([off[0]], off[2]).upper)


def test_bounds_that_just_touch_are_no_finding():
    touching = [*TRIANGLE[:2], relation({"c": 1.0, "a": -1.0}, -0.2, -0.1)]
    assert irreducible(touching) == ()
    by_a_hair = [*TRIANGLE[:2], relation({"c": 1.0, "a": -1.0}, -0.2 + 2 * MARGIN, -0.1)]
    assert irreducible(by_a_hair) == ()


def study(decimals=3, **changes):
    """Two outcomes, two causes each, all in one set of units but for what is changed."""
    sd = {"x1": 0.7, "x2": 1.9, "w1": 3.1, "w2": 0.4, "y": 1.2, "v": 2.2}
    own = {**sd, "y": 0.8 * sd["y"], "v": 0.9 * sd["v"]}
    told = [("y", "~", "x1", 0.31), ("y", "~", "x2", 0.22), ("v", "~", "w1", 0.41)]
    told += [("v", "~", "w2", -0.27), ("y", "~~", "v", 0.35)]
    told += [(x, "~~", w, 0.3) for x in ("x1", "x2") for w in ("w1", "w2")]
    rows = []
    for lhs, op, rhs, std in told:
        ratio = sd[lhs] / sd[rhs] if op == "~" else own[lhs] * own[rhs]
        name = f"{lhs} {op} {rhs}"
        factor = changes.get(name, 1.0)
        est = number(std * ratio * factor, decimals)
        rows.append(coefficient(lhs, op, rhs, est=est, std=number(std, decimals), id=name))
    return table(*rows)


@pytest.mark.parametrize("decimals", [2, 3, 4])
def test_one_set_of_units_holds(decimals):
    assert not list(findings(RULES, study(decimals)))


def test_one_row_in_other_units_is_among_the_few_named():
    (finding,) = findings(RULES, study(**{"x1 ~~ w2": 1.4}))
    assert "x1 ~~ w2" in finding.concerns
    assert len(finding.concerns) == 4
    assert "cannot all be right" in finding.sentence
    assert not finding.required.overlaps(Interval(*map(float, finding.printed.split(" to "))))


def test_a_disturbance_varies_at_most_as_its_variable():
    (finding,) = findings(RULES, study(**{"y ~~ v": 1.5}))
    assert "varies at most as" in finding.sentence
    # A disturbance may be anything where it goes with a cause.
    paper = study(**{"y ~~ v": 1.5})
    more = (coefficient("y", "~~", "x1", std="0.20"), coefficient("v", "~~", "w1", std="0.20"))
    assert not list(findings(RULES, replace(paper, coefficients=paper.coefficients + more)))


def test_a_disturbance_is_what_r_squared_leaves():
    def with_r_squared(text):
        share = tuple(
            PrintedConstruct(name, "Table 2", r_squared=Printed.read(share))
            for name, share in (("y", text), ("v", "0.190"))
        )
        return replace(study(), constructs=share)

    assert not list(findings(RULES, with_r_squared("0.360")))
    (finding,) = findings(RULES, with_r_squared("0.630"))
    assert "R2 of y is printed as 0.630" in finding.sentence


def test_items_of_one_construct_share_their_residual_with_the_loading():
    rows = [
        coefficient("f", "=~", "a", est="1.000", std="0.800"),
        coefficient("f", "=~", "b", est="0.500", std="0.600", se="0.05"),
        coefficient("a", "~~", "a", est="0.360", std="0.360", se="0.05"),
        coefficient("b", "~~", "b", est="0.284", std="0.640", se="0.05"),
    ]
    good = coefficient("a", "~~", "b", est="0.080", std="0.250", se="0.05")
    bad = coefficient("a", "~~", "b", est="0.060", std="0.250", se="0.05")
    assert not list(findings(RULES, table(*rows, good)))
    (finding,) = findings(RULES, table(*rows, bad))
    # LISREL divides by the items' standard deviations, not the residuals'.
    total = coefficient("a", "~~", "b", est="0.060", std="0.090", se="0.05")
    assert not list(findings(RULES, table(*rows, total)))
    assert "measures only f" in finding.sentence


def test_rows_of_two_models_and_of_two_groups_are_not_mixed():
    path = coefficient("y", "~", "x", est="0.50", std="0.50")
    other = coefficient("y", "~", "x", est="0.90", std="0.50")
    assert not list(findings(RULES, table(path, other)))
    models = (PrintedModel("first", ""), PrintedModel("second", ""))
    apart = replace(
        table(replace(path, model="first"), replace(other, model="second")), models=models
    )
    assert not list(findings(RULES, apart))


def test_a_value_that_rounds_to_nothing_says_nothing():
    rows = [coefficient("y", "~", "x", est="0.00", std="0.30")]
    rows += [coefficient("x", "~~", "x", est="4.00", std="1.00")]
    rows += [coefficient("y", "~~", "y", est="4.00", std="1.00")]
    assert not list(findings(RULES, table(*rows)))


@pytest.mark.parametrize("factor", [1e-6, 0.03, 17.0, 1e6])
def test_findings_do_not_depend_on_units(factor):
    def in_other_units(row):
        """The numbers as they are where x1 and x2 are multiplied."""
        if row.op == "~":
            power = -1 if row.rhs in ("x1", "x2") else 0
        else:
            power = sum(name in ("x1", "x2") for name in (row.lhs, row.rhs))
        return replace(row, est=Printed(row.est.text, row.est.interval * factor**power))

    for change in ({}, {"x1 ~~ w2": 1.4}, {"y ~~ v": 1.5}):
        paper = study(**change)
        moved = replace(paper, coefficients=tuple(map(in_other_units, paper.coefficients)))
        before, after = (list(findings(RULES, one)) for one in (paper, moved))
        assert [one.concerns for one in before] == [one.concerns for one in after]


def test_numbers_without_any_order_are_told_in_few_findings():
    rng = np.random.default_rng(11)
    names = [f"f{k}" for k in range(8)]
    rows = [
        coefficient(
            a, "~~", b, est=f"{rng.uniform(0.1, 3):.3f}", std=f"{rng.uniform(0.1, 0.9):.3f}"
        )
        for a, b in combinations(names, 2)
    ]
    found = list(findings(RULES, table(*rows)))
    # 28 rows of 8 unknowns: at most 20 have to be set aside.
    assert 10 <= len(found) <= 20
    for finding in found:
        assert "cannot all be right" in finding.sentence
        assert not any(sign in finding.sentence for sign in ("inf", "nan", "e+"))


def test_the_few_that_are_named_cannot_all_hold_and_any_but_one_can():
    (finding,) = findings(RULES, study(**{"x1 ~~ w2": 1.4}))
    paper = study(**{"x1 ~~ w2": 1.4})
    few = [row for row in paper.coefficients if row.id in finding.concerns]
    assert list(findings(RULES, table(*few)))
    for row in few:
        assert not list(findings(RULES, table(*(one for one in few if one is not row))))
