"""Tables as text: pasted from Word or a program, or one long table of everything."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from clustersem.audit.readers.captions import is_caption, place_of
from clustersem.audit.readers.draft import Draft
from clustersem.audit.readers.long_form import is_long, read_long
from clustersem.audit.readers.table_kinds import read_tables
from clustersem.audit.readers.tables import RawTable, number_like, with_decimal_points
from clustersem.errors import DataError
from clustersem.survey.encoding import text_of_file

_WIDEST = 1000


def read_csv(path: Path, draft: Draft) -> None:
    """Add the tables of a text file to a draft.

    Tables are parted by empty lines; a line of one cell above a table is its caption. Cells are
    parted by tabs, semicolons or commas.

    Raises
    ------
    DataError
        If it cannot be decoded or cut into rows, or its numbers cannot be read.
    """
    text = text_of_file(path)
    if not text.strip():
        raise DataError(f"{path.name} is empty. Paste the tables into it, headings included.")
    rows = list(_rows(text, path.name))
    if is_long(rows[0][1]):
        _check_widths(rows, path.name)
        tables, notes = with_decimal_points([_table(path.name, "", rows)], path.name)
        draft.notes += notes
        read_long(tables[0], draft)
        return
    tables, notes = with_decimal_points(_tables(rows, path.name), path.name)
    draft.notes += notes
    read_tables(tables, draft)


def _rows(text: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with their line numbers; empty ones, too."""
    lines = [line for line in text.splitlines() if line.strip()]
    # The delimiter that most lines have; a comma may be a decimal sign, so it comes last.
    delimiter = next(
        (one for one in "\t;|" if sum(one in line for line in lines) > 0.5 * len(lines)), ","
    )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if len(row) > _WIDEST:
                raise DataError(
                    f"{source}, line {reader.line_num}: a row of {len(row):,} cells is none of a "
                    f"printed table; an audit reads up to {_WIDEST}."
                )
            yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise DataError(
            f"{source}, line {reader.line_num}: the row cannot be cut into cells ({error}). Look "
            "for a quotation mark that is opened and not closed."
        ) from None


def _tables(rows: list[tuple[int, list[str]]], source: str) -> list[RawTable]:
    tables: list[RawTable] = []
    block: list[tuple[int, list[str]]] = []
    caption = ""
    for number, row in [*rows, (0, [])]:
        cells = [cell for cell in row if cell]
        if not cells:
            if len(block) > 1:
                _check_widths(block, source)
                tables.append(_table(_place(caption, len(tables) + 1, source), caption, block))
                caption = ""
            block = []
        elif len(cells) == 1 and row[0] and not block:
            caption = cells[0]
        elif not block and is_caption(row[0]):
            # A caption with commas in it.
            caption = ", ".join(cells)
        else:
            block.append((number, row))
    return tables


def _check_widths(rows: list[tuple[int, list[str]]], source: str) -> None:
    """Refuse numbers beyond the last heading: a decimal comma makes two cells of one."""
    widths = [_width(row) for _, row in rows if not any(map(number_like, row))]
    width = max(widths, default=0)
    for number, row in rows:
        if 1 < width < len(row) and any(map(number_like, row[width:])):
            raise DataError(
                f"{source}, line {number}: {_width(row)} cells stand under {width} headings. A "
                "number with a decimal comma makes two cells; part the cells by tabs or "
                "semicolons, or put such numbers in quotes."
            )


def _width(row: list[str]) -> int:
    return max((j + 1 for j, cell in enumerate(row) if cell), default=0)


def _place(caption: str, number: int, source: str) -> str:
    if is_caption(caption):
        return place_of(caption, number)
    return caption or (source if number == 1 else f"{source}, table {number}")


def _table(place: str, caption: str, rows: list[tuple[int, list[str]]]) -> RawTable:
    return RawTable(
        place, caption, tuple(tuple(row) for _, row in rows), tuple(number for number, _ in rows)
    )
