"""The random numbers of tests/reference/bootstrap (Park and Miller, 1988).

Every step is exact in double precision, so that R and Python compute the same numbers and no table
of resampled rows has to be stored.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MODULUS = 2**31 - 1


class ParkMiller:
    """x <- 16807 x mod 2^31 - 1."""

    def __init__(self, seed: int) -> None:
        self.x = seed

    def integers(self, n: int) -> np.ndarray:
        out = np.empty(n, dtype=np.int64)
        x = self.x
        for i in range(n):
            x = 16807 * x % MODULUS
            out[i] = x
        self.x = x
        return out

    def uniform(self, n: int) -> np.ndarray:
        return self.integers(n) / MODULUS

    def resamples(self, sizes: Sequence[int], n_resamples: int) -> tuple[np.ndarray, ...]:
        """Return the rows of every resample, counted from 0, one table a group."""
        drawn = self.integers(n_resamples * sum(sizes)).reshape(n_resamples, -1)
        parts = np.split(drawn, np.cumsum(sizes)[:-1], axis=1)
        return tuple(part % size for part, size in zip(parts, sizes, strict=True))
