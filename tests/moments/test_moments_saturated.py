"""The saturated model of incomplete data: against lavaan, closed forms and invariances."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.incomplete import gappy, log_likelihood

from clustersem.moments.incomplete import arrange
from clustersem.moments.patterns import missing_patterns
from clustersem.moments.saturated import saturated_estimates

REFERENCE = Path(__file__).resolve().parent.parent / "reference"


def answers(file, names):
    return pd.read_csv(REFERENCE / "data" / f"{file}.csv")[names].to_numpy(dtype=float)


BFI = [f"{letter}{i}" for letter in "ACENO" for i in range(1, 6)]


@pytest.mark.parametrize(
    ("case", "file", "names"),
    [
        ("hs_cfa_fiml", "holzinger1939_missing", [f"x{i}" for i in range(1, 10)]),
        ("bfi_cfa_fiml", "bfi", BFI),
    ],
)
def test_log_likelihood_is_that_of_lavaan(case, file, names):
    told = json.loads((REFERENCE / f"{case}.json").read_text())["measures"]["unrestricted_logl"]
    estimates = saturated_estimates(answers(file, names))
    assert estimates.converged
    # Twelve digits are printed; lavaan's EM ends some 1e-6 short of the maximum.
    assert estimates.log_likelihood == pytest.approx(told, abs=5e-6)
    assert estimates.log_likelihood > told - 1e-7


@pytest.mark.parametrize("seed", range(4))
def test_gradient_vanishes(seed):
    # At a maximum one more EM step goes nowhere, whichever steps have led there.
    data = gappy(seed, 6, share=0.4, n=150)
    estimates = saturated_estimates(data)
    assert estimates.converged
    done = arrange(data, missing_patterns(data)).complete(estimates.mean, estimates.cov)
    sd = np.sqrt(estimates.cov.diagonal())
    assert np.abs(done.shift / sd).max() < 1e-10
    assert np.abs((done.cov - estimates.cov) / np.outer(sd, sd)).max() < 1e-9
    told = log_likelihood(data, estimates.mean, estimates.cov).sum()
    assert estimates.log_likelihood == pytest.approx(told, rel=1e-13)
    for step in (1e-3, -1e-3):
        moved = estimates.cov.copy()
        moved[0, 1] = moved[1, 0] = moved[0, 1] + step
        assert log_likelihood(data, estimates.mean, moved).sum() < told


def test_monotone_gaps_have_a_closed_form():
    # y is regressed on x where both are seen, and predicted where it is not (Anderson, 1957).
    rng = np.random.default_rng(3)
    x = rng.standard_normal(200)
    y = 0.7 * x + rng.standard_normal(200)
    both = slice(0, 120)
    slope = np.cov(x[both], y[both])[0, 1] / np.var(x[both], ddof=1)
    residual = np.var(y[both] - slope * x[both])
    mean_y = y[both].mean() + slope * (x.mean() - x[both].mean())
    data = np.column_stack([x, np.where(np.arange(200) < 120, y, np.nan)])
    estimates = saturated_estimates(data)
    np.testing.assert_allclose(estimates.mean, [x.mean(), mean_y], rtol=1e-9)
    np.testing.assert_allclose(estimates.cov[0], [np.var(x), slope * np.var(x)], rtol=1e-9)
    assert estimates.cov[1, 1] == pytest.approx(residual + slope**2 * np.var(x), rel=1e-9)


def test_without_gaps_they_are_the_moments():
    data = np.random.default_rng(4).standard_normal((50, 4)) + 3.0
    estimates = saturated_estimates(data)
    np.testing.assert_allclose(estimates.mean, data.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(estimates.cov, np.cov(data.T, bias=True), atol=1e-12)


@pytest.mark.parametrize("scale", [1e3, 1e-3])
def test_data_in_other_units(scale):
    data = gappy(5, 5, n=120)
    plain, scaled = saturated_estimates(data), saturated_estimates(data * scale)
    np.testing.assert_allclose(scaled.mean, plain.mean * scale, rtol=1e-7, atol=1e-9 * scale)
    np.testing.assert_allclose(scaled.cov, plain.cov * scale**2, rtol=1e-7, atol=1e-9 * scale**2)
    values = np.count_nonzero(~np.isnan(data))
    assert scaled.log_likelihood == pytest.approx(
        plain.log_likelihood - values * np.log(scale), rel=1e-11
    )
    assert abs(scaled.iterations - plain.iterations) <= 1  # they differ by rounding alone


def test_means_that_are_far_from_zero():
    data = gappy(5, 5, n=120)
    plain, far = saturated_estimates(data), saturated_estimates(data + 1e7)
    assert far.converged
    assert far.iterations < 40
    # Answers near 1e7 hold 1e-9 of a unit.
    np.testing.assert_allclose(far.cov, plain.cov, atol=1e-7)
    assert far.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-9)


def test_rows_and_columns_in_another_order():
    data = gappy(6, 5, n=120)
    rng = np.random.default_rng(6)
    rows, cols = rng.permutation(120), rng.permutation(5)
    plain, other = saturated_estimates(data), saturated_estimates(data[rows][:, cols])
    np.testing.assert_allclose(other.cov, plain.cov[np.ix_(cols, cols)], atol=1e-8)
    assert other.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)


def test_weights_stand_for_repeated_rows():
    data = gappy(7, 4, n=90)
    times = np.random.default_rng(7).integers(1, 4, len(data))
    weighted = saturated_estimates(data, weights=times.astype(float))
    repeated = saturated_estimates(np.repeat(data, times, axis=0))
    np.testing.assert_allclose(weighted.cov, repeated.cov, atol=1e-9)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-12)


def test_half_of_the_answers_missing_takes_no_hundreds_of_steps():
    rng = np.random.default_rng(8)
    data = rng.standard_normal((300, 8)) @ (np.eye(8) + 0.5)
    data[rng.random(data.shape) < 0.5] = np.nan
    data = data[~np.isnan(data).all(axis=1)]
    estimates = saturated_estimates(data)
    assert estimates.converged
    assert estimates.iterations < 120  # EM alone needs several hundred


def test_a_pair_that_is_never_together_has_some_covariance():
    data = gappy(9, 4, share=0.0, n=100)
    half = np.arange(100) % 2 == 0
    data[half, 2], data[~half, 3] = np.nan, np.nan
    data = data[~np.isnan(data).all(axis=1)]
    estimates = saturated_estimates(data)
    assert np.isfinite(estimates.cov).all()


def test_a_variable_that_others_determine_is_singular():
    rng = np.random.default_rng(10)
    data = rng.standard_normal((60, 3))
    data = np.column_stack([data, data.sum(axis=1)])
    data[rng.random(data.shape) < 0.1] = np.nan
    estimates = saturated_estimates(data)
    assert estimates.singular
    assert not estimates.converged


def test_a_variable_that_does_not_vary_is_singular():
    data = gappy(11, 3)
    data[:, 1] = np.where(np.isnan(data[:, 1]), np.nan, 2.0)
    estimates = saturated_estimates(data)
    assert estimates.singular
    assert not estimates.converged


def test_iterations_can_be_limited():
    estimates = saturated_estimates(gappy(12, 5), max_iterations=3)
    assert not estimates.converged
    assert not estimates.singular
    assert estimates.iterations <= 4
