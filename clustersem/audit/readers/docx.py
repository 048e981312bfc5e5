"""Tables of a Word document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from clustersem.audit.readers.captions import is_caption, place_of
from clustersem.audit.readers.draft import Draft
from clustersem.audit.readers.table_kinds import read_tables
from clustersem.audit.readers.tables import RawTable, with_decimal_points
from clustersem.errors import DataError

if TYPE_CHECKING:
    from docx.table import Table


def read_docx(path: Path, draft: Draft) -> None:
    """Add the tables of a document to a draft; the paragraph above a table is its caption.

    Raises
    ------
    DataError
        If it is no Word document or has no table, or a number of its tables cannot be read.
    """
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from docx.table import Table
    from lxml.etree import XMLSyntaxError

    try:
        document = docx.Document(str(path))
        # Of a file that lacks a part, or has another document's, python-docx tells only here.
        blocks = list(document.iter_inner_content())
    except (
        PackageNotFoundError,
        BadZipFile,
        KeyError,
        ValueError,
        AttributeError,
        XMLSyntaxError,
    ) as error:
        raise DataError(
            f"{path.name} is no Word document ({type(error).__name__}). Save it in Word as .docx; "
            "a .doc, .odt or .pdf that was only renamed stays what it was."
        ) from None
    tables: list[RawTable] = []
    caption = ""
    for block in blocks:
        if isinstance(block, Table):
            for table in _leaves(block):
                rows = tuple(
                    tuple(" ".join(cell.text.split()) for cell in row.cells) for row in table.rows
                )
                place = place_of(caption, len(tables) + 1)
                tables.append(RawTable(place, caption, rows, tuple(range(1, len(rows) + 1))))
                caption = ""
        elif text := " ".join(block.text.split()):
            if is_caption(text):
                caption = text
            else:
                caption = f"{caption} {text}" if _is_title(text, caption) else ""
    if not tables:
        raise DataError(
            f"{path.name} has no table. An audit reads tables, not pictures of them or text."
        )
    cleaned, notes = with_decimal_points(tables, path.name)
    draft.notes += notes
    read_tables(cleaned, draft)


def _leaves(table: Table) -> Iterator[Table]:
    """Yield the tables that hold no other: a table inside a cell makes the outer one layout."""
    inner = {id(one._tbl): one for row in table.rows for cell in row.cells for one in cell.tables}
    if not inner:
        yield table
    for one in inner.values():
        yield from _leaves(one)


def _is_title(text: str, caption: str) -> bool:
    """Whether a paragraph goes on with a caption: APA sets the number and the title apart."""
    return bool(caption) and len(caption) < 20 and len(text) < 300
