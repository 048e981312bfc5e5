"""Patterns of missing answers, pairwise moments, and the arrangement of incomplete data."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.incomplete import gappy, log_likelihood

from clustersem.moments.incomplete import arrange, arrange_rows
from clustersem.moments.patterns import (
    missing_patterns,
    never_together,
    pairwise_moments,
)


@pytest.mark.parametrize("p", [2, 9, 70])  # 70: more variables than a machine word has bits
def test_every_row_is_in_the_pattern_that_it_shows(p):
    data = gappy(1, p, n=5 * p + 10)
    patterns = missing_patterns(data)
    assert sorted(np.concatenate(patterns.rows).tolist()) == list(range(len(data)))
    assert patterns.counts.sum() == len(data)
    for seen, rows in zip(patterns.observed, patterns.rows, strict=True):
        assert (~np.isnan(data[rows]) == seen).all()
        assert (np.diff(rows) > 0).all()
    assert len(np.unique(patterns.observed, axis=0)) == len(patterns.observed)
    gaps = (~patterns.observed).sum(axis=1)
    assert (np.diff(gaps) >= 0).all()


def test_patterns_do_not_depend_on_the_order_of_rows():
    data = gappy(2, 6)
    shuffled = data[np.random.default_rng(0).permutation(len(data))]
    one, other = missing_patterns(data), missing_patterns(shuffled)
    np.testing.assert_array_equal(one.observed, other.observed)
    np.testing.assert_array_equal(one.counts, other.counts)


def test_rows_without_answers_are_in_no_pattern():
    data = gappy(3, 4)
    data[[5, 9]] = np.nan
    assert missing_patterns(data).counts.sum() == len(data) - 2
    nothing = missing_patterns(np.full((3, 2), np.nan))
    assert nothing.observed.shape == (0, 2)
    assert nothing.rows == ()


def test_pairwise_moments_use_all_rows_that_hold_the_pair():
    data = gappy(4, 5) + 1e6  # a large mean must not cost digits
    moments = pairwise_moments(data)
    n = len(data)
    for j in range(5):
        assert moments.mean[j] == pytest.approx(np.nanmean(data[:, j]), rel=1e-14)
        for k in range(5):
            both = data[~np.isnan(data[:, [j, k]]).any(axis=1)][:, [j, k]]
            assert moments.counts[j, k] == len(both)
            wanted = np.cov(both.T)[0, 1] * (n - 1) / n
            # Answers near 1e6 hold 1e-10 of a unit; a covariance sums a few dozen products.
            assert moments.cov[j, k] == pytest.approx(wanted, abs=1e-8)


def test_pairwise_moments_of_a_pair_that_is_never_together_are_not_numbers():
    data = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, 3.0], [np.nan, 5.0]])
    moments = pairwise_moments(data)
    assert np.isnan(moments.cov[0, 1])
    assert np.isfinite(moments.cov.diagonal()).all()
    assert never_together(missing_patterns(data).observed).tolist() == [[0, 1]]


def test_pairwise_moments_without_gaps_have_divisor_n():
    data = np.random.default_rng(5).standard_normal((30, 3))
    np.testing.assert_allclose(pairwise_moments(data).cov, np.cov(data.T, bias=True), rtol=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_likelihood_and_expectations_against_the_definition(seed):
    p = 5
    data = gappy(seed, p, n=80)
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((p, p + 3))
    cov, mean = root @ root.T, rng.standard_normal(p)
    patterns = missing_patterns(data)
    by_rows = arrange_rows(data, patterns)
    by_patterns = arrange(data, patterns)
    assert len(by_patterns.values) < len(by_rows.values)  # or the shortcut is not tested
    done, short = by_rows.complete(mean, cov), by_patterns.complete(mean, cov)
    told = log_likelihood(data, mean, cov).sum()
    assert done.log_likelihood == pytest.approx(told, rel=1e-13)
    assert short.log_likelihood == pytest.approx(told, rel=1e-13)
    uncertainty = np.zeros((p, p))
    for i, row in enumerate(data):
        o = ~np.isnan(row)
        regression = np.linalg.solve(cov[np.ix_(o, o)], cov[np.ix_(o, ~o)])
        filled = row - mean
        filled[~o] = filled[o] @ regression
        np.testing.assert_allclose(done.filled[i], filled, rtol=0, atol=1e-12)
        uncertainty[np.ix_(~o, ~o)] += cov[np.ix_(~o, ~o)] - cov[np.ix_(~o, o)] @ regression
    np.testing.assert_allclose(done.uncertainty, uncertainty, rtol=0, atol=1e-11)
    np.testing.assert_allclose(short.uncertainty, uncertainty, rtol=0, atol=1e-11)
    np.testing.assert_allclose(short.cov, done.cov, rtol=0, atol=1e-12)
    np.testing.assert_allclose(short.shift, done.shift, rtol=0, atol=1e-13)


def test_weights_stand_for_repeated_rows():
    data = gappy(6, 4)
    times = np.random.default_rng(6).integers(1, 4, len(data))
    repeated = np.repeat(data, times, axis=0)
    weighted = arrange(data, missing_patterns(data), times.astype(float))
    plain = arrange(repeated, missing_patterns(repeated))
    mean, cov = np.zeros(4), np.eye(4) + 0.2
    one, other = weighted.complete(mean, cov), plain.complete(mean, cov)
    assert weighted.n_obs == plain.n_obs == times.sum()
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(one.cov, other.cov, rtol=1e-12)


def test_a_matrix_that_is_not_positive_definite_completes_nothing():
    data = gappy(7, 3)
    arranged = arrange(data, missing_patterns(data))
    assert arranged.complete(np.zeros(3), np.diag([1.0, -1.0, 1.0])) is None
    assert arranged.complete(np.full(3, np.nan), np.eye(3)) is None
