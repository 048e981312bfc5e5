"""Hypotheses in every model that a policy allows."""

import numpy as np
import pandas as pd
import pytest
from respecify_models import CROSS_BORDER, DATA

import clustersem as cs
from clustersem.errors import DataError, EstimationError, ModelError, UnsupportedError
from clustersem.respecify.multiverse_fits import MEASURES, READ, values
from clustersem.respecify.multiverse_sets import _drawn, selected
from clustersem.respecify.rules import key_of
from clustersem.respecify.space import NOTHING, ModelSpace
from clustersem.respecify.trial import newly_offending

ABILITY = """
visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9
speed ~ visual + textual
"""
HYPOTHESES = "V: speed ~ visual, +\nT: speed ~ textual, +\nC: visual ~~ textual, +"
CROSS_LOADINGS = cs.RespecificationPolicy(
    allow=["visual =~ x7", "visual =~ x9", "x7 ~~ x8", "textual =~ x1"]
)
PUBLISHED = ["C11 ~~ C12", "C9 ~~ C10", "C3 ~~ C2", "C17 ~~ C18", "C21 ~~ C20"]
HOME = "H1: A1 ~ B1, +\nH2: A1 ~ B3, +\nH4: A2 ~ B4, +\nH7: B1 ~~ B4, +\nH16: A1 ~~ A2, +"


@pytest.fixture(scope="module")
def answers():
    return pd.read_csv(DATA / "holzinger1939.csv")


@pytest.fixture(scope="module")
def fit(answers):
    return cs.sem(ABILITY, answers)


@pytest.fixture(scope="module")
def whole(fit):
    return cs.multiverse(fit, CROSS_LOADINGS, HYPOTHESES)


@pytest.fixture(scope="module")
def troubled(fit):
    return cs.multiverse(fit, cs.RespecificationPolicy(max_steps=2), HYPOTHESES)


@pytest.fixture(scope="module")
def home(cross_border):
    policy = cs.RespecificationPolicy(steps=PUBLISHED)
    return cs.multiverse(cross_border, policy, HOME, max_models=40)


def test_a_small_space_is_looked_at_whole(whole):
    assert whole.whole
    assert len(whole.models) == 2**4
    assert whole.models["freed"].is_unique
    assert whole.how.startswith("All 16 sets of the 4 parameters")
    assert whole.models["n_freed"].is_monotonic_increasing


def test_each_model_is_what_sem_makes_of_its_text(whole, answers):
    for row in whole.models.to_dict("records"):
        text = ABILITY + row["freed"].replace(", ", "\n")
        if row["status"] != "fitted":
            continue
        alone = cs.sem(text, answers)
        for name in MEASURES:
            # Both stop at the minimum, but the parameters may come in another order.
            assert row[name] == pytest.approx(alone.measures[name], rel=1e-7, abs=1e-9), name
        told = cs.test_hypotheses(alone, HYPOTHESES).set_index("id")
        mine = whole.estimates.query("model == @row['model']").set_index("id")
        assert mine["verdict"].tolist() == told["verdict"].tolist()
        for name in READ:
            assert mine[name].to_numpy() == pytest.approx(told[name].to_numpy(), rel=1e-6), name


def test_arrays_say_what_the_tables_of_hypotheses_say(cross_border):
    table = cs.test_hypotheses(cross_border, HOME, alpha=0.1)
    paths = [cs.Hypothesis("x", path, "+").path for path in table["path"]]
    from clustersem.fit.hypotheses import parse_path

    read = values(cross_border, [parse_path(path) for path in paths], 1.6448536269514722)
    assert read == pytest.approx(table[list(READ)].to_numpy(), rel=1e-12)


def test_defined_parameters_are_read_too(answers):
    text = ABILITY.replace("speed ~ visual", "speed ~ a*visual") + "\ntwice := 2*a"
    found = cs.multiverse(cs.sem(text, answers), None, "D: twice, +", max_models=3)
    table = cs.test_hypotheses(cs.sem(text, answers), "D: twice, +")
    first = found.estimates.iloc[0]
    assert first["std_all"] == pytest.approx(table["std_all"].iloc[0], rel=1e-10)
    assert first["p_value"] == pytest.approx(table["p_value"].iloc[0], rel=1e-10)


