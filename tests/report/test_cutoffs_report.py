"""Cutoffs as tables, as a figure, and as a section of a study's report."""

import numpy as np
import pytest
from helpers.reference import data

import clustersem as cs
from clustersem.errors import CodebookError, DataError
from clustersem.report import StudyView, render_html, render_text, study_document
from clustersem.report.tables import cutoffs_table, equivalence_table
from clustersem.study import CutoffSettings

MODEL = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


@pytest.fixture(scope="module")
def cutoffs():
    return cs.cutoffs(cs.cfa(MODEL, data("holzinger1939")), n=60, seed=1)


@pytest.fixture(scope="module")
def without():
    return cs.cutoffs(cs.sem("x1 ~ x2 + x3\nx4 ~ x1", data("holzinger1939")), seed=1)


def _rows(table):
    return [[cell.value for cell in row] for row in table.rows]


def test_table_has_fixed_and_dynamic_cutoffs(cutoffs):
    rows = _rows(cutoffs_table(cutoffs))
    assert [row[0] for row in rows] == ["This fit", "Fixed", "Correct model", "Level 1", "Level 2"]
    assert rows[0][2:5] == ["0.065", "0.092", "0.931"]
    assert rows[1][2:5] == ["< 0.080 ✓", "< 0.060 ✗", "> 0.950 ✗"]
    assert rows[3][1] == "+ textual =~ x2 (0.424)"
    for k, level in enumerate((0, 1, 2), 2):
        for j, index in enumerate(("srmr", "rmsea", "cfi"), 2):
            assert f"{cutoffs.cutoff(index, level):.3f}" in rows[k][j]
    assert rows[2][5] == "60"


def test_equivalence_has_words_and_cutoffs(cutoffs):
    table = equivalence_table(cutoffs.equivalence)
    rows = _rows(table)
    assert [column.heading for column in table.columns][2:6] == [
        "excellent",
        "close",
        "fair",
        "mediocre",
    ]
    assert rows[0][0] == "RMSEA"
    assert rows[0][-1] == cutoffs.equivalence.rmsea_verdict == "mediocre"
    assert rows[1][-1] == cutoffs.equivalence.cfi_verdict == "fair"
    plain = cs.cutoffs(cs.sem("x1 ~ x2 + x3\nx4 ~ x1", data("holzinger1939")), alpha=0.01)
    assert len(equivalence_table(plain.equivalence).columns) == 2


def test_figure_draws_every_level(cutoffs, without, tmp_path):
    figure = cs.cutoff_figure(cutoffs)
    assert [axes.get_xlabel() for axes in figure.axes] == ["SRMR", "RMSEA", "CFI"]
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels == ["correct model", "level 1", "level 2"]
    for axes, index in zip(figure.axes, ("srmr", "rmsea", "cfi"), strict=True):
        low, high = axes.get_xlim()
        drawn = cutoffs.replications[index]
        assert low <= min(drawn.min(), cutoffs.values[index])
        assert max(drawn.max(), cutoffs.values[index]) <= high
        at = [line.get_xdata()[0] for line in axes.lines]
        assert any(np.isclose(x, cutoffs.values[index]) for x in at)
        assert any(np.isclose(x, cutoffs.cutoff(index, 2)) for x in at)
        (label,) = axes.texts
        assert label.xy[0] == cutoffs.values[index]
        assert label.get_text() == f"this fit: {cutoffs.values[index]:.3f}"
    path = cs.cutoff_figure(cutoffs, tmp_path / "cutoffs.svg")
    again = cs.cutoff_figure(cutoffs, tmp_path / "again.svg")
    assert path.read_bytes() == again.read_bytes()
    with pytest.raises(DataError, match=r"no replications to draw\. No dynamic cutoffs"):
        cs.cutoff_figure(without)


def test_section_of_the_report(cutoffs, without):
    document = study_document(StudyView("A study", cutoffs=cutoffs))
    section = next(part for part in document.sections if part.id == "cutoffs")
    assert [type(block).__name__ for block in section.blocks] == [
        "Table",
        "Points",
        "Figure",
        "Table",
    ]
    text = render_text(document)
    assert "RMSEA 0.092: no better than misfit of level 2." in text
    assert "Equivalence tests" in text
    assert render_html(document).count("<svg") == 1
    text = render_text(study_document(StudyView("A study", cutoffs=without)))
    assert "Equivalence tests" in text
    assert "No dynamic cutoffs" in text


STUDY = """
title = "Cutoffs"
[data]
file = "answers.csv"
[constructs.F]
items = ["x1", "x2", "x3"]
[constructs.G]
items = ["x4", "x5", "x6"]
[scale]
purify = false
parallel = false
[cutoffs]
n = 20
"""


def test_study_file_asks_for_cutoffs(tmp_path):
    data("holzinger1939").to_csv(tmp_path / "answers.csv", index=False)
    (tmp_path / "study.toml").write_text(STUDY)
    study = cs.Study.from_file(tmp_path / "study.toml")
    assert study.cutoffs == CutoffSettings(n=20)
    result = study.run()
    assert result.cutoffs.n == 20
    assert result.provenance["Seed of the cutoffs"] == "1"
    page = result.report(tmp_path / "out").read_text()
    assert "Cutoffs for this model and this n" in page
    assert list((tmp_path / "out" / "tables").glob("*cutoffs-for-this-model*"))
    (tmp_path / "study.toml").write_text(STUDY.replace("n = 20", "m = 20"))
    with pytest.raises(CodebookError, match=r"line 13: \[cutoffs\] has no key 'm'"):
        cs.Study.from_file(tmp_path / "study.toml")
    (tmp_path / "study.toml").write_text(STUDY.replace("n = 20", "n_jobs = 0"))
    with pytest.raises(CodebookError, match=r"n_jobs: write how many processes"):
        cs.Study.from_file(tmp_path / "study.toml")
    (tmp_path / "study.toml").write_text(STUDY.replace("[cutoffs]\nn = 20\n", ""))
    assert cs.Study.from_file(tmp_path / "study.toml").run().cutoffs is None
