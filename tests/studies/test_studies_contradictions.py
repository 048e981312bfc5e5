"""The contradictions of the paper are found, and none where all is well."""

from collections import Counter
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from clustersem.studies.cross_border import coefficient_rules, fit_rules, text_rules
from clustersem.studies.cross_border.contradictions import find_contradictions
from clustersem.studies.cross_border.paper import published


def only(rule, **where):
    return [
        finding
        for finding in find_contradictions()
        if finding.rule == rule and all(getattr(finding, k) == v for k, v in where.items())
    ]


def test_what_is_found():
    assert Counter(finding.rule for finding in find_contradictions()) == {
        "critical ratio": 34,
        "significance": 6,
        "latent scale": 7,
        "rmsea": 1,
        "incremental fit": 4,
        "one null model": 1,
        "parsimony": 3,
        "two-item alpha": 2,
        "explained variance": 1,
        "text against table": 4,
    }


def test_every_finding_says_that_the_numbers_cannot_all_be_right():
    for finding in find_contradictions():
        assert "cannot all be right" in finding.sentence.replace("both", "all"), finding
        assert "mistake" not in finding.sentence
        assert finding.printed
        assert finding.required_text


def test_h3_is_neither_three_stars_by_its_ratio_nor_by_its_parts():
    by_ratio, by_parts = only("significance", place="Table 7, H3: A1 ~ B2")
    assert by_ratio.required_text == "0.006"
    assert by_parts.required.lower > 0.08
    assert by_parts.required.upper < 0.10


def test_rmsea_follows_from_chi2_and_n():
    (finding,) = only("rmsea")
    assert (finding.printed, finding.required_text) == ("0.093", "0.060")


def test_incremental_indices_follow_from_nfi():
    cfi, ifi = only("incremental fit", place="Table 6")
    assert (cfi.printed, ifi.printed) == ("0.948", "0.998")
    assert cfi.required.lower == pytest.approx(0.9692, abs=5e-4)
    assert cfi.required.lower > 0.953  # above the printed NFI, as any CFI of a usable model


def test_degrees_of_freedom_of_pgfi():
    sentences = " ".join(finding.sentence for finding in only("parsimony"))
    assert "285.4 to 286.6" in sentences
    assert "288.4 to 289.0" in sentences


def test_alpha_of_two_items_is_bounded_by_their_correlation():
    b6, a2 = only("two-item alpha")
    assert a2.place.endswith("A2")
    assert a2.required.upper == pytest.approx(2 * 0.506226 / 1.506226, abs=1.5e-3)
    assert b6.required.upper < 0.76


def test_two_item_alphas_bound_the_explained_variance():
    (finding,) = only("explained variance")
    r = [alpha / (2 - alpha) for alpha in (0.8495, 0.8435)]
    assert finding.required.lower == pytest.approx(100 * (2 + sum(r)) / 4)
    assert finding.printed == "72.904"
    # Fan's bound holds for any correlations between the pairs.
    matrix = np.eye(4)
    matrix[0, 1] = matrix[1, 0] = r[0]
    matrix[2, 3] = matrix[3, 2] = r[1]
    matrix[:2, 2:] = 0.3
    matrix[2:, :2] = 0.3
    share = 25 * np.linalg.eigvalsh(matrix)[-2:].sum()
    assert share >= finding.required.lower - 1e-9


def consistent_fit(cmin_df, df, baseline, gfi):
    chi2 = cmin_df * df
    excess = (chi2 - df) / (baseline - 325)
    return MappingProxyType(
        {
            "cmin_df": cmin_df,
            "gfi": gfi,
            "rmsea": round(((cmin_df - 1) / 480) ** 0.5, 3),
            "cfi": round(1 - excess, 3),
            "nfi": round(1 - chi2 / baseline, 3),
            "ifi": round((baseline - chi2) / (baseline - df), 3),
            "pgfi": round(gfi * df / 351, 3),
        }
    )


def test_no_rule_fires_on_numbers_that_fit_together():
    sd = {f"B{k}": 0.7 + 0.1 * k for k in range(1, 7)} | {"A1": 0.9, "A2": 1.1}
    se = 0.010  # few digits of est / se, so that it survives rounding

    def tidy(row):
        if row.op == "~":
            est = round(row.std * sd[row.lhs] / sd[row.rhs], 3)
        else:
            est = round(row.std * sd[row.lhs] * sd[row.rhs] * (0.3 if row.id == "H16" else 1), 3)
        return replace(row, est=est, se=se, cr=round(est / se, 3))

    paper = published()
    paper = replace(
        paper,
        paths=tuple(tidy(row) for row in paper.paths),
        loadings=tuple(
            row if row.is_marker else replace(row, se=se, cr=round(row.est / se, 3))
            for row in paper.loadings
        ),
        fit_initial=consistent_fit(4.990, 277, 6000.0, 0.853),
        fit_revised=consistent_fit(2.730, 272, 6000.0, 0.952),
        alphas=MappingProxyType({**paper.alphas, "B6": 0.75, "A1": 0.85, "A2": 0.67}),
        correlation_range=(-0.482, 0.893),
        cumulative_variance=MappingProxyType({**paper.cumulative_variance, "outcome": 82.0}),
        reached_standard=("cmin_df", "cfi", "nfi"),
    )
    assert [f.rule for f in find_contradictions(paper)] == ["text against table"]  # "exceed 0.95"


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        (coefficient_rules.critical_ratios, {"cr": 99.0}),
        (coefficient_rules.significance, {"cr": 1.0}),
        (coefficient_rules.latent_scales, {"est": 9.0}),
    ],
)
def test_a_single_wrong_coefficient_adds_to_the_findings(rule, change):
    paper = published()
    before = sum("H1:" in f.place or "A1" in f.sentence for f in rule(paper))
    changed = replace(paper, paths=(replace(paper.paths[0], **change), *paper.paths[1:]))
    findings = list(rule(changed))
    assert findings
    assert sum("H1:" in f.place or "A1" in f.sentence for f in findings) >= before
    assert findings != list(rule(paper))


def test_rules_stay_silent_where_the_number_is_not_printed():
    paper = published()
    without = MappingProxyType({k: v for k, v in paper.fit_revised.items() if k != "rmsea"})
    assert list(fit_rules.rmsea(replace(paper, fit_revised=without))) == []
    assert list(text_rules.two_item_alphas(replace(paper, alphas=MappingProxyType({})))) == []
