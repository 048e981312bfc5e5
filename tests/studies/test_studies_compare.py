"""Verdicts follow from the printed digits; reasons come from the audit."""

from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest

from clustersem.audit.printed import Printed
from clustersem.studies.cross_border.compare import (
    AGREES,
    DIFFERS,
    NEAR,
    Comparison,
    compare_fit,
    compare_loadings,
    compare_paths,
    compare_sample,
    compare_scale,
    comparison_frame,
    reasons,
)
from clustersem.studies.cross_border.paper import contradictions, loadings, paths, published, value


@pytest.mark.parametrize(
    ("reproduced", "verdict"),
    [(0.2394999, AGREES), (0.2385, AGREES), (0.2396, NEAR), (0.2589, NEAR), (0.2591, DIFFERS)],
)
def test_verdicts(reproduced, verdict):
    assert Comparison("Table 7", "H1", Printed.read("0.239"), reproduced).verdict == verdict


def test_a_reason_replaces_differs_only():
    printed = Printed.read("0.093")
    far = Comparison("Table 6", "RMSEA", printed, 0.060, because="the reason")
    assert far.verdict == "cannot agree: the reason"
    assert Comparison("Table 6", "RMSEA", printed, 0.0931, because="the reason").verdict == AGREES
    assert far.difference == pytest.approx(-0.033)


def perfect_estimates(paper):
    rows = [
        (r.lhs, r.op, r.rhs, *(number and number.value for number in (r.std, r.est, r.se, r.cr)))
        for r in (*paths(paper), *loadings(paper))
    ]
    return pd.DataFrame(rows, columns=["lhs", "op", "rhs", "std_all", "est", "se", "z"])


def test_estimates_equal_to_the_printed_ones_agree_everywhere():
    paper = published()
    estimates = perfect_estimates(paper)
    frame = comparison_frame(
        [*compare_paths(estimates, paper), *compare_loadings(estimates, paper)]
    )
    assert len(frame) == 16 * 4 + 26 + 18 * 3
    assert set(frame["verdict"]) == {AGREES}
    assert frame["quantity"].iloc[0] == "H1: A1 ~ B1"


def test_covariances_are_found_whichever_side_is_named_first():
    paper = published()
    estimates = perfect_estimates(paper)
    swapped = estimates["op"] == "~~"
    estimates.loc[swapped, ["lhs", "rhs"]] = estimates.loc[swapped, ["rhs", "lhs"]].to_numpy()
    assert {row.verdict for row in compare_paths(estimates, paper)} == {AGREES}


def test_impossible_numbers_carry_their_reason():
    paper, because = published(), reasons(contradictions().findings)
    estimates = perfect_estimates(paper).assign(
        se=lambda f: f["se"] * 3, z=lambda f: f["z"] * 3, est=lambda f: f["est"] * 3
    )
    frame = comparison_frame(
        [*compare_paths(estimates, paper, because), *compare_loadings(estimates, paper, because)]
    ).set_index(["table", "quantity"])["verdict"]
    assert frame["Table 7, C.R.", "H1: A1 ~ B1"].startswith("cannot agree: estimate, S.E.")
    assert frame["Table 9, C.R.", "B1 =~ C1"].startswith("cannot agree: estimate, S.E.")
    assert frame["Table 7, unstandardised", "H7: B1 ~~ B4"].startswith("cannot agree: printed raw")
    assert frame["Table 7, unstandardised", "H1: A1 ~ B1"].startswith("cannot agree: printed raw")
    assert frame["Table 9, unstandardised", "B1 =~ C1"] == DIFFERS


def test_fit_indices_carry_their_reason():
    because = reasons(contradictions().findings)
    initial, revised = published().models
    measures = dict.fromkeys((*initial.indices, *revised.indices), 0.5)
    verdicts = {row.quantity: row.verdict for row in compare_fit(measures, revised, because)}
    assert verdicts["RMSEA"].startswith("cannot agree: the printed chi2/df")
    assert verdicts["chi2/df"] == DIFFERS
    assert verdicts["GFI"] == DIFFERS
    assert sum(verdict.startswith("cannot") for verdict in verdicts.values()) == 5
    before = {row.quantity: row.verdict for row in compare_fit(measures, initial, because)}
    assert [name for name, verdict in before.items() if verdict.startswith("cannot")] == [
        "GFI", "CFI", "PGFI", "IFI",
    ]  # fmt: skip


def test_scale_and_sample():
    paper, because = published(), reasons(contradictions().findings)
    components = {item.name: value(item.loading) for item in paper.items}
    alphas = {one.name: value(one.alpha) for one in paper.constructs} | {"A2": 0.64}
    variance = {one.subsystem: one.percent.value / 100 for one in paper.variance}
    rows = list(compare_scale(components, variance, alphas, paper, because))
    assert len(rows) == 26 + 8 + 3
    assert [row.quantity for row in rows if row.verdict != AGREES] == ["A2 alpha"]
    changed = {**variance, "outcome": 0.87}
    (low,) = [
        row
        for row in compare_scale(components, changed, alphas, paper, because)
        if row.quantity.startswith("cum") and row.verdict != AGREES
    ]
    assert low.verdict == "cannot agree: the printed alphas need more explained variance"
    assert rows[[row.quantity for row in rows].index("A2 alpha")].verdict.startswith("cannot")
    assert {row.verdict for row in compare_sample(532, 503, 481, paper)} == {AGREES}
    assert [row.verdict for row in compare_sample(532, 503, 480, paper)][-1] == DIFFERS


def test_a_rule_without_words_of_its_own_is_named():
    finding = replace(contradictions().findings[0], rule="a new rule", place="Table 1")
    assert reasons([finding]) == {("Table 1", "C.R."): "see 'a new rule' of the audit"}
    assert reasons([]) == {}


def test_every_finding_of_a_compared_number_is_matched():
    """By place and quantity, which the audit and the comparison have of the same records."""
    paper, because = published(), reasons(contradictions().findings)
    estimates = perfect_estimates(paper).assign(
        se=lambda f: f["se"] * 3, z=lambda f: f["z"] * 3, est=lambda f: f["est"] * 3
    )
    measures = {name: 9.0 for model in paper.models for name in model.indices}
    rows = [
        *compare_paths(estimates, paper, because),
        *compare_loadings(estimates, paper, because),
        *(row for model in paper.models for row in compare_fit(measures, model, because)),
        *compare_scale(
            {item.name: 9.0 for item in paper.items},
            {one.subsystem: 9.0 for one in paper.variance},
            {one.name: 9.0 for one in paper.constructs},
            paper,
            because,
        ),
    ]
    told = Counter(row.because for row in rows if row.verdict.startswith("cannot"))
    found = Counter(finding.rule for finding in contradictions().findings)
    assert told["estimate, S.E. and C.R. are printed with a C.R. that is not their ratio"] == 2 * 34
    assert told["printed raw and standardised values fit no one set of variances"] == 16
    for reason, rule in (
        ("the printed chi2/df and n give another RMSEA", "rmsea"),
        ("the printed NFI and chi2/df give another value", "incremental fit"),
        ("the two printed NFI do not share a null model", "one null model"),
        ("the printed PGFI and GFI give other degrees of freedom", "parsimony"),
        ("the printed chi2/df does not allow so small a GFI", "gfi and chi2"),
        ("the printed loadings do not allow so large an alpha", "alpha and loadings"),
        ("the printed alphas need more explained variance", "explained variance"),
    ):
        assert told[reason] == found[rule]
