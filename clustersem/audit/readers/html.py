"""Tables of an HTML page, as saved from a browser, Word or SPSS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clustersem.audit.readers.captions import is_caption, place_of
from clustersem.audit.readers.draft import Draft
from clustersem.audit.readers.table_kinds import read_tables
from clustersem.audit.readers.tables import RawTable, with_decimal_points
from clustersem.errors import DataError
from clustersem.survey.encoding import decode, detect_encoding

_WIDEST = 200
"""So many columns a cell may span; a page that says more is wrong, and would fill the memory."""


def read_html(path: Path, draft: Draft) -> None:
    """Add the tables of a page to a draft.

    Raises
    ------
    DataError
        If it is empty or has no table, or a number of its tables cannot be read.
    """
    from lxml import html

    content = path.read_bytes()
    if not content.strip():
        raise DataError(f"{path.name} is empty. Save the page with its tables again.")
    remedy = "Save it as UTF-8."
    text = decode(content, detect_encoding(content, path.name, remedy), path.name)
    # A declaration of another encoding would contradict the text, which is decoded already. Around
    # a body there is something to parse even where the file holds only a comment.
    page = f"<div>{text}</div>" if "<body" not in text.casefold() else text
    root = html.document_fromstring(page.encode("utf-8"), parser=html.HTMLParser(encoding="utf-8"))
    # A line of a cell ends where the next begins: "Ease<br>of use" is not "Easeof use".
    for line in root.iter("br", "p", "div", "li"):
        line.tail = f" {line.tail or ''}"
    # A table inside a cell is layout; those that hold no other are data.
    found = [one for one in root.iter("table") if one.find(".//table") is None]
    if not found:
        raise DataError(
            f"{path.name} has no table. Save the page with its tables as HTML, not as pictures."
        )
    tables = [_raw(one, k, path.name) for k, one in enumerate(found, 1)]
    cleaned, notes = with_decimal_points(tables, path.name)
    draft.notes += notes
    read_tables(cleaned, draft)


def _raw(table: Any, number: int, source: str) -> RawTable:  # noqa: ANN401 - lxml is untyped
    caption = _caption(table)
    rows = _cells(table)
    return RawTable(place_of(caption, number), caption, rows, tuple(range(1, len(rows) + 1)))


def _caption(table: Any) -> str:  # noqa: ANN401
    own = table.find("caption")
    if own is not None:
        return _text(own)
    # The nearest text before the table, if it reads like a caption.
    node, steps = table, 0
    while node is not None and steps < 6:
        before = node.getprevious()
        if before is None:
            node = node.getparent()
            steps += 1
            continue
        node, steps = before, steps + 1
        if before.tag == "table":
            return ""
        if not isinstance(before.tag, str):
            continue
        if text := _text(before):
            lines = [line for line in text.splitlines() if line.strip()]
            return lines[-1].strip() if lines and is_caption(lines[-1]) else ""
    return ""


def _cells(table: Any) -> tuple[tuple[str, ...], ...]:  # noqa: ANN401
    """Return the cells; what spans rows or columns is repeated."""
    rows: list[tuple[str, ...]] = []
    # Columns that a cell of a row above reaches into: for how many rows still, with what text.
    above: dict[int, tuple[int, str]] = {}
    for row in table.iter("tr"):
        cells: list[str] = []
        below: dict[int, tuple[int, str]] = {}
        for cell in row.iter("td", "th"):
            cells += _reaching(above, len(cells))
            text = _text(cell)
            down = _span(cell.get("rowspan"))
            for _ in range(_span(cell.get("colspan"))):
                if down > 1:
                    below[len(cells)] = (down - 1, text)
                cells.append(text)
        cells += _reaching(above, len(cells))
        above = {j: (left - 1, text) for j, (left, text) in above.items() if left > 1} | below
        rows.append(tuple(cells))
    return tuple(row for row in rows if any(row))


def _reaching(above: dict[int, tuple[int, str]], column: int) -> list[str]:
    texts: list[str] = []
    while column + len(texts) in above:
        texts.append(above[column + len(texts)][1])
    return texts


def _span(text: str | None) -> int:
    return min(max(int(text), 1), _WIDEST) if text and text.strip().isdigit() else 1


def _text(node: Any) -> str:  # noqa: ANN401
    return " ".join("".join(node.itertext()).split())
