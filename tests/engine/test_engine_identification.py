"""The null space of the information, score tests and starting values."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.random_ram import alone, random_ram, random_sample, sample_at

from clustersem.engine.discrepancy import cholesky, log_det
from clustersem.engine.identification import null_space
from clustersem.engine.inference import parameter_covariance
from clustersem.engine.likelihood import MaximumLikelihood
from clustersem.engine.optimiser import minimise, minimise_from
from clustersem.engine.ram import COVARIANCE, PATH, Cells, Ram, evaluate
from clustersem.engine.score_test import score_tests
from clustersem.engine.starts import cautious_values, starting_values


def two_factors(*, first_loading_free: bool) -> Ram:
    """Two correlated factors with three items each; the first one perhaps without a scale."""
    cells = [(PATH, i, 6 + i // 3) for i in range(6) if i not in (0, 3)]
    cells += [(COVARIANCE, i, i) for i in range(8)] + [(COVARIANCE, 6, 7)]
    if first_loading_free:
        cells.append((PATH, 0, 6))
    kind, row, col = (np.array(c, dtype=np.intp) for c in zip(*cells, strict=True))
    a0 = np.zeros((8, 8))
    a0[3, 7] = 1.0
    if not first_loading_free:
        a0[0, 6] = 1.0
    q = np.arange(len(cells), dtype=np.intp)
    return Ram(6, len(q), Cells(kind, row, col, 8), q, a0, np.zeros((8, 8)), np.zeros(8), False)


def test_null_space_names_the_loadings_and_the_variance_of_a_factor_without_a_scale():
    model = two_factors(first_loading_free=True)
    theta = np.where(model.cells.row == model.cells.col, 1.0, 0.5)
    objective = alone(model, random_sample(1, 6))
    expected = objective.expected(objective.at(theta))
    involved = null_space(expected)
    cells = {
        (int(k), int(r), int(c))
        for k, r, c in zip(
            model.cells.kind[involved],
            model.cells.row[involved],
            model.cells.col[involved],
            strict=True,
        )
    }
    assert cells == {
        (PATH, 0, 6),
        (PATH, 1, 6),
        (PATH, 2, 6),
        (COVARIANCE, 6, 6),
        (COVARIANCE, 6, 7),
    }
    vcov, same = parameter_covariance(expected, 100.0)
    assert list(same) == list(involved)
    unaffected = np.setdiff1d(np.arange(len(theta)), involved)
    assert np.isnan(vcov.diagonal()[involved]).all()
    assert (vcov.diagonal()[unaffected] > 0).all()


def test_an_identified_model_has_an_empty_null_space_at_every_scale():
    model = two_factors(first_loading_free=False)
    theta = np.where(model.cells.row == model.cells.col, 1.0, 0.5)
    objective = alone(model, random_sample(1, 6))
    h = objective.expected(objective.at(theta))
    assert null_space(h).size == 0
    scale = np.logspace(-6, 6, len(h))
    assert null_space(h * np.outer(scale, scale)).size == 0
    vcov, involved = parameter_covariance(h, 100.0)
    assert involved.size == 0
    np.testing.assert_allclose(vcov, np.linalg.inv(h) * 2 / 100, rtol=1e-10, atol=1e-15)


def test_a_parameter_without_effect_is_named():
    assert list(null_space(np.diag([1.0, 0.0, 2.0]))) == [1]


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("means", [False, True])
def test_starting_values_make_sigma_positive_definite(seed, means):
    model, _ = random_ram(seed, means=means)
    sample = random_sample(seed, model.n_observed)
    start = starting_values(model, sample.cov, sample.mean, np.full(model.n_free, np.nan))
    assert np.isfinite(start).all()
    point = evaluate(model, start)
    assert point is not None
    assert cholesky(point.sigma) is not None


def test_given_starting_values_are_kept():
    model = two_factors(first_loading_free=False)
    sample = random_sample(1, 6)
    given = np.full(model.n_free, np.nan)
    given[0] = 0.123
    assert starting_values(model, sample.cov, sample.mean, given)[0] == 0.123


def test_from_exact_moments_the_optimiser_returns_the_parameters():
    model = two_factors(first_loading_free=False)
    theta = np.where(model.cells.row == model.cells.col, 1.2, 0.5)
    sample = sample_at(model, theta)
    start = starting_values(model, sample.cov, sample.mean, np.full(model.n_free, np.nan))
    optimum = minimise(alone(model, sample), start)
    assert optimum.code == "converged"
    np.testing.assert_allclose(optimum.theta, theta, rtol=1e-9)
    np.testing.assert_allclose(
        optimum.gradient, alone(model, sample).gradient(optimum.at), rtol=0, atol=1e-12
    )


def test_the_optimiser_says_when_it_stops_early_and_when_it_cannot_start():
    model = two_factors(first_loading_free=False)
    sample = random_sample(2, 6)
    start = starting_values(model, sample.cov, sample.mean, np.full(model.n_free, np.nan))
    stopped = minimise(alone(model, sample), start, max_iterations=1)
    assert stopped.code == "max_iterations"
    assert stopped.iterations == 1
    assert stopped.decrement > 1e-14
    nowhere = minimise(alone(model, sample), -np.ones_like(start))
    assert nowhere.code == "no_start"
    assert nowhere.at is None


def test_a_second_start_takes_over_where_the_first_fails():
    model = two_factors(first_loading_free=False)
    theta = np.where(model.cells.row == model.cells.col, 1.2, 0.5)
    sample = sample_at(model, theta)
    start = starting_values(model, sample.cov, sample.mean, np.full(model.n_free, np.nan))
    second = cautious_values(model, sample.cov, start, np.full(model.n_free, np.nan))
    nowhere = -np.ones_like(start)
    found = minimise_from(alone(model, sample), nowhere, lambda: second)
    assert found.code == "converged"
    np.testing.assert_allclose(found.theta, theta, rtol=1e-8)
    assert minimise_from(alone(model, sample), start, lambda: nowhere).code == "converged"
    assert minimise_from(alone(model, sample), nowhere, lambda: nowhere).code == "no_start"


def test_the_cautious_start_keeps_what_the_user_gave():
    model = two_factors(first_loading_free=False)
    sample = random_sample(1, 6)
    given = np.full(model.n_free, np.nan)
    given[0] = 0.9
    start = starting_values(model, sample.cov, sample.mean, given)
    second = cautious_values(model, sample.cov, start, given)
    assert second[0] == 0.9
    np.testing.assert_allclose(second[1], 0.5 * start[1])


def test_score_tests_are_newton_steps_of_a_model_with_one_more_cell():
    # By definition: the score statistic of the larger model at the smaller one's estimates.
    model = two_factors(first_loading_free=False)
    right = sample_at(model, np.where(model.cells.row == model.cells.col, 1.2, 0.5))
    cov = right.cov.copy()
    cov[0, 4] = cov[4, 0] = cov[0, 4] + 0.2
    sample = MaximumLikelihood(cov, right.mean, log_det(cholesky(cov)))
    start = starting_values(model, sample.cov, sample.mean, np.full(model.n_free, np.nan))
    optimum = minimise(alone(model, sample), start)
    extra = Cells(np.array([PATH, COVARIANCE]), np.array([1, 0]), np.array([7, 4]), 8)
    mi, epc = score_tests(alone(model, sample), optimum.at, optimum.hessian, 0, extra, 200.0)
    for c in range(2):
        kind, row, col = (
            np.append(getattr(model.cells, name), getattr(extra, name)[c])
            for name in ("kind", "row", "col")
        )
        larger = Ram(
            6,
            model.n_free + 1,
            Cells(kind, row, col, 8),
            np.arange(model.n_free + 1),
            model.a0,
            model.s0,
            model.m0,
            False,
        )
        theta = np.append(optimum.theta, 0.0)
        objective = alone(larger, sample)
        at = objective.at(theta)
        g, h = objective.gradient(at), objective.expected(at)
        step = -np.linalg.solve(h, g)
        assert epc[c] == pytest.approx(step[-1], rel=1e-8)
        assert mi[c] == pytest.approx(100.0 * g @ np.linalg.solve(h, g), rel=1e-8)
