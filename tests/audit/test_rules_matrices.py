"""Rules of correlations one by one and as matrices."""

import numpy as np
import pytest
from helpers.printed_papers import read

from clustersem.audit.finding import Finding, Held
from clustersem.audit.printed import Printed
from clustersem.audit.published import (
    PrintedCoefficient,
    PrintedConstruct,
    PrintedCorrelation,
    PrintedModel,
    Published,
)
from clustersem.audit.rules.matrices import (
    RULES,
    correlation_bounds,
    explained_by_correlated_causes,
    positive_semidefinite,
)
from clustersem.spec import build_spec, options_for


def table(cells, *, kind="scores", matrix="Table 2"):
    return Published(
        correlations=tuple(
            PrintedCorrelation(a, b, f"Table 2, {a} with {b}", Printed.read(text), kind, matrix)
            for a, b, text in cells
        )
    )


def only(outcomes):
    (one,) = outcomes
    return one


def test_every_rule_names_its_reference():
    for rule in RULES:
        assert "doi:10." in rule.reference
        assert rule.needs
        assert rule.statement.endswith(".")


@pytest.mark.parametrize(("text", "bad"), [("1.01", True), ("-1.2", True), ("1.00", False),
                                           ("1", False), ("0.3", False)])  # fmt: skip
def test_a_correlation_is_at_most_one(text, bad):
    found = only(correlation_bounds(table([("A", "B", text)])))
    assert isinstance(found, Finding) is bad
    if bad:
        assert found.certainty == "impossible"
        latent = only(correlation_bounds(table([("A", "B", text)], kind="latent")))
        assert latent.certainty == "implausible"
        assert "inadmissible" in latent.sentence


def test_three_correlations_of_no_variables():
    found = only(positive_semidefinite(table(
        [("A", "B", ".90"), ("A", "C", ".90"), ("B", "C", ".50"), ("A", "D", ".10")]
    )))  # fmt: skip
    assert found.place == "Table 2"
    assert "A with B .90, A with C .90, B with C .50" in found.sentence
    assert "D" not in found.printed  # which has no part in it
    assert "pairwise deletion" in found.sentence
    assert "cannot all be right" in found.sentence


def test_a_gap_can_be_filled_or_not():
    chain = [("A", "B", ".90"), ("B", "C", ".90"), ("A", "D", ".90")]
    assert only(positive_semidefinite(table(chain))) == Held("correlation matrix", "Table 2")
    # C and D must both be near A and B, so they cannot be opposed; A with C is not printed.
    found = only(positive_semidefinite(table([*chain, ("C", "D", "-.90")])))
    assert "whatever the 2 that are not printed" in found.sentence


def test_the_edge_of_rounding():
    # B with C is at least 2 (.895)^2 - 1 = .602 where A with both is .895 or more.
    cells = [("A", "B", ".90"), ("A", "C", ".90")]
    assert isinstance(only(positive_semidefinite(table([*cells, ("B", "C", ".600")]))), Finding)
    assert isinstance(only(positive_semidefinite(table([*cells, ("B", "C", ".602")]))), Held)


def test_tables_are_not_mixed():
    one = table([("A", "B", ".90"), ("A", "C", ".90")], matrix="Table 2").correlations
    other = table([("B", "C", ".10")], matrix="Table 3").correlations
    assert all(
        isinstance(outcome, Held)
        for outcome in positive_semidefinite(Published(correlations=one + other))
    )
    twice = table([("A", "B", ".90"), ("B", "A", ".10")])
    assert list(positive_semidefinite(twice)) == []


def test_a_correlation_beyond_one_is_said_once():
    paper = table([("A", "B", "1.20"), ("A", "C", ".20"), ("B", "C", ".20")])
    assert list(positive_semidefinite(paper)) == []


def model_paper(b1, b2, r, *, r_squared=None, text="Y ~ A + B\nA ~~ B", drawn=True):
    spec = build_spec(text, options_for("sem")) if drawn else None
    rows = (
        PrintedCoefficient("Y", "~", "A", "Table 1, A", id="H1", std=Printed.read(b1)),
        PrintedCoefficient("Y", "~", "B", "Table 1, B", id="H2", std=Printed.read(b2)),
        PrintedCoefficient("A", "~~", "B", "Table 1, AB", std=Printed.read(r)),
    )
    constructs = ()
    if r_squared is not None:
        constructs = (PrintedConstruct("Y", "Table 1", r_squared=Printed.read(r_squared)),)
    return Published(
        models=(PrintedModel("final", "Table 1", spec=spec),),
        coefficients=rows,
        constructs=constructs,
    )


@pytest.mark.parametrize(("b1", "b2", "r", "r2", "bad"), [
    (".60", ".60", ".50", None, True),  # 1.08
    (".60", ".60", ".20", None, False),  # .864
    (".60", ".60", ".20", ".86", False),
    (".60", ".60", ".20", ".88", False),  # .846 to .882 by the roundings of all three
    (".60", ".60", ".20", ".92", True),
    (".60", "-.60", ".20", ".58", False),
])  # fmt: skip
def test_paths_and_correlations_explain_what_is_printed(b1, b2, r, r2, bad):
    found = only(explained_by_correlated_causes(model_paper(b1, b2, r, r_squared=r2)))
    assert isinstance(found, Finding) is bad
    if bad:
        assert found.concerns == ("H1", "H2")
        assert found.certainty == "impossible"


def test_without_the_model_another_cause_may_have_been_left_out():
    paper = model_paper(".60", ".60", ".50", drawn=False)
    found = only(explained_by_correlated_causes(paper))
    assert found.certainty == "implausible"
    assert "leaves out" in found.sentence
    more = "Y ~ A + B + C\nA ~~ B"
    assert list(explained_by_correlated_causes(model_paper(".60", ".60", ".50", text=more))) == []


def test_disturbances_are_not_outcomes():
    rows = (
        PrintedCoefficient("Y1", "~", "A", "T", std=read(0.9)),
        PrintedCoefficient("Y2", "~", "A", "T", std=read(0.9)),
        PrintedCoefficient("Y1", "~~", "Y2", "T", std=read(-0.9)),
        PrintedCoefficient("A", "~~", "B", "T", std=read(0.9)),
    )
    assert list(positive_semidefinite(Published(coefficients=rows))) == []


@pytest.mark.parametrize("decimals", [1, 2, 3, 4])
def test_correlations_of_answers_are_never_refused(decimals):
    rng = np.random.default_rng(decimals)
    for p in (3, 8, 15):
        # As many answers as items make the matrix singular, and its roundings indefinite.
        for n in (p, 200):
            correlation = np.corrcoef(rng.integers(1, 6, size=(n, p)), rowvar=False)
            cells = [
                (f"x{i:02d}", f"x{j:02d}", f"{correlation[i, j]:.{decimals}f}")
                for i in range(p)
                for j in range(i)
                if np.isfinite(correlation[i, j])
            ]
            outcomes = [one for rule in RULES for one in rule.check(table(cells))]
            assert all(isinstance(one, Held) for one in outcomes)
