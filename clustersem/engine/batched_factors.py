"""Positive definite matrices of a batch, ready to solve with.

With NumPy they are factored one by one by LAPACK, which says which are positive definite and solves
with a factor again in no time. Array libraries offer neither for batches, so elsewhere
matrices are solved with as they are, and tried for a Cholesky factor before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from scipy.linalg import lapack

from clustersem.engine.arrays import Array, Batch, Device, Index, cholesky, solved


class Factors(Protocol):
    """Matrices M of a batch."""

    def solve(self, vectors: Batch) -> Batch:
        """Return M^-1 v of vectors (B x q); NaN where M cannot be solved with."""

    def some(self, which: Index) -> Factors:
        """Return some of them."""

    def replaced(self, places: Index, others: Factors) -> Factors:
        """Return them with others in some places."""


@dataclass(frozen=True, eq=False)
class _OneByOne:
    """Lower Cholesky factors; None for a matrix that has none."""

    factors: tuple[Array | None, ...]

    def solve(self, vectors: Array) -> Array:
        result = np.full_like(vectors, np.nan)
        for row, (factor, vector) in enumerate(zip(self.factors, vectors, strict=True)):
            if factor is not None:
                result[row] = lapack.dpotrs(factor, vector, lower=1)[0]
        return result

    def some(self, which: Index) -> _OneByOne:
        return _OneByOne(tuple(self.factors[i] for i in which.tolist()))

    def replaced(self, places: Index, others: Factors) -> _OneByOne:
        assert isinstance(others, _OneByOne)
        factors = list(self.factors)
        for place, factor in zip(places.tolist(), others.factors, strict=True):
            factors[place] = factor
        return _OneByOne(tuple(factors))


@dataclass(frozen=True, eq=False)
class _Together:
    """The matrices themselves (B x q x q)."""

    device: Device
    matrices: Batch

    def solve(self, vectors: Batch) -> Batch:
        return solved(self.device.xp, self.matrices, vectors[:, :, None])[:, :, 0]

    def some(self, which: Index) -> _Together:
        taken = self.device.xp.take(self.matrices, self.device.asarray(which), axis=0)
        return _Together(self.device, taken)

    def replaced(self, places: Index, others: Factors) -> _Together:
        assert isinstance(others, _Together)
        both = self.device.xp.concat([self.matrices, others.matrices], axis=0)
        size = self.matrices.shape[0]
        source = np.arange(size)
        source[places] = size + np.arange(len(places))
        return _Together(
            self.device, self.device.xp.take(both, self.device.asarray(source), axis=0)
        )


Factored: TypeAlias = tuple[Factors, Index]


def factored(device: Device, matrices: Batch) -> Factored:
    """Return matrices ready to solve with, and the places of those not positive definite."""
    if device.library == "numpy":
        factors = tuple(_cholesky(matrix) for matrix in matrices)
        failed = np.flatnonzero([factor is None for factor in factors])
        return _OneByOne(factors), failed
    xp = device.xp
    scale = xp.sqrt(xp.abs(xp.linalg.diagonal(matrices)))
    scale = xp.where(scale > 0, scale, xp.ones_like(scale))
    _, _, good = cholesky(xp, matrices / (scale[:, :, None] * scale[:, None, :]))
    return _Together(device, matrices), np.flatnonzero(~device.numpy(good))


def _cholesky(matrix: Array) -> Array | None:
    # A symmetric matrix read column by column is itself, and needs no copy.
    factor, failed = lapack.dpotrf(matrix.T, lower=1, clean=0)
    return None if failed else factor


def joined(parts: list[Factors]) -> Factors:
    """Return the matrices of several batches as one."""
    first = parts[0]
    if isinstance(first, _OneByOne):
        return _OneByOne(
            tuple(f for part in parts if isinstance(part, _OneByOne) for f in part.factors)
        )
    assert isinstance(first, _Together)
    matrices = [part.matrices for part in parts if isinstance(part, _Together)]
    return _Together(first.device, first.device.xp.concat(matrices, axis=0))
