"""Misfit lies where it should: the estimates stay, the discrepancy is what is asked for."""

from dataclasses import replace

import numpy as np
import pytest

from clustersem.studies.cross_border.design import (
    RESIDUAL_CORRELATIONS,
    Goals,
    answer_covariance,
    component_summary,
)
from clustersem.studies.cross_border.misfit import misfit_space, tangents
from clustersem.studies.cross_border.paper import modifications
from clustersem.studies.cross_border.populations import population

FREED = modifications()


@pytest.fixture(scope="module")
def source():
    return population(RESIDUAL_CORRELATIONS)


@pytest.fixture(scope="module")
def space(source):
    return misfit_space(source, FREED)


def discrepancy(moments, model):
    ratio = np.linalg.solve(model, moments)
    return np.trace(ratio) - np.linalg.slogdet(ratio)[1] - len(model)


def gradient(moments, source):
    inverse = np.linalg.inv(source.correlation)
    weight = inverse @ (source.correlation - moments) @ inverse
    return np.einsum("kij,ij->k", tangents(source, FREED), weight)


def test_tangents_against_finite_differences(source):
    found = tangents(source, FREED)
    assert found.shape == (79, 26, 26)
    assert np.linalg.matrix_rank(found.reshape(79, -1)) == 79
    h = 1e-6

    def moved(name, i, j, symmetric):
        ends = []
        for sign in (1, -1):
            array = np.array(getattr(source, name))
            array[i, j] += sign * h
            if symmetric and i != j:
                array[j, i] += sign * h
            ends.append(replace(source, **{name: array}).correlation)
        return (ends[0] - ends[1]) / (2 * h)

    cells = [("loadings", i, int(np.argmax(source.loadings[i])), False) for i in range(26)]
    cells += [("regressions", i, j, False) for i, j in np.argwhere(source.regressions)]
    cells += [("disturbances", i, j, True) for i in range(6) for j in range(i)]
    cells += [("disturbances", 7, 6, True)]
    cells += [("residuals", i, i, True) for i in range(26)]
    cells += [("residuals", source.items.index(a), source.items.index(b), True) for a, b in FREED]
    for tangent, cell in zip(found, cells, strict=True):
        np.testing.assert_allclose(tangent, moved(*cell), atol=1e-8)


def test_misfit_has_one_dimension_for_each_degree_of_freedom(space):
    assert len(space.whitened) == 272
    flat = space.whitened.reshape(272, -1)
    np.testing.assert_allclose(flat @ flat.T, np.eye(272), atol=1e-10)


def test_misfit_leaves_the_gradient_at_zero_and_gives_its_discrepancy(source, space):
    v = np.random.default_rng(7).normal(size=272) * 0.05
    moments = space.moments(v)
    assert np.abs(gradient(moments, source)).max() < 1e-10
    assert space.discrepancy(v) == pytest.approx(discrepancy(moments, source.correlation))
    assert space.discrepancy(1e-3 * v) == pytest.approx(1e-6 * (v @ v) / 2, rel=1e-3)


def test_moments_that_are_not_definite_have_infinite_discrepancy(space):
    assert space.discrepancy(np.full(272, 1.0)) == np.inf


def test_shipped_design_keeps_the_printed_estimates_at_the_printed_chi2(source):
    moments = answer_covariance().to_numpy() / np.outer(source.item_sd, source.item_sd)
    # The file has eight decimals; the gradient is a sum of some hundred of its cells.
    assert np.abs(gradient(moments, source)).max() < 1e-5
    assert 481 * discrepancy(moments, source.correlation) / 272 == pytest.approx(2.730, abs=1e-4)


def test_shipped_design_is_an_optimum_of_its_goals(source, space):
    target = 2.730 * 272 / 481
    goals = Goals(source, space, target)
    moments = answer_covariance().to_numpy() / np.outer(source.item_sd, source.item_sd)
    half = np.linalg.inv(space.root)
    x = half @ moments @ half.T - np.eye(26)
    v = np.einsum("kij,ij->k", space.whitened, x)
    np.testing.assert_allclose(space.moments(v), moments, atol=1e-6)
    cost = 0.5 * (goals.residuals(v) ** 2).sum()
    # No random step of the same discrepancy's size improves by as much as one per cent.
    rng = np.random.default_rng(1)
    for _ in range(20):
        step = rng.normal(size=272)
        step *= 0.05 / np.linalg.norm(step)
        assert 0.5 * (goals.residuals(v + step) ** 2).sum() > 0.99 * cost
    # Without misfit the goals are far away.
    assert cost < 0.2 * 0.5 * (goals.residuals(np.zeros(272)) ** 2).sum()


def test_derivatives_of_the_goals(source, space):
    goals = Goals(source, space, 1.5)
    v = np.random.default_rng(3).normal(size=272) * 0.09
    analytic = goals.jacobian(v)
    for k in (0, 100, 271):
        step = np.zeros(272)
        step[k] = 1e-5
        numeric = (goals.residuals(v + step) - goals.residuals(v - step)) / 2e-5
        np.testing.assert_allclose(analytic[:, k], numeric, atol=1e-6)


def test_component_summary_of_a_clear_structure():
    loadings = np.array([[0.8, 0.0], [0.7, 0.0], [0.9, 0.0], [0.0, 0.6], [0.0, 0.9]])
    correlation = loadings @ loadings.T
    np.fill_diagonal(correlation, 1.0)
    summary = component_summary(correlation, ["A", "A", "A", "B", "B"])
    values = np.linalg.eigvalsh(correlation)
    assert summary[-1] == pytest.approx(values[-2] - values[-3])
    # Unconnected blocks: varimax leaves each block's own first component.
    for rows in (slice(0, 3), slice(3, 5)):
        block = correlation[rows, rows]
        value, vector = np.linalg.eigh(block)
        np.testing.assert_allclose(
            summary[:-1][rows], np.abs(vector[:, -1]) * np.sqrt(value[-1]), atol=1e-8
        )


def test_component_summary_works_on_stacks(source):
    stack = np.stack([source.correlation[:4, :4], source.correlation[4:8, 4:8]])
    together = component_summary(stack, ["A", "A", "B", "B"])
    for matrix, row in zip(stack, together, strict=True):
        np.testing.assert_allclose(component_summary(matrix, ["A", "A", "B", "B"]), row, atol=1e-9)
