"""What every extraction returns, and the two steps that all of them share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from clustersem.scale.answers import Array


@dataclass(frozen=True)
class Extraction:
    """Unrotated loadings and how they were reached.

    Attributes
    ----------
    loadings : ndarray, shape (p, k)
        Unrotated loadings of standardised items, columns in order of falling variance.
    converged : bool
        Whether the method's stopping rule was met. Principal components always converge.
    iterations : int
        Steps taken; 0 for a method that takes none.
    at_bound : ndarray of bool, shape (p,)
        Items whose unique variance ended on its lower bound, or whose communality reached one:
        Heywood cases.
    """

    loadings: Array
    converged: bool
    iterations: int
    at_bound: np.ndarray[tuple[int], np.dtype[np.bool_]]


def leading_factors(reduced: Array, k: int) -> Array:
    """Scale the `k` leading eigenvectors by the roots of their eigenvalues.

    An eigenvalue below zero is no variance that a factor could explain: it counts as zero.
    """
    values, vectors = scipy.linalg.eigh(reduced)
    roots = np.sqrt(np.maximum(values[::-1][:k], 0.0))
    return np.asarray(vectors[:, ::-1][:, :k] * roots)


def squared_multiple_correlations(correlation: Array) -> Array:
    """Squared multiple correlation of each item with all others, 1 - 1 / diag(R^-1).

    Parameters
    ----------
    correlation : ndarray, shape (..., p, p)
        Positive definite correlation matrices.
    """
    inverse = np.linalg.inv(correlation)
    return np.asarray(1.0 - 1.0 / np.diagonal(inverse, axis1=-2, axis2=-1))
