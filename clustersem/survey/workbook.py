"""Excel workbooks, through openpyxl."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

from clustersem.errors import DataError
from clustersem.survey.names import did_you_mean, listed
from clustersem.survey.table import Table, table_from_rows

_OLD_OR_ENCRYPTED = b"\xd0\xcf\x11\xe0"


def read_workbook(path: Path, *, sheet: str | None) -> Table:
    """Read one sheet of an ``.xlsx`` or ``.xlsm`` file; formulas count with their stored results.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    sheet : str or None
        Name of the sheet; None reads the first.

    Raises
    ------
    DataError
        If the file is damaged, protected or no workbook, or there is no such sheet.
    """
    where = f"file {path.name}"
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise DataError(
            f"{where} is empty. Export the answers again, with the item names in row 1."
        )
    if start == _OLD_OR_ENCRYPTED:
        raise DataError(
            f"{where} is an old .xls file or protected by a password. "
            "Open it in Excel and save it as an unprotected .xlsx workbook."
        )
    rows, name, others = _sheet_rows(path, sheet, where)
    notes = []
    if sheet is None and others:
        notes.append(
            f"{where}: the first sheet, {name!r}, was read. "
            f"For another pass sheet=: {listed(map(repr, others))}."
        )
    return table_from_rows(
        rows, where=where, read_as={"format": "Excel workbook", "sheet": name}, notes=notes
    )


def _sheet_rows(
    path: Path, sheet: str | None, where: str
) -> tuple[list[tuple[int, tuple[Any, ...]]], str, list[str]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and validations that it drops; only values are read here.
            warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
            workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                names = [worksheet.title for worksheet in workbook.worksheets]
                if not names:
                    raise DataError(f"{where} has no sheet with cells.")
                name = sheet or names[0]
                if name not in names:
                    raise DataError(
                        f"{where} has no sheet {name!r}{did_you_mean(name, names) or '.'} "
                        f"Its sheets are {listed(map(repr, names))}."
                    )
                worksheet = workbook[name]
                worksheet.reset_dimensions()  # some exporters write a wrong size into the file
                rows = list(enumerate(worksheet.iter_rows(values_only=True), start=1))
            finally:
                workbook.close()
    except (
        zipfile.BadZipFile,
        zlib.error,
        InvalidFileException,
        KeyError,
        ValueError,
        SyntaxError,  # what the XML parsers raise
        EOFError,
    ) as error:
        raise DataError(
            f"{where} is damaged or not an Excel workbook ({error}). "
            "Open it in Excel and save it again as .xlsx, or export it as CSV."
        ) from error
    return rows, name, [other for other in names if other != name]
