"""R2 against paths and correlations."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from helpers.printed_tables import coefficient, findings, table

from clustersem.audit.implied_correlation import ImpliedCorrelations, quadratic
from clustersem.audit.interval import Interval
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedConstruct, PrintedCorrelation, PrintedModel
from clustersem.audit.rules.explained import RULES
from clustersem.audit.structure import structures
from clustersem.spec import build_spec, options_for

R2, DISTURBANCE = ([rule] for rule in RULES)


def paper(*rows, drawn=True, **r_squared):
    made = table(
        *rows,
        constructs=tuple(
            PrintedConstruct(name, "Table 2", r_squared=Printed.read(text))
            for name, text in r_squared.items()
        ),
    )
    if not drawn:
        return made
    spec = build_spec("\n".join(row.path for row in rows), options_for("sem"))
    return replace(made, models=(replace(made.models[0], spec=spec),))


def path(lhs, rhs, std):
    return coefficient(lhs, "~", rhs, std=std)


TWO = (path("y", "x", "0.300"), path("y", "w", "0.400"), coefficient("x", "~~", "w", std="0.500"))


def test_a_single_cause_explains_the_square():
    assert not list(findings(R2, paper(path("y", "x", "0.60"), y="0.36")))
    (finding,) = findings(R2, paper(path("y", "x", "0.60"), y="0.40"))
    assert "square of the only path" in finding.sentence
    assert finding.certainty == "impossible"
    (finding,) = findings(R2, paper(path("y", "x", "0.60"), y="0.40", drawn=False))
    assert finding.certainty == "implausible"


def test_several_causes_explain_the_quadratic_form():
    assert not list(findings(R2, paper(*TWO, y="0.370")))
    (finding,) = findings(R2, paper(*TWO, y="0.307"))
    assert finding.required.lower == pytest.approx(0.37, abs=2e-3)
    assert finding.required.upper == pytest.approx(0.37, abs=2e-3)


def test_correlations_that_are_not_printed_may_be_anything():
    for text in ("0.02", "0.25", "0.48"):
        assert not list(findings(R2, paper(*TWO[:2], y=text)))
    assert list(findings(R2, paper(*TWO[:2], y="0.55")))


def test_r_squared_is_a_share():
    (finding,) = findings(R2, paper(coefficient("f", "=~", "x", std="0.6"), f="1.02"))
    assert finding.required_text == "at most 1"
    assert not list(findings(R2, paper(coefficient("f", "=~", "x", std="0.6"), f="1.00")))


def test_more_than_all_of_the_variance():
    rows = (path("y", "x", "0.90"), path("y", "w", "0.80"), coefficient("x", "~~", "w", std="0.5"))
    (finding,) = findings(R2, paper(*rows))
    assert "more than all of it" in finding.sentence


def test_correlations_of_a_table_count_where_both_models_imply_the_same():
    r = (PrintedCorrelation("x", "w", "Table 4", Printed.read("0.500")),)
    saturated = replace(paper(*TWO[:2], y="0.307"), correlations=r)
    (finding,) = findings(R2, saturated)
    assert "another model" in finding.sentence
    two_models = replace(saturated, models=(PrintedModel("first", ""), *saturated.models))
    assert not list(findings(R2, two_models))
    named = replace(two_models, correlations=(replace(r[0], matrix="final"),))
    assert len(list(findings(R2, named))) == 1
    rows = (*TWO[:2], path("v", "y", "0.5"))  # v is not joined with x and w
    assert not list(findings(R2, replace(paper(*rows, y="0.307"), correlations=r)))


def test_correlations_of_outcomes_follow_from_their_causes():
    rows = (path("m", "x", "0.5"), path("y", "m", "0.4"), path("y", "x", "0.2"))
    (structure,) = structures(paper(*rows))
    found = ImpliedCorrelations(structure, {})
    assert 0.5 in found.between("m", "x")
    assert 0.4 in found.between("y", "x")
    assert found.between("y", "m").width < 0.2  # one decimal of each path
    assert not list(findings(R2, paper(*rows, y="0.28")))
    assert list(findings(R2, paper(*rows, y="0.45")))


def test_the_quadratic_form_is_within_its_bounds_and_they_are_tight():
    rng = np.random.default_rng(8)
    for _ in range(20):
        b, half = rng.normal(scale=0.4, size=3), 0.0005
        root = rng.normal(size=(3, 6))
        c = root @ root.T
        r = c / np.sqrt(np.outer(c.diagonal(), c.diagonal()))
        values = tuple(Interval(x - half, x + half) for x in b)
        at = {(i, j): Interval(r[i, j] - half, r[i, j] + half) for i in range(3) for j in range(i)}
        bounds = quadratic(values, {(j, i): value for (i, j), value in at.items()})
        reached = [
            (b + half * np.array(d)) @ r @ (b + half * np.array(d))
            for d in product((-1.0, 0.0, 1.0), repeat=3)
        ]
        assert bounds.lower <= min(reached)
        assert max(reached) <= bounds.upper
        # The correlations move it by at most 2 half |b_i b_j| a pair more.
        pairs = 2 * half * sum(abs(b[i] * b[j]) for i in range(3) for j in range(i))
        assert bounds.width < max(reached) - min(reached) + 2 * pairs + 60 * half**2


def test_what_is_explained_and_the_disturbance_add_to_one():
    own = coefficient("y", "~~", "y", est="1.2", std="0.640")
    assert not list(findings(DISTURBANCE, paper(path("y", "x", "0.600"), own, y="0.360")))
    (finding,) = findings(DISTURBANCE, paper(path("y", "x", "0.600"), own, y="0.640"))
    assert finding.required_text == "0.359 to 0.361"


def test_correlations_with_the_outcome_say_what_is_explained():
    r = tuple(
        PrintedCorrelation(cause, "y", "Table 4", Printed.read(text))
        for cause, text in (("x", "0.500"), ("w", "0.550"))
    )
    # R2 = .3 x .5 + .4 x .55, though the causes' own correlation is not printed.
    assert not list(findings(R2, replace(paper(*TWO[:2], y="0.370"), correlations=r)))
    assert list(findings(R2, replace(paper(*TWO[:2], y="0.307"), correlations=r)))


def test_r_squared_of_one_of_several_unnamed_models_belongs_to_none():
    rows = (replace(path("y", "x", "0.60"), model="a"), replace(path("y", "x", "0.20"), model="b"))
    assert not list(findings(R2, replace(paper(*rows, y="0.50", drawn=False), models=())))
