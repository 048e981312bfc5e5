"""Screening finds who was planted, says why, and nobody else."""

import numpy as np
import pandas as pd
import pytest

from clustersem.survey import NO_SCREENING, Flow, ScreeningPolicy, read_survey
from clustersem.survey.screening import longest_run

ITEMS = [f"C{i}" for i in range(1, 30)]
CONSTRUCTS = {"F": ITEMS[:15], "G": ITEMS[15:]}


@pytest.fixture
def study():
    """532 sent out, 503 returned, 22 of them invalid in known rows."""
    rng = np.random.default_rng(20220318)
    trait = 0.6 * rng.normal(size=(503, 1))
    answers = np.clip(np.round(3 + trait + rng.normal(size=(503, 29))), 1, 5)
    planted = {}
    for row in (3, 40, 77, 115, 200, 301):
        answers[row, rng.permutation(29)[:16]] = np.nan
        planted[row] = "too many missing answers"
    for row, value in zip((5, 90, 222, 333, 444), (0, 6, 55, 3.5, -1), strict=True):
        answers[row, row % 29] = value
        planted[row] = "answer out of range"
    for row, value in zip((10, 20, 30, 100, 499), (1, 3, 5, 4, 4), strict=True):
        answers[row] = value
        planted[row] = "straight-lining"
    for row in (60, 61, 250, 400, 401, 502):
        answers[row] = answers[row - 53]
        planted[row] = "duplicate"
    return pd.DataFrame(answers, columns=ITEMS), planted


def test_the_flow_of_the_published_study(study):
    frame, planted = study
    survey = read_survey(frame, {"constructs": CONSTRUCTS, "answers": [1, 5], "distributed": 532})
    flow = survey.flow
    assert (flow.distributed, flow.returned, flow.valid, flow.excluded) == (532, 503, 481, 22)
    assert dict(zip(survey.excluded["row"], survey.excluded["reason"], strict=True)) == planted
    assert len(survey.answers) == 481
    assert not set(survey.answers.index) & set(planted)
    assert round(100 * flow.valid_rate, 2) == 90.41
    assert str(flow) == (
        "distributed                    532\n"
        "returned                       503   94.55 % of distributed\n"
        "  too many missing answers       6   excluded\n"
        "  answer out of range            5   excluded\n"
        "  straight-lining                5   excluded\n"
        "  duplicate                      6   excluded\n"
        "valid                          481   90.41 % of distributed"
    )
    assert flow.reasons == {
        "too many missing answers": 6,
        "answer out of range": 5,
        "straight-lining": 5,
        "duplicate": 6,
    }


def test_the_details_name_item_value_and_row(study):
    frame, _ = study
    survey = read_survey(frame, {"constructs": CONSTRUCTS, "answers": [1, 5]})
    detail = survey.excluded.set_index("row")["detail"]
    assert detail[3] == "16 of 29 answers missing"
    assert detail[5] == "C6 = 0 is not from 1 to 5"
    assert detail[222] == "C20 = 55 is not from 1 to 5"
    assert detail[333] == "C15 = 3.5 is not a whole number"
    assert detail[20] == "answered 3 to 29 of 29 items in a row"
    assert detail[60] == "same answers as row 7"


def test_every_rule_can_be_left_out(study):
    frame, planted = study
    survey = read_survey(frame, {"constructs": CONSTRUCTS, "answers": [1, 5]})
    counts = pd.Series(planted).value_counts()
    for option, reason in (
        ("max_missing", "too many missing answers"),
        ("out_of_range", "answer out of range"),
        ("duplicates", "duplicate"),
    ):
        other = survey.screen(ScreeningPolicy(**{option: False}))
        assert reason not in other.flow.reasons
        assert other.flow.valid == 481 + counts[reason]
    assert survey.screen(NO_SCREENING).flow.valid == 503
    assert read_survey(frame, screening=None).flow.valid == 503
    assert survey.screen(NO_SCREENING).screen(survey.policy).answers.equals(survey.answers)
    kept = survey.screen(ScreeningPolicy(out_of_range=False))
    assert kept.warnings == (
        "item C4, C6, C10, C15, C20: answers out of range were not screened out.",
    )


