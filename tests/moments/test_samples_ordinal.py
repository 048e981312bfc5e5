"""Ordinal samples: against lavaan's, and what is said of categories that cannot be used."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from helpers.reference import case, data

from clustersem.errors import DataError
from clustersem.moments import ordered_names, samples_from_data

ITEMS = ["x1", "x2", "x3", "x4"]


def cut(frame):
    """Answers as three categories at the 30th and 80th percentile of the complete data."""
    result = frame.copy()
    for name in [f"x{i}" for i in range(1, 7)]:
        limits = data("holzinger1939")[name].quantile([0.3, 0.8])
        codes = 1.0 + (frame[name].to_numpy()[:, None] > limits.to_numpy()).sum(axis=1)
        result[name] = np.where(frame[name].isna(), np.nan, codes)
    return result


def weighed(frame):
    return frame.assign(w=0.5 + (np.arange(1, len(frame) + 1) * 7) % 13 / 8)


def holes():
    frame = data("holzinger1939_missing").copy()
    frame.loc[0, ITEMS] = np.nan
    return cut(frame)


def three():
    return cut(data("holzinger1939"))


LAVAAN = {
    "ordinal": lambda: samples_from_data(holes(), ITEMS, ordered=ITEMS),
    "ordinal_groups": lambda: samples_from_data(
        holes(), ITEMS, ordered=ITEMS, missing="pairwise", group="school"
    ),
    "ordinal_mixed": lambda: samples_from_data(
        weighed(three()), [*ITEMS, "x9"], ordered=ITEMS, weights="w"
    ),
}


@pytest.mark.parametrize("name", LAVAAN)
def test_ordinal_samples_are_those_of_lavaan(name):
    told = case("samples")[name]
    samples = LAVAAN[name]()
    n_obs = told["n_obs"] if isinstance(told["n_obs"], list) else [told["n_obs"]]
    assert [sample.n_obs for sample in samples] == n_obs
    for number, sample in enumerate(samples):
        order = sample.ordinal.order
        thresholds = sample.ordinal.values[order.thresholds]
        np.testing.assert_allclose(thresholds, told["thresholds"][number], rtol=1e-9)
        # lavaan stops its search for a correlation some 1e-8 before the maximum.
        np.testing.assert_allclose(sample.cov, told["cov"][number], atol=1e-7)
        np.testing.assert_allclose(sample.mean, told["mean"][number], rtol=1e-6)
        assert order.n_thresholds == (2, 2, 2, 2, 0)[: len(sample.names)]
        assert [c.tolist() for c in sample.ordinal.categories[:4]] == [[1.0, 2.0, 3.0]] * 4


def test_ordered_categoricals_count_as_their_places():
    frame = three()
    words = pd.CategoricalDtype(["never", "sometimes", "often", "always"], ordered=True)
    wording = frame.copy()
    for name in ITEMS:
        wording[name] = pd.Categorical.from_codes(frame[name].astype(int) - 1, dtype=words)
    before = wording.copy(deep=True)
    (sample,) = samples_from_data(wording, ITEMS, ordered=ITEMS)
    (expected,) = samples_from_data(frame, ITEMS, ordered=ITEMS)
    np.testing.assert_array_equal(sample.cov, expected.cov)
    np.testing.assert_array_equal(sample.data, expected.data)
    pd.testing.assert_frame_equal(wording, before)
    assert ordered_names(wording, [*ITEMS, "x5"], None) == tuple(ITEMS)
    assert ordered_names(wording, [*ITEMS, "x5"], None, exogenous=["x1"]) == tuple(ITEMS[1:])
    # Numbers that are categories stay the numbers they are, decimals too.
    halves = frame.assign(x1=pd.Categorical(frame["x1"] / 2, ordered=True))
    (half,) = samples_from_data(halves, ITEMS, ordered=ITEMS)
    assert half.ordinal.categories[0].tolist() == [0.5, 1.0, 1.5]
    np.testing.assert_array_equal(half.cov, expected.cov)


def test_recoding_categories_in_order_changes_nothing():
    frame = three()
    recoded = frame.assign(x2=frame["x2"].map({1: -7, 2: 0, 3: 400}))
    (sample,) = samples_from_data(recoded, ITEMS, ordered=ITEMS)
    (expected,) = samples_from_data(frame, ITEMS, ordered=ITEMS)
    np.testing.assert_array_equal(sample.cov, expected.cov)


def test_groups_share_their_categories():
    # A category that nobody chose in any group is no category.
    frame = three().assign(x1=lambda d: d["x1"].replace(2, 3))
    samples = samples_from_data(frame, ITEMS, ordered=ITEMS, group="school")
    assert [s.ordinal.categories[0].tolist() for s in samples] == [[1.0, 3.0]] * 2


@pytest.mark.parametrize(
    ("ordered", "expected"),
    [
        (None, ()),
        (False, ()),
        (True, ("x1", "x2")),
        ("x2", ("x2",)),
        (["age", "x1"], ("x1", "age")),
        ((), ()),
    ],
)
def test_which_variables_are_ordinal(ordered, expected):
    frame = pd.DataFrame({"x1": [1], "x2": [2], "age": [30]})
    assert ordered_names(frame, ["x1", "x2", "age"], ordered, exogenous=["age"]) == expected


def sampled(frame=None, names=ITEMS, **options):
    frame = three() if frame is None else frame
    options.setdefault("ordered", names)
    return lambda: samples_from_data(frame, names, **options)


def changed(**columns):
    return three().assign(**columns)


def merged(frame=None):
    """Answers of which nobody in Pasteur gave x1 the highest, nor x4 the lowest."""
    frame = three() if frame is None else frame
    here = frame["school"] == "Pasteur"
    return frame.assign(
        x1=frame["x1"].where(~here, frame["x1"].clip(upper=2)),
        x4=frame["x4"].where(~here, frame["x4"].clip(lower=2)),
    )


GOLDEN = {
    "an unknown item": (
        lambda: ordered_names(three(), ITEMS, ["x1", "x44"]),
        "ordered= names 'x44', which is no observed variable of the model; did you mean 'x4'?"
        " Correct it or leave it out of ordered=. The model has x1, x2, x3, x4.",
    ),
    "a category that is empty in a group": (
        sampled(merged(), ["x1", "x2", "x3"], group="school"),
        "the data: ordinal items need the same categories in every group, but nobody chose 3 of"
        " x1 in 'Pasteur'. Collapse such a category with its neighbour in"
        " all groups (5 into 4, say), or leave the item out.",
    ),
    "categories that are empty in a group": (
        sampled(merged(), group="school"),
        "the data: ordinal items need the same categories in every group, but nobody chose 3 of"
        " x1 in 'Pasteur', 1 of x4 in 'Pasteur'. Collapse such a category"
        " with its neighbour in all groups (5 into 4, say), or leave the item out.",
    ),
    "more than ten answers": (
        sampled(changed(x2=np.arange(301) % 11)),
        "the data: the ordinal item x2 has 11 different answers (0 to 10); at most 10 can be"
        " treated as ordered categories. Leave it out of ordered= to treat it as continuous, or"
        " collapse its answers into fewer categories.",
    ),
    "decimals": (
        sampled(changed(x2=three()["x2"] + 0.25)),
        "the data: the ordinal item x2 has the answer 1.25, which is no whole number. Code its"
        " categories 1, 2, 3, ..., or leave it out of ordered= to treat it as continuous.",
    ),
    "one category": (
        sampled(changed(x2=4)),
        "the data: the ordinal item x2 has the answer 4 only, and so nothing that divides"
        " respondents. Leave it out of the model.",
    ),
    "no answers": (
        sampled(changed(x2=np.nan)),
        "the data: x2 has no answers at all. Leave out such items, or check the column names and"
        " missing-value codes.",
    ),
    "words": (
        sampled(changed(x2="often")),
        "the data: row 0, item x2: 'often' is not a number. Code answers as numbers, 1 to 5 say, or"
        " read the file with clustersem.read_survey and a codebook that gives the text answers"
        " their numbers.",
    ),
    "items never asked together": (
        sampled(
            changed(
                x1=three()["x1"].where(np.arange(301) % 2 == 0),
                x2=three()["x2"].where(np.arange(301) % 2 == 1),
            ),
            missing="pairwise",
        ),
        "the data: nobody answered both items of x1 with x2, so the data say nothing of how they"
        " covary. Leave out one item of each such pair, or fit what was asked of the same people.",
    ),
    "a constant continuous variable": (
        sampled(changed(x9=2.0), [*ITEMS, "x9"], ordered=ITEMS),
        "the data: every respondent gave the same answer to x9, which has therefore no variance to"
        " explain. Leave it out of the model.",
    ),
}


@pytest.mark.parametrize("what", GOLDEN)
def test_the_message(what):
    call, message = GOLDEN[what]
    with pytest.raises(DataError) as caught:
        call()
    assert str(caught.value) == message
