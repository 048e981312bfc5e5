"""Every format delivers the same answers, rows and fingerprint."""

import gzip
import subprocess
import sys

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from clustersem.errors import DataError
from clustersem.survey import read_survey

EXPECTED = np.array(
    [
        [1, 2, 1, 3, 2],
        [2, 1, 2, 3, 4],
        [4, 5, 4, 4, np.nan],
        [5, 4, 5, 2, 1],
        [np.nan, 3, 4, 5, 5],
        [3, 3, 3, 1, 2],
    ]
)  # the frame of conftest.py by hand, t3 turned


def as_sav(frame, folder):
    path = folder / "a.sav"
    coded = frame.fillna({"t1": 9, "u2": 9})
    pyreadstat.write_sav(coded, str(path), missing_ranges={"t1": [9], "u2": [{"lo": 8, "hi": 9}]})
    return path


def as_zsav(frame, folder):
    pyreadstat.write_sav(frame, str(folder / "a.zsav"), compress=True)
    return folder / "a.zsav"


def as_dta(frame, folder):
    pyreadstat.write_dta(frame, str(folder / "a.dta"))
    return folder / "a.dta"


def as_xlsx(frame, folder):
    frame.to_excel(folder / "a.xlsx", index=False)
    return folder / "a.xlsx"


def as_parquet(frame, folder):
    frame.to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


def text_writer(name, **options):
    def write(frame, folder):
        frame.to_csv(folder / name, index=False, **options)
        return folder / name

    write.__name__ = f"{name} {options}"
    return write


WRITERS = [
    (as_sav, 1),
    (as_zsav, 1),
    (as_dta, 1),
    (as_xlsx, 2),
    (as_parquet, 1),
    (text_writer("a.csv"), 2),
    (text_writer("a.csv", sep=";", decimal=","), 2),
    (text_writer("a.txt", sep="\t", encoding="utf-16"), 2),
    (text_writer("a.tsv", sep="\t", na_rep="NA"), 2),
    (text_writer("a.csv", sep="|", encoding="utf-8-sig", lineterminator="\r\n"), 2),
]


@pytest.mark.parametrize(("write", "first_row"), WRITERS)
def test_every_format_gives_the_same_survey(write, first_row, frame, book, tmp_path):
    survey = read_survey(write(frame, tmp_path), book)
    np.testing.assert_array_equal(survey.answers.to_numpy(), EXPECTED)
    assert list(survey.answers.columns) == ["t1", "t2", "t3", "u1", "u2"]
    assert list(survey.answers.index) == list(range(first_row, first_row + 6))
    assert (survey.answers.dtypes == np.float64).all()
    assert list(survey.respondents) == ["p1", "p2", "p3", "p4", "p5", "p6"]
    assert list(survey.covariates["group"]) == ["north", "south"] * 3
    assert list(survey.covariates["age"]) == [31, 44, 28, 61, 37, 50]
    assert survey.fingerprint == read_survey(frame, book).fingerprint
    assert survey.source.startswith(str(tmp_path))


def test_fingerprint_tells_one_changed_answer(frame, book):
    changed = frame.copy()
    changed.loc[3, "t1"] = 4.0
    assert read_survey(frame, book).fingerprint != read_survey(changed, book).fingerprint
    shuffled = frame[frame.columns[::-1]]
    assert read_survey(frame, book).fingerprint == read_survey(shuffled, book).fingerprint


CHINESE = "问卷,产业分工,企业竞争\n甲,1,2\n乙,5,4\n丙,3,3\n"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("gbk", "gb18030"),
        ("gb18030", "gb18030"),
        ("gb2312", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
    ],
)
def test_encodings_are_found(encoding, said, write_csv):
    survey = read_survey(write_csv(CHINESE, encoding=encoding))
    assert survey.items == ("产业分工", "企业竞争")
    assert survey.answers["产业分工"].tolist() == [1, 5, 3]
    assert list(survey.covariates["问卷"]) == ["甲", "乙", "丙"]
    assert survey.read_as["encoding"] == said
    assert survey.warnings == ()


