"""A replication's random numbers depend on the seed and on its place, and on nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from clustersem.errors import UnsupportedError
from clustersem.resample.streams import BATCH, seed_of, sizes, stream


def test_the_same_place_has_the_same_numbers():
    assert np.array_equal(stream(1, 4, 2).random(50), stream(1, 4, 2).random(50))


def test_places_and_purposes_have_numbers_of_their_own():
    keys = [
        (seed, batch, *more) for seed in (0, 1) for batch in (0, 1) for more in ((), (0,), (1,))
    ]
    drawn = np.array([stream(*key).random(2000) for key in keys])
    assert len(np.unique(drawn[:, 0])) == len(keys)
    # Uncorrelated: the largest of 66 correlations of 2000 pairs stays below a 1 in 10 000 bound.
    off = np.corrcoef(drawn)[np.triu_indices(len(keys), 1)]
    assert np.abs(off).max() * np.sqrt(2000) < stats.norm.isf(1e-4 / 2 / off.size)


def test_the_stream_is_the_one_that_numpy_documents():
    sequence = np.random.SeedSequence(7, spawn_key=(3, 1))
    wanted = np.random.Generator(np.random.PCG64(sequence)).integers(0, 2**40, 5)
    assert np.array_equal(stream(7, 3, 1).integers(0, 2**40, 5), wanted)


@pytest.mark.parametrize("seed", [0, 2022, np.int64(5), 2**80])
def test_a_seed_is_kept(seed):
    assert seed_of(seed) == seed
    assert type(seed_of(seed)) is int


def test_without_a_seed_one_is_drawn_that_can_be_reported():
    drawn = {seed_of(None) for _ in range(20)}
    assert len(drawn) == 20
    assert all(type(seed) is int and 0 <= seed < 2**63 for seed in drawn)
    assert all(seed_of(seed) == seed for seed in drawn)


@pytest.mark.parametrize("seed", [-1, 1.0, True, "7", np.nan])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(UnsupportedError, match=f"seed={seed!r}: write a whole number from 0"):
        seed_of(seed)


@pytest.mark.parametrize("n", [1, BATCH - 1, BATCH, BATCH + 1, 5000, np.int64(250)])
def test_sizes_add_up(n):
    assert sum(sizes(n)) == n
    assert all(size == BATCH for size in sizes(n)[:-1])
    assert 0 < sizes(n)[-1] <= BATCH


def test_more_replications_leave_the_earlier_batches_as_they_are():
    assert sizes(5000)[:9] == sizes(950)[:9]


@pytest.mark.parametrize("n", [0, -5, 10.0, True, "10", None])
def test_what_is_no_number_of_replications_is_refused(n):
    with pytest.raises(UnsupportedError, match=f"n={n!r} replications"):
        sizes(n)
