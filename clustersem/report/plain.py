"""A document as plain text, for the terminal and for a file that anything can read."""

from __future__ import annotations

import itertools
import textwrap

from clustersem.report.document import (
    Band,
    Block,
    Document,
    Figure,
    KeyFacts,
    Listing,
    Note,
    Points,
    Table,
    Text,
)
from clustersem.report.formats import cell_text


def render_text(document: Document, *, width: int = 100) -> str:
    """Render a document as text; tables keep their width, paragraphs are filled to `width`.

    Examples
    --------
    >>> from clustersem.report.document import Section
    >>> print(render_text(Document("A study", sections=(Section("a", "Sample", "Who answered."),))))
    A study
    =======
    <BLANKLINE>
    1  Sample
    ---------
    Who answered.
    <BLANKLINE>
    """
    tables, figures = itertools.count(1), itertools.count(1)
    lines = [document.title, "=" * text_cells(document.title)]
    if document.subtitle:
        lines.append(document.subtitle)
    for k, section in enumerate(document.sections, 1):
        heading = f"{k}  {section.title}"
        lines += ["", heading, "-" * text_cells(heading)]
        if section.lead:
            lines += _wrap(section.lead, width)
        for block in section.blocks:
            counter = tables if isinstance(block, Table) else figures
            number = next(counter) if isinstance(block, Table | Figure) else 0
            lines += ["", *_block(block, number, width)]
    if document.footer:
        lines += ["", *_wrap(document.footer, width)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def render_table(table: Table, *, number: int = 0, width: int = 100) -> str:
    """Render one table as text, with its caption and notes."""
    return "\n".join(line.rstrip() for line in _table(table, number, width)) + "\n"


def text_cells(words: str) -> int:
    """How many columns of a terminal a text takes; East Asian characters take two."""
    import unicodedata

    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in words
    )


def _wrap(words: str, width: int, indent: str = "") -> list[str]:
    """Fill a paragraph; lines after the first begin with `indent`, hyphens do not break."""
    return textwrap.wrap(words, width, subsequent_indent=indent, break_on_hyphens=False)


def _block(block: Block, number: int, width: int) -> list[str]:
    """Return the lines of one block."""
    match block:
        case Table():
            return _table(block, number, width)
        case Figure():
            lines = _wrap(f"Figure {number}. {block.caption}.", width)
            return lines + _wrap(f"[{block.alt}]", width)
        case Text():
            return _wrap(block.text, width)
        case Note():
            mark = "Warning: " if block.level == "warning" else "Note: "
            return _wrap(mark + block.text, width, "  ")
        case Points():
            return [line for item in block.items for line in _wrap(f"- {item}", width, "  ")]
        case Listing():
            return [block.caption, *(f"    {line}" for line in block.text.splitlines())]
        case KeyFacts():
            room = max((text_cells(label) for label, _ in block.facts), default=0)
            return [f"{_fill(label, room)}  {value}" for label, value in block.facts]


def _table(table: Table, number: int, width: int) -> list[str]:
    """Caption, ruled columns and notes of a table."""
    texts = [
        row
        if isinstance(row, Band)
        else [cell_text(cell, column) for cell, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]
    headings = [column.heading for column in table.columns]
    bodies = [row for row in texts if not isinstance(row, Band)]
    widths = [max(text_cells(row[j]) for row in [headings, *bodies]) for j in range(len(headings))]
    right = [column.kind != "text" for column in table.columns]

    def line(cells: list[str]) -> str:
        parts = zip(cells, widths, right, strict=True)
        return "  ".join(_fill(cell, room, right=flag) for cell, room, flag in parts)

    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    caption = f"Table {number}. {table.caption}" if number else table.caption
    lines = _wrap(caption, width)
    lines += _wrap(table.meaning, width) if table.meaning else []
    lines += [rule, line(headings), rule]
    lines += [row.text if isinstance(row, Band) else line(row) for row in texts]
    lines.append(rule)
    return lines + (_wrap(f"Note. {table.note}", width) if table.note else [])


def _fill(words: str, room: int, *, right: bool = False) -> str:
    """Return a text set left or right in so many columns of a terminal."""
    space = " " * (room - text_cells(words))
    return space + words if right else words + space