def test_traditional_characters_in_gbk(write_csv):
    text = "產業園區的發展,國際物流價格,跨境電子商務\n1,2,3\n4,5,1\n"
    assert read_survey(write_csv(text, encoding="gbk")).items == tuple(
        text.split("\n")[0].split(",")
    )


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_both_byte_orders_with_mark(mark, write_csv):
    kind = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
    survey = read_survey(write_csv(mark + CHINESE.encode(kind)))
    assert survey.answers["企业竞争"].tolist() == [2, 4, 3]


@pytest.mark.parametrize(
    "names", [("Qualität", "Größe"), ("Größe", "x"), ("satisfacción", "x"), ("company’s port", "x")]
)
def test_western_text_is_not_taken_for_chinese(names, write_csv):
    survey = read_survey(write_csv(f"{names[0]};{names[1]}\n1;2\n5;4\n", encoding="cp1252"))
    assert survey.items == names
    assert survey.warnings == (
        "file answers.csv was read as Windows-1252, which is a guess. "
        "Where names or texts look wrong, pass encoding=.",
    )


def test_encoding_can_be_said(write_csv):
    survey = read_survey(
        write_csv("質問,満足\n1,2\n3,4\n", encoding="shift_jis"), encoding="shift_jis"
    )
    assert survey.items == ("質問", "満足")


def test_decimal_comma_is_read_and_said(write_csv):
    survey = read_survey(write_csv("x1;x2\n3,5;2\n4;1,25\n"))
    assert survey.answers.to_numpy().tolist() == [[3.5, 2], [4, 1.25]]
    assert survey.read_as["decimal"] == ","
    assert survey.warnings == (
        "file answers.csv: the comma was read as the decimal sign (3,5 as 3.5).",
    )


def test_both_decimal_signs_need_a_decision(write_csv):
    path = write_csv("x1;x2\n3,5;2\n4;1.25\n")
    with pytest.raises(DataError, match=r"row 2, item x1: '3,5' is not a number"):
        read_survey(path)


def test_excel_delimiter_line_quotes_and_line_breaks_in_cells(write_csv):
    survey = read_survey(write_csv('sep=;\nx1;"x2";note\n1;"2";"a; b\nc"\n3;4;d\n'))
    assert survey.answers.index.tolist() == [2, 3]
    assert list(survey.covariates["note"]) == ["a; b\nc", "d"]


def test_numbers_as_text_missing_texts_and_blank_names(write_csv):
    survey = read_survey(write_csv(' x1 ,x2\n" 4 ",NA\n5.0,3\n.,1\n３,n/a\n'))
    np.testing.assert_array_equal(
        survey.answers.to_numpy(), [[4, np.nan], [5, 3], [np.nan, 1], [3, np.nan]]
    )
    assert survey.warnings == (
        "file answers.csv, row 1: blanks around the column name x1 were removed.",
    )


def test_blank_lines_keep_the_row_numbers_right(write_csv):
    survey = read_survey(write_csv("\nx1,x2\n1,2\n\n,\n3,4\n\n"))
    assert survey.answers.index.tolist() == [3, 6]
    assert survey.flow.returned == 2
    assert survey.flow.distributed is None


def test_short_rows_are_missing_and_said(write_csv):
    survey = read_survey(write_csv("x1,x2,x3\n1,2,3\n4,5\n"))
    assert np.isnan(survey.answers.loc[3, "x3"])
    assert "fewer cells than the header in row 3" in survey.warnings[0]


def test_row_names_of_r_and_id_columns_are_no_items(write_csv):
    r_file = write_csv('"","x1","x2"\n"1",1,2\n"2",3,4\n')
    assert read_survey(r_file).items == ("x1", "x2")
    assert list(read_survey(r_file).respondents) == ["1", "2"]
    ids = write_csv("ID,x1,x2\n007,1,2\n008,3,4\n", name="ids.csv")
    assert read_survey(ids).items == ("x1", "x2")
    assert list(read_survey(ids).respondents) == ["007", "008"]


