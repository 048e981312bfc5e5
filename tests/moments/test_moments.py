"""Sufficient statistics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from helpers.reference import data

from clustersem.moments import moments_from_cov, moments_from_data

ITEMS = ["x3", "x1", "x7"]


def test_moments_are_those_of_the_complete_rows_in_the_order_asked_for():
    frame = data("holzinger1939_missing")
    complete = frame[ITEMS].dropna()
    moments = moments_from_data(frame, ITEMS)
    assert moments.names == tuple(ITEMS)
    assert (moments.n_obs, moments.n_rows) == (len(complete), 301)
    np.testing.assert_allclose(moments.mean, complete.mean(), rtol=1e-14)
    np.testing.assert_allclose(moments.cov, np.cov(complete.T, bias=True), rtol=1e-12)
    np.testing.assert_allclose(moments.unbiased_cov, complete.cov(), rtol=1e-12)
    np.testing.assert_allclose(moments.sd, complete.std(ddof=0), rtol=1e-12)


def test_moments_cannot_be_changed():
    frame = data("holzinger1939")[ITEMS].copy()
    before = frame.copy(deep=True)
    moments = moments_from_data(frame, ITEMS)
    for array in (moments.cov, moments.mean, moments.data):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0
    pd.testing.assert_frame_equal(frame, before)
    assert frame.to_numpy().flags.writeable or frame.equals(before)


def test_a_large_mean_does_not_cost_the_covariances():
    frame = data("holzinger1939")[ITEMS]
    moved = moments_from_data(frame + 1e8, ITEMS)
    # 1e8 leaves eight digits to the deviations.
    np.testing.assert_allclose(moved.cov, moments_from_data(frame, ITEMS).cov, rtol=1e-7)


def test_a_covariance_matrix_is_taken_to_have_the_divisor_n_minus_1():
    frame = data("holzinger1939")
    cov = frame[["x1", "x2", "x3", "x7"]].cov()
    moments = moments_from_cov(cov, ITEMS, 301)
    np.testing.assert_allclose(moments.cov, moments_from_data(frame, ITEMS).cov, rtol=1e-12)
    assert moments.mean is None
    assert moments.data is None
    array = cov.loc[ITEMS, ITEMS].to_numpy()
    np.testing.assert_allclose(moments_from_cov(array, ITEMS, 301).cov, moments.cov, rtol=1e-14)
    with_means = moments_from_cov(cov, ITEMS, 301, frame[["x7", "x3", "x1"]].mean())
    np.testing.assert_allclose(with_means.mean, frame[ITEMS].mean(), rtol=1e-14)


def test_row_numbers_for_row_labels_are_accepted():
    # A matrix read from a CSV file without its first column.
    cov = data("holzinger1939")[ITEMS].cov()
    plain = cov.reset_index(drop=True)
    np.testing.assert_array_equal(
        moments_from_cov(plain, ITEMS, 301).cov, moments_from_cov(cov, ITEMS, 301).cov
    )


def test_a_rounded_matrix_is_symmetric_enough():
    cov = data("holzinger1939")[ITEMS].cov()
    cov.iloc[0, 1] += 1e-9
    assert np.array_equal(*(lambda m: (m, m.T))(moments_from_cov(cov, ITEMS, 301).cov))


def test_a_frame_of_a_matrix_has_the_names_on_both_sides():
    moments = moments_from_data(data("holzinger1939"), ITEMS)
    frame = moments.frame(moments.cov)
    assert list(frame.index) == list(frame.columns) == ITEMS
