"""From a file to a survey: read, choose the items, code, screen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustersem.errors import CodebookError, DataError
from clustersem.survey.coding import code_column, code_item, is_missing
from clustersem.survey.fingerprint import as_text, fingerprint
from clustersem.survey.names import did_you_mean, listed
from clustersem.survey.readers import read_table
from clustersem.survey.screening import NO_SCREENING, ScreeningPolicy
from clustersem.survey.survey import Questionnaires, Survey, screened
from clustersem.survey.table import Table

if TYPE_CHECKING:
    from clustersem.survey.codebook import Codebook

DEFAULT_SCREENING = ScreeningPolicy()

_ID_NAMES = frozenset(
    {"id", "respondent", "respondent_id", "respondentid", "case", "case_id", "caseid", "序号"}
    | {"participant", "participant_id", "participantid", "subject", "编号"}
    | {"row_name", "rownames", "unnamed: 0"}
)


def read_survey(
    source: str | os.PathLike[str] | pd.DataFrame,
    codebook: Codebook | str | os.PathLike[str] | Mapping[str, Any] | None = None,
    *,
    screening: ScreeningPolicy | None = DEFAULT_SCREENING,
    distributed: int | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
) -> Survey:
    """Read the answers to a questionnaire, explain and screen them.

    Parameters
    ----------
    source : path or pandas.DataFrame
        ``.csv``, ``.tsv``, ``.txt`` (encoding, delimiter and decimal sign are found), ``.xlsx``,
        SPSS ``.sav`` and ``.zsav``, Stata ``.dta``, ``.parquet``, or a data frame, which is not
        changed. The first row that is not empty names the columns; rows without any cell are
        skipped and count as nothing.
    codebook : Codebook, path of a TOML file, mapping or None
        Constructs, items, answer range, reverse-keyed items, missing codes; see `Codebook`. Without
        items in it every numeric column is an item, except one called ``id``, ``respondent``, ...
        whose values all differ, and other columns are covariates. A column that is half numbers or
        more is taken for an item, so that a text in it is an error and not a lost item.
    screening : ScreeningPolicy or None
        What makes a returned questionnaire invalid. None keeps all that were returned.
    distributed : int or None
        How many questionnaires were sent out, where the codebook does not say it. If neither does,
        the number of rows, if some of them hold no answer (only, say, a respondent id).
    sheet : str or None
        Sheet of a workbook; the first, where the codebook does not say it.
    encoding, delimiter, decimal : str or None
        How a text file is written; found where neither this nor the codebook says it.

    Returns
    -------
    Survey
        ``.answers``, ``.flow``, ``.excluded``, ``.codebook``, ``.constructs``, ``.warnings``, ...

    Raises
    ------
    DataError
        If the file cannot be read or an answer is not a number; file, row and item are named.
    CodebookError
        If the codebook contradicts itself or names a column that the file does not have.

    Notes
    -----
    Empty cells, the texts NA, N/A, NaN, NULL, ``.``, ``-`` and the codebook's missing codes are
    missing answers, as are user-missing codes of SPSS and missing values of Stata. Labels of SPSS
    and Stata become texts in the codebook where it says nothing itself.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"t1": [1, 4, 5, 9], "t2": [2, 4, 4, 3], "t3": [5, 2, 1, 3]})
    >>> survey = read_survey(
    ...     frame,
    ...     {"constructs": {"Trust": ["t1", "t2", "t3"]}, "reverse": ["t3"], "answers": [1, 5]},
    ...     distributed=6,
    ... )
    >>> print(survey.flow)
    distributed                 6
    returned                    4   66.67 % of distributed
      answer out of range       1   excluded
    valid                       3   50.00 % of distributed
    >>> survey.answers["t3"].tolist()
    [1.0, 4.0, 5.0]
    >>> survey.excluded.loc[0, "detail"]
    't1 = 9 is not from 1 to 5'
    """
    book = _codebook(codebook)
    table = read_table(
        source,
        sheet=sheet or book.sheet,
        encoding=encoding or book.encoding,
        delimiter=delimiter or book.delimiter,
        decimal=decimal or book.decimal,
    )
    id_column = _id_column(table, book)
    items = _items(table, book, id_column)
    covariates = _covariates(table, book, id_column, items)
    book = book.completed(items, texts=table.variable_labels, labels=table.value_labels)
    coded = _coded(table, book, items)
    others = pd.DataFrame(
        {name: _covariate(table.cells[name]) for name in covariates}, index=table.cells.index
    )
    ids = None
    hashed = others
    if id_column is not None:
        ids = tuple(as_text(cell) or None for cell in table.cells[id_column])
        hashed = others.assign(**{id_column: pd.Series(ids, index=others.index, dtype=object)})
    if distributed is not None and (isinstance(distributed, bool) or distributed < 1):
        raise CodebookError(f"distributed = {distributed!r} is not a number of questionnaires.")
    everyone = Questionnaires(
        coded=coded,
        others=others,
        ids=ids,
        where=table.where,
        source="data frame" if isinstance(source, pd.DataFrame) else os.fspath(source),
        read_as=table.read_as,
        notes=table.notes,
        distributed=distributed or book.distributed,
        fingerprint=fingerprint(coded, hashed),
    )
    return screened(everyone, book, NO_SCREENING if screening is None else screening)


def _codebook(codebook: object) -> Codebook:
    from clustersem.survey.codebook import Codebook

    if codebook is None:
        return Codebook()
    if isinstance(codebook, Codebook):
        return codebook
    if isinstance(codebook, Mapping):
        return Codebook.from_mapping(codebook)
    if isinstance(codebook, (str, os.PathLike)):
        return Codebook.from_file(codebook)
    raise CodebookError(
        f"a codebook is a TOML file, a mapping or a Codebook, not a {type(codebook).__name__}."
    )


def _id_column(table: Table, book: Codebook) -> str | None:
    columns = list(table.cells.columns)
    if book.id is not None:
        if book.id not in columns:
            raise CodebookError(_no_column(table, "respondent id", book.id))
        return book.id
    for name in columns:
        spoken_for = name in book.item_names or name in (book.covariates or ())
        if name.casefold() in _ID_NAMES and not spoken_for:
            cells = table.cells[name]
            if cells.notna().all() and cells.is_unique:
                return str(name)
    return None


def _items(table: Table, book: Codebook, id_column: str | None) -> tuple[str, ...]:
    columns = list(table.cells.columns)
    if book.item_names:
        absent = [name for name in book.item_names if name not in columns]
        if absent:
            raise CodebookError("\n".join(_no_column(table, "item", name) for name in absent))
        return book.item_names
    known = {id_column, *(book.covariates or ())}
    items = []
    for name in columns:
        if name in known or not _may_hold_answers(table.cells[name]):
            continue
        labels = book.answer_labels(name) or table.value_labels.get(name)
        coded = code_column(table.cells[name], labels=labels, missing=book.missing_codes(name))
        if coded.n_numbers and coded.n_numbers >= len(coded.wrong):
            items.append(name)
    if not items:
        raise DataError(
            f"{table.where}: no column holds numbers. Its columns are {listed(columns)}. "
            "Where answers are texts, give the codebook labels = { ... }."
        )
    return tuple(items)


def _may_hold_answers(cells: pd.Series[Any]) -> bool:
    kind = cells.dtype
    return not (
        pd.api.types.is_datetime64_any_dtype(kind) or pd.api.types.is_timedelta64_dtype(kind)
    )


def _covariates(
    table: Table, book: Codebook, id_column: str | None, items: tuple[str, ...]
) -> list[str]:
    columns = list(table.cells.columns)
    if book.covariates is None:
        return [name for name in columns if name not in items and name != id_column]
    for name in book.covariates:
        if name not in columns:
            raise CodebookError(_no_column(table, "covariate", name))
    return list(book.covariates)


def _no_column(table: Table, kind: str, name: str) -> str:
    columns = [str(column) for column in table.cells.columns]
    hint = did_you_mean(name, columns) or f"; its columns are {listed(columns)}"
    encoding = table.read_as.get("encoding", "utf-8")
    if not encoding.startswith("utf"):
        hint += f" (the file was read as {encoding}; if that is wrong, pass encoding=)"
    return f"{kind} {name!r} of the codebook is not a column of {table.where}{hint}"


def _coded(table: Table, book: Codebook, items: tuple[str, ...]) -> pd.DataFrame:
    in_file_order = [name for name in table.cells.columns if name in set(items)]
    coded = {
        name: code_item(
            table.cells[name],
            where=table.where,
            labels=book.answer_labels(name),
            missing=book.missing_codes(name),
        )
        for name in in_file_order
    }
    empty = [name for name, values in coded.items() if np.isnan(values).all()]
    if empty:
        raise DataError(
            f"{table.where}, item {listed(empty)}: there is no answer in any row. "
            "Take the item out of the codebook, or check its column and missing codes."
        )
    return pd.DataFrame(coded, index=table.cells.index)


def _covariate(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Return a text column as numbers if all its cells are; other types as they are."""
    if cells.dtype != object and not isinstance(cells.dtype, pd.StringDtype):
        return cells
    coded = code_column(cells)
    if coded.n_numbers and not coded.wrong:
        return pd.Series(coded.values, index=cells.index, name=cells.name)
    texts = [
        None if is_missing(cell) else cell.strip() if isinstance(cell, str) else cell
        for cell in cells
    ]
    return pd.Series(texts, index=cells.index, name=cells.name, dtype=object)