def test_answer_texts_become_numbers(write_csv):
    path = write_csv("x1,x2\nStrongly agree,2\nagree ,4\n3,strongly agree\nno idea,1\n")
    survey = read_survey(
        path, {"labels": {"agree": 4, "strongly agree": 5}, "missing": ["No idea"]}
    )
    np.testing.assert_array_equal(survey.answers.to_numpy(), [[5, 2], [4, 4], [3, 5], [np.nan, 1]])


def test_spss_labels_and_missing_codes(tmp_path):
    frame = pd.DataFrame({"q1": [1.0, 5, 9, 4], "q2": [2.0, 99, 8, 1], "sex": [1.0, 2, 1, 2]})
    path = tmp_path / "labelled.sav"
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels={"q1": "The port is fast", "q2": "The port is cheap"},
        variable_value_labels={"q1": {1: "never", 5: "always", 9: "no answer"}},
        missing_ranges={"q1": [9], "q2": [{"lo": 8, "hi": 99}]},
    )
    survey = read_survey(path, {"constructs": {"Port": ["q1", "q2"]}})
    assert survey.codebook.text("q1") == "The port is fast"
    assert survey.codebook.text("q2") == "The port is cheap"
    assert survey.codebook.answer_labels("q1") == {"never": 1.0, "always": 5.0}
    np.testing.assert_array_equal(survey.answers.to_numpy(), [[1, 2], [5, np.nan], [4, 1]])
    assert survey.answers.index.tolist() == [1, 2, 4]  # case 3 answered nothing
    assert survey.flow.distributed == 4
    own = read_survey(path, {"items": {"q1": "My words"}, "covariates": ["sex"]})
    assert own.codebook.text("q1") == "My words"
    assert list(own.covariates.columns) == ["sex"]


def test_stata_labels(tmp_path):
    frame = pd.DataFrame({"q1": [1.0, 5, np.nan], "q2": [2.0, 3, 4]})
    path = tmp_path / "labelled.dta"
    pyreadstat.write_dta(
        frame,
        str(path),
        column_labels={"q1": "The port is fast"},
        variable_value_labels={"q2": {2: "seldom", 4: "often"}},
    )
    survey = read_survey(path)
    assert survey.codebook.text("q1") == "The port is fast"
    assert survey.codebook.answer_labels("q2") == {"seldom": 2.0, "often": 4.0}
    assert survey.read_as == {"format": "Stata"}


def test_sheets(tmp_path):
    path = tmp_path / "two.xlsx"
    with pd.ExcelWriter(path) as writer:
        pd.DataFrame({"x1": [1, 2], "x2": [3, 4]}).to_excel(writer, sheet_name="2021", index=False)
        pd.DataFrame({"x1": [5, 6], "x2": [7, 8]}).to_excel(writer, sheet_name="2022", index=False)
    first = read_survey(path)
    assert first.answers["x1"].tolist() == [1, 2]
    assert first.warnings == (
        "file two.xlsx: the first sheet, '2021', was read. For another pass sheet=: '2022'.",
    )
    second = read_survey(path, sheet="2022")
    assert second.answers["x1"].tolist() == [5, 6]
    assert second.read_as["sheet"] == "2022"
    assert second.warnings == ()
    with pytest.raises(
        DataError, match=r"has no sheet '2202'; did you mean '202[12]'\? Its sheets"
    ):
        read_survey(path, sheet="2202")


def test_numbers_stored_as_text_in_a_workbook(tmp_path):
    book = openpyxl.Workbook()
    for row in (["x1", "x2"], ["4", 3], [" 2", None], [None, None], [5, True]):
        book.active.append(row)
    book.save(tmp_path / "text.xlsx")
    survey = read_survey(tmp_path / "text.xlsx")
    np.testing.assert_array_equal(survey.answers.to_numpy(), [[4, 3], [2, np.nan], [5, 1]])
    assert survey.answers.index.tolist() == [2, 3, 5]


