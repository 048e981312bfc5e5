"""Searches of sets, by Wald tests, by AIC, BIC and cross-validation."""

import warnings
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from respecify_models import DATA

import clustersem as cs
from clustersem import RespecificationPolicy
from clustersem.errors import ClusterSemWarning, ModelError, UnsupportedError
from clustersem.respecify import respecify
from clustersem.respecify.folds import folds_of, validation_discrepancy
from clustersem.respecify.rules import key_of
from clustersem.respecify.search import search
from clustersem.respecify.space import ModelSpace
from clustersem.respecify.trail import Walk

ALLOW = ["x7 ~~ x8", "x1 ~~ x9", "x3 ~~ x5", "visual =~ x9", "x2 ~~ x7"]


def keys(result):
    return {key_of((s.lhs, s.op, s.rhs)) for s in result.freed}


@pytest.fixture(scope="module")
def answers():
    return pd.read_csv(DATA / "holzinger1939.csv")


@pytest.mark.parametrize("criterion", ["aic", "bic"])
def test_an_exhaustive_search_ends_at_the_best_of_all_models(ability, answers, criterion):
    policy = RespecificationPolicy(allow=ALLOW, search="exhaustive", criterion=criterion)
    result = respecify(ability, policy)
    text = ability.spec.to_text()
    scores = {}
    for k in range(len(ALLOW) + 1):
        for rows in combinations(ALLOW, k):
            with warnings.catch_warnings():
                # Those that do not converge or are not admissible are sorted out below.
                warnings.simplefilter("ignore", ClusterSemWarning)
                one = cs.cfa("\n".join([text, *rows]), answers)
            if one.converged and all(check.passed for check in one.diagnose().checks[:3]):
                scores[rows] = one.measures[criterion]
    best = min(scores, key=scores.get)
    assert keys(result) == {key_of(tuple(text.split())) for text in best}
    assert len(result.visited) == 2 ** len(ALLOW)
    assert len(result.visited["freed"].unique()) == len(result.visited)
    # The criterion is the measure less what is the same for all models.
    ours = result.visited.loc[result.visited["why"] == "", "criterion"].to_numpy()
    theirs = np.sort(list(scores.values()))
    assert len(ours) == len(theirs)
    np.testing.assert_allclose(ours - ours[0], theirs - theirs[0], atol=1e-6)


@pytest.mark.parametrize("how", ["beam", "tabu", "best_subset"])
def test_searches_of_sets_find_what_the_exhaustive_one_finds(ability, how):
    every = respecify(ability, RespecificationPolicy(allow=ALLOW, search="exhaustive"))
    policy = RespecificationPolicy(allow=ALLOW, search=how)
    found = respecify(ability, policy)
    assert keys(found) == keys(every)
    pd.testing.assert_frame_equal(respecify(ability, policy).visited, found.visited)


def test_best_subset_looks_at_fewer_models_where_there_are_many(ability):
    policy = RespecificationPolicy(
        allow="residual_covariances", search="best_subset", max_models=100
    )
    result = respecify(ability, policy)
    assert "tabu search" in result.stopped
    # The last step of a search compares all neighbours before it counts.
    assert len(result.visited) <= 100 + 2 * policy.breadth
    assert result.fit.measures["bic"] < ability.measures["bic"]


def test_one_set_is_one_model_whatever_the_order(ability):
    space = ModelSpace.of(ability, RespecificationPolicy(allow=ALLOW))
    there, back = Walk(space), Walk(space)
    rows = [("x1", "~~", "x9"), ("visual", "=~", "x9")]
    for row in rows:
        assert there.free(row)
    for row in ((lhs, op, rhs) if op == "=~" else (rhs, op, lhs) for lhs, op, rhs in rows[::-1]):
        assert back.free(row)
    assert there.model == back.model
    assert there.fit is back.fit
    assert back.fit.spec.to_text() == space.spec(rows).to_text()


def test_a_search_of_sets_does_not_depend_on_order_or_units(ability, answers):
    policy = RespecificationPolicy(allow=ALLOW, search="tabu")
    plain = respecify(ability, policy)
    rng = np.random.default_rng(5)
    shuffled = answers.iloc[rng.permutation(len(answers)), rng.permutation(answers.shape[1])]
    items = [f"x{k}" for k in range(1, 10)]
    shuffled = shuffled.assign(**{x: shuffled[x] * 10.0 ** (k - 4) for k, x in enumerate(items)})
    again = respecify(cs.cfa(ability.spec.to_text(), shuffled), policy)
    assert keys(again) == keys(plain)
    np.testing.assert_allclose(again.visited["criterion"], plain.visited["criterion"], atol=1e-6)


