"""Bad files: the message names the file, the place and the remedy, word for word."""

import importlib.util

import numpy as np
import openpyxl
import pandas as pd
import pytest

from clustersem.errors import CodebookError, DataError
from clustersem.survey import ScreeningPolicy, read_survey


def message(kind, *arguments, **options):
    with pytest.raises(kind) as caught:
        read_survey(*arguments, **options)
    assert type(caught.value) is kind
    return str(caught.value)


def test_text_in_an_answer_column(write_csv):
    rows = "".join(f"{i % 5 + 1},{i % 3 + 1}\n" for i in range(15))
    path = write_csv(f"C4,C5\n{rows}2,agree\n3,4\n1,agree\n")
    expected = (
        "file answers.csv, row 17, item C5: 'agree' is not a number (nor are the cells in row 19). "
        "Correct the cell, or say in the codebook what it means: "
        'labels = { "agree" = ... } for an answer, missing = ["agree"] for no answer.'
    )
    assert message(DataError, path, {"constructs": {"F": ["C4", "C5"]}}) == expected
    # Without a codebook too: a typing mistake must not turn an item into a covariate.
    assert message(DataError, path) == expected


def test_text_in_an_answer_column_of_a_frame_and_a_workbook(tmp_path):
    frame = pd.DataFrame({"C4": [1, 2, 3], "C5": [4, "#DIV/0!", 5]}, index=["a", "b", "c"])
    assert message(DataError, frame).startswith(
        "data frame, row b, item C5: '#DIV/0!' is not a number. Correct the cell"
    )
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    assert message(DataError, tmp_path / "a.xlsx").startswith(
        "file a.xlsx, row 3, item C5: '#DIV/0!' is not a number. Correct the cell"
    )


@pytest.mark.parametrize("cell", [[1, 2], {"a": 1}, 3 + 2j, pd.Timestamp("2021-01-01")])
def test_cells_that_are_no_numbers_at_all(cell):
    frame = pd.DataFrame({"x1": [1, 2, 3], "x2": pd.Series([1, 2, cell], dtype=object)})
    assert message(DataError, frame).startswith("data frame, row 2, item x2: ")


def test_infinite_answers(write_csv):
    frame = pd.DataFrame({"x1": [1, 2, np.inf], "x2": [1, 2, 3]})
    expected = (
        "data frame, row 2, item x1: the answer is infinite or too large for a number. "
        "Correct the cell or empty it."
    )
    assert message(DataError, frame) == expected
    huge = pd.DataFrame({"x1": pd.Series([1, 2, 10**400], dtype=object), "x2": [1, 2, 3]})
    assert message(DataError, huge) == expected
    path = write_csv("x1,x2\n1,2\n1e999,3\n")
    assert message(DataError, path).startswith(
        "file answers.csv, row 3, item x1: the answer is inf"
    )


def test_numbers_that_lose_digits_are_said():
    frame = pd.DataFrame({"phone": [13800138000138001377, 13900138000138001377], "x": [1, 2]})
    assert read_survey(frame).warnings == (
        "item phone: numbers beyond 2^53 lose digits; is this an identifier?",
    )


def test_duplicate_column_names(write_csv):
    assert message(DataError, write_csv("C4,C5,C5 ,C6\n1,2,3,4\n")) == (
        "file answers.csv, row 1: the column name 'C5' stands 2 times (columns 2 and 3). "
        "Rename or delete one."
    )
    frame = pd.DataFrame([[1, 2, 3]], columns=["C4", "C5", "C4"])
    assert message(DataError, frame) == (
        "data frame: the column name 'C4' stands 2 times (columns 1 and 3). Rename or delete one."
    )


def test_no_header(write_csv):
    assert message(DataError, write_csv("1,2,1,4\n2,2,3,4\n")) == (
        "file answers.csv, row 1 holds numbers instead of item names. "
        "Add a first row with the item names."
    )


def test_column_without_a_name(write_csv):
    assert message(DataError, write_csv("C4,,C5\n1,2,3\n")) == (
        "file answers.csv, row 1: column 2 has no name. Name it, or delete the column."
    )


