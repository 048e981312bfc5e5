"""Many minimisations at once: where they end, alone and in any company."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.batched import random_batch
from helpers.functions import flat, running_away, two_wells

from clustersem.engine.arrays import device_of
from clustersem.engine.batched_optimiser import MAX_STEPS, minimise_batch
from clustersem.engine.optimiser import minimise

LIBRARIES = ("numpy", "array_api_strict")
EYE = np.eye(2)
# The decrement of F that ends a search is 1e-14, so theta is within 1e-7 standard errors times
# sqrt(N) of the minimum; Newton's last step takes it far closer.
CLOSE = 1e-9


@pytest.mark.parametrize("library", LIBRARIES)
def test_minima_and_curvature_that_is_negative_at_the_start(library):
    device = device_of(library)
    targets = np.array([1.0, 0.25, 2.0, 1.5])
    # The second derivative is negative here: Newton's own step would go to the saddle.
    start = np.array([[0.3, 1.0], [0.1, -1.0], [0.5, 0.2], [-0.2, 0.0]])
    found = minimise_batch(two_wells(targets, device), start, 2 * EYE, 100.0)
    assert found.converged.all()
    np.testing.assert_allclose(found.theta[:, 0], np.sqrt(targets) * [1, 1, 1, -1], atol=CLOSE)
    np.testing.assert_allclose(found.theta[:, 1], 0.0, atol=CLOSE)
    np.testing.assert_allclose(found.f, 0.0, atol=1e-14)
    assert (found.steps < 15).all()


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_minimum_that_runs_away_is_given_up_and_costs_no_other(library):
    device = device_of(library)
    targets = np.array([0.5, -1.0, 1.5, 1.0])
    start = np.tile([0.0, 0.3], (4, 1))
    found = minimise_batch(running_away(targets, device), start, EYE, 100.0)
    np.testing.assert_array_equal(found.converged, [True, False, True, True])
    np.testing.assert_allclose(found.theta[[0, 2, 3], 0], [0.5, 1.5, 1.0], atol=CLOSE)
    assert found.steps[1] <= MAX_STEPS


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_hessian_that_is_singular_costs_no_other(library):
    device = device_of(library)
    targets = np.array([0.5, 1.5, -1.0, 1.0, 0.7])
    found = minimise_batch(flat(targets, device), np.full((5, 2), 0.3), 1.5 * EYE, 100.0)
    assert found.converged[targets > 0].all()
    np.testing.assert_allclose(found.theta[targets > 0, 0], targets[targets > 0], atol=CLOSE)


def test_f_that_is_not_defined_at_the_start_is_not_converged():
    device = device_of("numpy")
    targets = np.array([1.0, np.nan, 2.0])
    start = np.array([[0.8, 0.0]] * 3)
    found = minimise_batch(two_wells(targets, device), start, 2 * EYE, 100.0)
    np.testing.assert_array_equal(found.converged, [True, False, True])


def test_no_problems_are_no_minima():
    found = minimise_batch(two_wells(np.empty(0), device_of(None)), np.empty((0, 2)), EYE, 10.0)
    assert found.theta.shape == (0, 2)
    assert found.converged.shape == (0,)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("seed", [3, 15])
def test_minima_of_models_are_those_of_the_optimiser_of_one(seed, library):
    batch, start = implied(seed, library)
    one = batch.alone[0]
    state = one.at(start[0])
    found = minimise_batch(batch.together, start, one.expected(state), 200.0)
    assert found.converged.all()
    for b, problem in enumerate(batch.alone):
        alone = minimise(problem, start[b])
        assert alone.code == "converged"
        # Both stop at a decrement of 1e-14, of N(theta - minimum)^2 in standard errors.
        np.testing.assert_allclose(found.theta[b], alone.theta, atol=1e-6)
        np.testing.assert_allclose(found.f[b], alone.at.f, atol=1e-12)


def test_what_was_given_is_not_written_to():
    batch, start = implied(3, "numpy")
    before, theta = start.copy(), batch.theta.copy()
    hessian = batch.alone[0].expected(batch.alone[0].at(start[0]))
    kept = hessian.copy()
    minimise_batch(batch.together, start, hessian, 200.0)
    np.testing.assert_array_equal(start, before)
    np.testing.assert_array_equal(batch.theta, theta)
    np.testing.assert_array_equal(hessian, kept)


def implied(seed, library):
    """Return problems whose samples are near what the structure implies, and starts."""
    batch = random_batch(seed, means=False, library=library, size=6, near=True)
    return batch, np.repeat(batch.theta[:1], 6, axis=0)
