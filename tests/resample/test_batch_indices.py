"""Indices of many replications against those of one fit at a time."""

import numpy as np
import pytest
from helpers.reference import data

import clustersem as cs
from clustersem.fit import indices
from clustersem.fit.baseline import baseline_discrepancy
from clustersem.resample import batch_indices
from clustersem.resample.cutoff_rules import (
    cutoff_between,
    cutoff_of_correct,
    passes,
    sensitivity,
)

MODEL = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


def test_against_the_functions_of_numbers():
    chisq = np.array([0.0, 10.0, 24.0, 85.3, 900.0, np.nan])
    baseline = np.array([20.0, 36.0, 900.0, 918.9, 950.0, 900.0])
    rmsea = batch_indices.rmsea(chisq, 24, 301)
    cfi = batch_indices.cfi(chisq, 24, baseline, 36)
    for b in range(5):
        assert rmsea[b] == pytest.approx(indices.rmsea(chisq[b], 24, 301), abs=1e-15)
        assert cfi[b] == pytest.approx(indices.cfi(chisq[b], 24, baseline[b], 36), abs=1e-15)
    assert np.isnan([rmsea[5], cfi[5]]).all()


@pytest.mark.parametrize("meanstructure", [False, True])
def test_srmr_is_that_of_a_fit(meanstructure):
    # With an intercept held, means have residuals that count.
    model = MODEL + ("\nx1 ~ 5*1" if meanstructure else "")
    fit = cs.cfa(model, data("holzinger1939"), meanstructure=meanstructure)
    cov, implied = (m.to_numpy()[None] for m in (fit.sample_cov, fit.implied_cov))
    mean, implied_mean = fit.moments.mean[None], fit.implied_mean.to_numpy()[None]
    means = (mean, implied_mean) if meanstructure else ()
    found = batch_indices.srmr(cov, implied, *means)
    assert found[0] == pytest.approx(fit.measures["srmr"], rel=1e-12)


@pytest.mark.parametrize("covariates", [[], [0, 3]])
def test_baseline(covariates):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((4, 60, 5)) @ rng.standard_normal((5, 5))
    cov = x.transpose(0, 2, 1) @ x / 60
    places = np.array(covariates, dtype=np.intp)
    found = batch_indices.baseline_f(cov, places)
    told = [baseline_discrepancy(matrix, places) for matrix in cov]
    np.testing.assert_allclose(found, told, rtol=1e-12)


def test_a_matrix_that_has_no_factor_leaves_the_others():
    cov = np.stack([np.eye(3), np.ones((3, 3)) - 2 * np.eye(3), 2 * np.eye(3)])
    with np.errstate(invalid="ignore"):
        found = batch_indices.baseline_f(cov, np.empty(0, dtype=np.intp))
    assert np.isnan(found[1])
    np.testing.assert_allclose(found[[0, 2]], 0.0, atol=1e-15)


def test_cutoffs_move_from_95_to_90_to_none():
    correct = np.linspace(0.0, 1.0, 1001)
    rule = {"larger_is_worse": True}
    assert cutoff_of_correct(correct, **rule).value == pytest.approx(0.95)
    apart = cutoff_between(correct, correct + 1.0, **rule)
    assert apart == (pytest.approx(1.05), "95/5")
    # 5 % of the wrong at .93 lie below the 95 % of the correct; 10 % at .98 beyond 90 % at .90.
    near = cutoff_between(correct, correct + 0.88, **rule)
    assert near == (pytest.approx(0.98), "90/10")
    mixed = cutoff_between(correct, correct + 0.1, **rule)
    assert np.isnan(mixed.value)
    assert mixed.rule == "none"


def test_cfi_is_the_mirror():
    correct, wrong = np.linspace(0.0, 1.0, 1001), np.linspace(1.2, 2.2, 1001)
    plain = cutoff_between(correct, wrong, larger_is_worse=True)
    mirror = cutoff_between(-correct, -wrong, larger_is_worse=False)
    assert mirror == (pytest.approx(-plain.value), plain.rule)
    assert passes(0.97, 0.96, larger_is_worse=False)
    assert not passes(0.97, 0.96, larger_is_worse=True)
    assert sensitivity(wrong, 1.7, larger_is_worse=True) == pytest.approx(0.5, abs=1e-3)


def test_no_replications_no_cutoff():
    nothing = np.empty(0)
    assert cutoff_of_correct(nothing, larger_is_worse=True).rule == "none"
    assert cutoff_between(nothing, np.ones(3), larger_is_worse=True).rule == "none"
    assert np.isnan(sensitivity(nothing, 0.1, larger_is_worse=True))
