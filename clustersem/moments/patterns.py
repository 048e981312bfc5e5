"""Which answers are missing where, and moments from the pairs that are there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clustersem.moments.order import Array, Index


@dataclass(frozen=True, eq=False)
class MissingPatterns:
    """Which variables each row lacks, rows with the same gaps together.

    Attributes
    ----------
    observed : ndarray of bool, shape (R, p)
        For every pattern the variables that are observed; no pattern lacks them all.
    rows : tuple of R ndarrays of int
        For every pattern the rows of the data.
    """

    observed: NDArray[np.bool_]
    rows: tuple[Index, ...]

    def __post_init__(self) -> None:
        for array in (self.observed, *self.rows):
            array.setflags(write=False)

    def __setstate__(self, state: dict[str, object]) -> None:
        # An array that was pickled or copied comes back writable.
        self.__dict__.update(state)
        self.__post_init__()

    @cached_property
    def counts(self) -> Index:
        """Number of rows of every pattern."""
        return np.array([len(rows) for rows in self.rows], dtype=np.intp)

    @cached_property
    def in_rows(self) -> Index:
        """The rows of all patterns, one pattern after the other."""
        return np.concatenate([np.empty(0, dtype=np.intp), *self.rows])

    @cached_property
    def by_row(self) -> Index:
        """The pattern of each of these."""
        return np.repeat(np.arange(len(self.rows)), self.counts)

    def in_order(self, places: Index) -> MissingPatterns:
        """Return the patterns with the variables in another order, given by their places here."""
        return MissingPatterns(self.observed[:, places], self.rows)


@dataclass(frozen=True, eq=False)
class PairwiseMoments:
    """Means and covariances, each from the rows where its variables are observed.

    Attributes
    ----------
    cov : ndarray of shape (p, p)
        Covariances, NaN where fewer than two rows hold both variables. It need not be positive
        definite: its entries come from different rows.
    mean : ndarray of shape (p,)
        Means of what is observed.
    counts : ndarray of int, shape (p, p)
        Number of rows behind every entry of `cov`.
    """

    cov: Array
    mean: Array
    counts: Index


def missing_patterns(data: Array) -> MissingPatterns:
    """Return the patterns of missing answers, those with fewest gaps first.

    Parameters
    ----------
    data : ndarray of shape (n, p)
        Observations, NaN where missing. Rows without any answer say nothing and
        belong to no pattern.

    Returns
    -------
    MissingPatterns
        Patterns by number of gaps, and by where these are; rows of a pattern in the data's order.

    Examples
    --------
    >>> nan = np.nan
    >>> patterns = missing_patterns(np.array([[nan, 1.0], [2.0, 3.0], [nan, 0.0]]))
    >>> patterns.observed.tolist(), [rows.tolist() for rows in patterns.rows]
    ([[True, True], [False, True]], [[1], [0, 2]])
    """
    missing = np.isnan(data)
    n_missing = missing.sum(axis=1)
    # Gaps as the bits of a few whole numbers a row: sorting those is fast at any width.
    packed = np.packbits(missing, axis=1)
    words = np.zeros((len(data), 8 * max(1, -(-packed.shape[1] // 8))), dtype=np.uint8)
    words[:, : packed.shape[1]] = packed
    keys = np.column_stack([words.view(">u8").astype(np.uint64), n_missing.astype(np.uint64)])
    order = np.lexsort(keys.T)
    order = order[n_missing[order] < data.shape[1]]
    if not len(order):
        return MissingPatterns(np.empty((0, data.shape[1]), dtype=np.bool_), ())
    changes = (keys[order[1:]] != keys[order[:-1]]).any(axis=1)
    ends = [0, *(np.flatnonzero(changes) + 1).tolist(), len(order)]
    rows = tuple(order[start:end] for start, end in pairwise(ends))
    return MissingPatterns(~missing[order[ends[:-1]]], rows)


def pairwise_moments(data: Array) -> PairwiseMoments:
    """Return means and covariances from all rows that hold the variables concerned.

    A covariance uses the means of the rows where both variables are observed. With n rows of which
    n_jk hold both, it is the unbiased one times (n - 1) / n, so that without missing answers the
    divisor is n, and so that rescaling all entries alike gives the unbiased ones.

    Parameters
    ----------
    data : ndarray of shape (n, p)
        Observations, NaN where missing.

    Examples
    --------
    >>> moments = pairwise_moments(np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 4.0]]))
    >>> moments.counts.tolist(), moments.mean.tolist()
    ([[3, 2], [2, 2]], [3.0, 3.0])
    """
    seen = ~np.isnan(data)
    indicator = seen.astype(np.float64)
    counts = indicator.T @ indicator
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(seen, data, 0.0).sum(axis=0) / counts.diagonal()
        # Deviations from the variables' own means first: the pair's means are then small
        # corrections, and nothing cancels where means are large.
        centred = np.where(seen, data - mean, 0.0)
        sums = centred.T @ indicator  # of the first variable over rows that hold both
        unbiased = (centred.T @ centred - sums * sums.T / counts) / (counts - 1.0)
        cov = np.where(counts > 1.5, unbiased * ((len(data) - 1.0) / len(data)), np.nan)
    return PairwiseMoments(cov, mean, counts.astype(np.intp))


def never_together(observed: NDArray[np.bool_]) -> Index:
    """Return the pairs of variables that no pattern observes together.

    Parameters
    ----------
    observed : ndarray of bool, shape (R, p)
        What each pattern observes.

    Returns
    -------
    ndarray of shape (number of pairs, 2)
        Their places, the smaller first. The saturated model does not determine their covariances.
    """
    seen = observed.astype(np.float64)
    return np.argwhere(np.triu(seen.T @ seen == 0.0))
