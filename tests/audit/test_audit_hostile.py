"""Audit files that are broken, and what must be said of them; nothing is read that is not there."""

import io
import pickle
import zipfile
from decimal import Decimal
from pathlib import Path

import docx
import numpy as np
import pytest
from typer.testing import CliRunner

import clustersem as cs
from clustersem.cli import app
from clustersem.errors import DataError

HEAD = "Path,Estimate,S.E.,C.R."
ROW = '[[paths]]\npath = "A ~ B"\n'


def published(folder: Path, text: str, name: str) -> cs.Audit:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return cs.audit(path)


def refusal(folder: Path, text: str, name: str) -> str:
    with pytest.raises(DataError) as caught:
        published(folder, text, name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = " + "[" * 3000 + "]" * 3000, "lists lie too deep"),
        (ROW + "est = " + "1" * 5000, "a number is too long"),
        (ROW + 'est = "0.' + "1" * 500 + '"', "too large"),
        (ROW + 'est = "1e308"\nse = "1e-300"', "'1e308' is too large"),
        (ROW + "est = 1e400", "too large"),
        (ROW + "est = inf", "'inf' is no number"),
        ('[sample]\nn = "99999999999999999999"', "is no count"),
        ('[[paths]]\npath = "A ~ B + C"\nest = 0.1', "several predictors"),
        ('[[paths]]\npath = "-"\nest = 0.1', "needs a path"),
        ('[[paths]]\npath = "A ~ A"\nest = 0.1', "to itself"),
        ('[constructs]\nA = ["a", "b", "a"]\n[alpha]\nA = 0.9', "'a' is listed twice"),
        ('[correlations]\nnames = ["A", "A"]\nrows = [[1], [0.5, 1]]', "a name twice"),
        ('[correlations]\nnames = ["A", "B", "C"]\nrows = [[0.5], [0.3, 0.4]]', "3 names, but 2"),
        ('[correlations]\nnames = ["A", "B", "C"]\nrows = [[1], [0.5], []]', "needs 3 numbers"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text, "paper.toml")


def test_decimal_commas_between_commas_are_no_other_numbers(tmp_path: Path) -> None:
    # Was read as an estimate of 0 with a standard error of 144.
    text = f"{HEAD}\nA1 <--- B1,0,144,0,031,3,417\n"
    assert "7 cells stand under 4 headings" in refusal(tmp_path, text, "paper.csv")
    text = "kind,name,value\nalpha,A,0,853\n"
    assert "4 cells stand under 3 headings" in refusal(tmp_path, text, "long.csv")
    fine = published(tmp_path, f"{HEAD}\nA <- B,0.1,0.05,2.0,\nC <- B,0.2,0.05,4.0\n", "fine.csv")
    assert len(fine.published.coefficients) == 2


def test_rows_that_are_no_table_are_refused_at_once(tmp_path: Path) -> None:
    long_row = f"{HEAD}\nA1 <--- B1,0.144,0.031,3.417{',x' * 100_000}\n"
    assert "100,004 cells" in refusal(tmp_path, long_row, "row.csv")
    digits = f"{HEAD}\nA1 <--- B1,{'1' * 100_000},0.031,3.417\n"
    assert "'11111111111111111111...' is too large" in refusal(tmp_path, digits, "digits.csv")


def test_numbers_of_a_chinese_keyboard(tmp_path: Path) -> None:
    text = ROW + 'est = "０．４７２"\nse = "0.031"\ncr = "１５．２"\np = "＊＊＊"\n'
    row = published(tmp_path, text, "wide.toml").published.coefficients[0]
    assert row.est is not None
    assert (row.est.value, row.est.decimals) == (0.472, 3)
    table = "<table><tr><td>Path</td><td>Estimate</td><td>S.E.</td></tr><tr><td>Ａ１ ← B1</td>"
    table += "<td>０．１４４</td><td>0.031\u200b</td></tr></table>"
    row = published(tmp_path, table, "wide.html").published.coefficients[0]
    assert row.est is not None
    assert row.se is not None
    assert (row.path, row.est.value, row.se.value) == ("A1 ~ B1", 0.144, 0.031)


def test_nan_is_what_is_not_printed(tmp_path: Path) -> None:
    row = {"path": "A ~ B", "est": float("nan"), "se": 0.1}
    for found in (
        published(tmp_path, ROW + "est = nan\nse = 0.1", "nan.toml"),
        cs.audit({"paths": [row]}),
    ):
        assert found.published.coefficients[0].est is None


def test_a_dash_is_no_number(tmp_path: Path) -> None:
    text = ROW + 'est = "0.1"\np = "-"\nexpect = "-"\n[fit.a]\nchi2 = "0.000"\ndf = 0\np = "–"\n'
    found = published(tmp_path, text, "dash.toml").published
    assert found.coefficients[0].p is None
    assert found.coefficients[0].expect == "-"
    assert "pvalue" not in found.models[0].indices


def test_matrices_above_and_below_the_diagonal_are_the_same(tmp_path: Path) -> None:
    names = '[correlations]\nnames = ["A", "B", "C"]\nrows = '
    shapes = {
        "below": "[[1], [0.5, 1], [0.3, 0.4, 1]]",
        "without": "[[], [0.5], [0.3, 0.4]]",
        "above": "[[1, 0.5, 0.3], [1, 0.4], [1]]",
    }
    read = {}
    for key, rows in shapes.items():
        found = published(tmp_path, names + rows, f"{key}.toml").published.correlations
        read[key] = {frozenset((r.first, r.second)): r.value.value for r in found}
    assert read["below"] == read["without"] == read["above"]
    assert read["above"][frozenset("BC")] == 0.4


def test_lines_of_a_cell_are_words_of_their_own(tmp_path: Path) -> None:
    text = (
        "<table><tr><td>Path</td><td>Estimate</td><td>S.E.</td></tr>"
        "<tr><td>Use ← Ease<br>of use</td><td><p>0.1</p></td><td>0.05</td></tr></table>"
    )
    row = published(tmp_path, text, "lines.html").published.coefficients[0]
    assert row.path == "Use ~ Ease_of_use"


def test_columns_of_a_second_model_are_told_to_be_left_out(tmp_path: Path) -> None:
    text = (
        "<table><tr><td></td><td colspan=2>Model 1</td><td colspan=2>Model 2</td></tr>"
        "<tr><td>Path</td><td>Estimate</td><td>S.E.</td><td>Estimate</td><td>S.E.</td></tr>"
        "<tr><td>A ← B</td><td>0.1</td><td>0.2</td><td>0.3</td><td>0.1</td></tr></table>"
    )
    found = published(tmp_path, text, "two.html").published
    assert "'Model 2 Estimate', 'Model 2 S.E.'" in found.notes[0]


@pytest.mark.parametrize("text", ["<!-- nothing -->", "\ufeff", "<!DOCTYPE html>", "<"])
def test_a_page_of_nothing(tmp_path: Path, text: str) -> None:
    assert "has no table" in refusal(tmp_path, text, "page.html")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "paper.csv").mkdir()
    for path in (tmp_path, tmp_path / "paper.csv"):
        with pytest.raises(DataError, match="is a folder"):
            cs.audit(path)


