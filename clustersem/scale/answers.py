"""Answers as the scale analyses need them: numeric, complete, varying."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import pandas as pd

from clustersem.errors import DataError

Array: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]


@runtime_checkable
class HasAnswers(Protocol):
    """What is used of a :class:`clustersem.survey.Survey`: its table of answers."""

    @property
    def answers(self) -> pd.DataFrame:
        """Respondents x items."""
        ...


Answers: TypeAlias = pd.DataFrame | HasAnswers
Constructs: TypeAlias = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class CompleteAnswers:
    """Complete rows of some items.

    Attributes
    ----------
    values : ndarray, shape (n, p)
        Read-only.
    items : tuple of str
    n_deleted : int
        Respondents left out because an answer to one of the items is missing.
    """

    values: Array
    items: tuple[str, ...]
    n_deleted: int

    @property
    def n(self) -> int:
        """Number of complete respondents."""
        return int(self.values.shape[0])

    def note(self) -> tuple[str, ...]:
        """Say how many respondents were left out, if any."""
        if not self.n_deleted:
            return ()
        return (
            f"{self.n_deleted} of {self.n + self.n_deleted} respondents have a missing answer and "
            "were left out (listwise deletion)",
        )


def quoted(names: Sequence[str], limit: int = 8) -> str:
    """Join names for a message, the first `limit` of them."""
    shown = ", ".join(repr(name) for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def frame_of(data: Answers) -> pd.DataFrame:
    """Take the table of answers out of a survey, or the data frame itself."""
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, HasAnswers):
        return data.answers
    raise DataError(
        f"expected a pandas DataFrame (respondents x items) or a Survey, got "
        f"{type(data).__name__}; wrap an array as pd.DataFrame(array, columns=item_names)"
    )


def constructs_of(data: Answers, constructs: Constructs | None) -> dict[str, tuple[str, ...]]:
    """Check the constructs, or take them from the survey when none are given.

    Raises
    ------
    DataError
        Without constructs, with an empty one, or with an item that is listed twice.
    """
    found = getattr(data, "constructs", None) if constructs is None else constructs
    if not isinstance(found, Mapping) or not found:
        raise DataError(
            "no constructs: pass a mapping of construct to its items, "
            "for example {'B1': ['C1', 'C2', 'C3']}"
        )
    table: dict[str, tuple[str, ...]] = {}
    owner: dict[str, str] = {}
    for name, members in found.items():
        listed = getattr(members, "items", None)
        items = members if isinstance(members, (list, tuple)) else listed
        if isinstance(members, str) or callable(items) or items is None:
            raise DataError(
                f"construct {name!r}: its items must be a list of item names, got {members!r}"
            )
        table[str(name)] = tuple(str(item) for item in items)
        if not table[str(name)]:
            raise DataError(f"construct {name!r} has no items; give it some or leave it out")
        for item in table[str(name)]:
            if item in owner:
                where = "twice in" if owner[item] == name else f"in {owner[item]!r} and in"
                raise DataError(
                    f"item {item!r} is {where} construct {name!r}; an item belongs to one construct"
                )
            owner[item] = str(name)
    return table


def select_items(frame: pd.DataFrame, items: Sequence[str] | None) -> pd.DataFrame:
    """Take the columns of `items`, all columns when None.

    Raises
    ------
    DataError
        For an unknown item (with the nearest name), a duplicate column, or text in an answer.
    """
    names = [str(name) for name in frame.columns]
    wanted = names if items is None else [str(item) for item in items]
    for item in wanted:
        if item not in names:
            near = difflib.get_close_matches(item, names, n=1)
            # Item names are short: `C1` and `c1` differ by half their letters.
            near = near or [name for name in names if name.lower() == item.strip().lower()]
            hint = f"did you mean {near[0]!r}?" if near else f"the items are {quoted(names)}"
            raise DataError(f"item {item!r} is not in the data; {hint}")
    twice = sorted({item for item in wanted if names.count(item) > 1 or wanted.count(item) > 1})
    if twice:
        raise DataError(f"more than one column is called {quoted(twice)}; rename or drop one")
    table = frame.iloc[:, [names.index(item) for item in wanted]]
    for position, item in enumerate(wanted):
        column = table.iloc[:, position]
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_complex_dtype(column):
            numeric = pd.to_numeric(column, errors="coerce")
            wrong = column[numeric.isna() & column.notna()]
            if len(wrong) or isinstance(column.dtype, pd.CategoricalDtype):
                what = f"{wrong.iloc[0]!r} in row {wrong.index[0]}" if len(wrong) else "categories"
                raise DataError(
                    f"item {item!r} holds {what}, not numbers; recode it, or name the items to "
                    "analyse with items=[...]"
                )
    return table.set_axis(wanted, axis=1)


def complete_answers(
    data: Answers, items: Sequence[str] | None = None, *, minimum: int = 2
) -> CompleteAnswers:
    """Numeric answers of complete respondents, checked.

    Parameters
    ----------
    data : DataFrame or Survey
    items : sequence of str, optional
        Items to take, in this order; all columns by default.
    minimum : int
        Fewest items that the analysis makes sense with.

    Raises
    ------
    DataError
        For too few items, text, infinite or constant answers, or too few complete respondents.
    """
    table = select_items(frame_of(data), items)
    names = tuple(str(name) for name in table.columns)
    if len(names) < minimum:
        raise DataError(f"at least {minimum} items are needed, there are {len(names)}")
    values = np.column_stack(
        [pd.to_numeric(table[name]).to_numpy(dtype=float, na_value=np.nan) for name in names]
    )
    infinite = [name for name, bad in zip(names, np.isinf(values).any(axis=0), strict=True) if bad]
    if infinite:
        raise DataError(f"infinite answers in {quoted(infinite)}; recode them as missing")
    empty = [n for n, gone in zip(names, np.isnan(values).all(axis=0), strict=True) if gone]
    if empty:
        raise DataError(f"nobody answered {quoted(empty)}; leave the item out")
    complete = values[~np.isnan(values).any(axis=1)]
    n_deleted = len(values) - len(complete)
    if len(complete) < 3:
        raise DataError(
            f"only {len(complete)} of {len(values)} respondents answered every item; leave out "
            "the items that few answered, or impute"
        )
    constant = [
        name for name, same in zip(names, np.ptp(complete, axis=0) == 0, strict=True) if same
    ]
    if constant:
        raise DataError(
            f"every respondent gave the same answer to {quoted(constant)}"
            f"{' (among complete rows)' if n_deleted else ''}; a constant item has no correlation: "
            "leave it out"
        )
    complete.setflags(write=False)
    return CompleteAnswers(complete, names, n_deleted)
