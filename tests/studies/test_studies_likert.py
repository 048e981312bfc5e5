"""Rounded normal responses have the moments that were asked for."""

import numpy as np
import pytest
from scipy import integrate, stats

from clustersem.studies.cross_border.likert import (
    ANSWERS,
    discretise,
    latent_correlation,
    likert_item,
    nearest_definite,
)


@pytest.mark.parametrize(("mean", "sd"), [(3.4, 0.58), (3.9, 1.0), (3.6, 1.32), (3.0, 0.9)])
def test_mean_and_deviation(mean, sd):
    item = likert_item(mean, sd)
    assert item.probabilities.sum() == pytest.approx(1.0)
    assert item.probabilities @ ANSWERS == pytest.approx(mean)
    assert item.probabilities @ (ANSWERS - mean) ** 2 == pytest.approx(sd**2)
    assert 0 < item.coarseness < 0.3


def test_impossible_moments_are_refused():
    with pytest.raises(ValueError, match="no rounded normal response"):
        likert_item(4.9, 1.9)


def test_first_coefficient_is_the_correlation_with_the_response():
    item = likert_item(3.7, 0.8)
    steps = np.concatenate([[-np.inf], item.thresholds, [np.inf]])
    covariance = sum(
        a * integrate.quad(lambda z: z * stats.norm.pdf(z), lo, hi)[0]
        for a, lo, hi in zip(ANSWERS, steps[:-1], steps[1:], strict=True)
    )
    assert item.coefficients[0] == pytest.approx(covariance / 0.8, abs=1e-9)
    # Parseval: all degrees together give 1; those of steps fall off slowly.
    assert 0.97 < (item.coefficients**2).sum() < 1.0


@pytest.mark.parametrize("wanted", [-0.35, 0.1, 0.62, 0.83])
def test_latent_correlation_against_bivariate_normal_probabilities(wanted):
    items = [likert_item(3.45, 0.7), likert_item(3.8, 1.1)]
    rho = latent_correlation(np.array([[1, wanted], [wanted, 1.0]]), items)[0, 1]
    grids = [np.concatenate([[-9.0], item.thresholds, [9.0]]) for item in items]
    cdf = stats.multivariate_normal(cov=[[1, rho], [rho, 1]]).cdf
    surface = np.array([[cdf([a, b]) for b in grids[1]] for a in grids[0]])
    cells = np.diff(np.diff(surface, axis=0), axis=1)
    product = ANSWERS @ cells @ ANSWERS
    found = (product - 3.45 * 3.8) / (0.7 * 1.1)
    assert found == pytest.approx(wanted, abs=1e-6)  # accuracy of the bivariate integral


def test_discretise_gives_the_designed_frequencies():
    items = [likert_item(3.5, 1.0), likert_item(3.8, 0.7)]
    responses = np.random.default_rng(1).standard_t(3, size=(1000, 2))
    answers = discretise(responses, items)
    for j, item in enumerate(items):
        counts = np.bincount(answers[:, j].astype(int), minlength=6)[1:]
        np.testing.assert_allclose(counts, 1000 * item.probabilities, atol=1.0)
        order = np.argsort(responses[:, j])
        assert (np.diff(answers[order, j]) >= 0).all()


def test_nearest_definite_is_a_correlation_matrix():
    broken = np.array([[1, 0.9, 0.2], [0.9, 1, 0.9], [0.2, 0.9, 1.0]])
    fixed = nearest_definite(broken, smallest=0.01)
    assert np.linalg.eigvalsh(broken)[0] < 0
    assert np.linalg.eigvalsh(fixed)[0] > 0.005
    np.testing.assert_allclose(np.diag(fixed), 1.0)
    fine = np.array([[1, 0.3], [0.3, 1.0]])
    np.testing.assert_allclose(nearest_definite(fine, smallest=0.01), fine, atol=1e-12)
