"""From cells to numbers: labels, missing codes, and an error that names any other cell."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clustersem.errors import DataError
from clustersem.survey.names import listed
from clustersem.survey.table import is_blank

MISSING_TEXTS = frozenset({"na", "n/a", "#n/a", "nan", "<na>", "null", "#null!", ".", "-", "--"})
"""Texts, in lower case, that mean "no answer" in every file, beside an empty cell."""

_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class CodedColumn:
    """A column as numbers.

    Attributes
    ----------
    values : numpy.ndarray
        float64, NaN where there is no answer or the cell is not a number.
    n_numbers : int
        How many cells are numbers or labelled answers.
    wrong : tuple of int
        Positions of the cells that are neither number, label nor missing.
    """

    values: NDArray[np.float64]
    n_numbers: int
    wrong: tuple[int, ...]


def code_column(
    cells: pd.Series[Any],
    *,
    labels: Mapping[str, float] | None = None,
    missing: Collection[float | str] = (),
) -> CodedColumn:
    """Read every cell as a labelled answer, as missing, or as a number, in this order.

    Parameters
    ----------
    cells : pandas.Series
        Of any type.
    labels : mapping of str to float, optional
        The number behind each answer text. Case and surrounding blanks do not matter.
    missing : collection of float or str
        Numbers and texts that mean "no answer".
    """
    codes, uniques = pd.factorize(_hashable(cells))
    by_label = {_plain(text): number for text, number in (labels or {}).items()}
    missing_texts = MISSING_TEXTS | {_plain(code) for code in missing if isinstance(code, str)}
    missing_numbers = {float(code) for code in missing if not isinstance(code, str)}
    numbers = np.full(len(uniques) + 1, np.nan)  # the last one serves the code -1, "no cell"
    wrong = np.zeros(len(uniques) + 1, dtype=bool)
    for i, cell in enumerate(uniques):
        number = _number(cell, by_label, missing_texts)
        if number is None:
            wrong[i] = True
        elif number not in missing_numbers:
            numbers[i] = number
    values = numbers[codes]
    return CodedColumn(
        values=values,
        n_numbers=int(np.count_nonzero(~np.isnan(values))),
        wrong=tuple(int(i) for i in np.flatnonzero(wrong[codes])),
    )


def code_item(
    cells: pd.Series[Any],
    *,
    where: str,
    labels: Mapping[str, float] | None = None,
    missing: Collection[float | str] = (),
) -> NDArray[np.float64]:
    """Read the answers to one item.

    Parameters
    ----------
    cells : pandas.Series
        Named as the item; the index holds the row numbers.
    where : str
        How messages call the source.
    labels, missing
        See `code_column`.

    Returns
    -------
    numpy.ndarray
        float64, NaN where there is no answer.

    Raises
    ------
    DataError
        If a cell is a text that is neither a label nor a missing code, or is infinite.
    """
    coded = code_column(cells, labels=labels, missing=missing)
    if coded.wrong:
        first, *others = coded.wrong
        cell = str(cells.iloc[first])
        more = ""
        if others:
            rows = listed(cells.index[i] for i in others)
            more = f" (nor are the cells in row {rows})"
        raise DataError(
            f"{where}, row {cells.index[first]}, item {cells.name}: {cell!r} is not a number"
            f"{more}. {_remedy(cell)}"
        )
    infinite = np.flatnonzero(np.isinf(coded.values))
    if infinite.size:
        raise DataError(
            f"{where}, row {cells.index[infinite[0]]}, item {cells.name}: the answer is infinite "
            "or too large for a number. Correct the cell or empty it."
        )
    return coded.values


def _remedy(cell: str) -> str:
    if _DECIMAL_COMMA.fullmatch(cell.strip()):
        return "Write decimals with a point, or pass decimal=',' to read_survey."
    return (
        "Correct the cell, or say in the codebook what it means: "
        f'labels = {{ "{cell}" = ... }} for an answer, missing = ["{cell}"] for no answer.'
    )


def reverse(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Turn the answers of a reverse-keyed item: lowest + highest - answer."""
    return (low + high) - values


def is_missing(cell: object) -> bool:
    """Whether a cell is empty or one of `MISSING_TEXTS`."""
    return is_blank(cell) or (isinstance(cell, str) and _plain(cell) in MISSING_TEXTS)


def _number(
    cell: object, by_label: Mapping[str, float], missing_texts: Collection[str]
) -> float | None:
    """Return the number, NaN for a missing cell, or None if the cell is neither."""
    if isinstance(cell, str):
        plain = _plain(cell)
        if plain in by_label:
            return by_label[plain]
        if is_blank(cell) or plain in missing_texts:
            return float("nan")
        return float(plain) if _NUMBER.fullmatch(plain) else None
    if isinstance(cell, (bool, int, float, np.number, np.bool_)) and not isinstance(
        cell, np.complexfloating
    ):
        try:
            return float(cell)
        except OverflowError:  # a whole number beyond the largest float
            return float("inf")
    return None


def _hashable(cells: pd.Series[Any]) -> pd.Series[Any]:
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(object)
    try:
        if cells.dtype == object:
            for cell in cells:
                hash(cell)
    except TypeError:
        return cells.map(lambda cell: cell if isinstance(cell, (str, float, int)) else str(cell))
    return cells


def _plain(text: str) -> str:
    return text.strip().casefold()
