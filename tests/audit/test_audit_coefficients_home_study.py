"""The audit's rules of coefficients on the home study find all that its own rules find."""

import re
from collections import Counter

import pytest
from helpers.printed_tables import findings, home_study

from clustersem.audit.rules import (
    coefficients,
    confidence,
    effects,
    explained,
    scales,
    significance,
)
from clustersem.studies.cross_border import coefficient_rules
from clustersem.studies.cross_border.paper import published

ALL = tuple(
    rule
    for family in (coefficients, significance, confidence, scales, effects, explained)
    for rule in family.RULES
)


@pytest.fixture(scope="module")
def found():
    return list(findings(ALL, home_study()))


def test_what_is_found(found):
    assert Counter(finding.rule for finding in found) == {
        "critical ratio": 34,
        "p of C.R.": 1,
        "p of estimate / S.E.": 5,
        "one set of variances": 8,
    }


def test_every_critical_ratio_that_the_old_rule_finds(found):
    old = {f.place: f.required for f in coefficient_rules.critical_ratios(published())}
    new = {f.place: f.required for f in found if f.rule == "critical ratio"}
    assert new.keys() == old.keys()
    for place, required in old.items():
        assert new[place].lower == pytest.approx(required.lower, rel=1e-4)
        assert new[place].upper == pytest.approx(required.upper, rel=1e-4)


def test_every_p_value_that_the_old_rule_finds(found):
    old = Counter(f.place for f in coefficient_rules.significance(published()))
    assert Counter(f.place for f in found if f.rule.startswith("p of")) == old
    (h3,) = (f for f in found if f.rule == "p of C.R.")
    assert (h3.concerns, h3.required_text, h3.severity) == (("H3",), "0.006", "decisive")


def test_latent_scales_and_disturbances_that_the_old_rules_find(found):
    scale = [f for f in found if f.rule == "one set of variances"]
    concerned = {name for finding in scale for name in finding.concerns}
    ids = {row.path: row.id for row in published().paths}
    for old in coefficient_rules.latent_scales(published()):
        pair = re.findall(r"B\d", old.quantity)
        rows = {name for path, name in ids.items() if any(one in path for one in pair)}
        assert rows & concerned
    assert list(coefficient_rules.disturbance_scale(published()))
    assert any("H16" in f.concerns and "varies at most as" in f.sentence for f in scale)
    assert concerned == set(ids.values())


def test_sentences_are_fair(found):
    for finding in found:
        assert "cannot all be right" in finding.sentence
        assert finding.place
        assert finding.required_text
        assert finding.certainty == "impossible"


def test_what_hangs_on_the_ratios(found):
    decisive = {f.concerns for f in found if f.severity == "decisive"}
    assert decisive == {("H3",), ("H4",), ("H6",), ("H7",), ("H9",)}
