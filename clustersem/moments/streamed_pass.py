"""One pass over answers that come in pieces: what is collected of every piece, and how it adds up.

A piece becomes totals and is forgotten. Totals of two pieces are merged into those of both, so that
pieces can be read in any order and on any machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from clustersem.errors import DataError
from clustersem.moments.categories import check_levels, declared_names
from clustersem.moments.grouping import labelled
from clustersem.moments.order import Index
from clustersem.moments.sample import Array
from clustersem.moments.sources import numeric_columns
from clustersem.moments.streamed_draw import Drawn, keys_of
from clustersem.moments.streamed_scatter import Scatter
from clustersem.moments.streamed_tables import Tables, counted, levels_of
from clustersem.survey.names import did_you_mean, listed

# Rows that are turned into numbers at once: some MB for the usual number of items.
ROWS_AT_ONCE = 16_384
# A column with more values than this is a number rather than a group, and its totals fill memory.
MOST_GROUPS = 500

Method = Literal["listwise", "pairwise"]


@dataclass(frozen=True)
class Plan:
    """What is to be collected.

    Attributes
    ----------
    names : tuple of str
        The p items.
    ordered : tuple of str
        Those whose contingency tables are wanted.
    group : str or None
        Column of the groups.
    missing : str
        ``"listwise"`` or ``"pairwise"``.
    n_drawn : int
        How many rows of a group are kept.
    seed : int
        Of the rows that are kept.
    """

    names: tuple[str, ...]
    ordered: tuple[str, ...]
    group: str | None
    missing: Method
    n_drawn: int
    seed: int

    @property
    def columns(self) -> list[str]:
        """All columns that are read."""
        return [*self.names, *([] if self.group is None else [self.group])]

    @property
    def tabled(self) -> Index:
        """Places of the ordered items."""
        return np.array([self.names.index(name) for name in self.ordered], dtype=np.intp)

    def nothing(self) -> Collected:
        """Return what is collected of no rows."""
        return Collected(self, (), (), 0, ())

    def collect(
        self, piece: pd.DataFrame, where: str, *, before: Collected | None = None, part: int = 0
    ) -> Collected:
        """Return what is collected of a piece, and of the pieces before.

        Parameters
        ----------
        piece : DataFrame
            One row a respondent.
        where : str
            How messages call the piece.
        before : Collected, optional
            What was collected of the same part before.
        part : int
            Which of the parts that are read independently of each other this is.

        Raises
        ------
        DataError
            Where the piece lacks a column, or holds what is no answer.
        """
        piece = self._columns_of(piece, where)
        result = self.nothing() if before is None else before
        wordings = _wordings(piece, self.names)
        result = result.merged(replace(self.nothing(), wordings=wordings, where=where))
        declared = declared_names(piece, self.ordered)
        for start in range(0, len(piece), ROWS_AT_ONCE):
            rows = piece.iloc[start : start + ROWS_AT_ONCE]
            keys = keys_of(self.seed, part, result.n_rows, len(rows))
            result = result.merged(self._of_rows(rows, keys, result, declared, where))
        return result

    def _columns_of(self, piece: pd.DataFrame, where: str) -> pd.DataFrame:
        """Return the columns wanted, in their order."""
        if list(piece.columns) == self.columns:
            return piece
        there = [str(column) for column in piece.columns]
        for name in self.columns:
            if name not in there:
                raise DataError(
                    f"{where} has no column {name}{did_you_mean(name, there) or '.'} Every piece"
                    " needs all items, with the same names. It has"
                    f" {listed(there, limit=12) or 'none'}."
                )
            if there.count(name) > 1:
                raise DataError(f"{where} has more than one column {name}. Rename all but one.")
        chosen = piece.iloc[:, [there.index(name) for name in self.columns]]
        return chosen.set_axis(self.columns, axis=1)

    def _of_rows(
        self,
        rows: pd.DataFrame,
        keys: Array,
        before: Collected,
        declared: Sequence[str],
        where: str,
    ) -> Collected:
        values = numeric_columns(rows[list(self.names)], self.names, source=where)
        labels: tuple[str, ...] = ("",)
        if self.group is None:
            codes = np.zeros(len(values), dtype=np.intp)
        else:
            labels, codes = labelled(rows[self.group])
        ungrouped = int(np.count_nonzero(codes < 0))
        known = dict(zip(before.labels, before.totals, strict=True))
        totals = []
        for number, label in enumerate(labels):
            own = slice(None) if len(labels) == 1 and not ungrouped else codes == number
            totals.append(self._totals(values[own], keys[own], known.get(label), declared, where))
        return Collected(self, labels, tuple(totals), ungrouped, ())

    def _totals(
        self,
        values: Array,
        keys: Array,
        before: Totals | None,
        declared: Sequence[str],
        where: str,
    ) -> Totals:
        missing = np.isnan(values)
        answered = len(values) - np.count_nonzero(missing, axis=0)
        n_rows, whole = len(values), bool((answered == len(values)).all())
        if not whole:
            by_row = np.any if self.missing == "listwise" else np.all
            used = ~by_row(missing, axis=1)
            values, keys = values[used], keys[used]
        listwise = self.missing == "listwise"
        # Of what can be known before, the levels save looking for them, the bound copying rows.
        levels = None if before is None or before.tables is None else before.tables.levels
        near = keys < (np.inf if before is None else before.drawn.bound)
        drawn = Drawn.empty(self.n_drawn, len(self.names)).with_rows(keys[near], values[near])
        return Totals(
            n_rows,
            len(values),
            answered,
            Scatter.of(values) if listwise else None,
            self._tables(values, levels, declared, where) if self.ordered else None,
            drawn,
        )

    def _tables(
        self,
        values: Array,
        levels: tuple[Array, ...] | None,
        declared: Sequence[str],
        where: str,
    ) -> Tables:
        answers = values if len(self.ordered) == len(self.names) else values[:, self.tabled]
        # Looking for what answers there are takes longer than counting those known.
        tables = None if levels is None else counted(answers, levels)
        if tables is None:
            found = levels_of(answers)
            for name, each in zip(self.ordered, found, strict=True):
                check_levels(each, name, where, declared=name in declared)
            tables = counted(answers, found)
        assert tables is not None, "every answer is one of the distinct answers"
        return tables


@dataclass(frozen=True, eq=False)
class Totals:
    """What is collected of one group.

    Attributes
    ----------
    n_rows : int
        Number of its rows.
    n_used : int
        How many of them are used: the complete ones, or pairwise those with any answer.
    answered : ndarray of int, shape (p,)
        How many of all its rows have an answer to every item.
    scatter : Scatter or None
        Of the rows used, where these are complete.
    tables : Tables or None
        Of the rows used, where items are ordered.
    drawn : Drawn
        A random sample of the rows used.
    """

    n_rows: int
    n_used: int
    answered: Index
    scatter: Scatter | None
    tables: Tables | None
    drawn: Drawn

    def merged(self, other: Totals) -> Totals:
        """Return those of both pieces together."""
        return Totals(
            self.n_rows + other.n_rows,
            self.n_used + other.n_used,
            self.answered + other.answered,
            self.scatter and other.scatter and self.scatter.merged(other.scatter),
            self.tables and other.tables and self.tables.merged(other.tables),
            self.drawn.merged(other.drawn),
        )


@dataclass(frozen=True, eq=False)
class Collected:
    """What is collected of some pieces.

    Attributes
    ----------
    plan : Plan
        What was wanted.
    labels : tuple of str
        The groups in the order in which they first appeared; ``("",)`` without groups.
    totals : tuple of Totals
        One a group.
    ungrouped : int
        Number of rows that belong to no group.
    wordings : tuple
        For every item the categories that its type names in words, whose order makes the numbers;
        empty where answers are numbers.
    where : str
        How messages call the last piece.
    """

    plan: Plan
    labels: tuple[str, ...]
    totals: tuple[Totals, ...]
    ungrouped: int
    wordings: tuple[tuple[str, ...], ...]
    where: str = ""

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.ungrouped + sum(totals.n_rows for totals in self.totals)

    def merged(self, other: Collected) -> Collected:
        """Return what is collected of both, the groups in the order of their first appearance.

        Raises
        ------
        DataError
            Where the two give words another order, or together an item has too many categories.
        """
        found = dict(zip(self.labels, self.totals, strict=True))
        for label, totals in zip(other.labels, other.totals, strict=True):
            found[label] = found[label].merged(totals) if label in found else totals
            tables = found[label].tables
            if tables is not None:
                for name, levels in zip(self.plan.ordered, tables.levels, strict=True):
                    check_levels(levels, name, other.where or self.where, declared=True)
        if len(found) > MOST_GROUPS:
            raise DataError(
                f"{other.where or self.where}: group={self.plan.group!r} takes more than"
                f" {MOST_GROUPS} values. If it is a number rather than a group, cut it into a few"
                " classes first."
            )
        self._check_wordings(other)
        return Collected(
            self.plan,
            tuple(found),
            tuple(found.values()),
            self.ungrouped + other.ungrouped,
            self.wordings or other.wordings,
            other.where or self.where,
        )

    def _check_wordings(self, other: Collected) -> None:
        if not self.wordings or not other.wordings:
            return
        for name, mine, its in zip(self.plan.names, self.wordings, other.wordings, strict=True):
            if mine != its:
                raise DataError(
                    f"{other.where}: the categories of {name} are {listed(its) or 'numbers'}, but"
                    f" {listed(mine) or 'numbers'} in the pieces before. Their places make the"
                    " numbers, so give the column the same ordered categories in every piece, or"
                    " code answers as numbers."
                )


def _wordings(piece: pd.DataFrame, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return for every item its ordered categories where these are words."""
    found = []
    for dtype in piece.dtypes.iloc[: len(names)]:
        words: tuple[str, ...] = ()
        if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered:
            numbers = pd.to_numeric(pd.Series(dtype.categories), errors="coerce")
            if numbers.isna().any():
                words = tuple(str(word) for word in dtype.categories)
        found.append(words)
    return tuple(found)
