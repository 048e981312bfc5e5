"""Any data frame as a table, and square matrices with a marked diagonal."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any

import pandas as pd

from clustersem.report.document import Cell, Column, Kind, Table, Value


def plain_value(value: Any) -> Value:  # noqa: ANN401 - a data frame's cell may be anything
    """Return a cell of a data frame as a plain Python value; NA becomes None."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bool | str):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    # NumPy's own booleans are none of the above.
    return bool(value) if type(value).__name__ in ("bool", "bool_") else str(value)


def column_kind(series: pd.Series[Any], name: str) -> Kind:
    """How a column is set, judged by its type and name."""
    if pd.api.types.is_bool_dtype(series) or not pd.api.types.is_numeric_dtype(series):
        return "text"
    if name in ("p", "p_value", "pvalue") or name.endswith("_p_value"):
        return "p"
    return "count" if pd.api.types.is_integer_dtype(series) else "number"


def frame_table(
    frame: pd.DataFrame,
    caption: str,
    *,
    meaning: str = "",
    note: str = "",
    headings: Mapping[str, str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    digits: int | Mapping[str, int] = 3,
    index: str | None = None,
) -> Table:
    """Turn a data frame into a table, a column for each of its columns.

    Parameters
    ----------
    headings, kinds : mapping, optional
        What replaces the columns' names, and how they are set; the rest is judged by type.
    digits : int or mapping
        Decimals, for all or for each column (3 for those not named).
    index : str, optional
        The heading under which the frame's index comes first; None leaves the index out.
    """
    headings, kinds = headings or {}, kinds or {}
    columns = [Column(index)] if index is not None else []
    for name in map(str, frame.columns):
        places = digits if isinstance(digits, int) else digits.get(name, 3)
        kind = kinds.get(name) or column_kind(frame[name], name)
        columns.append(Column(headings.get(name, name.replace("_", " ")), kind, places))
    rows = []
    for label, values in zip(frame.index, frame.itertuples(index=False, name=None), strict=True):
        cells = [Cell(plain_value(value)) for value in values]
        rows.append(tuple(([Cell(str(label))] if index is not None else []) + cells))
    return Table(caption, tuple(columns), tuple(rows), meaning, note)


def matrix_table(
    matrix: pd.DataFrame,
    caption: str,
    *,
    meaning: str = "",
    note: str = "",
    above: float = math.inf,
    diagonal: bool = True,
    digits: int = 3,
) -> Table:
    """Turn a symmetric matrix into its lower triangle, the diagonal bold.

    Parameters
    ----------
    above : float
        Entries off the diagonal larger than this in absolute value are marked.
    diagonal : bool
        False leaves the diagonal empty (where it is one by definition).
    """
    names = [str(name) for name in matrix.columns]
    values = matrix.to_numpy(dtype=float)
    columns = (Column(""), *(Column(name, "number", digits) for name in names))
    rows = []
    for i, name in enumerate(names):
        cells = [Cell(name)]
        for j in range(len(names)):
            value = float(values[i, j])
            if j > i or (j == i and not diagonal):
                cells.append(Cell(""))
            elif j == i:
                cells.append(Cell(value, "strong"))
            else:
                cells.append(Cell(value, "bad" if abs(value) > above else "plain"))
        rows.append(tuple(cells))
    return Table(caption, columns, tuple(rows), meaning, note)