def test_policies_bite_at_their_thresholds():
    frame = pd.DataFrame(
        [
            [1, 2, 3, 4, 5, 1, 2, 3, 4, 5],
            [2, 2, 2, 2, 2, 2, 2, 2, 3, 1],
            [np.nan] * 5 + [1, 2, 3, 4, 1],
            [np.nan] * 6 + [1, 2, 3, 4],
            [4, 4, np.nan, 4, 4, 4, 4, 4, 4, 4],
        ],
        columns=[f"x{i}" for i in range(10)],
    )

    def excluded(**options):
        survey = read_survey(frame, screening=ScreeningPolicy(**options))
        return list(survey.excluded["row"])

    assert excluded() == [3]  # row 4 answered nine items, one fewer than min_items
    assert excluded(min_items=9) == [3, 4]
    assert excluded(max_missing=0.6) == []
    assert excluded(max_missing=0.4) == [2, 3]
    assert excluded(max_missing=0) == [2, 3, 4]
    assert excluded(max_missing=None, straight_lining=0.8) == [1]
    assert excluded(max_missing=None, straight_lining=0.81) == []


def test_longest_run_skips_missing_answers():
    nan = np.nan
    length, answer = longest_run(
        np.array(
            [[1, 2, 2, 2, 1, 1], [3, nan, 3, 1, nan, nan], [nan, 5, 4, 4, nan, 4]], dtype=float
        )
    )
    assert length.tolist() == [3, 2, 3]
    assert answer.tolist() == [2, 3, 4]


def test_straight_lining_is_seen_before_reverse_coding():
    frame = pd.DataFrame([[5] * 10, [5, 1] * 5], columns=[f"x{i}" for i in range(10)])
    book = {"answers": [1, 5], "reverse": [f"x{i}" for i in range(1, 10, 2)]}
    survey = read_survey(frame, book)
    assert list(survey.excluded["row"]) == [0]
    assert survey.answers.loc[1].tolist() == [5] * 10


def test_duplicates_by_id_and_by_answers():
    frame = pd.DataFrame(
        {
            "who": ["a", "b", "a", None, None, "c", "c"],
            "x1": [1, 2, 3, 4, 4, 9, 5],
            "x2": [1, 2, 3, 5, 5, 1, 2],
        }
    )
    book = {"id": "who", "answers": [1, 5]}
    survey = read_survey(frame, book, screening=ScreeningPolicy(min_items=2, straight_lining=False))
    assert survey.excluded.to_dict("records") == [
        {
            "row": 2,
            "respondent": "a",
            "reason": "duplicate",
            "reasons": "duplicate",
            "detail": "same respondent id as row 0",
        },
        {
            "row": 4,
            "respondent": None,
            "reason": "duplicate",
            "reasons": "duplicate",
            "detail": "same answers as row 3",
        },
        {
            "row": 5,
            "respondent": "c",
            "reason": "answer out of range",
            "reasons": "answer out of range",
            "detail": "x1 = 9 is not from 1 to 5",
        },
    ]  # the valid second answer of c stays: its first is invalid
    # With two items only, equal answers are no evidence by default.
    default = read_survey(frame, book)
    assert list(default.excluded["row"]) == [2, 5]


def test_who_has_several_reasons_counts_once():
    frame = pd.DataFrame([[7.0] * 10 + [np.nan] * 12, [1.0, 2] * 11])
    survey = read_survey(frame, {"answers": [1, 5]})
    assert survey.flow.exclusions == (("too many missing answers", 1),)
    assert survey.excluded.loc[0, "reasons"] == (
        "too many missing answers; answer out of range; straight-lining"
    )


def test_fractions_are_answers_where_the_codebook_says_so():
    frame = pd.DataFrame({"x1": [1.5, 2, 3], "x2": [2.5, 7, 1]})
    book = {"answers": [1, 5], "items": {"x1": {}, "x2": {"whole": False}}}
    assert list(read_survey(frame, book).excluded["row"]) == [0, 1]
    assert list(read_survey(frame, {**book, "whole": False}).excluded["row"]) == [1]
    assert read_survey(frame).flow.excluded == 0  # no range, nothing to be outside of


def test_rows_without_an_answer_are_not_returned(write_csv):
    path = write_csv("id,x1,x2\n1,1,2\n2,,\n3,3,4\n4,9,9\n,,\n")
    survey = read_survey(path, {"missing": [9]})
    flow = survey.flow
    assert (flow.distributed, flow.returned, flow.valid) == (4, 2, 2)
    assert survey.answers.index.tolist() == [2, 4]
    assert len(survey.excluded) == 0
    assert read_survey(path, {"missing": [9]}, distributed=10).flow.distributed == 10
    assert read_survey(path, {"missing": [9], "distributed": 20}).flow.valid_rate == 0.1


def test_flow_without_the_number_distributed():
    flow = Flow(None, 10, 9, (("duplicate", 1),))
    assert flow.response_rate is None
    assert flow.valid_rate == 0.9
    assert str(flow) == (
        "distributed              ?   not stated\n"
        "returned                10\n"
        "  duplicate              1   excluded\n"
        "valid                    9   90.00 % of returned"
    )
