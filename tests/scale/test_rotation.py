"""Varimax where the package's iteration goes round in circles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clustersem as cs
from clustersem.scale.factor_analyzer_bridge import rotate_with
from clustersem.scale.rotation import planar_varimax

# Principal components of two constructs with two items each, n = 300, in rows of length one. The
# iteration of factor_analyzer, and R's varimax(), still turn after any number of steps.
CIRCLING = np.array(
    [
        [0.83044506, 0.55710054],
        [0.82068666, 0.57137851],
        [0.82758553, -0.56133964],
        [0.85283741, -0.52217654],
    ]
)


def criterion(loadings):
    squared = loadings**2
    return float((squared**2).sum() - (squared.sum(axis=0) ** 2).sum() / len(loadings))


def turned(angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return CIRCLING @ [[cos, -sin], [sin, cos]]


def test_the_package_goes_round_in_circles():
    # The day that this fails, the package's own rotation can be used again.
    _, _, converged = rotate_with(CIRCLING, "varimax", tol=1e-12, max_iter=1000)
    assert not converged


def test_a_pair_of_factors_gets_the_best_angle_there_is():
    rotated, converged = planar_varimax(CIRCLING)
    best = max(criterion(turned(angle)) for angle in np.linspace(0.0, np.pi, 20_001))
    assert converged
    # The grid is 1.6e-4 wide, and the criterion is flat at its top.
    assert criterion(rotated) == pytest.approx(best, abs=1e-6)
    assert criterion(rotated) >= best
    np.testing.assert_allclose(rotated @ rotated.T, CIRCLING @ CIRCLING.T, atol=1e-14)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_it_agrees_with_the_package_where_that_converges(k):
    rng = np.random.default_rng(k)
    loadings = np.kron(np.eye(k), np.ones((4, 1))) * 0.7 + 0.1 * rng.normal(size=(4 * k, k))
    mixed = loadings @ np.linalg.qr(rng.normal(size=(k, k)))[0]
    package, _, converged = rotate_with(mixed, "varimax", tol=1e-13, max_iter=5000)
    own, own_converged = planar_varimax(mixed)
    assert converged
    assert own_converged
    # Up to order and sign: one entry of size one in each row and column. The package stops on the
    # change of its criterion, which is the square of the change of the angle.
    same = np.abs(own.T @ package) / np.outer(
        np.linalg.norm(own, axis=0), np.linalg.norm(package, axis=0)
    )
    matched = np.sort(same, axis=1)[:, -1]
    np.testing.assert_allclose(matched, 1.0, atol=1e-6)


@pytest.mark.parametrize("seed", [8, 13, 29, 43])
def test_two_constructs_of_two_items_each(seed):
    rng = np.random.default_rng(seed)
    traits = rng.normal(size=(200, 2)) @ [[1.0, 0.5], [0.0, 0.8]]
    values = np.repeat(traits, 2, axis=1) + 0.7 * rng.normal(size=(200, 4))
    frame = pd.DataFrame(values, columns=["a1", "a2", "b1", "b2"])
    # With R's tolerance, the default, R's iteration may stop on the way round.
    solution = cs.efa(frame, n_factors=2, rotation_tol=1e-12)
    bare = cs.efa(frame, n_factors=2, rotation="none").loadings.to_numpy()
    length = np.linalg.norm(bare, axis=1, keepdims=True)
    angles = np.linspace(0.0, np.pi, 20_001)
    cos, sin = np.cos(angles), np.sin(angles)
    turns = np.moveaxis(np.array([[cos, -sin], [sin, cos]]), 2, 0)
    best = max(criterion(bare / length @ turn) for turn in turns)
    # Where the package converges, it does so within its tolerance of the top.
    assert criterion(solution.loadings.to_numpy() / length) >= best - 1e-9