def test_the_table_sums_up_the_estimates(whole):
    for row in whole.table.to_dict("records"):
        own = whole.estimates.query("id == @row['id']")
        assert row["n_models"] == len(own) == whole.counts["fitted"]
        assert row["std_min"] == own["std_all"].min()
        assert row["std_median"] == own["std_all"].median()
        assert row["std_max"] == own["std_all"].max()
        assert row["share_supported"] == own["supported"].mean()
        assert row["share_same"] == (own["verdict"] == row["final"]).mean()
        assert (row["survives"] == "in all") == (row["share_same"] == 1.0)
    assert set(whole.robust) == set(whole.table.query("share_same == 1")["id"])


def test_initial_and_final_are_those_of_the_policy(fit, whole):
    end = cs.respecify(fit, CROSS_LOADINGS)
    for role, model in (("initial", fit), ("final", end.fit)):
        at = whole.place_of(role)
        assert whole.models.loc[at, "chisq"] == pytest.approx(model.measures["chisq"], rel=1e-9)
        told = cs.test_hypotheses(model, HYPOTHESES)["verdict"].tolist()
        assert whole.table[role].tolist() == told


def test_a_large_space_is_sampled_by_size_with_the_way_of_the_policy(cross_border, home):
    freed = home.models["freed"].map(lambda text: frozenset(text.split(", ")) if text else NOTHING)
    for n in range(len(PUBLISHED) + 1):
        assert frozenset(PUBLISHED[:n]) in set(freed)
    assert not home.whole
    assert home.models["n_freed"].max() == 5
    assert home.models["role"].tolist().count("on the way") == 4
    sizes = home.models["n_freed"].value_counts().sort_index().tolist()
    assert sizes[0] == 1
    assert max(sizes[1:]) - min(sizes[1:]) <= 2
    # The residual covariance of two items alone is reported, not refused.
    assert home.counts["fitted"] + len(home.left_out) == len(home.models)
    assert home.place_of("final") is not None


def test_the_sample_is_the_seed_s(cross_border):
    space = ModelSpace.of(cross_border, cs.RespecificationPolicy(max_steps=4))
    first, again, other = (selected(space, 60, seed).sets for seed in (3, 3, 4))
    assert first == again != other
    assert len(set(first)) == len(first)
    assert max(map(len, first)) == 4


def test_larger_indices_are_likelier_and_nothing_is_drawn_twice(cross_border):
    space = ModelSpace.of(cross_border, cs.RespecificationPolicy(max_steps=4, minimum_mi=0.0))
    sets = selected(space, 300, 1).sets
    mi = dict(zip(map(key_of, space.allowed), space.indices(cross_border).mi, strict=True))
    drawn = {key: sum(key in rows for rows in sets if len(rows) > 2) for key in mi}
    order = sorted(mi, key=lambda key: -mi[key])
    assert drawn[order[0]] > 2 * np.median([n for n in drawn.values() if n])
    assert len(set(sets)) == len(sets)
    # One parameter with nearly all of the chance does not keep the others from being drawn.
    keys = [("x", "~~", f"y{i:02}") for i in range(30)]
    weights = np.array([1e12, *np.full(29, 1e-6)])
    found = _drawn(keys, weights, 5, 400, np.random.default_rng(1))
    assert len(set(found)) == 400


def test_max_steps_and_plausible_parameters_limit_the_sets(cross_border):
    space = ModelSpace.of(cross_border, cs.RespecificationPolicy(max_steps=1))
    every = selected(space, 1000, 1)
    assert every.whole
    assert len(every.sets) == len(space.allowed) + 1
    few = selected(space, 30, 1)
    mi = dict(zip(map(key_of, space.allowed), space.indices(cross_border).mi, strict=True))
    assert len(few.sets) <= 30
    assert all(mi[key] >= 3.84 for rows in few.sets for key in rows)


