"""p-values, stars and verdicts against the tests that they are made of."""

import pytest
from helpers.printed_tables import coefficient, findings, stars, table

from clustersem.audit.finding import Held
from clustersem.audit.rules.significance import RULES

BY_RATIO, BY_PARTS, VERDICT = ([rule] for rule in RULES)


def path(rhs="x", **printed):
    return coefficient("y", "~", rhs, **printed)


@pytest.mark.parametrize(
    ("cr", "p"),
    [("1.96", "0.050"), ("2.762", "0.006"), ("-2.762", "0.006"), ("0.00", "1.000"), ("5.1", "***")],
)
def test_p_of_a_ratio_holds(cr, p):
    p = stars(0.0001) if p == "***" else p
    assert list(BY_RATIO[0].check(table(path(cr=cr, p=p)))) == [Held("p of C.R.", "Table 1, y ~ x")]


def test_stars_that_the_ratio_does_not_give():
    row = path(cr="2.762", est="0.105", se="0.062", p=stars(0.0001), id="H3")
    (by_ratio,) = findings(BY_RATIO, table(row))
    (by_parts,) = findings(BY_PARTS, table(row))
    assert by_ratio.required_text == "0.006"
    assert 0.08 < by_parts.required.lower < by_parts.required.upper < 0.10
    assert "*** (p < 0.001)" in by_ratio.sentence
    assert by_ratio.severity == by_parts.severity == "decisive"


def test_a_p_that_the_parts_give_is_not_told_twice():
    row = path(cr="2.00", est="0.20", se="0.10", p="0.400")
    assert len(list(findings(RULES, table(row)))) == 1


def test_the_t_distribution_counts_by_the_sample():
    row = path(cr="2.00", p="0.060")
    assert not list(findings(BY_RATIO, table(row, n=20)))
    assert list(findings(BY_RATIO, table(row, n=2000)))


def test_a_one_sided_p_is_only_right_where_it_is_said():
    row = path(cr="1.80", p="0.036")
    (finding,) = findings(BY_RATIO, table(row))
    assert finding.certainty == "implausible"
    assert "one-sided" in finding.sentence
    assert not list(findings(BY_RATIO, table(row, notes=("All tests are one-tailed.",))))


def test_p_beside_a_bootstrap_interval_may_be_of_the_bootstrap():
    row = path(est="0.20", se="0.10", p="0.100", ci_lower="-0.05", ci_upper="0.31")
    (finding,) = findings(BY_PARTS, table(row))
    assert finding.certainty == "implausible"


@pytest.mark.parametrize(
    ("numbers", "supported"),
    [
        ({"est": "0.20", "p": "0.030", "expect": "+"}, True),
        ({"est": "0.20", "p": "0.080", "expect": "+"}, True),  # a level of .10 is some papers'
        ({"est": "-0.20", "p": "0.001", "expect": "+"}, False),
        ({"est": "0.20", "p": "0.030", "expect": "+"}, False),  # a level of .01
        ({"est": "0.20", "p": "0.0001", "expect": ""}, False),  # its sign is not known
    ],
)
def test_verdicts_that_some_level_gives(numbers, supported):
    assert not list(findings(VERDICT, table(path(**numbers, supported=supported))))


@pytest.mark.parametrize(
    ("numbers", "supported", "why"),
    [
        ({"est": "-0.20", "p": "0.001", "expect": "+"}, True, "expects the sign +"),
        ({"est": "0.20", "p": "0.300", "expect": "+"}, True, "above every usual level"),
        ({"est": "0.20", "se": "0.20", "expect": "+"}, True, "above every usual level"),
        ({"est": "0.20", "p": "0.0001", "expect": "+"}, False, "below every usual level"),
    ],
)
def test_verdicts_that_no_level_gives(numbers, supported, why):
    (finding,) = findings(VERDICT, table(path(**numbers, supported=supported, id="H1")))
    assert why in finding.sentence
    assert (finding.severity, finding.concerns) == ("decisive", ("H1",))


def test_one_level_for_all_hypotheses():
    one = path("x", est="0.20", p="0.040", supported=True, expect="+", id="H1")
    other = path("w", est="0.20", p="0.010", supported=False, expect="+", id="H2")
    (finding,) = findings(VERDICT, table(one, other))
    assert finding.concerns == ("H2",)