def word(folder: Path, name: str) -> Path:
    """Write a document whose table stands in a cell of another one."""
    document = docx.Document()
    inner = document.add_table(1, 2).cell(0, 0).add_table(2, 4)
    for i, row in enumerate((HEAD.split(","), ["A1 <--- B1", "0.144", "0.031", "4.645"])):
        for j, cell in enumerate(row):
            inner.cell(i, j).text = cell
    path = folder / name
    document.save(str(path))
    return path


def test_a_table_in_a_cell_of_a_word_table(tmp_path: Path) -> None:
    found = cs.audit(word(tmp_path, "paper.docx")).published
    assert [row.path for row in found.coefficients] == ["A1 ~ B1"]


@pytest.mark.parametrize("xml", ["<broken", "", '<?xml version="1.0"?><a/>'])
def test_a_word_document_that_is_none(tmp_path: Path, xml: str) -> None:
    content = io.BytesIO(word(tmp_path, "good.docx").read_bytes())
    with zipfile.ZipFile(content) as good, zipfile.ZipFile(tmp_path / "bad.docx", "w") as bad:
        for name in good.namelist():
            bad.writestr(name, xml if name == "word/document.xml" else good.read(name))
    with pytest.raises(DataError, match="is no Word document"):
        cs.audit(tmp_path / "bad.docx")


def test_the_command_does_not_write_over_the_manuscript(tmp_path: Path) -> None:
    path = word(tmp_path, "paper.docx")
    before = path.read_bytes()
    result = CliRunner().invoke(app, ["audit", str(path), "--html", str(path)])
    assert result.exit_code == 1
    assert "would be overwritten" in " ".join(result.output.split())
    assert path.read_bytes() == before


def test_values_of_a_mapping() -> None:
    row = {
        "path": "A ~ B",
        "est": Decimal("0.140"),
        "se": np.float64(0.031),
        "cr": 3.417,
        "p": None,
    }
    found = cs.audit({"paths": [row], "sample": {"n": 481.0}})
    # From 0.1395 / 0.0315 to 0.1405 / 0.0305.
    assert found.findings[0].required_text == "4.429 to 4.607"
    assert found.published.sample.n is not None
    assert found.published.sample.n.value == 481
    assert row["p"] is None


@pytest.mark.parametrize("rules", [3, "x", [3]])
def test_rules_are_rules(rules: object) -> None:
    with pytest.raises(DataError, match="rules: write a sequence"):
        cs.audit({"sample": {"n": 10}}, rules=rules)  # type: ignore[arg-type]


def test_an_audit_goes_to_another_process() -> None:
    found = cs.audit("examples/audit.toml")
    again = pickle.loads(pickle.dumps(found))
    assert str(again) == str(found)
    assert again.table.equals(found.table)
