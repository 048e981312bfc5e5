"""Moments of resamples from how often each row was drawn.

A resample's means and cross-products are sums over rows of what each row adds times how often it
was drawn, so those of a batch are one product of matrices: counts (B x n) times contributions.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from clustersem.engine.arrays import Array, Index
from clustersem.resample.refits import Moments

# Bytes of contributions that are held at a time.
LARGEST = 1 << 26
# The share of a sum of squares below which a variance is rounding: the item is constant.
CONSTANT = 1e-12


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of one group.

    Attributes
    ----------
    data : ndarray of shape (n, p)
        Complete observations.
    weights : ndarray of shape (n,) or None
        Sampling weights, which go with the rows.
    """

    data: Array
    weights: Array | None

    def __getstate__(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)

    def moments(self, counts: Index) -> Moments:
        """Return the moments of resamples, given how often each has each row (B x n).

        All of them have the same number of rows, which is not always that of the sample.
        """
        size, p = len(counts), self.data.shape[1]
        weights = counts.astype(np.float64)
        if self.weights is not None:
            weights *= self.weights
        total = weights.sum(axis=1)
        rows, cols = self._pairs
        sums = np.zeros((size, p + len(rows)))
        for first in range(0, len(self.data), self._at_a_time):
            sums += weights[:, first : first + self._at_a_time] @ self._contributions(first)
        sums /= total[:, None]
        shift = sums[:, :p]
        cov = np.empty((size, p, p))
        cov[:, rows, cols] = cov[:, cols, rows] = sums[:, p:]
        squares = np.diagonal(cov, axis1=1, axis2=2).copy()
        cov -= shift[:, :, None] * shift[:, None, :]
        constant = np.diagonal(cov, axis1=1, axis2=2) <= CONSTANT * squares
        if constant.any():
            cov[constant[:, :, None] | constant[:, None, :]] = 0.0
        n = float(counts[0].sum() if self.weights is None else self.weights.sum())
        return Moments(cov, self._centre + shift, n)

    @cached_property
    def _pairs(self) -> tuple[Index, Index]:
        rows, cols = np.tril_indices(self.data.shape[1])
        return rows, cols

    @cached_property
    def _centre(self) -> Array:
        # Close to the means of all resamples, so that large means spoil no covariance, and not
        # drawn away by an outlier that a resample may not have.
        centre: Array = np.median(self.data, axis=0)
        return centre

    @property
    def _at_a_time(self) -> int:
        width = self.data.shape[1] + len(self._pairs[0])
        return int(max(1, LARGEST // (8 * width)))

    def _contributions(self, first: int) -> Array:
        if len(self.data) <= self._at_a_time:
            return self._all
        return self._made(first)

    @cached_property
    def _all(self) -> Array:
        return self._made(0)

    def _made(self, first: int) -> Array:
        rows, cols = self._pairs
        part = self.data[first : first + self._at_a_time] - self._centre
        return np.hstack([part, part[:, rows] * part[:, cols]])