def test_processes_do_not_matter(cross_border, home):
    policy = cs.RespecificationPolicy(steps=PUBLISHED)
    other = cs.multiverse(cross_border, policy, HOME, max_models=40, n_jobs=2)
    pd.testing.assert_frame_equal(other.models, home.models)
    np.testing.assert_array_equal(other.values, home.values)


def test_what_a_search_calls_inadmissible_is_left_out(fit, troubled):
    space = ModelSpace.of(fit, cs.RespecificationPolicy())
    for row in troubled.models.to_dict("records"):
        keys = frozenset(key_of(tuple(name.split())) for name in row["freed"].split(", ") if name)
        trial = space.trial(keys)
        if trial.fit is None:
            assert row["status"] not in ("fitted", "not admissible")
            continue
        bad = newly_offending(space.trial(NOTHING), trial)
        assert (row["status"] == "not admissible") == bool(bad)
        assert bool(row["why"]) == bool(bad)
    assert {"fitted", "not admissible"} <= set(troubled.counts)
    assert sum(troubled.counts.values()) == len(troubled.models)
    assert len(troubled.left_out) == len(troubled.models) - troubled.counts["fitted"]
    assert (troubled.left_out["why"] != "").all()
    assert (
        troubled.values[~troubled.fitted].size == np.isnan(troubled.values[~troubled.fitted]).sum()
    )


def test_a_policy_can_keep_inadmissible_models(fit, troubled):
    policy = cs.RespecificationPolicy(max_steps=2, inadmissible="keep")
    kept = cs.multiverse(fit, policy, HYPOTHESES)
    assert "not admissible" not in kept.counts
    assert kept.counts["fitted"] == sum(
        troubled.counts[status] for status in ("fitted", "not admissible")
    )
    told = kept.models["why"].str.contains("negative variance|that no variables can have")
    assert (told & kept.fitted).sum() == troubled.counts["not admissible"]


def test_among_counts_good_models_only(whole):
    good = whole.among({"cfi": "> .95"})
    assert good.fitted.tolist() == (whole.fitted & (whole.models["cfi"] > 0.95)).tolist()
    assert 0 < good.counts["fitted"] < whole.counts["fitted"]
    assert "off target" in str(good)
    assert good.table["initial"].tolist() == whole.table["initial"].tolist()
    with pytest.raises(ModelError, match="did you mean 'rmsea'"):
        whole.among({"rmsae": "< .05"})


def test_influence_is_the_difference_of_means(whole):
    choices = whole.choices
    assert set(choices) == {"visual =~ x7", "visual =~ x9", "x7 ~~ x8", "textual =~ x1"}
    own, made = whole.fitted, choices["visual =~ x9"].to_numpy()
    std = whole.values[:, 0, READ.index("std_all")]
    expected = std[own & made].mean() - std[own & ~made].mean()
    assert whole.influence.loc["visual =~ x9", "V"] == pytest.approx(expected, rel=1e-12)


def test_the_page_is_narrow_and_says_what_holds(whole, home):
    for result in (whole, home):
        text = str(result)
        assert max(map(len, text.splitlines())) <= 100
        for row in result.table.to_dict("records"):
            (line,) = [x for x in text.splitlines() if x.startswith(f"{row['id']} ")]
            assert line.endswith(row["survives"])
    assert repr(whole).startswith("<Multiverse: 3 hypotheses in ")


def test_a_policy_that_allows_nothing_leaves_one_model(fit):
    found = cs.multiverse(fit, cs.RespecificationPolicy(allow=()), HYPOTHESES)
    assert len(found.models) == 1
    assert found.models["role"].tolist() == ["initial, final"]
    assert "The policy allows nothing here" in str(found)
    assert "nothing is learnt about robustness" in str(found)
    assert set(found.table["survives"]) == {"in all"}


def test_bad_input_is_refused(fit, answers):
    with pytest.raises(ModelError, match="max_models=0: write how many"):
        cs.multiverse(fit, None, HYPOTHESES, max_models=0)
    with pytest.raises(ModelError, match=r"hypothesis H is about speed ~ visal, which is not in"):
        cs.multiverse(fit, None, "H: speed ~ visal, +")
    with pytest.raises(ModelError, match="expected a RespecificationPolicy"):
        cs.multiverse(fit, "within_construct", HYPOTHESES)
    with pytest.raises(UnsupportedError, match="several groups"):
        cs.multiverse(cs.sem(ABILITY, answers, group="school"), None, HYPOTHESES)
    with pytest.raises(UnsupportedError, match="estimator='MLX' is not among"):
        cs.multiverse(fit, None, HYPOTHESES, estimators=["MLX"])
    with pytest.raises(ModelError, match="'x10' is not an item of a construct"):
        cs.multiverse(fit, None, HYPOTHESES, deletions=["x10"])
    with pytest.raises(ModelError, match="visual has fewer than two items left"):
        cs.multiverse(fit, None, HYPOTHESES, deletions=[("x1", "x2")])
    with pytest.raises(DataError, match="give each a name"):
        cs.multiverse(fit, None, HYPOTHESES, samples=[answers])
    with pytest.raises(ModelError, match="'a' names 'missing'"):
        cs.multiverse(fit, None, HYPOTHESES, estimators={"a": {"missing": "ml"}})


def test_other_samples_estimators_and_items_are_crossed_with_the_sets(fit, answers):
    policy = cs.RespecificationPolicy(allow=["visual =~ x9", "x7 ~~ x8"])
    found = cs.multiverse(
        fit,
        policy,
        HYPOTHESES,
        estimators=["mlr", "GLS", "ML"],
        deletions=["x1", ("x2", "x7")],
        samples={"one school": answers[answers["school"] == "Pasteur"], "the same": answers},
    )
    # The estimator of the fit and its own sample are there once; freeing x7 ~~ x8 without x7 is
    # freeing nothing.
    assert len(found.models) == 2 * 3 * (4 + 4 + 2)
    assert found.models["estimator"].unique().tolist() == ["ML", "MLR", "GLS"]
    assert found.models["sample"].unique().tolist() == ["as fitted", "one school"]
    assert found.models["deleted"].unique().tolist() == ["", "x1", "x2, x7"]
    assert "The sample 'the same' is the same as 'as fitted'" in str(found)
    row = found.models.query(
        "sample == 'one school' and estimator == 'MLR' and deleted == 'x1' and n_freed == 2"
    ).iloc[0]
    text = ABILITY.replace("x1 + x2", "x2") + "x7 ~~ x8\nvisual =~ x9"
    alone = cs.sem(text, answers[answers["school"] == "Pasteur"], estimator="MLR")
    assert row["status"] == "fitted"
    assert row["cfi"] == pytest.approx(alone.measures["cfi_robust"], rel=1e-7)
    assert row["chisq"] == pytest.approx(alone.measures["chisq_scaled"], rel=1e-7)
    told = cs.test_hypotheses(alone, HYPOTHESES)
    mine = found.estimates[found.estimates["model"] == row["model"]]
    assert mine["se"].to_numpy() == pytest.approx(told["se"].to_numpy(), rel=1e-6)
    # Beside the initial and the final model of the fit there are those of each world.
    assert found.models["role"].str.contains("final").sum() == 2 * 3 * 3
    assert found.place_of("initial") == 0
    assert "Crossed with 2 samples (as fitted, one school); 3 estimators (ML, MLR, GLS)" in str(
        found
    )


def test_each_item_is_left_out_where_two_stay(cross_border):
    none = cs.RespecificationPolicy(allow=())
    found = cs.multiverse(cross_border, none, HOME, deletions="each")
    items = [i for i in cross_border.spec.observed if i in CROSS_BORDER.split("B3")[0]]
    items += ["C17", "C15", "C16", "C18", "C21", "C19", "C20", "C22"]
    assert found.models["deleted"].tolist() == ["", *items]
    (note,) = found.notes
    assert note.startswith("Left in are C11, C12, C23")
    assert found.models["df"].nunique() == 2


