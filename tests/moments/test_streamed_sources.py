"""Every source gives the same moments, and says what is wrong in which of its pieces."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest

import clustersem as cs
from clustersem.errors import DataError, UnsupportedError

ITEMS = ["a", "b", "c", "d"]
N = 240


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(5)
    latent = rng.normal(size=(N, 1)) + rng.normal(size=(N, 4))
    frame = pd.DataFrame(np.clip(np.round(latent + 3.0), 1, 5).astype(int), columns=ITEMS)
    frame["region"] = np.where(rng.random(N) < 0.4, "north", "south")
    frame.insert(0, "comment", "nothing to add")
    return frame


def chunks(frame, size=50):
    for start in range(0, len(frame), size):
        yield frame.iloc[start : start + size]


def same(found, wanted):
    assert found.groups == wanted.groups
    assert (found.n_obs, found.n_rows) == (wanted.n_obs, wanted.n_rows)
    for one, other in zip(found.collected.totals, wanted.collected.totals, strict=True):
        np.testing.assert_array_equal(one.answered, other.answered)
        np.testing.assert_allclose(one.scatter.mean, other.scatter.mean, rtol=1e-14)
        np.testing.assert_allclose(one.scatter.cov, other.scatter.cov, rtol=1e-12)
        np.testing.assert_array_equal(one.tables.joint, other.tables.joint)


@pytest.fixture(scope="module")
def wanted(answers):
    return cs.read_moments(answers, ITEMS, ordered=True, group="region")


# -- sources -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 240, 1000])
def test_chunks(answers, wanted, size):
    found = cs.read_moments(chunks(answers, size), ITEMS, ordered=True, group="region")
    same(found, wanted)
    # In one part the same rows are drawn, too, and in the same order.
    pd.testing.assert_frame_equal(found.drawn, wanted.drawn)


def test_a_parquet_file(answers, wanted, tmp_path, monkeypatch):
    monkeypatch.setattr("clustersem.moments.streamed_sources.BATCH_ROWS", 64)
    path = tmp_path / "answers.parquet"
    answers.to_parquet(path)
    found = cs.read_moments(path, ITEMS, ordered=True, group="region")
    same(found, wanted)
    pd.testing.assert_frame_equal(found.drawn, wanted.drawn)


def test_a_folder_of_parquet_files(answers, wanted, tmp_path):
    for number, part in enumerate(chunks(answers, 100)):
        part.to_parquet(tmp_path / f"part-{number}.parquet")
    same(cs.read_moments(str(tmp_path), ITEMS, ordered=True, group="region"), wanted)


def test_a_folder_of_folders_has_a_column_more(answers, wanted, tmp_path):
    answers.to_parquet(tmp_path / "survey", partition_cols=["region"])
    found = cs.read_moments(tmp_path / "survey", ITEMS, ordered=True, group="region")
    assert found.groups == ("north", "south")
    by_label = dict(zip(wanted.groups, wanted.collected.totals, strict=True))
    for label, totals in zip(found.groups, found.collected.totals, strict=True):
        np.testing.assert_array_equal(totals.tables.joint, by_label[label].tables.joint)


@pytest.mark.parametrize(
    ("name", "delimiter"), [("a.csv", ","), ("a.tsv", "\t"), ("a.csv.gz", ",")]
)
def test_a_text_file(answers, wanted, tmp_path, name, delimiter):
    answers.to_csv(tmp_path / name, sep=delimiter, index=False)
    same(cs.read_moments(tmp_path / name, ITEMS, ordered=True, group="region"), wanted)


@pytest.mark.parametrize("n_partitions", [1, 20])
def test_a_dask_data_frame(answers, wanted, n_partitions):
    dask = pytest.importorskip("dask.dataframe", reason="Dask comes with the test extra")
    frame = dask.from_pandas(answers, npartitions=n_partitions, sort=False)
    found = cs.read_moments(frame, ITEMS, ordered=True, group="region")
    same(found, wanted)
    again = cs.read_moments(frame, ITEMS, ordered=True, group="region")
    pd.testing.assert_frame_equal(found.drawn, again.drawn)


def test_moments_can_be_kept_in_a_file(wanted):
    again = pickle.loads(pickle.dumps(wanted))
    same(again, wanted)
    model = "f =~ a + b + c + d"
    assert cs.cfa(model, again).measures["chisq"] == cs.cfa(model, wanted).measures["chisq"]


def test_progress_goes_to_standard_error(answers, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    cs.read_moments(chunks(answers), ITEMS, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "240/" in err


def test_memory_does_not_grow_with_rows():
    def peak(n_chunks):
        rng = np.random.default_rng(3)
        pieces = (
            pd.DataFrame(rng.integers(1, 6, size=(2000, 8)), columns=list("abcdefgh"))
            for _ in range(n_chunks)
        )
        tracemalloc.start()
        found = cs.read_moments(pieces, list("abcdefgh"), ordered=True, rows_kept=500)
        largest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found.n_obs == 2000 * n_chunks
        return largest

    peak(2)  # what is imported and remembered the first time
    # Four times as many rows; a chunk alone takes 128 kB, the totals some 50 kB.
    assert peak(60) < peak(15) + 20_000


# -- what may come in pieces ---------------------------------------------------------------------


def test_categories_may_appear_in_later_chunks(answers):
    first, last = answers[answers["a"] < 4], answers[answers["a"] >= 4]
    found = cs.read_moments(iter([first, last]), ITEMS, ordered=True)
    (tables,) = [totals.tables for totals in found.collected.totals]
    assert tables.levels[0].tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(
        tables.margins[0], answers["a"].value_counts().sort_index().to_numpy()
    )


def test_empty_chunks_and_other_types_are_no_matter(answers, wanted):
    pieces = [
        answers.iloc[:0],
        answers.iloc[:100].astype(dict.fromkeys(ITEMS, "float32")),
        answers.iloc[100:100],
        answers.iloc[100:150].astype(dict.fromkeys(ITEMS, "Int8")),
        answers.iloc[150:].astype(dict.fromkeys(ITEMS, "object")),
    ]
    same(cs.read_moments(pieces, ITEMS, ordered=True, group="region"), wanted)


def test_columns_may_be_numbered():
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(30, 3)))
    found = cs.read_moments(chunks(frame, 10), ["2", "0"])
    np.testing.assert_allclose(
        found.collected.totals[0].scatter.cov, frame[[2, 0]].cov(ddof=0), atol=1e-14
    )


def test_columns_may_stand_in_another_order(answers, wanted):
    pieces = [answers.iloc[:100], answers.iloc[100:, ::-1]]
    same(cs.read_moments(pieces, ITEMS, ordered=True, group="region"), wanted)


def test_ordered_categoricals_are_ordered_by_themselves(answers):
    kind = pd.CategoricalDtype(["low", "middle", "high"], ordered=True)
    words = pd.cut(answers["a"], [0, 2, 3, 5], labels=kind.categories).astype(kind)
    frame = answers.assign(a=words)
    found = cs.read_moments(chunks(frame), ITEMS)
    assert found.ordered == ("a",)
    assert found.collected.totals[0].tables.levels[0].tolist() == [1, 2, 3]


def test_rows_left_out_are_counted(answers):
    frame = answers.astype(dict.fromkeys(ITEMS, float))
    frame.loc[frame.index[::10], "a"] = np.nan
    frame.loc[frame.index[5], ITEMS] = np.nan
    frame.loc[frame.index[7], "region"] = None
    found = cs.read_moments(chunks(frame), ITEMS, ordered=True, group="region")
    assert found.n_rows == N
    assert found.n_obs == N - 24 - 1 - 1
    assert found.collected.ungrouped == 1
    lacking = frame.loc[frame["region"].notna(), ITEMS].isna().sum()
    assert found.gaps.to_dict() == lacking.to_dict() == {"a": 25, "b": 1, "c": 1, "d": 1}
    pairs = cs.read_moments(chunks(frame), ITEMS, ordered=True, missing="pairwise")
    assert pairs.n_obs == N - 1
    note = cs.cfa("f =~ a + b + c + d", found).warnings[0]
    assert note.startswith("214 of 240 respondents were used; left out: 25 with a missing answer")
    assert "1 in none of the groups" in note
    # A model of other items only has lost the same rows, and says why.
    less = cs.cfa("f =~ b + c + d", found, ordered=False).warnings[0]
    assert "a missing answer to one of the 4 items that were read" in less


# -- what is wrong, and where --------------------------------------------------------------------


def broken(answers, column, row, value):
    frame = answers.astype(dict.fromkeys(ITEMS, object))
    frame.loc[row, column] = value
    return frame


def fails_mid_way(answers):
    yield answers.iloc[:100]
    yield answers.iloc[100:200]
    raise OSError("the connection was lost")


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        (
            lambda f: chunks(broken(f, "b", 120, "often")),
            {},
            ["chunk 3", "row 120", "item b", "'often'"],
        ),
        (lambda f: chunks(broken(f, "b", 120, np.inf)), {}, ["chunk 3", "row 120", "infinite"]),
        (
            lambda f: [f.iloc[:50], f.iloc[50:].drop(columns="c")],
            {},
            ["chunk 2 has no column c", "Every piece"],
        ),
        (
            lambda f: [f, f.iloc[:, [1, 2, 2, 3, 4]]],
            {},
            ["chunk 2", "more than one column b"],
        ),
        (
            fails_mid_way,
            {},
            ["chunk 3 could not be had", "200 rows in 2 chunks", "the connection was lost"],
        ),
        (lambda f: [f, f.to_numpy()], {}, ["chunk 2 is a ndarray", "data frame"]),
        (lambda f: [], {}, ["the chunks", "none"]),
        (lambda f: [f.iloc[:0]], {}, ["no rows"]),
        (lambda f: chunks(f.assign(d=np.nan)), {}, ["d has no answers at all"]),
        (
            lambda f: chunks(f.assign(d=np.arange(N))),
            {"ordered": True},
            ["chunk 1", "item d", "different answers", "at most 10"],
        ),
        (
            # Ten answers in every chunk, others in each.
            lambda f: chunks(f.assign(d=np.arange(N) // 5), 50),
            {"ordered": True},
            ["chunk 2", "item d", "20 different answers"],
        ),
        (
            lambda f: chunks(f.assign(d=f["d"] + 0.5)),
            {"ordered": True},
            ["chunk 1", "item d", "no whole number"],
        ),
        (
            lambda f: chunks(f.assign(region=np.arange(N) / 7.0)),
            {"group": "region", "most": 100},
            ["chunk 3", "more than 100 values", "cut it into a few classes"],
        ),
        (
            lambda f: chunks(f.assign(region=["north", "North"] * 120)),
            {"group": "region"},
            ["blanks or capitals"],
        ),
        (
            lambda f: [
                f.assign(a=pd.Categorical(["no"] * N, ["no", "yes"], ordered=True)),
                f.assign(a=pd.Categorical(["no"] * N, ["yes", "no"], ordered=True)),
            ],
            {},
            ["chunk 2", "categories of a are yes, no", "no, yes in the pieces before"],
        ),
        (lambda f: f, {"items": ["a", "a"]}, ["items names a more than once"]),
        (lambda f: f, {"items": []}, ["write the names of the items"]),
        (lambda f: f, {"items": ["a", "z"]}, ["no column z"]),
        (lambda f: f, {"group": "a"}, ["also among the items"]),
        (lambda f: f, {"ordered": ["z"]}, ["no observed variable"]),
    ],
    ids=lambda value: "; ".join(value)[:40] if isinstance(value, list) else "",
)
def test_what_is_wrong_is_said_with_its_place(answers, source, options, said, monkeypatch):
    options = dict(options)
    monkeypatch.setattr("clustersem.moments.streamed_pass.MOST_GROUPS", options.pop("most", 500))
    with pytest.raises(DataError) as error:
        cs.read_moments(source(answers), options.pop("items", ITEMS), **options)
    for part in said:
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        (17, {}, "not as a int"),
        ({"a": [1]}, {}, "not as a dict"),
        (pd.DataFrame(), {"missing": "ml"}, "random sample of the rows"),
        (pd.DataFrame(), {"rows_kept": 1}, "rows_kept=1"),
        (pd.DataFrame(), {"seed": -1}, "seed=-1"),
        (pd.DataFrame({"a": [1]}), {"missing": "pairwise", "items": ["a"]}, "ordered=True"),
    ],
)
def test_what_cannot_be_read(source, options, said):
    options = dict(options)
    with pytest.raises(UnsupportedError, match=said):
        cs.read_moments(source, options.pop("items", ITEMS), **options)


def test_files_that_are_not_as_they_should_be(answers, tmp_path):
    def refused(path, *said, items=ITEMS, kind=DataError):
        with pytest.raises(kind) as error:
            cs.read_moments(path, items)
        for part in said:
            assert part in str(error.value)

    refused(tmp_path / "not_there.parquet", "no file or folder", "not_there.parquet")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "no Parquet file in this folder")
    (tmp_path / "text.parquet").write_text("a,b\n1,2\n", encoding="utf-8")
    refused(tmp_path / "text.parquet", "cannot be read as Parquet")
    (tmp_path / "book.xlsx").write_bytes(b"PK")
    refused(tmp_path / "book.xlsx", "only .parquet, .csv and .tsv", kind=UnsupportedError)
    folder = tmp_path / "parts"
    folder.mkdir()
    answers.to_parquet(folder / "one.parquet")
    answers.drop(columns="c").to_parquet(folder / "two.parquet")
    # Arrow would read the column of the second file as missing answers.
    refused(folder, "parts/two.parquet has no column c")
    answers.assign(c="x").to_parquet(folder / "two.parquet")
    refused(folder, "parts/two.parquet, from row 0", "item c: 'x' is not a number")
    whole = (folder / "one.parquet").read_bytes()
    (folder / "one.parquet").write_bytes(b"PAR1" + b"\0" * 1000 + whole[1004:])
    refused(folder, "parts/one.parquet")
    (folder / "one.parquet").unlink()
    path = tmp_path / "answers.csv"
    answers.to_csv(path, index=False)
    refused(path, "has no column e", items=["a", "e"])
    path.write_text("a,b,c,d\n1,2,3,4\n1,2,3,4,5,6\n", encoding="utf-8")
    refused(path, "answers.csv cannot be read as text", "line 3, saw 6")
    path.write_text("a,b,c,d\n1,2,3,4,5\n1,2,3,4,5\n", encoding="utf-8")
    refused(path, "more cells than its first row has names")
    path.write_bytes("a,b,c,d\n1,2,3,\xe4\n".encode("latin-1"))
    refused(path, "answers.csv cannot be read as text in UTF-8")
    path.write_bytes(b"")
    refused(path, "answers.csv cannot be read as text")


def test_a_source_is_closed_after_an_error(answers):
    closed = []

    def pieces():
        try:
            yield from (answers, answers.drop(columns="c"), answers)
        finally:
            closed.append(True)

    with pytest.raises(DataError, match="chunk 2 has no column c"):
        cs.read_moments(pieces(), ITEMS)
    assert closed == [True]


def test_a_dask_data_frame_without_a_column(answers):
    dask = pytest.importorskip("dask.dataframe", reason="Dask comes with the test extra")
    with pytest.raises(DataError, match=r"no column e.* It has comment, a, b, c, d, region"):
        cs.read_moments(dask.from_pandas(answers, npartitions=2), ["a", "e"])
    bad = answers.astype({"b": float})
    bad.loc[200, "b"] = np.inf
    with pytest.raises(DataError, match="partition 2: row 200, item b is infinite"):
        cs.read_moments(dask.from_pandas(bad, npartitions=2), ITEMS)
