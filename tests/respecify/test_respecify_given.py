"""Steps that the researcher gives: the published trail of the home study, and what can go wrong."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from respecify_models import ABILITY, CROSS_BORDER

import clustersem as cs
from clustersem.errors import EstimationError, ModelError, ModelSyntaxError
from clustersem.fit.estimation import fit_samples
from clustersem.fit.status import status_of
from clustersem.respecify import RespecificationPolicy, respecify

# The five residual covariances of Wang et al. (2022), section 4.2, in their order.
PAPER = ["C11 ~~ C12", "C2 ~~ C3", "C9 ~~ C10", "C17 ~~ C18", "C20 ~~ C21"]


@pytest.fixture(scope="module")
def paper(cross_border):
    return respecify(cross_border, RespecificationPolicy(steps=PAPER))


def test_the_papers_steps_end_at_the_direct_fit(paper, cross_border_data):
    direct = cs.sem(CROSS_BORDER + "\n".join(PAPER), cross_border_data)
    assert [step.name for step in paper.freed] == PAPER
    # Both end where the optimiser's criterion is met, so they agree to its accuracy.
    assert dict(paper.fit.measures) == pytest.approx(dict(direct.measures), rel=1e-6, abs=1e-8)
    assert paper.fit.spec.n_free_rows == direct.spec.n_free_rows
    # lavaan's fit of the revised model; 1e-5 is the agreement wanted of every measure.
    lavaan = {"chisq": 281.947711311, "df": 272, "cfi": 0.99804929295, "rmsea": 0.00871976129971}
    assert {k: paper.fit.measures[k] for k in lavaan} == pytest.approx(lavaan, rel=1e-5)


def test_the_trail_adds_up(paper):
    drops = [step.drop for step in paper.steps]
    total = paper.initial.measures["chisq"] - paper.fit.measures["chisq"]
    assert sum(drops) == pytest.approx(total, rel=1e-12)
    assert [step.df for step in paper.steps] == [1] * 5
    for step, following in zip(paper.steps, paper.steps[1:], strict=False):
        assert step.after == following.before
    assert paper.table["model_df"].tolist() == [276, 275, 274, 273, 272]
    assert paper.stopped == "All 5 given steps were made."


def test_the_order_of_given_steps_does_not_change_the_end(paper, cross_border):
    backwards = respecify(cross_border, RespecificationPolicy(steps=PAPER[::-1]))
    assert backwards.fit.measures["chisq"] == pytest.approx(paper.fit.measures["chisq"], rel=1e-7)


def test_a_covariance_within_a_two_item_construct_is_caught(paper):
    step = paper.steps[0]
    assert step.tied == ("B3 ~~ A1",)
    assert step.warnings[0] == "tied with B3 ~~ A1: the data cannot tell them apart"
    assert step.warnings[1].startswith("nearly unidentified: only 1.5 % of its information")
    assert all(not other.warnings for other in paper.steps[1:])


def test_tied_parameters_give_the_same_model(cross_border):
    fits = [
        respecify(cross_border, RespecificationPolicy(steps=[step])).fit
        for step in ("C11 ~~ C12", "B3 ~~ A1")
    ]
    # Equivalent models imply the same matrix; 1e-6 is the optimiser's accuracy.
    assert np.allclose(fits[0].implied_cov, fits[1].implied_cov, atol=1e-6, rtol=0)


def test_an_unidentified_step_is_skipped_and_the_others_are_made(cross_border):
    policy = RespecificationPolicy(steps=["C9 ~~ C10", "C26 ~~ C27", "C17 ~~ C18"])
    result = respecify(cross_border, policy)
    assert [step.status for step in result.steps] == ["freed", "skipped", "freed"]
    skipped = result.skipped[0]
    assert "not identified" in skipped.why
    assert "C26 ~~ C27" in skipped.why
    assert np.isnan([skipped.mi, skipped.drop, skipped.est]).all()
    assert skipped.after == skipped.before
    assert skipped.df == 0
    assert result.fit.df == 275
    assert result.stopped == "2 of 3 given steps were made, 1 skipped."


@pytest.mark.parametrize(
    "steps",
    [
        "C9 ~~ C10",
        ["C9 ～～ C10"],
        [("C9", "~~", "C10")],
        [("C10", "~~", "C9")],
        ["C9 <-> C10"],
    ],
)
def test_steps_may_be_written_in_several_ways(cross_border, steps):
    result = respecify(cross_border, RespecificationPolicy(steps=steps))
    assert {result.steps[0].lhs, result.steps[0].rhs} == {"C9", "C10"}
    assert result.fit.measures["chisq"] == pytest.approx(345.22927, abs=1e-4)


@pytest.mark.parametrize(
    "policy",
    [
        {"steps": [("C9", "~~", "C10", "both on rules")]},
        {"steps": {"C9 ~~ C10": "both on rules"}},
        {"steps": ["C9 ~~ C10"], "reasons": {"C10 ~~ C9": "both on rules"}},
        {"allow": ["C9 ~~ C10"], "reasons": {("C9", "~~", "C10"): "both on rules"}},
    ],
)
def test_the_stated_reason_is_kept(cross_border, policy):
    step = respecify(cross_border, RespecificationPolicy(**policy)).steps[0]
    assert step.reason == "both on rules"


def test_a_step_without_a_reason_is_marked(paper):
    assert {step.reason for step in paper.steps} == {"no substantive reason was given"}
    assert "5 of the 5 freed parameters have no substantive reason." in str(paper)


def test_an_inadmissible_given_step_is_kept_with_a_warning(ability):
    steps = ["x7 ~~ x8", "x8 ~~ x9"]
    kept = respecify(ability, RespecificationPolicy(steps=steps))
    assert kept.steps[1].warnings[-1].startswith("the solution is not admissible: negative error")
    assert (kept.fit.estimates["est"][kept.fit.estimates["lhs"] == "x9"] < 0).any()
    skipped = respecify(ability, RespecificationPolicy(steps=steps, inadmissible="skip"))
    assert skipped.steps[1].status == "skipped"
    assert skipped.steps[1].why.startswith("the solution is not admissible")
    assert skipped.fit is skipped.steps[0].fit


@pytest.mark.parametrize(
    ("steps", "error", "message"),
    [
        (["C11 ~~ C1x"], ModelError, "step 1, C11 ~~ C1x .* no variable 'C1x'; did you mean 'C1'?"),
        (["A1 ~ B1"], ModelError, "A1 ~ B1 is free in the model already"),
        (["C1 ~~ C1"], ModelError, "free in the model already"),
        (["C1 ~~ C2", "C2 ~~ C1"], ModelError, "given twice"),
        (["indirect"], ModelError, "no parameter that can be freed"),
        ([("C1", "~~")], ModelError, "cannot be read"),
        (["C1 ~~ C2 + C3"], ModelSyntaxError, r"line 1, column 10.*\n.*C1 ~~ C2 \+ C3\n {13}\^"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused(cross_border, steps, error, message):
    with pytest.raises(error, match=message):
        respecify(cross_border, RespecificationPolicy(steps=steps))


def test_a_covariates_moments_are_not_up_for_a_step():
    rng = np.random.default_rng(5)
    data = pd.DataFrame(rng.standard_normal((100, 3)), columns=["a", "b", "y"])
    fit = cs.sem("y ~ a + b", data)
    for step in ("a ~~ b", "a ~ y"):
        with pytest.raises(ModelError, match="fixed_x=False"):
            respecify(fit, RespecificationPolicy(steps=[step]))


def test_a_fit_that_did_not_converge_is_refused(ability):
    with pytest.raises(EstimationError, match="cannot be respecified"):
        respecify(replace(ability, status=status_of("stalled", 9, 1.0)))


def test_a_new_path_leaves_what_was_free_by_default_free(cross_border):
    # With B4 an outcome, its covariances with B1 to B6 would no longer be added by default.
    result = respecify(cross_border, RespecificationPolicy(steps=["B4 ~ A2"]))
    assert result.fit.df == cross_border.df - 1
    for row in cross_border.spec.parameters:
        now = result.fit.spec.find(row.lhs, row.op, row.rhs)
        assert now is not None
        assert now.free == row.free
    step = result.steps[0]
    # The index is the quadratic approximation of the drop, which is 3 % off here.
    assert step.drop == pytest.approx(step.mi, rel=0.05)


def test_nothing_given_is_changed(ability):
    before = ability.estimates
    text = ability.spec.to_text()
    steps = ["x7 ~~ x8"]
    respecify(ability, RespecificationPolicy(steps=steps))
    assert steps == ["x7 ~~ x8"]
    assert ability.spec.to_text() == text
    pd.testing.assert_frame_equal(ability.estimates, before)


def test_steps_work_from_a_covariance_matrix_and_under_wishart(ability):
    cov = ability.moments.frame(ability.moments.unbiased_cov)
    policy = RespecificationPolicy(steps=["x7 ~~ x8"])
    normal = respecify(cs.cfa(ABILITY, cov=cov, n_obs=301), policy).steps[0]
    wishart = respecify(cs.cfa(ABILITY, cov=cov, n_obs=301, likelihood="wishart"), policy).steps[0]
    # chi2 is N F with N = n or n - 1; F is the same.
    assert wishart.mi == pytest.approx(normal.mi * 300 / 301, rel=1e-6)
    assert wishart.drop == pytest.approx(normal.drop * 300 / 301, rel=1e-6)


def test_the_model_after_a_step_is_the_one_that_a_user_would_write(ability):
    result = respecify(ability, RespecificationPolicy(steps=["visual =~ x9"]))
    cov = ability.moments.frame(ability.moments.unbiased_cov)
    written = cs.cfa(ABILITY.replace("x3", "x3 + x9"), cov=cov, n_obs=301)
    assert result.fit.measures["chisq"] == pytest.approx(written.measures["chisq"], rel=1e-7)
    again = fit_samples(result.fit.spec, result.fit.samples, result.fit.options)
    assert again.measures["chisq"] == result.fit.measures["chisq"]
