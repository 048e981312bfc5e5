"""The answers that a model is about, whatever they come in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from clustersem.errors import DataError

if TYPE_CHECKING:
    from clustersem.survey import Survey


def answers_of(
    data: pd.DataFrame | Survey, names: Sequence[str], *, what: str = "data"
) -> tuple[pd.DataFrame, str]:
    """Return a data frame with what a model may name, and what to call it in messages.

    Of a survey these are its items and those of its covariates (age, sales) that the model names.

    Parameters
    ----------
    data : DataFrame or Survey
        One row a respondent.
    names : sequence of str
        The observed variables of the model.
    what : str
        How messages call a data frame.

    Raises
    ------
    DataError
        Where `data` is neither, or has columns of several levels.
    """
    if not isinstance(data, pd.DataFrame):
        from clustersem.survey import Survey

        if not isinstance(data, Survey):
            raise DataError(
                f"data: expected a pandas DataFrame or a Survey, got {type(data).__name__}. Read a"
                " file with clustersem.read_survey, one too large for memory with"
                " clustersem.read_moments, or wrap an array in a DataFrame with column names."
            )
        answers = data.answers
        covariates = data.covariates
        wanted = [name for name in names if name not in answers and name in covariates]
        return (answers.join(covariates[wanted]) if wanted else answers), data.source
    if isinstance(data.columns, pd.MultiIndex):
        raise DataError(
            f"{what}: the columns have {data.columns.nlevels} levels. Flatten them to one name a"
            " column."
        )
    return data, what
