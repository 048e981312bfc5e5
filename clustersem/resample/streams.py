"""Random numbers that belong to a batch of replications, whoever works it off and when.

A replication is one resample or one simulated data set. Replications are done in batches of
`BATCH`: batch b holds replications 100 b to 100 b + 99 and draws from a stream of its own, the
child (b, ...) of the seed's sequence. So a replication's numbers depend on the seed and on its
place alone: not on the number of workers, on the order in which they finish, or on how many
replications are asked for beyond it (the first 1000 of 5000 are the 1000).
"""

from __future__ import annotations

from numbers import Integral

import numpy as np

from clustersem.errors import UnsupportedError

BATCH = 100
"""Replications in a batch. A constant: another one would give other random numbers."""


def is_whole(value: object) -> bool:
    """Whether a value is a whole number, Python's or NumPy's; True and False are none."""
    return isinstance(value, Integral) and not isinstance(value, (bool, np.bool_))


def stream(seed: int, batch: int, *purpose: int) -> np.random.Generator:
    """Return the random numbers of one batch.

    Parameters
    ----------
    seed : int
        What `seed_of` returns.
    batch : int
        Number of the batch, from 0.
    *purpose : int
        Further numbers, from 0, where one batch needs streams that do not disturb each other: the
        group, say, or 0 for the data and 1 for what is missing in them.

    Returns
    -------
    numpy.random.Generator
        Independent of that of every other batch and purpose (NumPy's ``SeedSequence`` with
        ``spawn_key=(batch, *purpose)``).

    Examples
    --------
    >>> first, again = stream(7, 3), stream(7, 3)
    >>> bool(first.random() == again.random())
    True
    >>> bool(stream(7, 3).random() == stream(7, 3, 0).random())
    False
    """
    key = (batch, *purpose)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def seed_of(seed: int | None) -> int:
    """Return a seed that can be reported: the one given, or a fresh one.

    Parameters
    ----------
    seed : int or None
        A whole number that is not negative. None draws one from the operating system's entropy;
        results carry it, so that a run without a seed can be repeated as well.

    Raises
    ------
    UnsupportedError
        If it is anything else.

    Examples
    --------
    >>> seed_of(2022)
    2022
    >>> seed_of(-1)
    Traceback (most recent call last):
    clustersem.errors.UnsupportedError: seed=-1: write a whole number from 0, seed=2022 say, or \
leave it out and read the seed that was drawn off the result.
    """
    if seed is None:
        # 63 bits: fits an int64 wherever a result is written to.
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> np.uint64(1))
    if not is_whole(seed) or seed < 0:
        raise UnsupportedError(
            f"seed={seed!r}: write a whole number from 0, seed=2022 say, or leave it out and read"
            " the seed that was drawn off the result."
        )
    return int(seed)


def sizes(n: int) -> list[int]:
    """Return how many replications each batch holds: `BATCH`, and the rest in the last.

    Parameters
    ----------
    n : int
        Number of replications, at least 1.

    Raises
    ------
    UnsupportedError
        If it is not a whole number from 1.

    Examples
    --------
    >>> sizes(250)
    [100, 100, 50]
    """
    if not is_whole(n) or n < 1:
        raise UnsupportedError(
            f"n={n!r} replications were asked for: write a whole number from 1, n=5000 say."
        )
    full, rest = divmod(int(n), BATCH)
    return [BATCH] * full + [rest] * (rest > 0)
