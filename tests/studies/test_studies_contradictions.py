"""The audit finds, item by item, which printed numbers of the paper contradict each other."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

import clustersem as cs
from clustersem.audit.finding import Held
from clustersem.audit.printed import Printed
from clustersem.audit.rules import alpha, matrices
from clustersem.studies.cross_border import contradictions, published
from clustersem.studies.cross_border.paper import loadings, paths

FILE = Path(cs.__file__).parent / "studies" / "cross_border" / "published.toml"


def only(rule, findings=None, **where):
    findings = contradictions().findings if findings is None else findings
    return [
        finding
        for finding in findings
        if finding.rule == rule and all(getattr(finding, k) == v for k, v in where.items())
    ]


def test_what_is_found():
    assert Counter(finding.rule for finding in contradictions().findings) == {
        "critical ratio": 34,
        "p of C.R.": 1,
        "p of estimate / S.E.": 5,
        "one set of variances": 8,
        "rmsea": 1,
        "incremental fit": 4,
        "one null model": 1,
        "parsimony": 2,
        "parsimony of two models": 1,
        "gfi and chi2": 1,
        "alpha and loadings": 2,
        "explained variance": 1,
        "text against table": 3,
        "standard reached": 1,
    }


def test_every_finding_says_that_the_numbers_cannot_all_be_right():
    for finding in contradictions().findings:
        assert "cannot all be right" in finding.sentence.replace("both", "all"), finding
        assert "mistake" not in finding.sentence
        assert finding.printed
        assert finding.required_text


def test_what_data_of_an_unusual_kind_could_give():
    implausible = [f for f in contradictions().findings if f.certainty == "implausible"]
    assert Counter(f.rule for f in implausible) == {"gfi and chi2": 1, "alpha and loadings": 2}


# -- coefficients --------------------------------------------------------------------------------


def test_no_critical_ratio_is_estimate_over_standard_error():
    """The 34 rows that have one, each with the ratio of its rounded numbers."""
    rows = [r for r in (*paths(published()), *loadings(published())) if r.cr is not None]
    found = {finding.place: finding for finding in only("critical ratio")}
    assert len(rows) == len(found) == 34
    for row in rows:
        lower = (row.est.value - 0.0005) / (row.se.value + 0.0005)
        upper = (row.est.value + 0.0005) / (row.se.value - 0.0005)
        required = found[row.place].required
        # The audit gives a half of the last digit 1e-6 of it on both sides.
        assert required.lower == pytest.approx(lower, rel=1e-6)
        assert required.upper == pytest.approx(upper, rel=1e-6)
        assert not lower <= row.cr.value <= upper


def test_h3_is_neither_three_stars_by_its_ratio_nor_by_its_parts():
    place = "Table 7, H3: A1 ~ B2"
    (by_ratio,) = only("p of C.R.", place=place)
    (by_parts,) = only("p of estimate / S.E.", place=place)
    assert (by_ratio.printed, by_ratio.required_text) == ("***", "0.006")
    assert "C.R. of 2.762" in by_ratio.sentence
    assert 0.08 < by_parts.required.lower < 0.09 < by_parts.required.upper < 0.10
    assert by_ratio.severity == by_parts.severity == "decisive"
    assert by_ratio.concerns == by_parts.concerns == ("H3",)


def test_what_hangs_on_the_ratios():
    decisive = {f.concerns for f in only("critical ratio", severity="decisive")}
    assert decisive == {("H3",), ("H4",), ("H6",), ("H7",), ("H9",)}


def test_covariances_and_correlations_are_not_of_one_set_of_variances():
    found = only("one set of variances")
    involved = {name for finding in found for name in finding.concerns}
    assert involved == {f"H{k}" for k in range(1, 17)}
    (disturbances,) = (f for f in found if "varies at most as" in f.sentence)
    assert "H16" in disturbances.concerns


# -- fit -----------------------------------------------------------------------------------------


def test_rmsea_follows_from_chi2_and_n():
    (finding,) = only("rmsea")
    assert (finding.place, finding.printed, finding.required_text) == (
        "Table 6, RMSEA", "0.093", "0.060",
    )  # fmt: skip
    assert finding.required.lower <= (1.730 / 481) ** 0.5 <= finding.required.upper


def test_incremental_indices_follow_from_nfi():
    found = {(f.place, f.printed): f.required for f in only("incremental fit")}
    assert found.keys() == {
        ("section 4.2, initial model, CFI", "0.903"),
        ("section 4.2, initial model, IFI", "0.794"),
        ("Table 6, CFI", "0.948"),
        ("Table 6, IFI", "0.998"),
    }
    # c = 1 - NFI is chi2 over that of the null model, which has 26 * 25 / 2 df.
    for (place, _), required in found.items():
        nfi, ratio, df = (0.953, 2.730, 272) if "Table 6" in place else (0.904, 4.990, 277)
        c = 1 - nfi
        cfi = 1 - c * (1 - 1 / ratio) / (1 - 325 * c / (ratio * df))
        ifi = nfi / (1 - c / ratio)
        assert required.lower <= (cfi if place.endswith("CFI") else ifi) <= required.upper
    assert found["Table 6, CFI", "0.948"].lower > 0.953  # above the printed NFI


def test_ifi_of_the_initial_model_would_have_met_the_standard():
    (finding,) = only("incremental fit", severity="decisive")
    assert finding.place == "section 4.2, initial model, IFI"


def test_one_null_model():
    (finding,) = only("one null model")
    assert "14319 to 14477" in finding.sentence
    assert "15625 to 15977" in finding.sentence


def test_degrees_of_freedom_of_pgfi():
    before, after = only("parsimony")
    assert "285.4 to 286.6 degrees" in before.sentence
    assert "has 277" in before.sentence
    assert "288.4 to 289.0 degrees" in after.sentence
    assert "has 272" in after.sentence
    (rising,) = only("parsimony of two models")
    assert "Freeing 5 parameters" in rising.sentence


def test_the_initial_gfi_is_too_low_for_its_chi2():
    (finding,) = only("gfi and chi2")
    assert finding.printed == "0.529"
    assert finding.required.lower == pytest.approx(0.594, abs=1e-3)  # to the digit of the table


# -- scale and text ------------------------------------------------------------------------------


def test_alpha_of_two_items_is_bounded_by_their_correlation():
    b6, a2 = only("alpha and loadings")
    assert (b6.place, b6.printed) == ("Tables 3 to 5, B6", "0.839")
    assert (a2.place, a2.printed) == ("Tables 3 to 5, A2", "0.844")
    # The loadings' last digits leave 1.5e-3 to the implied alpha.
    assert a2.required.upper == pytest.approx(2 * 0.506226 / 1.506226, abs=1.5e-3)
    assert b6.required.upper < 0.76
    assert "imply 0.506 to 0.507" in a2.sentence


def test_alpha_is_not_compared_where_a_residual_covariance_is_free():
    places = [one.place for rule in alpha.RULES for one in rule.check(published())]
    assert places
    assert all("B3" not in place for place in places)


def test_two_item_alphas_bound_the_explained_variance():
    (finding,) = only("explained variance")
    assert (finding.place, finding.printed) == ("section 3.2.2, outcome", "72.904")
    r = [a / (2 - a) for a in (0.8495, 0.8435)]
    # 1e-3 per cent is what the slack of a printed alpha comes to.
    assert finding.required.lower == pytest.approx(100 * (2 + sum(r)) / 4, abs=1e-3)
    # Fan's bound holds for any correlations between the pairs.
    matrix = np.eye(4)
    matrix[0, 1] = matrix[1, 0] = r[0]
    matrix[2, 3] = matrix[3, 2] = r[1]
    matrix[:2, 2:] = 0.3
    matrix[2:, :2] = 0.3
    share = 25 * np.linalg.eigvalsh(matrix)[-2:].sum()
    assert share >= finding.required.lower - 1e-9


def test_text_against_tables():
    assert [one.printed for one in only("text against table")] == ["0.893", "0.704", "0.703"]
    (reached,) = only("standard reached")
    assert (reached.quantity, reached.printed) == ("chi2/df", "4.990")


# -- correlations that are not printed -----------------------------------------------------------


def test_the_missing_correlations_have_values_and_zeros_would_not_do():
    paper = published()
    (held,) = matrices.positive_semidefinite(paper)
    assert held == Held("correlation matrix", "Table 7")
    pairs = ("B1 B2", "B1 B3", "B2 B3", "B4 B5", "B4 B6", "B5 B6")
    one = next(row for row in paper.coefficients if row.op == "~~" and row.id == "H7")
    zeros = [
        replace(one, lhs=a, rhs=b, std=Printed.read("0.000"), place="Table 7")
        for a, b in (pair.split() for pair in pairs)
    ]
    (found,) = matrices.positive_semidefinite(
        replace(paper, coefficients=(*paper.coefficients, *zeros))
    )
    assert "No variables have these correlations" in found.sentence


def test_paths_join_the_completion():
    paper = published()
    (held,) = matrices.explained_by_correlated_causes(paper)
    assert isinstance(held, Held)
    # Three causes that each correlate .6 with three others cannot also explain 200 % of A1.
    steep = tuple(
        replace(row, std=Printed.read("0.990")) if row.lhs == "A1" and row.op == "~" else row
        for row in paper.coefficients
    )
    (found,) = matrices.explained_by_correlated_causes(replace(paper, coefficients=steep))
    assert found.certainty == "impossible"
    assert set(found.concerns) == {f"H{k}" for k in range(1, 7)}


# -- the transcription alone ---------------------------------------------------------------------


def test_the_file_without_what_was_added_is_audited_too(tmp_path):
    """The bare transcription has no places, and says in a comment only that all rows carry ***."""
    text = FILE.read_text(encoding="utf-8")
    start, end = text.index("[places]"), text.index("[sample]")
    bare = tmp_path / "published.toml"
    bare.write_text(text[:start] + text[end:], encoding="utf-8")
    found = cs.audit(bare)
    with_stars = {"p of C.R.", "p of estimate / S.E."}
    assert Counter(one.rule for one in found.findings) == Counter(
        one.rule for one in contradictions().findings if one.rule not in with_stars
    )
    (rmsea,) = only("rmsea", found.findings)
    assert (rmsea.printed, rmsea.required_text) == ("0.093", "0.060")
    assert {rule.name for rule in found.unchecked} >= with_stars


# -- numbers that fit together, and one that does not --------------------------------------------


def consistent_fit(cmin_df, df, baseline, gfi):
    chi2 = cmin_df * df
    excess = (chi2 - df) / (baseline - 325)
    numbers = {
        "cmin_df": cmin_df,
        "gfi": gfi,
        "rmsea": ((cmin_df - 1) / 480) ** 0.5,
        "cfi": 1 - excess,
        "nfi": 1 - chi2 / baseline,
        "ifi": (baseline - chi2) / (baseline - df),
        "pgfi": gfi * df / 351,
    }
    return MappingProxyType({k: Printed.read(f"{x:.3f}") for k, x in numbers.items()})


def printed(number):
    return Printed.read(f"{number:.3f}")


def consistent():
    """The paper with its standardised numbers, and all others made to fit them."""
    sd = {f"B{k}": 0.7 + 0.1 * k for k in range(1, 7)} | {"A1": 0.9, "A2": 1.1}
    se = 0.010  # few digits of est / se, so that it survives rounding

    def tidy(row):
        if row.se is None:
            return row
        est = row.est.value
        if row.op == "~":
            est = row.std.value * sd[row.lhs] / sd[row.rhs]
        elif row.op == "~~":
            est = row.std.value * sd[row.lhs] * sd[row.rhs] * (0.3 if row.id == "H16" else 1)
        est = round(est, 3)
        return replace(row, est=printed(est), se=printed(se), cr=printed(est / se))

    paper = published()
    initial, revised = paper.models
    alphas = {"B6": "0.757", "A1": "0.866", "A2": "0.672"}
    return replace(
        paper,
        coefficients=tuple(tidy(row) for row in paper.coefficients),
        models=(
            replace(
                initial,
                indices=consistent_fit(4.990, 277, 6000.0, 0.853),
                reached=("cmin_df", "rmsea", "pgfi"),
            ),
            replace(revised, indices=consistent_fit(2.730, 272, 6000.0, 0.952)),
        ),
        constructs=tuple(
            replace(one, alpha=Printed.read(alphas[one.name], one.alpha.place))
            if one.name in alphas
            else one
            for one in paper.constructs
        ),
        variance=tuple(
            replace(one, percent=Printed.read("82.000")) if one.subsystem == "outcome" else one
            for one in paper.variance
        ),
        claims=(),  # of the numbers that were changed
    )


def test_no_rule_fires_on_numbers_that_fit_together():
    assert [(f.rule, f.place, f.sentence) for f in cs.audit(consistent()).findings] == []


@pytest.mark.parametrize(
    ("field", "text", "rules"),
    [
        ("cr", "99.000", {"critical ratio"}),
        ("cr", "1.000", {"critical ratio", "p of C.R."}),
        ("est", "9.000", {"critical ratio", "one set of variances"}),
    ],
)
def test_one_wrong_coefficient_among_numbers_that_fit_is_found(field, text, rules):
    paper = consistent()
    first, *rest = paper.coefficients
    changed = replace(first, **{field: Printed.read(text)})
    found = cs.audit(replace(paper, coefficients=(changed, *rest))).findings
    assert {one.rule for one in found} >= rules
    assert all("H1" in one.concerns for one in found)
