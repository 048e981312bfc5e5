"""The builders of tables and figures: what they print, mark and leave out."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from clustersem.report import Band, forest_figure, residual_heatmap, scree_figure, tables
from clustersem.report.diagram import place, route
from clustersem.report.diagram.graph import graph_of
from clustersem.report.diagram.text import text_width, wrap
from clustersem.report.tables.fit import path_text

from .standin import CONSTRUCTS, hypotheses, made_fit, reference_fit, residuals, scale_block


def cells(table, row):
    return [cell.value for cell in table.rows[row]]


def test_flow_gives_a_reason_for_every_loss():
    flow = SimpleNamespace(
        distributed=532, returned=503, valid=481, exclusions=(("a", 15), ("b", 7))
    )
    table = tables.flow_table(flow)
    assert [cells(table, k)[:2] for k in range(5)] == [
        ["Distributed", 532],
        ["Returned", 503],
        ["excluded: a", -15],
        ["excluded: b", -7],
        ["Valid", 481],
    ]
    assert cells(table, 4)[2] == pytest.approx(90.41, abs=0.005)  # printed by Wang et al. (2022)


def test_flow_without_known_distribution_counts_from_the_returned():
    table = tables.flow_table(
        SimpleNamespace(distributed=None, returned=50, valid=40, exclusions=())
    )
    assert [cells(table, k) for k in range(2)] == [["Returned", 50, 100.0], ["Valid", 40, 80.0]]
    assert table.columns[2].heading == "% of returned"


def test_verdict_of_an_index_follows_its_standard():
    # Table 6 of Wang et al. (2022) with two values moved across their bound.
    measures = {"cmin_df": 2.73, "gfi": 0.9, "rmsea": 0.1, "cfi": 0.948, "pgfi": 0.783}
    table = tables.fit_index_table(measures)
    verdicts = {cells(table, k)[0]: cells(table, k)[-1] for k in range(len(table.rows))}
    assert verdicts == {
        "χ²/df": "✓ meets it",
        "GFI": "✗ misses it",
        "RMSEA": "✗ misses it",
        "CFI": "✓ meets it",
        "NFI": None,
        "IFI": None,
        "PGFI": "✓ meets it",
    }
    assert cells(table, 0)[1] == "< 5"


def test_models_stand_side_by_side():
    models = {"Initial": {"cfi": 0.8}, "Revised": {"cfi": 0.95}}
    table = tables.fit_index_table(models, tables.STRICT_STANDARDS)
    assert [c.heading for c in table.columns][2:] == ["Initial", "Revised", "Verdict on revised"]
    assert cells(table, 1) == ["CFI", "> 0.95", 0.8, 0.95, "✗ misses it"]


def test_summary_of_fit_leaves_out_what_is_not_known():
    table = tables.fit_summary_table({"Model": reference_fit("hs_cfa_ml").measures})
    values = {cells(table, k)[0]: cells(table, k)[1] for k in range(len(table.rows))}
    # lavaan 0.7-2 on Holzinger-Swineford 1939: tests/reference/hs_cfa_ml.json.
    assert values["χ²"] == "85.31"
    assert values["p"] == "<.001"
    assert values["RMSEA"] == "0.092 [0.071, 0.114]"
    assert "AGFI" not in tables.fit_summary_table({"Model": {"cfi": 1.0}}).rows[0][0].value


def test_hypotheses_tell_support_from_contradiction_without_colour():
    table = tables.hypotheses_table(hypotheses())
    assert [cells(table, k)[8] for k in range(3)] == [
        "✓ supported",
        "not supported",
        "✗ contradicted",
    ]
    assert cells(table, 6)[1] == "B1 ↔ B4"
    assert table.columns[-1].heading == "Strength"
    bare = tables.hypotheses_table(hypotheses().drop(columns="strength"))
    assert bare.columns[-1].heading == "Verdict"


def test_loadings_below_the_cutoff_are_grey_and_items_stand_with_their_construct():
    block = scale_block()
    table = tables.loadings_table(block.efa, constructs=CONSTRUCTS)
    bands = [row.text for row in table.rows if isinstance(row, Band)]
    assert bands == ["B1", "B2", "B3", "Variance accounted for, %"]
    for row in table.rows[:-3]:
        if not isinstance(row, Band):
            for cell in row[1:-1]:
                assert cell.style == ("muted" if abs(cell.value) < 0.5 else "strong")


def test_fixed_parameters_have_no_standard_error():
    table = tables.measurement_table(reference_fit("hs_cfa_ml"))
    assert cells(table, 1)[0] == "x1 ← visual"
    assert cells(table, 1)[3:] == [None, None, None]
    assert cells(table, 2)[3] == pytest.approx(0.0996, abs=1e-3)  # lavaan's S.E. of visual =~ x2


def test_several_groups_stand_under_their_own_heading():
    table = tables.measurement_table(reference_fit("hs_group_configural"))
    bands = [row.text for row in table.rows if isinstance(row, Band)]
    assert bands[:1] + bands[-1:] == ["group 1, visual", "group 2, speed"]


def test_structural_table_holds_no_variances_unless_wanted():
    fit = reference_fit("democracy_sem_ml")
    n = len(tables.estimates_table(fit).rows)
    assert n == 3 + 6
    assert len(tables.estimates_table(fit, variances=True).rows) == n + 11 + 3


def test_matrix_marks_what_is_too_large_and_shows_each_pair_once():
    matrix = pd.DataFrame([[1, 0.9], [0.9, 1]], ["a", "b"], ["a", "b"])
    table = tables.matrix_table(matrix, "HTMT", above=0.85, diagonal=False)
    assert [[c.value for c in row] for row in table.rows] == [["a", "", ""], ["b", 0.9, ""]]
    assert table.rows[1][1].style == "bad"


def test_frame_table_reads_types():
    frame = pd.DataFrame(
        {"n": [1], "x": [0.5], "p_value": [0.01], "ok": [True], "what": ["text"], "none": [None]}
    )
    table = tables.frame_table(frame, "t", index="row", headings={"x": "X"}, digits={"x": 1})
    assert [c.kind for c in table.columns] == [
        "text",
        "count",
        "number",
        "p",
        "text",
        "text",
        "text",
    ]
    assert table.columns[2].heading == "X"
    assert cells(table, 0) == ["0", 1, 0.5, 0.01, True, "text", None]


def test_items_without_construct_are_still_listed():
    description = pd.DataFrame({"n": [3, 3], "mean": [1.0, 2.0]}, ["a", "z"])
    table = tables.items_table(description, constructs={"A": ("a",)})
    assert [row.text for row in table.rows if isinstance(row, Band)] == ["A", "other items"]


def test_names_that_explain_nothing_are_not_repeated():
    description = pd.DataFrame({"n": [3]}, ["a"])
    table = tables.items_table(description, texts={"a": "a"}, construct_labels={"A": "A"})
    assert [c.heading for c in table.columns] == ["Item", "n"]
    assert "B1, B1" not in tables.hypotheses_table(hypotheses(), labels={"B1": "B1"}).note
    table = tables.measurement_table(reference_fit("hs_cfa_ml"), labels={"visual": "visual"})
    assert table.rows[0] == Band("visual")


def test_low_reliability_and_reversed_items_are_named():
    frame = pd.DataFrame({"alpha": [0.65, 0.8], "reversed_items": ["N1", ""]}, ["N", "A"])
    table = tables.reliability_table(frame)
    assert [row[1].style for row in table.rows] == ["bad", "plain"]
    assert "run against the rest of their construct: N1 (N)." in table.note


def test_no_deletion_and_no_revision_are_said():
    assert tables.purification_table(()).meaning == "No item had to be deleted."
    assert tables.respecification_table(()).meaning == "The model was not changed."


@pytest.mark.parametrize(
    ("path", "want"), [("a~b", "a ← b"), ("a ~~ b", "a ↔ b"), ("f =~ x", "x ← f"), ("x", "x")]
)
def test_paths_are_written_with_arrows(path, want):
    assert path_text(path) == want


def test_forest_sets_apart_intervals_that_hold_zero():
    figure = forest_figure(["a $x$", "b"], [0.5, 0.1], [0.3, -0.1], [0.7, 0.3])
    faces = [
        line.get_markerfacecolor() for line in figure.axes[0].lines if len(line.get_xdata()) == 1
    ]
    assert "white" in faces
    assert len(set(faces)) == 2


def test_scree_draws_what_is_there():
    block = scale_block()
    assert len(scree_figure(block.parallel).axes[0].lines) == 4
    assert len(scree_figure(block.parallel[["observed"]]).axes[0].lines) == 2


def test_heatmap_writes_only_large_residuals_below_the_diagonal():
    figure = residual_heatmap(residuals(), mark=0.09)
    size = np.abs(np.tril(residuals().to_numpy(), -1))
    assert len(figure.axes[0].texts) == int((size >= 0.09).sum()) > 0


def test_nested_arcs_of_one_level_never_enclose_each_other():
    graph = graph_of(reference_fit("cross_border_revised"))
    arcs = route.nested_arcs(graph, ("B1", "B2", "B3", "B4", "B5", "B6"))
    assert len(arcs) == 15
    for a in arcs:
        for b in arcs:
            if a != b and a.upper <= b.upper and b.lower <= a.lower:
                assert a.level > b.level


def test_positions_are_kept_apart_and_moved_no_further_than_needed():
    rng = np.random.default_rng(3)
    for _ in range(50):
        wanted = rng.normal(size=6).tolist()
        reach = [(float(u), float(d)) for u, d in rng.uniform(0.05, 0.4, (6, 2))]
        got = place._apart(wanted, reach, 0.1)
        gaps = [got[i + 1] - got[i] - reach[i][1] - reach[i + 1][0] for i in range(5)]
        assert min(gaps) >= 0.1 - 1e-12
        # Optimal: moving any run of positions that is free to move does not come nearer.
        loss = np.sum((np.array(got) - wanted) ** 2)
        for i in range(6):
            for step in (-1e-4, 1e-4):
                moved = np.array(got)
                if step < 0:
                    moved[: i + 1] += step
                else:
                    moved[i:] += step
                assert np.sum((moved - wanted) ** 2) >= loss - 1e-12


def test_names_wrap_between_words_and_are_cut_only_at_the_end():
    name = "Cross-border e-commerce trade institutional environment"
    lines = wrap(name, 10, 1.5, max_lines=4)
    assert " ".join(lines) == name
    assert all(text_width(line, 10) <= 1.5 for line in lines)
    short = wrap(name, 10, 1.5, max_lines=2)
    assert len(short) == 2
    assert short[1].endswith("…")
    assert "".join(wrap("制度环境与企业关系状况", 10, 0.9, max_lines=4)) == "制度环境与企业关系状况"
    assert "".join(wrap("a_very_long_name_without_spaces", 10, 0.8, max_lines=9)) == (
        "a_very_long_name_without_spaces"
    )


def test_made_fit_with_no_measures_still_draws():
    from clustersem.report import path_diagram

    figure = path_diagram(made_fit([("f", "=~", "x", 0.5)], chisq=float("nan"), df=float("nan")))
    captions = [t.get_text() for t in figure.axes[0].texts if t.get_gid() == "caption-0"]
    assert captions == ["CFI = .950"]


def test_corrected_tests_show_the_robust_indices_and_say_so():
    measures = reference_fit("hs_cfa_mlr").measures
    table = tables.fit_index_table(measures)
    shown = {cells(table, k)[0]: cells(table, k)[2] for k in range(len(table.rows))}
    # lavaan 0.7-2 on Holzinger-Swineford 1939: tests/reference/hs_cfa_mlr.json.
    assert shown["CFI (robust)"] == pytest.approx(measures["cfi_robust"])
    assert shown["RMSEA (robust)"] == pytest.approx(measures["rmsea_robust"])
    assert shown["NFI (scaled)"] == pytest.approx(measures["nfi_scaled"])
    assert shown["GFI"] == pytest.approx(measures["gfi"])
    assert table.note.startswith("Scaled: of the χ² that is corrected")
    assert tables.fit_index_table(reference_fit("hs_cfa_ml").measures).note == ""


def test_summary_of_a_corrected_fit_has_all_variants_and_no_undefined_index():
    measures = reference_fit("bfi_cfa_wlsmv").measures
    table = tables.fit_summary_table({"Model": measures})
    names = [cells(table, k)[0] for k in range(len(table.rows))]
    assert names[:2] == ["χ²", "df"]
    assert names.index("χ² (scaled)") < names.index("Scaling factor") < names.index("CFI")
    assert names[names.index("CFI") + 1] == "CFI (scaled)"
    assert "AIC" not in names


def test_hypotheses_stand_under_their_group_where_there_are_several():
    one = hypotheses().head(2).assign(group=1)
    both = pd.concat([one, one.assign(group=2), one.head(1).assign(group=0)])
    table = tables.hypotheses_table(both, errors="robust (Huber-White)")
    bands = [row.text for row in table.rows if isinstance(row, Band)]
    assert bands == ["group 1", "group 2", "all groups"]
    assert len(table.rows) == 3 + 5
    assert "S.E., standard error, robust (Huber-White); C.R." in table.note
    plain = tables.hypotheses_table(one)
    assert not [row for row in plain.rows if isinstance(row, Band)]
