"""Indirect and total effects against their paths."""

import pytest
from helpers.printed_tables import coefficient, findings, table

from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedEffect, PrintedModel
from clustersem.audit.rules.effects import RULES
from clustersem.spec import build_spec, options_for

PRODUCT, SUM, TOTAL = ([rule] for rule in RULES)
PATHS = (
    coefficient("m", "~", "x", est="0.50", std="0.40"),
    coefficient("y", "~", "m", est="0.30", std="0.20"),
    coefficient("k", "~", "x", est="-0.20", std="-0.10"),
    coefficient("y", "~", "k", est="0.60", std="0.50"),
    coefficient("y", "~", "x", est="0.10", std="0.07"),
)


def effect(kind, *steps, **numbers):
    printed = {name: Printed.read(value) for name, value in numbers.items()}
    return PrintedEffect(steps, kind, f"Table 5, {kind}", "H7", **printed)


def found(rules, *effects, rows=PATHS, **parts):
    return list(findings(rules, table(*rows, effects=effects, **parts)))


@pytest.mark.parametrize("est", ["0.15", "0.150", "0.151", "0.1525"])
def test_a_product_within_rounding_holds(est):
    assert not found(PRODUCT, effect("indirect", "x", "m", "y", est=est))


def test_a_wrong_product():
    (finding,) = found(PRODUCT, effect("indirect", "x", "m", "y", est="0.15", std="0.80"))
    assert finding.quantity == "standardised indirect effect"
    assert "0.40 x 0.20" in finding.sentence
    assert (finding.certainty, finding.concerns) == ("impossible", ("H7",))


def test_a_wrong_sign_is_decisive():
    (finding,) = found(PRODUCT, effect("indirect", "x", "k", "y", est="0.12"))
    assert finding.severity == "decisive"


def test_a_product_of_paths_that_are_not_printed_is_not_checked():
    assert not found(PRODUCT, effect("indirect", "x", "z", "y", est="0.90"))


def test_the_sum_over_all_routes():
    assert not found(SUM, effect("total_indirect", "x", "y", est="0.03"))
    assert not found(SUM, effect("total", "x", "y", est="0.13", std="0.10"))
    (finding,) = found(SUM, effect("total_indirect", "x", "y", est="0.15"))
    assert finding.certainty == "implausible"  # there may be routes that are not printed
    text = "\n".join(row.path for row in PATHS)
    drawn = PrintedModel("final", "Table 1", spec=build_spec(text, options_for("sem")))
    paper = table(*PATHS, effects=(effect("total", "x", "y", est="0.25"),))
    (finding,) = findings(SUM, type(paper)(**{**vars(paper), "models": (drawn,)}))
    assert finding.certainty == "impossible"


def test_a_loop_has_no_such_sum():
    loop = (*PATHS, coefficient("m", "~", "y", est="0.10", std="0.10"))
    assert not found(SUM, effect("total", "x", "y", est="0.90"), rows=loop)


def test_total_is_direct_and_indirect():
    parts = effect("total_indirect", "x", "y", est="0.03")
    assert not found(TOTAL, parts, effect("total", "x", "y", est="0.13"))
    (finding,) = found(TOTAL, parts, effect("total", "x", "y", est="0.18"))
    assert "0.10 + 0.03" in finding.sentence
