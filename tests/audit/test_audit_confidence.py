"""Intervals of estimate and standard error, and those of a bootstrap."""

import pytest
from helpers.printed_tables import coefficient, findings, table

from clustersem.audit.rules.confidence import RULES


def row(k, ends, est="0.300", se="0.100"):
    return coefficient("y", "~", f"x{k}", est=est, se=se, ci_lower=ends[0], ci_upper=ends[1])


WALD = ("0.104", "0.496")


def test_an_interval_of_the_formula_holds():
    assert not list(findings(RULES, table(*(row(k, WALD) for k in range(4)))))


@pytest.mark.parametrize("ends", [("0.104", "0.469"), ("0.140", "0.496"), ("0.136", "0.464")])
def test_among_intervals_of_the_formula_another_one_is_told(ends):
    (finding,) = findings(RULES, table(*(row(k, WALD) for k in range(4)), row(9, ends)))
    assert finding.printed == f"[{ends[0]}, {ends[1]}]"
    assert "0.10" in finding.required_text
    assert finding.certainty == "impossible"


def test_bootstrap_intervals_follow_no_formula():
    ends = [("0.121", "0.530"), ("0.098", "0.474"), ("0.110", "0.505"), ("0.104", "0.496")]
    assert not list(findings(RULES, table(*(row(k, pair) for k, pair in enumerate(ends)))))


def test_a_single_symmetric_interval_counts_where_it_is_far_off():
    assert not list(findings(RULES, table(row(1, ("0.120", "0.480")))))
    (finding,) = findings(RULES, table(row(1, ("0.250", "0.350"))))
    assert finding.certainty == "implausible"


def test_ends_in_the_wrong_order():
    (finding,) = findings(RULES, table(row(1, ("0.496", "0.104"))))
    assert "lower end is above" in finding.sentence


def test_coarse_digits_show_no_formula():
    rows = [row(k, ("0.10", "0.50"), "0.30", "0.10") for k in range(5)]
    assert not list(findings(RULES, table(*rows, row(9, ("0.12", "0.48"), "0.30", "0.10"))))
