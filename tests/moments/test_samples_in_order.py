"""A sample with its variables in another order is the sample of the data in that order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clustersem.moments import SampleMoments, samples_from_data
from clustersem.moments.order import MomentOrder

DATA = Path(__file__).parent.parent / "reference" / "data"
MIXED = ["o1", "x2", "o3", "x4", "o5"]
SHUFFLED = ["o5", "x4", "o1", "o3", "x2"]


def sample(names: list[str], **options: object) -> SampleMoments:
    file = "hs_ordinal_missing.csv" if options.get("missing") == "ml" else "hs_ordinal.csv"
    (found,) = samples_from_data(pd.read_csv(DATA / file), names, **options)  # type: ignore[arg-type]
    return found


def test_polychoric_statistics_follow_their_variables():
    ordered = ("o1", "o3", "o5")
    moved = sample(MIXED, ordered=ordered).in_order(tuple(SHUFFLED))
    direct = sample(SHUFFLED, ordered=ordered)
    assert moved.ordinal is not None
    assert direct.ordinal is not None
    assert moved.names == direct.names
    assert moved.ordinal.order == direct.ordinal.order
    # Each correlation is found by an iteration that stops at 1e-8 or so, from either side.
    np.testing.assert_allclose(moved.cov, direct.cov, atol=1e-7)
    np.testing.assert_allclose(moved.ordinal.values, direct.ordinal.values, atol=1e-7)
    np.testing.assert_allclose(moved.ordinal.gamma, direct.ordinal.gamma, atol=1e-5)
    for ours, theirs in zip(moved.ordinal.categories, direct.ordinal.categories, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_patterns_of_missing_answers_follow_their_variables():
    names = ["x1", "x2", "x3", "x4"]
    moved = sample(names, missing="ml").in_order(tuple(names[::-1]))
    assert moved.data is not None
    assert moved.patterns is not None
    for observed, rows in zip(moved.patterns.observed, moved.patterns.rows, strict=True):
        np.testing.assert_array_equal(
            ~np.isnan(moved.data[rows]), np.tile(observed, (len(rows), 1))
        )
    direct = sample(names[::-1], missing="ml")
    # EM stops when its steps are small.
    np.testing.assert_allclose(moved.cov, direct.cov, rtol=1e-6)
    np.testing.assert_allclose(moved.mean, direct.mean, rtol=1e-6)


def test_the_same_order_is_the_same_sample():
    same = sample(["x1", "x2"])
    assert same.in_order(("x1", "x2")) is same


@pytest.mark.parametrize("has_means", [True, False])
def test_there_and_back_again(has_means):
    order = MomentOrder((2, 0, 3, 0, 1), has_means)
    places = np.array([4, 1, 0, 3, 2])
    there, source = order.permuted(places)
    again, back = there.permuted(np.argsort(places))
    assert again == order
    assert sorted(source) == list(range(order.n_moments))
    np.testing.assert_array_equal(source[back], np.arange(order.n_moments))
