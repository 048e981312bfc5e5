"""p values of bootstrap intervals."""

from __future__ import annotations

import numpy as np
import pytest

from clustersem.resample.intervals import intervals
from clustersem.resample.p_values import two_sided_p


@pytest.mark.parametrize("kind", ["percentile", "bc", "bca"])
def test_the_interval_at_one_less_p_ends_at_the_null_value(kind):
    rng = np.random.default_rng(1)
    t = rng.gamma(3.0, size=(1999, 3)) * [1, -1, 1] + [-1.2, 1.5, -0.7]
    t[::7, 1] = np.nan
    estimate = np.array([1.6, -1.3, 2.2])
    a = np.array([0.05, -0.03, 0.0])
    options = {"acceleration": a} if kind == "bca" else {}
    p = two_sided_p(estimate, t, bias_corrected=kind != "percentile", **options)
    assert ((p > 0.01) & (p < 0.9)).all()
    for k, one in enumerate(p):
        found = intervals(estimate, t, kind=kind, level=1 - one, acceleration=a)
        nearest = min(abs(found.lower[k]), abs(found.upper[k]))
        # Linear between neighbouring normal quantiles both ways; only rounding is left.
        assert nearest < 1e-10


def test_p_values_are_no_smaller_than_the_resamples_can_tell():
    t = np.random.default_rng(2).random((199, 1)) + 1
    assert two_sided_p(np.array([1.5]), t, bias_corrected=False)[0] == pytest.approx(2 / 200)
    assert two_sided_p(np.array([-1.5]), -t, bias_corrected=False)[0] == pytest.approx(2 / 200)
    assert two_sided_p(np.array([1.5]), t, null=1.5, bias_corrected=False)[0] > 0.5


def test_no_p_value_where_there_is_no_interval():
    t = np.full((50, 3), 0.7)
    t[:, 1] = np.nan
    t[:, 2] = np.random.default_rng(3).random(50) + 1
    assert np.isnan(two_sided_p(np.array([0.7, 1.0, 0.5]), t)).all()


def test_p_values_are_uniform_under_the_null():
    # Means of normal samples: 400 p values; their mean has a standard error of .0145.
    rng = np.random.default_rng(4)
    data = rng.standard_normal((200, 400))
    weights = rng.multinomial(200, np.full(200, 0.005), size=799) / 200
    p = two_sided_p(data.mean(axis=0), weights @ data)
    assert p.mean() == pytest.approx(0.5, abs=0.05)
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.035)


def test_values_equal_to_the_null_count_half_to_each_side():
    t = np.repeat([-1.0, 0.0, 1.0], [10, 9, 10])[:, None]
    assert two_sided_p(np.zeros(1), t, bias_corrected=False)[0] == pytest.approx(1.0)
