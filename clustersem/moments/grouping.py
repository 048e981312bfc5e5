"""Which row belongs to which group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clustersem.errors import DataError
from clustersem.moments.order import Index
from clustersem.moments.request import check_column
from clustersem.survey.names import did_you_mean, listed

# A column with more values than this is called a number rather than a group.
_MANY = 20


@dataclass(frozen=True, eq=False)
class Grouping:
    """The groups of an analysis.

    Attributes
    ----------
    column : str
        Where they stand in the data; empty where there is but one group.
    labels : tuple of str
        The groups in their order; ``("",)`` where there is but one.
    codes : ndarray of int, shape (number of rows,)
        The place in `labels` of every row, -1 for a row that belongs to none.
    """

    column: str
    labels: tuple[str, ...]
    codes: Index

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.labels)

    @property
    def ungrouped(self) -> int:
        """Number of rows that belong to no group."""
        return int(np.count_nonzero(self.codes < 0))

    def called(self, number: int) -> str:
        """Return how a message calls a group; empty where there is but one."""
        return f"group {self.labels[number]!r} of {self.column}" if self.column else ""


def grouping_of(
    data: pd.DataFrame,
    group: str | None,
    *,
    labels: Sequence[object] | None = None,
    names: Sequence[str] = (),
    source: str = "the data",
) -> Grouping:
    """Find the groups of the rows.

    Groups stand in the order in which the data first name them, as in lavaan, unless `labels` gives
    another.

    Parameters
    ----------
    data : DataFrame
        One row a respondent.
    group : str or None
        The column; None for a single group of all rows.
    labels : sequence, optional
        The groups wanted, in the order wanted, as values or as texts. Other rows are left out.
    names : sequence of str
        The observed variables of the model, among which `group` cannot be.
    source : str
        What to call the data.

    Raises
    ------
    DataError
        Where the column is absent, has fewer than two values or two that differ in blanks or
        capitals only, or where `labels` names a group that is not there.

    Examples
    --------
    >>> frame = pd.DataFrame({"region": ["north", "south", None, "north"]})
    >>> grouping = grouping_of(frame, "region")
    >>> grouping.labels, grouping.codes.tolist(), grouping.ungrouped
    (('north', 'south'), [0, 1, -1, 0], 1)
    """
    if group is None:
        if labels is not None:
            raise DataError(
                "group_labels chooses among the groups of a column: name that column as group=."
            )
        return Grouping("", ("",), np.zeros(len(data), dtype=np.intp))
    group = check_column(data.columns, group, "group", names, source)
    place = [str(column) for column in data.columns].index(group)
    found, codes = labelled(data.iloc[:, place])
    check_labels(found, group, source, single_wanted=labels is not None)
    if labels is None:
        return Grouping(group, found, codes)
    wanted = wanted_labels(labels, found, group, source)
    place_of = np.full(len(found) + 1, -1, dtype=np.intp)
    for number, label in enumerate(wanted):
        place_of[found.index(label)] = number
    return Grouping(group, wanted, place_of[codes])


def labelled(column: pd.Series) -> tuple[tuple[str, ...], Index]:
    """Return the groups that a column names, in their order, and the group of every row.

    Examples
    --------
    >>> labels, codes = labelled(pd.Series(["north", None, "south", " ", "north"]))
    >>> labels, codes.tolist()
    (('north', 'south'), [0, -1, 1, -1, 0])
    """
    first, values = pd.factorize(column)
    found: dict[str, int] = {}
    # The last place stands for a missing value, whose code is -1.
    code_of = np.full(len(values) + 1, -1, dtype=np.intp)
    for i, value in enumerate(values):
        label = label_of(value)
        if label.strip():
            code_of[i] = found.setdefault(label, len(found))
    return tuple(found), code_of[first]


def label_of(value: object) -> str:
    """Return what a group is called: its value as text, whole numbers without decimals.

    Examples
    --------
    >>> label_of(2.0), label_of("north")
    ('2', 'north')
    """
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def too_small(sizes: dict[str, int], n_variables: int, column: str, source: str) -> DataError:
    """Return the error for groups with too few respondents to have a covariance matrix.

    Parameters
    ----------
    sizes : dict
        Every group with the number of its respondents that can be used, in order.
    n_variables : int
        Number p of observed variables.
    column : str
        Where the groups stand in the data.
    source : str
        What to call the data.
    """
    small = {label: n for label, n in sizes.items() if n <= n_variables}
    needed = (
        f"but {n_variables} observed variables need more than {n_variables} in every group, and a"
        " stable solution many times that."
    )
    if len(sizes) > _MANY:
        return DataError(
            f"{source}: {column} takes {len(sizes)} values, and {len(small)} of these groups have"
            f" {max(small.values())} usable respondents or fewer, {needed} If {column} is a number"
            " rather than a group, cut it into a few classes first, or use it as a covariate."
        )
    said = listed(f"{label!r} has {n} usable respondents" for label, n in small.items())
    kept = listed(repr(label) for label in sizes if label not in small)
    remedy = "Join groups that belong together, collect more answers, or model fewer items."
    if kept:
        it = "it" if len(small) == 1 else "them"
        remedy = (
            f"Leave {it} out with group_labels=[{kept}], join groups that belong together, or"
            " collect more answers."
        )
    return DataError(f"{source}: of the groups of {column}, {said}, {needed} {remedy}")


def check_labels(found: Sequence[str], group: str, source: str, *, single_wanted: bool) -> None:
    """Refuse a column without groups, with one only, or with two spellings of one."""
    if not found:
        raise DataError(f"{source}: group={group!r} has no values at all. Fill the column in.")
    plain: dict[str, str] = {}
    for label in found:
        twin = plain.setdefault(" ".join(label.split()).casefold(), label)
        if twin != label:
            raise DataError(
                f"{source}: {twin!r} and {label!r} of group={group!r} differ in blanks or capitals"
                " only. Give them one spelling if they are one group, or else different names."
            )
    if len(found) == 1 and not single_wanted:
        raise DataError(
            f"{source}: group={group!r} has one value only, {found[0]!r}. Leave group= out, or use"
            " answers of at least two groups."
        )


def wanted_labels(
    labels: Sequence[object], found: Sequence[str], group: str, source: str
) -> tuple[str, ...]:
    """Return the groups wanted, in the order wanted; refuse those that are not there."""
    if isinstance(labels, str):
        labels = [labels]
    wanted = tuple(label_of(label) for label in labels)
    if not wanted:
        raise DataError("group_labels is empty. Name the groups wanted, or leave it out.")
    for label in wanted:
        if label not in found:
            raise DataError(
                f"{source}: group_labels names {label!r}, which {group} does not have"
                f"{did_you_mean(label, found) or '.'} There are: {listed(found, limit=12)}."
            )
        if wanted.count(label) > 1:
            raise DataError(f"group_labels names {label!r} twice. Name every group once.")
    return wanted
