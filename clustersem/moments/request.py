"""What is asked of the data: how to treat gaps, and columns that are no variables of the model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from clustersem.errors import DataError, UnsupportedError
from clustersem.moments.order import Index
from clustersem.moments.sample import Array
from clustersem.moments.sources import numeric_columns
from clustersem.survey.names import did_you_mean, listed

Missing = Literal["listwise", "pairwise", "ml", "ml.x"]
# How much of Gamma is wanted.
Asymptotic = Literal["full", "diagonal", "none"]

_METHODS: dict[str, Missing] = {
    "listwise": "listwise",
    "pairwise": "pairwise",
    "available.cases": "pairwise",
    "ml": "ml",
    "fiml": "ml",
    "direct": "ml",
    "ml.x": "ml.x",
    "fiml.x": "ml.x",
    "direct.x": "ml.x",
}


def missing_method(missing: object) -> Missing:
    """Return the canonical name of a method for missing answers.

    Parameters
    ----------
    missing : str
        ``"listwise"``; ``"pairwise"``; ``"ml"``, ``"fiml"`` or ``"direct"`` for full information;
        ``"ml.x"`` for full information that keeps rows without an answer to a fixed covariate.
        ``"_"`` may stand for ``"."``.

    Raises
    ------
    UnsupportedError
        For anything else.

    Examples
    --------
    >>> missing_method("fiml"), missing_method("ML_x")
    ('ml', 'ml.x')
    """
    found = _METHODS.get(missing.lower().replace("_", ".")) if isinstance(missing, str) else None
    if found is None:
        hint = did_you_mean(missing, _METHODS) if isinstance(missing, str) else ""
        raise UnsupportedError(
            f"missing={missing!r} is no way to treat missing answers{hint or '.'} Write 'listwise',"
            " 'pairwise', 'ml' (full information; 'fiml' is the same) or 'ml.x'."
        )
    return found


def check_column(
    columns: Iterable[object], name: object, role: str, names: Sequence[str], source: str
) -> str:
    """Return the name of a column that groups, weights or clusters the rows.

    Parameters
    ----------
    columns : iterable
        The columns of the data.
    name : str
        What the user wrote.
    role : str
        The option in which it was written, ``"group"`` say.
    names : sequence of str
        The observed variables of the model.
    source : str
        What to call the data.

    Raises
    ------
    DataError
        Where there is no such column, more than one, or it is a variable of the model.
    """
    there = [str(column) for column in columns]
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str):
        raise DataError(f"{role}: expected the name of one column of {source}, got {name!r}.")
    if name not in there:
        others = [column for column in there if column not in names]
        known = f" There are: {listed(others, limit=12)}." if others else ""
        raise DataError(
            f"{source}: {role}={name!r} names a column that is not there"
            f"{did_you_mean(name, others) or '.'} Add it to the data or correct its name.{known}"
        )
    if there.count(name) > 1:
        raise DataError(
            f"{source}: there is more than one column named {name}. Rename all but one."
        )
    if name in names:
        remedy = {
            "group": "Within a group it is the same for everybody. Leave it out of the model, or"
            " fit one group with it as a covariate.",
        }.get(role, "A column can be only one of the two. Leave it out of the model.")
        raise DataError(f"{role}={name!r} is also a variable of the model. {remedy}")
    return name


def weight_column(data: pd.DataFrame, name: str, *, source: str) -> Array:
    """Return sampling weights as they stand in the data.

    Raises
    ------
    DataError
        Where one is missing, zero or negative.
    """
    weights = numeric_columns(data, [name], source=source)[:, 0]
    for wrong, what, remedy in (
        (np.isnan(weights), "missing", "Fill them in, or leave those rows out of the data."),
        (weights < 0, "negative", "A weight says how many people a row stands for. Correct them."),
        (weights == 0, "zero", "Leave those rows out of the data: they would count as respondents"),
    ):
        if wrong.any():
            rows = [str(data.index[i]) for i in np.flatnonzero(wrong).tolist()]
            tail = " in the sample size." if what == "zero" else ""
            which = "row" if len(rows) == 1 else "rows"
            raise DataError(
                f"{source}: the sampling weight {name} is {what} in {which} {listed(rows)}."
                f" {remedy}{tail}"
            )
    return weights


def cluster_column(data: pd.DataFrame, name: str, *, source: str) -> Index:
    """Return a code for the cluster of every row, -1 where it is missing.

    Raises
    ------
    DataError
        Where the column has fewer than two values.
    """
    codes, found = pd.factorize(_column(data, name))
    if len(found) < 2:
        only = f"one value only, {found.tolist()[0]!r}" if len(found) else "no values at all"
        raise DataError(
            f"{source}: cluster={name!r} has {only}. Name the column that says which respondents"
            " were sampled together, or leave cluster= out."
        )
    return np.asarray(codes, dtype=np.intp)


def _column(data: pd.DataFrame, name: str) -> pd.Series:
    place = [str(column) for column in data.columns].index(name)
    return data.iloc[:, place]
