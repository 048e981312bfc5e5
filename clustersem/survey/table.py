"""What every reader delivers: named columns of cells, and where in the file each row stood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from clustersem.errors import DataError
from clustersem.survey.names import listed

# Qualtrics writes three header rows: names, wordings, and identifiers that begin so.
_QUALTRICS = '{"ImportId"'
_INVISIBLE = " \t\r\n\u00a0\u200b\ufeff\u3000"


@dataclass(frozen=True)
class Table:
    """Cells as they were read.

    Attributes
    ----------
    cells : pandas.DataFrame
        One row a questionnaire, one column a variable. The index holds the row numbers that the
        program in which one opens the file shows: a spreadsheet's, with the header in row 1, for
        text and Excel files; the case number, from 1, for SPSS, Stata and Parquet; the index of a
        data frame. Rows in which every cell is empty are not there.
    where : str
        How messages call the source: ``"file answers.csv"`` or ``"data frame"``.
    variable_labels : mapping of str to str
        The texts of the columns, where the format has any.
    value_labels : mapping of str to mapping of str to float
        For each labelled column the number behind each answer text.
    read_as : mapping of str to str
        How the file was read: format, and where they apply encoding, delimiter, decimal, sheet.
    notes : tuple of str
        What the researcher should know about the reading.
    """

    cells: pd.DataFrame
    where: str
    variable_labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    read_as: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def table_from_rows(
    rows: Iterable[tuple[int, Sequence[object]]],
    *,
    where: str,
    read_as: Mapping[str, str],
    notes: Sequence[str] = (),
) -> Table:
    """Make a table of numbered rows, the first non-empty one being the header.

    Where Qualtrics wrote the file, its second row gives the wordings and its third is skipped.

    Parameters
    ----------
    rows : iterable of (int, sequence)
        The row number in the file, from 1, and the cells.
    where : str
        How messages call the file.
    read_as, notes
        See `Table`.

    Raises
    ------
    DataError
        If there is nothing, only a header, a column without a name, a name twice, or a row with
        more cells than the header.
    """
    filled = [(number, cells) for number, cells in rows if not all(map(is_blank, cells))]
    if not filled:
        raise DataError(
            f"{where} is empty. Export the answers again, with the item names in row 1."
        )
    header_row, header = filled[0]
    width = max(i for i, cell in enumerate(header) if not is_blank(cell)) + 1
    names = ["" if is_blank(cell) else str(cell) for cell in header[:width]]
    body = filled[1:]
    if not body:
        raise DataError(
            f"{where} has a header in row {header_row} but no answers below it. "
            "Export the answers again."
        )
    short: list[int] = []
    texts: list[object] = []
    if len(body) > 2 and any(str(cell).startswith(_QUALTRICS) for cell in body[1][1]):
        texts, body = list(body[0][1]), body[2:]
    columns: list[list[object]] = [[] for _ in names]
    for number, cells in body:
        if len(cells) > width and not all(map(is_blank, cells[width:])):
            raise DataError(
                f"{where}, row {number}: {len(cells)} cells, but the header in row {header_row} "
                f"names {width}. Look for a delimiter inside a text that is not quoted, or name "
                "every column."
            )
        if len(cells) < width:
            short.append(number)
        for i, column in enumerate(columns):
            column.append(cells[i] if i < len(cells) and not is_blank(cells[i]) else None)
    all_notes = list(notes)
    if short:
        all_notes.append(
            f"{where}: fewer cells than the header in row {listed(short)}; "
            "the cells that are not there are taken as missing."
        )
    index = pd.Index([number for number, _ in body], name="row")
    # A column that has neither a name nor a cell is a stray delimiter at the end of every line.
    kept = [i for i, name in enumerate(names) if name or any(c is not None for c in columns[i])]
    clean = clean_names(
        {i + 1: names[i] for i in kept}, where=f"{where}, row {header_row}", notes=all_notes
    )
    if len(clean) > 1 and all(map(_looks_like_a_number, clean)):
        all_notes.append(
            f"{where}, row {header_row}: the item names are all numbers ({listed(clean)}). If they "
            "are the answers of a respondent, add a first row with the item names."
        )
    cells_by_name = {
        name: pd.Series(columns[i], index=index, dtype=object)
        for name, i in zip(clean, kept, strict=True)
    }
    return Table(
        cells=pd.DataFrame(cells_by_name, index=index),
        where=where,
        variable_labels={
            name: str(texts[i])
            for name, i in zip(clean, kept, strict=True)
            if i < len(texts) and not is_blank(texts[i])
        },
        read_as=dict(read_as),
        notes=tuple(all_notes),
    )


def clean_names(names: Mapping[int, str], *, where: str, notes: list[str]) -> list[str]:
    """Strip the column names and refuse a name that is empty or stands twice.

    The names come with the positions of their columns, from 1. What was noticed is added to
    `notes`.

    An empty first name is what R writes above the row names; that column is called ``row_name``.
    """
    clean = [name.strip(_INVISIBLE) for name in names.values()]
    stripped = [new for old, new in zip(names.values(), clean, strict=True) if old != new and new]
    if stripped:
        notes.append(f"{where}: blanks around the column name {listed(stripped)} were removed.")
    if clean and not clean[0] and "row_name" not in clean:
        clean[0] = "row_name"
    for position, name in zip(names, clean, strict=True):
        if not name:
            raise DataError(
                f"{where}: column {position} has no name. Name it, or delete the column."
            )
    for name in clean:
        if clean.count(name) == 1:
            continue
        if all(_looks_like_a_number(other) for other in clean):
            raise DataError(
                f"{where} holds numbers instead of item names. Add a first row with the item names."
            )
        positions = [str(i) for i, other in zip(names, clean, strict=True) if other == name]
        raise DataError(
            f"{where}: the column name {name!r} stands {len(positions)} times "
            f"(columns {', '.join(positions[:-1])} and {positions[-1]}). Rename or delete one."
        )
    return clean


def is_blank(cell: object) -> bool:
    """Whether a cell holds nothing: None, NaN or only blanks."""
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return True
    if isinstance(cell, str):
        return not cell.strip(_INVISIBLE)
    return isinstance(cell, float) and cell != cell


def _looks_like_a_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
