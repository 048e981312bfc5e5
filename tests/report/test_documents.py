"""Documents as HTML, text and CSV."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clustersem.errors import ClusterSemError
from clustersem.report import (
    Band,
    Cell,
    Column,
    Document,
    Figure,
    KeyFacts,
    Listing,
    Note,
    Points,
    Section,
    StudyView,
    Table,
    Text,
    document_to_csvs,
    render_html,
    render_table,
    render_text,
    study_document,
    write_html,
)
from clustersem.report.formats import number, p_value, percent
from clustersem.report.plain import text_cells

from .standin import study_view

GOLDEN = Path(__file__).parent / "golden"
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """What the tests ask of a page: tags with attributes, in order, well nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.fixture(scope="module")
def document() -> Document:
    return study_document(study_view())


@pytest.fixture(scope="module")
def page(document) -> str:
    return render_html(document)


def test_page_is_well_formed_and_ids_are_unique(page):
    parsed = Page(page)
    assert parsed.open == []
    ids = [a["id"] for _, a in parsed.tags if "id" in a]
    assert len(ids) == len(set(ids)) > 15
    links = [a["href"] for a in parsed.all("a")]
    assert links
    assert all(link.startswith("#") and link[1:] in ids for link in links)


def test_drawings_refer_only_to_themselves(page):
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    used = re.findall(r"url\(#([^)]+)\)", page) + re.findall(r'href="#([^"]+)"', page)
    assert used
    assert set(used) <= ids


def test_page_loads_nothing(page):
    parsed = Page(page)
    for tag, attributes in parsed.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed", "base")
        for name, value in attributes.items():
            if name in ("src", "href", "xlink:href", "data", "poster", "srcset", "action"):
                assert (value or "").startswith(("#", "data:"))
    assert "@import" not in page
    assert not re.search(r"url\(\s*['\"]?(?!#)", page)


def test_tables_are_captioned_and_numbered_and_headers_have_a_scope(page, document):
    tables = [b for s in document.sections for b in s.blocks if isinstance(b, Table)]
    captions = re.findall(r'<caption><span class="label">Table (\d+)\.</span>', page)
    assert captions == [str(k) for k in range(1, len(tables) + 1)]
    assert page.count("<table>") == len(tables)
    assert all(a.get("scope") in ("col", "row", "rowgroup") for a in Page(page).all("th"))
    assert all(table.meaning for table in tables)


def test_figures_say_in_words_what_they_show(page):
    arts = [a for a in Page(page).all("div") if a.get("class") == "art"]
    assert len(arts) == 4
    assert all(a["role"] == "img" and len(a["aria-label"] or "") > 40 for a in arts)
    assert "A1 ← B1 0.23" in str(arts[1]["aria-label"])


def test_what_comes_from_the_study_is_escaped(page):
    assert "经纪服务机构 &lt;b&gt;bold&lt;/b&gt;" in page
    assert "tests &amp; layout" in page
    hostile = '"><script>alert(1)</script>'
    document = Document(
        hostile,
        hostile,
        (
            Section(
                "a",
                hostile,
                hostile,
                (
                    Text(hostile),
                    Note(hostile, "warning"),
                    Points((hostile,)),
                    Listing(hostile, hostile),
                    KeyFacts(((hostile, hostile),)),
                    Figure(hostile, "<svg></svg>", hostile, hostile),
                    Table(hostile, (Column(hostile),), ((Cell(hostile),), Band(hostile)), hostile),
                ),
            ),
        ),
        hostile,
    )
    assert "<script" not in render_html(document)


def test_page_is_the_same_every_time(document, page):
    assert render_html(document) == page
    assert render_html(study_document(study_view())) == page


def test_write_replaces_the_page_only_when_the_new_one_is_whole(tmp_path, document):
    path = write_html(document, tmp_path / "new" / "report.html")
    first = path.read_text(encoding="utf-8")
    assert first.startswith("<!DOCTYPE html>")
    broken = dataclasses.replace(
        document, sections=(Section("x", "X", blocks=(Figure("f", None, "a"),)),)
    )
    with pytest.raises(TypeError):
        write_html(broken, path)
    assert path.read_text(encoding="utf-8") == first
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_text_of_the_study(document):
    assert render_text(document) == (GOLDEN / "study.txt").read_text(encoding="utf-8")


