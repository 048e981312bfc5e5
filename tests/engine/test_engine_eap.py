"""Posterior modes against lavaan, posterior moments against numerical integration."""

from __future__ import annotations

import json

import numpy as np
import pytest
from helpers.reference import REFERENCE
from scipy import stats

from clustersem.engine import eap
from clustersem.engine.eap import Measurement, posterior_mode, posterior_moments, truncated

TOLD = json.loads((REFERENCE / "ordinal_scores.json").read_text())["cases"]


def told_measurement(name: str) -> tuple[Measurement, np.ndarray]:
    told = TOLD[name]
    thresholds = tuple(np.array(told["thresholds"].get(item, [])) for item in told["items"])
    measurement = Measurement(
        thresholds,
        np.array(told["lambda"]),
        np.array(told["theta"]),
        np.array(told["latent_mean"], dtype=float),
        np.array(told["latent_cov"]),
        np.array(told["intercepts"], dtype=float),
    )
    answers = np.array(told["answers"], dtype=float)
    answers[:, [len(cuts) > 0 for cuts in thresholds]] -= 1.0  # categories 1..6 are 0..5 here
    return measurement, answers


def random_measurement(seed: int, m: int, p: int, *, n: int = 30) -> tuple[Measurement, np.ndarray]:
    """Return a model with cross-loadings, latent means and unequal categories, and answers."""
    rng = np.random.default_rng(seed)
    loadings = rng.uniform(-0.3, 1.0, (p, m))
    half = rng.standard_normal((m, m)) * 0.3 + np.eye(m)
    measurement = Measurement(
        tuple(np.sort(rng.normal(0.0, 1.0, j % 4)) for j in range(p)),
        loadings,
        np.diag(rng.uniform(0.3, 1.0, p)),
        rng.normal(0.0, 0.5, m),
        half @ half.T,
        rng.normal(0.0, 0.3, p),
    )
    return measurement, draw(measurement, n, rng)


def draw(measurement: Measurement, n: int, rng: np.random.Generator) -> np.ndarray:
    eta = rng.multivariate_normal(measurement.latent_mean, measurement.latent_cov, n)
    noise = rng.multivariate_normal(
        np.zeros(len(measurement.loadings)), measurement.residual_cov, n
    )
    answers = measurement.intercepts + eta @ measurement.loadings.T + noise
    for j, cuts in enumerate(measurement.thresholds):
        if len(cuts):
            answers[:, j] = np.searchsorted(cuts, answers[:, j])
    return answers


@pytest.mark.parametrize("name", list(TOLD))
def test_modes_are_lavaans(name):
    measurement, answers = told_measurement(name)
    # lavaan stops where the objective, near 40, changes by less than 1e-8 of it. Its curvature is
    # about 5, so scores are right to a few times 1e-4.
    np.testing.assert_allclose(
        posterior_mode(measurement, answers), np.array(TOLD[name]["ebm"]), atol=3e-4
    )


@pytest.mark.parametrize(("m", "wide"), [(1, 4001), (2, 241), (3, 61)])
def test_moments_are_those_of_a_fine_grid(m, wide):
    measurement, answers = random_measurement(m, m, 9, n=6)
    answers[0, 1] = answers[1, 3] = np.nan
    mean, sd = posterior_moments(measurement, answers)
    # A product grid on the prior, with nothing of the approximation in it.
    points = np.linspace(-5.0, 5.0, wide)
    z = np.stack(np.meshgrid(*[points] * m, indexing="ij"), axis=-1).reshape(-1, m)
    eta = measurement.latent_mean + z @ np.linalg.cholesky(measurement.latent_cov).T
    centre = measurement.intercepts + eta @ measurement.loadings.T
    scale = np.sqrt(measurement.residual_cov.diagonal())
    for row, answer in enumerate(answers):
        weight = np.exp(-0.5 * (z**2).sum(axis=1))
        for j, cuts in enumerate(measurement.thresholds):
            if np.isnan(answer[j]):
                continue
            if len(cuts):
                edges = np.concatenate([[-np.inf], cuts, [np.inf]])
                low, high = (
                    stats.norm.cdf((edges[int(answer[j]) + k] - centre[:, j]) / scale[j])
                    for k in (0, 1)
                )
                weight *= high - low
            else:
                weight *= stats.norm.pdf(answer[j], centre[:, j], scale[j])
        weight /= weight.sum()
        expected = weight @ eta
        np.testing.assert_allclose(mean[row], expected, atol=1e-4)
        spread = np.sqrt(weight @ (eta - expected) ** 2)
        np.testing.assert_allclose(sd[row], spread, atol=2e-4)


