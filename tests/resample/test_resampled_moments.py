"""Moments from how often rows were drawn: those of the rows themselves."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from clustersem.resample import resampled_moments
from clustersem.resample.resampled_moments import Rows


def drawn(n=30, p=4, size=5, seed=0):
    """Return data, rows of resamples and how often each row was drawn."""
    rng = np.random.default_rng(seed)
    data = rng.standard_normal((n, p)) @ rng.standard_normal((p, p)) + [0.0, 5.0, -3.0, 100.0]
    rows = rng.integers(0, n, (size, n))
    return data, rows, np.array([np.bincount(own, minlength=n) for own in rows])


def test_they_are_those_of_the_rows():
    data, rows, counts = drawn()
    found = Rows(data, None).moments(counts)
    assert found.n_obs == 30.0
    for b, own in enumerate(rows):
        np.testing.assert_allclose(found.mean[b], data[own].mean(axis=0), rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(found.cov[b], np.cov(data[own].T, bias=True), rtol=1e-11)


def test_weights_go_with_their_rows():
    data, rows, counts = drawn(seed=3)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, 30)
    found = Rows(data, weights).moments(counts)
    for b, own in enumerate(rows):
        mean = np.average(data[own], axis=0, weights=weights[own])
        cov = np.cov(data[own].T, bias=True, aweights=weights[own])
        np.testing.assert_allclose(found.mean[b], mean, rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(found.cov[b], cov, rtol=1e-11)
    # A resample counts as many observations as the sample, whatever the weights drawn.
    assert found.n_obs == pytest.approx(weights.sum())


def test_a_resample_may_have_another_number_of_rows():
    data, _, _ = drawn()
    counts = np.zeros((2, 30), dtype=np.intp)
    counts[0, :7], counts[1, 3:10] = 1, 1
    found = Rows(data, None).moments(counts)
    assert found.n_obs == 7.0
    np.testing.assert_allclose(found.cov[1], np.cov(data[3:10].T, bias=True), rtol=1e-11)


def test_blocks_of_rows_add_up(monkeypatch):
    data, _, counts = drawn()
    whole = Rows(data, None).moments(counts)
    monkeypatch.setattr(resampled_moments, "LARGEST", 8 * 14 * 7)  # seven rows at a time
    parts = Rows(data, None).moments(counts)
    np.testing.assert_allclose(parts.cov, whole.cov, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-14)


def test_large_means_spoil_no_covariance():
    data, _, counts = drawn()
    plain, far = Rows(data, None).moments(counts), Rows(data + 1e9, None).moments(counts)
    # 1e9 leaves seven digits of every number; squares of means would leave none.
    np.testing.assert_allclose(far.cov, plain.cov, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("unit", [1e6, 1e-6])
def test_units_are_of_no_account(unit):
    data, _, counts = drawn()
    plain, scaled = Rows(data, None).moments(counts), Rows(data * unit, None).moments(counts)
    np.testing.assert_allclose(scaled.cov / unit**2, plain.cov, rtol=1e-12, atol=1e-12)


def test_what_was_given_is_not_written_to_and_tables_do_not_travel():
    data, _, counts = drawn()
    weights = np.ones(30)
    before = data.copy(), counts.copy()
    rows = Rows(data, weights)
    fresh = len(pickle.dumps(rows))
    rows.moments(counts)
    for now, then in zip((data, counts), before, strict=True):
        np.testing.assert_array_equal(now, then)
    np.testing.assert_array_equal(weights, 1.0)
    assert len(pickle.dumps(rows)) == fresh
    again = pickle.loads(pickle.dumps(rows)).moments(counts)
    np.testing.assert_array_equal(again.cov, rows.moments(counts).cov)


def test_a_constant_item_has_no_variance_and_no_covariances():
    data, _, counts = drawn()
    data[:, 1] = 0.1
    data[:, 2] = np.where(np.arange(30) == 4, 3.3, 0.7)
    counts[0, 4] = 0
    found = Rows(data, None).moments(counts)
    assert not found.cov[:, 1].any()
    assert not found.cov[:, :, 1].any()
    assert not found.cov[0, 2].any()
    has_it = counts[:, 4] > 0
    assert (found.cov[has_it, 2, 2] > 0.1).all()


def test_an_outlier_does_not_spoil_resamples_without_it():
    data, _, counts = drawn()
    counts[:, 4] = 0
    plain = Rows(data.copy(), None).moments(counts)
    data[4] = 1e12
    # The rows are centred where most of them are.
    np.testing.assert_allclose(Rows(data, None).moments(counts).cov, plain.cov, rtol=1e-12)
