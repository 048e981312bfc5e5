"""The inverse of an information matrix, applied; parameters may be in any unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, lapack

from clustersem.engine.discrepancy import cholesky
from clustersem.engine.identification import RANK
from clustersem.engine.ram import Array


@dataclass(frozen=True, eq=False)
class ScaledInverse:
    """A^-1 of a matrix whose parameters are first brought to one scale.

    Attributes
    ----------
    factor : ndarray of shape (q, q)
        Lower Cholesky factor of the scaled matrix.
    scale : ndarray of shape (q,)
        Square roots of A's diagonal.
    """

    factor: Array
    scale: Array

    def __call__(self, matrix: Array) -> Array:
        """Return A^-1 times a matrix."""
        by_scale = self.scale[:, None]
        solved: Array = cho_solve((self.factor, True), matrix / by_scale, check_finite=False)
        return solved / by_scale

    def sandwich(self, meat: Array) -> Array:
        """Return A^-1 B A^-1 of a symmetric B."""
        whole = self(self(meat).T)
        return 0.5 * (whole + whole.T)

    def trace(self, matrix: Array) -> float:
        """Return tr(A^-1 B)."""
        return float(np.trace(self(matrix)))


def scaled_inverse(matrix: Array) -> ScaledInverse | None:
    """Return the inverse, or None where the matrix is not (clearly) positive definite."""
    scale = np.sqrt(np.maximum(matrix.diagonal(), 0.0))
    scale[scale == 0] = 1.0
    unit = matrix / (scale[:, None] * scale)
    factor = cholesky(unit)
    if factor is None:
        return None
    if len(unit):
        norm = float(np.abs(unit).sum(axis=0).max())
        rcond, _ = lapack.dpocon(factor, norm, uplo="L")
        if rcond <= RANK:
            return None
    return ScaledInverse(factor, scale)
