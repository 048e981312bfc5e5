"""The batched kernels on PyTorch, on the processor.

PyTorch is not among what the tests install, so this file is collected only where it can be
imported (conftest.py in this folder); elsewhere array_api_strict shows that the kernels keep to
the array API standard.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.batched import check_against_one, check_differences, random_batch
from helpers.functions import flat, two_wells
from helpers.reference import data

import clustersem as cs
from clustersem.engine.arrays import cholesky, device_of, solved, usable
from clustersem.engine.batched_optimiser import minimise_batch
from clustersem.errors import UnsupportedError


@pytest.mark.parametrize("means", [False, True])
@pytest.mark.parametrize("seed", [0, 3])
def test_a_batch_gives_what_its_problems_give_alone(seed, means):
    check_against_one(random_batch(seed, means=means, library="torch"))
    check_against_one(random_batch(seed, means=means, library="torch", groups=2))


def test_derivatives_are_those_of_differences():
    check_differences(random_batch(4, means=True, library="torch"))


def test_matrices_that_cannot_be_factored_or_solved_cost_no_other():
    device = device_of("torch")
    matrices = np.stack([np.eye(2), -np.eye(2), 2 * np.eye(2), np.zeros((2, 2))])
    _, _, good = cholesky(device.xp, device.asarray(matrices))
    np.testing.assert_array_equal(device.numpy(good), [True, False, True, False])
    x = device.numpy(
        solved(device.xp, device.asarray(matrices), device.asarray(np.ones((4, 2, 1))))
    )
    np.testing.assert_array_equal(x[:, 0, 0], [1.0, -1.0, 0.5, np.nan])


def test_the_optimiser_bends_and_gives_up_what_it_must():
    device = device_of("torch")
    start = np.array([[0.3, 1.0], [0.1, -1.0]])
    found = minimise_batch(two_wells(np.array([1.0, 0.25]), device), start, 2 * np.eye(2), 100.0)
    np.testing.assert_allclose(found.theta[:, 0], [1.0, 0.5], atol=1e-9)
    found = minimise_batch(flat(np.array([-1.0, 0.5]), device), start, 1.5 * np.eye(2), 100.0)
    assert found.converged[1]


MODELS = {
    "structural": ("f =~ x1 + x2 + x3; g =~ x4 + x5 + x6; g ~ f", {}),
    "covariates": ("f =~ x1 + x2 + x3; f ~ ageyr + x9", {"meanstructure": True}),
    "groups": ("f =~ x1 + a*x2 + x3; g =~ x4 + x5 + x6", {"group": "school"}),
}


@pytest.mark.parametrize("name", list(MODELS))
def test_a_bootstrap_is_that_of_numpy(name):
    model, options = MODELS[name]
    fit = cs.sem(model, data("holzinger1939"), **options)
    here, there = (
        cs.bootstrap(fit, 50, seed=3, studentized=True, device=device) for device in (None, "torch")
    )
    np.testing.assert_array_equal(there.counts, here.counts)
    # Both stop at a decrement of 1e-14 after the same steps, so that what differs is rounding:
    # 1e-16 times the condition of the Hessian, which is below 1e6 here.
    np.testing.assert_allclose(there.theta, here.theta, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(there.chisq, here.chisq, rtol=1e-9)
    # Fixed covariates have no standard errors, so there is no studentized interval of these.
    kind = "percentile" if name == "covariates" else "studentized"
    ours, theirs = (boot.intervals(kind) for boot in (here, there))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-7)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this is what a machine without CUDA says")
def test_a_machine_without_cuda_says_so():
    with pytest.raises(UnsupportedError, match="torch has no device 'cuda' on this machine"):
        usable(device_of("torch:cuda"))


def test_a_place_that_torch_does_not_know():
    with pytest.raises(UnsupportedError, match="torch has no device 'moon' on this machine"):
        usable(device_of("torch:moon"))
