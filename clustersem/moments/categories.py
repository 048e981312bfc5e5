"""Which variables are ordinal, and whether their categories can be used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from clustersem.errors import DataError
from clustersem.moments.grouping import Grouping
from clustersem.moments.order import Index
from clustersem.moments.sample import Array
from clustersem.survey.names import did_you_mean, listed

# With more categories than this an item is as good as continuous, and its tables are mostly empty.
MOST_CATEGORIES = 10


def ordered_names(
    data: pd.DataFrame,
    names: Sequence[str],
    ordered: Sequence[str] | str | bool | None,
    *,
    exogenous: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the ordinal variables among `names`, in their order.

    Parameters
    ----------
    data : DataFrame
        One row a respondent.
    names : sequence of str
        The observed variables of the model.
    ordered : sequence of str, str, bool or None
        None: columns of pandas' ordered categorical type. True: all that are not `exogenous`.
        False: none. Otherwise their names.
    exogenous : sequence of str
        Covariates, which are never ordinal unless named.

    Raises
    ------
    DataError
        Where `ordered` names what is no observed variable of the model.

    Examples
    --------
    >>> frame = pd.DataFrame({"x": [1, 2], "y": [3, 4], "age": [30, 40]})
    >>> ordered_names(frame, ["x", "y", "age"], True, exogenous=["age"])
    ('x', 'y')
    """
    endogenous = [name for name in names if name not in exogenous]
    if ordered is None:
        declared = {
            str(data.columns[i])
            for i, dtype in enumerate(data.dtypes.tolist())
            if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered
        }
        return tuple(name for name in endogenous if name in declared)
    if ordered is False:
        return ()
    if ordered is True:
        return tuple(endogenous)
    if not isinstance(ordered, Iterable):
        raise DataError(
            f"ordered={ordered!r}: write the names of the ordered items, or True where all are."
        )
    wanted = [ordered] if isinstance(ordered, str) else list(ordered)
    for name in wanted:
        if name not in names:
            raise DataError(
                f"ordered= names {name!r}, which is no observed variable of the model"
                f"{did_you_mean(str(name), names) or '.'} Correct it or leave it out of ordered=."
                f" The model has {listed(names, limit=12)}."
            )
    return tuple(name for name in names if name in wanted)


def categories_of(
    values: Array,
    names: Sequence[str],
    ordered: Sequence[str],
    *,
    declared: Sequence[str] = (),
    grouping: Grouping,
    source: str,
) -> tuple[Array, ...]:
    """Return the categories of every variable, the same in all groups.

    Parameters
    ----------
    values : ndarray of shape (n, p)
        Answers of all groups, NaN where missing.
    names : sequence of str
        The p variables.
    ordered : sequence of str
        Those that are ordinal.
    declared : sequence of str
        Those whose type in the data says what their categories are; they may be decimals.
    grouping : Grouping
        The group of every row of `values`.
    source : str
        What to call the data.

    Returns
    -------
    tuple of p ndarrays
        The distinct answers, ascending; empty for a continuous variable.

    Raises
    ------
    DataError
        Where an ordinal variable has one category or more than ten, answers that are no whole
        numbers, or a category that nobody in a group chose.
    """
    result: list[Array] = []
    empty: list[str] = []
    for column, name in zip(values.T, names, strict=True):
        if name not in ordered:
            result.append(np.empty(0))
            continue
        found, counts = _counts(column, grouping)
        check_divides(found, name, source)
        check_levels(found, name, source, declared=name in declared)
        result.append(found)
        empty += never_chosen(name, found, counts, grouping.labels)
    refuse_empty(empty, source)
    return tuple(result)


def never_chosen(name: str, categories: Array, counts: Index, labels: Sequence[str]) -> list[str]:
    """Return which categories of an item nobody chose, from their counts (groups x categories)."""
    return [
        f"{categories[k]:g} of {name} in {labels[g]!r}"
        for g, k in np.argwhere(counts == 0).tolist()
    ]


def refuse_empty(empty: Sequence[str], source: str) -> None:
    """Refuse categories that nobody in a group chose."""
    if empty:
        raise DataError(
            f"{source}: ordinal items need the same categories in every group, but nobody chose"
            f" {listed(empty)}. Collapse such a category with its neighbour in all"
            " groups (5 into 4, say), or leave the item out."
        )


def _counts(column: Array, grouping: Grouping) -> tuple[Array, Index]:
    """Return the distinct answers, and how often each was given in every group."""
    there = ~np.isnan(column)
    answers, codes = column[there], grouping.codes[there]
    low = answers.min() if len(answers) else 0.0
    # Whole numbers, as nearly always: counting takes a tenth of the time of sorting.
    if len(answers) and answers.max() - low < 256.0:
        place = (answers - low).astype(np.intp)
        if np.array_equal(place + low, answers):
            width = int(place.max()) + 1
            table = np.bincount(codes * width + place, minlength=grouping.n_groups * width)
            table = table.reshape(grouping.n_groups, width)
            occurs = np.flatnonzero(table.any(axis=0))
            return occurs + low, table[:, occurs]
    found, place = np.unique(answers, return_inverse=True)
    counts = np.zeros((grouping.n_groups, len(found)), dtype=np.intp)
    np.add.at(counts, (codes, place.reshape(-1)), 1)
    return found, counts


def declared_names(data: pd.DataFrame, ordered: Sequence[str]) -> list[str]:
    """Return the ordinal variables whose type in the data says what their categories are."""
    return [
        str(name)
        for name, dtype in zip(data.columns, data.dtypes, strict=True)
        if str(name) in ordered and isinstance(dtype, pd.CategoricalDtype)
    ]


def check_divides(found: Array, name: str, source: str) -> None:
    """Refuse an ordinal item with fewer than two categories."""
    if len(found) < 2:
        only = f"the answer {found[0]:g}" if len(found) else "no answers"
        raise DataError(
            f"{source}: the ordinal item {name} has {only} only, and so nothing that divides"
            " respondents. Leave it out of the model."
        )


def check_levels(found: Array, name: str, source: str, *, declared: bool) -> None:
    """Refuse answers that are no whole numbers (unless declared), or too many different ones."""
    if not declared and (found != np.round(found)).any():
        broken = found[found != np.round(found)][0]
        raise DataError(
            f"{source}: the ordinal item {name} has the answer {broken:g}, which is no whole"
            " number. Code its categories 1, 2, 3, ..., or leave it out of ordered= to treat it as"
            " continuous."
        )
    if len(found) > MOST_CATEGORIES:
        raise DataError(
            f"{source}: the ordinal item {name} has {len(found)} different answers"
            f" ({found[0]:g} to {found[-1]:g}); at most {MOST_CATEGORIES} can be treated as"
            " ordered categories. Leave it out of ordered= to treat it as continuous, or collapse"
            " its answers into fewer categories."
        )
