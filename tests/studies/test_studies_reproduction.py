"""Both routes, run with the library's own engine."""

import numpy as np
import pytest

from clustersem.fit import sem
from clustersem.report import Points, Table, study_document
from clustersem.studies.cross_border import (
    INITIAL_MODEL,
    refit_printed,
    reproduce,
    summary_of,
)
from clustersem.studies.cross_border.compare import AGREES, compare_loadings, compare_paths
from clustersem.studies.cross_border.modification import first_step_entry, pair_indices
from clustersem.studies.cross_border.paper import loadings, modifications, paths, published, value
from clustersem.studies.cross_border.populations import construct_correlations, implied_covariance


@pytest.fixture(scope="module")
def result():
    return reproduce()


@pytest.fixture(scope="module")
def comparison(result):
    return result.published.comparison


def rows(comparison, text):
    return comparison[comparison["table"].str.contains(text, regex=False)]


class TestRoute1:
    def test_every_printed_standardised_number_comes_back_to_the_third_decimal(self):
        estimates = refit_printed().estimates
        compared = [
            row
            for row in (
                *compare_loadings(estimates, published()),
                *compare_paths(estimates, published()),
            )
            if row.table.endswith(", standardised")
        ]
        assert len(compared) == 26 + 6 + 10
        for row in compared:
            assert row.verdict == AGREES, row
            assert abs(row.difference) < 1e-6  # of the optimiser, not of rounding

    def test_so_do_the_unstandardised_loadings_and_paths(self):
        estimates = refit_printed().estimates.set_index(["lhs", "op", "rhs"])["est"]
        for row in (*loadings(published()), *paths(published())):
            if row.op != "~~":
                found = estimates[row.lhs, row.op, row.rhs]
                assert found == pytest.approx(value(row.est), abs=1e-6)

    def test_the_completed_correlations_come_back_too(self):
        fit = refit_printed()
        std = fit.estimates.set_index(["lhs", "op", "rhs"])["std_all"]
        wanted = construct_correlations()
        for i, j in ((0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5)):
            assert std[f"B{i + 1}", "~~", f"B{j + 1}"] == pytest.approx(wanted[i, j], abs=1e-6)
        assert fit.r_squared["A1"] == pytest.approx(0.559, abs=5e-4)
        assert fit.r_squared["A2"] == pytest.approx(0.748, abs=5e-4)

    def test_the_model_has_the_degrees_of_freedom_that_the_rules_use(self):
        revised = refit_printed()
        initial = sem(INITIAL_MODEL, cov=implied_covariance(), n_obs=481)
        assert (initial.n_free, initial.df) == (74, 277)
        assert (revised.n_free, revised.df) == (79, 272)
        assert revised.measures["chisq"] == pytest.approx(0.0, abs=1e-6)


