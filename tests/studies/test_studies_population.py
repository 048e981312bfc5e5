"""The population returns what it was built from; its completion has the largest determinant."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersem.errors import DataError
from clustersem.studies.cross_border.completion import maximum_determinant_completion
from clustersem.studies.cross_border.paper import loadings, marker, paths, published, value
from clustersem.studies.cross_border.populations import (
    construct_correlations,
    implied_covariance,
    population,
)


def test_completion_of_the_unprinted_correlations():
    found = construct_correlations()
    # Design of the study, section 7; recomputed here, printed with three decimals there.
    wanted = {(0, 1): 0.556, (0, 2): 0.538, (1, 2): 0.588, (3, 4): 0.531, (3, 5): 0.585}
    wanted[4, 5] = 0.563
    for (i, j), correlation in wanted.items():
        assert found[i, j] == pytest.approx(correlation, abs=5e-4)
        assert np.linalg.inv(found)[i, j] == pytest.approx(0.0, abs=1e-10)
    assert np.linalg.eigvalsh(found)[0] > 0


def test_zeros_for_the_unprinted_correlations_are_impossible():
    cross = construct_correlations()[:3, 3:]
    assert np.linalg.svd(cross)[1][0] == pytest.approx(1.89, abs=5e-3)  # above 1: not definite


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(3, 7))
def test_completion_keeps_what_is_given_and_has_the_largest_determinant(seed, p):
    rng = np.random.default_rng(seed)
    full = np.corrcoef(rng.normal(size=(p, 3 * p)))
    cells = [(i, j) for i in range(p) for j in range(i) if rng.random() < 0.5]
    found = maximum_determinant_completion(full, cells)
    mask = np.ones_like(full, dtype=bool)
    for i, j in cells:
        mask[i, j] = mask[j, i] = False
    np.testing.assert_array_equal(found[mask], full[mask])
    best = np.linalg.slogdet(found)[1]
    assert best >= np.linalg.slogdet(full)[1] - 1e-12
    for i, j in cells:
        nudged = found.copy()
        nudged[i, j] = nudged[j, i] = found[i, j] + 1e-4
        assert np.linalg.slogdet(nudged)[1] < best


def test_completion_that_does_not_exist_is_an_error():
    impossible = np.array([[1, 0.9, 0], [0.9, 1, -0.9], [0, -0.9, 1.0]])
    impossible[0, 2] = impossible[2, 0] = 0.9
    ring = np.eye(4)
    for i, j, r in ((0, 1, 0.99), (1, 2, 0.99), (2, 3, 0.99), (0, 3, -0.99)):
        ring[i, j] = ring[j, i] = r
    with pytest.raises(DataError, match="no positive definite"):
        maximum_determinant_completion(ring, [(0, 2), (1, 3)])
    with pytest.raises(DataError, match="no positive definite"):
        maximum_determinant_completion(impossible, [])


def test_explained_variance_of_the_outcomes():
    found = population()
    assert found.r_squared("A1") == pytest.approx(0.559, abs=5e-4)
    assert found.r_squared("A2") == pytest.approx(0.748, abs=5e-4)
    np.testing.assert_allclose(np.diag(found.latent_correlation), 1.0, atol=1e-12)
    np.testing.assert_allclose(np.diag(found.correlation), 1.0, atol=1e-12)


def test_h16_is_a_correlation_of_disturbances():
    found = population()
    psi = found.disturbances
    assert psi[6, 7] / np.sqrt(psi[6, 6] * psi[7, 7]) == pytest.approx(0.472)
    assert found.latent_correlation[6, 7] == pytest.approx(0.715, abs=5e-4)


def test_residual_correlations_enter_where_they_are_asked_for():
    plain, correlated = population(), population({("C2", "C3"): 0.5})
    change = correlated.correlation - plain.correlation
    i, j = plain.items.index("C2"), plain.items.index("C3")
    assert change[i, j] == pytest.approx(0.5 * np.sqrt((1 - 0.733**2) * (1 - 0.815**2)))
    change[i, j] = change[j, i] = 0
    np.testing.assert_array_equal(change, 0)


def test_scale_is_that_of_the_printed_unstandardised_estimates():
    frame, paper = implied_covariance(), published()
    sd = np.sqrt(np.diag(frame))
    assert sd.min() > 0.58
    assert sd.max() < 1.32
    sd = dict(zip(frame.columns, sd, strict=True))
    latent = {name: value(marker(name).std) * sd[marker(name).rhs] for name in paper.construct}
    for row in loadings(paper):
        found = value(row.std) * sd[row.rhs] / latent[row.lhs]
        assert found == pytest.approx(value(row.est))
    for row in paths(paper):
        if row.op == "~":
            found = value(row.std) * latent[row.lhs] / latent[row.rhs]
            assert found == pytest.approx(value(row.est))


def test_arrays_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        population().loadings[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        construct_correlations()[0, 1] = 0.0