@pytest.mark.parametrize("content", [b"", b"  \n\n", b"\n,,\n,,\n"])
def test_empty_text_file(content, write_csv):
    assert message(DataError, write_csv(content)) == (
        "file answers.csv is empty. Export the answers again, with the item names in row 1."
    )


def test_empty_workbook_and_frame(tmp_path):
    openpyxl.Workbook().save(tmp_path / "e.xlsx")
    assert message(DataError, tmp_path / "e.xlsx").startswith("file e.xlsx is empty.")
    (tmp_path / "zero.xlsx").write_bytes(b"")
    assert message(DataError, tmp_path / "zero.xlsx").startswith("file zero.xlsx is empty.")
    assert message(DataError, pd.DataFrame()) == "data frame is empty: it has no columns."
    empty = pd.DataFrame({"x": [np.nan, np.nan], "y": ["", " "]})
    assert message(DataError, empty) == "data frame is empty: no cell is filled."


def test_header_only(write_csv):
    assert message(DataError, write_csv("C1,C2\n")) == (
        "file answers.csv has a header in row 1 but no answers below it. Export the answers again."
    )
    assert message(DataError, pd.DataFrame({"C1": []})) == (
        "data frame has columns but no rows. Export the answers again."
    )


def test_missing_file_names_the_nearest(write_csv, tmp_path):
    write_csv("x1,x2\n1,2\n", name="answers_2022.csv")
    assert message(DataError, tmp_path / "answer_2022.csv") == (
        f"there is no file answer_2022.csv in folder {tmp_path.resolve()}; "
        "did you mean 'answers_2022.csv'?"
    )
    assert message(DataError, tmp_path / "zzz.sav").endswith("; check the name and the folder.")
    assert message(DataError, tmp_path / "no" / "a.csv") == (
        f"there is no folder {tmp_path / 'no'} (looking for file a.csv)."
    )
    assert message(DataError, tmp_path) == (
        f"{tmp_path} is a folder. Name the file with the answers."
    )


def test_unknown_formats(write_csv):
    assert message(DataError, write_csv("x", name="a.json")) == (
        "file a.json: .json is not a known format. Known are .csv, .tsv, .txt, .xlsx, .sav, "
        ".zsav, .dta and .parquet; rename or export the file."
    )
    assert message(DataError, write_csv("x", name="a.xls")) == (
        "file a.xls: .xls is not read. Open it in Excel and save it as .xlsx or CSV (UTF-8)."
    )
    assert message(DataError, np.ones((3, 2))) == (
        "answers come from a file or a pandas data frame, not from a ndarray. "
        "Wrap arrays: pandas.DataFrame(array, columns=item_names)."
    )


def test_wrong_encoding(write_csv):
    path = write_csv("a,b\n1,2\n问,2\n", encoding="gbk")
    assert message(DataError, path, encoding="utf-8") == (
        "file answers.csv, line 3: byte 0xce is not utf-8. "
        "Leave encoding= out to have it found, or save the file as CSV (UTF-8)."
    )
    assert message(DataError, path, encoding="utf-9").startswith(
        "file answers.csv: there is no encoding called 'utf-9'."
    )
    assert message(DataError, write_csv(b"x1,x2\n1,\x81\x20\xff\n")) == (
        "file answers.csv: the encoding was not recognised. Save the file as CSV (UTF-8) or "
        ".xlsx, or pass encoding=, for example encoding='big5' or encoding='shift_jis'."
    )
    assert message(DataError, write_csv(b"\x00\x01\x00\x00\x02\x03\x00\x00")) == (
        "file answers.csv is not a text file. Save the file as CSV (UTF-8) or .xlsx, or pass "
        "encoding=, for example encoding='big5' or encoding='shift_jis'."
    )


@pytest.mark.parametrize("name", ["a.xlsx", "a.sav", "a.zsav", "a.dta", "a.parquet"])
def test_damaged_files(name, write_csv):
    text = message(DataError, write_csv(b"this is no such file at all" * 9, name=name))
    assert text.startswith(f"file {name} is damaged or not a")
    assert text.endswith((".", "unreadable."))
    assert any(remedy in text for remedy in ("save it again", "Save it again", "Export it again"))


