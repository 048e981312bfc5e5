"""The survey itself: what it hands out, what it never does, and its description of items."""

import copy
import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from clustersem.errors import DataError
from clustersem.survey import read_survey


def test_views_of_the_survey(frame, book):
    survey = read_survey(frame, book)
    assert repr(survey) == "<Survey data frame: 6 respondents x 5 items, 2 constructs>"
    assert survey.raw["t3"].tolist() == [5, 4, 2, 1, 2, 3]
    assert survey.answers["t3"].tolist() == [1, 2, 4, 5, 4, 3]
    assert survey.codebook.label("Trust") == "Trust in trade"
    assert survey.flow.distributed == 8
    assert survey.policy.max_missing == 0.5
    assert survey.read_as == {"format": "data frame"}
    assert list(survey.covariates.columns) == ["group", "age"]
    assert len(survey.fingerprint) == 64


def test_nothing_can_be_changed_from_outside(frame, book):
    survey = read_survey(frame, book)
    before = survey.answers
    for handed_out in (survey.answers, survey.raw, survey.covariates, survey.excluded):
        handed_out["new"] = 1
    answers = survey.answers
    answers.iloc[0, 0] = 99
    survey.constructs["Trust"] = ()
    survey.read_as["format"] = "?"
    frame.loc[:, "t1"] = 5.0
    assert survey.answers.equals(before)
    assert "new" not in survey.raw
    assert survey.constructs["Trust"] == ("t1", "t2", "t3")
    with pytest.raises(dataclasses.FrozenInstanceError):
        survey.items = ()


def test_reading_leaves_the_frame_alone(frame, book):
    frame.columns = [" t0" if name == "age" else name for name in frame.columns]
    before = copy.deepcopy(frame)
    read_survey(frame, book)
    pd.testing.assert_frame_equal(frame, before)
    assert frame.index.name is None


def test_survives_pickling(frame, book):
    survey = read_survey(frame, book)
    other = pickle.loads(pickle.dumps(survey))
    assert other.answers.equals(survey.answers)
    assert other.flow == survey.flow
    assert other.codebook == survey.codebook


def test_select_items_and_constructs(frame, book):
    survey = read_survey(frame, book)
    some = survey.select(["u2", "t3"])
    assert list(some.answers.columns) == ["u2", "t3"]
    assert some.answers["t3"].tolist() == [1, 2, 4, 5, 4, 3]
    assert some.constructs == {"Trust": ("t3",), "Use": ("u2",)}
    assert some.flow == survey.flow
    assert some.screen(survey.policy).items == ("u2", "t3")
    assert survey.select("Trust").constructs == {"Trust": ("t1", "t2", "t3")}
    assert survey.select(["Use", "t1"]).items == ("u1", "u2", "t1")
    with pytest.raises(DataError) as caught:
        survey.select(["t11"])
    assert str(caught.value) == (
        "data frame: 't11' is not an item of the survey; did you mean 't1'?"
    )
    with pytest.raises(DataError, match="no item was selected"):
        survey.select([])


def test_description_against_scipy(frame, book):
    survey = read_survey(frame, book)
    table = survey.describe()
    assert list(table.columns) == [
        "n",
        "missing",
        "mean",
        "sd",
        "skewness",
        "kurtosis",
        "minimum",
        "maximum",
    ]
    for item in survey.items:
        x = survey.answers[item].dropna().to_numpy()
        expected = [
            len(x),
            6 - len(x),
            x.mean(),
            x.std(ddof=1),
            scipy.stats.skew(x, bias=False),
            scipy.stats.kurtosis(x, bias=False),
            x.min(),
            x.max(),
        ]
        # two double-precision ways to the same sums over six numbers
        np.testing.assert_allclose(table.loc[item].astype(float), expected, rtol=1e-12, atol=1e-14)


def test_description_does_not_depend_on_the_unit():
    rng = np.random.default_rng(5)
    x = rng.exponential(size=200)
    table = read_survey(pd.DataFrame({"a": x, "b": 1e-9 * x, "c": 1e9 * x})).describe()
    for column in ("skewness", "kurtosis"):
        np.testing.assert_allclose(table[column], table.loc["a", column], rtol=1e-9)


def test_description_of_hopeless_items():
    survey = read_survey(pd.DataFrame({"a": [3, 3, 3, 3], "b": [1, 2, np.nan, np.nan]}))
    table = survey.describe()
    assert table.loc["a", "sd"] == 0
    assert table.loc[["a", "b"], ["skewness", "kurtosis"]].isna().all(axis=None)


def test_answer_counts(frame, book):
    counts = read_survey(frame, book).answer_counts()
    assert counts.columns.tolist() == [1, 2, 3, 4, 5]
    assert counts.loc["t1"].tolist() == [1, 1, 1, 1, 1]
    assert counts.loc["t3"].tolist() == [1, 1, 1, 2, 1]
    assert counts.loc["u2"].tolist() == [1, 2, 0, 1, 1]
