"""The tables of a document as CSV files, for spreadsheets and for checking."""

from __future__ import annotations

import csv
import io
import os
import re
from pathlib import Path

from clustersem.report.atomic import replace_files
from clustersem.report.document import Band, Cell, Document, Table


def document_to_csvs(document: Document, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Write every table as ``table-01-its-caption.csv``, numbers in full precision.

    The files are UTF-8 with a byte order mark, which is what Excel needs to read Chinese names;
    missing values are empty fields, and a group heading becomes a column named ``group``. Tables
    that an earlier run left in the folder are removed.
    """
    contents = csv_files(document, folder)
    replace_files(contents, stale=earlier_csvs(folder))
    return tuple(contents)


def csv_files(document: Document, folder: str | os.PathLike[str]) -> dict[Path, bytes]:
    """Return what `document_to_csvs` writes, and where."""
    tables = [b for section in document.sections for b in section.blocks if isinstance(b, Table)]
    contents = {}
    for k, table in enumerate(tables, 1):
        slug = re.sub(r"[^a-z0-9]+", "-", table.caption.lower()).strip("-")[:50].rstrip("-")
        path = Path(folder) / (f"table-{k:02d}-{slug}.csv" if slug else f"table-{k:02d}.csv")
        contents[path] = table_csv(table).encode("utf-8-sig")
    return contents


def earlier_csvs(folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Return the tables that an earlier run left in a folder, and no file of anybody else."""
    found = Path(folder).glob("table-*.csv")
    return tuple(
        p for p in sorted(found) if re.fullmatch(r"table-\d\d+(-[a-z0-9-]+)?\.csv", p.name)
    )


def table_csv(table: Table) -> str:
    """One table as CSV text."""
    grouped = any(isinstance(row, Band) for row in table.rows)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    headings = [column.heading for column in table.columns]
    writer.writerow((["group"] if grouped else []) + headings)
    group = ""
    for row in table.rows:
        if isinstance(row, Band):
            group = row.text
        else:
            writer.writerow(([group] if grouped else []) + [_plain(cell) for cell in row])
    return stream.getvalue()


def _plain(cell: Cell) -> str:
    """Return a value as a machine reads it."""
    if cell.missing:
        return ""
    return repr(float(cell.value)) if isinstance(cell.value, float) else str(cell.value)
