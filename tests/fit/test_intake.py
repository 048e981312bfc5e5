"""From a call to a model and its samples: what the data tell the model, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.reference import data

import clustersem as cs
from clustersem.errors import DataError, ModelError, ModelSyntaxError, UnsupportedError
from clustersem.fit.intake import intake
from clustersem.spec import build_spec, options_for

MODEL = "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6"
ITEMS = [f"x{i}" for i in range(1, 7)]


def answers():
    return data("holzinger1939")


def test_a_plain_call_is_the_model_and_its_sample():
    spec, samples = intake(MODEL, answers(), kind="cfa")
    assert spec == build_spec(MODEL, options_for("cfa"))
    assert [s.names for s in samples] == [tuple(ITEMS)]
    assert not spec.options.meanstructure


@pytest.mark.parametrize(
    ("options", "means"),
    [
        ({}, False),
        ({"missing": "pairwise"}, False),
        ({"sampling_weights": "id"}, False),
        ({"missing": "fiml"}, True),
        ({"cluster": "ageyr"}, True),
        ({"group": "school"}, True),
        ({"group": "school", "meanstructure": False}, False),
        ({"kind": "growth"}, True),
    ],
)
def test_means_are_in_the_model_where_lavaan_has_them(options, means):
    # Numbers of parameters of lavaan 0.6-14 for these calls.
    spec, _ = intake(MODEL, answers(), **options)
    assert spec.options.meanstructure is means


def test_groups_are_counted_before_the_model_is_built():
    model = "f =~ x1 + c(0.5, 0.7)*x2 + c(a, b)*x3"
    spec, samples = intake(model, answers(), group="school", group_equal="intercepts")
    assert spec.n_groups == len(samples) == 2
    assert [row.value for row in spec.parameters if row.rhs == "x2" and row.op == "=~"] == [
        0.5,
        0.7,
    ]
    assert spec.options.group_equal == ("intercepts",)
    with pytest.raises(ModelSyntaxError, match="2 settings but the model has 1 group"):
        intake(model, answers())


def test_a_built_model_is_completed_by_the_data():
    built = build_spec(MODEL, options_for("cfa", std_lv=True))
    spec, samples = intake(built, answers(), group="school")
    assert spec == build_spec(MODEL, options_for("cfa", std_lv=True, n_groups=2))
    again, _ = intake(spec, answers(), group="school", group_equal=["loadings"])
    assert again.options.group_equal == ("loadings",)
    assert intake(built, answers())[0] == built
    assert len(samples) == 2


def test_covariates_with_gaps_go_by_fixed_x():
    frame = data("holzinger1939_missing").assign(
        ageyr=lambda d: d["ageyr"].where(d.index >= 5).astype(float)
    )
    model = "f =~ x1 + x2 + x3\nf ~ ageyr"
    used = {
        (missing, fixed_x): intake(model, frame, missing=missing, fixed_x=fixed_x)[1][0].n_obs
        for missing in ("ml", "ml.x", "pairwise")
        for fixed_x in (True, False)
    }
    # As lavaan: 296 with fixed x, all 301 with random x or ml.x.
    assert used == {
        ("ml", True): 296,
        ("ml", False): 301,
        ("ml.x", True): 301,
        ("ml.x", False): 301,
        ("pairwise", True): 296,
        ("pairwise", False): 301,
    }


def test_a_survey_brings_its_covariates():
    frame = answers()[[*ITEMS, "school", "ageyr"]]
    codebook = {"constructs": {"f": {"items": ITEMS[:3]}, "g": {"items": ITEMS[3:]}}}
    survey = cs.read_survey(frame, codebook=codebook)
    _, samples = intake(MODEL, survey, group="school", cluster="ageyr")
    assert [s.label for s in samples] == ["Pasteur", "Grant-White"]
    with pytest.raises(DataError, match=r"group='scool' .* did you mean 'school'"):
        intake(MODEL, survey, group="scool")


def test_answers_in_words_come_through_a_survey_as_numbers():
    words = {"never": 1, "sometimes": 2, "often": 3, "always": 4}
    by_number = {number - 1: word for word, number in words.items()}
    frame = likert()[[*ITEMS, "school"]]
    wording = frame.assign(**{name: frame[name].map(by_number) for name in ITEMS})
    codebook = {"constructs": {"f": {"items": ITEMS[:3]}, "g": {"items": ITEMS[3:]}}}
    survey = cs.read_survey(wording, codebook={"labels": words, **codebook})
    spec, samples = intake(MODEL, survey, ordered=True, group="school")
    expected_spec, expected = intake(MODEL, frame, ordered=True, group="school")
    assert spec == expected_spec
    for sample, other in zip(samples, expected, strict=True):
        np.testing.assert_array_equal(sample.cov, other.cov)
        assert sample.ordinal.categories[0].tolist() == [1, 2, 3, 4]


def matrices():
    return {label: part[ITEMS].cov() for label, part in answers().groupby("school", sort=False)}


@pytest.mark.parametrize("form", ["dictionary", "list", "arrays"])
def test_matrices_of_several_groups(form):
    covs = matrices()
    means = {label: part[ITEMS].mean() for label, part in answers().groupby("school", sort=False)}
    n_obs = {"Grant-White": 145, "Pasteur": 156}
    labels = ["Pasteur", "Grant-White"]
    if form == "dictionary":
        call = {"cov": covs, "mean": means, "n_obs": n_obs}
    else:
        call = {"cov": [covs[g] for g in labels], "mean": [means[g] for g in labels]}
        call["n_obs"] = [156, 145]
        if form == "arrays":
            call["cov"] = np.array([c.to_numpy() for c in call["cov"]])
        labels = ["Group 1", "Group 2"]
    spec, samples = intake(MODEL, **call)
    _, expected = intake(MODEL, answers(), group="school")
    assert spec.n_groups == 2
    assert [s.label for s in samples] == labels
    for sample, other in zip(samples, expected, strict=True):
        np.testing.assert_allclose(sample.cov, other.cov, rtol=1e-12)
        np.testing.assert_allclose(sample.mean, other.mean, rtol=1e-12)
        assert sample.n_obs == other.n_obs


def likert():
    frame = answers().copy()
    for name in ITEMS:
        frame[name] = pd.cut(
            frame[name], [-9, *frame[name].quantile([0.2, 0.5, 0.8]), 99], labels=False
        )
    return frame


def test_ordinal_items_bring_their_thresholds():
    spec, samples = intake(MODEL, likert(), ordered=True)
    assert spec == build_spec(
        MODEL,
        replace(options_for("sem", ordered=ITEMS), thresholds=tuple((name, 3) for name in ITEMS)),
    )
    assert [c.tolist() for c in samples[0].ordinal.categories] == [[0.0, 1.0, 2.0, 3.0]] * 6
    some, samples = intake(MODEL, likert(), ordered=["x2", "x5"], group="school")
    assert some.options.thresholds == (("x2", 3), ("x5", 3))
    assert sum(row.op == "|" for row in some.parameters) == 12
    assert samples[1].ordinal.order.n_thresholds == (0, 3, 0, 0, 3, 0)


def test_covariates_stay_numbers_with_ordered_true():
    spec, _ = intake("f =~ x1 + x2 + x3\nf ~ x4", likert(), ordered=True)
    assert spec.options.ordered == ("x1", "x2", "x3")


def test_types_thresholds_and_built_models_say_what_is_ordinal():
    frame = likert()
    frame["x3"] = pd.Categorical(frame["x3"], ordered=True)
    text = MODEL + "\nx1 | t1 + t2"
    spec, _ = intake(text, frame)
    assert spec.options.ordered == ("x1", "x3")
    assert sum(row.lhs == "x1" and row.op == "|" for row in spec.parameters) == 3
    again, samples = intake(spec.with_parameter("x4", "~~", "x5"), likert())
    assert again.options == spec.options
    assert samples[0].ordinal.order.n_thresholds == (3, 0, 3, 0, 0, 0)
    continuous, samples = intake(MODEL, frame, ordered=False)
    assert continuous.options.ordered == ()
    assert samples[0].ordinal is None
    with pytest.raises(ModelError, match="names a threshold of x1, but ordered=False"):
        intake(text, frame, ordered=False)


def test_a_threshold_that_the_data_do_not_have():
    with pytest.raises(ModelSyntaxError) as caught:
        intake(MODEL + "\nx1 + x2 | t1 + c*t4", likert())
    assert str(caught.value) == (
        "line 3, column 18: x1 has 4 categories in the data, so its thresholds are t1, t2, t3;"
        " there is no t4\n    x1 + x2 | t1 + c*t4\n                     ^^"
    )


def test_a_covariate_cannot_be_ordered():
    with pytest.raises(ModelError, match="x4: an exogenous covariate cannot be ordered"):
        intake("f =~ x1 + x2 + x3\nf ~ x4", likert(), ordered=["x1", "x4"])


def gone(first, second):
    frame = answers().copy()
    frame.loc[:150, first] = np.nan
    frame.loc[151:, second] = np.nan
    return frame


def group_gap():
    frame = answers().copy()
    frame.loc[frame["school"] == "Pasteur", "x2"] = np.nan
    return frame


def copied():
    frame = answers().copy()
    frame["x2"] = frame["x1"] * 2
    frame.loc[::5, "x2"] = np.nan
    return frame


GOLDEN = {
    "a misspelt item and a group": (
        lambda: intake(MODEL.replace("x5", "x55"), answers()[[*ITEMS, "school"]], group="school"),
        "the data: the model names x55 (did you mean x5?), which is not among its columns. Correct"
        " the model or the column names. There are: x1, x2, x3, x4, x5, x6, school.\n"
        "In the model, line 2, column 11:\n    g =~ x4 + x55 + x6\n              ^^^",
    ),
    "two items never asked together": (
        lambda: intake(MODEL, gone("x1", "x5"), missing="fiml"),
        "the data: nobody answered both items of x1 with x5, so the data say nothing of how they"
        " covary. Leave out one item of each such pair, or fit what was asked of the same people.",
    ),
    "two items never asked together, pairwise": (
        lambda: intake(MODEL, gone("x1", "x5"), missing="pairwise"),
        "the data: fewer than 2 respondents answered both items of x1 with x5, so the data say"
        " nothing of how they covary. Leave out one item of each such pair, or fit what was asked"
        " of the same people.",
    ),
    "an item not asked in a group": (
        lambda: intake(MODEL, group_gap(), group="school", missing="ml"),
        "the data, group 'Pasteur' of school: x2 has no answers at all. Leave out such items, or"
        " check the column names and missing-value codes.",
    ),
    "an item not asked in a group, listwise": (
        lambda: intake(MODEL, group_gap(), group="school"),
        "the data: of the groups of school, 'Pasteur' has 0 usable respondents, but 6 observed"
        " variables need more than 6 in every group, and a stable solution many times that. Leave"
        " it out with group_labels=['Grant-White'], join groups that belong together, or collect"
        " more answers.",
    ),
    "groups of a matrix": (
        lambda: intake(MODEL, cov=answers()[ITEMS].cov(), n_obs=301, group="school"),
        "group= needs answers in data=, but only covariances were passed. For several groups pass"
        " one matrix a group: cov={'north': S1, 'south': S2}.",
    ),
    "ordinal items of a matrix": (
        lambda: intake(MODEL, cov=answers()[ITEMS].cov(), n_obs=301, ordered=True),
        "ordered= needs answers in data=, but only covariances were passed. Polychoric correlations"
        " and their accuracy come from the answers themselves.",
    ),
    "full information from a matrix": (
        lambda: intake(MODEL, cov=answers()[ITEMS].cov(), n_obs=301, missing="ml"),
        "missing='ml' needs answers in data=, but only covariances were passed. Pass the answers,"
        " or leave it out.",
    ),
    "a matrix and several numbers": (
        lambda: intake(MODEL, cov=answers()[ITEMS].cov(), n_obs=[100, 201]),
        "n_obs= lists several groups, but cov= is one matrix. Pass one matrix a group:"
        " cov={'north': S1, 'south': S2}.",
    ),
    "several matrices and one number": (
        lambda: intake(MODEL, cov=matrices(), n_obs=301),
        "n_obs= must have one entry for each of the 2 groups of cov=; pass a list in their order or"
        " a dictionary.",
    ),
    "several matrices and no number": (
        lambda: intake(MODEL, cov=matrices()),
        "cov= needs n_obs=, the number of respondents behind each matrix.",
    ),
    "two matrices and three numbers": (
        lambda: intake(MODEL, cov=matrices(), n_obs=[100, 100, 101]),
        "n_obs= has 3 entries for the 2 groups of cov=. Pass one for each, in their order.",
    ),
    "a number for another group": (
        lambda: intake(MODEL, cov=matrices(), n_obs={"Pasteur": 156, "Grant White": 145}),
        "n_obs= has nothing for group 'Grant-White' of cov=; did you mean 'Grant White'? It has"
        " Pasteur, Grant White.",
    ),
    "one bad matrix of several": (
        lambda: intake(MODEL, cov={**matrices(), "third": np.eye(3)}, n_obs=[156, 145, 20]),
        "group 'third': cov: it has shape (3, 3), but the model has 6 observed variables: x1, x2,"
        " x3, x4, x5, x6. Pass a DataFrame with names, or the rows and columns in that order.",
    ),
}


@pytest.mark.parametrize("what", GOLDEN)
def test_the_message(what):
    call, message = GOLDEN[what]
    with pytest.raises(DataError) as caught:
        call()
    assert str(caught.value) == message


def test_an_item_that_follows_from_another_is_named_under_full_information():
    with pytest.raises(DataError, match=r"singular .*variables involved are x1 and x2"):
        intake(MODEL, copied(), missing="ml")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"missing": "ml", "meanstructure": False}, "does not go with missing='ml'"),
        ({"cluster": "ageyr", "meanstructure": False}, "does not go with cluster="),
        ({"missing": "ml", "ordered": True}, "missing='pairwise', which uses all answers"),
        ({"missing": "pairwise", "sampling_weights": "id"}, "does not go with sampling weights"),
        ({"ordered": ["x1"], "meanstructure": False}, "does not go with ordered items"),
        ({"std_lv": 1}, "write True or False"),
    ],
)
def test_options_that_do_not_go_together(options, message):
    with pytest.raises(UnsupportedError, match=message):
        intake(MODEL, likert(), **options)


def test_auxiliary_variables_are_saturated_correlates():
    frame = data("holzinger1939_missing")
    spec, samples = intake(MODEL, frame, missing="ml", auxiliary=["ageyr", "x7"])
    assert samples[0].names == (*ITEMS, "ageyr", "x7")
    # As semTools' cfa.auxiliary: 36 parameters for 44 moments, the 8 degrees of freedom of the
    # model without them.
    assert spec.n_free_rows == 36
    assert spec.find("x3", "~~", "x7").free
    assert not spec.exogenous_observed
    model = "f =~ x1 + x2 + x3\nx9 ~ f + grade"
    spec, _ = intake(model, frame, missing="ml", auxiliary=("ageyr", "x7"))
    assert spec.find("ageyr", "~~", "grade").free
    assert spec.n_free_rows == 30


@pytest.mark.parametrize(
    ("auxiliary", "message"),
    [
        (["x3"], "auxiliary='x3' is a variable of the model already"),
        (["x7", "x7"], "names 'x7' twice"),
        (["my age"], "auxiliary='my age' is no name that a model can hold"),
        (["x77"], "auxiliary='x77' names a column that is not there; did you mean 'x7'"),
    ],
)
def test_auxiliary_variables_that_are_none(auxiliary, message):
    with pytest.raises((DataError, ModelError), match=message):
        intake(MODEL, answers(), missing="ml", auxiliary=auxiliary)


def test_auxiliary_variables_need_full_information():
    with pytest.raises(UnsupportedError, match="helps full information only, not missing='listw"):
        intake(MODEL, answers(), auxiliary=["x7"])


def test_input_is_not_changed():
    frame = answers().copy()
    before = frame.copy(deep=True)
    intake(MODEL, frame, group="school", missing="ml", sampling_weights="id", cluster="ageyr")
    pd.testing.assert_frame_equal(frame, before)
