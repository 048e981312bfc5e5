"""A box of correlation matrices holds one that is positive semidefinite, or a proof that not."""

import numpy as np
import pytest

from clustersem.audit.semidefinite import Inequality, find_correlation_matrix
from clustersem.studies.cross_border.completion import maximum_determinant_completion


def box(matrix, *, decimals=3, unprinted=()):
    rounded = np.round(matrix, decimals)
    half = 0.5 * 10.0**-decimals
    lower, upper = rounded - half, rounded + half
    for i, j in unprinted:
        lower[i, j] = lower[j, i] = -1.0
        upper[i, j] = upper[j, i] = 1.0
    return lower, upper


def random_correlations(rng, p, *, rank=None):
    factor = rng.normal(size=(p, rank or p + 2))
    covariance = factor @ factor.T
    sd = np.sqrt(np.diag(covariance))
    return covariance / np.outer(sd, sd)


def random_unprinted(rng, p, share):
    rows, cols = np.triu_indices(p, 1)
    return [(i, j) for i, j in zip(rows, cols, strict=True) if rng.random() < share]


def largest_over_corners(certificate, lower, upper, inequalities=()):
    """The largest value that tr(W R) and the inequalities take over the box, from scratch."""
    weights = certificate.dual.copy()
    constant = 0.0
    for multiplier, one in zip(certificate.multipliers, inequalities, strict=True):
        weights += multiplier * one.weights
        constant += multiplier * one.constant
    np.fill_diagonal(lower, 1.0)
    np.fill_diagonal(upper, 1.0)
    return constant + float(np.sum(np.maximum(weights * lower, weights * upper)))


@pytest.mark.parametrize("decimals", [2, 3, 4])
@pytest.mark.parametrize("p", [3, 6, 12])
def test_a_rounded_matrix_of_variables_is_found_whatever_is_left_out(p, decimals):
    rng = np.random.default_rng(p)
    for share in (0.0, 0.3, 0.7):
        for rank in (2, None):  # a singular matrix rounds to an indefinite one
            matrix = random_correlations(rng, p, rank=rank)
            lower, upper = box(matrix, decimals=decimals, unprinted=random_unprinted(rng, p, share))
            search = find_correlation_matrix(lower, upper)
            assert search.certificate is None
            assert np.linalg.eigvalsh(search.matrix)[0] >= -1e-12
            off = ~np.eye(p, dtype=bool)
            assert np.all(search.matrix[off] >= lower[off] - 1e-12)
            assert np.all(search.matrix[off] <= upper[off] + 1e-12)


@pytest.mark.parametrize("p", [3, 6, 12])
def test_an_impossible_matrix_has_a_proof_that_can_be_checked(p):
    rng = np.random.default_rng(p)
    for share in (0.0, 0.5):
        matrix = random_correlations(rng, p)
        matrix[:3, :3] = [[1.0, 0.9, 0.9], [0.9, 1.0, 0.5], [0.9, 0.5, 1.0]]
        unprinted = [(i, j) for i, j in random_unprinted(rng, p, share) if j > 2]
        lower, upper = box(matrix, unprinted=unprinted)
        certificate = find_correlation_matrix(lower, upper).certificate
        assert certificate is not None
        assert np.linalg.eigvalsh(certificate.dual)[0] >= 0.0
        bound = largest_over_corners(certificate, lower, upper)
        assert bound == pytest.approx(certificate.largest, abs=1e-12)
        assert bound < 0.0
        assert certificate.shift > 0.0


def test_moving_every_cell_by_less_than_the_shift_is_not_enough():
    matrix = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, 0.5], [0.9, 0.5, 1.0]])
    lower, upper = box(matrix)
    shift = find_correlation_matrix(lower, upper).certificate.shift
    assert find_correlation_matrix(lower - 0.9 * shift, upper + 0.9 * shift).certificate is not None
    # The determinant of (r, r, s) with all three moved towards one another: s = 2 r^2 - 1.
    exact = min(
        d for d in np.linspace(0.0, 0.1, 10001) if 0.5005 + d >= 2 * (0.8995 - d) ** 2 - 1.0
    )
    assert shift <= exact + 1e-5
    assert find_correlation_matrix(lower - exact, upper + exact).certificate is None


def test_what_the_largest_determinant_completes_is_completed_here_too():
    partial = np.eye(4)
    for i, j, r in ((0, 1, 0.8), (1, 2, 0.7), (2, 3, 0.6)):
        partial[i, j] = partial[j, i] = r
    free = [(0, 2), (0, 3), (1, 3)]
    whole = maximum_determinant_completion(partial, free)
    assert np.linalg.eigvalsh(whole)[0] > 0.0
    assert find_correlation_matrix(*box(partial, unprinted=free)).certificate is None


def test_inequalities_join_the_matrix():
    # Two causes with paths .8 and .8 explain 1.28 (1 + r), which must not exceed one.
    b = np.array([0.8, 0.8])
    below_one = Inequality(1.0, -np.outer(b, b))
    unknown = -np.ones((2, 2)), np.ones((2, 2))
    found = find_correlation_matrix(*unknown, inequalities=[below_one])
    assert found.certificate is None
    assert b @ found.matrix @ b <= 1.0 + 1e-12
    lower, upper = box(np.array([[1.0, 0.1], [0.1, 1.0]]))
    certificate = find_correlation_matrix(lower, upper, inequalities=[below_one]).certificate
    assert certificate is not None
    assert np.all(certificate.multipliers >= 0.0)
    bound = largest_over_corners(certificate, lower, upper, [below_one])
    assert bound == pytest.approx(certificate.largest, abs=1e-12)


def test_forty_variables():
    rng = np.random.default_rng(40)
    matrix = random_correlations(rng, 40)
    assert find_correlation_matrix(*box(matrix, decimals=2)).certificate is None
    matrix[0, 1] = matrix[1, 0] = matrix[0, 2] = matrix[2, 0] = 0.95
    matrix[1, 2] = matrix[2, 1] = -0.2
    assert find_correlation_matrix(*box(matrix, decimals=2)).certificate is not None
