"""Univariate description of items."""

from __future__ import annotations

import pandas as pd


def describe_items(answers: pd.DataFrame) -> pd.DataFrame:
    """Describe each column; see `Survey.describe` for the formulas."""
    mean, sd = answers.mean(), answers.std(ddof=1)
    # Standardised first: pandas takes the moments of a small-scaled variable for rounding errors.
    standardised = (answers - mean) / sd.where(sd > 0)
    return pd.DataFrame(
        {
            "n": answers.count(),
            "missing": answers.isna().sum(),
            "mean": mean,
            "sd": sd,
            "skewness": standardised.skew(),
            "kurtosis": standardised.kurt(),
            "minimum": answers.min(),
            "maximum": answers.max(),
        }
    ).rename_axis(index="item")


def count_answers(answers: pd.DataFrame) -> pd.DataFrame:
    """Count how often each answer was given to each column; see `Survey.answer_counts`."""
    counts = {str(name): answers[name].value_counts() for name in answers.columns}
    table = pd.DataFrame(counts).T.reindex(columns=_sorted_values(answers))
    return table.fillna(0).astype(int).rename_axis(index="item", columns="answer")


def _sorted_values(answers: pd.DataFrame) -> list[float]:
    return sorted({float(v) for name in answers.columns for v in answers[name].dropna().unique()})
