"""A uniform random sample of rows that come in pieces, drawn in the same pass.

Every row gets a random number and those with the smallest numbers are kept: pieces can be read in
any order, on any machine, and merged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.moments.order import Index
from clustersem.moments.sample import Array


def keys_of(seed: int, part: int, start: int, n: int) -> Array:
    """Return the random numbers of n rows, the same however a part is cut into pieces.

    Parameters
    ----------
    seed : int
        Of the whole source.
    part : int
        Which of the parts, that nobody knows the lengths of, the rows belong to.
    start : int
        Place of the first row in its part.
    n : int
        Number of rows.

    Examples
    --------
    >>> whole = keys_of(1, 0, 0, 10)
    >>> bool((whole[4:] == keys_of(1, 0, 4, 6)).all())
    True
    """
    bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(part,)))
    bits.advance(start)
    return np.random.Generator(bits).random(n)


@dataclass(frozen=True, eq=False)
class Drawn:
    """The rows with the smallest random numbers.

    Attributes
    ----------
    limit : int
        How many are kept at most.
    keys : ndarray of shape (m,)
        Their random numbers.
    rows : ndarray of shape (m, p)
        The rows, NaN where an answer is missing.
    """

    limit: int
    keys: Array
    rows: Array

    def __post_init__(self) -> None:
        for array in (self.keys, self.rows):
            array.setflags(write=False)

    @classmethod
    def empty(cls, limit: int, n_variables: int) -> Drawn:
        """Return a sample of no rows."""
        return cls(limit, np.empty(0), np.empty((0, n_variables)))

    @property
    def bound(self) -> float:
        """A row with a random number beyond this is not kept."""
        return float(self.keys.max()) if len(self.keys) >= self.limit else np.inf

    def with_rows(self, keys: Array, rows: Array) -> Drawn:
        """Return the sample after some more rows."""
        near = np.flatnonzero(keys < self.bound)
        if not len(near):
            return self
        # Mostly hardly any: the sample is full of small numbers soon.
        keys, rows = keys[near], rows[near]
        keys, rows = np.concatenate([self.keys, keys]), np.concatenate([self.rows, rows])
        if len(keys) > self.limit:
            kept = np.sort(np.argpartition(keys, self.limit - 1)[: self.limit])
            keys, rows = keys[kept], rows[kept]
        return Drawn(self.limit, keys, rows)

    def merged(self, other: Drawn) -> Drawn:
        """Return the sample of both pieces together."""
        return self.with_rows(other.keys, other.rows)

    def of_variables(self, places: Index) -> Array:
        """Return the rows with some variables only, in the order wanted."""
        return self.rows[:, places]