def test_truncated_workbook(frame, tmp_path):
    frame.to_excel(tmp_path / "whole.xlsx", index=False)
    whole = (tmp_path / "whole.xlsx").read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    assert message(DataError, tmp_path / "cut.xlsx").startswith(
        "file cut.xlsx is damaged or not an Excel workbook"
    )


def test_workbooks_under_a_wrong_name(frame, tmp_path, write_csv):
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    content = (tmp_path / "a.xlsx").read_bytes()
    assert message(DataError, write_csv(content)) == (
        "file answers.csv is an Excel workbook: name it answers.xlsx."
    )
    assert message(DataError, write_csv(b"\xd0\xcf\x11\xe0" + b"x" * 99, name="b.xlsx")) == (
        "file b.xlsx is an old .xls file or protected by a password. "
        "Open it in Excel and save it as an unprotected .xlsx workbook."
    )


def test_parquet_without_pyarrow(frame, tmp_path, monkeypatch):
    frame.to_parquet(tmp_path / "a.parquet")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert message(DataError, tmp_path / "a.parquet") == (
        "file a.parquet: reading Parquet needs pyarrow. "
        "Install it with: pip install 'clustersem[parquet]'"
    )


def test_rows_that_cannot_be_cut(write_csv):
    assert message(DataError, write_csv("x1,x2,note\n1,2,a\n3,4,b,c\n")) == (
        "file answers.csv, row 3: 4 cells, but the header in row 1 names 3. Look for a delimiter "
        "inside a text that is not quoted, or name every column."
    )
    assert message(DataError, write_csv('x1,x2,note\n1,2,"a\n3,4,b\n5,6,c\n')) == (
        "file answers.csv, row 2: the row cannot be cut into cells (unexpected end of data). "
        "Look for a quotation mark that is opened and not closed, or is not doubled inside a "
        "quoted text."
    )
    assert message(DataError, write_csv("x1,x2\n1,2\n"), delimiter=";;") == (
        "delimiter = ';;' is not a single character."
    )


def test_misspelt_items_covariates_and_ids(frame):
    assert message(CodebookError, frame, {"constructs": {"F": ["t1", "T2 ", "v9"]}}) == (
        "item 'T2 ' of the codebook is not a column of data frame; did you mean 't2'?\n"
        "item 'v9' of the codebook is not a column of data frame; its columns are respondent, t1, "
        "t2, t3, u1, u2 and 2 more"
    )
    assert message(CodebookError, frame, {"covariates": ["grupo"]}) == (
        "covariate 'grupo' of the codebook is not a column of data frame; did you mean 'group'?"
    )
    assert message(CodebookError, frame, {"id": "respondant"}) == (
        "respondent id 'respondant' of the codebook is not a column of data frame; "
        "did you mean 'respondent'?"
    )
    assert message(CodebookError, frame, {"reverse": ["t33"], "answers": [1, 5]}) == (
        "codebook: reverse item 't33' is not an item; did you mean 't3'?"
    )


def test_guessed_encoding_is_named_with_the_column_that_is_not_there(write_csv):
    path = write_csv("企业竞争,产业分工\n1,2\n", encoding="gbk")
    assert message(CodebookError, path, {"items": ["市场"]}).endswith(
        "(the file was read as gb18030; if that is wrong, pass encoding=)"
    )


def test_item_without_any_answer(frame):
    frame["t2"] = 9
    assert message(DataError, frame, {"constructs": {"F": ["t1", "t2"]}, "missing": [9]}) == (
        "data frame, item t2: there is no answer in any row. "
        "Take the item out of the codebook, or check its column and missing codes."
    )


def test_constant_item_is_a_warning(frame):
    frame["t2"] = 4
    survey = read_survey(frame, {"constructs": {"F": ["t1", "t2"]}})
    assert survey.warnings == (
        "item t2: all answers are the same, so it has no correlation with anything; leave it out.",
    )


def test_no_numbers_at_all():
    frame = pd.DataFrame({"x1": ["agree", "disagree"], "x2": ["agree", "agree"]})
    assert message(DataError, frame) == (
        "data frame: no column holds numbers. Its columns are x1, x2. "
        "Where answers are texts, give the codebook labels = { ... }."
    )


