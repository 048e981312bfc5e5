"""What must hold for any answers."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from clustersem.survey import ScreeningPolicy, read_survey
from clustersem.survey.coding import reverse

ITEMS = ["a", "b", "c", "d"]
answer = st.one_of(st.integers(0, 6).map(float), st.just(np.nan), st.just(2.5))
tables = hnp.arrays(float, st.tuples(st.integers(1, 12), st.just(4)), elements=answer)
steps = settings(max_examples=40, deadline=None, derandomize=True)


def survey_of(values, **codebook):
    # The marker keeps every row: one item whose answer is always there and in range.
    frame = pd.DataFrame(values, columns=ITEMS)
    frame["anchor"] = np.arange(len(frame)) % 5 + 1.0
    book = {"items": [*ITEMS, "anchor"], "answers": [1, 5], **codebook}
    frame.loc[len(frame)] = [1.0, 2, 3, 4, 5]
    return frame, read_survey(frame, book, screening=ScreeningPolicy(min_items=3))


@steps
@given(tables)
def test_reverse_coding_twice_is_no_coding(values):
    _, plain = survey_of(values)
    _, turned = survey_of(values, reverse=ITEMS[:2])
    limits = (1.0, 5.0)
    for item in ITEMS[:2]:
        back = reverse(turned.answers[item].to_numpy(), *limits)
        np.testing.assert_array_equal(back, plain.answers[item].to_numpy())
    np.testing.assert_array_equal(turned.answers[ITEMS[2:]], plain.answers[ITEMS[2:]])
    pd.testing.assert_frame_equal(turned.raw, plain.raw)
    assert turned.fingerprint == plain.fingerprint
    assert turned.flow == plain.flow


@steps
@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_respondents_does_not_matter(values, random):
    frame, survey = survey_of(values)
    order = list(range(len(frame)))
    random.shuffle(order)
    book = {"items": [*ITEMS, "anchor"], "answers": [1, 5]}
    other = read_survey(frame.iloc[order], book, screening=survey.policy)
    assert other.flow == survey.flow
    key = list(survey.answers.columns)
    pd.testing.assert_frame_equal(
        other.answers.sort_values(key, ignore_index=True),
        survey.answers.sort_values(key, ignore_index=True),
    )


@steps
@given(tables)
def test_everybody_is_somewhere_and_the_frame_is_untouched(values):
    frame, survey = survey_of(values)
    assert survey.flow.returned == survey.flow.valid + len(survey.excluded) == len(frame)
    assert sum(survey.flow.reasons.values()) == survey.flow.excluded
    assert set(survey.answers.index) | set(survey.excluded["row"]) == set(frame.index)
    before = frame.copy(deep=True)
    read_survey(frame, {"answers": [1, 5], "reverse": ["a"]}, screening=survey.policy)
    pd.testing.assert_frame_equal(frame, before)
    inside = survey.answers.to_numpy()
    given_answers = inside[~np.isnan(inside)]
    assert ((given_answers >= 1) & (given_answers <= 5)).all()
    assert (given_answers == np.floor(given_answers)).all()