@pytest.mark.parametrize("m", [2, 3])
def test_cross_loadings_cost_little_without_quadrature(m, monkeypatch):
    measurement, answers = random_measurement(10 + m, m, 8, n=200)
    mean, sd = posterior_moments(measurement, answers)
    monkeypatch.setattr(eap, "NODES", {})
    close_mean, close_sd = posterior_moments(measurement, answers)
    unit = np.sqrt(measurement.latent_cov.diagonal())
    # What the docstring promises of four latent variables and more.
    assert np.abs((close_mean - mean) / unit).max() < 0.005
    assert np.abs((close_sd - sd) / unit).max() < 0.02


@pytest.mark.parametrize(("m", "n_items"), [(2, 4), (2, 16), (3, 9)])
def test_items_of_one_factor_each_need_no_quadrature(m, n_items, monkeypatch):
    rng = np.random.default_rng(n_items)
    loadings = np.zeros((n_items, m))
    loadings[np.arange(n_items), np.arange(n_items) % m] = rng.uniform(0.5, 0.9, n_items)
    loadings[0] *= -1.0
    phi = 0.5 + 0.5 * np.eye(m)
    measurement = Measurement(
        tuple(np.sort(rng.normal(size=3)) for _ in range(n_items)),
        loadings,
        np.diag(1.0 - (loadings @ phi * loadings).sum(axis=1)),
        np.zeros(m),
        phi,
        np.zeros(n_items),
    )
    answers = draw(measurement, 150, rng)
    answers[rng.random(answers.shape) < 0.1] = np.nan
    mean, sd = posterior_moments(measurement, answers)
    # A fine grid over all latent variables.
    monkeypatch.setattr(eap, "NODES", {2: 25, 3: 13})
    monkeypatch.setattr(eap, "_directions", lambda found: (found, *_one_each(found)))
    exact_mean, exact_sd = posterior_moments(measurement, answers)
    np.testing.assert_allclose(mean, exact_mean, atol=2e-4)
    np.testing.assert_allclose(sd, exact_sd, atol=1e-3)


