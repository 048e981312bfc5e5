"""Critical ratios, signs, bounds and markers: held, contradicted, and at the edge."""

import pytest
from helpers.printed_tables import coefficient, findings, table

from clustersem.audit.finding import Held
from clustersem.audit.interval import Interval
from clustersem.audit.ratio import critical_ratio, p_text, stars, two_sided_p
from clustersem.audit.rules.coefficients import RULES

RATIO, SIGN, BOUNDS, MARKER = ([rule] for rule in RULES)


def path(**printed):
    return coefficient("y", "~", "x", **printed)


def outcomes(rules, paper):
    return [outcome for rule in rules for outcome in rule.check(paper)]


@pytest.mark.parametrize("cr", ["2.32", "2.33", "2.296", "2.35", "2.3"])
def test_a_ratio_within_rounding_holds(cr):
    # 0.144 / 0.062: the ratio is anywhere between 2.296 and 2.350.
    assert outcomes(RATIO, table(path(est="0.144", se="0.062", cr=cr))) == [
        Held("critical ratio", "Table 1, y ~ x")
    ]


def test_a_wrong_ratio_is_told_with_what_it_would_be_and_what_hangs_on_it():
    row = path(est="0.105", se="0.062", cr="2.762", id="H3")
    (finding,) = findings(RATIO, table(row))
    assert (finding.printed, finding.required_text) == ("2.762", "1.672 to 1.715")
    assert "these three cannot all be right" in finding.sentence
    assert "p = 0.086 to 0.095" in finding.sentence
    assert (finding.severity, finding.concerns) == ("decisive", ("H3",))


def test_a_wrong_ratio_that_changes_no_star_is_not_decisive():
    (finding,) = findings(RATIO, table(path(est="0.884", se="0.052", cr="10.483", id="H1")))
    assert finding.severity == "serious"
    loading = coefficient("f", "=~", "x", est="0.884", se="0.052", cr="10.483")
    (finding,) = findings(RATIO, table(loading))
    assert (finding.severity, finding.concerns) == ("minor", ("validity",))
    close = coefficient("f", "=~", "x", est="2.2639", se="0.5327", cr="4.2459")
    (finding,) = findings(RATIO, table(close))
    assert "is 4.249 to 4.250, not 4.2459" in finding.sentence


def test_an_error_that_rounds_to_nothing_leaves_the_ratio_open():
    assert critical_ratio(Interval(0.015, 0.025), Interval(-0.005, 0.005)) == Interval(3.0, 1e999)
    assert critical_ratio(Interval(-0.025, -0.015), Interval(0.0, 0.005)) == Interval(-1e999, -3.0)
    assert critical_ratio(Interval(-0.005, 0.005), Interval(-0.005, 0.005)).width == float("inf")
    assert critical_ratio(Interval(1.0, 1.0), Interval(-2.0, -1.0)) is None
    assert not list(findings(RATIO, table(path(est="0.02", se="0.00", cr="5.61"))))
    (finding,) = findings(RATIO, table(path(est="0.02", se="0.00", cr="2.50")))
    assert finding.required_text == "at least 3.00"


def test_fixed_rows_have_no_ratio_whatever_the_program_prints_there():
    mplus = coefficient("f", "=~", "x", est="1.000", se="0.000", cr="999.000", p="999.000")
    assert outcomes(RATIO, table(mplus)) == []
    assert not list(findings(RULES, table(mplus, path(est="0.2", se="0.1", cr="2.0"))))


def test_errors_of_the_standardised_estimates_are_a_convention_of_a_whole_table():
    rows = [
        coefficient("y", "~", f"x{k}", est=f"{k}.000", std=f"0.{k}00", se="0.050", cr=f"{2 * k}.0")
        for k in range(1, 5)
    ]
    assert not list(findings(RATIO, table(*rows)))
    odd = coefficient("y", "~", "z", est="2.000", std="0.200", se="0.050", cr="40.0")
    assert len(list(findings(RATIO, table(*rows, odd)))) == 4


def test_the_absolute_ratio_is_a_convention_unless_the_table_prints_negative_ones():
    row = path(est="-0.30", se="0.10", cr="3.00")
    other = coefficient("y", "~", "w", est="-0.20", se="0.10", cr="-2.00")
    assert not list(findings(RULES, table(row)))
    (finding,) = findings(RULES, table(row, other))
    assert (finding.rule, finding.printed) == ("sign", "-0.30, 3.00")


def test_estimate_and_standardised_estimate_have_one_sign():
    (finding,) = findings(SIGN, table(path(est="0.30", std="-0.21", expect="+", id="H1")))
    assert finding.severity == "decisive"
    assert not list(findings(SIGN, table(path(est="0.00", std="-0.21"))))
    assert list(findings(SIGN, table(path(est="0.30", cr="-2.00"))))


def test_only_correlations_are_bounded_by_one():
    loading = coefficient("f", "=~", "x", std="1.02")
    (finding,) = findings(BOUNDS, table(loading))
    assert finding.certainty == "implausible"
    assert "Heywood" in finding.sentence
    both = coefficient("g", "=~", "x", std="0.40")
    assert not list(findings(BOUNDS, table(loading, both)))
    assert not list(findings(BOUNDS, table(path(std="1.30"))))
    assert list(findings(BOUNDS, table(coefficient("a", "~~", "b", std="-1.04"))))
    assert not list(findings(BOUNDS, table(coefficient("a", "~~", "b", std="-1.00"))))
    assert list(findings(BOUNDS, table(path(se="-0.10"))))


def test_a_marker_has_no_test():
    free = coefficient("f", "=~", "y", est="0.8", se="0.1", cr="8.0")
    assert list(findings(MARKER, table(coefficient("f", "=~", "x", est="1.000"), free))) == []
    tested = coefficient("f", "=~", "x", est="1.000", cr="12.3")
    (finding,) = findings(MARKER, table(tested, free))
    assert finding.certainty == "implausible"
    # Without a column of standard errors a loading may well be estimated as 1.000.
    assert not list(findings(MARKER, table(tested, coefficient("f", "=~", "y", est="0.8"))))


def test_p_values_of_t_and_normal_are_both_allowed():
    p = two_sided_p(Interval.exact(2.0), 60)
    assert p.lower == pytest.approx(0.045500, abs=1e-6)  # normal
    assert p.upper == pytest.approx(0.050033, abs=1e-6)  # t, 60 degrees of freedom
    assert two_sided_p(Interval(-1.0, 1e999), 60) == Interval(0.0, 1.0)
    assert stars(Interval(0.0, 0.001)) == {3}
    assert stars(Interval(0.04, 0.06)) == {0, 1}
    assert [p_text(Interval(0.0, 0.05)), p_text(Interval(0.0058, 0.0061))] == ["< 0.05", "= 0.006"]


def test_every_rule_says_what_it_is_and_where_from():
    for rule in RULES:
        assert rule.statement
        assert rule.needs
        assert "doi:10." in rule.reference
