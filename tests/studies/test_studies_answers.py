"""The synthetic answers: the same every time, labelled, and what the study needs them to be."""

import tomllib

import numpy as np
import pytest

from clustersem.studies.cross_border.answers import (
    ID_COLUMN,
    INVALID,
    POOR_ITEMS,
    answers_csv,
    answers_file,
    generate_answers,
    study_file,
    synthetic_answers,
)
from clustersem.studies.cross_border.design import answer_covariance
from clustersem.survey import read_survey
from clustersem.survey.codebook import Codebook


@pytest.fixture(scope="module")
def survey():
    return read_survey(answers_file(), Codebook.from_study_file(study_file()))


def test_shipped_answers_are_what_the_code_makes():
    assert answers_csv(generate_answers()) == answers_file().read_text(encoding="utf-8")


def test_another_seed_gives_other_answers():
    assert answers_csv(generate_answers(1)) != answers_file().read_text(encoding="utf-8")


def test_they_say_that_they_are_synthetic():
    frame = synthetic_answers()
    assert "synthetic" in ID_COLUMN
    assert frame[ID_COLUMN].str.startswith("SYN").all()
    assert frame[ID_COLUMN].is_unique
    assert "synthetic" in answers_file().name
    assert "SYNTHETIC" in study_file().read_text(encoding="utf-8")


def test_flow_is_the_papers_and_every_planted_questionnaire_is_found(survey):
    flow = survey.flow
    assert (flow.distributed, flow.returned, flow.valid) == (532, 503, 481)
    assert flow.reasons == {
        "too many missing answers": INVALID["missing"],
        "answer out of range": INVALID["out of range"],
        "straight-lining": INVALID["straight-lining"],
        "duplicate": INVALID["duplicate"],
    }


def test_valid_answers_are_complete_distinct_and_on_the_scale(survey):
    answers = survey.answers
    assert answers.shape == (481, 29)
    assert answers.isin([1, 2, 3, 4, 5]).all().all()
    assert not answers.duplicated().any()
    assert answers.mean().between(3.35, 3.95).all()


def test_answers_have_the_designed_moments(survey):
    wanted = answer_covariance()
    answers = survey.answers[list(wanted.columns)]
    np.testing.assert_allclose(answers.std(ddof=0), np.sqrt(np.diag(wanted)), atol=0.01)
    sd = np.sqrt(np.diag(wanted))
    gap = np.corrcoef(answers.T) - wanted / np.outer(sd, sd)
    # The exchanges bring the root mean square error from 0.02 below 0.002.
    assert np.sqrt((gap.to_numpy() ** 2).mean()) < 0.002


def test_study_file_says_what_the_paper_says():
    paper = tomllib.loads(study_file().with_name("published.toml").read_text(encoding="utf-8"))
    book = Codebook.from_study_file(study_file())
    assert book.distributed == 532
    assert book.answers == (1.0, 5.0)
    assert list(book.constructs) == list(paper["constructs"])
    for name, construct in paper["constructs"].items():
        assert book.constructs[name].items == tuple(construct["items"])
        assert book.constructs[name].subsystem == construct["subsystem"]
        assert book.label(name) == construct["label"]
    assert {item: book.text(item) for item in paper["items"]} == paper["items"]
    assert tuple(sorted(POOR_ITEMS)) == tuple(sorted(paper["efa"]["deleted"]))
