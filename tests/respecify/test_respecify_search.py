"""Steps that the indices choose, and what the policy makes of them."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import clustersem as cs
from clustersem.errors import ModelError, UnsupportedError
from clustersem.respecify import RespecificationPolicy, respecify
from clustersem.respecify.rules import roles_of
from clustersem.spec import build_spec, options_for


@pytest.fixture(scope="module")
def found(cross_border):
    return respecify(cross_border)


def names(result):
    return [step.name for step in result.freed]


def test_the_default_search_finds_the_planted_pairs(found):
    # The data were simulated with residual covariances in four of the published pairs.
    assert {frozenset(name.split(" ~~ ")) for name in names(found)[:4]} == {
        frozenset(pair) for pair in (("C2", "C3"), ("C9", "C10"), ("C17", "C18"), ("C20", "C21"))
    }
    assert found.stopped.startswith(
        "No allowed parameter has an index of 3.84 or more; the largest"
    )
    assert all(step.source == "found" for step in found.steps)


def test_each_found_step_has_the_largest_allowed_index(found):
    fits = [found.initial, *(step.fit for step in found.steps)]
    for step, before in zip(found.steps, fits, strict=False):
        table = before.modification_indices()
        mine = table[
            (table["lhs"] == step.lhs) & (table["op"] == "~~") & (table["rhs"] == step.rhs)
        ]
        assert step.mi == pytest.approx(mine["mi"].iloc[0], rel=1e-12)
        assert step.epc == pytest.approx(mine["epc"].iloc[0], rel=1e-12)
        assert step.sepc_all == pytest.approx(mine["sepc_all"].iloc[0], rel=1e-12)
        construct = {item: f for f in before.spec.latent for item in before.spec.indicators(f)}
        larger = table[(table["mi"] > step.mi * (1 + 1e-9)) & (table["op"] == "~~")]
        assert not any(
            construct.get(r.lhs, r.lhs) == construct.get(r.rhs, r.rhs) for r in larger.itertuples()
        )


def test_the_index_is_close_to_the_actual_drop(found):
    # The index is the drop of a quadratic approximation; with residual correlations up to .5 it is
    # up to 9 % off here.
    for step in found.steps:
        assert step.predicted_drop == pytest.approx(step.drop, rel=0.10)
        # The same holds of the expected change and the estimate.
        assert step.est == pytest.approx(step.epc, rel=0.25)


def test_the_p_value_is_that_of_the_difference_test(found):
    for step in found.steps:
        assert step.p_value == pytest.approx(chi2.sf(step.drop, 1), rel=1e-9)


def test_a_search_is_deterministic(found, cross_border):
    again = respecify(cross_border)
    pd.testing.assert_frame_equal(again.table, found.table)
    assert str(again) == str(found)


def test_the_order_of_rows_and_columns_does_not_matter(found, cross_border, cross_border_data):
    rng = np.random.default_rng(11)
    shuffled = cross_border_data.iloc[rng.permutation(481), rng.permutation(26)]
    again = respecify(cs.sem(cross_border.spec.to_text(), shuffled))
    assert names(again) == names(found)


def test_the_largest_index_of_lavaan_is_freed_first(democracy):
    result = respecify(democracy, RespecificationPolicy(allow="residual_covariances", max_steps=1))
    # lavaan: modindices() of the model without residual covariances; 1e-4 is the agreement wanted.
    step = result.steps[0]
    assert step.name == "y2 ~~ y6"
    assert (step.mi, step.epc, step.sepc_all) == pytest.approx(
        (9.27915797698, 2.12929249942, 0.401084655337), rel=1e-4
    )


def test_an_inadmissible_found_step_is_skipped_and_the_search_goes_on(democracy):
    result = respecify(democracy)
    assert [(s.name, s.status) for s in result.steps] == [
        ("y6 ~~ y8", "skipped"),
        ("y1 ~~ y3", "freed"),
        ("y2 ~~ y4", "skipped"),
    ]
    assert result.skipped[0].why.startswith(
        "the solution is not admissible: negative error variances: dem65 ~~ dem65"
    )
    row = result.candidates.set_index(["lhs", "rhs"]).loc[("y6", "y8")]
    assert not row["allowed"]
    assert row["why"].startswith("skipped: the solution is not admissible")
    kept = respecify(democracy, RespecificationPolicy(inadmissible="keep", max_steps=1))
    assert kept.steps[0].status == "freed"
    assert kept.steps[0].warnings[-1].startswith("the solution is not admissible")


@pytest.mark.parametrize(
    ("allow", "first"),
    [
        ("within_construct", "C3 ~~ C2"),
        ("cross_loadings", "B2 =~ C1"),
        ("paths", "B4 ~ A2"),
        (("cross_loadings", "paths"), "B2 =~ C1"),
        (("C5", "~~", "C11"), "C5 ~~ C11"),
        (["C11 ~~ C5", "B6 =~ C21"], "C5 ~~ C11"),
        (lambda lhs, op, rhs: op == "=~" and lhs == "B6", "B6 =~ C21"),
    ],
)
def test_what_is_allowed_is_freed(cross_border, allow, first):
    result = respecify(cross_border, RespecificationPolicy(allow=allow, max_steps=1))
    assert names(result) == [first]


def test_what_is_forbidden_is_not_freed(cross_border):
    policy = RespecificationPolicy(forbid=["C2 ~~ C3", ("C9", "~~", "C10")], max_steps=1)
    result = respecify(cross_border, policy)
    assert names(result) == ["C17 ~~ C18"]
    why = result.candidates.set_index(["lhs", "op", "rhs"])["why"]
    assert why[("C3", "~~", "C2")] == "forbidden by the policy"
    assert why[("B2", "=~", "C1")] == "the policy allows within_construct"
    assert respecify(cross_border, RespecificationPolicy(forbid="within_construct")).steps == ()


def test_a_step_does_not_widen_what_is_allowed(ability):
    # x9 loads on visual after the first step, but is no item of that construct for the policy.
    policy = RespecificationPolicy(allow=["within_construct", "visual =~ x9"], minimum_mi=0.0)
    result = respecify(ability, policy)
    assert names(result)[0] == "visual =~ x9"
    pairs = {frozenset((s.lhs, s.rhs)) for s in result.steps if s.op == "~~"}
    assert not any("x9" in pair and pair & {"x1", "x2", "x3"} for pair in pairs)


def test_a_general_factor_makes_no_construct_of_all_items(ability):
    model = ability.spec.to_text() + "\ng =~ " + " + ".join(f"x{i}" for i in range(1, 10))
    bifactor = roles_of(build_spec(model, options_for("cfa", orthogonal=True))).constructs
    assert bifactor["x1"] == {"visual"}
    one = roles_of(build_spec("g =~ x1 + x2 + x3", options_for("cfa"))).constructs
    assert one["x1"] == {"g"}


def test_a_policy_that_allows_nothing_says_so(cross_border):
    for policy in (
        RespecificationPolicy(allow=()),
        RespecificationPolicy(allow="paths", forbid="paths"),
    ):
        result = respecify(cross_border, policy)
        assert result.steps == ()
        assert result.fit is cross_border
        assert result.stopped.startswith("The policy allows nothing here: it allows ")
        assert not result.candidates["allowed"].any()
        assert len(result.table) == 0


def test_a_saturated_model_has_nothing_to_free():
    s = pd.DataFrame(0.5 + 0.5 * np.eye(3), index=list("abc"), columns=list("abc"))
    result = respecify(cs.cfa("f =~ a + b + c", cov=s, n_obs=100))
    assert result.stopped == "The data determine no parameter that is not free already."


def test_the_search_stops_at_its_target(cross_border):
    met = RespecificationPolicy(target={"cmin_df": ("<", 3), "rmsea": "< .08"})
    result = respecify(cross_border, met)
    assert result.steps == ()
    assert result.stopped == (
        "The initial model meets the target already (cmin_df 1.338 < 3, rmsea 0.026 < 0.08), so"
        " nothing was freed."
    )
    later = respecify(cross_border, RespecificationPolicy(target={"cfi": ">= .99"}))
    assert len(later.steps) == 2
    assert later.steps[0].after["cfi"] < 0.99 <= later.fit.measures["cfi"]
    assert later.stopped == "The target is met (cfi 0.992 >= 0.99)."


def test_the_search_stops_at_its_limit(cross_border):
    policy = RespecificationPolicy(max_steps=1, target={"cfi": "> .99"})
    result = respecify(cross_border, policy)
    assert result.stopped == (
        "The limit of one step is reached. The target is not met: cfi 0.987 (wanted > 0.99)."
    )
    assert result.candidates["allowed"].any()


@pytest.mark.parametrize(
    ("policy", "error", "message"),
    [
        ({"allow": "withinconstruct"}, UnsupportedError, "did you mean 'within_construct'"),
        ({"allow": "C1 ~~ D2"}, ModelError, "no variable 'D2'"),
        ({"forbid": ["C1 ~~ D2"]}, ModelError, "no variable 'D2'"),
        ({"reasons": {"C1 ~~ D2": "x"}}, ModelError, "no variable 'D2'"),
        ({"target": {"cfix": "> .9"}}, ModelError, "did you mean 'cfi'"),
        ({"target": {"cfi": "0.9"}}, ModelError, "cannot be read"),
        ({"target": {"cfi": "> high"}}, ModelError, "cannot be read"),
        ({"max_steps": -1}, ModelError, "0 or more"),
        ({"minimum_mi": -1.0}, ModelError, "never negative"),
        ({"inadmissible": "maybe"}, ModelError, "'skip' or 'keep'"),
        ({"steps": ["C1 ~~ C2"], "max_steps": 2}, ModelError, "have no say"),
        ({"steps": ["C1 ~~ C2"], "forbid": "C2 ~~ C1"}, ModelError, "given and forbidden"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(cross_border, policy, error, message):
    with pytest.raises(error, match=message):
        respecify(cross_border, RespecificationPolicy(**policy))


def test_ties_are_taken_in_the_models_order():
    # All pairs of a compound-symmetric matrix but two have one index.
    names_ = list("abcdef")
    s = pd.DataFrame(0.4 + 0.6 * np.eye(6), index=names_, columns=names_)
    for one, two in (("a", "b"), ("e", "f")):
        s.loc[one, two] = s.loc[two, one] = 0.55
    result = respecify(
        cs.cfa("k =~ e + f + a + b + c + d", cov=s, n_obs=200), RespecificationPolicy(max_steps=1)
    )
    assert names(result) == ["e ~~ f"]
    assert "a ~~ b" in result.steps[0].tied
    assert "tied with a ~~ b" in result.steps[0].warnings[0]