def test_text_of_every_kind_of_block():
    table = Table(
        "Sizes",
        (Column("名称"), Column("n", "count"), Column("r", "number", 2), Column("p", "p")),
        (
            Band("first"),
            (Cell("甲"), Cell(12), Cell(-0.5), Cell(0.0004)),
            Band("second"),
            (Cell("b"), Cell(None), Cell(float("nan")), Cell(1.0)),
        ),
        "What it means.",
        "What it omits.",
    )
    blocks = (
        Text("A paragraph."),
        Note("Look here."),
        Note("Look out.", "warning"),
        Points(("one", "two")),
        Listing("Model", "f =~ x1 + x2\nf ~~ f"),
        KeyFacts((("CFI", ".95"), ("RMSEA", ".05"))),
        Figure("Drawing", "<svg></svg>", "A circle."),
        table,
    )
    text = render_text(
        Document("Title", "Subtitle", (Section("a", "All", "Lead.", blocks),), "End.")
    )
    assert text == (GOLDEN / "blocks.txt").read_text(encoding="utf-8")
    assert render_table(table).startswith("Sizes\nWhat it means.\n")


def test_columns_of_text_line_up_with_east_asian_names(document):
    blocks = [b for s in document.sections for b in s.blocks if isinstance(b, Table)]
    lines = render_table(next(b for b in blocks if "Descriptive" in b.caption)).splitlines()
    rule = next(line for line in lines if set(line) == {"─"})
    rows = [line for line in lines if re.match(r"C\d+ ", line)]
    assert any("经纪" in row for row in rows)
    assert {text_cells(row) for row in rows} == {len(rule)}


def test_csv_files_hold_full_precision(tmp_path, document):
    paths = document_to_csvs(document, tmp_path)
    tables = [b for s in document.sections for b in s.blocks if isinstance(b, Table)]
    assert len(paths) == len(tables)
    assert len({path.name for path in paths}) == len(paths)
    path = next(p for p in paths if p.name.endswith("-hypotheses.csv"))
    frame = pd.read_csv(path)
    want = study_view().hypotheses
    assert want is not None
    np.testing.assert_array_equal(frame["Std."], want["std_all"])
    path = next(p for p in paths if "measurement" in p.name)
    frame = pd.read_csv(path)
    assert frame["group"].iloc[0] == "B1: Industry service organization level"
    assert frame["S.E."].isna().sum() == 8
    assert paths[0].read_bytes().startswith(b"\xef\xbb\xbf")


def test_numbers_are_written_for_readers():
    assert [number(v, 2) for v in (1.005, -1.0, -0.001, np.nan, np.inf, -np.inf)] == [
        "1.00",
        "−1.00",
        "0.00",
        "–",
        "∞",
        "−∞",
    ]
    assert [p_value(v) for v in (0.0, 0.00099, 0.001, 0.05, 0.9999, np.nan)] == [
        "<.001",
        "<.001",
        ".001",
        ".050",
        "1.000",
        "–",
    ]
    assert percent(0.9041, 2) == "90.41 %"


def test_sections_share_no_id():
    with pytest.raises(ClusterSemError, match=r"two sections.*'a'"):
        Document("t", sections=(Section("a", "x"), Section("a", "y")))


def test_rows_have_a_cell_for_every_column():
    with pytest.raises(ClusterSemError, match=r"2 columns.*1 cells"):
        Table("t", (Column("a"), Column("b")), ((Cell(1),),))


def test_a_study_without_results_is_a_title():
    assert study_document(StudyView("Nothing yet")).sections == ()
    assert "Nothing yet" in render_html(study_document(StudyView("Nothing yet")))


def test_many_warnings_make_one_list():
    few = study_document(StudyView("s", warnings=("a", "b")))
    many = study_document(StudyView("s", warnings=tuple("abcde")))
    assert [type(b) for b in few.sections[0].blocks] == [Note, Note]
    assert [type(b) for b in many.sections[0].blocks] == [Note, Points]
    assert many.sections[0].blocks[1].items == tuple("abcde")


def test_order_of_the_sections_is_that_of_a_paper(document):
    assert [section.id for section in document.sections] == [
        "summary",
        "sample",
        "items",
        "scale",
        "reliability",
        "initial-model",
        "revision",
        "fit",
        "path-diagram",
        "hypotheses",
        "measurement",
        "validity",
        "residuals",
        "published",
        "impossible",
        "provenance",
    ]