def test_nobody_answered(write_csv):
    path = write_csv("x1,x2,name\n9,9,a\n8,9,b\n")
    assert message(DataError, path, {"items": ["x1", "x2"], "missing": [8, 9]}).startswith(
        "file answers.csv, item x1, x2: there is no answer in any row."
    )


def test_screening_that_leaves_nobody(frame):
    text = message(DataError, frame, {"constructs": {"F": ["t1", "t2"]}, "answers": [7, 9]})
    assert text == (
        "data frame: screening excludes all 6 respondents (6 for answer out of range). "
        "Check the answer range and the missing codes, or pass another screening policy."
    )


def test_more_returned_than_distributed(frame):
    assert message(CodebookError, frame, {"distributed": 5}) == (
        "distributed = 5, but data frame holds 6 answered questionnaires. "
        "Correct distributed, or delete rows that are not questionnaires."
    )
    assert message(CodebookError, frame, distributed=0) == (
        "distributed = 0 is not a number of questionnaires."
    )


def test_column_levels_and_codebooks_of_a_wrong_type(frame):
    frame.columns = pd.MultiIndex.from_product([["wave 1"], frame.columns])
    assert message(DataError, frame) == (
        "data frame: the columns have 2 levels. Flatten them to one name a column."
    )
    assert message(CodebookError, pd.DataFrame({"x": [1, 2]}), 7) == (
        "a codebook is a TOML file, a mapping or a Codebook, not a int."
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"max_missing": 20},
            "study.toml: screening: max_missing = 20 is not a share. "
            "Write a number from 0 to 1, or False to leave this out.",
        ),
        (
            {"straight_lining": True},
            "study.toml: screening: straight_lining = True is not a share. "
            "Write a number from 0 to 1, or False to leave this out.",
        ),
        (
            {"straight_lining": 0},
            "study.toml: screening: straight_lining = 0 would exclude everybody. "
            "Write a share above 0, or False to leave this out.",
        ),
        (
            {"duplicates": "yes"},
            "study.toml: screening: duplicates = 'yes'. Write true or false.",
        ),
        (
            {"min_items": 1},
            "study.toml: screening: min_items = 1, but answers to fewer than two items "
            "cannot be equal.",
        ),
        (
            {"min_items": 2.5},
            "study.toml: screening: min_items = 2.5 is not a whole number.",
        ),
        (
            {"max_mising": 0.1},
            "study.toml: screening has no key 'max_mising'; did you mean 'max_missing'? Keys are "
            "max_missing, out_of_range, straight_lining, duplicates, min_items.",
        ),
    ],
)
def test_policies_that_mean_nothing(values, said):
    with pytest.raises(CodebookError) as caught:
        ScreeningPolicy.from_mapping(values, source="study.toml")
    assert str(caught.value) == said


def test_a_thousands_or_decimal_comma(write_csv):
    assert message(DataError, write_csv('x1,x2\n"1,234",2\n3,4\n')) == (
        "file answers.csv, row 2, item x1: '1,234' is not a number. "
        "Write decimals with a point, or pass decimal=',' to read_survey."
    )


def test_a_file_that_another_program_holds(write_csv, monkeypatch):
    path = write_csv("x1,x2\n1,2\n")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "read_bytes", refuse)
    assert message(DataError, path) == (
        "file answers.csv cannot be read: Permission denied. "
        "Close it in other programs, or check who may read it."
    )


def test_a_header_of_numbers_is_pointed_at(write_csv):
    # 1, 2, 3 may be the numbers of the questions, so it is no error.
    survey = read_survey(write_csv("5,3,4\n1,2,3\n2,3,4\n"))
    assert survey.warnings == (
        "file answers.csv, row 1: the item names are all numbers (5, 3, 4). If they are the "
        "answers of a respondent, add a first row with the item names.",
    )


def test_a_policy_of_a_wrong_type(frame):
    for call in (read_survey(frame).screen, lambda policy: read_survey(frame, screening=policy)):
        with pytest.raises(DataError, match="screening: expected a ScreeningPolicy, got 'strict'"):
            call("strict")