def test_stepwise_fixes_again_what_a_later_step_makes_superfluous(answers):
    # x7 and x8 share something that a cross-loading of x9 explains too, as soon as it is free.
    fit = cs.cfa("visual =~ x1 + x2 + x3\nspeed =~ x7 + x8 + x9", answers)
    policy = RespecificationPolicy(
        allow=["x7 ~~ x8", "x1 ~~ x9", "visual =~ x9", "x3 ~~ x9", "x2 ~~ x7"],
        search="stepwise",
        minimum_mi=3.0,
    )
    stepwise = respecify(fit, policy)
    for step in stepwise.steps:
        if step.status == "fixed":
            assert step.df == -1
            assert step.drop < 0
            assert "superfluous by its Wald test" in step.why
    # Whatever is free at the end is needed by its own Wald test.
    for step in stepwise.freed:
        row = stepwise.fit.estimates.set_index(["lhs", "op", "rhs"]).loc[
            (step.lhs, step.op, step.rhs)
        ]
        assert row["z"] ** 2 >= 3.0


def test_backward_keeps_only_what_its_wald_test_keeps(cross_border):
    policy = RespecificationPolicy(search="backward", allow=["within B2", "within B5"])
    result = respecify(cross_border, policy)
    kept = result.fit.estimates.set_index(["lhs", "op", "rhs"])["z"]
    assert {frozenset((s.lhs, s.rhs)) for s in result.freed} >= {
        frozenset(("C9", "C10")),
        frozenset(("C20", "C21")),
    }
    for step in result.freed:
        assert kept[(step.lhs, step.op, step.rhs)] ** 2 >= policy.minimum_mi
    fixed = [step for step in result.steps if step.status == "fixed"]
    assert fixed
    # Each was the least needed of its model, and that model had one parameter less after it.
    for step in fixed:
        assert step.after["df"] == step.before["df"] + 1
    assert result.stopped.startswith("Of ")


def test_the_smallest_wald_statistic_is_near_the_rise_of_chi2(cross_border):
    policy = RespecificationPolicy(search="backward", allow=["within B2", "within B5"])
    for step in respecify(cross_border, policy).steps:
        if step.status == "fixed":
            wald = float(step.why.split(": ")[1].split(",")[0])
            # Both are chi2 statistics of one hypothesis and agree for small values.
            assert wald == pytest.approx(-step.drop, rel=0.1, abs=0.05)


def test_forward_by_bic_stops_where_no_step_lowers_it(cross_border):
    result = respecify(cross_border, RespecificationPolicy(criterion="bic"))
    for step in result.freed:
        assert step.after["bic"] < step.before["bic"]
    for row in result.space.allowed:
        if key_of(row) in keys(result):
            continue
        larger = result.space.trial(frozenset(keys(result)) | {key_of(row)})
        assert (
            larger.fit is None
            or not larger.proper
            or larger.fit.measures["bic"] > result.fit.measures["bic"]
        )


def test_the_cross_validated_discrepancy_is_that_of_the_parts(ability, answers):
    folds = folds_of(ability, 3, seed=4)
    sizes = [fold.validation.n_obs for fold in folds]
    assert sum(sizes) == 301
    assert max(sizes) - min(sizes) <= 1
    assert [fold.training.n_obs + fold.validation.n_obs for fold in folds] == [301] * 3
    text = ability.spec.to_text()
    for fold in folds:
        training = pd.DataFrame(fold.training.data, columns=fold.training.names)
        one = cs.cfa(text, training)
        ours = validation_discrepancy(one, fold.validation)
        sigma = one.implied_cov.loc[
            list(fold.validation.names), list(fold.validation.names)
        ].to_numpy()
        s = np.cov(fold.validation.data.T, bias=True)
        product = np.linalg.solve(sigma, s)
        f = np.trace(product) - np.linalg.slogdet(product)[1] - len(s)
        assert ours == pytest.approx(f, rel=1e-9)


def test_a_search_by_cross_validation_lowers_it(ability):
    policy = RespecificationPolicy(allow=ALLOW, search="exhaustive", criterion="cv", folds=3)
    result = respecify(ability, policy)
    table = result.visited
    assert table["criterion"].iloc[0] == table["criterion"].min()
    assert (
        set(table["freed"].iloc[0].split(", ")) == {s.name for s in result.freed}
        or not result.freed
    )
    again = respecify(ability, policy)
    pd.testing.assert_frame_equal(again.visited, table)
    other = respecify(
        ability,
        RespecificationPolicy(allow=ALLOW, search="exhaustive", criterion="cv", folds=3, seed=9),
    )
    assert not np.allclose(other.visited["criterion"], table["criterion"])


def test_an_adjusted_level_stops_earlier(cross_border):
    plain = respecify(cross_border)
    strict = respecify(cross_border, RespecificationPolicy(alpha=0.05))
    assert 0 < len(strict.freed) < len(plain.freed)
    assert all(step.p_adjusted <= 0.05 for step in strict.freed)
    assert "adjusted p-value of 0.05 or less" in strict.stopped
    # Holm's p of the largest of m indices is m times its own.
    first = plain.steps[0]
    assert first.n_candidates == len(plain.space.allowed)


def test_only_what_matters_is_freed_where_that_is_asked_for(cross_border):
    result = respecify(cross_border, RespecificationPolicy(relevant={"~~": 0.3}))
    assert result.freed
    for step in result.freed:
        assert step.decision in ("misspecified", "large change")
    assert "by a change that matters" in result.stopped or "3.84" in result.stopped


