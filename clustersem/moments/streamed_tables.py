"""Contingency tables of all pairs of items, from rows that come in pieces.

Category indicators as a matrix of zeros and ones, times itself, hold every table at once: one
product of matrices per piece, several times faster than counting pair by pair. Sums of ones are
exact in single precision up to 2^24.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from clustersem.moments.order import Index
from clustersem.moments.sample import Array

Counts = NDArray[np.int64]

# Rows whose indicators are held at once: they stay in the processor's cache.
ROWS_AT_ONCE = 2048
LARGEST_EXACT = 2**24


@dataclass(frozen=True, eq=False)
class Tables:
    """How often any two categories of q items were chosen together.

    Attributes
    ----------
    levels : tuple of q ndarrays
        The answers found so far to every item, ascending.
    joint : ndarray of int, shape (q, K, q, K)
        Their joint frequencies, K the largest number of levels; those of an item with itself hold
        its margins.

    Examples
    --------
    >>> rows = np.array([[1.0, 2.0], [1.0, 4.0], [3.0, 2.0], [3.0, np.nan]])
    >>> first, second = (counted(part, levels_of(part)) for part in (rows[:2], rows[2:]))
    >>> both = first.merged(second)
    >>> [found.tolist() for found in both.levels], both.joint[0, :, 1, :].tolist()
    ([[1.0, 3.0], [2.0, 4.0]], [[1, 1], [1, 0]])
    """

    levels: tuple[Array, ...]
    joint: Counts

    def __post_init__(self) -> None:
        for array in (*self.levels, self.joint):
            array.setflags(write=False)

    def merged(self, other: Tables) -> Tables:
        """Return the tables of both pieces together."""
        if all(map(np.array_equal, self.levels, other.levels)):
            return Tables(self.levels, self.joint + other.joint)
        pairs = zip(self.levels, other.levels, strict=True)
        levels = tuple(np.union1d(mine, its) for mine, its in pairs)
        return Tables(levels, self.with_levels(levels).joint + other.with_levels(levels).joint)

    def with_levels(self, levels: Sequence[Array]) -> Tables:
        """Return the same tables with levels that hold those found, and perhaps more."""
        q, size = len(levels), max((len(found) for found in levels), default=0)
        place = [np.searchsorted(new, old) for new, old in zip(levels, self.levels, strict=True)]
        item = np.repeat(np.arange(q), [len(found) for found in self.levels])
        to = item * size + np.concatenate([*place, np.empty(0, dtype=np.intp)]).astype(np.intp)
        joint = np.zeros((q * size, q * size), dtype=np.int64)
        joint[np.ix_(to, to)] = self._occurring
        return Tables(tuple(levels), joint.reshape(q, size, q, size))

    @property
    def _occurring(self) -> Counts:
        """Joint frequencies of all levels there are, item after item, without padding."""
        q, size = self.joint.shape[:2]
        at = np.concatenate(
            [np.arange(len(found)) + j * size for j, found in enumerate(self.levels)]
            + [np.empty(0, dtype=np.intp)]
        ).astype(np.intp)
        return self.joint.reshape(q * size, q * size)[np.ix_(at, at)]

    def of_items(self, places: Index) -> Tables:
        """Return the tables of some items, in the order wanted."""
        levels = tuple(self.levels[j] for j in places.tolist())
        size = max((len(found) for found in levels), default=0)
        return Tables(levels, self.joint[places, :size][:, :, places, :size])

    @property
    def margins(self) -> Counts:
        """Frequencies of the levels of every item, shape (q, K)."""
        return np.ascontiguousarray(np.einsum("jaja->ja", self.joint))


def common_levels(tables: Sequence[Tables]) -> tuple[Array, ...]:
    """Return for every item the answers that occur in any of the tables, ascending."""
    each = zip(*(one.levels for one in tables), strict=True)
    return tuple(reduce(np.union1d, found) for found in each)


def levels_of(values: Array) -> tuple[Array, ...]:
    """Return the distinct answers to every item (column), ascending."""
    found = (np.unique(column) for column in values.T)
    return tuple(levels[~np.isnan(levels)] for levels in found)


def counted(values: Array, levels: Sequence[Array]) -> Tables | None:
    """Return the tables of some answers.

    Parameters
    ----------
    values : ndarray of shape (n, q)
        Answers, NaN where missing.
    levels : sequence of q ndarrays
        What answers there are to every item.

    Returns
    -------
    Tables or None
        None where an answer is none of the levels.
    """
    missing = int(np.count_nonzero(np.isnan(values)))
    tables = _of_gaps(values, levels) if missing else _of_whole(values, levels)
    return tables if tables.margins.sum() == values.size - missing else None


def _of_gaps(values: Array, levels: Sequence[Array]) -> Tables:
    """Count all levels."""
    return Tables(tuple(levels), _inner(values, levels))


def _of_whole(values: Array, levels: Sequence[Array]) -> Tables:
    """Count all levels but every item's last, which follow from the others and the margins."""
    n, q = values.shape
    size = max((len(found) for found in levels), default=0)
    joint = np.zeros((q, size, q, size), dtype=np.int64)
    if not n or not size:
        return Tables(tuple(levels), joint)
    last = np.array([len(found) - 1 for found in levels])
    inner = _inner(values, [found[:-1] for found in levels])
    joint[:, : size - 1, :, : size - 1] = inner
    margins = np.einsum("jaja->ja", inner)
    rest = margins[:, :, None] - inner.sum(axis=3)
    item = np.arange(q)
    joint[:, : size - 1, item, last] = rest
    joint[item, last, :, : size - 1] = rest.transpose(2, 0, 1)
    top = np.array([found[-1] if len(found) else np.nan for found in levels])
    of_last = np.count_nonzero(values == top, axis=0)
    joint[item[:, None], last[:, None], item, last] = of_last[:, None] - rest.sum(axis=1).T
    return Tables(tuple(levels), joint)


def _inner(values: Array, levels: Sequence[Array]) -> Counts:
    n, q = values.shape
    size = max((len(found) for found in levels), default=0)
    grid = np.full((size, q), np.nan)
    for j, found in enumerate(levels):
        grid[: len(found), j] = found
    total = np.zeros((size * q, size * q), dtype=np.int64)
    for start in range(0, n, LARGEST_EXACT):
        total += _summed(values[start : start + LARGEST_EXACT], grid).astype(np.int64)
    joint = total.reshape(size, q, size, q).transpose(1, 0, 3, 2)
    return np.ascontiguousarray(joint)


def _summed(values: Array, grid: Array) -> NDArray[np.float32]:
    """Return the products of the indicators of all levels, shape (K q, K q)."""
    size, q = grid.shape
    total = np.zeros((size * q, size * q), dtype=np.float32)
    indicators = np.empty((min(ROWS_AT_ONCE, len(values)), size, q), dtype=np.float32)
    for start in range(0, len(values), ROWS_AT_ONCE):
        rows = values[start : start + ROWS_AT_ONCE]
        for a in range(size):
            np.equal(rows, grid[a], out=indicators[: len(rows), a], casting="unsafe")
        flat = indicators[: len(rows)].reshape(len(rows), size * q)
        total += flat.T @ flat
    return total
