"""Everything that the home study's own rules find is found from the same numbers as records."""

from dataclasses import replace

import pytest
from helpers.printed_papers import home_paper, read

from clustersem.audit.finding import Finding, Held
from clustersem.audit.rules import alpha, claims, counts, factoring, matrices, reliability
from clustersem.studies.cross_border import text_rules
from clustersem.studies.cross_border.paper import published


@pytest.fixture(scope="module")
def paper():
    return home_paper()


def findings(rules, paper):
    return [one for rule in rules for one in rule.check(paper) if isinstance(one, Finding)]


def test_the_alphas_of_two_pairs(paper):
    old = list(text_rules.two_item_alphas(published()))
    new = findings(alpha.RULES, paper)
    assert [one.place for one in new] == [one.place for one in old]
    assert [one.printed for one in new] == ["0.839", "0.844"]
    for before, now in zip(old, new, strict=True):
        # The same largest alpha, to the slack of a printed number.
        assert now.required.upper == pytest.approx(before.required.upper, abs=1e-5)
        assert "cannot all be right" in now.sentence
        assert now.certainty == "implausible"
        assert now.concerns == ("reliability",)


def test_alpha_is_not_compared_where_a_residual_covariance_is_free(paper):
    places = [one.place for rule in alpha.RULES for one in rule.check(paper)]
    assert all("B3" not in place for place in places)


def test_explained_variance(paper):
    (old,) = text_rules.explained_variance(published())
    (new,) = findings(factoring.RULES, paper)
    assert (new.place, new.quantity, new.printed) == (old.place, old.quantity, old.printed)
    assert new.required.lower == pytest.approx(old.required.lower, abs=1e-3)
    assert new.certainty == "impossible"


def test_text_against_tables(paper):
    old = list(text_rules.text_against_tables(published()))
    new = findings(claims.RULES, paper)
    assert [one.printed for one in new] == [one.printed for one in old]
    assert [one.quantity for one in new] == [one.quantity for one in old]
    assert all("cannot both be right" in one.sentence for one in new)
    assert "42 of 42" in new[2].sentence
    assert "only CFI and NFI reach" in new[3].sentence


def test_nothing_else_of_these_families_is_found(paper):
    others = (*matrices.RULES, *reliability.RULES, *counts.RULES)
    assert findings(others, paper) == []
    assert sum(isinstance(one, Held) for rule in others for one in rule.check(paper)) == 13


def test_the_missing_correlations_have_values_and_zeros_would_not_do(paper):
    (held,) = matrices.positive_semidefinite(paper)
    assert held == Held("correlation matrix", "Table 7")
    within = [
        replace(paper.coefficients[-1], lhs=a, op="~~", rhs=b, std=read(0.0), place="Table 7")
        for a, b in (
            ("B1", "B2"),
            ("B1", "B3"),
            ("B2", "B3"),
            ("B4", "B5"),
            ("B4", "B6"),
            ("B5", "B6"),
        )
    ]
    (found,) = matrices.positive_semidefinite(
        replace(paper, coefficients=(*paper.coefficients, *within))
    )
    assert "No variables have these correlations" in found.sentence


def test_paths_join_the_completion(paper):
    (held,) = matrices.explained_by_correlated_causes(paper)
    assert isinstance(held, Held)
    # Three causes that each correlate .6 with three others cannot also explain 200 % of A1.
    steep = tuple(
        replace(row, std=read(0.99)) if row.lhs == "A1" and row.op == "~" else row
        for row in paper.coefficients
    )
    (found,) = matrices.explained_by_correlated_causes(replace(paper, coefficients=steep))
    assert found.certainty == "impossible"
    assert found.concerns == ("H1", "H3", "H2", "H4", "H6", "H5")