def _one_each(loadings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(len(loadings)), np.ones(len(loadings))


def test_continuous_items_alone_give_regression_scores():
    rng = np.random.default_rng(3)
    loadings = rng.uniform(0.4, 1.0, (12, 4))
    half = rng.standard_normal((12, 12)) * 0.2
    theta = np.diag(rng.uniform(0.5, 1.0, 12)) + half @ half.T
    phi = 0.3 + 0.7 * np.eye(4)
    for residuals in (np.diag(theta.diagonal()), theta):
        measurement = Measurement(
            ((),) * 12, loadings, residuals, rng.normal(size=4), phi, rng.normal(size=12)
        )
        answers = draw(measurement, 20, rng)
        sigma = loadings @ phi @ loadings.T + residuals
        weights = np.linalg.solve(sigma, loadings @ phi)
        centre = measurement.intercepts + loadings @ measurement.latent_mean
        expected = measurement.latent_mean + (answers - centre) @ weights
        mean, sd = posterior_moments(measurement, answers)
        np.testing.assert_allclose(mean, expected, atol=1e-9)
        variance = (phi - weights.T @ loadings @ phi).diagonal()
        np.testing.assert_allclose(sd, np.tile(np.sqrt(variance), (20, 1)), atol=1e-9)
        if measurement.independent:
            np.testing.assert_allclose(posterior_mode(measurement, answers), expected, atol=1e-9)


def test_covarying_residuals_are_as_good_as_another_latent_variable():
    measurement, answers = random_measurement(5, 1, 6, n=50)
    common = np.array([0.5, 0.5, 0, 0, 0, 0])
    correlated = Measurement(
        measurement.thresholds,
        measurement.loadings,
        measurement.residual_cov + np.outer(common, common),
        measurement.latent_mean,
        measurement.latent_cov,
        measurement.intercepts,
    )
    factor = Measurement(
        measurement.thresholds,
        np.column_stack([measurement.loadings, common]),
        measurement.residual_cov,
        np.append(measurement.latent_mean, 0.0),
        np.array([[measurement.latent_cov[0, 0], 0.0], [0.0, 1.0]]),
        measurement.intercepts,
    )
    mean, sd = posterior_moments(correlated, answers)
    exact_mean, exact_sd = posterior_moments(factor, answers)
    # One is expectation propagation, the other quadrature.
    np.testing.assert_allclose(mean, exact_mean[:, :1], atol=0.005)
    np.testing.assert_allclose(sd, exact_sd[:, :1], atol=0.02)
    with pytest.raises(ValueError, match="uncorrelated residuals"):
        posterior_mode(correlated, answers)


def test_recoding_units_and_empty_rows():
    measurement, answers = told_measurement("two")
    mean, sd = posterior_moments(measurement, answers)
    stretch = np.array([10.0, 0.1])
    stretched = Measurement(
        measurement.thresholds,
        measurement.loadings / stretch,
        measurement.residual_cov,
        measurement.latent_mean,
        measurement.latent_cov * np.outer(stretch, stretch),
        measurement.intercepts,
    )
    other_mean, other_sd = posterior_moments(stretched, answers)
    # The grid of the quadrature lies in other directions.
    np.testing.assert_allclose(other_mean / stretch, mean, atol=1e-5)
    np.testing.assert_allclose(other_sd / stretch, sd, atol=1e-5)
    empty = np.full((1, answers.shape[1]), np.nan)
    assert np.isnan(posterior_moments(measurement, empty)).all()
    assert np.isnan(posterior_mode(measurement, empty)).all()


def test_a_latent_variable_without_residual_is_no_special_case():
    measurement, answers = random_measurement(8, 2, 8, n=10)
    one = np.array([[1.0, 0.8], [0.8, 0.64]])  # the second is 0.8 times the first
    singular = Measurement(
        measurement.thresholds,
        measurement.loadings,
        measurement.residual_cov,
        np.zeros(2),
        one,
        measurement.intercepts,
    )
    mode, (mean, _) = posterior_mode(singular, answers), posterior_moments(singular, answers)
    np.testing.assert_allclose(mode[:, 1], 0.8 * mode[:, 0], atol=1e-7)
    np.testing.assert_allclose(mean[:, 1], 0.8 * mean[:, 0], atol=1e-7)
    with pytest.raises(ValueError, match="not admissible"):
        Measurement(
            measurement.thresholds,
            measurement.loadings,
            measurement.residual_cov,
            np.zeros(2),
            np.array([[1.0, 1.2], [1.2, 1.0]]),
            measurement.intercepts,
        )


def test_extreme_answers_have_a_finite_score():
    measurement, _ = told_measurement("two")
    extreme = np.array([[5.0] * 8, [0.0] * 8, [5.0, 0.0] * 4])
    mode, (mean, sd) = posterior_mode(measurement, extreme), posterior_moments(measurement, extreme)
    for numbers in (mode, mean, sd):
        assert np.isfinite(numbers).all()
    assert (sd > 0).all()


@pytest.mark.parametrize(
    ("a", "b"), [(-1.0, 0.5), (3.0, 4.0), (-np.inf, -2.0), (8.0, np.inf), (-9.0, -8.0)]
)
def test_truncated_normal_moments(a, b):
    log_p, mean, variance = truncated(np.array([a]), np.array([b]))
    told = stats.truncnorm(a, b)
    assert mean[0] == pytest.approx(told.mean(), rel=1e-9)
    # The variance is a difference of squares near a^2: some ten digits of it are left.
    assert variance[0] == pytest.approx(told.var(), rel=1e-6)
    if a > 0:
        a, b = -b, -a
    expected = np.log(stats.norm.cdf(b) - stats.norm.cdf(a))
    assert log_p[0] == pytest.approx(expected, rel=1e-12)
