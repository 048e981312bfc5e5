"""From answers to the sample of every group: against lavaan's, and what it says of bad input."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from helpers.reference import case, data

from clustersem.errors import DataError, UnsupportedError
from clustersem.moments import grouping_of, moments_from_data, samples_from_data

ITEMS = ["x1", "x2", "x3", "x4"]
MIMIC = ["x1", "x2", "x3", "ageyr"]


def weighed(name):
    frame = data(name)
    return frame.assign(w=0.5 + (np.arange(1, len(frame) + 1) * 7) % 13 / 8)


def holes():
    frame = weighed("holzinger1939_missing")
    frame.loc[0, ITEMS] = np.nan
    frame.loc[4:8, "ageyr"] = np.nan
    return frame


def numbered():
    form = np.array([3, 1, 2])[np.arange(301) % 3]
    return weighed("holzinger1939").assign(form=form)


def as_lists(value):
    return value if isinstance(value, list) else [value]


LAVAAN = {
    "groups": lambda: samples_from_data(numbered(), ITEMS, group="form"),
    "chosen": lambda: samples_from_data(numbered(), ITEMS, group="form", group_labels=[2, "3"]),
    "group_listwise": lambda: samples_from_data(holes_free(), ITEMS, group="school"),
    "weights": lambda: samples_from_data(weighed("holzinger1939"), ITEMS, weights="w"),
    "weights_listwise": lambda: samples_from_data(holes_free(), ITEMS, weights="w"),
    "weights_groups": lambda: samples_from_data(holes_free(), ITEMS, weights="w", group="school"),
    "weights_ml": lambda: samples_from_data(holes(), ITEMS, weights="w", missing="ml"),
    "pairwise": lambda: samples_from_data(holes(), ITEMS, missing="pairwise"),
    "ml": lambda: samples_from_data(holes(), ITEMS, missing="fiml"),
    "ml_groups": lambda: samples_from_data(holes(), ITEMS, missing="ml", group="school"),
    "ml_fixed_x": lambda: samples_from_data(holes(), MIMIC, missing="ml", exogenous=["ageyr"]),
    "ml_x": lambda: samples_from_data(holes(), MIMIC, missing="ml_x", exogenous=["ageyr"]),
    "pairwise_fixed_x": lambda: samples_from_data(
        holes(), MIMIC, missing="pairwise", exogenous=["ageyr"]
    ),
}


def holes_free():
    return weighed("holzinger1939_missing")


@pytest.mark.parametrize("name", LAVAAN)
def test_samples_are_those_of_lavaan(name):
    told = case("samples")[name]
    samples = LAVAAN[name]()
    assert [sample.label for sample in samples] == (told["labels"] or [""])
    assert [sample.n_obs for sample in samples] == as_lists(told["n_obs"])
    # lavaan counts all rows, where ours counts those of the group.
    assert [sample.n_rows for sample in samples] == as_lists(told["n_rows"])
    for sample, cov, mean in zip(samples, told["cov"], told["mean"], strict=True):
        # 15 digits are in the file; what is left is how lavaan adds up, and its EM stops early.
        within = 1e-4 if "ml" in name else 1e-12
        np.testing.assert_allclose(sample.cov, cov, rtol=within, atol=within)
        np.testing.assert_allclose(sample.mean, mean, rtol=within)
    for sample, first, total in zip(
        samples, told["weights"], as_lists(told["weight_sums"]), strict=True
    ):
        if total is None:
            assert sample.weights is None
        elif name == "weights_ml":
            # lavaan's weights sum to 300 with that of the empty first row, which it does not use.
            np.testing.assert_allclose(
                sample.weights[:4], np.array(first[1:]) * 300 / (300 - first[0])
            )
            assert sample.weights.sum() == pytest.approx(300)
        else:
            np.testing.assert_allclose(sample.weights[:5], first, rtol=1e-12)
            assert sample.weights.sum() == pytest.approx(total, rel=1e-12)


def test_one_group_of_complete_rows_is_the_plain_sample():
    frame = data("holzinger1939_missing")
    (sample,) = samples_from_data(frame, ITEMS)
    plain = moments_from_data(frame, ITEMS)
    np.testing.assert_array_equal(sample.cov, plain.cov)
    assert sample.dropped == plain.dropped == (("a missing answer", 301 - sample.n_obs),)


def test_the_groups_are_the_parts_of_the_data():
    frame = data("holzinger1939_missing")
    samples = samples_from_data(frame, ITEMS, group="school")
    assert [s.label for s in samples] == ["Pasteur", "Grant-White"]
    for sample in samples:
        alone = moments_from_data(frame[frame["school"] == sample.label], ITEMS)
        np.testing.assert_allclose(sample.cov, alone.cov, rtol=1e-13)
        np.testing.assert_array_equal(sample.data, alone.data)
        assert (sample.n_obs, sample.n_rows) == (alone.n_obs, alone.n_rows)


def test_equal_weights_change_nothing():
    frame = data("holzinger1939").assign(w=3.0)
    (weighted,) = samples_from_data(frame, ITEMS, weights="w")
    plain = moments_from_data(frame, ITEMS)
    np.testing.assert_allclose(weighted.cov, plain.cov, rtol=1e-13)
    np.testing.assert_allclose(weighted.mean, plain.mean, rtol=1e-13)
    np.testing.assert_array_equal(weighted.weights, np.ones(301))


def test_a_weight_of_two_is_a_row_twice():
    frame = data("holzinger1939").assign(w=[1.0, 2.0, 3.0] * 100 + [1.0])
    (weighted,) = samples_from_data(frame, ITEMS, weights="w")
    repeated = moments_from_data(frame.loc[frame.index.repeat(frame["w"])], ITEMS)
    np.testing.assert_allclose(weighted.cov, repeated.cov, rtol=1e-12)


def test_clusters_are_numbered_within_groups():
    frame = data("holzinger1939").assign(room=np.arange(301) % 7 * 10.5)
    frame.loc[3, "room"] = np.nan
    (sample,) = samples_from_data(frame, ITEMS, cluster="room")
    assert sample.n_obs == 300
    assert sample.dropped == (("no value of room", 1),)
    rooms = frame["room"].dropna()
    assert len(set(zip(sample.cluster.tolist(), rooms.tolist(), strict=True))) == 7
    for part in samples_from_data(frame, ITEMS, cluster="room", group="school"):
        assert sorted(set(part.cluster.tolist())) == list(range(7))
        assert not part.cluster.flags.writeable


def test_rows_without_a_group_are_left_out_and_counted():
    frame = data("holzinger1939").assign(school=lambda d: d["school"].where(d.index % 10 > 0))
    frame.loc[5, "school"] = "  "
    samples = samples_from_data(frame, ITEMS, group="school")
    assert {s.ungrouped for s in samples} == {32}
    assert sum(s.n_obs for s in samples) == 301 - 32
    assert all(s.dropped == () for s in samples)


def test_groups_may_be_numbers_categories_or_truth_values():
    frame = data("holzinger1939")
    floats = grouping_of(frame.assign(g=frame["sex"].astype(float)), "g")
    assert floats.labels == ("1", "2")
    kinds = pd.Categorical.from_codes(frame["sex"] - 1, ["boy", "girl", "nobody"])
    categories = grouping_of(frame.assign(g=kinds), "g")
    assert categories.labels == ("boy", "girl")
    np.testing.assert_array_equal(categories.codes, floats.codes)
    assert grouping_of(frame.assign(g=frame["sex"] == 1), "g").labels == ("True", "False")
    mixed = grouping_of(pd.DataFrame({"g": [1, "1", 2.0, "2"]}), "g")
    assert mixed.codes.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("missing", ["pairwise", "ml", "ml.x"])
def test_without_gaps_every_method_is_the_same(missing):
    (sample,) = samples_from_data(data("holzinger1939"), ITEMS, missing=missing)
    plain = moments_from_data(data("holzinger1939"), ITEMS)
    np.testing.assert_allclose(sample.cov, plain.cov, rtol=1e-12)
    np.testing.assert_allclose(sample.mean, plain.mean, rtol=1e-12)
    assert (sample.n_obs, sample.dropped) == (301, ())
    assert (sample.patterns is None) == (missing == "pairwise")


@pytest.mark.parametrize("missing", ["listwise", "pairwise", "ml"])
def test_the_order_of_rows_changes_nothing_but_the_order_of_groups(missing):
    frame = holes()
    turned = frame.iloc[::-1]
    samples = samples_from_data(frame, ITEMS, group="school", missing=missing)
    others = samples_from_data(turned, ITEMS, group="school", missing=missing)
    assert [s.label for s in samples] == [s.label for s in others[::-1]]
    for sample, other in zip(samples, others[::-1], strict=True):
        assert sample.dropped == other.dropped
        # EM stops where its steps are below 1e-10 standard deviations.
        np.testing.assert_allclose(sample.cov, other.cov, rtol=1e-8)


def test_samples_survive_pickling_and_stay_frozen():
    (sample,) = samples_from_data(holes(), ITEMS, missing="ml")
    again = pickle.loads(pickle.dumps(sample))
    for array in (again.cov, again.data, again.patterns.observed, again.patterns.rows[0]):
        assert not array.flags.writeable
    assert sample.patterns.counts.sum() == sample.n_obs == 300


def test_input_is_not_changed_and_output_cannot_be():
    frame = weighed("holzinger1939_missing").assign(room=np.arange(301) // 10)
    before = frame.copy(deep=True)
    samples = samples_from_data(
        frame, ITEMS, group="school", weights="w", cluster="room", group_labels=["Grant-White"]
    )
    pd.testing.assert_frame_equal(frame, before)
    assert len(samples) == 1
    for array in (samples[0].cov, samples[0].mean, samples[0].data, samples[0].weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


def called(frame=None, names=ITEMS, **options):
    frame = data("holzinger1939") if frame is None else frame
    return lambda: samples_from_data(frame, names, **options)


def altered(**columns):
    return data("holzinger1939").assign(**columns)


def five(size=5):
    frame = data("holzinger1939")
    return pd.concat([frame[frame["school"] == "Grant-White"], frame.iloc[:size]])


def some(value, name="w"):
    column = np.ones(301)
    column[[6, 200]] = value
    return altered(**{name: column})


GOLDEN = {
    "a group column that is not there": (
        called(group="schol"),
        "the data: group='schol' names a column that is not there; did you mean 'school'? Add it to"
        " the data or correct its name. There are: id, sex, ageyr, agemo, school, grade, x5, x6,"
        " x7, x8, x9.",
    ),
    "two group columns": (
        called(group=["school", "sex"]),
        "group: expected the name of one column of the data, got ['school', 'sex'].",
    ),
    "a group column of the model": (
        called(group="x4"),
        "group='x4' is also a variable of the model. Within a group it is the same for everybody."
        " Leave it out of the model, or fit one group with it as a covariate.",
    ),
    "one group": (
        called(altered(school="A"), group="school"),
        "the data: group='school' has one value only, 'A'. Leave group= out, or use answers of at"
        " least two groups.",
    ),
    "no groups": (
        called(altered(school=None), group="school"),
        "the data: group='school' has no values at all. Fill the column in.",
    ),
    "two spellings of a group": (
        called(altered(school=["a", "A ", "b"] * 100 + ["a"]), group="school"),
        "the data: 'a' and 'A ' of group='school' differ in blanks or capitals only. Give them one"
        " spelling if they are one group, or else different names.",
    ),
    "a group that is not there": (
        called(group="school", group_labels=["Pasteur", "Grant White"]),
        "the data: group_labels names 'Grant White', which school does not have; did you mean"
        " 'Grant-White'? There are: Pasteur, Grant-White.",
    ),
    "a group twice": (
        called(group="school", group_labels=["Pasteur", "Pasteur"]),
        "group_labels names 'Pasteur' twice. Name every group once.",
    ),
    "labels without a column": (
        called(group_labels=["Pasteur"]),
        "group_labels chooses among the groups of a column: name that column as group=.",
    ),
    "no labels": (
        called(group="school", group_labels=[]),
        "group_labels is empty. Name the groups wanted, or leave it out.",
    ),
    "a group of five": (
        called(five(), names=[f"x{i}" for i in range(1, 10)], group="school"),
        "the data: of the groups of school, 'Pasteur' has 5 usable respondents, but 9 observed"
        " variables need more than 9 in every group, and a stable solution many times that. Leave"
        " it out with group_labels=['Grant-White'], join groups that belong together, or collect"
        " more answers.",
    ),
    "a number for a group": (
        called(group="id"),
        "the data: id takes 301 values, and 301 of these groups have 1 usable respondents or fewer,"
        " but 4 observed variables need more than 4 in every group, and a stable solution many"
        " times that. If id is a number rather than a group, cut it into a few classes first, or"
        " use it as a covariate.",
    ),
    "groups that are all small": (
        called(data("holzinger1939").iloc[[0, 1, 299, 300]], group="school"),
        "the data: of the groups of school, 'Pasteur' has 2 usable respondents, 'Grant-White' has 2"
        " usable respondents, but 4 observed variables need more than 4 in every group, and a"
        " stable solution many times that. Join groups that belong together, collect more answers,"
        " or model fewer items.",
    ),
    "an item constant in a group": (
        called(altered(x2=lambda d: d["x2"].where(d["school"] == "Pasteur", 3.0)), group="school"),
        "the data, group 'Grant-White' of school: every respondent gave the same answer to x2,"
        " which has therefore no variance to explain. Leave it out of the model.",
    ),
    "a missing weight": (
        called(some(np.nan), weights="w"),
        "the data: the sampling weight w is missing in rows 6, 200. Fill them in, or leave those"
        " rows out of the data.",
    ),
    "a negative weight": (
        called(some(-1.0), weights="w"),
        "the data: the sampling weight w is negative in rows 6, 200. A weight says how many people"
        " a row stands for. Correct them.",
    ),
    "a weight of zero": (
        called(some(0.0), weights="w"),
        "the data: the sampling weight w is zero in rows 6, 200. Leave those rows out of the data:"
        " they would count as respondents in the sample size.",
    ),
    "a weight that is text": (
        called(weights="school"),
        "the data: row 0, item school: 'Pasteur' is not a number. Code answers as numbers, 1 to 5"
        " say, or read the file with clustersem.read_survey and a codebook that gives the text"
        " answers their numbers.",
    ),
    "a weight column that is not there": (
        called(weights="weight"),
        "the data: sampling_weights='weight' names a column that is not there. Add it to the data"
        " or correct its name. There are: id, sex, ageyr, agemo, school, grade, x5, x6, x7, x8,"
        " x9.",
    ),
    "a cluster column that is not there": (
        called(cluster="grde"),
        "the data: cluster='grde' names a column that is not there; did you mean 'grade'? Add it to"
        " the data or correct its name. There are: id, sex, ageyr, agemo, school, grade, x5, x6,"
        " x7, x8, x9.",
    ),
    "a cluster column of the model": (
        called(cluster="x1"),
        "cluster='x1' is also a variable of the model. A column can be only one of the two. Leave"
        " it out of the model.",
    ),
    "no clusters": (
        called(altered(room=np.nan), cluster="room"),
        "the data: cluster='room' has no values at all. Name the column that says which respondents"
        " were sampled together, or leave cluster= out.",
    ),
    "one cluster": (
        called(altered(room="A"), cluster="room"),
        "the data: cluster='room' has one value only, 'A'. Name the column that says which"
        " respondents were sampled together, or leave cluster= out.",
    ),
}


@pytest.mark.parametrize("what", GOLDEN)
def test_the_message(what):
    call, message = GOLDEN[what]
    with pytest.raises(DataError) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize("missing", ["fulinfo", None, 3, ""])
def test_unknown_methods_for_missing_answers(missing):
    with pytest.raises(UnsupportedError, match="is no way to treat missing answers"):
        called(missing=missing)()