def test_named_index_of_parquet_becomes_a_column(tmp_path):
    frame = pd.DataFrame(
        {"x1": [1, 2], "x2": [3, 4]}, index=pd.Index(["a", "b"], name="respondent")
    )
    frame.to_parquet(tmp_path / "i.parquet")
    assert list(read_survey(tmp_path / "i.parquet").respondents) == ["a", "b"]


@pytest.mark.parametrize(
    "kind", ["int64", "Int64", "float32", "Float64", "object", "string", "category", "bool"]
)
def test_column_types_of_frames(kind):
    frame = pd.DataFrame({"x1": [1, 0, 1, 1], "x2": [0, 1, 1, 0]}).astype(kind)
    survey = read_survey(frame)
    assert survey.answers.to_numpy().tolist() == [[1, 0], [0, 1], [1, 1], [1, 0]]


def test_frame_keeps_its_index_and_other_columns():
    frame = pd.DataFrame(
        {
            "x1": pd.array([1, None, 3], dtype="Int64"),
            "x2": [4, 5, 6],
            "when": pd.to_datetime(["2021-03-01", "2021-03-02", "2021-03-03"]),
            "town": pd.Categorical(["a", "b", "a"]),
        },
        index=["r1", "r2", "r3"],
    )
    survey = read_survey(frame)
    assert survey.items == ("x1", "x2")
    assert survey.answers.index.tolist() == ["r1", "r2", "r3"]
    assert list(survey.covariates.columns) == ["when", "town"]
    assert survey.source == "data frame"
    doubled = read_survey(pd.concat([frame, frame]))
    assert doubled.answers.index.tolist() == [1, 2, 3, 4, 5, 6]
    assert "row labels stand more than once" in doubled.warnings[0]


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = (
        "import sys, clustersem.survey\n"
        "heavy = ['pydantic', 'openpyxl', 'pyreadstat', 'tomllib', 'matplotlib', 'scipy.stats']\n"
        "print([name for name in heavy if name in sys.modules])\n"
        "from clustersem.survey import Codebook\n"
        "print(Codebook.__name__)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "[]\nCodebook\n"


def test_gzip_is_not_text(write_csv):
    with pytest.raises(DataError, match=r"answers\.csv"):
        read_survey(write_csv(gzip.compress(b"x1,x2\n1,2\n" * 50)))


def test_the_three_header_rows_of_qualtrics(write_csv):
    path = write_csv(
        'Q1,Q2\n"How fast, would you say, is the port?",How cheap?\n'
        '"{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"\n1,2\n3,4\n'
    )
    survey = read_survey(path)
    assert survey.answers.index.tolist() == [4, 5]
    assert survey.answers.to_numpy().tolist() == [[1, 2], [3, 4]]
    assert survey.codebook.text("Q1") == "How fast, would you say, is the port?"


def test_blanks_delimit_where_nothing_else_does(write_csv):
    survey = read_survey(write_csv('"x1" "x2"\n1 2\n3 NA\n'))
    np.testing.assert_array_equal(survey.answers.to_numpy(), [[1, 2], [3, np.nan]])
    assert survey.read_as["delimiter"] == "blank"


def test_numbered_columns_are_named_by_their_digits():
    frame = pd.DataFrame([[1, 2, 3], [4, 5, 1]])
    survey = read_survey(frame, {"constructs": {"F": [2, 0]}})
    assert survey.items == ("2", "0")
    assert survey.answers.to_numpy().tolist() == [[3, 1], [1, 4]]


def test_texts_with_a_number_among_them_are_a_covariate(write_csv):
    survey = read_survey(write_csv("x1,remark\n1,good\n2,7\n3,bad\n"))
    assert survey.items == ("x1",)
    assert list(survey.covariates["remark"]) == ["good", "7", "bad"]