def test_ordinal_estimation_and_incomplete_answers_are_forking_paths(answers):
    bfi = pd.read_csv(DATA / "bfi.csv").iloc[:700]
    model = "N =~ N1 + N2 + N3 + N4 + N5\nE =~ E1 + E2 + E3 + E4\nE ~ N"
    fit = cs.sem(model, bfi)
    policy = cs.RespecificationPolicy(allow=["N1 ~~ N2"])
    how = {"ordinal": {"estimator": "WLSMV", "ordered": True}}
    found = cs.multiverse(fit, policy, "H: E ~ N, +", estimators=how, deletions=["N5"])
    assert found.counts == {"fitted": 8}
    assert found.models["estimator"].unique().tolist() == ["ML", "ordinal"]
    complete = bfi[list(fit.spec.observed)].dropna()
    alone = cs.sem(model.replace(" + N5", "") + "\nN1 ~~ N2", complete, ordered=True)
    last = found.estimates.iloc[-1]
    assert last["est"] == pytest.approx(alone.estimates.query("op == '~'")["est"].iloc[0], rel=1e-6)
    gaps = cs.sem(model, bfi, missing="ml")
    found = cs.multiverse(gaps, policy, "H: E ~ N, +", deletions=["N5"])
    alone = cs.sem(model.replace(" + N5", ""), bfi, missing="ml")
    mine = found.models.query("deleted == 'N5' and n_freed == 0").iloc[0]
    assert mine["chisq"] == pytest.approx(alone.measures["chisq"], rel=1e-6)


def test_an_item_of_a_hypothesis_can_be_left_out(fit):
    found = cs.multiverse(fit, CROSS_LOADINGS, "L: visual =~ x2, +", deletions=["x2"])
    assert found.counts["fitted"] > found.table["n_models"].iloc[0] > 0
    assert (found.estimates["model"] < 16).all()


def test_a_covariance_matrix_is_enough_unless_answers_are_needed(fit):
    alone = cs.sem(ABILITY, cov=fit.sample_cov * 301 / 300, n_obs=301)
    found = cs.multiverse(alone, CROSS_LOADINGS, HYPOTHESES, deletions=["x1"])
    assert found.counts["fitted"] > 16
    with pytest.raises((UnsupportedError, DataError), match="answers"):
        cs.multiverse(alone, CROSS_LOADINGS, HYPOTHESES, estimators=["MLR"])
    with pytest.raises(UnsupportedError, match="estimators= needs the answers"):
        cs.multiverse(alone, None, HYPOTHESES, estimators={"o": {"ordered": True}})


def test_screenings_are_samples(answers):
    frame = answers[[f"x{k}" for k in range(1, 10)]].copy()
    frame.iloc[:5, :6] = np.nan
    frame.iloc[5, :] = 3.0
    survey = cs.read_survey(frame)
    strict = cs.ScreeningPolicy(max_missing=0.1, min_items=5)
    found = cs.screenings(survey, [cs.NO_SCREENING, strict])
    assert list(found) == ["no screening", "max_missing=0.1, min_items=5"]
    assert [len(each.answers) for each in found.values()] == [301, 295]
    assert list(cs.screenings(survey, {"all": cs.NO_SCREENING})) == ["all"]
    fit = cs.sem(ABILITY, survey)
    none = cs.RespecificationPolicy(allow=())
    both = cs.multiverse(fit, none, HYPOTHESES, samples=found)
    # Listwise deletion makes the first the same as the fit's own sample.
    assert both.models["sample"].tolist() == ["as fitted", "max_missing=0.1, min_items=5"]
    with pytest.raises(DataError, match="cannot be screened again"):
        cs.screenings(frame, [strict])


def test_fits_that_did_not_converge_are_refused(fit):
    from dataclasses import replace

    from clustersem.fit.status import status_of

    stopped = replace(fit, status=status_of("max_iterations", 100, 0.1))
    with pytest.raises(EstimationError, match="did not converge"):
        cs.multiverse(stopped, None, HYPOTHESES)
