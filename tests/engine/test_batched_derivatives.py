"""The batched discrepancy and its derivatives: those of one problem, and of central differences.

array_api_strict refuses what is not in the array API standard, so that what passes here runs on
every library that keeps it.
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers.batched import check_against_one, check_differences, random_batch

from clustersem.engine.arrays import Device
from clustersem.engine.batched_objective import batched_objective

LIBRARIES = ("numpy", "array_api_strict")
SEEDS = range(6)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("means", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_batch_gives_what_its_problems_give_alone(seed, means, library):
    check_against_one(random_batch(seed, means=means, library=library))


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("means", [False, True])
def test_several_groups_add_up_by_their_shares(means, library):
    check_against_one(random_batch(20, means=means, library=library, groups=3))


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("means", [False, True])
@pytest.mark.parametrize("seed", [1, 4])
def test_derivatives_are_those_of_differences(seed, means, library):
    check_differences(random_batch(seed, means=means, library=library))


def test_derivatives_of_several_groups_are_those_of_differences():
    check_differences(random_batch(5, means=True, library="numpy", groups=2))


@pytest.mark.parametrize("library", LIBRARIES)
def test_f_is_infinite_where_sigma_is_not_positive_definite_and_right_elsewhere(library):
    batch = random_batch(2, means=True, library=library, size=5)
    expected = batch.values_alone("f")
    # Whatever the structure, minus its parameters make variances negative.
    batch.theta[3] = -batch.theta[3]
    f = batch.values("f")
    assert f[3] == np.inf
    others = [0, 1, 2, 4]
    np.testing.assert_allclose(f[others], expected[others], rtol=1e-12)


@pytest.mark.parametrize("library", LIBRARIES)
def test_samples_that_are_singular_are_told_apart(library):
    batch = random_batch(3, means=False, library=library, size=4)
    cov = np.array([problem.blocks[0].discrepancy.cov for problem in batch.alone])
    mean = np.array([problem.blocks[0].discrepancy.mean for problem in batch.alone])
    expected = batch.values_alone("f")
    cov[1, 0] = cov[1, :, 0] = 0.0  # a constant item
    cov[2] = np.nan
    objective = batched_objective(batch.together.groups, [(cov, mean)])
    np.testing.assert_array_equal(objective.good, [True, False, False, True])
    device = batch.device
    f, _ = objective.some(device.asarray(np.array([0, 3]))).at(device.asarray(batch.theta[[0, 3]]))
    np.testing.assert_allclose(device.numpy(f), expected[[0, 3]], rtol=1e-12)


def test_some_of_a_batch_is_the_batch_of_some():
    batch = random_batch(0, means=True, library="numpy", size=4)
    which = np.array([2, 0])
    f, state = batch.together.at(batch.theta)
    objective, some = batch.together.some(which), state.some(which)
    for name in ("gradient", "expected", "exact"):
        whole, part = getattr(batch.together, name)(state), getattr(objective, name)(some)
        # Products of batches of other sizes may be summed in another order.
        np.testing.assert_allclose(part, whole[which], rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(f[which], objective.at(batch.theta[which])[0])


def test_nothing_that_was_given_is_written_to():
    batch = random_batch(1, means=True, library="numpy")
    theta = batch.theta.copy()
    for name in ("f", "gradient", "expected", "exact"):
        batch.values(name)
    np.testing.assert_array_equal(theta, batch.theta)
    assert batch.device == Device("numpy")