class TestRoute2:
    def test_flow_and_purification(self, result):
        flow = result.survey.flow
        assert (flow.distributed, flow.returned, flow.valid) == (532, 503, 481)
        assert result.deleted == ("C13", "C14", "C25")
        assert all(block.kmo.overall > 0.7 for block in result.blocks)
        assert all(block.bartlett.p_value < 0.001 for block in result.blocks)

    def test_fit_of_both_models(self, result):
        assert result.fit.measures["cmin_df"] == pytest.approx(2.730, abs=0.15)
        assert result.initial.measures["cmin_df"] > 4.0
        assert result.initial.converged
        assert result.fit.converged
        assert not result.fit.warnings
        assert not result.initial.warnings
        steps = [(s.lhs, s.rhs) for s in result.respecification.steps]
        assert tuple(steps) == modifications()

    def test_standardised_estimates_are_near_the_printed_ones(self, comparison):
        for table, largest in (("Table 9, standardised", 0.006), ("Table 7, standardised", 0.015)):
            found = rows(comparison, f"Route 2, synthetic answers: {table}")
            # What the exchanges of answers leave; sampling error would be ten times as large.
            assert found["difference"].abs().max() < largest

    def test_unstandardised_loadings_and_paths_are_near_too(self, comparison):
        found = rows(comparison, "Route 2, synthetic answers: Table 9, unstandardised")
        assert found["difference"].abs().max() < 0.01
        found = rows(comparison, "Route 2, synthetic answers: Table 7, unstandardised")
        paths = found[found["quantity"].str.contains(" ~ ")]
        assert len(paths) == 6
        assert paths["difference"].abs().max() < 0.01

    def test_scale_is_near_the_printed_one_where_it_can_be(self, comparison):
        scale = comparison[comparison["table"].str.contains("Table [345],")]
        loadings = scale[scale["quantity"].str.endswith("loading")].set_index("quantity")
        distance = loadings["difference"].abs()
        assert len(distance) == 26
        assert distance.drop("C27 loading").max() < 0.06
        assert distance["C27 loading"] < 0.12  # both items of A1 load .86 or more in the model
        alphas = scale[scale["quantity"].str.endswith("alpha")].set_index("quantity")
        distance = alphas["difference"].abs()
        assert distance.drop(["A2 alpha", "B6 alpha"]).max() < 0.03
        for name in ("A2 alpha", "B6 alpha"):
            assert alphas.loc[name, "verdict"].startswith("cannot agree")

    def test_all_sixteen_hypotheses_have_the_expected_sign(self, result):
        table = result.hypotheses.set_index("id")
        assert list(table.index) == [f"H{k}" for k in range(1, 17)]
        assert set(table["verdict"]) == {"supported"}
        # H3 is printed with ***; neither its own C.R. nor this fit gives p < .001.
        assert 0.001 < table.loc["H3", "p_value"] < 0.05

    def test_no_error_variance_is_negative_in_either_model(self, result):
        for fit in (result.initial, result.fit):
            table = fit.estimates
            variances = table[(table["op"] == "~~") & (table["lhs"] == table["rhs"])]
            assert variances["est"].min() > 0
            assert fit.estimates["std_all"].abs().max() <= 1.0 + 1e-12


def test_every_verdict_is_one_of_four(comparison):
    kinds = set(comparison["verdict"].str.partition(":")[0])
    assert kinds <= {AGREES, "near", "differs", "cannot agree"}
    assert np.isfinite(comparison[["printed", "reproduced", "difference"]]).all().all()


def test_the_result_says_what_cannot_come_out(result):
    assert result.published.audit.summary.startswith("337 relations checked; 65 of them")
    ((what, why),) = result.published.further
    assert what.endswith("has the largest modification index")
    assert "cannot all be right" in why
    assert "synthetic" in result.published.note
    assert "SYNTHETIC" in result.study.origin


def test_the_report_shows_each_contradiction_by_its_rule(result):
    view = result.published
    section = next(s for s in study_document(result.view()).sections if s.id == "impossible")
    tables = {block.caption: block for block in section.blocks if isinstance(block, Table)}
    ratios = tables["Critical ratio"]
    assert [column.heading for column in ratios.columns] == [
        "Place", "Quantity", "Printed", "Would have to be", "Weight",
    ]  # fmt: skip
    assert len(ratios.rows) == 34
    assert sum(len(t.rows) for t in tables.values()) == len(view.audit.findings) + 1
    told = [line for block in section.blocks if isinstance(block, Points) for line in block.items]
    assert any(line.startswith("Table 6, RMSEA: RMSEA follows from chi2/df") for line in told)
    assert sum("A critical ratio is" in line for line in told) == 1


def test_summary(result):
    text = summary_of(result)
    assert "SYNTHETIC" in text
    assert "C13, C14, C25" in text
    assert "(printed 2.730)" in text


def test_summary_needs_a_comparison(result):
    with pytest.raises(ValueError, match="reproduce"):
        summary_of(result.with_published(None))


def test_the_papers_first_step_is_hardly_identified():
    first = pair_indices(("C11", "C12"), (-0.9, 0.9)).set_index("correlation")
    # Design, section 7: "near 5 for +.9, near 40 for -.9".
    assert first.loc[0.9, "chisq"] < 6
    assert 30 < first.loc[-0.9, "chisq"] < 45
    for pair in modifications()[1:]:
        assert pair_indices(pair, (-0.6, 0.6))["mi"].min() > 40
    what, why = first_step_entry()
    assert "C11 ~~ C12" in what
    assert "printed drop is 640" in why


def test_the_first_step_is_tied_with_a_path_to_the_construct(result):
    step = result.respecification.steps[0]
    assert step.name == "C11 ~~ C12"
    assert "B3 ~~ A1" in step.tied