@pytest.mark.parametrize(
    ("rule", "inside", "outside"),
    [
        ("within B2", ("C5", "~~", "C6"), ("C1", "~~", "C2")),
        ("between B1 and B2", ("C1", "~~", "C5"), ("C1", "~~", "C2")),
        ("between B2 and B1", ("C1", "~~", "C5"), ("C1", "~~", "C11")),
        ("loadings on B1", ("B1", "=~", "C5"), ("B2", "=~", "C1")),
        ("about C20", ("B1", "=~", "C20"), ("B1", "=~", "C19")),
    ],
)
def test_parts_of_a_model_are_allowed_by_name(cross_border, rule, inside, outside):
    space = ModelSpace.of(cross_border, RespecificationPolicy(allow={rule: "theory"}))
    allowed = {key_of(row) for row in space.allowed}
    assert key_of(inside) in allowed
    assert key_of(outside) not in allowed
    forbidding = RespecificationPolicy(
        allow=["residual_covariances", "cross_loadings"], forbid=rule
    )
    left = {key_of(row) for row in ModelSpace.of(cross_border, forbidding).allowed}
    assert key_of(inside) not in left
    assert key_of(outside) in left


def test_a_rule_gives_its_reason_to_what_it_allows(cross_border):
    policy = RespecificationPolicy(
        allow={"within B2": "the items share their wording", "within B1": ""},
        max_steps=3,
        reasons={"C9 ~~ C10": "both are about rules"},
    )
    reasons = {step.name: step.reason for step in respecify(cross_border, policy).freed}
    assert reasons["C9 ~~ C10"] == "both are about rules"
    others = {name: why for name, why in reasons.items() if name != "C9 ~~ C10"}
    roles = {"C1": "B1", "C2": "B1", "C3": "B1", "C4": "B1"}
    for name, why in others.items():
        expected = (
            "no substantive reason was given"
            if name.split()[0] in roles
            else "the items share their wording"
        )
        assert why == expected


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"search": "forwards"}, "did you mean 'forward'"),
        ({"criterion": "dic"}, "there are mi, aic, bic, cv"),
        ({"search": "tabu", "criterion": "mi"}, "a modification index cannot"),
        ({"search": "beam", "target": {"cfi": "> .9"}}, "so target has no say"),
        ({"alpha": 0.0}, "between 0 and 1"),
        ({"relevant": -0.1}, "write a positive standardised"),
        ({"relevant": {"=": 0.1}}, "write a positive standardised"),
        ({"folds": 1}, "2 or more"),
        ({"breadth": 0}, "1 or more"),
        ({"max_models": 2.5}, "write a whole number"),
        ({"adjust": "sidak"}, "there are holm, bonferroni, bh"),
    ],
)
def test_a_policy_that_cannot_be_read_is_refused(wrong, said):
    with pytest.raises(ModelError, match=said):
        RespecificationPolicy(**wrong)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"allow": "within B12"}, "no latent variable 'B12'; did you mean 'B2'"),
        ({"allow": "about C99"}, "no variable 'C99'"),
        ({"search": "exhaustive", "allow": "residual_covariances"}, "more than max_models"),
    ],
)
def test_a_policy_that_does_not_fit_the_model_is_refused(cross_border, policy, said):
    with pytest.raises(ModelError, match=said):
        respecify(cross_border, RespecificationPolicy(**policy))


def test_a_criterion_that_the_data_do_not_give_is_refused(cross_border, ability, answers):
    by_covariance = cs.cfa(
        ability.spec.to_text(), cov=answers[[f"x{k}" for k in range(1, 10)]].cov(), n_obs=301
    )
    with pytest.raises(UnsupportedError, match="needs the answers"):
        respecify(by_covariance, RespecificationPolicy(criterion="cv"))
    uls = cs.cfa(ability.spec.to_text(), answers, estimator="ULS")
    with pytest.raises(UnsupportedError, match="needs a likelihood"):
        respecify(uls, RespecificationPolicy(search="beam"))
    assert respecify(uls, RespecificationPolicy(max_steps=1)).freed


def test_a_policy_that_allows_nothing_ends_where_it_began(ability):
    for how in ("forward", "stepwise", "backward", "exhaustive", "beam", "tabu", "best_subset"):
        policy = RespecificationPolicy(allow="x1 ~~ x4", forbid="x1 ~~ x4", search=how)
        result = respecify(ability, policy)
        assert result.steps == ()
        assert result.fit is ability
        assert "The policy allows nothing here" in result.stopped


def test_a_repeated_search_on_other_data_is_the_search_of_that_data(
    cross_border, cross_border_data
):
    policy = RespecificationPolicy(max_steps=4)
    half = cross_border_data.iloc[:240]
    space = ModelSpace.of(cross_border, policy)
    moments = cs.sem(cross_border.spec.to_text(), half)
    trail = search(space.on(moments.samples))
    alone = respecify(moments, policy)
    assert [key_of(row) for row in trail.rows] == [
        key_of((s.lhs, s.op, s.rhs)) for s in alone.freed
    ]
