"""Fits to many samples: those of one sample at a time, and never at the cost of each other."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.resamples import BATCHED, CLOSE, ONE_BY_ONE, draw, fitted, frame_of, refitted, school

import clustersem as cs
from clustersem.errors import EstimationError, UnsupportedError
from clustersem.moments.resampled import resampled
from clustersem.resample import refit
from clustersem.resample.refit import Refitter
from clustersem.resample.refits import CONVERGED, NO_MOMENTS, NOT_CONVERGED, Moments, moments_of

N = 3
OF_MOMENTS = [name for name in BATCHED if name not in ("weights", "clusters")] + ["GLS", "ULS"]


def moments(name, seeds):
    """Return the moments of resamples, one Moments a group."""
    fit = fitted(name)
    samples = [
        [resampled(own, rows) for own, rows in zip(fit.samples, draw(name, seed)[0], strict=True)]
        for seed in seeds
    ]
    result = []
    for each in zip(*samples, strict=True):
        cov, mean = (np.array([getattr(own, part) for own in each]) for part in ("cov", "mean"))
        result.append(Moments(cov, mean, float(each[0].n_obs)))
    return result


def close(one, other, se):
    """Assert that estimates agree."""
    assert np.abs((one - other) / se).max() < CLOSE


def errors_of(fit):
    """Return the standard errors of free parameters."""
    return np.sqrt(fit.vcov_theta.diagonal())


@pytest.mark.parametrize("name", OF_MOMENTS)
def test_fits_to_moments_are_fits_to_the_samples(name):
    found = Refitter.of(fitted(name)).from_moments(moments(name, range(N)))
    for b in range(N):
        alone = refitted(name, draw(name, b)[1])
        close(found.theta[b], alone.theta, errors_of(alone))
        assert found.f[b] == pytest.approx(alone.state.f, rel=1e-9, abs=1e-12)
    assert found.converged.all()


@pytest.mark.parametrize(
    "name", ["structural", "groups", "covariates, means", "GLS", "WLS", "FIML"]
)
def test_fits_to_observations_are_fits_to_the_samples(name):
    fit, drawn = fitted(name), [draw(name, seed)[0] for seed in range(N)]
    data = [
        np.array([fit.samples[g].data[rows[g]] for rows in drawn]) for g in range(len(fit.groups))
    ]
    found = Refitter.of(fit).from_data(data)
    for b in range(N):
        alone = refitted(name, draw(name, b)[1])
        close(found.theta[b], alone.theta, errors_of(alone))


@pytest.mark.parametrize("name", [*ONE_BY_ONE, "weights", "clusters", "MLR", "MLM"])
def test_fits_to_rows_have_the_standard_errors_of_their_estimator(name):
    drawn = [draw(name, seed)[0] for seed in range(2)]
    rows = [[(own, None) for own in each] for each in drawn]
    found, covariances = Refitter.of(fitted(name)).with_covariances(rows)
    for b in range(2):
        alone = refitted(name, draw(name, b)[1])
        close(found.theta[b], alone.theta, errors_of(alone))
        se = np.sqrt(covariances[b].diagonal())
        # What is held by a constraint has no error but rounding, far below the others'.
        np.testing.assert_allclose(se, errors_of(alone), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("information", ["expected", "observed"])
@pytest.mark.parametrize("name", ["structural", "groups", "covariates", "means", "wishart"])
def test_standard_errors_of_batches_are_those_of_fits(name, information):
    model, _, options = BATCHED[name]
    options = {**options, "information": information}
    refitter = Refitter.of(cs.sem(model, frame_of(name), **options))
    own = moments(name, range(N))
    theta = refitter.from_moments(own).theta
    theta[1] = np.nan
    se = refitter.standard_errors(theta, own)
    for b in (0, 2):
        alone = cs.sem(model, draw(name, b)[1], **options)
        np.testing.assert_allclose(se[b], errors_of(alone), rtol=1e-6)
    assert np.isnan(se[1]).all()


def test_a_bad_sample_costs_no_other():
    refitter = Refitter.of(fitted("structural"))
    (own,) = moments("structural", range(6))
    clean = refitter.from_moments([own])
    cov = own.cov.copy()
    cov[0, 0] = cov[0, :, 0] = 0.0  # a constant item
    cov[2] = np.nan
    cov[3, 1], cov[3, :, 1] = cov[3, 0].copy(), cov[3, :, 0].copy()  # two items that are one
    cov[5] = -cov[5]
    found = refitter.from_moments([replace(own, cov=cov)])
    bad = [0, 2, 3, 5]
    np.testing.assert_array_equal(np.flatnonzero(found.code == NO_MOMENTS), bad)
    assert np.isnan(found.theta[bad]).all()
    assert np.isnan(found.f[bad]).all()
    good = [1, 4]
    close(found.theta[good], clean.theta[good], errors_of(fitted("structural")))


@pytest.mark.parametrize("name", ["GLS", "ULS"])
def test_a_bad_sample_costs_no_other_where_they_are_fitted_one_by_one(name):
    refitter = Refitter.of(fitted(name))
    (own,) = moments(name, range(3))
    cov = own.cov.copy()
    cov[1, 0] = cov[1, :, 0] = 0.0
    found = refitter.from_moments([replace(own, cov=cov)])
    np.testing.assert_array_equal(found.code, [CONVERGED, NO_MOMENTS, CONVERGED])


def test_observations_without_moments_are_told_apart():
    fit = fitted("structural")
    data = np.array([fit.samples[0].data[draw("structural", b)[0][0]] for b in range(4)])
    data[1, :, 2] = 0.1  # its mean is another number, by rounding
    data[2, 5, 0] = np.nan
    found = Refitter.of(fit).from_data([data])
    np.testing.assert_array_equal(found.code, [CONVERGED, NO_MOMENTS, NO_MOMENTS, CONVERGED])


@pytest.mark.parametrize("name", ["structural", "GLS"])
def test_samples_that_only_rounding_makes_regular_are_singular(name):
    fit = fitted(name)
    data = np.array([fit.samples[0].data[draw(name, b)[0][0]] for b in range(3)])
    data[1, :, 2] = data[1, :, 0] + 0.3 * data[1, :, 1]
    own = moments_of(data)
    np.testing.assert_array_equal(
        Refitter.of(fit).from_moments([own]).code, [CONVERGED, NO_MOMENTS, CONVERGED]
    )


def test_a_sample_in_which_the_model_has_no_solution_is_not_converged():
    refitter = Refitter.of(fitted("cfa"))
    (own,) = moments("cfa", range(3))
    cov = own.cov.copy()
    # The items of a factor have nothing in common: loadings run away, or the search goes round.
    scale = np.sqrt(cov[1].diagonal())
    mixed = np.eye(6)
    mixed[0, 1] = mixed[1, 0] = 0.6
    mixed[0, 2] = mixed[2, 0] = 0.6
    mixed[1, 2] = mixed[2, 1] = -0.2
    cov[1] = mixed * np.outer(scale, scale)
    found = refitter.from_moments([replace(own, cov=cov)])
    np.testing.assert_array_equal(found.code[[0, 2]], CONVERGED)
    assert found.code[1] == NOT_CONVERGED
    assert np.isnan(found.theta[1]).all()


def test_results_do_not_depend_on_the_company():
    fit = fitted("groups")
    refitter, own = Refitter.of(fit), moments("groups", range(40))
    whole = refitter.from_moments(own)
    for some in (np.array([7]), np.arange(30, 40), np.array([39, 0, 20])):
        part = [replace(one, cov=one.cov[some], mean=one.mean[some]) for one in own]
        found = refitter.from_moments(part)
        # Batches of other sizes are summed in another order. Rounding of the first steps, 1e-16
        # relative, is squared by Newton's last steps; it is what remains, times the condition of
        # the Hessian.
        np.testing.assert_allclose(found.theta, whole.theta[some], rtol=1e-10, atol=1e-10)
        np.testing.assert_array_equal(found.code, whole.code[some])


def test_the_size_of_chunks_is_of_no_account(monkeypatch):
    refitter, own = Refitter.of(fitted("structural")), moments("structural", range(12))
    whole = refitter.from_moments(own)
    errors = refitter.standard_errors(whole.theta, own)
    monkeypatch.setattr(refit, "LARGEST", 5 * refitter._state_bytes)
    found = refitter.from_moments(own)
    np.testing.assert_allclose(found.theta, whole.theta, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(refitter.standard_errors(found.theta, own), errors, rtol=1e-8)


@pytest.mark.parametrize("unit", [1e6, 1e-6])
@pytest.mark.parametrize("name", ["structural", "growth", "covariates, means", "groups"])
def test_units_are_of_no_account(name, unit):
    frame = frame_of(name)
    keep = frame.select_dtypes(float).columns if name == "growth" else frame.columns
    scaled = frame.copy()
    numbers = [c for c in keep if c in [f"x{i}" for i in range(1, 10)] + ["ageyr"] or c[0] == "t"]
    scaled[numbers] = scaled[numbers] * unit
    small, plain = (refitter_of(name, data) for data in (scaled, frame))
    own = moments(name, range(8))
    large = [replace(one, cov=one.cov * unit**2, mean=one.mean * unit) for one in own]
    here, there = plain.from_moments(own), small.from_moments(large)
    np.testing.assert_array_equal(there.code, CONVERGED)
    # chi2 has no unit; F has 1e-14 of rounding and more from scaling.
    np.testing.assert_allclose(there.f, here.f, rtol=1e-8)
    z = [
        found.theta / refitter.standard_errors(found.theta, data)
        for refitter, found, data in ((plain, here, own), (small, there, large))
    ]
    np.testing.assert_allclose(z[1], z[0], rtol=1e-6, atol=1e-6)


def refitter_of(name, frame):
    return Refitter.of(refitted(name, frame))


def test_a_refitter_travels():
    refitter = Refitter.of(fitted("covariates, means"))
    own = moments("covariates, means", range(2))
    before = refitter.from_moments(own)
    sent = pickle.dumps(refitter)
    # What is laid out for batches stays at home.
    assert len(sent) <= len(pickle.dumps(Refitter.of(fitted("covariates, means"))))
    np.testing.assert_array_equal(pickle.loads(sent).from_moments(own).theta, before.theta)


def test_the_means_of_large_numbers_spoil_no_covariance():
    rng = np.random.default_rng(5)
    data = rng.standard_normal((4, 50, 3))
    own, far = moments_of(data), moments_of(data + 1e8)
    # 1e8 leaves eight digits of every number.
    np.testing.assert_allclose(far.cov, own.cov, atol=1e-7)
    np.testing.assert_allclose(own.cov[2], np.cov(data[2].T, bias=True), rtol=1e-12)


def test_moments_are_not_enough_for_every_estimator():
    own = Moments(np.eye(6)[None], None, 100)
    for name in ("WLS", "WLSMV", "FIML"):
        with pytest.raises(UnsupportedError, match="needs the answers of every sample"):
            Refitter.of(fitted(name)).from_moments([own])
    refitter = Refitter.of(fitted("MLR"))
    with pytest.raises(UnsupportedError, match="need the answers of every sample"):
        refitter.covariances(np.zeros((1, 13)), [own])


def test_a_fit_that_did_not_converge_is_no_start():
    fit = replace_status(fitted("cfa"))
    with pytest.raises(EstimationError, match="there is nothing to start from"):
        Refitter.of(fit)


def replace_status(fit):
    """Return the fit as if its search had not ended."""
    return replace(fit, status=replace(fit.status, code="iteration_limit"))


def test_shares_follow_the_sizes_of_samples():
    # Groups of sizes other than those of the fit, as simulation draws them.
    frame = school()
    labels = frame["school"].unique()
    whole = [frame[frame["school"] == label] for label in labels]
    uneven = [whole[0], whole[1].iloc[:80]]
    model, _, options = BATCHED["groups"]
    alone = cs.sem(model, pd.concat(uneven, ignore_index=True), **options)
    own = [Moments(one.cov[None], one.mean[None], one.n_obs) for one in alone.samples]
    found = Refitter.of(fitted("groups")).from_moments(own)
    close(found.theta[0], alone.theta, errors_of(alone))
