"""What every estimator's discrepancy can do, for one group.

The optimiser, the standard errors and the score tests know an estimator by these five methods only,
so a new estimator is a new class and nothing else. F is scaled so that chi2 = N F: N/2 times its
Hessian is the information.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np
from scipy.linalg import lapack

from clustersem.engine.ram import Array, Cells, Point, Ram


class Evaluation(Protocol):
    """A discrepancy at one theta, with what its derivatives need."""

    @property
    def f(self) -> float:
        """Value of the discrepancy."""

    @property
    def point(self) -> Point:
        """The model there."""


# What a discrepancy's own `at` returned: only it knows the type.
Here: TypeAlias = Any


class Discrepancy(Protocol):
    """The distance between a sample's moments and a model's, and its derivatives by cell.

    `at` below is what :meth:`at` returned. Cells need not be free.
    """

    def at(self, model: Ram, theta: Array) -> Here:
        """Return the evaluation at theta, or None where F is not defined."""

    def gradient(self, at: Here, cells: Cells) -> Array:
        """Return dF for every cell."""

    def expected(self, at: Here, rows: Cells, cols: Cells) -> Array:
        """Return the expected (or Gauss-Newton) Hessian of F between cells."""

    def expected_diagonal(self, at: Here, cells: Cells) -> Array:
        """Return the diagonal of :meth:`expected` of cells with themselves."""

    def exact(self, at: Here, cells: Cells) -> Array:
        """Return the exact Hessian of F between cells."""


def cholesky(matrix: Array) -> Array | None:
    """Return the lower Cholesky factor, or None where the matrix is not positive definite."""
    factor, failed = lapack.dpotrf(matrix, lower=1, clean=1)
    return None if failed else factor


def log_det(factor: Array) -> float:
    """Return the log-determinant of the matrix whose Cholesky factor this is."""
    return 2.0 * float(np.log(factor.diagonal()).sum())


def inverse_from(factor: Array) -> Array:
    """Return the full symmetric inverse of the matrix whose Cholesky factor this is."""
    lower, _ = lapack.dpotri(factor, lower=1)
    # dpotri fills one triangle and leaves the zeros of the factor in the other.
    full: Array = lower + lower.T
    np.fill_diagonal(full, lower.diagonal())
    return full
