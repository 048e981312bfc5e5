"""Data frames, whether a user's own or those that a file format's library delivers."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from clustersem.errors import DataError
from clustersem.survey.table import Table, clean_names, is_blank


def table_from_frame(
    frame: pd.DataFrame,
    *,
    where: str = "data frame",
    read_as: Mapping[str, str] | None = None,
    variable_labels: Mapping[str, str] | None = None,
    value_labels: Mapping[str, Mapping[str, float]] | None = None,
) -> Table:
    """Make a table of a data frame, which is not touched.

    Raises
    ------
    DataError
        If there is no row, no column, a column name twice, or the columns have several levels.
    """
    if isinstance(frame.columns, pd.MultiIndex):
        raise DataError(
            f"{where}: the columns have {frame.columns.nlevels} levels. "
            "Flatten them to one name a column."
        )
    if not len(frame.columns):
        raise DataError(f"{where} is empty: it has no columns.")
    if not len(frame):
        raise DataError(f"{where} has columns but no rows. Export the answers again.")
    notes: list[str] = []
    positions = {i: str(name) for i, name in enumerate(frame.columns, start=1)}
    names = clean_names(positions, where=where, notes=notes)
    renamed = dict(zip((str(name) for name in frame.columns), names, strict=True))
    cells = frame.copy()
    cells.columns = pd.Index(names)
    if not cells.index.is_unique:
        cells.index = pd.RangeIndex(1, len(cells) + 1)
        notes.append(
            f"{where}: row labels stand more than once, so rows are numbered from 1 instead."
        )
    cells.index = cells.index.set_names(["row"]) if cells.index.nlevels == 1 else cells.index
    filled = ~cells.isna()
    for name in names:
        if cells[name].dtype == object or isinstance(cells[name].dtype, pd.StringDtype):
            filled[name] &= ~cells[name].map(is_blank).astype(bool)
    kept = filled.any(axis=1)
    if not kept.any():
        raise DataError(f"{where} is empty: no cell is filled.")
    return Table(
        cells=cells.loc[kept.to_numpy()],
        where=where,
        variable_labels={renamed[k]: v for k, v in (variable_labels or {}).items()},
        value_labels={renamed[k]: v for k, v in (value_labels or {}).items()},
        read_as=dict(read_as or {"format": "data frame"}),
        notes=tuple(notes),
    )
