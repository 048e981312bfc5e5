"""Verdicts follow from the printed digits; reasons come from the contradictions."""

import pandas as pd
import pytest

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
    impossible_entries,
)
from clustersem.studies.cross_border.contradictions import find_contradictions
from clustersem.studies.cross_border.paper import published


@pytest.mark.parametrize(
    ("reproduced", "verdict"),
    [(0.2394999, AGREES), (0.2385, AGREES), (0.2396, NEAR), (0.2589, NEAR), (0.2591, DIFFERS)],
)
def test_verdicts(reproduced, verdict):
    assert Comparison("Table 7", "H1", 0.239, reproduced).verdict == verdict


def test_a_reason_replaces_differs_only():
    far = Comparison("Table 6", "RMSEA", 0.093, 0.060, because="the reason")
    assert far.verdict == "cannot agree: the reason"
    assert Comparison("Table 6", "RMSEA", 0.093, 0.0931, because="the reason").verdict == AGREES
    assert far.difference == pytest.approx(-0.033)


def perfect_estimates(paper):
    rows = [(r.lhs, r.op, r.rhs, r.std, r.est, r.se, r.cr) for r in paper.paths]
    rows += [(r.construct, "=~", r.item, r.std, r.est, r.se, r.cr) for r in paper.loadings]
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
    paper, findings = published(), find_contradictions()
    estimates = perfect_estimates(paper).assign(
        se=lambda f: f["se"] * 3, z=lambda f: f["z"] * 3, est=lambda f: f["est"] * 3
    )
    frame = comparison_frame(
        [*compare_paths(estimates, paper, findings), *compare_loadings(estimates, paper, findings)]
    ).set_index(["table", "quantity"])["verdict"]
    assert frame["Table 7, C.R.", "H1: A1 ~ B1"].startswith("cannot agree: estimate, S.E.")
    assert frame["Table 9, C.R.", "B1 =~ C1"].startswith("cannot agree: estimate, S.E.")
    assert frame["Table 7, unstandardised", "H7: B1 ~~ B4"].startswith("cannot agree: printed cov")
    assert frame["Table 7, unstandardised", "H1: A1 ~ B1"] == DIFFERS


def test_fit_indices_carry_their_reason():
    paper, findings = published(), find_contradictions()
    measures = dict.fromkeys(paper.fit_revised, 0.5)
    verdicts = {
        row.quantity: row.verdict
        for row in compare_fit(measures, paper.fit_revised, "Table 6", findings)
    }
    assert verdicts["RMSEA"].startswith("cannot agree: the printed chi2/df")
    assert verdicts["chi2/df"] == DIFFERS
    assert verdicts["GFI"] == DIFFERS
    assert sum(verdict.startswith("cannot") for verdict in verdicts.values()) == 5


def test_scale_and_sample():
    paper, findings = published(), find_contradictions()
    alphas = {**paper.alphas, "A2": 0.64}
    variance = {name: value / 100 for name, value in paper.cumulative_variance.items()}
    rows = list(compare_scale(paper.efa_loadings, variance, alphas, paper, findings))
    assert len(rows) == 26 + 8 + 3
    assert [row.quantity for row in rows if row.verdict != AGREES] == ["A2 alpha"]
    (low,) = [
        row
        for row in compare_scale(
            paper.efa_loadings, {**variance, "outcome": 0.87}, alphas, paper, findings
        )
        if row.quantity.startswith("cum") and row.verdict != AGREES
    ]
    assert low.verdict == "cannot agree: the printed alphas need more explained variance"
    assert rows[[row.quantity for row in rows].index("A2 alpha")].verdict.startswith("cannot")
    assert {row.verdict for row in compare_sample(532, 503, 481, paper)} == {AGREES}
    assert [row.verdict for row in compare_sample(532, 503, 480, paper)][-1] == DIFFERS


def test_impossible_entries_are_short_enough_to_read():
    findings = find_contradictions()
    entries = impossible_entries(findings)
    assert len(entries) == 1 + sum(finding.rule != "critical ratio" for finding in findings)
    assert entries[0][0] == "C.R. in 34 of 34 rows of Tables 7 and 9"
    assert impossible_entries(()) == ()
