"""From a path or a data frame to a table: which reader reads what."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from clustersem.errors import DataError
from clustersem.survey.delimited import read_delimited
from clustersem.survey.frames import table_from_frame
from clustersem.survey.names import did_you_mean
from clustersem.survey.statfiles import read_parquet, read_spss, read_stata
from clustersem.survey.table import Table
from clustersem.survey.workbook import read_workbook

_TEXT = (".csv", ".tsv", ".txt", ".dat", ".tab")
_KNOWN = ".csv, .tsv, .txt, .xlsx, .sav, .zsav, .dta and .parquet"
_RESAVE = {".xls": "Excel", ".xlsb": "Excel", ".ods": "LibreOffice", ".numbers": "Numbers"}


def read_table(
    source: str | os.PathLike[str] | pd.DataFrame,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
) -> Table:
    """Read answers from wherever they are.

    Parameters
    ----------
    source : path or pandas.DataFrame
        The ending of the file name decides the format.
    sheet : str or None
        Sheet of an Excel workbook.
    encoding : str or None
        Encoding of a text, SPSS or Stata file.
    delimiter, decimal : str or None
        Cell delimiter and decimal sign of a text file.

    Raises
    ------
    DataError
        If there is no such file, its format is not known, or it cannot be read.
    """
    if isinstance(source, pd.DataFrame):
        return table_from_frame(source)
    if not isinstance(source, (str, os.PathLike)):
        raise DataError(
            f"answers come from a file or a pandas data frame, not from a {type(source).__name__}. "
            "Wrap arrays: pandas.DataFrame(array, columns=item_names)."
        )
    path = Path(source).expanduser()
    try:
        return _read(_existing(path), sheet, encoding, delimiter, decimal)
    except OSError as error:
        raise DataError(
            f"file {path.name} cannot be read: {error.strerror or error}. "
            "Close it in other programs, or check who may read it."
        ) from error


def _read(
    path: Path, sheet: str | None, encoding: str | None, delimiter: str | None, decimal: str | None
) -> Table:
    suffix = path.suffix.lower()
    if suffix in _TEXT:
        with path.open("rb") as file:
            if file.read(4) == b"PK\x03\x04":
                raise DataError(f"file {path.name} is an Excel workbook: name it {path.stem}.xlsx.")
        return read_delimited(path, encoding=encoding, delimiter=delimiter, decimal=decimal)
    if suffix in (".xlsx", ".xlsm"):
        return read_workbook(path, sheet=sheet)
    if suffix in (".sav", ".zsav"):
        return read_spss(path, encoding=encoding)
    if suffix == ".dta":
        return read_stata(path, encoding=encoding)
    if suffix in (".parquet", ".pq"):
        return read_parquet(path)
    if suffix in _RESAVE:
        raise DataError(
            f"file {path.name}: {suffix} is not read. Open it in {_RESAVE[suffix]} and save it "
            "as .xlsx or CSV (UTF-8)."
        )
    raise DataError(
        f"file {path.name}: {suffix or 'a file without an ending'} is not a known format. "
        f"Known are {_KNOWN}; rename or export the file."
    )


def _existing(path: Path) -> Path:
    if path.is_file():
        return path
    if path.is_dir():
        raise DataError(f"{path} is a folder. Name the file with the answers.")
    folder = path.parent
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder} (looking for file {path.name}).")
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    hint = did_you_mean(path.name, names) or "; check the name and the folder."
    raise DataError(f"there is no file {path.name} in folder {folder.resolve()}{hint}")
