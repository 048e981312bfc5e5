"""SPSS and Stata files, through pyreadstat, and Parquet, through pyarrow."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from clustersem.errors import DataError
from clustersem.survey.frames import table_from_frame
from clustersem.survey.table import Table


def read_spss(path: Path, *, encoding: str | None) -> Table:
    """Read ``.sav`` or ``.zsav``; user-missing codes are missing, labels are kept.

    Raises
    ------
    DataError
        If the file is damaged or in another encoding than `encoding`.
    """
    from pyreadstat import read_sav

    # Once for the values with user-missing codes taken out, and the dictionary once more for what
    # those codes are, because their labels ("no answer") are not answers.
    frame, meta = _read(partial(read_sav, str(path), encoding=encoding), path)
    _, declared = _read(
        partial(read_sav, str(path), encoding=encoding, user_missing=True, metadataonly=True), path
    )
    return _labelled((frame, meta), declared.missing_ranges, path, "SPSS")


def read_stata(path: Path, *, encoding: str | None) -> Table:
    """Read ``.dta``; Stata's missing values ``.``, ``.a`` to ``.z`` are missing, labels are kept.

    Raises
    ------
    DataError
        If the file is damaged or in another encoding than `encoding`.
    """
    from pyreadstat import read_dta

    frame, meta = _read(partial(read_dta, str(path), encoding=encoding), path)
    return _labelled((frame, meta), {}, path, "Stata")


def read_parquet(path: Path) -> Table:
    """Read ``.parquet``; a named index becomes a column.

    Raises
    ------
    DataError
        If pyarrow is not installed or the file is damaged.
    """
    where = f"file {path.name}"
    if importlib.util.find_spec("pyarrow") is None:
        raise DataError(
            f"{where}: reading Parquet needs pyarrow. Install it with: "
            "pip install 'clustersem[parquet]'"
        )
    try:
        frame = pd.read_parquet(path, engine="pyarrow")
    except (OSError, ValueError) as error:  # pyarrow's errors are kinds of these two
        raise DataError(
            f"{where} is damaged or not a Parquet file ({error}). Export it again."
        ) from error
    if frame.index.names != [None]:
        frame = frame.reset_index()
    return table_from_frame(_by_case(frame), where=where, read_as={"format": "Parquet"})


def _read(reader: Callable[[], tuple[pd.DataFrame, Any]], path: Path) -> tuple[pd.DataFrame, Any]:
    try:
        return reader()
    except Exception as error:  # pyreadstat's class has moved between its releases
        raise DataError(
            f"file {path.name} is damaged or not a {path.suffix} file ({error}). Save it again "
            "from SPSS or Stata, export it as CSV, or pass encoding= if only texts are unreadable."
        ) from error


def _labelled(
    read: tuple[pd.DataFrame, Any],
    missing_ranges: Mapping[str, list[dict[str, Any]]],
    path: Path,
    format_name: str,
) -> Table:
    frame, meta = read
    value_labels: dict[str, dict[str, float]] = {}
    for name, labels in meta.variable_value_labels.items():
        known: dict[str, float] = {}
        for code, text in labels.items():
            if isinstance(code, (int, float)) and not _is_missing(code, missing_ranges.get(name)):
                known.setdefault(str(text).strip(), float(code))
        if known:
            value_labels[name] = known
    return table_from_frame(
        _by_case(frame),
        where=f"file {path.name}",
        read_as={"format": format_name},
        variable_labels={k: v for k, v in meta.column_names_to_labels.items() if v},
        value_labels=value_labels,
    )


def _is_missing(code: float, ranges: list[dict[str, Any]] | None) -> bool:
    return any(
        isinstance(r["lo"], (int, float)) and r["lo"] <= code <= r["hi"] for r in ranges or ()
    )


def _by_case(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name="row"), axis=0)
