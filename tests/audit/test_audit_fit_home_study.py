"""The rules of fit find in the home study what its own rules found, and more."""

from collections import Counter

import pytest
from helpers.printed_fits import home_study

from clustersem.audit.finding import Finding
from clustersem.audit.rules import absolute, chisquare, drawn, incremental, information, nested
from clustersem.studies.cross_border import fit_rules
from clustersem.studies.cross_border.paper import published

FAMILIES = (chisquare, incremental, absolute, information, nested, drawn)


@pytest.fixture(scope="module")
def found():
    paper = home_study()
    outcomes = [out for family in FAMILIES for rule in family.RULES for out in rule.check(paper)]
    return [out for out in outcomes if isinstance(out, Finding)]


def test_what_is_found(found):
    assert Counter(finding.rule for finding in found) == {
        "rmsea": 1,
        "incremental fit": 4,
        "one null model": 1,
        "parsimony": 2,
        "parsimony of two models": 1,
        "gfi and chi2": 1,
    }


def test_all_that_the_studys_own_rules_find_is_found_with_the_same_interval(found):
    own = [
        finding
        for rule in (
            fit_rules.rmsea,
            fit_rules.incremental_indices,
            fit_rules.null_model,
            fit_rules.degrees_of_freedom,
        )
        for finding in rule(published())
    ]
    assert len(own) == 9
    for old in own:
        matching = [
            new
            for new in found
            if (new.quantity, new.printed, new.place) == (old.quantity, old.printed, old.place)
            # IFI holds NFI twice, which the study's own interval does not know: it is wider.
            and old.required.lower - 2e-5 <= new.required.lower
            and new.required.upper <= old.required.upper + 2e-5
        ]
        assert len(matching) == 1, old


def test_rmsea_is_060(found):
    (finding,) = (f for f in found if f.rule == "rmsea")
    assert (finding.printed, finding.required_text) == ("0.093", "0.060")


def test_the_initial_gfi_is_too_low_for_its_chi2(found):
    (finding,) = (f for f in found if f.rule == "gfi and chi2")
    assert finding.printed == "0.529"
    assert finding.required.lower == pytest.approx(0.594, abs=1e-3)
    assert finding.certainty == "implausible"


def test_ifi_of_the_initial_model_would_have_met_the_standard(found):
    decisive = [(f.place, f.quantity) for f in found if f.severity == "decisive"]
    assert decisive == [("section 4.2, initial model", "IFI")]


def test_every_sentence_is_fair(found):
    for finding in found:
        assert "cannot all be right" in finding.sentence
        assert finding.printed in finding.sentence
