"""The statistics of a resample are those of its rows as data of their own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from helpers.reference import data

from clustersem.errors import DataError, UnsupportedError
from clustersem.moments import moments_from_cov, samples_from_data
from clustersem.moments.resampled import resampled

ITEMS = [f"x{i}" for i in range(1, 7)]


def answers(*, cut=False, gaps=0.0):
    """Answers with a weight, a cluster and an age; if `cut`, in three categories."""
    frame = data("holzinger1939")[[*ITEMS, "ageyr", "school"]].copy()
    generator = np.random.default_rng(4)
    if cut:
        limits = frame[ITEMS].quantile([0.3, 0.8]).to_numpy()
        frame[ITEMS] = 1.0 + (frame[ITEMS].to_numpy()[:, :, None] > limits.T).sum(axis=2)
    frame[ITEMS] = frame[ITEMS].mask(generator.random((len(frame), len(ITEMS))) < gaps)
    frame["weight"] = generator.uniform(0.5, 2.0, len(frame))
    frame["class"] = generator.integers(0, 30, len(frame))
    return frame


CASES = {
    "complete": ({}, {}),
    "weights": ({}, {"weights": "weight", "cluster": "class"}),
    "listwise": ({"gaps": 0.02}, {}),
    "pairwise": ({"gaps": 0.05}, {"missing": "pairwise"}),
    "full information": ({"gaps": 0.05}, {"missing": "ml"}),
    "full information, weights": ({"gaps": 0.05}, {"missing": "ml", "weights": "weight"}),
    "ordinal": ({"cut": True}, {"ordered": ITEMS}),
    "ordinal, weights": ({"cut": True}, {"ordered": ITEMS, "weights": "weight"}),
    "ordinal, gaps": ({"cut": True, "gaps": 0.05}, {"ordered": ITEMS, "missing": "pairwise"}),
    "mixed": ({"cut": True}, {"ordered": ITEMS[:3]}),
    "covariate": ({"cut": True}, {"ordered": ITEMS, "exogenous": ["ageyr"]}),
}


def numbers(sample):
    """Every number of a sample."""
    found = {"cov": sample.cov, "mean": sample.mean, "data": sample.data, "total": sample.total}
    for name in ("weights", "cluster"):
        if getattr(sample, name) is not None:
            found[name] = getattr(sample, name)
    if sample.patterns is not None:
        found["observed"] = sample.patterns.observed
        found["patterns"] = np.concatenate(sample.patterns.rows)
    if sample.ordinal is not None:
        found["moments"], found["gamma"] = sample.ordinal.values, sample.ordinal.gamma
        found["categories"] = np.concatenate(sample.ordinal.categories)
    return found


def made(name):
    made_with, options = CASES[name]
    frame = answers(**made_with)
    names = [*ITEMS, *options.get("exogenous", ())]
    (sample,) = samples_from_data(frame, names, **options)
    return frame, names, options, sample


@pytest.mark.parametrize("name", CASES)
def test_all_rows_in_their_order_make_the_same_sample(name):
    *_, sample = made(name)
    again = numbers(resampled(sample, np.arange(sample.n_obs)))
    for what, number in numbers(sample).items():
        # Clusters are numbered anew; weights are divided by their own mean of one.
        tolerance = 1e-15 if "weights" in name else 0.0
        np.testing.assert_allclose(again[what], number, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", CASES)
def test_any_rows_make_the_sample_of_these_rows(name):
    frame, names, options, sample = made(name)
    rows = np.random.default_rng(7).integers(0, sample.n_obs, sample.n_obs)
    places = frame.index.get_indexer(sample.index[rows])
    (expected,) = samples_from_data(frame.iloc[places], names, **options)
    drawn = resampled(sample, rows)
    assert drawn.n_obs == sample.n_obs
    assert drawn.index.tolist() == expected.index.tolist()
    found = numbers(drawn)
    for what, number in numbers(expected).items():
        if what == "cluster":
            assert len(np.unique(np.column_stack([found[what], number]), axis=0)) == 1 + max(number)
            assert found[what].max() == number.max()
        else:
            np.testing.assert_allclose(found[what], number, rtol=1e-12, atol=1e-12)


def test_of_gamma_only_what_is_asked_for_is_known():
    frame = answers(cut=True)
    (sample,) = samples_from_data(frame, ITEMS, ordered=ITEMS)
    rows = np.random.default_rng(8).integers(0, sample.n_obs, sample.n_obs)
    whole = resampled(sample, rows).ordinal
    diagonal = resampled(sample, rows, asymptotic="diagonal").ordinal
    none = resampled(sample, rows, asymptotic="none").ordinal
    np.testing.assert_array_equal(diagonal.values, whole.values)
    np.testing.assert_array_equal(none.values, whole.values)
    np.testing.assert_allclose(diagonal.gamma.diagonal(), whole.gamma.diagonal(), rtol=1e-12)
    off = ~np.eye(len(whole.gamma), dtype=bool)
    assert np.isnan(diagonal.gamma[off]).all()
    assert np.isnan(none.gamma).all()


def test_the_copies_of_a_cluster_can_be_told_apart():
    *_, sample = made("weights")
    members = np.flatnonzero(sample.cluster < 20)
    twice = np.concatenate([members, members])
    copies = np.repeat([0, 20], len(members)) + sample.cluster[twice]
    assert resampled(sample, twice).cluster.max() == 19
    assert resampled(sample, twice, cluster=copies).cluster.max() == 39


def test_a_group_keeps_its_share_of_the_weights():
    frame = answers()
    samples = samples_from_data(frame, ITEMS, group="school", weights="weight")
    for sample in samples:
        rows = np.random.default_rng(9).integers(0, sample.n_obs, sample.n_obs)
        drawn = resampled(sample, rows)
        assert drawn.label == sample.label
        assert drawn.total == pytest.approx(sample.total, rel=1e-12)


def test_what_a_resample_can_lack():
    *_, sample = made("ordinal")
    middle = np.flatnonzero(sample.data[:, 0] < 3.0)
    with pytest.raises(DataError, match="a resample: nobody answered 3 to x1"):
        resampled(sample, middle)
    *_, sample = made("complete")
    with pytest.raises(DataError, match="a resample: every respondent gave the same answer to x1"):
        resampled(sample, np.zeros(50, dtype=int))
    with pytest.raises(DataError, match="a resample: the covariance matrix is singular"):
        resampled(sample, np.arange(5))


def test_a_covariance_matrix_cannot_be_resampled():
    sample = moments_from_cov(pd.DataFrame(np.eye(2), list("ab"), list("ab")), ["a", "b"], 100)
    with pytest.raises(UnsupportedError, match="there are no answers to resample"):
        resampled(sample, np.arange(10))
