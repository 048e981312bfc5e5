"""One number that tells two data sets apart, whatever file format they came in."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

_SEPARATOR = b"\x1f"


def fingerprint(answers: pd.DataFrame, others: pd.DataFrame) -> str:
    """Return the SHA-256 of names, answers and other columns, as 64 hexadecimal digits.

    Parameters
    ----------
    answers : pandas.DataFrame
        Item answers as numbers, all rows.
    others : pandas.DataFrame
        Covariates and respondent ids of the same rows.

    Notes
    -----
    Answers are hashed as little-endian doubles with one NaN and one zero, other columns as text
    with whole numbers written without a point. Columns are taken in the order of their names, so
    that only the order of rows matters; row labels do not.
    """
    digest = hashlib.sha256()
    for name in sorted(answers.columns):
        values = answers[name].to_numpy(dtype=np.float64)
        canonical = np.where(np.isnan(values), np.nan, values + 0.0).astype("<f8")
        digest.update(name.encode() + _SEPARATOR + canonical.tobytes())
    for name in sorted(others.columns):
        digest.update(name.encode() + _SEPARATOR)
        for cell in others[name]:
            digest.update(as_text(cell).encode() + _SEPARATOR)
    return digest.hexdigest()


def as_text(cell: object) -> str:
    """Return a cell as text: a missing one empty, a whole number without a point."""
    if cell is None or cell is pd.NA or cell is pd.NaT or cell != cell:
        return ""
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    return str(cell).strip()
