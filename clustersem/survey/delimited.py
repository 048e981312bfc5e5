"""Comma, semicolon and tab separated text in whatever encoding the survey tool wrote."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path

from clustersem.errors import DataError
from clustersem.survey.encoding import decode, detect_encoding
from clustersem.survey.table import Table, table_from_rows

_DELIMITERS = (",", ";", "\t", "|")
_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blank"}
_SAMPLE_ROWS = 200
_REMEDY = (
    "Save the file as CSV (UTF-8) or .xlsx, or pass encoding=, for example encoding='big5' or "
    "encoding='shift_jis'."
)
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
_DECIMAL_POINT = re.compile(r"\s*[+-]?\d+\.\d+\s*")


def read_delimited(
    path: Path, *, encoding: str | None, delimiter: str | None, decimal: str | None
) -> Table:
    """Read a text file of answers.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    encoding : str or None
        Name of the encoding. None finds it: byte order marks, UTF-16 without one, UTF-8, then
        GB18030 (which includes GBK and GB2312), then Windows-1252.
    delimiter : str or None
        None finds which of comma, semicolon, tab, bar and blank cuts rows into equal numbers of
        cells.
    decimal : {".", ","} or None
        None takes the comma when it is not the delimiter, numbers are written with it and none
        with a point.

    Raises
    ------
    DataError
        If the file cannot be decoded or cut into rows.
    """
    where = f"file {path.name}"
    content = path.read_bytes()
    if not content.strip():
        raise DataError(
            f"{where} is empty. Export the answers again, with the item names in row 1."
        )
    found = encoding or detect_encoding(content, where, _REMEDY)
    text = decode(content, found, where)
    notes: list[str] = []
    if encoding is None and found == "cp1252":
        notes.append(
            f"{where} was read as Windows-1252, which is a guess. "
            "Where names or texts look wrong, pass encoding=."
        )
    first_line, _, rest = text.partition("\n")
    declared = re.fullmatch(r'"?sep=(.)"?\s*', first_line)
    if declared:  # Excel's own line, which Excel does not count as a row
        text = rest
        delimiter = delimiter or declared.group(1)
    delimiter = delimiter or _detect_delimiter(text)
    rows = _rows(text, delimiter, where)
    if decimal is None:
        decimal = "," if _writes_decimal_commas(rows, delimiter) else "."
        if decimal == ",":
            notes.append(f"{where}: the comma was read as the decimal sign (3,5 as 3.5).")
    if decimal == ",":
        rows = [(number, [_with_point(cell) for cell in cells]) for number, cells in rows]
    return table_from_rows(
        rows,
        where=where,
        read_as={
            "format": "delimited text",
            "encoding": found.removesuffix("-sig"),
            "delimiter": _DELIMITER_NAMES.get(delimiter, delimiter),
            "decimal": decimal,
        },
        notes=notes,
    )


def _detect_delimiter(text: str) -> str:
    best, best_score = ",", (0.0, 1)
    # A blank cuts words, too, so it is only thought of where nothing else cuts the header.
    for delimiter in (*_DELIMITERS, " "):
        if delimiter == " " and best_score[0] > 0:
            break
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        widths: list[int] = []
        try:
            for cells in reader:
                if cells:
                    widths.append(len(cells))
                if len(widths) == _SAMPLE_ROWS:
                    break
        except csv.Error:
            continue
        if not widths or widths[0] == 1:
            continue
        agreeing = Counter(widths)[widths[0]] / len(widths)
        if (agreeing, widths[0]) > best_score:
            best, best_score = delimiter, (agreeing, widths[0])
    return best


def _rows(text: str, delimiter: str, where: str) -> list[tuple[int, list[str]]]:
    # Strict, because a quotation mark that is never closed would swallow all rows after it.
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except TypeError:
        raise DataError(f"delimiter = {delimiter!r} is not a single character.") from None
    rows: list[tuple[int, list[str]]] = []
    try:
        for number, cells in enumerate(reader, start=1):
            rows.append((number, cells))
    except csv.Error as error:
        raise DataError(
            f"{where}, row {len(rows) + 1}: the row cannot be cut into cells ({error}). Look for a "
            "quotation mark that is opened and not closed, or is not doubled inside a quoted text."
        ) from None
    return rows


def _writes_decimal_commas(rows: list[tuple[int, list[str]]], delimiter: str) -> bool:
    if delimiter == ",":
        return False
    commas = any(_DECIMAL_COMMA.fullmatch(cell) for _, cells in rows for cell in cells)
    return commas and not any(_DECIMAL_POINT.fullmatch(cell) for _, cells in rows for cell in cells)


def _with_point(cell: str) -> str:
    return cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell
