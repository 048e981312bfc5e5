"""Correlation matrices, and who is to blame when one is singular."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from clustersem.errors import DataError
from clustersem.scale.answers import Array, CompleteAnswers, quoted

# Smallest eigenvalue of R, relative to p, below which the items determine each other exactly:
# sums and differences of rounded answers leave about 1e-15, real items leave more than 1e-4.
_SINGULAR = 1e-10


def standardised(values: Array) -> Array:
    """Columns with mean zero and variance one (divisor n - 1)."""
    centred = values - values.mean(axis=0)
    # Dividing by the largest deviation first keeps the sum of squares from over- or underflowing.
    centred /= np.abs(centred).max(axis=0)
    return np.asarray(centred / centred.std(axis=0, ddof=1))


def correlations(answers: CompleteAnswers) -> Array:
    """Pearson correlations of the items, shape (p, p), ones on the diagonal."""
    z = standardised(answers.values)
    matrix = z.T @ z / (answers.n - 1)
    matrix = np.clip((matrix + matrix.T) / 2.0, -1.0, 1.0)
    np.fill_diagonal(matrix, 1.0)
    return np.asarray(matrix)


def dependent_items(correlation: Array, items: tuple[str, ...]) -> tuple[str, ...]:
    """Items that are exact linear combinations of each other; empty when there are none."""
    values, vectors = scipy.linalg.eigh(correlation)
    null = vectors[:, values < _SINGULAR * len(items)]
    share = np.sum(null**2, axis=1)
    return tuple(item for item, s in zip(items, share, strict=True) if s > 1e-4)


def positive_definite_correlations(answers: CompleteAnswers, purpose: str) -> Array:
    """Correlations that can be inverted.

    Raises
    ------
    DataError
        With fewer respondents than items, or naming the items that determine each other.
    """
    p = len(answers.items)
    if answers.n <= p:
        raise DataError(
            f"{purpose} needs more complete respondents than items: there are {answers.n} "
            f"respondents and {p} items"
        )
    matrix = correlations(answers)
    dependent = dependent_items(matrix, answers.items)
    if dependent:
        raise DataError(
            f"{purpose} is not defined: the correlation matrix is singular because "
            f"{quoted(dependent)} determine each other exactly (a copy, a sum or a difference); "
            "leave one of them out"
        )
    return matrix


def log_determinant(correlation: Array) -> float:
    """Log-determinant of a positive definite matrix, through Cholesky."""
    return 2.0 * float(np.sum(np.log(np.diag(np.linalg.cholesky(correlation)))))
