"""The price, the multiverse and equivalent models, from a study file to the report."""

import numpy as np
import pytest
from helpers.reference import data

import clustersem as cs
from clustersem.errors import CodebookError
from clustersem.report import render_text, study_document
from clustersem.report.tables import multiverse_table, price_fit_table, price_steps_table

FILE = """
[data]
file = "answers.csv"
answers = [1, 9]
[constructs]
Visual = ["x1", "x2", "x3"]
Textual = ["x4", "x5", "x6"]
Speed = ["x7", "x8", "x9"]
[scale]
purify = false
[screening]
straight_lining = false
duplicates = false
[respecification]
{respecification}
[price]
n = 6
folds = 2
repeats = 1
[multiverse]
max_models = 20
[equivalent_models]
depth = 1
[[hypotheses]]
id = "H1"
path = "Textual ~ Visual"
expect = "+"
[[hypotheses]]
id = "H2"
path = "Speed ~ Visual"
expect = "+"
"""


def run(folder, respecification):
    # Holzinger and Swineford's scores, cut into nine categories.
    scores = data("holzinger1939")[[f"x{k}" for k in range(1, 10)]]
    answers = (5 + 2 * (scores - scores.mean()) / scores.std()).round().clip(1, 9).astype(int)
    answers.to_csv(folder / "answers.csv", index=False)
    path = folder / "study.toml"
    path.write_text(FILE.format(respecification=respecification), encoding="utf-8")
    return cs.Study.from_file(path).run()


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return run(tmp_path_factory.mktemp("given"), 'steps = ["x7 ~~ x8"]')


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    return run(tmp_path_factory.mktemp("searched"), "max_steps = 1")


def test_beside_given_steps_stands_the_search_of_as_many(given, searched):
    assert [step.name for step in given.respecification.freed] == ["x7 ~~ x8"]
    assert given.search is not None
    assert given.study.respecification.searching().max_steps == 1
    assert len(given.search.freed) <= 1
    assert searched.search is None
    assert list(given.prices) == ["", "search"]
    assert list(searched.prices) == [""]
    assert given.prices[""].given
    assert not given.prices["search"].given


def test_given_steps_have_no_optimism(given):
    table = given.prices[""].fit_table
    np.testing.assert_array_equal(table["optimism"], 0.0)
    np.testing.assert_array_equal(table["mc_se"], 0.0)


def test_the_report_has_a_section_of_each(given, searched):
    for result in (given, searched):
        document = study_document(result.view())
        names = [section.id for section in document.sections]
        assert names.index("revision") < names.index("price") < names.index("fit")
        assert names.index("hypotheses") < names.index("multiverse") < names.index("measurement")
        text = render_text(document)
        assert "Models that fit as well" in text
        assert "Fit on new respondents, the revision" in text
        assert ("The search that was not made" in text) == (result is given)
        assert ("Fit on new respondents, the search" in text) == (result is given)


def test_tables_hold_the_numbers_of_the_results(searched):
    price = searched.prices[""]
    rows = price_fit_table(price, caption="x").rows
    assert [row[0].value for row in rows][:3] == ["χ²", "χ²/df", "RMSEA"]
    np.testing.assert_array_equal([row[3].value for row in rows], price.fit_table["corrected"])
    steps = price_steps_table(price, caption="x").rows
    assert len(steps) == len(searched.respecification.freed)
    np.testing.assert_array_equal([r[1].value for r in steps], 100 * price.steps["picked"])
    table = searched.multiverse.table
    rows = multiverse_table(searched.multiverse).rows
    np.testing.assert_array_equal([row[2].value for row in rows], table["std_min"])
    assert [row[-1].value for row in rows] == table["survives"].tolist()


def test_verdicts_name_the_models_that_turn_them(searched):
    table = searched.view().hypotheses
    found = searched.equivalent_models
    assert table["equivalent"].tolist() == [found.in_words(name) for name in table["id"]]
    assert any(table["equivalent"])


def test_the_same_study_gives_the_same_report(given, tmp_path):
    again = run(tmp_path, 'steps = ["x7 ~~ x8"]')
    for name, price in given.prices.items():
        assert str(price) == str(again.prices[name])
    assert str(given.multiverse) == str(again.multiverse)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("[price]\nn = 1", "n"),
        ("[price]\nn_jobs = 0", "how many processes"),
        ("[multiverse]\nmax_models = 0", "max_models"),
        ("[equivalent_models]\ndepth = 4", "depth"),
        ("[equivalent_models]\ndeep = 1", "deep"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_its_place(wrong, said, tmp_path):
    text = FILE.format(respecification="max_steps = 1")
    section = wrong.split("\n")[0]
    start = text.index(section)
    end = text.index("[", start + 1)
    path = tmp_path / "study.toml"
    path.write_text(f"{text[:start]}{wrong}\n{text[end:]}", encoding="utf-8")
    with pytest.raises(CodebookError, match=said) as info:
        cs.Study.from_file(path)
    assert "study.toml" in str(info.value)
